import Foundation
import GRDB
import SheafModel

extension StoreTransaction {
  /// Finds out which revisions a line was made from.
  func parents(
    of line: ProjectedLine, heads: [StoredHead], changeSet: ProjectedChangeSet
  ) throws -> [Int64] {
    let (number, seen) = (changeSet.number, changeSet.seen)
    guard seen < number else { throw LineageError(path: line.path, rule: .futureSeen) }
    func headsSeen(_ document: DocumentRow) throws -> [StoredHead] {
      try seen == number - 1 && document == line.document ? heads : self.heads(document, at: seen)
    }
    switch line.base {
    case .none:
      guard try headsSeen(line.document).allSatisfy({ !$0.hasContent }) else {
        throw LineageError(path: line.path, rule: .alreadyThere)
      }
      return []
    case .head, .firstTwo:
      let seenHeads = try headsSeen(line.document)
      guard seenHeads.contains(where: \.hasContent) else {
        throw LineageError(path: line.path, rule: .nothingThere)
      }
      let rows = seenHeads.compactMap(\.revision)
      guard line.verb == .resolve || line.verb == .resolveDeleted else { return Array(rows.prefix(1)) }
      guard rows.count > 1 else { throw LineageError(path: line.path, rule: .oneHead) }
      return line.base == .firstTwo ? Array(rows.prefix(2)) : rows
    case .headOf(let old):
      guard try headsSeen(line.document).allSatisfy({ !$0.hasContent }) else {
        throw LineageError(path: line.path, rule: .alreadyThere)
      }
      // The old document may lie outside the subscription: then its part of the lineage is not known here.
      guard let document = try existingDocumentRow(old) else { return [] }
      return try headsSeen(document).prefix(1).compactMap(\.revision)
    case .draft:
      if let row = try draftChains.newestRevision(
        of: line.document, after: changeSet.after, author: changeSet.author, in: self)
      {
        return [row]
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

  /// The content that a line with the base `^` goes on from; `nil` when there is none.
  ///
  /// - Parameters:
  ///   - after: The draft before the line's own.
  ///   - author: Who made it, 32 bytes.
  public func draftContent(of path: DocumentPath, after: SHA256Hash?, author: [UInt8]) throws -> SHA256Hash? {
    guard let document = try existingDocumentRow(path),
      let row = try draftChains.newestRevision(of: document, after: after, author: author, in: self)
    else { return nil }
    return try revision(row: row).content
  }

  /// The content of the base of a conflict: of the nearest revision of the same document from which the first two
  /// heads descend.
  ///
  /// Where several are nearest (two people settled one conflict apart), it is the nearest from which all of those
  /// descend: one of them would make the other's settlement look like no change, and lose it unseen. Ancestors under
  /// another path don't count, so that a copy that holds one collection finds the same. `Schemas/revision-list.md`,
  /// "Conflict".
  public func commonAncestorContent(_ heads: [StoredHead], document: DocumentRow) throws -> SHA256Hash? {
    // By the log and not by what is held: every copy must find the same, before and after it has destroyed anything.
    guard let base = try commonAncestor(heads, document: document), try !isRedacted(base) else { return nil }
    return try revision(row: base).content
  }

  /// The nearest revision of the same document from which the first two heads descend; its row.
  func commonAncestor(_ heads: [StoredHead], document: DocumentRow) throws -> Int64? {
    guard heads.count > 1, let first = heads[0].revision, let second = heads[1].revision else { return nil }
    var search = NearestAncestor { row in
      try parents(of: row).filter {
        try integer("SELECT 1 FROM revision WHERE id = ? AND document = ?", [$0, document.id]) != nil
      }
    }
    return try search.ofAll([first, second])
  }
}
