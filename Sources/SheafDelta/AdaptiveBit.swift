/// A probability that learns: 22 bits of it, and how often it was asked in the low 10.
///
/// It moves by the error divided by how often it was asked, and half as much again, so it
/// settles fast and then stays; `limit` bounds the divisor, so that it never stops to learn.
enum AdaptiveBit {
  /// One half, never asked.
  static let initial: UInt32 = 1 << 31

  /// 65,536 divided by the count and a half.
  static let reciprocals: [Int32] = (0..<1024).map { Int32(65_536 * 2 / (2 * $0 + 3)) }

  /// The probability of 65,536, from 1 to 65,535.
  @inline(__always)
  static func probability(_ cell: UInt32) -> UInt32 { min(max(cell >> 16, 1), 65_535) }

  @inline(__always)
  static func update(_ cell: inout UInt32, _ bit: Int, limit: UInt32, reciprocals: UnsafePointer<Int32>) {
    let count = cell & 1023
    let probability = Int64(cell >> 10)
    let target: Int64 = bit != 0 ? (1 << 22) - 1 : 0
    let moved = probability &+ ((target &- probability) &* Int64(reciprocals[Int(count)])) >> 16
    cell = UInt32(truncatingIfNeeded: moved) << 10 | (count < limit ? count &+ 1 : limit)
  }
}
