/// Predicts bytes, bit by bit, from what stood before them (`Schemas/coder.md`, "Bytes").
///
/// Several contexts each look up what followed them before; a small network that learns
/// weighs their guesses. Copies of the value share its memory.
struct ByteModel {
  /// How many contexts have histories.
  static let contextCount = 6
  /// Guesses that are weighed: one of each context, two of expected bytes, a constant.
  static let inputCount = 9
  /// How many sets of weights there are.
  static let weightSets = 64

  private let histories: UnsafeMutablePointer<UInt8>
  private let maps: UnsafeMutablePointer<UInt32>
  private let expectedMaps: UnsafeMutablePointer<UInt32>
  private let weights: UnsafeMutablePointer<Int32>
  /// What the pointers lead into.
  private let owners: [AnyObject]
  private let scratch: UnsafeMutablePointer<Int32>
  private let lines: UnsafeMutablePointer<Int>
  private let squash: UnsafeMutablePointer<UInt16>
  private let stretch: UnsafeMutablePointer<Int16>
  private let next: UnsafeMutablePointer<UInt8>
  private let reciprocals: UnsafeMutablePointer<Int32>
  private let sizeBits: Int

  /// The last eight bytes, the newest lowest.
  private(set) var past: UInt64 = 0
  /// A hash of the letters since the last byte that is none.
  private var word: UInt32 = 0
  private var lastWord: UInt32 = 0

  /// What is thought to come, and how well such thoughts did.
  struct Expected {
    /// The byte; negative for none.
    var byte = -1
    /// How far to trust it, 0 to 63.
    var trust = 0
  }

  /// - Parameter sizeBits: Each context has 2^`sizeBits` bytes of histories.
  init(sizeBits: Int) {
    self.sizeBits = sizeBits
    let histories = ModelMemory<UInt8>(count: Self.contextCount << sizeBits)
    let maps = ModelMemory(
      (0..<Self.contextCount).flatMap { _ in BitHistory.firstGuess.map { $0 << 10 | 6 } })
    let expectedMaps = ModelMemory([UInt32](repeating: 3 << 30 | 2, count: 2 * 64))
    let weights = ModelMemory([Int32](repeating: 16_000, count: Self.weightSets * Self.inputCount))
    let scratch = ModelMemory<Int32>(count: Self.inputCount)
    let lines = ModelMemory<Int>(count: Self.contextCount)
    let squash = ModelMemory(Logistic.squash)
    let stretch = ModelMemory(Logistic.stretch)
    let next = ModelMemory(BitHistory.next)
    let reciprocals = ModelMemory(AdaptiveBit.reciprocals)
    owners = [histories, maps, expectedMaps, weights, scratch, lines, squash, stretch, next, reciprocals]
    self.histories = histories.pointer
    self.maps = maps.pointer
    self.expectedMaps = expectedMaps.pointer
    self.weights = weights.pointer
    self.scratch = scratch.pointer
    self.lines = lines.pointer
    self.squash = squash.pointer
    self.stretch = stretch.pointer
    self.next = next.pointer
    self.reciprocals = reciprocals.pointer
  }

  /// Takes note of a byte that was not coded here.
  @inline(__always)
  mutating func pass(_ byte: UInt8) {
    past = past << 8 | UInt64(byte)
    let isLetter = (byte | 0x20) &- 0x61 < 26 || byte >= 0x80
    if isLetter {
      word = (word &+ UInt32(byte | 0x20) &+ 1) &* 0x2f0b_4c47
    } else if word != 0 {
      lastWord = word
      word = 0
    }
  }

  /// Codes one byte.
  mutating func code<Coder: BinaryCoder>(
    _ byte: Int, _ first: Expected, _ second: Expected, _ coder: inout Coder
  ) -> Int {
    let hashes = contextHashes(first, second)
    var partial = 1
    // High four bits, then low four: each half of each context lies in one line of 16 bytes.
    let set0 = (first.byte < 0 ? 0 : 1 + min(first.trust & 3, 2)) * 16
    let set1 = second.byte < 0 ? 0 : 1
    let set = (set0 + set1) * Self.inputCount
    for half in 0..<2 {
      let starts = (
        start(0, hashes.0, half, partial), start(1, hashes.1, half, partial),
        start(2, hashes.2, half, partial), start(3, hashes.3, half, partial),
        start(4, hashes.4, half, partial), start(5, hashes.5, half, partial)
      )
      // All are asked for before the first is used: memory answers them at once.
      let checks = (
        histories[starts.0.line], histories[starts.1.line], histories[starts.2.line],
        histories[starts.3.line], histories[starts.4.line], histories[starts.5.line]
      )
      open(0, starts.0, checks.0)
      open(1, starts.1, checks.1)
      open(2, starts.2, checks.2)
      open(3, starts.3, checks.3)
      open(4, starts.4, checks.4)
      open(5, starts.5, checks.5)
      var node = 1
      for position in 0..<4 {
        let shift = 7 &- half &* 4 &- position
        let bit = codeBit(
          byte >> shift & 1, node: node, partial: partial, shift: shift, first: first, second: second,
          weightSet: set, &coder)
        node = node << 1 | bit
        partial = partial << 1 | bit
      }
    }
    let value = partial & 0xff
    pass(UInt8(truncatingIfNeeded: value))
    return value
  }

  @inline(__always)
  private func contextHashes(_ first: Expected, _ second: Expected) -> (
    UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
  ) {
    let k: UInt64 = 0x9e37_79b9_7f4a_7c15
    let expected =
      UInt64(truncatingIfNeeded: first.byte &+ 1) << 16 | UInt64(truncatingIfNeeded: second.byte &+ 1)
    return (
      (past & 0xff) &* k &+ 1, (past & 0xffff) &* k &+ 2, (past & 0xff_ffff) &* k &+ 3,
      (past & 0xffff_ffff) &* k &+ 4,
      (UInt64(word) << 32 | (word == 0 ? UInt64(past & 0xff) : 0) << 24 ^ UInt64(lastWord)) &* k &+ 7,
      (expected << 8 | past & 0xff) &* k &+ 9
    )
  }

  /// Where the histories of one half of a context begin, and the byte that tells whose they are.
  @inline(__always)
  private func start(_ context: Int, _ hash: UInt64, _ half: Int, _ partial: Int) -> (line: Int, check: UInt8)
  {
    var mixed = half == 0 ? hash : (hash &+ UInt64(truncatingIfNeeded: partial)) &* 0xd6e8_feb8_6659_fd93
    mixed ^= mixed >> 32
    mixed = mixed &* 0xd6e8_feb8_6659_fd93
    let line =
      context << sizeBits &+ Int(truncatingIfNeeded: mixed >> UInt64(truncatingIfNeeded: 68 &- sizeBits)) << 4
    return (line, UInt8(truncatingIfNeeded: mixed >> 8) | 1)
  }

  /// Makes a line the one that is read, and empties it if it was another context's.
  @inline(__always)
  private func open(_ context: Int, _ start: (line: Int, check: UInt8), _ check: UInt8) {
    lines[context] = start.line
    guard check != start.check else { return }
    let words = UnsafeMutableRawPointer(histories + start.line)
    words.storeBytes(of: UInt64(start.check).littleEndian, toByteOffset: 0, as: UInt64.self)
    words.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
  }

  @inline(__always)
  private func codeBit<Coder: BinaryCoder>(
    _ bit: Int, node: Int, partial: Int, shift: Int, first: Expected, second: Expected, weightSet: Int,
    _ coder: inout Coder
  ) -> Int {
    let inputs = scratch
    let weights = weights + weightSet
    var sum: Int64 = 0
    for context in 0..<Self.contextCount {
      let state = Int(histories[lines[context] &+ node])
      let odds = Int32(stretch[Int(maps[context << 8 | state] >> 20)])
      let input = state == 0 ? 0 : odds
      inputs[context] = input
      sum &+= Int64(input) &* Int64(weights[context])
    }
    // An expected byte says something as long as the bits so far are its own.
    let firstFits = first.byte >= 0 && (first.byte | 0x100) >> (shift &+ 1) == partial
    let secondFits = second.byte >= 0 && (second.byte | 0x100) >> (shift &+ 1) == partial
    let firstBit = first.byte >> shift & 1
    let secondBit = second.byte >> shift & 1
    var odds: Int32 = 0
    if firstFits {
      let trusted = Int32(stretch[Int(expectedMaps[first.trust] >> 20)])
      odds = firstBit != 0 ? trusted : -trusted
    }
    inputs[6] = odds
    sum &+= Int64(odds) &* Int64(weights[6])
    odds = 0
    if secondFits {
      let trusted = Int32(stretch[Int(expectedMaps[64 &+ second.trust &+ shift] >> 20)])
      odds = secondBit != 0 ? trusted : -trusted
    }
    inputs[7] = odds
    sum &+= Int64(odds) &* Int64(weights[7])
    inputs[8] = 256
    sum &+= 256 &* Int64(weights[8])

    let dot = max(-2047, min(2047, Int(sum >> 16)))
    let mixed = UInt32(squash[dot &+ 2048])
    let bit = coder.code(bit, mixed)

    let error = ((Int32(bit) << 16) &- Int32(mixed)) >> 4
    for input in 0..<Self.inputCount {
      weights[input] &+= (inputs[input] &* error &+ 0x2000) >> 14
    }
    for context in 0..<Self.contextCount {
      let place = lines[context] &+ node
      let state = Int(histories[place])
      AdaptiveBit.update(&maps[context << 8 | state], bit, limit: 255, reciprocals: reciprocals)
      histories[place] = next[state << 1 | bit]
    }
    if firstFits {
      AdaptiveBit.update(
        &expectedMaps[first.trust], firstBit == bit ? 1 : 0, limit: 255, reciprocals: reciprocals)
    }
    if secondFits {
      AdaptiveBit.update(
        &expectedMaps[64 &+ second.trust &+ shift], secondBit == bit ? 1 : 0, limit: 255,
        reciprocals: reciprocals)
    }
    return bit
  }
}
