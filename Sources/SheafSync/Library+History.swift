import SheafModel
import SheafStore

extension Library {
  /// A document's history, newest first: this copy's drafts, then the log's revisions, those under earlier
  /// paths included.
  ///
  /// - Throws: `LibraryError.noDocument` for a path that was never used, `.needsDepth` in a copy without history.
  public func history(of path: DocumentPath) async throws -> [HistoryEntry] {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      guard view.facts.subscription.holds(path.collection) else {
        throw LibraryError.notSubscribed(path.text)
      }
      try view.needHistory("tell the history of \(path)")
      var entries: [HistoryEntry] = []
      for (draft, line) in try transaction.pendingDraftLines(of: path).reversed() {
        entries.append(
          try HistoryEntry(draft, line, isHeld: try line.content.map(transaction.holdsBody) ?? false))
      }
      let revisions = try view.lifeline(of: path)
      guard !entries.isEmpty || !revisions.isEmpty else { throw LibraryError.noDocument(path.text) }
      var signatures = SignatureReader(transaction)
      var changeSets: [UInt64: StoredChangeSet] = [:]
      for revision in revisions {
        let number = revision.name.changeSet
        if changeSets[number] == nil { changeSets[number] = try transaction.changeSet(number) }
        guard let changeSet = changeSets[number] else { throw StoreError.damaged("change_set \(number)") }
        let parents = try transaction.parents(of: revision.id).map {
          try transaction.revision(row: $0).name.description
        }
        var entry = HistoryEntry(
          revision, try SignedChange(changeSet, in: transaction), parents: parents,
          isHeld: try revision.content.map(transaction.holdsBody) ?? false,
          signatures: try signatures.signatures(on: revision))
        if let redaction = try transaction.redactionWords(of: revision.id) {
          entry.redacted = redaction.number
          entry.ground = redaction.ground
        } else if revision.verb == .redact {
          entry.ground = changeSet.readReason.ground
        }
        entries.append(entry)
      }
      return entries
    }
  }
}

extension MomentView {
  /// The revisions of a document, newest first, and before a move those under the path it came from.
  func lifeline(of path: DocumentPath) throws -> [StoredRevision] {
    guard let document = try transaction.existingDocumentRow(path) else { return [] }
    var found: [Int64: StoredRevision] = [:]
    var waiting: [(document: DocumentRow, before: UInt64)] = [(document, .max)]
    while let (document, before) = waiting.popLast() {
      for revision in try transaction.revisions(of: document) where revision.name.changeSet < before {
        // A revision that is there already has been followed.
        guard found.updateValue(revision, forKey: revision.id) == nil else { continue }
        // What the old path became in the move's own change set is the other half of the move.
        if case .headOf(let old) = revision.base, let origin = try transaction.existingDocumentRow(old) {
          waiting.append((origin, revision.name.changeSet))
        }
      }
    }
    return found.values.sorted { $0.name > $1.name }
  }
}

extension HistoryEntry {
  init(
    _ revision: StoredRevision, _ signed: SignedChange, parents: [String], isHeld: Bool,
    signatures: [SignatureReport]
  ) {
    self.init(
      revision: revision.name.description, verb: revision.verb.rawValue, path: revision.path.text,
      parents: parents, time: signed.time, by: signed.by, role: signed.role, member: signed.member,
      author: signed.author, claimedTime: signed.claimedTime, source: signed.source, reason: signed.reason,
      sizeInBytes: revision.verb.hasContent ? revision.sizeInBytes : nil, isHeld: isHeld,
      signatures: signatures)
  }

  init(_ draft: StoredDraft, _ line: StoredDraftLine, isHeld: Bool) throws {
    let reason = try Reason(parsing: draft.reason)
    let fields = try draft.fields()
    var parents: [String] = []
    if case .revisions(let names) = line.base { parents = names.map(\.description) }
    self.init(
      revision: "draft", verb: line.verb.rawValue, path: line.path.text, parents: parents,
      time: fields.time.description,
      by: reason.by, member: MemberMark(publicKey: fields.author).text, author: nil, claimedTime: nil,
      source: nil,
      reason: reason.message, sizeInBytes: line.content == nil ? nil : line.sizeInBytes, isHeld: isHeld)
  }
}
