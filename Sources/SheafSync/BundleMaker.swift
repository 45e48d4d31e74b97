import SheafBundle
import SheafLog
import SheafModel
import SheafStore

/// Makes bundles out of a copy's rows, inside one read transaction, in bounded memory.
struct BundleMaker {
  let transaction: StoreTransaction
  let library: LibraryID
  let logKey: [UInt8]
  /// The request, with its `to` filled in.
  let request: PullRequest
  private let to: UInt64
  /// What the conflicts at the end are about, for whoever settles one.
  private let conflictBases: Set<SHA256Hash>
  /// What the asker says that it holds beside that: its own drafts, assets included.
  private let held: Set<SHA256Hash>
  /// What the settings say at both ends; a full history carries every asset.
  private let settings: (from: LibrarySettings, to: LibrarySettings)

  /// Checks that this copy can answer the request.
  ///
  /// - Throws: `LibraryError` when it keeps too little, or has no checkpoint there.
  init(transaction: StoreTransaction, facts: CopyFacts, request: PullRequest) throws {
    self.transaction = transaction
    library = facts.library
    logKey = facts.logKey
    let newest = try transaction.newestCheckpoint()?.size ?? 0
    to = request.to ?? newest
    var filled = request
    filled.to = to
    self.request = filled
    guard to > 0 else { throw LibraryError.empty }
    guard facts.depth >= request.depth, facts.depth != .heads else {
      throw LibraryError.needsDepth(max(request.depth, .trail), what: "make such a bundle")
    }
    guard facts.subscription == .all else {
      throw LibraryError.needsDepth(facts.depth, what: "make bundles: it holds some collections only, and")
    }
    guard to <= newest, try transaction.checkpoint(size: to) != nil else {
      throw LibraryError.noMoment("checkpoint \(to)")
    }
    guard request.from <= request.known, request.known <= to else {
      throw LibraryError.noMoment("step from \(request.from) to \(to)")
    }
    let position = try transaction.position().size
    settings =
      request.depth == .full
      ? (LibrarySettings(), LibrarySettings())
      : (try transaction.settings(at: request.from), try transaction.settings(at: to))
    held = try OwnContents(transaction, request: request, to: to).leftOut
    conflictBases = request.depth == .trail ? try transaction.conflictBases(at: to) : []
    guard request.subscription == .all || to == position else {
      // Roots of other collections are kept for now only.
      throw LibraryError.noMoment("checkpoint \(to) for some collections only")
    }
  }

  /// Writes the bundle.
  ///
  /// - Parameter progress: How many change sets or documents are done, of how many.
  func make(
    into sink: @escaping (UnsafeRawBufferPointer) throws -> Void, progress: (UInt64, UInt64) -> Void
  ) throws -> Made {
    try request.depth == .heads
      ? makeHeads(into: sink, progress: progress) : makeHistory(into: sink, progress: progress)
  }

  /// A bundle that was written.
  struct Made {
    var summary: BundleSummary
    var header: BundleHeader
    /// How many documents it only takes away.
    var goneCount: UInt64 = 0
  }

  /// What the bundle carries, counted without making it.
  func header() throws -> BundleHeader {
    guard request.depth == .heads else { return header(try historyCounts()) }
    var counts = Counts()
    try forEachChange { try count($0, &counts) }
    return header(counts)
  }

  /// Whether a bundle of all that is current could be smaller than the step that was made.
  ///
  /// A step carries no content that the whole does not, and has bases for it. So the whole can only win where
  /// the step takes more documents away than it leaves alone; then both are made.
  func wholeMayBeSmaller(than made: Made) throws -> Bool {
    guard request.depth == .heads, request.from > 0, made.goneCount > 0 else { return false }
    let current = try transaction.documentCount(at: to)
    return current < made.header.revisionCount
  }

  private func header(_ counts: Counts) -> BundleHeader {
    BundleHeader(
      content: BundleContent(request.depth), library: library, logKey: request.from == 0 ? logKey : nil,
      from: request.from, known: request.known, to: to, subscription: request.subscription,
      changeSetCount: request.depth == .heads ? 0 : to - request.from, revisionCount: counts.revisions,
      bodyCount: counts.bodies, unpackedSizeInBytes: counts.sizeInBytes)
  }

  /// What a bundle carries.
  private struct Counts {
    var revisions: UInt64 = 0
    var bodies: UInt64 = 0
    var sizeInBytes: UInt64 = 0
    var gone: UInt64 = 0
  }

  private func count(_ change: OutgoingStateChange, _ counts: inout Counts) throws {
    counts.revisions += 1
    counts.bodies += UInt64(change.bodies.count)
    for body in change.bodies { counts.sizeInBytes += try transaction.bodySize(body) ?? 0 }
    if change.value == nil { counts.gone += 1 }
  }

  private func seal() throws -> BundleSeal {
    guard let stored = try transaction.checkpoint(size: to) else {
      throw LibraryError.noMoment("checkpoint \(to)")
    }
    let checkpoint = try SignedCheckpoint(
      note: SignedNote(
        parsing: stored.note, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures))
    let stateNote = try SignedNote(
      parsing: stored.stateNote, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures)
    let state = try StateNote(parsing: stateNote.text)
    // A receiver without lines has nothing else to learn it from.
    let redacted = request.depth == .heads ? try transaction.newestRedaction(at: to) : nil
    return BundleSeal(
      checkpoint: checkpoint, stateNote: stateNote, stateRoot: state.root, redacted: redacted)
  }

  private func otherCollections() throws -> [CollectionRoot] {
    guard request.subscription != .all else { return [] }
    return try transaction.collectionRoots().compactMap { root in
      let name = try CollectionName(root.name)
      return request.subscription.holds(name)
        ? nil : CollectionRoot(name: name, root: root.root, count: root.count)
    }
  }

  // MARK: heads

  private func makeHeads(
    into sink: @escaping (UnsafeRawBufferPointer) throws -> Void, progress: (UInt64, UInt64) -> Void
  ) throws -> Made {
    // What is carried stands before it; the changes of a usual step are kept meanwhile, those of a very
    // large one are found twice.
    var counts = Counts()
    var kept: [OutgoingStateChange]? = []
    try forEachChange { change in
      try count(change, &counts)
      if counts.revisions > Self.mostChangesKept { kept = nil } else { kept?.append(change) }
    }
    let header = header(counts)
    var proof: [MerkleNodeID] = []
    if request.from == 0, request.known > 0 {
      proof += MerkleProof.extensionNodes(from: 0, to: request.known)
    }
    proof += MerkleProof.extensionNodes(from: request.known, to: to)
    let writer = try BundleWriter(
      header: header, seal: try seal(), proof: try proof.map(transaction.node),
      otherCollections: try otherCollections(), sink: sink)
    var host = StoreBundleHost(
      transaction: transaction, size: request.from, subscription: request.subscription,
      receiverSettings: settings.from)
    var similar = SimilarBases(transaction, request: request)
    var done: UInt64 = 0
    func append(_ found: OutgoingStateChange) throws {
      var change = found
      if case .content(let content) = change.value, change.bodies.contains(content) {
        change.similarTo = try similar.base(for: content, at: change.path, movedFrom: change.movedFrom)
      }
      try writer.append(change, host: &host)
      done += 1
      progress(done, header.revisionCount)
    }
    if let kept { for change in kept { try append(change) } } else { try forEachChange(append) }
    return Made(summary: try writer.finish(), header: header, goneCount: counts.gone)
  }

  private static let mostChangesKept: UInt64 = 20_000
  /// Every document whose entry in the state tree differs between `from` and `to`, in path order.
  private func forEachChange(_ body: (OutgoingStateChange) throws -> Void) throws {
    var after: DocumentPath?
    while true {
      let some = try transaction.documentsChanged(from: request.from, to: to, after: after, count: 500)
      for (path, document) in some where request.subscription.holds(path.collection) {
        let before = request.from == 0 ? nil : try transaction.stateValue(document, at: request.from)
        let now = try transaction.stateValue(document, at: to)
        guard before != now else { continue }
        var bodies = (now?.contents ?? []).subtracting(before?.contents ?? []).subtracting(held)
        let absent = try bodies.filter { try isLazy($0, at: path) }
        bodies.subtract(absent)
        for content in bodies where try !transaction.holdsBody(content) {
          throw LibraryError.notHeld(path.text)
        }
        try body(
          OutgoingStateChange(
            path: path, value: now, bodies: bodies,
            movedFrom: now == nil
              ? nil : try transaction.moveOrigin(of: document, after: request.from, to: to), absent: absent))
      }
      guard let last = some.last else { return }
      after = last.0
    }
  }

  // MARK: trail and full

  private func makeHistory(
    into sink: @escaping (UnsafeRawBufferPointer) throws -> Void, progress: (UInt64, UInt64) -> Void
  ) throws -> Made {
    let header = header(try historyCounts())
    let writer = try BundleWriter(
      header: header, seal: try seal(), otherCollections: try otherCollections(),
      range: try MerkleProof.compactRange(size: request.from, nodes: transaction.node), sink: sink)
    var host = StoreBundleHost(
      transaction: transaction, size: request.from, subscription: request.subscription,
      receiverSettings: settings.from)
    var similar = SimilarBases(transaction, request: request)
    var next = request.from + 1
    while next <= to {
      let some = try transaction.changeSets(from: next, count: 256)
      guard let last = some.last else { throw StoreError.damaged("change set \(next) is missing") }
      for changeSet in some where changeSet.number <= to {
        try writer.append(try outgoing(changeSet, &similar), host: &host)
        progress(changeSet.number - request.from, to - request.from)
      }
      next = last.number + 1
    }
    return Made(summary: try writer.finish(), header: header)
  }

  private func historyCounts() throws -> Counts {
    var counts = Counts()
    var next = request.from + 1
    while next <= to {
      let some = try transaction.revisionSizes(from: next, to: min(to, next + 255))
      for revision in some where request.subscription.holds(revision.path.collection) {
        counts.revisions += 1
        guard revision.hasContent, revision.content != nil,
          try !isHeldByReceiver(revision.content, of: revision.changeSet, supersededAt: revision.superseded),
          carriesBody(revision.content, of: revision.path, supersededAt: revision.superseded),
          try !(revision.content.map { try isLazy($0, at: revision.path) } ?? false)
        else { continue }
        counts.bodies += 1
        counts.sizeInBytes += revision.sizeInBytes
      }
      next += 256
    }
    return counts
  }

  /// A trail carries the content of what is a head or an open proposal at its end or what its conflicts are about,
  /// and all settings and members, by which its reader judges what stands in the log; a full history, all.
  private func carriesBody(
    _ content: SHA256Hash?, of path: DocumentPath, supersededAt superseded: UInt64?
  ) -> Bool {
    request.depth == .full || (superseded ?? .max) > to || path.tellsRights
      || content.map(conflictBases.contains) ?? false
  }

  /// Whether the receiver said that it has a content: one of its drafts, or, in a deeper history, current at what it
  /// knows.
  ///
  /// Assets may be absent there, so they come again.
  private func isHeldByReceiver(
    _ content: SHA256Hash?, of changeSet: UInt64, supersededAt superseded: UInt64?
  ) throws -> Bool {
    if let content, held.contains(content) { return true }
    guard request.holdsCurrent, request.from == 0, let content, changeSet <= request.known,
      superseded ?? .max > request.known
    else { return false }
    return try transaction.assetSize(content) == nil && transaction.absentSize(content) == nil
  }

  /// Whether a content is an asset that waits to be asked for, as the settings stand at the end.
  private func isLazy(_ content: SHA256Hash, at path: DocumentPath) throws -> Bool {
    guard settings.to.collections[path.collection]?.lazyAbove != nil,
      let size = try transaction.assetSize(content) ?? transaction.absentSize(content)
    else { return false }
    return settings.to.isLazy(path, sizeInBytes: size)
  }

  private func outgoing(
    _ changeSet: StoredChangeSet, _ similar: inout SimilarBases
  ) throws -> OutgoingChangeSet {
    let note = try SignedNote(
      parsing: changeSet.note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures)
    let revisions = try transaction.revisions(inChangeSet: changeSet.number)
    var lines: [OutgoingLine] = []
    for revision in revisions where request.subscription.holds(revision.path.collection) {
      let content: OutgoingContent
      if !revision.verb.hasContent {
        content = .none
      } else if let hash = revision.content {
        let superseded = try transaction.superseded(revision.id)
        let isHeld = try transaction.holdsBody(hash)
        // A bundle without what is current at its end would leave its receiver unable to go on.
        let isLazy = try isLazy(hash, at: revision.path)
        if !isHeld, !isLazy, request.depth == .full || (superseded ?? .max) > to {
          throw LibraryError.notHeld(revision.path.text)
        }
        let isThere = try isHeldByReceiver(
          hash, of: revision.name.changeSet, supersededAt: superseded)
        if isHeld || isLazy, !isThere, carriesBody(hash, of: revision.path, supersededAt: superseded) {
          var origin: DocumentPath?
          if case .headOf(let path) = revision.base { origin = path }
          content =
            isLazy
            ? .absent(hash)
            : .body(hash, similarTo: try similar.base(for: hash, at: revision.path, movedFrom: origin))
        } else {
          content = .hashOnly(hash)
        }
      } else if let effective = try transaction.redaction(of: revision.id), effective <= to {
        content = .unknown
      } else {
        // It was destroyed since: a receiver who is led to before that could not know why it is missing.
        throw LibraryError.notHeld(revision.path.text)
      }
      lines.append(
        OutgoingLine(
          index: Int(revision.name.line) - 1, line: try revision.line(seed: changeSet.seed), content: content)
      )
    }
    var proof: [SHA256Hash] = []
    if lines.count < changeSet.lineCount {
      proof = SubsetProof.make(
        leafHashes: try revisions.map { MerkleHash.leaf(try $0.line(seed: changeSet.seed).bytes) },
        wanted: lines.map(\.index))
    }
    return OutgoingChangeSet(
      number: changeSet.number, note: note, fields: try ChangeSetNote(parsing: note.text),
      seed: changeSet.seed, salts: changeSet.salts,
      reason: changeSet.reason, totalLines: changeSet.lineCount, lines: lines, subsetProof: proof)
  }
}

extension BundleContent {
  /// The content that a depth asks for.
  init(_ depth: Depth) {
    switch depth {
    case .heads: self = .heads
    case .trail: self = .trail
    case .full: self = .full
    }
  }

  /// The depth that it gives; `nil` for drafts.
  var depth: Depth? {
    switch self {
    case .heads: .heads
    case .trail: .trail
    case .full: .full
    case .drafts: nil
    }
  }
}

/// What a receiver holds at a position, as both ends of a bundle see it alike.
struct StoreBundleHost: BundleHost {
  let transaction: StoreTransaction
  /// The position whose content is held; 0 for nothing.
  let size: UInt64
  let subscription: Subscription
  /// Whether the copy asks about its own present, which needs no history.
  var isPresent = false
  /// What the receiver's settings say, by which some assets were not fetched.
  var receiverSettings = LibrarySettings()

  mutating func heldContent(of path: DocumentPath) throws -> SHA256Hash? { try held(path) }

  /// The content of a path's first head at the position.
  func held(_ path: DocumentPath) throws -> SHA256Hash? {
    guard size > 0, subscription.holds(path.collection),
      let document = try transaction.existingDocumentRow(path)
    else {
      return nil
    }
    return try isPresent
      ? transaction.heads(document).first?.content : transaction.heads(document, at: size).first?.content
  }

  mutating func bytes(of content: SHA256Hash) throws -> [UInt8]? { try transaction.body(content) }

  mutating func assetSize(of content: SHA256Hash) throws -> UInt64? {
    try transaction.assetSize(content) ?? transaction.absentSize(content)
  }

  mutating func chunks(of content: SHA256Hash) throws -> [AssetChunk]? {
    try transaction.chunks(of: content)?.map { AssetChunk(id: $0.id, sizeInBytes: $0.sizeInBytes) }
  }

  mutating func bytes(of chunk: AssetChunk) throws -> [UInt8] {
    try transaction.bytes(of: StoredChunk(id: chunk.id, sizeInBytes: chunk.sizeInBytes))
  }

  mutating func packed(_ chunk: AssetChunk) throws -> (isDeflated: Bool, bytes: [UInt8]) {
    let packed = try transaction.packed(StoredChunk(id: chunk.id, sizeInBytes: chunk.sizeInBytes))
    return (packed.isDeflated, packed.bytes)
  }

  mutating func isAbsent(_ content: SHA256Hash) throws -> Bool { try transaction.absentSize(content) != nil }

  mutating func pathHolding(_ content: SHA256Hash) throws -> DocumentPath? {
    guard size > 0, !isPresent else { return nil }
    for path in try transaction.paths(of: content, upTo: size, count: 8)
    where try heldContent(of: path) == content && mayBeBase(content, of: path) { return path }
    return nil
  }

  mutating func mayBeBase(_ content: SHA256Hash, of path: DocumentPath) throws -> Bool {
    guard let size = try assetSize(of: content) else { return false }
    return !receiverSettings.isLazy(path, sizeInBytes: size)
  }
}
