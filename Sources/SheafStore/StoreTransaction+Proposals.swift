import Foundation
import GRDB
import SheafModel

/// An edit that waits for a decision, as it is stored.
public struct StoredProposal: Hashable, Sendable {
  public var document: DocumentRow
  public var name: RevisionName
  /// The revision's row, where this copy holds lines.
  public var revision: Int64?
  /// The content's hash; `nil` proposes that the document goes.
  public var content: SHA256Hash?
  /// The content's size in bytes; 0 for a tombstone.
  public var sizeInBytes: UInt64

  public init(
    document: DocumentRow, name: RevisionName, revision: Int64?, content: SHA256Hash?, sizeInBytes: UInt64
  ) {
    self.document = document
    self.name = name
    self.revision = revision
    self.content = content
    self.sizeInBytes = sizeInBytes
  }

  init(_ row: StoredRow) throws {
    document = try row["document"]
    name = RevisionName(
      changeSet: try row["change_set"], line: try row["line"])
    revision = try row["revision"]
    content = try row["content"]
    sizeInBytes = try row["size"] as UInt64? ?? 0
  }
}

extension StoreTransaction {
  /// What the lines of a change set that comes next are projected with.
  public func projected(
    number: UInt64, author: [UInt8], seen: UInt64, after: SHA256Hash?
  ) throws -> ProjectedChangeSet {
    ProjectedChangeSet(
      number: number, author: author, seen: seen, after: after,
      rule: try authority(of: author, before: number))
  }

  /// The open proposals about a document, in the log's order.
  public func proposals(_ document: DocumentRow) throws -> [StoredProposal] {
    try rows("SELECT * FROM proposal WHERE document = ? ORDER BY change_set, line", [document.id]).map(
      StoredProposal.init)
  }

  /// The open proposals that a document had when the log was `size` change sets long.
  public func proposals(_ document: DocumentRow, at size: UInt64) throws -> [StoredProposal] {
    try rows(
      """
      SELECT r.document, r.change_set, r.line, r.id AS revision, \(RevisionRows.content) AS content, r.size
      FROM revision r JOIN lineage l ON l.revision = r.id
      WHERE r.document = ?1 AND r.id < ?3 AND l.proposed = 1
        AND (l.superseded IS NULL OR l.superseded > ?2)
      ORDER BY r.id
      """, [document.id, Int64(clamping: size), RevisionRows.end(size)]
    ).map(StoredProposal.init)
  }

  /// All open proposals, by path, then in the log's order.
  public func openProposals() throws -> [(path: DocumentPath, proposal: StoredProposal)] {
    try rows(
      """
      SELECT d.path, p.* FROM proposal p JOIN document d ON d.id = p.document
      ORDER BY d.path, p.change_set, p.line
      """
    ).map { (try $0["path"], try StoredProposal($0)) }
  }

  /// The newest open proposal about a path by an author, which a further edit of its goes on from.
  ///
  /// - Parameter author: A public key, 32 bytes.
  public func openProposal(of path: DocumentPath, by author: [UInt8]) throws -> StoredProposal? {
    guard let document = try existingDocumentRow(path) else { return nil }
    return try proposals(document).last { try changeSet($0.name.changeSet)?.author == author }
  }

  /// The newest change set of an author with an open proposal: what a chain of drafts that goes on from any of
  /// its open proposals starts at.
  ///
  /// - Parameter author: A public key, 32 bytes.
  public func newestProposal(by author: [UInt8]) throws -> SHA256Hash? {
    let number: UInt64? = try value(
      """
      SELECT max(p.change_set) FROM proposal p JOIN change_set c ON c.number = p.change_set
      JOIN author a ON a.id = c.author WHERE a.key = ?
      """, [Data(author)])
    return try number.flatMap { try changeSet($0)?.leaf }
  }

  /// Whether a change set has a proposal that is open.
  public func hasOpenProposal(inChangeSet number: UInt64) throws -> Bool {
    try integer("SELECT 1 FROM proposal WHERE change_set = ? LIMIT 1", [Int64(clamping: number)]) != nil
  }

  /// How many proposals are open.
  public func openProposalCount() throws -> UInt64 {
    try value("SELECT count(*) FROM proposal") ?? 0
  }

  /// How many of them wait for an approval, which every edit in their collection needs.
  public func openApprovalCount() throws -> UInt64 {
    guard try isClosed() else { return 0 }
    let settings = try currentSettings()
    return try rows(
      "SELECT d.collection, count(*) FROM proposal p JOIN document d ON d.id = p.document GROUP BY d.collection"
    ).reduce(0) { sum, row in
      let collection = try row[0] as CollectionName
      guard settings.collections[collection]?.requiresApproval ?? false else { return sum }
      return try sum + row[1]
    }
  }

  /// Replaces a document's open proposals, from a heads bundle.
  public func setProposals(_ proposals: [StoredProposal], of document: DocumentRow) throws {
    try execute("DELETE FROM proposal WHERE document = ?", [document.id])
    for proposal in proposals { try insert(proposal) }
  }

  private func insert(_ proposal: StoredProposal) throws {
    try execute(
      "INSERT INTO proposal (document, change_set, line, revision, content, size) VALUES (?, ?, ?, ?, ?, ?)",
      [
        proposal.document.id, Int64(clamping: proposal.name.changeSet), Int64(proposal.name.line),
        proposal.revision, proposal.content?.data,
        proposal.content == nil ? nil : Int64(clamping: proposal.sizeInBytes),
      ])
  }

  /// What became of a proposal that is not open any more.
  public enum Decision: Sendable, Hashable {
    /// Still open.
    case open
    /// Taken or turned down by a revision.
    case decided(StoredRevision)
    /// Its author went on in a later revision.
    case carriedOn
    /// This copy does not hold the lines that would tell.
    case unknown
  }

  /// What became of a line of the log that was a proposal once; `nil` for one that never was.
  public func decision(on name: RevisionName) throws -> Decision? {
    guard let revision = try revision(name) else { return .unknown }
    guard
      let row = try row("SELECT proposed, superseded FROM lineage WHERE revision = ?", [revision.id]),
      try row[0] as Int == 1
    else { return nil }
    guard let superseded = try row[1] as UInt64? else { return .open }
    let lines = RevisionRows.lines(of: superseded)
    guard
      let found = try integer(
        "SELECT id FROM revision WHERE id BETWEEN ? AND ? AND document = ?",
        [lines.first, lines.last, revision.document.id])
    else { return .unknown }
    let closing = try self.revision(row: found)
    return closing.verb.decides ? .decided(closing) : .carriedOn
  }

  /// Whether a revision was held as a proposal when it came.
  public func wasHeld(_ revision: Int64) throws -> Bool {
    try integer("SELECT 1 FROM lineage WHERE revision = ? AND proposed = 1", [revision]) != nil
  }

  // MARK: projection

  /// Keeps a line as an open proposal.
  func propose(_ line: ProjectedLine, parents: [Int64], of changeSet: ProjectedChangeSet) throws {
    try insertLineage(
      of: line.revision, parents: parents, rank: Int64(clamping: changeSet.number), isProposal: true)
    let revision = try revision(row: line.revision)
    try insert(
      StoredProposal(
        document: line.document, name: revision.name, revision: line.revision, content: line.content,
        sizeInBytes: line.sizeInBytes))
  }

  /// Closes those of some revisions that are open proposals.
  func closeProposals(_ revisions: [Int64], by number: UInt64, of document: DocumentRow) throws {
    for row in revisions {
      try execute("DELETE FROM proposal WHERE document = ? AND revision = ?", [document.id, row])
      guard db.changesCount > 0 else { continue }
      try execute(
        "UPDATE lineage SET superseded = ? WHERE revision = ?", [Int64(clamping: number), row])
    }
  }

  /// Applies a line that accepts or declines a proposal.
  func decide(_ line: ProjectedLine, of changeSet: ProjectedChangeSet) throws {
    func refusal(_ rule: LineageError.Rule) -> LineageError { LineageError(path: line.path, rule: rule) }
    let accepts = line.verb != .decline
    guard changeSet.rule.mayDecide(accepts, in: line.path.collection, proposedBy: nil) else {
      throw refusal(.mayNotDecide)
    }
    let heads = try heads(line.document)
    let parents = try parents(of: line, heads: heads, changeSet: changeSet)
    let proposal = try parents.first.map { try revision(row: $0) }
    let proposer = try proposal.flatMap { try self.changeSet($0.name.changeSet)?.author }
    guard try mayDecide(accepts, in: line.path.collection, proposedBy: proposer, by: changeSet.rule) else {
      throw refusal(.mayNotDecide)
    }
    guard let proposal, case let row = proposal.id,
      try proposals(line.document).contains(where: { $0.revision == row })
    else { throw refusal(.notOpen) }
    try closeProposals([row], by: changeSet.number, of: line.document)
    if line.verb == .decline {
      // Superseded by itself: it is in the history and never current.
      return try insertLineage(
        of: line.revision, parents: parents, rank: Int64(clamping: changeSet.number),
        superseded: changeSet.number)
    }
    guard (line.verb == .accept) == proposal.verb.hasContent,
      line.content == nil || proposal.content == nil || line.content == proposal.content
    else { throw refusal(.otherContent) }
    try replaceHeads(
      heads, by: line, parents: parents,
      replaced: try throughProposals(try self.parents(of: row), document: line.document),
      startsDocument: proposal.base == .none || proposal.verb == .move, changeSet: changeSet.number)
  }

  /// Revisions with every proposal among them replaced by what it stands for.
  ///
  /// One that was accepted stands for the revision that accepted it; any other for what it was
  /// made from.
  func throughProposals(_ revisions: [Int64], document: DocumentRow) throws -> [Int64] {
    var found: [Int64] = []
    var waiting = Array(revisions.reversed())
    var passed: Set<Int64> = []
    while let row = waiting.popLast() {
      guard passed.insert(row).inserted else { continue }
      guard
        let lineage = try self.row(
          "SELECT superseded FROM lineage WHERE revision = ? AND proposed = 1", [row])
      else {
        found.append(row)
        continue
      }
      let lines = try (lineage[0] as UInt64?).map(RevisionRows.lines)
      if let lines,
        let accepting = try integer(
          """
          SELECT id FROM revision
          WHERE id BETWEEN ? AND ? AND document = ? AND verb IN ('accept', 'accept-deleted')
          """, [lines.first, lines.last, document.id])
      {
        found.append(accepting)
      } else {
        waiting += try parents(of: row).reversed()
      }
    }
    return found
  }
}
