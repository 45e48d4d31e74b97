import SheafModel
import SheafStore

extension Library {
  private static let listStep = 1_000

  /// The current documents in byte order of their paths, as this copy's drafts leave them.
  ///
  /// A document that a draft deletes is left out; one that only a draft holds has no revision.
  public func documents(in collection: CollectionName?) async throws -> [DocumentSummary] {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      if let collection, !view.facts.subscription.holds(collection) {
        throw LibraryError.notSubscribed(collection.text)
      }
      var drafted = view.facts.isPublisher ? [] : try transaction.draftedPaths()
      if let collection { drafted = drafted.filter { $0.collection == collection } }
      var summaries: [DocumentSummary] = []
      var after: DocumentPath?
      while true {
        let some = try transaction.documents(in: collection, after: after, count: Self.listStep)
        for listed in some where !drafted.contains(listed.path) { summaries.append(DocumentSummary(listed)) }
        guard let last = some.last, some.count == Self.listStep else { break }
        after = last.path
      }
      for path in drafted {
        guard let shown = try view.drafted(path)?.shown else { continue }
        summaries.append(
          DocumentSummary(
            path: path.text, revision: try view.current(path)?.revision,
            mediaType: MediaType.named(by: path.text).essence, sizeInBytes: shown.sizeInBytes,
            title: try transaction.title(of: path), isConflicted: shown.isConflicted, hasDraft: true))
      }
      if !drafted.isEmpty { summaries.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) } }
      return summaries
    }
  }

  /// One document's content as the log has it, without drafts; `nil` when it is not there.
  public func content(of path: DocumentPath) async throws -> DocumentContent? {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      guard let shown = try view.current(path) else { return nil }
      return try Self.content(shown, path: path, view: view)
    }
  }

  /// One document's content at a moment.
  ///
  /// Now means with this copy's drafts: a draft's content, or where the log moved on since, its
  /// clean merge with that. A revision may stand under a path that the document had earlier.
  ///
  /// - Throws: `LibraryError.noDocument`, `.noMoment`, `.notHeld`, `.needsDepth`, `.notSubscribed`.
  public func content(of path: DocumentPath, at moment: Moment) async throws -> DocumentContent {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      let (shownPath, shown) = try view.document(path, at: moment)
      guard let shown else { throw LibraryError.noDocument(shownPath.text) }
      return try Self.content(shown, path: shownPath, view: view)
    }
  }

  private static func content(
    _ shown: MomentView.Shown, path: DocumentPath, view: MomentView
  ) throws -> DocumentContent {
    let bytes = try view.bytes(of: shown, path: path)
    return DocumentContent(
      path: path, revision: shown.revision, mediaType: MediaType.of(path: path.text, content: bytes),
      bytes: bytes,
      isConflicted: shown.isConflicted)
  }

  /// Documents that hold all the words, best first; the index is brought up to date before.
  public func search(_ words: String, limit: Int) async throws -> [SearchHit] {
    if try await store.read({ try $0.staleDocumentCount() }) > 0 {
      try await refreshSearchIndex(activity: { _ in })
    }
    let words = SearchWords(words)
    return try await store.read { transaction in
      var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
      var hits: [SearchHit] = []
      // Phrases are looked for in the texts themselves, and in no more of them than a person waits for.
      for candidate in try transaction.search(words).prefix(words.phrases.isEmpty ? max(0, limit) : 2_000) {
        guard hits.count < limit else { break }
        let bytes = try candidate.content.flatMap { try transaction.body($0) } ?? []
        let found = try rules.searchable(candidate.path, content: bytes)
        let excerpt = SearchExcerpt(found.text, words: words)
        guard excerpt.isMatch else { continue }
        hits.append(SearchHit(path: candidate.path.text, title: candidate.title, excerpt: excerpt.marked))
      }
      return hits
    }
  }

  /// Takes documents that changed since the last time into the search index.
  ///
  /// In short transactions, so that a reader or another change waits for none of them long;
  /// stopped half way, it goes on with what is left.
  func refreshSearchIndex(activity: @escaping ActivitySink) async throws {
    let settingsPath = try DocumentPath(LibrarySettings.path)
    try await store.write(purpose: "sheaf (indexing)") { transaction in
      if try transaction.isSearchWorn() { try transaction.markAllStale() }
      guard let settings = try transaction.existingDocumentRow(settingsPath),
        try transaction.isStale(settings)
      else { return }
      // New settings may name other titles and fields, so every document is looked at anew.
      try transaction.markAllStale()
      try Self.index(
        settings, settingsPath, content: try transaction.currentContent(of: settingsPath), transaction)
    }
    var done = 0
    while true {
      let (count, left) = try await store.write(purpose: "sheaf (indexing)") { transaction in
        let stale = try transaction.staleDocuments(count: 200)
        var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
        for document in stale {
          try Self.index(document.row, document.path, content: document.content, transaction, &rules)
        }
        return (stale.count, try transaction.staleDocumentCount())
      }
      guard count > 0 else { return }
      done += count
      activity(.indexing(done: done, total: done + left))
    }
  }

  private static func index(
    _ row: DocumentRow, _ path: DocumentPath, content: SHA256Hash?, _ transaction: StoreTransaction
  ) throws {
    var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
    try index(row, path, content: content, transaction, &rules)
  }

  private static func index(
    _ row: DocumentRow, _ path: DocumentPath, content: SHA256Hash?, _ transaction: StoreTransaction,
    _ rules: inout ContentRules
  ) throws {
    guard let content else { return try transaction.index(row, nil) }
    let bytes =
      try transaction.shownOfConflict(row, path: path, rules: &rules) ?? transaction.body(content) ?? []
    try transaction.index(row, try rules.searchable(path, content: bytes))
  }
}

extension MomentView {
  /// A document as it is shown at a moment, under the path it has or had.
  func document(_ path: DocumentPath, at moment: Moment) throws -> (DocumentPath, Shown?) {
    guard case .revision(let name) = moment else {
      return (path, try document(path, at: try size(at: moment)))
    }
    guard facts.subscription.holds(path.collection) else { throw LibraryError.notSubscribed(path.text) }
    try needHistory("show revision \(name)")
    guard let revision = try transaction.revision(name), try belongs(revision, to: path) else {
      throw LibraryError.noMoment("revision \(name) of \(path)")
    }
    return (revision.path, revision.verb.hasContent ? Shown(revision, isConflicted: false) : nil)
  }

  func belongs(_ revision: StoredRevision, to path: DocumentPath) throws -> Bool {
    if revision.path == path { return true }
    return try lifeline(of: path).contains { $0.id == revision.id }
  }
}

extension DocumentSummary {
  init(_ listed: StoreTransaction.Listed) {
    self.init(
      path: listed.path.text, revision: listed.revision?.description,
      mediaType: MediaType.named(by: listed.path.text).essence, sizeInBytes: listed.sizeInBytes,
      title: listed.title,
      isConflicted: listed.headCount > 1, hasDraft: false)
  }
}
