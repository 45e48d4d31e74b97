import Foundation
import GRDB
import SheafLog
import SheafModel

extension StoreTransaction {
  /// Documents with revisions between two positions, in byte order of their paths.
  ///
  /// - Parameter from: A size; revisions of later change sets count.
  public func documentsChanged(
    from: UInt64, to: UInt64, after: DocumentPath?, count: Int
  ) throws -> [(DocumentPath, DocumentRow)] {
    // From the start it is quicker to walk the documents, for a short step to walk the revisions.
    let sql =
      from == 0
      ? """
      SELECT path, id FROM document WHERE (?1 IS NULL OR path > ?1)
        AND EXISTS (SELECT 1 FROM revision WHERE document = document.id AND revision.id >= ?2 AND revision.id < ?3)
      ORDER BY path LIMIT ?4
      """
      : """
      SELECT DISTINCT d.path, d.id FROM revision r JOIN document d ON d.id = r.document
      WHERE r.id >= ?2 AND r.id < ?3 AND (?1 IS NULL OR d.path > ?1) ORDER BY d.path LIMIT ?4
      """
    return try rows(sql, [after?.text, RevisionRows.end(from), RevisionRows.end(to), count])
      .map { (try $0[0], try $0[1]) }
  }

  /// What stood at a document in the state tree when the log was `size` change sets long.
  public func stateValue(_ document: DocumentRow, at size: UInt64) throws -> StateEntry.Value? {
    try stateValue(
      heads: try heads(document, at: size), base: { try commonAncestorContent($0, document: document) },
      proposals: try proposals(document, at: size))
  }

  /// The path that a document came from by a move between two positions.
  public func moveOrigin(of document: DocumentRow, after from: UInt64, to: UInt64) throws -> DocumentPath? {
    guard
      let row = try row(
        """
        SELECT base FROM revision WHERE document = ? AND id >= ? AND id < ? AND verb = 'move'
        ORDER BY id DESC LIMIT 1
        """, [document.id, RevisionRows.end(from), RevisionRows.end(to)]),
      case .headOf(let origin) = try base(of: row)
    else { return nil }
    return origin
  }

  /// When a revision stopped being a head; `nil` while it is one.
  public func superseded(_ revision: Int64) throws -> UInt64? {
    try value("SELECT superseded FROM lineage WHERE revision = ?", [revision])
  }

  /// What the conflicts at a position are about: the contents that their heads descend from.
  ///
  /// - Complexity: The number of conflicts now, or of revisions for an earlier position.
  public func conflictBases(at size: UInt64) throws -> Set<SHA256Hash> {
    if try size == position().size {
      return Set(try conflictedDocuments().compactMap { try conflictBase($0.row) })
    }
    let conflicted = try rows(
      """
      SELECT r.document FROM revision r JOIN lineage l ON l.revision = r.id
      WHERE r.change_set <= ?1 AND ifnull(l.superseded, ?1 + 1) > ?1 AND l.proposed = 0
      GROUP BY r.document HAVING count(*) > 1
      """, [Int64(clamping: size)])
    var bases: Set<SHA256Hash> = []
    for row in conflicted {
      let value = try stateValue(try row[0], at: size)?.current
      guard case .conflict(let base?, _)? = value else { continue }
      bases.insert(base)
    }
    return bases
  }

  /// What conflicts are about and this copy lacks, because it got what the heads descend from only after that
  /// was past; each content once.
  ///
  /// - Returns: The sizes are what the log says, `nil` in a copy without it.
  public func missingConflictBases() throws -> [(
    path: DocumentPath, content: SHA256Hash, sizeInBytes: UInt64?
  )] {
    var seen: Set<SHA256Hash> = []
    return try rows(
      """
      SELECT document, base, (
        SELECT max(r.size) FROM revision r WHERE \(RevisionRows.content(is: "conflict.base"))
      ) FROM conflict WHERE base IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM body WHERE \(Self.isBody("conflict.base")))
      """
    ).compactMap { row in
      let base: SHA256Hash = try row[1]
      guard try !holdsBody(base), try absentSize(base) == nil, seen.insert(base).inserted else { return nil }
      return (try path(try row[0]), base, try row[2])
    }
  }

  /// How many documents were current when the log was `size` change sets long.
  public func documentCount(at size: UInt64) throws -> UInt64 {
    if try size == position().size { return try counts().documents }
    return try value(
      """
      SELECT count(DISTINCT r.document) FROM revision r JOIN lineage l ON l.revision = r.id
      WHERE r.change_set <= ?1 AND ifnull(l.superseded, ?1 + 1) > ?1 AND r.size IS NOT NULL
      """, [Int64(clamping: size)]) ?? 0
  }

  /// A revision as a bundle counts it.
  public struct SizedRevision: Sendable {
    public var changeSet: UInt64
    public var path: DocumentPath
    public var hasContent: Bool
    /// `nil` where only the commitment is known.
    public var content: SHA256Hash?
    public var sizeInBytes: UInt64
    public var superseded: UInt64?
  }

  /// How many bytes the contents of all revisions between two positions have together.
  public func publishedSize(after first: UInt64, upTo last: UInt64) throws -> UInt64 {
    let size = try integer(
      "SELECT ifnull(sum(size), 0) FROM revision WHERE id >= ? AND id < ?",
      [RevisionRows.end(first), RevisionRows.end(last)])
    return UInt64(clamping: size ?? 0)
  }

  /// The revisions of some change sets, both ends included.
  public func revisionSizes(from first: UInt64, to last: UInt64) throws -> [SizedRevision] {
    try rows(
      """
      SELECT d.path, r.size, l.superseded, \(RevisionRows.content), r.change_set
      FROM revision r JOIN document d ON d.id = r.document
      LEFT JOIN lineage l ON l.revision = r.id
      WHERE r.id >= ? AND r.id < ? ORDER BY r.id
      """, [RevisionRows.lines(of: first).first, RevisionRows.end(last)]
    ).map { row in
      SizedRevision(
        changeSet: try row[4], path: try row[0],
        hasContent: try row[1] as UInt64? != nil,
        content: try row[3],
        sizeInBytes: try row[1] as UInt64? ?? 0,
        superseded: try row[2])
    }
  }

  /// Projects the change sets after a position: the heads follow a log that has grown.
  ///
  /// - Returns: The documents whose heads may have changed.
  /// - Throws: `UnlawfulChangeSet` for one that may not stand where it stands.
  public func project(after size: UInt64, progress: (UInt64) -> Void) throws -> Set<DocumentRow> {
    var changed: Set<DocumentRow> = []
    var next = size + 1
    while true {
      let some = try changeSets(from: next, count: 256)
      guard let last = some.last else { return changed }
      for changeSet in some {
        let projected = try projected(
          number: changeSet.number, author: changeSet.author, seen: changeSet.seen, after: changeSet.after)
        let lines = try revisions(inChangeSet: changeSet.number).map { ProjectedLine($0) }
        do {
          try check(lines.map { ClaimedLine($0) }, lineCount: changeSet.lineCount, by: projected.rule)
          for line in lines {
            changed.insert(line.document)
            try project(line, of: projected)
          }
        } catch let refusal as any SheafFailure where !(refusal is StoreError) {
          throw UnlawfulChangeSet(number: changeSet.number, reason: refusal.problem)
        }
        progress(changeSet.number)
      }
      next = last.number + 1
    }
  }
}

/// A log holds a change set that may not stand there: it was not kept by the rules, and none of it is taken.
public struct UnlawfulChangeSet: SheafFailure, Hashable {
  public let number: UInt64
  /// The rule that it breaks, as its author would be told.
  public let reason: String

  public init(number: UInt64, reason: String) {
    self.number = number
    self.reason = reason
  }

  public var problem: String { "change set \(number) of the log may not stand there: \(reason)" }
  public var unchanged: String { "the library is as it was" }
  public var hint: String? {
    "Whoever keeps this log broke its rules; ask another replica for its checkpoint."
  }
  public var kind: FailureKind { .verification }
}
