/// Codes whole numbers of any size: how many digits first, learned, then the digits (`Schemas/coder.md`, "Numbers").
struct NumberModel {
  /// Cells of one context: a tree over the digit count, and the two digits below the first for each count.
  static let cellsPerContext = 64 + 64 * 4
  private let cells: ModelMemory<UInt32>
  private let reciprocals: ModelMemory<Int32>

  init(contexts: Int) {
    cells = ModelMemory([UInt32](repeating: AdaptiveBit.initial, count: contexts * Self.cellsPerContext))
    reciprocals = ModelMemory(AdaptiveBit.reciprocals)
  }

  /// Codes a number below 2^40.
  func code<Coder: BinaryCoder>(_ value: Int, context: Int, _ coder: inout Coder) -> Int {
    let number = value &+ 1
    let digits = Int.bitWidth &- number.leadingZeroBitCount &- 1
    let cells = cells.pointer + context &* Self.cellsPerContext
    var node = 1
    for shift in stride(from: 5, through: 0, by: -1) {
      node = node << 1 | decision(digits >> shift & 1, &cells[node], &coder)
    }
    let count = min(node & 63, 40)
    var result = 1
    var shift = count
    var place = 1
    let below = cells + 64 + count &* 4
    while shift > 0 {
      shift &-= 1
      let bit = number >> shift & 1
      if place < 4 {
        let bit = decision(bit, &below[place], &coder)
        place = place << 1 | bit
        result = result << 1 | bit
      } else {
        result = result << 1 | coder.code(bit, 32_768)
      }
    }
    return result &- 1
  }

  @inline(__always)
  private func decision<Coder: BinaryCoder>(_ bit: Int, _ cell: inout UInt32, _ coder: inout Coder) -> Int {
    let bit = coder.code(bit, AdaptiveBit.probability(cell))
    AdaptiveBit.update(&cell, bit, limit: 60, reciprocals: reciprocals.pointer)
    return bit
  }

  /// What the numbers of each digit count cost now, in 16ths of a bit.
  func prices(context: Int) -> [Int] {
    let cells = cells.pointer + context &* Self.cellsPerContext
    return (0..<41).map { digits in
      var price = max(0, digits) * 16
      var node = 1
      for shift in stride(from: 5, through: 0, by: -1) {
        let bit = digits >> shift & 1
        price += Price.of(bit, AdaptiveBit.probability(cells[node]))
        node = node << 1 | bit
      }
      return price
    }
  }
}

/// What decisions cost, in 16ths of a bit.
enum Price {
  /// For probabilities of 4096; whole numbers only, so that every machine chooses the same copies.
  private static let table: [Int] = (0..<4096).map { probability in
    var power = UInt64(max(probability, 1))
    var logarithm = 0
    for _ in 0..<4 {
      power *= power
      logarithm *= 2
      while power >= 1 << 16 {
        power >>= 1
        logarithm += 1
      }
    }
    return max(0, 12 * 16 - 15 - logarithm)
  }

  @inline(__always)
  static func of(_ bit: Int, _ probability: UInt32) -> Int {
    table[Int((bit != 0 ? probability : 65_536 - probability) >> 4)]
  }
}
