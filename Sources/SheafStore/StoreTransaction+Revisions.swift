import Foundation
import GRDB
import SheafModel

/// A revision as it is stored: its line and what is known of its content.
public struct StoredRevision: Hashable, Sendable {
  /// The row number in this copy.
  public var id: Int64
  public var name: RevisionName
  public var document: DocumentRow
  public var path: DocumentPath
  public var verb: RevisionVerb
  public var base: RevisionBase
  public var sizeInBytes: UInt64?
  /// The content's hash, where it is known.
  public var content: SHA256Hash?
  /// The commitment as it stands in the line, where it can't be computed.
  public var commitment: SHA256Hash?

  init(_ row: StoredRow, in transaction: StoreTransaction) throws {
    id = try row["id"]
    name = RevisionName(
      changeSet: try row["change_set"], line: try row["line"])
    document = try row["document"]
    path = try transaction.pathCache.path(of: document, named: try row["path"])
    verb = try row["verb"]
    base = try transaction.base(of: row)
    sizeInBytes = try row["size"]
    content = try row["content"]
    commitment = try row["commitment"]
  }

  /// The revision that it signs; `nil` for what is no signature.
  public var signs: RevisionName? {
    guard verb.meaning != nil, case .revisions(let names) = base else { return nil }
    return names.first
  }

  /// The line as it was signed.
  ///
  /// - Throws: `StoreError.damaged` when neither commitment nor content is known.
  public func line(seed: Seed?) throws -> RevisionLine {
    guard verb.hasContent else { return RevisionLine(verb: verb, path: path, base: base, content: nil) }
    guard let sizeInBytes else { throw StoreError.damaged("revision \(name) has no size") }
    let sealed: Commitment
    if let commitment {
      sealed = Commitment(hash: commitment)
    } else if let content, let seed {
      sealed = Commitment(content: content, seed: seed, line: name.line)
    } else {
      throw StoreError.damaged("revision \(name) has no commitment")
    }
    return RevisionLine(
      verb: verb, path: path, base: base, content: .init(sizeInBytes: sizeInBytes, commitment: sealed))
  }
}

extension StoreTransaction {
  /// What a `StoredRevision` is read from, of a revision `r` and its document `d`.
  static let revisionColumns = """
    r.id, r.document, r.verb, r.base, r.size, \(RevisionRows.content) AS content, r.commitment, r.change_set,
      r.line, d.path
    """
  private static let revisions = "\(revisionColumns) FROM revision r JOIN document d ON d.id = r.document"

  /// Adds a line of a change set; its lineage follows when it is projected.
  ///
  /// - Parameter commitmentIsNeeded: Whether the commitment can't be computed from seed and content.
  public func insertRevision(
    _ name: RevisionName, line: RevisionLine, document: DocumentRow, content: SHA256Hash?,
    commitmentIsNeeded: Bool
  ) throws -> Int64 {
    guard let row = RevisionRows.row(of: name) else { throw StoreError.damaged("revision \(name)") }
    try execute(
      """
      INSERT INTO revision (id, document, verb, base, size, content, commitment) VALUES (?, ?, ?, ?, ?, ?, ?)
      """,
      [
        row, document.id, line.verb.rawValue, try storedBase(line.base),
        line.content.map { Int64(clamping: $0.sizeInBytes) }, content?.data,
        commitmentIsNeeded ? line.content?.commitment.hash.data : nil,
      ])
    memberCache.changed(document)
    return row
  }

  /// A line's base as it is stored: where a move came from is a document's row, unless this copy has none of it.
  private func storedBase(_ base: RevisionBase) throws -> any DatabaseValueConvertible {
    guard case .headOf(let old) = base, let document = try existingDocumentRow(old) else { return base.text }
    return document.id
  }

  /// Reads a line's base from a row with its column.
  func base(of row: StoredRow) throws -> RevisionBase {
    switch try row["base"] as RowOrText {
    case .row(let document): .headOf(try path(DocumentRow(id: document)))
    case .text: try row["base"]
    }
  }

  /// The lines of a change set that this copy holds, in their order.
  public func revisions(inChangeSet number: UInt64) throws -> [StoredRevision] {
    let lines = RevisionRows.lines(of: number)
    return try rows(
      "SELECT \(Self.revisions) WHERE r.id BETWEEN ? AND ? ORDER BY r.id", [lines.first, lines.last]
    )
    .map { try StoredRevision($0, in: self) }
  }

  /// A revision by its name.
  public func revision(_ name: RevisionName) throws -> StoredRevision? {
    guard let id = RevisionRows.row(of: name) else { return nil }
    return try row("SELECT \(Self.revisions) WHERE r.id = ?", [id]).map {
      try StoredRevision($0, in: self)
    }
  }

  /// A revision by its row.
  public func revision(row id: Int64) throws -> StoredRevision {
    guard let row = try row("SELECT \(Self.revisions) WHERE r.id = ?", [id]) else {
      throw StoreError.damaged("revision row \(id) is missing")
    }
    return try StoredRevision(row, in: self)
  }

  /// A document's revisions, newest first.
  public func revisions(of document: DocumentRow) throws -> [StoredRevision] {
    try rows("SELECT \(Self.revisions) WHERE r.document = ? ORDER BY r.id DESC", [document.id]).map {
      try StoredRevision($0, in: self)
    }
  }

  /// What a revision was made from, as rows.
  public func parents(of revision: Int64) throws -> [Int64] {
    guard let row = try row("SELECT parents FROM lineage WHERE revision = ?", [revision]) else { return [] }
    switch try row[0] as RowOrText {
    case .row(let parent): return [parent]
    case .text(let rows):
      return try rows.split(separator: ",").map {
        guard let parent = Int64($0) else { throw StoreError.damaged("parents of revision row \(revision)") }
        return parent
      }
    }
  }

  /// The heads that a document had when the log was `size` change sets long, the first published in front.
  public func heads(_ document: DocumentRow, at size: UInt64) throws -> [StoredHead] {
    try rows(
      """
      SELECT r.id, \(RevisionRows.content), r.size FROM revision r JOIN lineage l ON l.revision = r.id
      WHERE r.document = ?1 AND r.id < ?3 AND (l.superseded IS NULL OR l.superseded > ?2)
        AND l.proposed = 0
      ORDER BY l.rank, r.id
      """, [document.id, Int64(clamping: size), RevisionRows.end(size)]
    ).map { row in
      StoredHead(
        revision: try row[0], content: try row[1],
        sizeInBytes: try row[2] as UInt64? ?? 0, hasContent: try row[2] as UInt64? != nil)
    }
  }

  /// What was current when the log was `size` change sets long: the first head of every document.
  public func documents(at size: UInt64, after: DocumentPath?, count: Int) throws -> [Listed] {
    try rows(
      """
      SELECT d.path, \(RevisionRows.content), r.size, r.change_set, r.line, count(*) AS heads, min(l.rank)
      FROM revision r JOIN lineage l ON l.revision = r.id JOIN document d ON d.id = r.document
      WHERE r.change_set <= ?1 AND (l.superseded IS NULL OR l.superseded > ?1) AND l.proposed = 0
        AND (?2 IS NULL OR d.path > ?2)
      GROUP BY d.id HAVING max(r.size IS NOT NULL)
      ORDER BY d.path LIMIT ?3
      """, [Int64(clamping: size), after?.text, count]
    ).map { row in
      Listed(
        path: try row[0],
        content: try row[1],
        sizeInBytes: try row[2] as UInt64? ?? 0, title: nil,
        revision: RevisionName(
          changeSet: try row[3], line: try row[4]),
        headCount: try row[5], isDestroyed: try row[1] as SHA256Hash? == nil && row[2] as UInt64? != nil)
    }
  }
}
