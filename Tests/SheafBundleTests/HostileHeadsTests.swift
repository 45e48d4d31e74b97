import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafBundle

/// Bundles that no writer of ours would make, in their headers, their proofs and their state changes.
@Suite("Headers and heads that can't stand")
struct HostileHeadsTests {
  /// What a reader gave out, and why it went no further.
  private struct Reading {
    var hasBegun = false
    var changeSets = 0
    var changes = 0
    var assetParts = 0
    var error: BundleError?
  }

  private static func read(_ bytes: [UInt8], _ context: BundleContext, of history: SampleHistory) throws
    -> Reading
  {
    var offset = 0
    let reader = BundleReader { count in
      let part = bytes[offset..<min(bytes.count, offset + count)]
      offset = part.endIndex
      return Array(part)
    }
    var host = SampleHost(history: history, at: context.position.size)
    var reading = Reading()
    do {
      _ = try reader.readHeader()
      try reader.begin(context)
      reading.hasBegun = true
      while let event = try reader.next(host: &host) {
        switch event {
        case .changeSet: reading.changeSets += 1
        case .stateChange: reading.changes += 1
        case .assetPart: reading.assetParts += 1
        case .body(let hash, let bytes, _): host.contents[hash] = bytes
        default: break
        }
      }
    } catch let error as BundleError { reading.error = error }
    return reading
  }

  private static func context(_ history: SampleHistory, at size: Int) -> BundleContext {
    BundleContext(
      library: history.library, logKey: history.logKey.verifierKey.publicKey, position: history.ranges[size])
  }

  /// A bundle whose header says something else than what was written.
  private static func bundle(
    _ content: BundleContent, of history: SampleHistory, from: UInt64, seal: BundleSeal? = nil,
    saying change: (inout BundleHeader) -> Void
  ) throws -> [UInt8] {
    var said: BundleHeader?
    let bytes = try history.bundle(content, from: from, seal: seal) { said = $0 }.bytes
    var header = try #require(said)
    let rest = bytes.dropFirst(header.bytes.count)
    change(&header)
    return header.bytes + rest
  }

  /// A key that a header brings gives the library's name; one that is known must fit the name that the header brings.
  @Test("No key but the library's own is taken for its log", arguments: [BundleContent.full, .trail, .heads])
  func anotherKey(content: BundleContent) throws {
    let history = try SampleHistory(seed: 31, changeSetCount: 2, documentSize: 100)
    let own = history.logKey.verifierKey.publicKey
    let other = try #require(history.authors.first).verifierKey.publicKey
    let bringing = try history.bundle(content, from: 0).bytes
    let silent = try history.bundle(content, from: 0) { $0.logKey = nil }.bytes
    for (bytes, known, isTaken) in [
      (bringing, nil, true), (bringing, own, true), (bringing, other, false),
      (silent, own, true), (silent, other, false), (silent, nil, false),
    ] {
      let context = BundleContext(library: nil, logKey: known, position: CompactRange())
      let reading = try Self.read(bytes, context, of: history)
      #expect(reading.error == (isTaken ? nil : .wrongLogKey(history.library)))
      #expect(reading.hasBegun == isTaken)
    }
    let swapped = try Self.bundle(content, of: history, from: 0) { $0.logKey = other }
    let context = BundleContext(library: history.library, logKey: nil, position: CompactRange())
    guard case .wrongLibrary = try Self.read(swapped, context, of: history).error else {
      Issue.record("a header with another key is of another library")
      return
    }
  }

  private static func witnessLine(_ history: SampleHistory, text: String) throws -> NoteSignature {
    try SigningKey(
      name: history.library.text + "/witness/x", seed: [UInt8](repeating: 9, count: 32),
      algorithm: .cosignature
    ).cosign(text: text, time: 1_790_500_000)
  }

  /// With a note that stands whole, as with a witness's cosignature, the signature says nothing about the proof.
  @Test("Heads whose proof is not the log's are refused before anything is unpacked")
  func anotherProof() throws {
    let history = try SampleHistory(seed: 31, changeSetCount: 3, documentSize: 100)
    var seal = try history.seal(at: 3)
    let line = try Self.witnessLine(history, text: seal.checkpoint.note.text)
    seal.checkpoint = try SignedCheckpoint(note: seal.checkpoint.note.adding(line))
    let bytes = try history.bundle(.heads, from: 2, seal: seal).bytes
    let whole = try Self.read(bytes, Self.context(history, at: 2), of: history)
    #expect(whole.error == nil)
    let proof = try #require(history.nodes[MerkleNodeID(level: 0, index: 2)]).bytes
    let place = try #require(bytes.firstRange(of: proof)).lowerBound
    var hostile = bytes
    hostile[place] ^= 1
    let reading = try Self.read(hostile, Self.context(history, at: 2), of: history)
    guard case .rootMismatch = reading.error else {
      Issue.record("\(String(describing: reading.error))")
      return
    }
    #expect(!reading.hasBegun)
  }

  /// What is signed for the receiver's own position needs no change set to contradict it, and is evidence.
  @Test(
    "A signed root that is not the receiver's own at its position is a rewritten history",
    arguments: [BundleContent.full, .trail, .heads])
  func fork(content: BundleContent) throws {
    let history = try SampleHistory(seed: 31, changeSetCount: 3, documentSize: 100)
    let other = SHA256Hash(hashing: [1])
    let checkpoint = try Checkpoint(origin: history.library.text, size: 3, root: other)
    var seal = try history.seal(at: 3)
    let own = try history.bundle(content, from: 3, seal: seal).bytes
    seal.checkpoint = try SignedCheckpoint(checkpoint, signedBy: history.logKey)
    seal.checkpoint = try SignedCheckpoint(
      note: seal.checkpoint.note.adding(try Self.witnessLine(history, text: checkpoint.text)))
    let theirs = try history.bundle(content, from: 3, seal: seal).bytes
    #expect(try Self.read(own, Self.context(history, at: 3), of: history).error == nil)
    let reading = try Self.read(theirs, Self.context(history, at: 3), of: history)
    #expect(reading.error == .rewritten(size: 3, ours: history.ranges[3].root, theirs: other))
    #expect(!reading.hasBegun)
  }

  /// State changes of heads that take these documents away, as they stand.
  ///
  /// - Parameter blocks: Of each block, all but the first of them empty, whether it says that it is the last.
  private static func heads(
    of history: SampleHistory, takingAway paths: [String], subscription: Subscription = .all,
    coder: BundleCoder = .model, blocks: [Bool] = [true], seal: BundleSeal? = nil
  ) throws -> [UInt8] {
    let header = BundleHeader(
      content: .heads, coder: coder, library: history.library, from: 2, known: 2, to: 3,
      subscription: subscription,
      changeSetCount: 0, revisionCount: UInt64(paths.count), bodyCount: 0, unpackedSizeInBytes: 0)
    var bytes = header.bytes + (try PackedSeal(seal ?? history.seal(at: 3), header: header).bytes)
    bytes += try #require(history.nodes[MerkleNodeID(level: 0, index: 2)]).bytes
    let frames = FrameWriter(coder: header.coder, level: 9) { part, _, _ in bytes += part }
    if header.carriesOtherCollections {
      frames.countPiece()
      frames.metadata.number(0)
    }
    var previousPath: [UInt8] = []
    for path in paths {
      try frames.closeFullBlock()
      try PackedStateChange(path: DocumentPath(path), kind: .gone, other: nil)
        .write(to: &frames.metadata, previousPath: previousPath)
      previousPath = Array(path.utf8)
    }
    for isLast in blocks { try frames.writeFrame(isLast: isLast) }
    return bytes
  }

  /// Root and signatures are true of each other, and of no log.
  @Test("A checkpoint that was signed for another size than the bundle leads to is refused")
  func anotherSize() throws {
    let history = try SampleHistory(seed: 31, changeSetCount: 3, documentSize: 100)
    for size in [UInt64(2), 3, 4] {
      let own = try history.seal(at: 3)
      let checkpoint = try Checkpoint(
        origin: history.library.text, size: size, root: history.ranges[3].root)
      let state = try StateNote(origin: history.library.text, size: size, root: own.stateRoot)
      let signed = try SignedCheckpoint(checkpoint, signedBy: history.logKey)
      let seal = BundleSeal(
        checkpoint: try SignedCheckpoint(
          note: signed.note.adding(try Self.witnessLine(history, text: checkpoint.text))),
        stateNote: try history.logKey.signedNote(text: state.text), stateRoot: own.stateRoot)
      let reading = try Self.read(
        Self.heads(of: history, takingAway: ["a/1.md"], seal: seal), Self.context(history, at: 2),
        of: history)
      #expect(reading.error == (size == 3 ? nil : .badSignature(of: "the checkpoint")))
      #expect(reading.hasBegun == (size == 3))
    }
  }

  @Test("Each document of heads stands once, in the order of the paths")
  func order() throws {
    let history = try SampleHistory(seed: 31, changeSetCount: 3, documentSize: 100)
    for (paths, place) in [
      (["a/1.md", "a/2.md"], nil), (["a/2.md", "a/1.md"], "a/1.md"), (["a/1.md", "a/1.md"], "a/1.md"),
    ] as [([String], String?)] {
      let reading = try Self.read(
        Self.heads(of: history, takingAway: paths), Self.context(history, at: 2), of: history)
      #expect(
        place.map { reading.error?.problem.contains("out of order at \($0)") ?? false }
          ?? (reading.error == nil), "\(paths): \(String(describing: reading.error))")
    }
  }

  @Test("What lies outside the subscription does not come in")
  func unsubscribed() throws {
    let history = try SampleHistory(seed: 31, changeSetCount: 3, documentSize: 100)
    let subscription = Subscription.only([try CollectionName("a")])
    for (paths, isTaken) in [(["a/1.md"], true), (["a/1.md", "b/1.md"], false)] {
      let bytes = try Self.heads(of: history, takingAway: paths, subscription: subscription)
      let reading = try Self.read(bytes, Self.context(history, at: 2), of: history)
      #expect(
        isTaken
          ? reading.error == nil : reading.error?.problem.contains("b/1.md is not subscribed to") ?? false,
        "\(String(describing: reading.error))")
    }
  }

  @Test("A bundle ends with the block that says it is the last")
  func lastBlock() throws {
    let history = try SampleHistory(seed: 31, changeSetCount: 3, documentSize: 100)
    for (coder, blocks, words) in [
      (.model, [true], nil), (.deflate, [true], nil), (.model, [false, true], nil),
      (.deflate, [false, true], nil),
      (.model, [false], "cut short"), (.deflate, [false], "cut short"),
      (.model, [true, true], "behind its end"),
      (.deflate, [true, true], "behind its end"),
      (.model, [false, false], "a frame's sizes"), (.deflate, [false, false], "more blocks than entries"),
      (.deflate, [false, false, true], "more blocks than entries"),
    ] as [(BundleCoder, [Bool], String?)] {
      let bytes = try Self.heads(
        of: history, takingAway: ["a/1.md", "a/2.md"], coder: coder, blocks: blocks)
      let reading = try Self.read(bytes, Self.context(history, at: 2), of: history)
      #expect(
        words.map { reading.error?.problem.contains($0) ?? false } ?? (reading.error == nil),
        "\(coder), \(blocks): \(String(describing: reading.error))")
    }
  }

  @Test(
    "No more is given out than the header said, and no less passes", arguments: [BundleContent.full, .heads])
  func counts(content: BundleContent) throws {
    let history = try SampleHistory(seed: 31, changeSetCount: 3, documentSize: 100)
    func reading(_ change: (inout UInt64) -> Void) throws -> Reading {
      let bytes = try Self.bundle(content, of: history, from: 2) { change(&$0.revisionCount) }
      return try Self.read(bytes, Self.context(history, at: 2), of: history)
    }
    let whole = try reading { _ in }
    #expect(whole.error == nil && whole.changeSets + whole.changes > 0)
    let more = try reading { $0 -= 1 }
    #expect(more.error != nil && more.changeSets + more.changes == whole.changeSets + whole.changes - 1)
    guard case .countMismatch = try reading({ $0 += 1 }).error else {
      #expect(content == .heads)
      return
    }
  }

  /// Heads with one new asset in chunks of these sizes.
  private static func heads(
    of history: SampleHistory, assetIn sizes: [Int], declared: Int
  ) throws -> [UInt8] {
    let header = BundleHeader(
      content: .heads, library: history.library, from: 2, known: 2, to: 3, subscription: .all,
      changeSetCount: 0, revisionCount: 1, bodyCount: 1, unpackedSizeInBytes: UInt64(declared))
    var bytes = header.bytes + (try PackedSeal(history.seal(at: 3), header: header).bytes)
    bytes += try #require(history.nodes[MerkleNodeID(level: 0, index: 2)]).bytes
    let frames = FrameWriter(coder: header.coder, level: 9) { part, _, _ in bytes += part }
    var random = SplitMix64(seed: 7)
    let chunks = sizes.map { random.bytes($0) }
    let content = PackedContent.asset(
      sizeInBytes: UInt64(declared), form: .pieces(base: .none, count: UInt64(chunks.count)))
    try frames.closeFullBlock()
    try PackedStateChange(path: DocumentPath("media/a.bin"), kind: .content(code: content.code), other: nil)
      .write(to: &frames.metadata, previousPath: [])
    content.write(to: &frames.metadata, path: [])
    frames.digests.hash(SHA256Hash(hashing: chunks.flatMap { $0 }))
    var cursor = 0
    for chunk in chunks {
      try frames.closeFullBlock()
      AssetPiece.plain(sizeInBytes: chunk.count).write(to: &frames.metadata, cursor: &cursor)
      frames.append(chunk: chunk)
    }
    try frames.finish()
    return bytes
  }

  @Test("No more of an asset is given out than its size, and only its last chunk is small")
  func assetSizes() throws {
    let history = try SampleHistory(seed: 31, changeSetCount: 3, documentSize: 100)
    let sizes = [Int](repeating: 70_000, count: 16)
    let whole = 16 * 70_000
    for (sizes, declared, parts, words) in [
      (sizes, whole, 16, nil), (sizes + [5], whole + 5, 17, nil),
      (sizes, whole - 1, 15, "bytes of an asset"), (sizes, whole + 1, 16, "bytes of an asset"),
      (sizes + [5, 70_000], whole + 70_005, 17, "a chunk behind one that is too small"),
    ] as [([Int], Int, Int, String?)] {
      let reading = try Self.read(
        Self.heads(of: history, assetIn: sizes, declared: declared), Self.context(history, at: 2),
        of: history)
      #expect(
        words.map { reading.error?.problem.contains($0) ?? false } ?? (reading.error == nil),
        "\(declared): \(String(describing: reading.error))")
      #expect(reading.assetParts == parts)
    }
  }
}
