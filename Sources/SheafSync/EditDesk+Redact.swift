import SheafModel
import SheafStore

extension EditDesk {
  /// Asks for the content of past revisions to be destroyed.
  ///
  /// - Throws: `LibraryError.noMoment`, `.askedAlready`, `LineageError` for what the publisher would refuse, as far as
  ///   this copy can tell, or would take and make nothing of.
  mutating func redact(_ target: RedactionTarget) throws {
    try checkSubscription(target.path)
    guard let document = try transaction.existingDocumentRow(target.path) else {
      throw LibraryError.noDocument(target.path.text)
    }
    let conflictBase = try transaction.conflictBaseRow(document)
    let drafted = try draftedRedactions(of: target.path)
    for name in target.revisions {
      guard let revision = try transaction.revision(name), revision.document == document else {
        throw LibraryError.noMoment("revision \(name) of \(target.path)")
      }
      guard revision.verb.hasContent else {
        throw LineageError(path: target.path, rule: .nothingToErase)
      }
      guard try !transaction.isCurrent(revision, conflictBase: conflictBase) else {
        throw LineageError(path: target.path, rule: .stillCurrent)
      }
      guard try transaction.redaction(of: revision.id) == nil else {
        throw LibraryError.nothingChanged("revision \(name) of \(target.path), whose content is destroyed,")
      }
      let place = "\(target.path) at \(name)"
      if let number = try transaction.openRequest(revision.id, by: memberKey) {
        throw LibraryError.askedAlready(place, in: "change set \(number)")
      }
      if let mark = drafted[name] { throw LibraryError.askedAlready(place, in: "draft \(mark)") }
    }
    add(
      Edit(
        verb: .redact, path: target.path, base: .revisions(target.revisions.sorted()), content: nil,
        baseContent: nil))
  }

  /// What this copy's drafts ask to destroy of a document and the log does not have yet, with their marks.
  private func draftedRedactions(of path: DocumentPath) throws -> [RevisionName: String] {
    var found: [RevisionName: String] = [:]
    for (draft, line) in try transaction.pendingDraftLines(of: path) where line.verb == .redact {
      guard case .revisions(let names) = line.base else { continue }
      for name in names { found[name] = draft.mark }
    }
    return found
  }
}
