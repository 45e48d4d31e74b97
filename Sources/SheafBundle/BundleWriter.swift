import SheafDelta
import SheafLog
import SheafModel

/// Writes one bundle, entry by entry, to a sink.
///
/// The same header and entries give the same bytes. Holds one block of at most
/// 1 MiB, one body, what the coder holds, and 100 bytes for each body sent.
/// `Schemas/bundle.md` has the format.
public final class BundleWriter {
  let header: BundleHeader
  let frames: FrameWriter
  var contents = SentContents()
  var summary = BundleSummary()
  var previousPath: [UInt8] = []
  /// An asset that was announced, and its base's chunks; its pieces come next.
  var openAsset: (asset: OutgoingAsset, base: [AssetChunk])?
  private let tally: Tally

  // What the change sets so far have told the reader.
  private var context = PackedChangeSet.Context()
  private var authors: [[UInt8]: (index: UInt64, key: VerifierKey)] = [:]
  private var previousSeen: ChangeSetNote.Position?
  private var previousLeaf: SHA256Hash?
  private var range: CompactRange?

  /// Counts what goes to the sink.
  private final class Tally {
    let sink: (UnsafeRawBufferPointer) throws -> Void
    var summary = BundleSummary()

    init(_ sink: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.sink = sink }

    func emit(
      _ bytes: [UInt8], _ part: BundleSummary.Part, _ share: (part: BundleSummary.Part, count: Int)? = nil
    ) throws {
      guard !bytes.isEmpty else { return }
      summary.add(bytes.count - (share?.count ?? 0), to: part)
      if let share { summary.add(share.count, to: share.part) }
      try bytes.withUnsafeBytes { try sink($0) }
    }
  }

  /// Starts a bundle and writes what stands before its entries.
  ///
  /// - Parameters:
  ///   - seal: What was signed for `header.to`; `nil` exactly in drafts.
  ///   - proof: In `heads`, the hashes of `MerkleProof.extensionNodes` from 0 to
  ///     `known` when `from` is 0, then from `known` to `to`. Empty otherwise.
  ///   - otherCollections: The collections outside the subscription that have entries.
  ///   - range: The log's right edge at `from`, if at hand. Without it, a change set
  ///     that has seen the log right before itself is taken to have seen the true root.
  ///   - level: How hard to deflate, 0 to 9, where the header says so.
  ///   - sink: Takes the bytes, in order.
  /// - Throws: `BundleError.impossible` when the arguments contradict each other; what `sink` throws.
  public init(
    header: BundleHeader, seal: BundleSeal?, proof: [SHA256Hash] = [],
    otherCollections: [CollectionRoot] = [], range: CompactRange? = nil, level: Int = 9,
    sink: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try header.checkForWriting()
    guard (seal == nil) == (header.content == .drafts) else {
      throw BundleError.impossible("a seal belongs to every bundle but drafts")
    }
    guard proof.count == header.proofNodes.count else {
      throw BundleError.impossible(
        "its proof has \(proof.count) hashes instead of \(header.proofNodes.count)")
    }
    guard otherCollections.isEmpty || header.carriesOtherCollections else {
      throw BundleError.impossible("it carries every collection, and roots of others")
    }
    self.header = header
    let tally = Tally(sink)
    self.tally = tally
    frames = FrameWriter(coder: header.coder, level: level) { try tally.emit($0, $1, $2) }
    self.range = range ?? (header.from == 0 ? CompactRange() : nil)
    try tally.emit(header.bytes, .header)
    if let seal {
      guard seal.checkpoint.checkpoint.size == header.to else {
        throw BundleError.impossible("its checkpoint is not that of \(header.to)")
      }
      try tally.emit(PackedSeal(seal, header: header).bytes, .seal)
    }
    try tally.emit(proof.flatMap(\.bytes), .proof)
    if header.carriesOtherCollections { writeCollections(otherCollections) }
  }

  private func writeCollections(_ collections: [CollectionRoot]) {
    frames.countPiece()
    frames.metadata.number(UInt64(collections.count))
    for collection in collections.sorted(by: { $0.name < $1.name }) {
      frames.metadata.text(collection.name.text)
      frames.metadata.number(collection.count)
      frames.digests.hash(collection.root)
    }
  }

  /// Adds a change set, in the order of the log.
  ///
  /// - Throws: `BundleError.impossible` for one that contradicts itself or the header,
  ///   what the host or the sink throws. The bundle is spoilt then.
  public func append(_ changeSet: OutgoingChangeSet, host: inout some BundleHost) throws {
    try check(changeSet)
    try frames.closeFullBlock()
    let author = try author(of: changeSet.fields)
    let isPartial = changeSet.lines.count != changeSet.totalLines
    let isSpelledAsUsual = isSpelledAsUsual(changeSet, key: author.key)
    let fields = changeSet.fields
    let packed = PackedChangeSet(
      verbatim: isSpelledAsUsual ? nil : changeSet.note.bytes,
      fields: isSpelledAsUsual
        ? PackedChangeSet.Fields(
          author: author.isNew ? .new(fields.author) : .known(author.index), time: fields.time,
          seen: seen(of: changeSet), after: after(of: fields),
          signature: changeSet.note.signatures[0].signature) : nil,
      seed: changeSet.seed, salt: changeSet.salts[0], reason: changeSet.reason,
      reasonCommitment: changeSet.reason == nil && isSpelledAsUsual ? fields.reason.hash : nil,
      totalLines: changeSet.totalLines, carriedLines: isPartial ? changeSet.lines.count : nil)
    packed.write(to: &frames.metadata, digests: &frames.digests, context: context)
    if isSpelledAsUsual, author.isNew {
      authors[fields.author] = (author.index, author.key)
      context.authorCount += 1
    }

    if header.content == .drafts { try host.willCompare(seen: fields.seen) }
    var lineContext = PackedLine.Context(
      number: changeSet.number, isPartial: isPartial, total: changeSet.totalLines, coder: header.coder,
      isSalted: changeSet.seed == nil)
    for line in changeSet.lines {
      try frames.closeFullBlock()
      try append(line, of: changeSet, context: lineContext, host: &host)
      lineContext.previousIndex = line.index
    }
    if isPartial {
      try frames.closeFullBlock()
      frames.metadata.number(UInt64(changeSet.subsetProof.count))
      for hash in changeSet.subsetProof { frames.digests.hash(hash) }
    }

    context.time = fields.time
    previousSeen = fields.seen
    let leaf = MerkleHash.leaf(changeSet.note.bytes)
    previousLeaf = leaf
    range?.append(leaf: leaf)
    summary.changeSets += 1
  }

  private func check(_ changeSet: OutgoingChangeSet) throws(BundleError) {
    func refuse(_ what: String) -> BundleError { .impossible("change set \(changeSet.number): \(what)") }
    guard header.content != .heads else { throw refuse("heads have none") }
    guard summary.changeSets < header.changeSetCount else { throw refuse("one more than declared") }
    let expected = header.content == .drafts ? 0 : header.from + summary.changeSets + 1
    guard changeSet.number == expected else { throw refuse("\(expected) comes next") }
    guard changeSet.fields.library == header.library else { throw refuse("it is of another library") }
    guard changeSet.fields.lineCount == changeSet.totalLines, changeSet.lines.count <= changeSet.totalLines,
      changeSet.note.bytes.count <= Limits.changeSetNote,
      changeSet.note.signatures.count <= Limits.signatures
    else { throw refuse("its note is too large, or of other lines") }
    let isPartial = changeSet.lines.count != changeSet.totalLines
    guard isPartial ? header.carriesOtherCollections : changeSet.subsetProof.isEmpty else {
      throw refuse("its lines are not those of the subscription")
    }
    var previous = -1
    for line in changeSet.lines {
      guard line.index > previous, line.index < changeSet.totalLines else {
        throw refuse("lines out of order")
      }
      previous = line.index
    }
    if let reason = changeSet.reason {
      guard reason.count <= Limits.reason,
        changeSet.commitment(to: SHA256Hash(hashing: reason), line: 0) == changeSet.fields.reason
      else { throw refuse("its reason does not fit its note") }
    }
  }

  private func author(of fields: ChangeSetNote) throws(BundleError) -> (
    index: UInt64, key: VerifierKey, isNew: Bool
  ) {
    if let known = authors[fields.author] { return (known.index, known.key, false) }
    do throws(NoteError) {
      let key = try VerifierKey(
        name: ChangeSetNote.keyName(author: fields.author), publicKey: fields.author)
      return (context.authorCount, key, true)
    } catch {
      throw .impossible(error.problem)
    }
  }

  private func isSpelledAsUsual(_ changeSet: OutgoingChangeSet, key: VerifierKey) -> Bool {
    guard let signature = changeSet.note.signatures.first, changeSet.note.signatures.count == 1 else {
      return false
    }
    return key.matches(signature) && signature.signature.count == 64
      && changeSet.note.text.utf8.elementsEqual(changeSet.fields.text.utf8)
  }

  private func seen(of changeSet: OutgoingChangeSet) -> PackedChangeSet.Seen {
    let seen = changeSet.fields.seen
    if changeSet.number > 0, seen.size == changeSet.number - 1, range.map({ $0.root == seen.root }) ?? true {
      return .previous
    }
    return seen == previousSeen ? .sameAsBefore : .position(seen)
  }

  private func after(of fields: ChangeSetNote) -> PackedChangeSet.After {
    guard let after = fields.after else { return .none }
    return after == previousLeaf ? .previous : .leaf(after)
  }

  /// Writes the last block, and checks that everything declared has come.
  ///
  /// - Returns: What the bundle came to.
  /// - Throws: `BundleError.countMismatch`; what the sink throws.
  public func finish() throws -> BundleSummary {
    for (what, declared, found) in [
      ("change sets", header.changeSetCount, summary.changeSets),
      ("revisions", header.revisionCount, summary.revisions),
    ] where declared != found {
      throw BundleError.countMismatch(what: what, declared: declared, found: found)
    }
    try frames.finish()
    summary.sizes = tally.summary.sizes
    summary.sizeInBytes = tally.summary.sizeInBytes
    return summary
  }
}

extension BundleHeader {
  /// Whether the roots of collections outside the subscription stand before the entries.
  var carriesOtherCollections: Bool { content != .drafts && subscription != .all }

  /// The nodes that the proof of a `heads` bundle consists of.
  var proofNodes: [MerkleNodeID] {
    guard content == .heads else { return [] }
    let start = from == 0 ? MerkleProof.extensionNodes(from: 0, to: known) : []
    return start + MerkleProof.extensionNodes(from: known, to: to)
  }
}
