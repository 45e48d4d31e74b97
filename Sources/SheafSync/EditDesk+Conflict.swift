import SheafMerge
import SheafModel
import SheafStore

extension StoreTransaction {
  /// Refuses to settle a conflict while an edit of the document waits in this copy: what it stands against is not
  /// known before it is in the log.
  ///
  /// - Throws: `LibraryError.draftInTheWay`.
  func checkNoDraftInTheWay(of path: DocumentPath) throws {
    guard try !facts().isPublisher, try newestDraftLine(of: path) != nil else { return }
    throw LibraryError.draftInTheWay("\(path) has a draft that is not in the log yet")
  }
}

extension EditDesk {
  /// Whether merging with the other head would take back something of an edit of a document in conflict.
  ///
  /// Such an edit is made from what is shown, which holds what the other head alone changed; but its parent is
  /// the first head. What it takes back to how the base has it therefore looks as if it had not touched it, and would
  /// come again, unseen (`Schemas/revision-list.md`, "Conflict").
  mutating func isTakenBack(_ edit: Edit) throws -> Bool {
    guard edit.verb == .put, let content = edit.content else { return false }
    let heads = try transaction.heads(of: edit.path)
    guard heads.count > 1, let document = try transaction.existingDocumentRow(edit.path) else { return false }
    let base = try transaction.conflictBase(document)
    let policy = try rules.mergePolicy(for: edit.path.collection)
    /// Whether what everybody would see of the conflict with a content as its first head is that content.
    func isShown(_ content: SHA256Hash) throws -> Bool {
      let first = StoredHead(revision: nil, content: content, sizeInBytes: 0)
      guard
        let merge = try HeadMerge(
          [first] + heads.dropFirst(), base: base, path: edit.path, policy: policy, transaction: transaction),
        let shown = merge.shown, let own = merge.ours
      else { return true }
      return isKept(own, in: shown, base: merge.base, mediaType: merge.mediaType, policy: policy)
    }
    switch edit.base {
    case .head: return try !isShown(content.hash)
    case .draft:
      // Only a draft that agrees with the conflict was made in view of it.
      guard let before = edit.baseContent, try isShown(before) else { return false }
      return try !isShown(content.hash)
    case .none, .firstTwo, .headOf, .revisions: return false
    }
  }
}
