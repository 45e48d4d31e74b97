/// Codes whether a guessed byte is the right one (`Schemas/coder.md`, "Guesses").
///
/// One decision instead of eight: most bytes of a text can be guessed from where its last
/// few bytes stood before.
struct GuessModel {
  static let cellBits = 16
  private let owners: [AnyObject]
  private let trusts: UnsafeMutablePointer<UInt32>
  private let cells: UnsafeMutablePointer<UInt32>
  private let weights: UnsafeMutablePointer<Int32>
  private let squash: UnsafeMutablePointer<UInt16>
  private let stretch: UnsafeMutablePointer<Int16>
  private let reciprocals: UnsafeMutablePointer<Int32>

  init() {
    let trusts = ModelMemory([UInt32](repeating: 3 << 30 | 1, count: 256))
    let cells = ModelMemory([UInt32](repeating: 3 << 30, count: 2 << Self.cellBits))
    let weights = ModelMemory([Int32](repeating: 26_000, count: 3 * 64))
    let squash = ModelMemory(Logistic.squash)
    let stretch = ModelMemory(Logistic.stretch)
    let reciprocals = ModelMemory(AdaptiveBit.reciprocals)
    owners = [trusts, cells, weights, squash, stretch, reciprocals]
    self.trusts = trusts.pointer
    self.cells = cells.pointer
    self.weights = weights.pointer
    self.squash = squash.pointer
    self.stretch = stretch.pointer
    self.reciprocals = reciprocals.pointer
  }

  @inline(__always)
  func code<Coder: BinaryCoder>(
    _ isRight: Bool, guess: Int, trust: Int, past: UInt64, _ coder: inout Coder
  ) -> Bool {
    let k: UInt64 = 0x9e37_79b9_7f4a_7c15
    let first = trusts + trust
    let shift = UInt64(64 - Self.cellBits)
    let near = UInt64(truncatingIfNeeded: guess) << 32
    let second = cells + Int(truncatingIfNeeded: ((near | past & 0xffff) &* k) >> shift)
    let third =
      cells + (1 << Self.cellBits + Int(truncatingIfNeeded: ((near | past & 0xff_ffff) &* k) >> shift))
    let weights = weights + (trust >> 2) * 3
    let odds = (
      Int32(stretch[Int(first.pointee >> 20)]), Int32(stretch[Int(second.pointee >> 20)]),
      Int32(stretch[Int(third.pointee >> 20)])
    )
    let sum =
      Int64(odds.0) &* Int64(weights[0]) &+ Int64(odds.1) &* Int64(weights[1]) &+ Int64(odds.2)
      &* Int64(weights[2])
    let mixed = UInt32(squash[max(-2047, min(2047, Int(sum >> 16))) &+ 2048])
    let bit = coder.code(isRight ? 1 : 0, mixed)
    let error = ((Int32(bit) << 16) &- Int32(mixed)) >> 4
    weights[0] &+= (odds.0 &* error &+ 0x2000) >> 14
    weights[1] &+= (odds.1 &* error &+ 0x2000) >> 14
    weights[2] &+= (odds.2 &* error &+ 0x2000) >> 14
    AdaptiveBit.update(&first.pointee, bit, limit: 255, reciprocals: reciprocals)
    AdaptiveBit.update(&second.pointee, bit, limit: 127, reciprocals: reciprocals)
    AdaptiveBit.update(&third.pointee, bit, limit: 127, reciprocals: reciprocals)
    return bit != 0
  }
}
