import Foundation
import GRDB
import SheafModel

/// Why a line of a change set can't stand where it stands in the log.
///
/// Whether it can is a function of the log before it (`Schemas/revision-list.md`), so
/// a publisher refuses such a draft, and a reader that meets one in a log rejects the log.
public struct LineageError: SheafFailure, Equatable {
  /// The rules, in words that an author can act on.
  public enum Rule: String, Sendable, Equatable {
    case nothingThere = "it changes a document that was not there at the checkpoint its author had seen"
    case alreadyThere = "it makes a new document where one was at the checkpoint its author had seen"
    case noDraft = "it is made from an earlier draft that is not in the log"
    case unknownParent = "it is made from a revision that is not in the log"
    case foreignParent = "it merges a revision of another document"
    case oneHead = "it settles a conflict in a document that had none"
    case futureSeen = "its author claims to have seen a checkpoint that the log has not reached"
    case mayNotDecide = "its author may not accept or decline proposals"
    case notOpen = "it decides a proposal that is not open"
    case otherContent = "it accepts other content than was proposed"
    case notSeen = "it signs a revision that its author had not seen"
    case nothingToSign = "it signs a revision that has no content"
    case signedAlready = "its author has signed the revision with that meaning, and it stands"
    case ownApproval = "its author wrote what it approves"
    case othersWords = "its author did not write what it signs as authored"
    case nothingToErase = "it asks to destroy the content of a revision that has none"
    case stillCurrent = "it asks to destroy what is current, proposed, or what a conflict is about"
    case noGround = "it asks to destroy content and names no ground"
    case acrossReview = "it moves a document between a collection under review and one that is not"
  }

  public let path: DocumentPath
  public let rule: Rule

  public init(path: DocumentPath, rule: Rule) {
    self.path = path
    self.rule = rule
  }

  public var problem: String { "\(path): \(rule.rawValue)" }
}

/// A line about to be projected.
public struct ProjectedLine: Sendable {
  public var revision: Int64
  public var document: DocumentRow
  public var path: DocumentPath
  public var verb: RevisionVerb
  public var base: RevisionBase
  public var content: SHA256Hash?
  public var sizeInBytes: UInt64

  public init(_ stored: StoredRevision) {
    revision = stored.id
    document = stored.document
    path = stored.path
    verb = stored.verb
    base = stored.base
    content = stored.content
    sizeInBytes = stored.sizeInBytes ?? 0
  }

  public init(
    revision: Int64, document: DocumentRow, path: DocumentPath, verb: RevisionVerb, base: RevisionBase,
    content: SHA256Hash?, sizeInBytes: UInt64
  ) {
    self.revision = revision
    self.document = document
    self.path = path
    self.verb = verb
    self.base = base
    self.content = content
    self.sizeInBytes = sizeInBytes
  }
}

/// What every line of a change set is projected with.
public struct ProjectedChangeSet: Sendable {
  public var number: UInt64
  public var author: [UInt8]
  /// The size of the log that its author had seen.
  public var seen: UInt64
  public var after: SHA256Hash?
  /// Who decides, and what waits for a decision, as things stood before it.
  public var rule: AuthorityRule

  public init(number: UInt64, author: [UInt8], seen: UInt64, after: SHA256Hash?, rule: AuthorityRule) {
    self.number = number
    self.author = author
    self.seen = seen
    self.after = after
    self.rule = rule
  }
}

extension StoreTransaction {
  /// Applies one line of a change set to the heads: the rule by which state follows from the log.
  ///
  /// A revision takes the place of those of its parents that are heads; when none is,
  /// it stands beside the heads there are. What waits for a decision becomes an open proposal instead. Laid
  /// out in `Schemas/revision-list.md`, "Heads" and "Proposals".
  ///
  /// - Throws: `LineageError` when the line can't stand here.
  public func project(_ line: ProjectedLine, of changeSet: ProjectedChangeSet) throws {
    if line.verb.decides { return try decide(line, of: changeSet) }
    if let meaning = line.verb.meaning { return try sign(line, as: meaning, of: changeSet) }
    if line.verb == .redact { return try redact(line, of: changeSet) }
    if case .headOf(let old) = line.base,
      !changeSet.rule.mayMove(from: old, to: line.path)
    {
      throw LineageError(path: line.path, rule: .acrossReview)
    }
    let heads = try heads(line.document)
    let parents = try parents(of: line, heads: heads, changeSet: changeSet)
    // What its author proposed before goes on in this revision.
    try closeProposals(parents, by: changeSet.number, of: line.document)
    if changeSet.rule.holds(line.verb, at: line.path) {
      return try propose(line, parents: parents, of: changeSet)
    }
    try replaceHeads(
      heads, by: line, parents: parents, replaced: try throughProposals(parents, document: line.document),
      // A document that is made or moved here takes the place of tombstones: they are nobody's edit of it.
      startsDocument: line.base == .none || line.verb == .move, changeSet: changeSet.number)
  }

  /// Puts a revision in the place of those heads that it replaces.
  ///
  /// - Parameters:
  ///   - parents: What it was made from, for its lineage.
  ///   - replaced: The heads that leave for it; others in here do no harm.
  func replaceHeads(
    _ heads: [StoredHead], by line: ProjectedLine, parents: [Int64], replaced: [Int64], startsDocument: Bool,
    changeSet number: UInt64
  ) throws {
    var rank = Int64(number)
    var remaining: [StoredHead] = []
    for head in heads {
      guard let row = head.revision else {
        throw StoreError.damaged("a head of \(line.path) has no revision")
      }
      let isReplaced = replaced.contains(row) || (startsDocument && !head.hasContent)
      if isReplaced {
        rank = min(rank, try integer("SELECT rank FROM lineage WHERE revision = ?", [row]) ?? rank)
        try execute("UPDATE lineage SET superseded = ? WHERE revision = ?", [Int64(number), row])
      } else {
        remaining.append(head)
      }
    }
    try insertLineage(of: line.revision, parents: parents, rank: rank)
    let added = StoredHead(
      revision: line.revision, content: line.content, sizeInBytes: line.sizeInBytes,
      hasContent: line.verb.hasContent)
    var place = remaining.endIndex
    for (index, head) in remaining.enumerated() {
      if let row = head.revision,
        try integer("SELECT rank FROM lineage WHERE revision = ?", [row]) ?? 0 > rank
      {
        place = index
        break
      }
    }
    remaining.insert(added, at: place)
    let base = remaining.count > 1 ? try commonAncestorContent(remaining, document: line.document) : nil
    try setHeads(remaining, conflictBase: base, of: line.document)
  }

  /// Replaces a document's heads: by projection, or from a heads bundle.
  public func setHeads(_ heads: [StoredHead], conflictBase: SHA256Hash?, of document: DocumentRow) throws {
    try execute("DELETE FROM head WHERE document = ?", [document.id])
    for (position, head) in heads.enumerated() {
      try execute(
        "INSERT INTO head (document, position, revision, content, size) VALUES (?, ?, ?, ?, ?)",
        [
          document.id, position, head.revision, head.content?.data,
          head.hasContent ? Int64(clamping: head.sizeInBytes) : nil,
        ])
    }
    if heads.count > 1, heads.contains(where: \.hasContent) {
      try execute(
        "INSERT OR REPLACE INTO conflict (document, base) VALUES (?, ?)", [document.id, conflictBase?.data])
    } else {
      try execute("DELETE FROM conflict WHERE document = ?", [document.id])
    }
    try execute("INSERT OR IGNORE INTO search_stale (document) VALUES (?)", [document.id])
    memberCache.changed(document)
  }

  func insertLineage(
    of revision: Int64, parents: [Int64], rank: Int64, isProposal: Bool = false, superseded: UInt64? = nil
  ) throws {
    try execute(
      "INSERT INTO lineage (revision, parents, rank, superseded, proposed) VALUES (?, ?, ?, ?, ?)",
      [
        revision, parents.count == 1 ? parents[0] : parents.map(String.init).joined(separator: ","), rank,
        superseded.map { Int64(clamping: $0) },
        isProposal ? 1 : 0,
      ])
  }

  /// Drops everything that follows from the log.
  public func dropProjections() throws {
    for table in StoreMigrations.projections { try db.execute(sql: "DELETE FROM \(table)") }
    memberCache.removeAll()
    try emptySearch()
    try emptySketches()
    try db.execute(sql: "UPDATE document SET title = NULL")
  }
}
