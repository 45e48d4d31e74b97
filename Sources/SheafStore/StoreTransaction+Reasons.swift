import Foundation
import GRDB
import SheafCompression
import SheafModel

/// The reasons of one span of change sets, read last.
final class ReasonCache {
  var span: (number: Int64, reasons: [[UInt8]?])?
}

/// Reasons compressed together (`Schemas/store.md`, "Reasons").
extension StoreTransaction {
  /// How many change sets have their reasons in one blob.
  static let reasonSpan: Int64 = 64
  private static let largestSpanInBytes = Int(reasonSpan) * (Limits.reason + 4)

  /// A change set's reason, from its row or from its span; `nil` when this copy does not hold it.
  ///
  /// - Parameter row: A row that has the column `reason`.
  func reason(_ number: Int64, in row: StoredRow) throws -> [UInt8]? {
    if let bytes = try row["reason"] as [UInt8]? { return bytes }
    let span = try reasons(ofSpan: number / Self.reasonSpan)
    let place = Int(number % Self.reasonSpan)
    return span.indices.contains(place) ? span[place] : nil
  }

  private func reasons(ofSpan number: Int64) throws -> [[UInt8]?] {
    if let span = reasonCache.span, span.number == number { return span.reasons }
    var reasons: [[UInt8]?] = []
    if let bytes = try blob("SELECT data FROM reasons WHERE span = ?", [number]) {
      guard let unpacked = Self.unpackReasons(bytes) else {
        let first = number * Self.reasonSpan
        throw StoreError.damaged("reasons of change sets \(first) to \(first + Self.reasonSpan - 1)")
      }
      reasons = unpacked
    }
    reasonCache.span = (number, reasons)
    return reasons
  }

  /// Moves the reasons of some change sets into blobs of their spans.
  ///
  /// - Parameter count: The most spans to do.
  /// - Returns: Whether nothing is left to move.
  public func packReasons(count: Int) throws -> Bool {
    // Two may cost more than they save.
    let spans = try rows(
      """
      SELECT number / ?1 AS span FROM change_set WHERE reason IS NOT NULL GROUP BY span HAVING count(*) > 2
      ORDER BY span LIMIT ?2
      """, [Self.reasonSpan, count])
    for row in spans {
      let span: Int64 = try row[0]
      let first = span * Self.reasonSpan
      var reasons = [[UInt8]?](repeating: nil, count: Int(Self.reasonSpan))
      let held = try rows(
        "SELECT number, reason FROM change_set WHERE number BETWEEN ? AND ?",
        [first, first + Self.reasonSpan - 1])
      for row in held {
        let number: Int64 = try row[0]
        reasons[Int(number - first)] = try reason(number, in: row)
      }
      try execute(
        "INSERT OR REPLACE INTO reasons (span, data) VALUES (?, ?)", [span, Data(Self.packReasons(reasons))])
      try execute(
        "UPDATE change_set SET reason = NULL WHERE number BETWEEN ? AND ?",
        [first, first + Self.reasonSpan - 1])
      reasonCache.span = nil
    }
    return spans.count < count
  }

  /// The unpacked size, 4 bytes little endian, and one raw deflate stream of each reason's size plus 1 (4 bytes; 0 for
  /// one that is not there) and its bytes.
  static func packReasons(_ reasons: [[UInt8]?]) -> [UInt8] {
    var plain: [UInt8] = []
    for reason in reasons {
      append(reason.map { $0.count + 1 } ?? 0, to: &plain)
      plain += reason ?? []
    }
    var bytes: [UInt8] = []
    append(plain.count, to: &bytes)
    return bytes + Deflate.compress(plain, level: 9)
  }

  private static func append(_ number: Int, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: UInt32(clamping: number).littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// - Returns: `nil` when the bytes are not what `packReasons` makes.
  static func unpackReasons(_ bytes: [UInt8]) -> [[UInt8]?]? {
    var place = 0
    guard let size = number(in: bytes, at: &place), size <= largestSpanInBytes,
      let plain = try? Deflate.decompress(Array(bytes[place...]), size: size)
    else { return nil }
    var reasons: [[UInt8]?] = []
    place = 0
    while reasons.count < Int(reasonSpan) {
      guard let next = number(in: plain, at: &place), next - 1 <= plain.count - place else { return nil }
      reasons.append(next == 0 ? nil : Array(plain[place..<place + next - 1]))
      place += max(0, next - 1)
    }
    return place == plain.count ? reasons : nil
  }

  private static func number(in bytes: [UInt8], at place: inout Int) -> Int? {
    guard bytes.count - place >= 4 else { return nil }
    defer { place += 4 }
    return (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
  }
}
