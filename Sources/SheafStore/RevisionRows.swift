import SheafModel

/// Which rows the lines of a change set have: its number and the line's in one (`Schemas/store.md`).
///
/// So rows are in the log's order, and the same on every copy.
enum RevisionRows {
  /// The bits of a row that hold the line's number.
  static let lineBits = 17
  private static let largestLine: Int64 = 1 << lineBits - 1
  static let largestChangeSet = UInt64(Int64.max >> Int64(lineBits)) - 1
  /// A condition on `r.id`: a line of the change set `c.number`.
  static let ofChangeSet =
    "r.id BETWEEN (c.number << \(lineBits)) AND ((c.number << \(lineBits)) | \(largestLine))"

  /// What most lines do; the index by verb holds the others.
  static let frequent: Set<RevisionVerb> = [.put, .move, .delete]
  /// A condition on a revision `r`: that it is in the index by verb. With it, SQLite knows that the index will do.
  static let isRare = "r.verb NOT IN ('put', 'move', 'delete')"

  /// The hash of the content of a revision `r`, which may be named by its body's row.
  ///
  /// Of a row that is not there, which only a damaged file names, it is no hash.
  static let content = """
    CASE typeof(r.content) WHEN 'integer' THEN ifnull((SELECT hash FROM body WHERE id = r.content), x'')
      ELSE r.content END
    """

  /// A condition on a revision `r`: that its content has a hash, by the index.
  ///
  /// - Parameter hash: A parameter or column with the hash.
  static func content(is hash: String) -> String {
    let row =
      "(SELECT id FROM body WHERE substr(body.hash, 1, 8) = substr(\(hash), 1, 8) AND body.hash = \(hash))"
    return """
      r.content IS NOT NULL
        AND iif(typeof(r.content) = 'blob', substr(r.content, 1, 8), r.content) IN (substr(\(hash), 1, 8), \(row))
        AND (typeof(r.content) = 'integer' OR r.content = \(hash))
      """
  }

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
