import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafBundle

/// Bundles that no writer of ours would make, of change sets whose every signature is right.
///
/// Whoever passes bundles on chooses what of them travels, and an author chooses what to sign.
@Suite("Change sets that are signed and can't stand")
struct HostileBundleTests {
  /// A history whose third change set takes these documents away, in this order.
  private static func history(takingAway paths: [String]) throws -> SampleHistory {
    var history = try SampleHistory(seed: 31, changeSetCount: 2, documentSize: 100)
    let seed: Seed = try #require(Seed(bytes: [UInt8](repeating: 5, count: Seed.sizeInBytes)))
    let reason = Reason(by: "Eve", message: "Because").bytes
    let lines = try paths.map {
      RevisionLine(verb: .delete, path: try DocumentPath($0), base: .head, content: nil)
    }
    let author = history.authors[0]
    let fields = ChangeSetNote(
      library: history.library, author: author.verifierKey.publicKey, time: Timestamp(seconds: 1_790_500_000),
      seen: ChangeSetNote.Position(size: 2, root: history.ranges[2].root), after: nil,
      reason: Commitment(reason: SHA256Hash(hashing: reason), seed: seed), lineCount: lines.count,
      linesRoot: MerkleHash.root(ofLeafHashes: lines.map { MerkleHash.leaf($0.bytes) }))
    let note = try author.signedNote(text: fields.text)
    history.changeSets.append(
      OutgoingChangeSet(
        number: 3, note: note, fields: fields, seed: seed, reason: reason, totalLines: lines.count,
        lines: lines.enumerated().map { OutgoingLine(index: $0, line: $1, content: .none) }))
    var range = history.ranges[2]
    range.append(leaf: MerkleHash.leaf(note.bytes))
    history.ranges.append(range)
    history.states.append(history.states[2])
    return history
  }

  /// The bundle of the third change set, with nothing of what the writer makes sure of.
  ///
  /// - Parameters:
  ///   - places: Which of its lines travel; `nil` for all.
  ///   - total: How many lines it is said to have, if not as many as were signed.
  private static func bundle(
    _ content: BundleContent, of history: SampleHistory, subscription: Subscription = .all,
    places: [Int]? = nil, total: Int? = nil
  ) throws -> [UInt8] {
    let changeSet = history.changeSets[2]
    let isDrafts = content == .drafts
    let lines = places.map { $0.map { changeSet.lines[$0] } } ?? changeSet.lines
    let header = BundleHeader(
      content: content, library: history.library, from: 2, known: 2, to: isDrafts ? 2 : 3,
      subscription: subscription, changeSetCount: 1, revisionCount: UInt64(lines.count), bodyCount: 0,
      unpackedSizeInBytes: 0)
    var bytes = header.bytes
    if !isDrafts { bytes += try PackedSeal(history.seal(at: 3), header: header).bytes }
    let frames = FrameWriter(coder: header.coder, level: 9) { part, _, _ in bytes += part }
    if header.carriesOtherCollections {
      frames.countPiece()
      frames.metadata.number(0)
    }
    try frames.closeFullBlock()
    // Sent as it is, a note says what it says, whatever stands beside it.
    PackedChangeSet(
      verbatim: changeSet.note.bytes, fields: nil, seed: changeSet.seed, salt: nil, reason: changeSet.reason,
      reasonCommitment: nil, totalLines: total ?? changeSet.totalLines, carriedLines: places?.count
    ).write(to: &frames.metadata, digests: &frames.digests, context: PackedChangeSet.Context())
    var context = PackedLine.Context(
      number: isDrafts ? 0 : 3, isPartial: places != nil, total: total ?? changeSet.totalLines,
      coder: header.coder)
    var previousPath: [UInt8] = []
    for line in lines {
      try frames.closeFullBlock()
      try PackedLine(index: line.index, line: line.line, content: nil, hash: nil)
        .write(
          to: &frames.metadata, digests: &frames.digests, previousPath: previousPath, context: context)
      previousPath = Array(line.line.path.text.utf8)
      context.previousIndex = line.index
    }
    if let places {
      let leaves = changeSet.lines.map { MerkleHash.leaf($0.line.bytes) }
      let proof = SubsetProof.make(leafHashes: leaves, wanted: places)
      try frames.closeFullBlock()
      frames.metadata.number(UInt64(proof.count))
      for hash in proof { frames.digests.hash(hash) }
    }
    try frames.finish()
    return bytes
  }

  /// Why a reader refuses it; `nil` when it takes it.
  private static func refusal(_ bytes: [UInt8], of history: SampleHistory) throws -> String? {
    var host = SampleHost(history: history, at: 2)
    let context = BundleContext(
      library: history.library, logKey: history.logKey.verifierKey.publicKey, position: history.ranges[2])
    do { _ = try receive(bytes, context, host: &host) } catch let error as BundleError {
      return error.problem
    }
    return nil
  }

  @Test(
    "Each document stands once in a change set, in the order of the paths",
    arguments: [
      BundleContent.full, .trail, .drafts,
    ])
  func order(content: BundleContent) throws {
    for (paths, place) in [
      (["a/1.md", "a/2.md"], nil), (["a/2.md", "a/1.md"], "a/1.md"), (["a/1.md", "a/1.md"], "a/1.md"),
      (["a/1.md", "b/1.md", "a/2.md"], "a/2.md"),
    ] as [([String], String?)] {
      let history = try Self.history(takingAway: paths)
      let refusal = try Self.refusal(try Self.bundle(content, of: history), of: history)
      #expect(
        place.map { refusal?.contains("the revision list is out of order at \($0)") ?? false }
          ?? (refusal == nil), "\(paths): \(refusal ?? "taken")")
    }
  }

  /// Else whoever passes a bundle on could leave out a signature or the wish to destroy something: what is
  /// left still leads to the signed roots, that of the state included.
  @Test(
    "Where every collection travels, every line does",
    arguments: [
      BundleContent.full, .trail, .drafts,
    ])
  func withheldLines(content: BundleContent) throws {
    let history = try Self.history(takingAway: ["a/1.md", "a/2.md", "a/3.md"])
    #expect(try Self.refusal(try Self.bundle(content, of: history), of: history) == nil)
    for places in [[], [0], [1, 2]] {
      let bytes = try Self.bundle(content, of: history, places: places)
      let refusal = try Self.refusal(bytes, of: history)
      #expect(refusal?.contains("a change set without some of its lines") ?? false, "\(refusal ?? "taken")")
    }
  }

  /// The last two of four lines look like one to whoever holds neither.
  @Test("A change set has as many lines as its author signed, also where the proof fits another number")
  func lineCount() throws {
    let history = try Self.history(takingAway: ["a/1.md", "b/1.md", "b/2.md", "b/3.md"])
    let subscription = Subscription.only([try CollectionName("a")])
    for (total, expected) in [(4, nil), (3, "change set 3")] as [(Int, String?)] {
      let bytes = try Self.bundle(.full, of: history, subscription: subscription, places: [0], total: total)
      let refusal = try Self.refusal(bytes, of: history)
      #expect(
        expected.map { refusal?.contains($0) ?? false } ?? (refusal == nil),
        "\(total): \(refusal ?? "taken")")
    }
  }
}
