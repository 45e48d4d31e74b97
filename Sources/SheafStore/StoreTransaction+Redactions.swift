import Foundation
import GRDB
import SheafModel

/// A revision that somebody asked to destroy, and what became of it.
public struct StoredRedaction: Hashable, Sendable {
  public var path: DocumentPath
  public var revision: RevisionName
  /// The change sets that ask for it, in the log's order.
  public var requests: [UInt64]
  /// The change set with which it took effect; `nil` while it waits for a second person.
  public var effective: UInt64?
}

extension StoreTransaction {
  /// The change set with which the destruction of a revision's content took effect; `nil` when it has not.
  public func redaction(of revision: Int64) throws -> UInt64? {
    try value("SELECT change_set FROM redaction WHERE revision = ?", [revision])
  }

  /// The two change sets that had a revision's content destroyed: the one that asked, and the one with which it took
  /// effect; `nil` when it has not.
  public func redactors(of revision: Int64) throws -> (asked: UInt64, effective: UInt64)? {
    try row("SELECT asked, change_set FROM redaction WHERE revision = ?", [revision]).map {
      (try $0[0], try $0[1])
    }
  }

  func isRedacted(_ revision: Int64) throws -> Bool { try redaction(of: revision) != nil }

  /// The newest change set with which a redaction took effect, in a log of a size; `nil` for none.
  public func newestRedaction(at size: UInt64) throws -> UInt64? {
    try value("SELECT max(change_set) FROM redaction WHERE change_set <= ?", [Int64(clamping: size)])
  }

  /// How many revisions' contents are to be destroyed.
  public func redactionCount() throws -> UInt64 {
    try value("SELECT count(*) FROM redaction") ?? 0
  }

  /// Every revision that somebody asked to destroy, by path, then by name.
  public func redactions() throws -> [StoredRedaction] {
    var found: [RevisionName: StoredRedaction] = [:]
    for row in try rows(
      """
      SELECT d.path, r.base, r.change_set FROM revision r JOIN document d ON d.id = r.document
      WHERE r.verb = 'redact' ORDER BY r.change_set, r.line
      """)
    {
      guard case .revisions(let names) = try row[1] as RevisionBase else { continue }
      let path: DocumentPath = try row[0]
      for name in names {
        let effective = try revision(name).flatMap { try redaction(of: $0.id) }
        found[name, default: .init(path: path, revision: name, requests: [], effective: effective)]
          .requests.append(try row[2])
      }
    }
    return found.values.sorted { ($0.path.text, $0.revision) < ($1.path.text, $1.revision) }
  }

  /// Whether a revision is a head, an open proposal, or what a conflict is about.
  ///
  /// - Parameter conflictBase: What `conflictBaseRow` says of its document.
  public func isCurrent(_ revision: StoredRevision, conflictBase: Int64?) throws -> Bool {
    try superseded(revision.id) == nil || revision.id == conflictBase
  }

  /// The revision that a document's conflict is about; `nil` without a conflict, or when its heads share none.
  public func conflictBaseRow(_ document: DocumentRow) throws -> Int64? {
    try commonAncestor(try heads(document), document: document)
  }

  /// The revisions that have a content, and which of them are current.
  public func revisions(
    with hash: SHA256Hash
  ) throws -> [(revision: StoredRevision, isCurrent: Bool)] {
    try rows(
      """
      SELECT r.id FROM revision r WHERE \(RevisionRows.content(is: "?1")) ORDER BY r.id
      """, [hash.data]
    ).map { row in
      let revision = try revision(row: row[0])
      return (
        revision,
        try isCurrent(revision, conflictBase: try conflictBaseRow(revision.document))
      )
    }
  }

  /// The newest position that a member is known to have seen: of the change sets signed with its key, and of what its
  /// witness cosigned. 0 for none.
  public func newestPosition(of member: Member) throws -> UInt64 {
    let seen = try integer(
      "SELECT max(c.seen) FROM change_set c JOIN author a ON a.id = c.author WHERE a.key = ?",
      [Data(member.key)])
    let cosigned = try member.witness.flatMap {
      try integer(
        "SELECT max(s.size) FROM cosignature s JOIN cosigner c ON c.id = s.cosigner WHERE c.key = ?",
        [Data($0)])
    }
    return UInt64(clamping: max(seen ?? 0, cosigned ?? 0))
  }

  // MARK: projection

  /// Applies a line that asks for the content of past revisions to be destroyed (`Schemas/redaction.md`).
  ///
  /// - Throws: `LineageError` when the line can't stand here.
  func redact(_ line: ProjectedLine, of changeSet: ProjectedChangeSet) throws {
    func refusal(_ rule: LineageError.Rule) -> LineageError { LineageError(path: line.path, rule: rule) }
    guard changeSet.seen < changeSet.number else { throw refusal(.futureSeen) }
    guard !line.path.tellsRights else { throw AuthorityError(.rightsStay, at: line.path) }
    guard case .revisions(let names) = line.base else { throw refusal(.unknownParent) }
    let conflictBase = try conflictBaseRow(line.document)
    var targets: [StoredRevision] = []
    for name in names {
      guard name.changeSet < changeSet.number, let target = try revision(name) else {
        throw refusal(.unknownParent)
      }
      guard target.document == line.document else { throw refusal(.foreignParent) }
      guard target.verb.hasContent else { throw refusal(.nothingToErase) }
      guard try !isCurrent(target, conflictBase: conflictBase) else { throw refusal(.stillCurrent) }
      targets.append(target)
    }
    let reason = try self.changeSet(changeSet.number)?.reason.flatMap { try? Reason(parsing: $0) }
    if let reason, reason.ground == nil { throw refusal(.noGround) }
    // Superseded by itself: it is in the history and never current.
    try insertLineage(
      of: line.revision, parents: targets.map(\.id), rank: Int64(clamping: changeSet.number),
      superseded: changeSet.number)
    var askers = EarlierAskers(self, than: changeSet.author, in: line.path.collection)
    for target in targets where try !isRedacted(target.id) {
      guard let asked = try openRequests(target.id).first(where: { try askers.count($0.author) }) else {
        // Of what somebody asked for already nothing more is noted.
        try execute(
          """
          INSERT OR IGNORE INTO redaction_request (revision, author, change_set)
          SELECT ?, author, number FROM change_set WHERE number = ?
          """, [target.id, Int64(clamping: changeSet.number)])
        continue
      }
      try execute(
        "INSERT INTO redaction (revision, change_set, asked) VALUES (?, ?, ?)",
        [target.id, Int64(clamping: changeSet.number), Int64(clamping: asked.changeSet)])
      try execute("DELETE FROM redaction_request WHERE revision = ?", [target.id])
    }
  }

  /// Who asked for a revision's content to be destroyed, each key once, in the log's order; none once that is in effect.
  private func openRequests(_ revision: Int64) throws -> [(author: [UInt8], changeSet: UInt64)] {
    try rows(
      """
      SELECT a.key, x.change_set FROM redaction_request x JOIN author a ON a.id = x.author
      WHERE x.revision = ? ORDER BY x.change_set
      """, [revision]
    ).map { (try $0[0], try $0[1]) }
  }

  /// How many revisions' contents wait for a second person to be destroyed, and of how many a person is not the one
  /// who asked.
  ///
  /// - Parameter key: A public key of the person, 32 bytes.
  public func waitingRedactions(besidesOf key: [UInt8]) throws -> (all: UInt64, ofOthers: UInt64) {
    let waiting = try rows("SELECT DISTINCT revision FROM redaction_request").map { try $0[0] as Int64 }
    let others = try waiting.count { try openRequest($0, by: key) == nil }
    return (UInt64(waiting.count), UInt64(others))
  }

  /// The change set with which a person asked for a revision's content to be destroyed, while that waits for another.
  ///
  /// - Parameter key: A public key of the person, 32 bytes.
  public func openRequest(_ revision: Int64, by key: [UInt8]) throws -> UInt64? {
    let open = try openRequests(revision)
    guard !open.isEmpty, let person = try person(of: key) else { return nil }
    return try open.first { try self.person(of: $0.author) == person }?.changeSet
  }
}
