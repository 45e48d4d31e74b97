import Foundation
import GRDB
import SheafModel

extension StoreTransaction {
  /// When the newest change set was made, as its author says; `nil` in a copy without notes.
  public func newestChange() throws -> String? {
    let size = try position().size
    guard size > 0 else { return nil }
    return try changeSet(size)?.effectiveTime.description
  }

  /// The newest change sets before a number, newest first.
  ///
  /// - Parameter number: Only change sets before this one; `nil` for the newest there are.
  public func newestChangeSets(before number: UInt64?, count: Int) throws -> [StoredChangeSet] {
    try rows(
      "SELECT * FROM change_set WHERE number < ? ORDER BY number DESC LIMIT ?",
      [Int64(clamping: number ?? UInt64(Int64.max)), max(0, count)]
    ).map { try StoredChangeSet($0, in: self) }
  }

  /// The latest time that any change set claims; `nil` in a copy that holds none.
  public func latestTime() throws -> Timestamp? {
    try value("SELECT max(time) FROM change_set")
  }

  /// The change sets that claim a later time than all before them, up to a number.
  public func latestClaims(upTo number: UInt64) throws -> [(number: UInt64, time: Timestamp)] {
    var found: [(number: UInt64, time: Timestamp)] = []
    let rows = try cursor(
      "SELECT number, time FROM change_set WHERE number <= ? ORDER BY number", [Int64(clamping: number)])
    while let row = try rows.next() {
      let time: Timestamp = try row[1]
      if found.last.map({ $0.time < time }) ?? true {
        found.append((try row[0], time))
      }
    }
    return found
  }

  /// The first change set that claims a time which is not before `time`; `nil` when there is none.
  public func firstChangeSet(notBefore time: Timestamp) throws -> UInt64? {
    try value(
      "SELECT min(number) FROM change_set INDEXED BY change_set_by_time WHERE effective_time >= ?",
      [time.seconds]
    )
  }

  /// The first lines of a change set that this copy holds.
  public func revisions(inChangeSet number: UInt64, count: Int) throws -> [StoredRevision] {
    let lines = RevisionRows.lines(of: number)
    return try rows(
      """
      SELECT \(Self.revisionColumns) FROM revision r JOIN document d ON d.id = r.document
      WHERE r.id BETWEEN ? AND ? ORDER BY r.id LIMIT ?
      """, [lines.first, lines.last, count]
    ).map { try StoredRevision($0, in: self) }
  }

  /// The lines about a path among drafts that the log does not show yet, oldest first, with their drafts.
  public func pendingDraftLines(of path: DocumentPath) throws -> [(draft: StoredDraft, line: StoredDraftLine)]
  {
    try rows(
      """
      SELECT d.id FROM draft_line l JOIN draft d ON d.id = l.draft
      WHERE l.path = ? AND d.outcome IN ('waiting', 'deposited', 'logged') ORDER BY d.id
      """, [path.text]
    ).compactMap { row in
      let id: Int64 = try row[0]
      guard let draft = try self.row("SELECT * FROM draft WHERE id = ?", [id]).map(StoredDraft.init),
        let line = try self.row("SELECT * FROM draft_line WHERE draft = ? AND path = ?", [id, path.text])
      else { return nil }
      return (draft, try StoredDraftLine(line))
    }
  }

  /// Whether the search index has yet to look at a document.
  public func isStale(_ document: DocumentRow) throws -> Bool {
    try integer("SELECT 1 FROM search_stale WHERE document = ?", [document.id]) != nil
  }

  /// The newest change set whose reason claims an origin that starts so, and the claim.
  ///
  /// - Parameter prefix: Such as `git `.
  public func newestSource(prefix: String) throws -> (changeSet: UInt64, source: String)? {
    // Newest first: an import that goes on finds its own last change set within a few rows.
    let rows = try cursor("SELECT number, reason FROM change_set ORDER BY number DESC")
    while let row = try rows.next() {
      guard let reason = try reason(try row[0], in: row),
        let source = try? Reason(parsing: reason).claims.source, source.hasPrefix(prefix)
      else {
        continue
      }
      return (try row[0], source)
    }
    return nil
  }
}

extension StoreTransaction {
  /// A document's title, as the search index found it.
  public func title(of path: DocumentPath) throws -> String? {
    try row("SELECT title FROM document WHERE path = ?", [path.text]).flatMap { try $0[0] }
  }
}
