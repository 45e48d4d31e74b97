/// Where the bytes of a copy come from, relative to what came before.
enum CopyKind: Int {
  /// The base goes on where its last copy ended: something was inserted.
  case baseNext = 0
  /// The base goes on as far behind its last copy as literals were written: they replaced as many.
  case baseReplaced
  /// Further on in the base: something was removed.
  case baseForward
  /// Back in the base.
  case baseBack
  /// The same two for a place outside the base.
  case elsewhereNext, elsewhereReplaced
  /// So many bytes back.
  case distance
  /// No copy: the body ends.
  case end

  @inline(__always)
  var isFromBase: Bool { rawValue < 4 }

  /// Which numbers its length is one of.
  @inline(__always)
  var lengthContext: Int { isFromBase ? rawValue / 2 : self == .distance ? 3 : 2 }
}

/// Codes when a copy comes, of which kind, from where and how long (`Schemas/coder.md`, "Copies").
struct CopyModel {
  // Contexts of numbers, beside the four of lengths.
  static let (forward, back, distance) = (4, 5, 6)

  private let flags: ModelMemory<UInt32>
  private let kinds: ModelMemory<UInt32>
  private let ends: ModelMemory<UInt32>
  private let reciprocals: ModelMemory<Int32>
  let numbers: NumberModel

  init() {
    flags = ModelMemory([UInt32](repeating: AdaptiveBit.initial, count: 64))
    kinds = ModelMemory([UInt32](repeating: AdaptiveBit.initial, count: 20 * 8))
    ends = ModelMemory([UInt32](repeating: AdaptiveBit.initial, count: 8))
    reciprocals = ModelMemory(AdaptiveBit.reciprocals)
    numbers = NumberModel(contexts: 7)
  }

  @inline(__always)
  private func decision<Coder: BinaryCoder>(_ bit: Int, _ cell: inout UInt32, _ coder: inout Coder) -> Int {
    let bit = coder.code(bit, AdaptiveBit.probability(cell))
    AdaptiveBit.update(&cell, bit, limit: 125, reciprocals: reciprocals.pointer)
    return bit
  }

  @inline(__always)
  static func runBucket(_ run: Int) -> Int {
    run < 3 ? run : run < 5 ? 3 : run < 9 ? 4 : run < 17 ? 5 : run < 33 ? 6 : 7
  }

  @inline(__always)
  static func flagContext(run: Int, last: UInt8, isPredicted: Bool) -> Int {
    let kind = last == 0x0a ? 0 : (last | 0x20) &- 0x61 < 26 || last >= 0x80 ? 1 : 2
    return runBucket(run) &* 8 | kind << 1 | (isPredicted ? 1 : 0)
  }

  @inline(__always)
  func codeFlag<Coder: BinaryCoder>(_ isCopy: Bool, context: Int, _ coder: inout Coder) -> Bool {
    decision(isCopy ? 1 : 0, &flags.pointer[context], &coder) != 0
  }

  @inline(__always)
  func flagPrice(_ isCopy: Bool, context: Int) -> Int {
    Price.of(isCopy ? 1 : 0, AdaptiveBit.probability(flags.pointer[context]))
  }

  func codeKind<Coder: BinaryCoder>(_ kind: Int, context: Int, _ coder: inout Coder) -> Int {
    let cells = kinds.pointer + context &* 8
    var node = 1
    for shift in [2, 1, 0] { node = node << 1 | decision(kind >> shift & 1, &cells[node], &coder) }
    return node & 7
  }

  func kindPrice(_ kind: Int, context: Int) -> Int {
    let cells = kinds.pointer + context &* 8
    var node = 1
    var price = 0
    for shift in [2, 1, 0] {
      let bit = kind >> shift & 1
      price += Price.of(bit, AdaptiveBit.probability(cells[node]))
      node = node << 1 | bit
    }
    return price
  }

  func codeEnd<Coder: BinaryCoder>(_ isEnd: Bool, context: Int, _ coder: inout Coder) -> Bool {
    decision(isEnd ? 1 : 0, &ends.pointer[context], &coder) != 0
  }
}
