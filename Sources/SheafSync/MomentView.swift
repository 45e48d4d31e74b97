import SheafLog
import SheafMerge
import SheafModel
import SheafStore

/// What a copy shows at a moment, this copy's drafts included where the moment is now.
///
/// Lives inside one transaction. Reading, comparing and exporting all look through it,
/// so that they show the same.
struct MomentView {
  let transaction: StoreTransaction
  let facts: CopyFacts
  /// The log's size here.
  let position: UInt64

  init(_ transaction: StoreTransaction) throws {
    self.transaction = transaction
    facts = try transaction.facts()
    position = try transaction.position().size
  }

  /// A document as it is shown.
  struct Shown {
    /// What its content is.
    enum Content {
      case stored(SHA256Hash)
      /// A merge that is stored nowhere: of a draft and what the log has got meanwhile, or of a conflict's heads.
      case preview([UInt8])
      /// The content's hash is not known to this copy.
      case unknown
    }

    var content: Content
    var sizeInBytes: UInt64
    /// The revision's name where it is known; `draft` for a draft's content.
    var revision: String?
    var isConflicted: Bool
  }

  /// The log size that a moment means, or `nil` for now with drafts.
  ///
  /// - Throws: `LibraryError.noMoment`, or `.needsDepth` where this copy holds no change sets.
  func size(at moment: Moment) throws -> UInt64? {
    switch moment {
    case .now: return nil
    case .revision(let name):
      try needHistory("look at revision \(name)")
      guard name.changeSet <= position else { throw LibraryError.noMoment("revision \(name)") }
      return name.changeSet
    case .checkpoint(let size):
      guard size <= position else { throw LibraryError.noMoment("checkpoint \(size)") }
      if size < position { try needHistory("look at checkpoint \(size)") }
      return size
    case .time(let time):
      try needHistory("look back in time")
      let size = try transaction.newestChangeSet(notAfter: time)
      guard size > 0 else { throw LibraryError.noMoment("change set of \(time) or before") }
      return size
    }
  }

  /// Refuses a question about the past in a copy that keeps none.
  func needHistory(_ what: String) throws {
    guard facts.depth >= .trail else { throw LibraryError.needsDepth(.trail, what: what) }
  }

  /// A document as it is shown after `size` change sets, or now; `nil` when it is not there.
  func document(_ path: DocumentPath, at size: UInt64?) throws -> Shown? {
    guard facts.subscription.holds(path.collection) else { throw LibraryError.notSubscribed(path.text) }
    if let size, size < position { return try past(path, at: size) }
    if size == nil, let drafted = try drafted(path) { return drafted.shown }
    return try current(path)
  }

  /// A document as the log has it now; `nil` when it is gone.
  func current(_ path: DocumentPath) throws -> Shown? {
    let transaction = transaction
    let heads = try transaction.heads(of: path)
    guard let head = heads.first, let content = head.content else { return nil }
    let name = try head.revision.map { try transaction.revision(row: $0).name.description }
    if heads.count > 1, let document = try transaction.existingDocumentRow(path) {
      var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
      if let bytes = try transaction.shownOfConflict(document, path: path, rules: &rules) {
        return Shown(
          content: .preview(bytes), sizeInBytes: UInt64(bytes.count), revision: name, isConflicted: true)
      }
    }
    return Shown(
      content: .stored(content), sizeInBytes: head.sizeInBytes, revision: name, isConflicted: heads.count > 1)
  }

  private func past(_ path: DocumentPath, at size: UInt64) throws -> Shown? {
    guard let document = try transaction.existingDocumentRow(path) else { return nil }
    let heads = try transaction.heads(document, at: size)
    guard let row = heads.first?.revision else { return nil }
    let revision = try transaction.revision(row: row)
    guard revision.verb.hasContent else { return nil }
    if heads.count > 1, let merged = try mergeShown(heads, of: document, path: path, at: size) {
      return Shown(
        content: .preview(merged), sizeInBytes: UInt64(merged.count), revision: revision.name.description,
        isConflicted: true)
    }
    return Shown(revision, isConflicted: heads.count > 1)
  }

  /// What everybody saw of a conflict when the log was `size` change sets long; `nil` where this copy does not
  /// hold all that it was made of.
  private func mergeShown(
    _ heads: [StoredHead], of document: DocumentRow, path: DocumentPath, at size: UInt64
  ) throws -> [UInt8]? {
    var rules = ContentRules(of: transaction, at: size)
    do {
      let base = try transaction.commonAncestorContent(heads, document: document)
      return try HeadMerge(
        heads, base: base, path: path, policy: try rules.mergePolicy(for: path.collection),
        isKeptApart: try rules.requiresApproval(path.collection, in: transaction),
        transaction: transaction)?.shown
    } catch LibraryError.notHeld { return nil }
  }

  /// What a draft makes of a document; `nil` when none touches it, `shown` is `nil` when it is deleted.
  ///
  /// Where the log moved on since the draft was made, this shows what the publisher's
  /// merge will come to, if it is clean.
  func drafted(_ path: DocumentPath) throws -> (shown: Shown?, hash: SHA256Hash?)? {
    guard !facts.isPublisher else { return nil }
    let lines = try transaction.pendingDraftLines(of: path).map(\.line).filter { !$0.verb.isRemark }
    guard let first = lines.first, let last = lines.last else { return nil }
    let heads = try transaction.heads(of: path)
    // Whose draft settles a conflict is in none any more, as far as this copy goes.
    let isSettled = lines.contains { line in
      (line.verb == .resolve || line.verb == .resolveDeleted) && (line.base == .head || heads.count == 2)
    }
    let isConflicted = heads.count > 1 && !isSettled
    func draft() -> (Shown?, SHA256Hash?) {
      guard let content = last.content else { return (nil, nil) }
      let shown = Shown(
        content: .stored(content), sizeInBytes: last.sizeInBytes, revision: "draft",
        isConflicted: isConflicted)
      return (shown, content)
    }
    let upstream = heads.first?.content
    // A draft that settles a conflict is not merged with one of the heads it settles.
    let settles = lines.contains { $0.verb == .resolve || $0.verb == .resolveDeleted || $0.verb == .move }
    guard !settles, upstream != first.baseContent, upstream != last.content else { return draft() }
    let transaction = transaction
    func bytes(_ hash: SHA256Hash?) throws -> [UInt8]? { try hash.flatMap { try transaction.body($0) } }
    let input = MergeInput(
      base: try bytes(first.baseContent), ours: try bytes(last.content), theirs: try bytes(upstream),
      theirsSide: MergeSide(order: 1))
    // What is not held can't be merged, and must not be taken for what was deleted.
    guard (input.base == nil) == (first.baseContent == nil), (input.theirs == nil) == (upstream == nil),
      let ours = input.ours, let theirs = input.theirs
    else { return draft() }
    var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
    let mediaType = MediaType.ofMerge(path: path, ours: ours, theirs: theirs)
    guard
      case .clean(let merged) = merge(
        input, mediaType: mediaType, policy: try rules.mergePolicy(for: path.collection)),
      let bytes = merged.bytes
    else { return draft() }
    let shown = Shown(
      content: .preview(bytes), sizeInBytes: UInt64(bytes.count), revision: "draft",
      isConflicted: isConflicted)
    return (shown, SHA256Hash(hashing: bytes))
  }

  /// The bytes of what is shown.
  ///
  /// - Throws: `LibraryError.notHeld`; `.absent` and `.asset` for assets, which are read in pieces.
  func bytes(of shown: Shown, path: DocumentPath) throws -> [UInt8] {
    let place = "\(path)\(shown.revision.map { " at \($0)" } ?? "")"
    switch shown.content {
    case .preview(let bytes): return bytes
    case .unknown:
      guard let name = shown.revision.flatMap(RevisionName.init(parsing:)),
        let revision = try transaction.revision(name),
        let redaction = try transaction.redactionWords(of: revision.id)
      else { throw LibraryError.notHeld(place) }
      throw LibraryError.redacted(place, at: redaction.number, ground: redaction.ground)
    case .stored(let hash):
      if let bytes = try transaction.body(hash) { return bytes }
      if let size = try transaction.absentSize(hash) { throw LibraryError.absent(path.text, size) }
      if let size = try transaction.assetSize(hash) { throw LibraryError.asset(path.text, size) }
      throw LibraryError.notHeld(place)
    }
  }
}

extension MomentView.Shown {
  /// A revision of the log that has content.
  init(_ revision: StoredRevision, isConflicted: Bool) {
    self.init(
      content: revision.content.map { .stored($0) } ?? .unknown, sizeInBytes: revision.sizeInBytes ?? 0,
      revision: revision.name.description, isConflicted: isConflicted)
  }

  /// The content's hash, where it is known.
  var hash: SHA256Hash? {
    switch content {
    case .stored(let hash): hash
    case .preview(let bytes): SHA256Hash(hashing: bytes)
    case .unknown: nil
    }
  }
}
