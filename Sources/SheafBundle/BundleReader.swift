import SheafDelta
import SheafLog
import SheafModel

/// Reads one bundle from a source, and gives out only what it has verified.
///
/// Made for bytes from outside: first `readHeader()`, then `begin(_:)`, then
/// `next(host:)` until it answers `nil`. A reader that has thrown once throws the
/// same again. Holds one unpacked block, one change set without its bodies, and about
/// 100 bytes for each body read. `Schemas/bundle.md` has the checks in their order.
public final class BundleReader {
  var source: ByteSource
  private let frames = FrameReader()
  private var stage = Stage.start
  private var failure: (any Error)?

  private enum Stage { case start, hasHeader, hasBegun, hasEnded }

  // Known once the header is read, and once it fits the receiver.
  private var readHeaderFields: BundleHeader?
  /// The header's promises about bodies.
  private(set) var declared: (bodies: UInt64, unpackedSizeInBytes: UInt64) = (0, 0)
  private var seal: BundleSeal?
  var range = CompactRange()
  private var ownPosition = CompactRange()

  /// How the entries are coded; known with the header.
  var coder: BundleCoder { readHeaderFields?.coder ?? .deflate }

  // The block that entries are read from.
  var block: OpenBlock
  var contents = SentContents()
  var counts = BundleSummary()
  var previousPath: [UInt8] = []
  private var otherCollections: [CollectionRoot]?
  private var openChangeSet: OpenChangeSet?
  private var openConflict: OpenConflict?
  var openAsset: OpenAsset?
  var authors = AuthorTable()

  /// Takes a source of at most as many bytes as asked for, empty at the end.
  public init(source: @escaping (_ maximumCount: Int) throws -> [UInt8]) {
    self.source = ByteSource(source)
    block = OpenBlock(
      Block(
        metadata: ByteCursor([], position: 0), digests: ByteCursor([], position: 0), streams: DeltaStreams(),
        isLast: false, position: 0))
  }

  /// Reads what the bundle says about itself; nothing of it is verified yet.
  ///
  /// - Throws: `BundleError`; what the source throws.
  public func readHeader() throws -> BundleHeader {
    try guarded {
      precondition(stage == .start, "a header is read once")
      let header = try BundleHeader(reading: &source)
      readHeaderFields = header
      declared = (header.bodyCount, header.unpackedSizeInBytes)
      stage = .hasHeader
      return header
    }
  }

  /// Checks that the bundle is for this receiver, and verifies what was signed for where it leads.
  ///
  /// Nothing has been unpacked yet when this refuses.
  ///
  /// - Throws: `BundleError`; what the source throws.
  public func begin(_ context: BundleContext) throws {
    try guarded {
      precondition(stage == .hasHeader, "a bundle begins once, after its header")
      guard let header = readHeaderFields else { return }
      if let library = context.library, library != header.library {
        throw BundleError.wrongLibrary(found: header.library, expected: library)
      }
      stage = .hasBegun
      if header.content == .drafts { return }
      guard let logKey = context.logKey ?? header.logKey, header.library.fits(logKey: logKey),
        let key = try? VerifierKey(name: header.library.text, publicKey: logKey)
      else { throw BundleError.wrongLogKey(header.library) }
      ownPosition = context.position
      try header.checkFits(ownPosition)
      let packed = try PackedSeal(reading: &source, header: header)
      if header.content == .heads {
        range = try header.provenRange(from: ownPosition, reading: &source)
      } else {
        range = header.from == 0 ? CompactRange() : ownPosition
      }
      let seal = try packed.verified(header: header, key: key, computedRoot: range.root)
      let signed = seal.checkpoint.checkpoint.root
      if header.to == ownPosition.size, signed != ownPosition.root {
        throw BundleError.rewritten(size: header.to, ours: ownPosition.root, theirs: signed)
      }
      if header.content == .heads, signed != range.root {
        throw BundleError.rootMismatch(size: header.to, signed: signed, computed: range.root)
      }
      self.seal = seal
    }
  }

  /// The next thing in the bundle, or `nil` when all has been read and verified.
  ///
  /// - Throws: `BundleError`; what the source or the host throws.
  public func next(host: inout some BundleHost) throws -> BundleEvent? {
    try guarded {
      precondition(stage == .hasBegun || stage == .hasEnded, "a bundle is begun before it is read")
      guard let header = readHeaderFields else { return nil }
      while stage != .hasEnded {
        if let event = try step(header, host: &host) { return event }
      }
      return nil
    }
  }

  /// Keeps the first failure, and brings out what the source or host threw.
  private func guarded<Value>(_ work: () throws -> Value) throws -> Value {
    if let failure { throw failure }
    do { return try work() } catch {
      let error = source.failure ?? error
      failure = error
      throw error
    }
  }

  /// Reads one entry, or one piece of a large one.
  private func step<Host: BundleHost>(_ header: BundleHeader, host: inout Host) throws -> BundleEvent? {
    if header.carriesOtherCollections, otherCollections == nil {
      try openBlock()
      otherCollections = try block.collections(outside: header.subscription)
      return nil
    }
    if var asset = openAsset {
      openAsset = nil
      if isComplete(asset) { return try finish(asset) }
      let event = try readAsset(&asset, host: &host)
      openAsset = asset
      return event
    }
    if var changeSet = openChangeSet {
      // Moved out while it is worked on, so that its lines are never copied.
      openChangeSet = nil
      guard changeSet.isComplete else {
        let event = try readLine(of: &changeSet, header: header, host: &host)
        openChangeSet = changeSet
        return event
      }
      return .changeSet(try finish(&changeSet, header: header))
    }
    if var conflict = openConflict {
      let event = try readContent(of: &conflict, host: &host)
      openConflict = conflict.isComplete ? nil : conflict
      return event ?? (conflict.isComplete && delayed == nil ? conflict.event : nil)
    }
    if let event = delayed {
      delayed = nil
      return event
    }
    if header.content == .heads {
      guard counts.revisions < header.revisionCount else { return try end(header) }
      return try readStateChange(header, host: &host)
    }
    guard counts.changeSets < header.changeSetCount else { return try end(header) }
    openChangeSet = try readChangeSetHead(header)
    if header.content == .drafts, let draft = openChangeSet {
      try host.willCompare(seen: draft.seen)
      try host.willRead(by: draft.author.publicKey)
    }
    return nil
  }

  /// A state change whose body was given out first.
  var delayed: BundleEvent?

  private func readStateChange<Host: BundleHost>(
    _ header: BundleHeader, host: inout Host
  ) throws -> BundleEvent? {
    try openBlock()
    let change = try PackedStateChange(reading: &block.metadata, previousPath: previousPath)
    try countRevision(at: change.path, header: header)
    switch change.kind {
    case .gone where change.proposals.isEmpty: return .stateChange(path: change.path, value: nil)
    case .gone: return open(change, headCount: 0, hasBase: false)
    case .content(let code):
      let (hash, body) = try readCurrent(code: code, path: change.path, other: change.other, host: &host)
      let event = BundleEvent.stateChange(path: change.path, value: .content(hash))
      guard body != nil || openAsset != nil else { return event }
      delayed = event
      return body
    case .conflict(let headCount, let hasBase): return open(change, headCount: headCount, hasBase: hasBase)
    }
  }

  private func open(_ change: PackedStateChange, headCount: Int, hasBase: Bool) -> BundleEvent? {
    let conflict = OpenConflict(
      path: change.path, other: change.other, headCount: headCount, hasBase: hasBase,
      proposals: change.proposals)
    if conflict.isComplete { return conflict.event }
    openConflict = conflict
    return nil
  }

  private func readContent<Host: BundleHost>(
    of conflict: inout OpenConflict, host: inout Host
  ) throws -> BundleEvent? {
    try openBlock()
    let code = try block.metadata.byte()
    if code == PackedStateChange.tombstone {
      guard !conflict.isBaseNext else { throw block.metadata.malformed("a conflict's base") }
      conflict.add(nil)
      return nil
    }
    let (hash, body) = try readCurrent(code: code, path: conflict.path, other: conflict.other, host: &host)
    conflict.add(hash)
    if body != nil || openAsset != nil, conflict.isComplete { delayed = conflict.event }
    return body
  }

  private func readCurrent<Host: BundleHost>(
    code: UInt8, path: DocumentPath, other: DocumentPath?, host: inout Host
  ) throws -> (SHA256Hash, BundleEvent?) {
    let content = try PackedContent(code: code, reading: &block.metadata, path: path, coder: coder)
    switch content {
    case .commitment: throw block.metadata.malformed("a current content without a hash")
    case .hash: return (try block.digests.hash(), nil)
    case .asset(let size, let form):
      let hash = try block.digests.hash()
      return (
        hash, try open(asset: hash, sizeInBytes: size, form: form, path: path, other: other, host: &host)
      )
    default:
      let body = try unpack(content, path: path, other: other, host: &host)
      return (body.hash, body.event)
    }
  }

  /// Counts a line or state change, and remembers its path for the next one.
  func countRevision(at path: DocumentPath, header: BundleHeader) throws(BundleError) {
    guard header.subscription.holds(path.collection) else {
      throw block.metadata.malformed("\(path) is not subscribed to")
    }
    let bytes = Array(path.text.utf8)
    guard header.content != .heads || previousPath.lexicographicallyPrecedes(bytes) else {
      throw block.metadata.malformed("the state changes are out of order at \(path)")
    }
    counts.revisions += 1
    guard counts.revisions <= header.revisionCount else {
      throw .countMismatch(what: "revisions", declared: header.revisionCount, found: counts.revisions)
    }
    previousPath = bytes
  }

  /// Makes sure that there is something to read in the block.
  func openBlock() throws(BundleError) {
    while block.hasNoMore {
      try block.checkUsedUp()
      guard !block.isLast else { throw block.metadata.malformed("fewer entries than declared") }
      try nextBlock()
    }
    block.beginPiece()
  }

  private func nextBlock() throws(BundleError) {
    guard let header = readHeaderFields else { return }
    block = OpenBlock(try frames.next(&source, coder: header.coder))
  }

  private func end(_ header: BundleHeader) throws -> BundleEvent? {
    // Without any entry, the one empty block has not been looked at yet.
    if block.hasNoMore, !block.isLast {
      try block.checkUsedUp()
      try nextBlock()
    }
    try block.checkUsedUp()
    guard block.isLast else { throw block.metadata.malformed("more blocks than entries") }
    guard try source.isAtEnd() else { throw BundleError.trailing(offset: source.position) }
    guard counts.revisions == header.revisionCount else {
      throw BundleError.countMismatch(
        what: "revisions", declared: header.revisionCount, found: counts.revisions)
    }
    stage = .hasEnded
    guard let seal else { return nil }
    let signed = seal.checkpoint.checkpoint
    // The size is the header's, which is the checkpoint's: so many change sets were counted, or proven.
    guard range.root == signed.root else {
      throw BundleError.rootMismatch(size: signed.size, signed: signed.root, computed: range.root)
    }
    return .end(BundleEnd(seal: seal, position: range, otherCollections: otherCollections ?? []))
  }

  /// Adds a verified change set to the log, and compares with what the receiver knew.
  func extendLog(_ leaf: SHA256Hash) throws(BundleError) {
    range.append(leaf: leaf)
    guard range.size == ownPosition.size, range.root != ownPosition.root else { return }
    throw .rewritten(size: range.size, ours: ownPosition.root, theirs: range.root)
  }
}
