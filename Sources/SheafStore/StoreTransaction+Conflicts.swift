import Foundation
import GRDB
import SheafModel

/// What merging found out about a conflict, kept so that lists need not merge again.
public struct ConflictMark: Hashable, Sendable {
  /// How much it needs a person; the greater the more.
  public enum Severity: Int, Sendable, Hashable, Comparable {
    /// There is a value to confirm.
    case look = 1
    /// A person must choose.
    case blocked = 2

    public static func < (lhs: Severity, rhs: Severity) -> Bool { lhs.rawValue < rhs.rawValue }
  }

  public var severity: Severity
  /// How many parts a person is asked about.
  public var parts: Int
  /// Where the first part is, in words.
  public var place: String

  public init(severity: Severity, parts: Int, place: String) {
    self.severity = severity
    self.parts = parts
    self.place = place
  }
}

extension StoreTransaction {
  /// Keeps what merging found out about a conflict; nothing happens where there is none.
  public func setMark(_ mark: ConflictMark, of document: DocumentRow) throws {
    try execute(
      "UPDATE conflict SET severity = ?, parts = ?, place = ? WHERE document = ?",
      [mark.severity.rawValue, mark.parts, mark.place, document.id])
  }

  /// Forgets what merging found out, for one collection or all: its rules have changed.
  public func forgetMarks(in collection: CollectionName?) throws {
    try execute(
      """
      UPDATE conflict SET severity = NULL, parts = NULL, place = NULL
      WHERE ?1 IS NULL OR document IN (SELECT id FROM document WHERE collection = ?1)
      """, [collection?.text])
  }

  /// Documents in conflict that nobody has looked at since their heads changed.
  public func unmarkedConflicts(count: Int) throws -> [(path: DocumentPath, row: DocumentRow)] {
    try rows(
      """
      SELECT d.path, d.id FROM conflict c JOIN document d ON d.id = c.document
      WHERE c.severity IS NULL ORDER BY d.path LIMIT ?
      """, [count]
    ).map { (try $0[0], try $0[1]) }
  }

  /// Documents in conflict with what is known of each, the severest first, then by path.
  public func markedConflicts() throws -> [(path: DocumentPath, row: DocumentRow, mark: ConflictMark?)] {
    try rows(
      """
      SELECT d.path, d.id, c.severity, c.parts, c.place FROM conflict c JOIN document d ON d.id = c.document
      ORDER BY c.severity DESC, d.path
      """
    ).map { row in
      let mark = try (row[2] as ConflictMark.Severity?).map {
        ConflictMark(severity: $0, parts: try row[3], place: try row[4])
      }
      return (try row[0], try row[1], mark)
    }
  }

  /// How many conflicts there are of each severity; those nobody has looked at count as blocked.
  public func conflictCounts() throws -> [ConflictMark.Severity: UInt64] {
    var counts: [ConflictMark.Severity: UInt64] = [:]
    for row in try rows("SELECT ifnull(severity, 2), count(*) FROM conflict GROUP BY 1") {
      counts[try row[0] as ConflictMark.Severity] = try row[1]
    }
    return counts
  }

  /// The change sets that made a document's heads, in their order; `nil` where this copy holds no lines.
  public func headNames(_ document: DocumentRow) throws -> [(
    name: RevisionName?, isDeletion: Bool, verb: RevisionVerb?
  )] {
    try rows(
      """
      SELECT r.change_set, r.line, h.content IS NULL, r.verb FROM head h LEFT JOIN revision r ON r.id = h.revision
      WHERE h.document = ? ORDER BY h.position
      """, [document.id]
    ).map { row in
      let name = try (row[0] as UInt64?).map { RevisionName(changeSet: $0, line: try row[1]) }
      return (name, try row[2] as Int != 0, try row[3])
    }
  }

  /// The newest merges in the log, newest first.
  ///
  /// - Parameter before: Only those before this place in the log.
  public func merges(newest count: Int, before: RevisionName?) throws -> [StoredRevision] {
    try rows(
      """
      SELECT \(Self.revisionColumns) FROM revision r JOIN document d ON d.id = r.document
      WHERE r.verb = 'merge' AND \(RevisionRows.isRare) AND r.id < ? ORDER BY r.id DESC LIMIT ?
      """, [before.flatMap(RevisionRows.row) ?? Int64.max, max(0, count)]
    ).map { try StoredRevision($0, in: self) }
  }
}

extension StoreTransaction {
  /// The newest revisions of documents that the sequencer merged and nobody has changed since, newest first.
  public func mergedDocuments() throws -> [StoredRevision] {
    try rows(
      """
      SELECT \(Self.revisionColumns) FROM head h JOIN revision r ON r.id = h.revision JOIN document d ON d.id = h.document
      WHERE r.verb = 'merge' AND h.position = 0
        AND NOT EXISTS (SELECT 1 FROM conflict c WHERE c.document = h.document)
      ORDER BY r.id DESC
      """
    ).map { try StoredRevision($0, in: self) }
  }
}
