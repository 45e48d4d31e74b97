import SheafBundle
import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite struct BundleRoundTripTests {
  // Made once: signing takes most of a test's time.
  private static let made = Result { try SampleHistory(seed: 1, changeSetCount: 40) }

  private func context(_ history: SampleHistory, at size: UInt64, isFirst: Bool = false) -> BundleContext {
    BundleContext(
      library: isFirst ? nil : history.library, logKey: isFirst ? nil : history.logKey.verifierKey.publicKey,
      position: history.ranges[Int(size)])
  }

  private func only(_ names: String...) throws -> Subscription {
    .only(Set(try names.map { try CollectionName($0) }))
  }

  /// Checks a `trail` or `full` bundle against what was put into it.
  private func expectHistory(
    _ received: Received, of history: SampleHistory, _ content: BundleContent, from: UInt64,
    subscription: Subscription
  ) throws {
    let sent = history.outgoing(content, from: from, to: history.size, subscription: subscription)
    #expect(received.changeSets.count == sent.count)
    for (got, sent) in zip(received.changeSets, sent) {
      #expect(got.number == sent.number)
      #expect(got.note == sent.note)
      #expect(got.fields == sent.fields)
      #expect(got.leafHash == MerkleHash.leaf(sent.note.bytes))
      #expect(got.seed == sent.seed)
      #expect(got.reason == sent.reason)
      #expect(got.totalLines == sent.totalLines)
      #expect(got.subsetProof == sent.subsetProof)
      #expect(got.lines.map(\.line) == sent.lines.map(\.line))
      #expect(got.lines.map(\.index) == sent.lines.map(\.index))
      for (line, sent) in zip(got.lines, sent.lines) {
        switch sent.content {
        case .none: #expect(line.content == nil && !line.isHeld)
        case .unknown: #expect(line.content == nil && !line.isHeld)
        case .hashOnly(let hash), .absent(let hash): #expect(line.content == hash && !line.isHeld)
        case .body(let hash, _): #expect(line.content == hash && line.isHeld)
        }
      }
    }
    let end = try #require(received.end)
    #expect(end.position == history.ranges[Int(history.size)])
    #expect(end.seal == (try history.seal(at: history.size)))
    #expect(
      end.otherCollections
        == (subscription == .all
          ? [] : try history.collectionRoots(at: history.size).filter { !subscription.holds($0.name) }))
  }

  @Test(
    "A full or trail bundle gives back every change set, from nothing and from a position",
    arguments: [
      BundleContent.full, .trail,
    ], [UInt64(0), 1, 13, 39, 40])
  func history(content: BundleContent, from: UInt64) throws {
    let history = try Self.made.get()
    let (bytes, summary) = try history.bundle(content, from: from)
    var host = SampleHost(receiverOf: history, at: from)
    let received = try receive(bytes, context(history, at: from, isFirst: from == 0), host: &host)
    try expectHistory(received, of: history, content, from: from, subscription: .all)
    #expect(received.bodies.allSatisfy { history.contents[$0] == $1 })
    for line in received.changeSets.flatMap(\.lines) where line.isHeld {
      #expect(try host.contents[#require(line.content)] != nil)
    }
    #expect(summary.sizeInBytes == UInt64(bytes.count))
    #expect(summary.sizes.values.reduce(0, +) == summary.sizeInBytes)
    #expect(summary.bodies == UInt64(received.bodies.count))
  }

  @Test(
    "Heads lead from one state to the other, and prove the log between",
    arguments: [
      UInt64(0), 1, 17, 39, 40,
    ])
  func heads(from: UInt64) throws {
    let history = try Self.made.get()
    let (bytes, _) = try history.bundle(.heads, from: from)
    var host = SampleHost(receiverOf: history, at: from)
    let received = try receive(bytes, context(history, at: from, isFirst: from == 0), host: &host)
    var state = history.states[Int(from)]
    for (path, value) in received.changes { state[path] = value }
    #expect(state == history.states[40])
    #expect(Set(state.values.flatMap(\.contents)).allSatisfy { host.contents[$0] == history.contents[$0] })
    #expect(received.end?.position == history.ranges[40])
    #expect(received.end?.seal.stateRoot == (try history.seal(at: 40).stateRoot))
  }

  @Test("A part of the collections comes with proofs for the lines that stay behind")
  func subscriptions() throws {
    let history = try Self.made.get()
    let subscription = try only("trials", ".")
    for (content, from) in [
      (BundleContent.full, UInt64(0)), (.trail, 20), (.full, 20), (.heads, 0), (.heads, 20),
    ] {
      let (bytes, _) = try history.bundle(content, from: from, subscription: subscription)
      var host = SampleHost(receiverOf: history, at: from, subscription: subscription)
      let received = try receive(bytes, context(history, at: from), host: &host)
      #expect(received.header.subscription == subscription)
      if content != .heads {
        try expectHistory(received, of: history, content, from: from, subscription: subscription)
        #expect(received.changeSets.contains { !$0.subsetProof.isEmpty })
      }
      let others = try history.collectionRoots(at: 40).filter { !subscription.holds($0.name) }
      #expect(!others.isEmpty)
      #expect(received.end?.otherCollections == others)
    }
  }

  @Test("A copy that goes deeper or wider is checked against the log it knew")
  func deepening() throws {
    let history = try Self.made.get()
    for (content, known) in [(BundleContent.full, UInt64(25)), (.trail, 40), (.heads, 25), (.heads, 40)] {
      let (bytes, _) = try history.bundle(content, from: 0, known: known)
      var host = SampleHost(history: history, at: 0)
      let received = try receive(bytes, context(history, at: known), host: &host)
      #expect(received.end?.position == history.ranges[40])

      // The same position with another history behind it.
      let other = try SampleHistory(seed: 5, changeSetCount: 40)
      #expect(
        throws: BundleError.rewritten(
          size: known, ours: other.ranges[Int(known)].root, theirs: history.ranges[Int(known)].root)
      ) {
        var host = SampleHost(history: history, at: 0)
        let context = BundleContext(
          library: history.library, logKey: history.logKey.verifierKey.publicKey,
          position: other.ranges[Int(known)])
        _ = try receive(bytes, context, host: &host)
      }
    }
  }

  @Test("Drafts follow each other, and each is compared with what its author had seen")
  func drafts() throws {
    let history = try SampleHistory(seed: 6, changeSetCount: 12)
    var random = SplitMix64(seed: 6)
    let path = try DocumentPath("trials/draft.json")
    var drafts: [OutgoingChangeSet] = []
    var contents: [SHA256Hash: [UInt8]] = [:]
    for index in 0..<5 {
      let bytes = Array("{\"enrolled\": \(index), \"name\": \"a trial of stem cells in ALS\"}".utf8)
      let hash = SHA256Hash(hashing: bytes)
      contents[hash] = bytes
      let seed = Seed(using: &random)
      let line = RevisionLine(
        verb: .put, path: path, base: index == 0 ? .none : .draft,
        content: RevisionLine.ContentReference(
          sizeInBytes: UInt64(bytes.count), commitment: Commitment(content: hash, seed: seed, line: 1)))
      let reason = Reason(by: "Clinic", message: "Enrolment \(index)").bytes
      let size = index < 3 ? 7 : 11
      let author = history.authors[0]
      let fields = ChangeSetNote(
        library: history.library, author: author.verifierKey.publicKey,
        time: Timestamp(seconds: 1_800_000_000 + Int64(index)),
        seen: ChangeSetNote.Position(size: UInt64(size), root: history.ranges[size].root),
        after: drafts.last.map { MerkleHash.leaf($0.note.bytes) },
        reason: Commitment(reason: SHA256Hash(hashing: reason), seed: seed), lineCount: 1,
        linesRoot: MerkleHash.root(ofLeafHashes: [MerkleHash.leaf(line.bytes)]))
      drafts.append(
        OutgoingChangeSet(
          number: 0, note: try author.signedNote(text: fields.text), fields: fields, seed: seed,
          reason: reason,
          totalLines: 1, lines: [OutgoingLine(index: 0, line: line, content: .body(hash))]))
    }
    var bytes: [UInt8] = []
    let writer = try BundleWriter(
      header: BundleHeader(
        content: .drafts, library: history.library, from: 0, known: 0, to: 0, subscription: .all,
        changeSetCount: 5, revisionCount: 5, bodyCount: 5, unpackedSizeInBytes: 500),
      seal: nil, sink: { bytes += $0 })
    var host = SampleHost(history: history, at: 7)
    host.contents = contents
    for draft in drafts { try writer.append(draft, host: &host) }
    _ = try writer.finish()

    var receiver = SampleHost(receiverOf: history, at: 7)
    let received = try receive(bytes, context(history, at: 12), host: &receiver)
    #expect(received.end == nil)
    #expect(received.changeSets.map(\.note) == drafts.map(\.note))
    #expect(received.changeSets.map(\.reason) == drafts.map(\.reason))
    #expect(received.changeSets.map(\.number) == [0, 0, 0, 0, 0])
    #expect(received.bodies == contents)
    #expect(receiver.seen.map(\.size) == [7, 7, 7, 11, 11])
    // One note's signature and seed are all that can't be shared between the last four.
    #expect(bytes.count < 1_000)
  }

  @Test("A document that moved unchanged, or became what it was, costs no body")
  func sameAsBase() throws {
    let history = try SampleHistory(seed: 7, changeSetCount: 60)
    let (bytes, summary) = try history.bundle(.full, from: 0)
    let sent = history.outgoing(.full, from: 0, to: 60, subscription: .all).flatMap(\.lines)
    let bodies = sent.compactMap { line in if case .body(let hash, _) = line.content { hash } else { nil } }
    #expect(Set(bodies).count < bodies.count)
    #expect(summary.bodies == UInt64(Set(bodies).count))
    var host = SampleHost(history: history, at: 0)
    host.contents = [:]
    let received = try receive(bytes, context(history, at: 0, isFirst: true), host: &host)
    #expect(received.changeSets.flatMap(\.lines).filter(\.isHeld).count == bodies.count)
  }

  @Test("The same request gives the same bytes, and any chunks of them read alike")
  func determinism() throws {
    let bundles = try (0..<2).map { _ in
      try SampleHistory(seed: 8, changeSetCount: 20).bundle(.full, from: 0).bytes
    }
    #expect(bundles[0] == bundles[1])
    let history = try SampleHistory(seed: 8, changeSetCount: 20)
    let readings = try [1, 7, 1000, .max].map { step in
      var host = SampleHost(receiverOf: history, at: 0)
      return try receive(bundles[0], context(history, at: 0), host: &host, step: step).description
    }
    #expect(Set(readings).count == 1)
  }

  @Test("A deflated bundle gives what a coded one gives", arguments: BundleContent.allCases.dropLast())
  func deflated(content: BundleContent) throws {
    let history = try Self.made.get()
    for from in [UInt64(0), 13] {
      let received = try BundleCoder.allCases.map { coder in
        let (bytes, _) = try history.bundle(content, from: from) { $0.coder = coder }
        var host = SampleHost(receiverOf: history, at: from)
        return try receive(bytes, context(history, at: from), host: &host).description
      }
      #expect(received[0] == received[1])
    }
  }

  @Test("A bundle of several blocks keeps its streams going from one to the next")
  func manyBlocks() throws {
    var history = try SampleHistory(seed: 9, changeSetCount: 6)
    // Bytes that nothing predicts fill blocks fastest.
    for _ in 0..<3 { try history.addNoise(sizeInBytes: 600_000) }
    let (bytes, summary) = try history.bundle(.full, from: 0)
    #expect(summary.sizes[.frames] ?? 0 > 4)
    var host = SampleHost(receiverOf: history, at: 0)
    let received = try receive(bytes, context(history, at: 0, isFirst: true), host: &host, step: 10_000)
    try expectHistory(received, of: history, .full, from: 0, subscription: .all)
  }

  @Test("Redacted content and reasons leave their commitments, and the signature still holds")
  func redacted() throws {
    var history = try SampleHistory(seed: 10, changeSetCount: 10)
    for index in 3..<6 {
      history.changeSets[index].reason = nil
      if index == 5 { history.changeSets[index].seed = nil }
      for line in history.changeSets[index].lines.indices
      where history.changeSets[index].lines[line].line.content != nil {
        history.changeSets[index].lines[line].content = .unknown
      }
    }
    let (bytes, _) = try history.bundle(.full, from: 0)
    var host = SampleHost(history: history, at: 0)
    let received = try receive(bytes, context(history, at: 0), host: &host)
    try expectHistory(received, of: history, .full, from: 0, subscription: .all)
  }

  @Test("A change set without its seed brings the salts that are left, and they open what they opened before")
  func salted() throws {
    for coder in BundleCoder.allCases {
      var history = try SampleHistory(seed: 10, changeSetCount: 10)
      for index in [0, 4, 7] { history.redact(changeSet: index) }
      #expect(history.changeSets[0].salts.count > 2)
      let (bytes, _) = try history.bundle(.full, from: 0, change: { $0.coder = coder })
      var host = SampleHost(history: history, at: 0)
      let received = try receive(bytes, context(history, at: 0), host: &host)
      try expectHistory(received, of: history, .full, from: 0, subscription: .all)
      #expect(received.changeSets.map(\.salts) == history.changeSets.map(\.salts))
      #expect(received.changeSets.filter { $0.seed == nil }.count == 3)
    }
  }

  @Test("Heads tell the newest redaction, never one beyond where they lead")
  func newestRedaction() throws {
    let history = try SampleHistory(seed: 12, changeSetCount: 6)
    let (plain, _) = try history.bundle(.heads, from: 0)
    var seal = try history.seal(at: 6)
    seal.redacted = 5
    let (bytes, _) = try history.bundle(.heads, from: 0, seal: seal)
    #expect(bytes.count == plain.count + 1)
    var host = SampleHost(history: history, at: 0)
    let received = try receive(bytes, context(history, at: 0), host: &host)
    #expect(received.end?.seal.redacted == 5)
    seal.redacted = 7
    let (beyond, _) = try history.bundle(.heads, from: 0, seal: seal)
    #expect(throws: BundleError.self) {
      var host = SampleHost(history: history, at: 0)
      _ = try receive(beyond, context(history, at: 0), host: &host)
    }
  }

  @Test("A note with another signature beside the author's, and a checkpoint with a witness, travel whole")
  func foreignSpelling() throws {
    var history = try SampleHistory(seed: 11, changeSetCount: 6)
    let witness = try SigningKey(
      name: "witness.example", seed: SplitMix64.bytes(32, seed: 3), algorithm: .cosignature)
    let other = try SigningKey(name: "other", seed: SplitMix64.bytes(32, seed: 4))
    // The log has the note with both signatures as its leaf.
    let last = history.changeSets[5]
    history.changeSets[5].note = last.note.adding(try other.sign(text: last.note.text))
    var range = history.ranges[5]
    var completed: [(MerkleNodeID, SHA256Hash)] = []
    range.append(leaf: MerkleHash.leaf(history.changeSets[5].note.bytes)) { completed.append(($0, $1)) }
    for (id, hash) in completed { history.nodes[id] = hash }
    history.ranges[6] = range
    var seal = try history.seal(at: 6)
    seal.checkpoint = try SignedCheckpoint(
      note: seal.checkpoint.note.adding(
        try witness.cosign(text: seal.checkpoint.note.text, time: 1_800_000_000)))
    for content in [BundleContent.full, .heads] {
      let (bytes, _) = try history.bundle(content, from: 0, seal: seal)
      var host = SampleHost(history: history, at: 0)
      let received = try receive(bytes, context(history, at: 0), host: &host)
      #expect(received.end?.seal == seal)
      if content == .full { #expect(received.changeSets.last?.note == history.changeSets[5].note) }
    }
  }

  @Test("A bundle with nothing in it is little more than its two signatures")
  func nothing() throws {
    let history = try SampleHistory(seed: 12, changeSetCount: 5)
    let (bytes, _) = try history.bundle(.heads, from: 5)
    #expect(bytes.count < 220)
    var host = SampleHost(history: history, at: 5)
    let received = try receive(bytes, context(history, at: 5), host: &host)
    #expect(received.changes.isEmpty)
    #expect(received.end?.position == history.ranges[5])
  }
}

extension SplitMix64 {
  static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return random.bytes(count)
  }
}
