import SheafModel

/// Which rows the lines of a change set have: its number and the line's in one (`Schemas/store.md`).
///
/// So rows are in the log's order, and the same on every copy.
enum RevisionRows {
  /// The bits of a row that hold the line's number.
  static let lineBits = 17
  private static let largestLine: Int64 = 1 << lineBits - 1
  private static let largestChangeSet = UInt64(Int64.max >> Int64(lineBits)) - 1
  /// A condition on `r.id`: a line of the change set `c.number`.
  static let ofChangeSet =
    "r.id BETWEEN (c.number << \(lineBits)) AND ((c.number << \(lineBits)) | \(largestLine))"

  /// A line's row; `nil` for a name that no line can have.
  static func row(of name: RevisionName) -> Int64? {
    guard name.changeSet <= largestChangeSet, Int64(name.line) <= largestLine else { return nil }
    return Int64(name.changeSet) << lineBits | Int64(name.line)
  }

  /// The rows that a change set's lines can have; for a number that is too large, rows that nothing has.
  static func lines(of changeSet: UInt64) -> (first: Int64, last: Int64) {
    let first = Int64(min(changeSet, largestChangeSet + 1)) << lineBits
    return (first, first | largestLine)
  }

  /// The first row after those of a log of a size.
  static func end(_ size: UInt64) -> Int64 { lines(of: min(size, largestChangeSet) + 1).first }
}
