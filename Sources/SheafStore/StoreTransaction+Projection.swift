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

extension StoreTransaction {
  /// Applies one line of change set `number` to the heads: the rule by which state follows from the log.
  ///
  /// A revision takes the place of those of its parents that are heads; when none is,
  /// it stands beside the heads there are. Laid out in `Schemas/revision-list.md`, "Heads".
  ///
  /// - Throws: `LineageError` when the line can't stand here.
  public func project(_ line: ProjectedLine, changeSet number: UInt64, seen: UInt64, after: SHA256Hash?)
    throws
  {
    let heads = try heads(line.document)
    let parents = try parents(of: line, heads: heads, changeSet: number, seen: seen, after: after)
    // A document that is made or moved here takes the place of tombstones: they are nobody's edit of it.
    let startsDocument = line.base == .none || line.verb == .move
    var rank = Int64(number)
    var remaining: [StoredHead] = []
    for head in heads {
      guard let row = head.revision else {
        throw StoreError.damaged("a head of \(line.path) has no revision")
      }
      let isReplaced = parents.contains(row) || (startsDocument && head.content == nil)
      if isReplaced {
        rank = min(rank, try integer("SELECT rank FROM lineage WHERE revision = ?", [row]) ?? rank)
        try execute("UPDATE lineage SET superseded = ? WHERE revision = ?", [Int64(number), row])
      } else {
        remaining.append(head)
      }
    }
    try execute(
      "INSERT INTO lineage (revision, parents, rank) VALUES (?, ?, ?)",
      [line.revision, parents.map(String.init).joined(separator: ","), rank])
    let added = StoredHead(revision: line.revision, content: line.content, sizeInBytes: line.sizeInBytes)
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
          head.content == nil ? nil : Int64(clamping: head.sizeInBytes),
        ])
    }
    if heads.count > 1, heads.contains(where: { $0.content != nil }) {
      try execute(
        "INSERT OR REPLACE INTO conflict (document, base) VALUES (?, ?)", [document.id, conflictBase?.data])
    } else {
      try execute("DELETE FROM conflict WHERE document = ?", [document.id])
    }
    try execute("INSERT OR IGNORE INTO search_stale (document) VALUES (?)", [document.id])
  }

  /// Finds out which revisions a line was made from.
  private func parents(
    of line: ProjectedLine, heads: [StoredHead], changeSet number: UInt64, seen: UInt64, after: SHA256Hash?
  ) throws -> [Int64] {
    guard seen < number else { throw LineageError(path: line.path, rule: .futureSeen) }
    func headsSeen(_ document: DocumentRow) throws -> [StoredHead] {
      try seen == number - 1 && document == line.document ? heads : self.heads(document, at: seen)
    }
    switch line.base {
    case .none:
      guard try headsSeen(line.document).allSatisfy({ $0.content == nil }) else {
        throw LineageError(path: line.path, rule: .alreadyThere)
      }
      return []
    case .head:
      let seenHeads = try headsSeen(line.document)
      guard seenHeads.contains(where: { $0.content != nil }) else {
        throw LineageError(path: line.path, rule: .nothingThere)
      }
      let rows = seenHeads.compactMap(\.revision)
      guard line.verb == .resolve || line.verb == .resolveDeleted else { return Array(rows.prefix(1)) }
      guard rows.count > 1 else { throw LineageError(path: line.path, rule: .oneHead) }
      return rows
    case .headOf(let old):
      guard try headsSeen(line.document).allSatisfy({ $0.content == nil }) else {
        throw LineageError(path: line.path, rule: .alreadyThere)
      }
      // The old document may lie outside the subscription: then its part of the lineage is not known here.
      guard let document = try existingDocumentRow(old) else { return [] }
      return try headsSeen(document).prefix(1).compactMap(\.revision)
    case .draft:
      var leaf = after
      for _ in 0..<Limits.pushedChangeSets {
        guard let wanted = leaf, let changeSet = try changeSet(leaf: wanted) else { break }
        if let row = try integer(
          "SELECT id FROM revision WHERE change_set = ? AND document = ?",
          [Int64(changeSet.number), line.document.id])
        {
          return [row]
        }
        leaf = changeSet.after
      }
      throw LineageError(path: line.path, rule: .noDraft)
    case .revisions(let names):
      return try names.map { name in
        guard let parent = try revision(name) else {
          throw LineageError(path: line.path, rule: .unknownParent)
        }
        guard parent.document == line.document else {
          throw LineageError(path: line.path, rule: .foreignParent)
        }
        return parent.id
      }
    }
  }

  /// The content of the newest revision of the same document from which both of the first two heads descend.
  ///
  /// "Newest" by place in the log; ancestors under another path don't count, so that a
  /// copy that holds one collection finds the same.
  public func commonAncestorContent(_ heads: [StoredHead], document: DocumentRow) throws -> SHA256Hash? {
    guard heads.count > 1, let first = heads[0].revision, let second = heads[1].revision else { return nil }
    let ours = try ancestors(of: first, document: document)
    let theirs = try ancestors(of: second, document: document)
    guard let nearest = ours.intersection(theirs).max() else { return nil }
    return try revision(row: nearest).content
  }

  // Rows are numbered in log order, so the greatest row is the newest revision.
  private func ancestors(of revision: Int64, document: DocumentRow) throws -> Set<Int64> {
    var found: Set<Int64> = []
    var waiting = [revision]
    while let next = waiting.popLast() {
      guard
        try integer("SELECT 1 FROM revision WHERE id = ? AND document = ?", [next, document.id]) != nil,
        found.insert(next).inserted
      else { continue }
      waiting += try parents(of: next)
    }
    return found
  }

  /// Drops everything that follows from the log.
  public func dropProjections() throws {
    for table in StoreMigrations.projections { try db.execute(sql: "DELETE FROM \(table)") }
    try emptySearch()
    try db.execute(sql: "UPDATE document SET title = NULL")
  }
}
