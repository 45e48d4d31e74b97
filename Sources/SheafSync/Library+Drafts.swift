import Foundation
import SheafMerge
import SheafModel
import SheafStore

extension Library {
  /// This copy's drafts and what became of them, in the order they were made.
  public func drafts() async throws -> [StatusReport.Draft] {
    try await store.read { try Self.drafts($0) }
  }

  static func drafts(_ transaction: StoreTransaction) throws -> [StatusReport.Draft] {
    try transaction.drafts([.waiting, .deposited, .refused, .proposed, .accepted, .declined, .decided]).map {
      draft in
      let reason = try Reason(parsing: draft.reason)
      return StatusReport.Draft(
        draft: draft.mark, outcome: draft.outcome.rawValue, refusal: draft.refusal, reason: reason.message,
        time: try draft.fields().time.description, paths: try transaction.lines(of: draft).map(\.path.text))
    }
  }

  /// One draft with what it changes, against what it was made from.
  ///
  /// - Parameter mark: The draft's mark or its first characters.
  /// - Throws: `LibraryError.noDraft`.
  public func draft(_ mark: String) async throws -> (draft: StatusReport.Draft, changes: [DocumentDiff]) {
    try await store.read { transaction in
      let draft = try Self.draft(mark, transaction)
      guard let report = try Self.drafts(transaction).first(where: { $0.draft == draft.mark }) else {
        throw LibraryError.noDraft(mark)
      }
      let changes = try transaction.lines(of: draft).map { line in
        Self.difference(
          line.path, from: line.baseContent == nil ? "nothing" : "before", to: "draft",
          old: try line.baseContent.flatMap { try transaction.body($0) },
          new: try line.content.flatMap { try transaction.body($0) })
      }
      return (report, changes)
    }
  }

  /// Signs a draft that was refused or declined again, to be handed over at the next sync.
  ///
  /// It keeps what it was made from, so that what others did since is merged and not undone. One
  /// that was made from a draft which never entered the log is put on what is current now.
  ///
  /// - Throws: `LibraryError.noDraft`, `.draftState`; the copy is as it was.
  public func sendDraft(_ mark: String) async throws -> DraftReport {
    try await store.write(purpose: "sheaf drafts send") { transaction in
      let draft = try Self.draft(mark, transaction)
      guard [.refused, .declined, .decided].contains(draft.outcome) else {
        throw LibraryError.draftState("draft \(draft.mark) is \(draft.outcome.rawValue) and needs no sending")
      }
      guard let leaf = try self.signAgain(draft, isAsked: true, transaction) else {
        throw LibraryError.draftState(
          "draft \(draft.mark) can't stand alone: others changed the same places since")
      }
      return DraftReport(
        changeSet: nil, draft: String(leaf.hex.prefix(16)),
        paths: try transaction.draft(leaf: leaf).map { try transaction.lines(of: $0).map(\.path.text) } ?? [])
    }
  }

  /// Withdraws a draft that is not in the log, or was decided on there, and keeps its texts in a folder.
  ///
  /// One that was left in a folder may still be taken from there; this copy hands it over no more.
  ///
  /// - Returns: The folder, `nil` when the draft held no content; and whether it was left in one and not answered.
  /// - Throws: `LibraryError.noDraft`, `.draftState`; the copy is as it was.
  public func dropDraft(_ mark: String) async throws -> (texts: URL?, isDeposited: Bool) {
    let (contents, isDeposited) = try await store.read { transaction in
      let draft = try Self.draft(mark, transaction)
      try Self.checkDroppable(draft, transaction)
      let contents = try transaction.lines(of: draft).compactMap { line in
        try line.content.flatMap { try transaction.body($0) }.map { (line.path, $0) }
      }
      return (contents, draft.outcome == .deposited)
    }
    var kept: URL?
    for (path, bytes) in contents {
      // Written before anything is forgotten, so that no text is ever nowhere.
      let folder = self.droppedDrafts.appending(path: mark)
      let file = folder.appending(path: path.text)
      try await Blocking.run {
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
      }
      kept = folder
    }
    try await store.write(purpose: "sheaf drafts drop") { transaction in
      let draft = try Self.draft(mark, transaction)
      try Self.checkDroppable(draft, transaction)
      try self.relink(pastDraft: draft, transaction)
      try transaction.dropUnneededBodies(try transaction.remove(draft))
    }
    return (kept, isDeposited)
  }

  /// What somebody who edits a document here goes on from: their newest draft or open proposal, else what is shown.
  public func editable(_ path: DocumentPath) async throws -> DocumentContent {
    let isPublisher = isPublisher
    let memberKey = member.verifierKey.publicKey
    let own = try await store.read { transaction -> [UInt8]? in
      if isPublisher {
        return try transaction.openProposal(of: path, by: memberKey)?.content.flatMap {
          try transaction.body($0)
        }
      }
      guard try transaction.newestDraftLine(of: path) == nil,
        let line = try transaction.ownProposalLine(of: path), let content = line.content
      else { return nil }
      return try transaction.body(content)
    }
    guard let own else { return try await content(of: path, at: .now) }
    return DocumentContent(
      path: path, revision: "draft", mediaType: MediaType.of(path: path.text, content: own), bytes: own,
      isConflicted: false)
  }

  private static func draft(_ mark: String, _ transaction: StoreTransaction) throws -> StoredDraft {
    let found = try transaction.drafts([
      .waiting, .deposited, .logged, .refused, .proposed, .accepted, .declined, .decided,
    ]).filter { !mark.isEmpty && $0.leaf.hex.hasPrefix(mark) }
    guard let draft = found.first, found.count == 1 else { throw LibraryError.noDraft(mark) }
    return draft
  }

  private static func checkDroppable(_ draft: StoredDraft, _ transaction: StoreTransaction) throws {
    switch draft.outcome {
    case .refused, .accepted, .declined, .decided: return
    case .logged, .proposed:
      throw LibraryError.draftState(
        "draft \(draft.mark) is \(draft.outcome.rawValue): it was handed over already")
    case .waiting, .deposited:
      let paths = Set(try transaction.lines(of: draft).map(\.path))
      let building = try transaction.drafts([.waiting, .deposited]).filter { later in
        guard later.id > draft.id else { return false }
        return try transaction.lines(of: later).contains { $0.base == .draft && paths.contains($0.path) }
      }
      guard building.isEmpty else {
        let marks = building.map(\.mark).joined(separator: ", ")
        throw LibraryError.draftState(
          building.count == 1
            ? "draft \(marks) builds on draft \(draft.mark); drop that one first"
            : "drafts \(marks) build on draft \(draft.mark); drop those first, the last one before the others"
        )
      }
    }
  }

  /// Signs the drafts that came after one anew, so that their chain goes on without it.
  ///
  /// Each names the draft before it, and a chain that leaves the log ends there: an edit of a document whose
  /// earlier draft stands before the gap would not find it again.
  private func relink(pastDraft draft: StoredDraft, _ transaction: StoreTransaction) throws {
    guard draft.outcome == .waiting || draft.outcome == .deposited else { return }
    var replaced: [SHA256Hash: SHA256Hash?] = [draft.leaf: try draft.fields().after]
    for later in try transaction.drafts([.waiting]) where later.id > draft.id {
      let fields = try later.fields()
      guard let after = fields.after, let newAfter = replaced[after] else { continue }
      let lines = try transaction.lines(of: later)
      let composed = try composer.compose(
        lines.map { line in
          Edit(
            verb: line.verb, path: line.path, base: line.base,
            content: line.content.map { .init(hash: $0, sizeInBytes: line.sizeInBytes) },
            baseContent: line.baseContent)
        }, reason: try Reason(parsing: later.reason), seen: fields.seen, after: newAfter, time: fields.time)
      try transaction.replaceNote(
        of: later, leaf: composed.leaf, note: composed.note.bytes, seed: composed.seed)
      replaced[later.leaf] = composed.leaf
    }
  }

  /// Puts drafts that were refused only for a refused draft before them on what is current, where that is clean.
  ///
  /// - Returns: Whether there were any.
  func standAlone() async throws -> Bool {
    @Sendable func isChained(_ draft: StoredDraft) -> Bool {
      draft.refusal?.hasSuffix(LineageError.Rule.noDraft.rawValue) ?? false
    }
    guard try await store.read({ try $0.drafts([.refused]).contains(where: isChained) }) else { return false }
    return try await store.write(purpose: "sheaf sync") { transaction in
      var hasAny = false
      for draft in try transaction.drafts([.refused])
      where isChained(draft) {
        if try self.signAgain(draft, isAsked: false, transaction) != nil { hasAny = true }
      }
      return hasAny
    }
  }

  /// Signs a draft's edits anew in place of the old ones.
  ///
  /// - Parameter isAsked: Whether a person asked: then each part that can't be merged is sent as the draft has it.
  /// - Returns: The new leaf; `nil` when it can't stand alone, and nothing was changed.
  private func signAgain(
    _ draft: StoredDraft, isAsked: Bool, _ transaction: StoreTransaction
  ) throws -> SHA256Hash? {
    let lines = try transaction.lines(of: draft)
    let signed = try Reason(parsing: draft.reason)
    let reason = signed.message
    var desk = try EditDesk(transaction: transaction, library: self)
    let isChained = lines.contains { $0.base == .draft }
    if !isChained {
      for line in lines {
        desk.add(
          Edit(
            verb: line.verb, path: line.path, base: line.base,
            content: line.content.map { .init(hash: $0, sizeInBytes: line.sizeInBytes) },
            baseContent: line.baseContent))
      }
      let leaf = try desk.storeDraft(
        reason: reason, ground: signed.ground, seen: try draft.fields().seen)
      _ = try transaction.remove(draft)
      return leaf
    }
    var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
    for line in lines {
      let current = try desk.current(line.path)
      guard let content = line.content else {
        guard current.base != .none else { return nil }
        // What others edited since is deleted only by somebody who asks for it.
        guard isAsked || current.content == line.baseContent else { return nil }
        try desk.remove(line.path)
        continue
      }
      guard line.verb == .put, let bytes = try transaction.body(content) else { return nil }
      var wanted = bytes
      if current.content != line.baseContent {
        let before = try line.baseContent.flatMap { try transaction.body($0) }
        let now =
          try desk.shownOfConflict(of: line.path) ?? current.content.flatMap { try transaction.body($0) }
        let outcome = merge(
          MergeInput(base: before, ours: now, theirs: bytes, oursSide: MergeSide(order: 1)),
          mediaType: .ofMerge(path: line.path, ours: now ?? bytes, theirs: bytes),
          policy: try rules.mergePolicy(for: line.path.collection))
        switch outcome {
        case .clean(let merged): wanted = merged.bytes ?? bytes
        case .proposed(_, let parts), .conflict(let parts):
          guard isAsked else { return nil }
          // Only where it clashes does the draft stand for what others did.
          wanted = parts.content(takingOfAll: .theirs) ?? bytes
        }
      }
      try desk.put(wanted, hash: SHA256Hash(hashing: wanted), at: line.path)
    }
    for edit in desk.edits where try desk.isTakenBack(edit) {
      guard isAsked else { return nil }
      throw LibraryError.takenBack(edit.path.text)
    }
    let leaf = try desk.storeDraft(reason: reason)
    _ = try transaction.remove(draft)
    return leaf
  }
}
