import SheafBundle
import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite struct BundleDamageTests {
  private static let history = try? SampleHistory(seed: 20, changeSetCount: 8, documentSize: 200)

  private struct Case: Sendable {
    let content: BundleContent
    let from: UInt64
    let subscription: Subscription
  }

  private static let cases: [Case] = [
    Case(content: .full, from: 6, subscription: .all), Case(content: .trail, from: 5, subscription: .all),
    Case(content: .heads, from: 5, subscription: .all),
    Case(
      content: .trail, from: 6,
      subscription: .only(Set(["trials", "articles"].compactMap { try? CollectionName($0) }))),
  ]

  /// Reads a bundle and does what is left to the caller: compares the state's root.
  private func read(_ bytes: [UInt8], _ history: SampleHistory, _ sample: Case) throws -> String {
    var host = SampleHost(receiverOf: history, at: sample.from, subscription: sample.subscription)
    let received = try receive(
      bytes,
      BundleContext(
        library: history.library, logKey: history.logKey.verifierKey.publicKey,
        position: history.ranges[Int(sample.from)]), host: &host)
    guard let end = received.end else { throw BundleError.truncated(offset: 0) }
    var state = history.states[sample.content == .heads ? Int(sample.from) : 8]
    for (path, value) in received.changes { state[path] = value }
    let own = try SampleHistory.collectionRoots(of: state).filter { sample.subscription.holds($0.name) }
    let root = StateTree.libraryRoot(
      collections: (own + end.otherCollections).map { ($0.name.text, $0.root, $0.count) })
    guard root == end.seal.stateRoot else {
      throw BundleError.rootMismatch(size: 8, signed: end.seal.stateRoot, computed: root)
    }
    return received.description
  }

  @Test("A bundle cut short anywhere is refused, and so is one that goes on")
  func truncated() throws {
    let history = try #require(Self.history)
    for sample in Self.cases {
      let bytes = try history.bundle(sample.content, from: sample.from, subscription: sample.subscription)
        .bytes
      for size in stride(from: 0, to: bytes.count, by: sample.content == .full ? 1 : 5) {
        #expect(throws: BundleError.self) { try read(Array(bytes[..<size]), history, sample) }
      }
      #expect(throws: BundleError.trailing(offset: UInt64(bytes.count))) {
        try read(bytes + [0], history, sample)
      }
    }
  }

  @Test("A flipped bit is refused, unless what is read is the same to the last byte")
  func flipped() throws {
    let history = try #require(Self.history)
    var random = SplitMix64(seed: 21)
    for sample in Self.cases {
      let bytes = try history.bundle(sample.content, from: sample.from, subscription: sample.subscription)
        .bytes
      let whole = try read(bytes, history, sample)
      var unnoticed = 0
      for _ in 0..<500 {
        var damaged = bytes
        let bit = Int.random(in: 0..<bytes.count * 8, using: &random)
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        do {
          let text = try read(damaged, history, sample)
          #expect(text == whole, "bit \(bit)")
          unnoticed += 1
        } catch is BundleError {}
      }
      // Unused bits of the compressed streams, and upper bounds in the header.
      #expect(unnoticed < 25)
    }
  }

  @Test("A header that promises less than comes is caught when one more comes")
  func counts() throws {
    let history = try #require(Self.history)
    let (bytes, summary) = try history.bundle(.full, from: 6)
    let header = try BundleReader(source: once(bytes)).readHeader()
    for change in [
      { (header: inout BundleHeader) in header.revisionCount -= 1 },
      { $0.bodyCount = 1 }, { $0.unpackedSizeInBytes = 100 }, { $0.changeSetCount = 1 },
    ] {
      #expect(throws: BundleError.self) { try history.bundle(.full, from: 6, change: change) }
    }
    #expect(throws: BundleError.countMismatch(what: "revisions", declared: 99, found: header.revisionCount)) {
      try history.bundle(.full, from: 6) { $0.revisionCount = 99 }
    }
    // The size of the bodies is the header's last field.
    let size = header.unpackedSizeInBytes
    #expect((128..<1 << 14).contains(size) && summary.unpackedSizeInBytes <= size)
    var liar = bytes
    let end = Int(try #require(summary.sizes[.header]))
    #expect(liar[end - 2..<end] == [UInt8(size & 0x7f) | 0x80, UInt8(size >> 7)])
    let less = summary.unpackedSizeInBytes - 1
    liar.replaceSubrange(end - 2..<end, with: [UInt8(less & 0x7f) | 0x80, UInt8(less >> 7)])
    #expect(throws: BundleError.countMismatch(what: "bytes of bodies", declared: less, found: less + 1)) {
      _ = try read(liar, history, Self.cases[0])
    }
  }

  private func once(_ bytes: [UInt8]) -> (Int) -> [UInt8] {
    var rest = bytes[...]
    return { count in
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
  }

  @Test("A false size takes no memory: nothing is read that was not sent")
  func falseSizes() throws {
    let history = try #require(Self.history)
    let (bytes, summary) = try history.bundle(.heads, from: 5) { $0.coder = .deflate }
    let start = [BundleSummary.Part.header, .seal, .proof].reduce(0) { $0 + Int(summary.sizes[$1] ?? 0) }
    for frame in [
      // Metadata of 2^62 bytes; of more than a block may have; of 64 MiB in one packed byte.
      [0x05, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40],
      [0x05, 0x80, 0x80, 0x80, 0x40, 0x01, 0x00], [0x05, 0x80, 0x80, 0x80, 0x20, 0x01, 0x00],
      // Digests of 64 MiB that never come.
      [0x09, 0x80, 0x80, 0x80, 0x20],
    ] as [[UInt8]] {
      #expect(throws: BundleError.self) {
        try read(Array(bytes[..<start]) + frame, history, Self.cases[2])
      }
    }
    let coded = try history.bundle(.heads, from: 5).bytes
    for frame in [
      // Fields of 2^62 bytes; bodies of 2^35 bytes in one of several blocks; fields of 64 KiB that never come.
      [0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
      [0x02, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x01, 0x00], [0x81, 0x80, 0x08, 0x00],
    ] as [[UInt8]] {
      #expect(throws: BundleError.self) {
        try read(Array(coded[..<start]) + frame, history, Self.cases[2])
      }
    }
  }

  @Test("Another library, another key and another position are refused before anything is unpacked")
  func misfits() throws {
    let history = try #require(Self.history)
    let other = try SampleHistory(seed: 22, changeSetCount: 8, documentSize: 200)
    let key = history.logKey.verifierKey.publicKey
    func begin(_ bytes: [UInt8], _ context: BundleContext) throws {
      let reader = BundleReader(source: once(bytes))
      _ = try reader.readHeader()
      try reader.begin(context)
    }
    let first = try history.bundle(.full, from: 0).bytes
    let step = try history.bundle(.heads, from: 5).bytes
    try begin(first, BundleContext(library: nil, logKey: nil, position: CompactRange()))
    try begin(step, BundleContext(library: history.library, logKey: key, position: history.ranges[5]))
    #expect(throws: BundleError.wrongLibrary(found: history.library, expected: other.library)) {
      try begin(first, BundleContext(library: other.library, logKey: nil, position: CompactRange()))
    }
    #expect(throws: BundleError.wrongLogKey(history.library)) {
      try begin(
        first,
        BundleContext(library: nil, logKey: other.logKey.verifierKey.publicKey, position: CompactRange()))
    }
    #expect(throws: BundleError.wrongLogKey(history.library)) {
      try begin(step, BundleContext(library: nil, logKey: nil, position: history.ranges[5]))
    }
    for position in [UInt64(0), 4, 6] {
      #expect(throws: BundleError.doesNotFit(from: 5, known: 5, to: 8, position: position)) {
        try begin(
          step,
          BundleContext(library: history.library, logKey: key, position: history.ranges[Int(position)]))
      }
    }
    // The same size with another history: the signed root is not the one that the proof leads to.
    #expect(throws: BundleError.badSignature(of: "the checkpoint or its state")) {
      try begin(step, BundleContext(library: history.library, logKey: key, position: other.ranges[5]))
    }
  }

  @Test("Change sets that do not lead to the signed root are refused at the end")
  func anotherLog() throws {
    var history = try #require(Self.history)
    let seal = try history.seal(at: 8)
    history.changeSets.swapAt(6, 7)
    history.changeSets[6].number = 7
    history.changeSets[7].number = 8
    // What each has seen is told apart from the new order only when it is sent as it is.
    let bytes = try history.bundle(.full, from: 0, seal: seal).bytes
    let first = Case(content: .full, from: 0, subscription: .all)
    #expect(throws: BundleError.self) { try read(bytes, history, first) }
  }

  @Test(
    "A change set that contradicts itself is refused, even where the log's own key signed what it leads to")
  func signedNonsense() throws {
    let whole = try #require(Self.history)
    let last = whole.changeSets[7]
    let author = try #require(whole.authors.first { $0.verifierKey.publicKey == last.fields.author })
    let stranger = try #require(whole.authors.first { $0.verifierKey.publicKey != last.fields.author })
    let reason = try #require(last.seed.map { Commitment(reason: SHA256Hash(hashing: [7]), seed: $0) })
    let other = try SampleHistory(seed: 22, changeSetCount: 1).library
    func note(
      library: LibraryID? = nil, reason: Commitment? = nil, lineCount: Int? = nil,
      linesRoot: SHA256Hash? = nil
    ) throws -> SignedNote {
      let text = ChangeSetNote(
        library: library ?? last.fields.library, author: last.fields.author, time: last.fields.time,
        seen: last.fields.seen, after: last.fields.after, reason: reason ?? last.fields.reason,
        lineCount: lineCount ?? last.fields.lineCount, linesRoot: linesRoot ?? last.fields.linesRoot
      ).text
      // A second signature makes the note travel as it is.
      return try author.signedNote(text: text).adding(stranger.signedNote(text: text).signatures[0])
    }
    func read(_ note: SignedNote) throws {
      var history = whole
      history.changeSets[7].note = note
      var range = history.ranges[7]
      range.append(leaf: MerkleHash.leaf(note.bytes))
      history.ranges[8] = range
      let bytes = try history.bundle(.full, from: 6).bytes
      _ = try self.read(bytes, history, Case(content: .full, from: 6, subscription: .all))
    }
    // The way it is made is not what is refused.
    try read(note())
    #expect(throws: BundleError.wrongLibrary(found: other, expected: whole.library)) {
      try read(note(library: other))
    }
    let isRefused = BundleError.badSignature(of: "change set 8")
    #expect(throws: isRefused) { try read(note(linesRoot: SHA256Hash(hashing: [1]))) }
    if last.reason != nil { #expect(throws: isRefused) { try read(note(reason: reason)) } }
    #expect(throws: BundleError.self) { try read(note(lineCount: last.fields.lineCount + 1)) }
    let text = last.fields.text
    #expect(throws: isRefused) { try read(stranger.signedNote(text: text)) }
    var signature = try author.signedNote(text: text).signatures[0]
    signature = try NoteSignature(
      name: signature.name, keyID: signature.keyID, signature: signature.signature.reversed())
    #expect(throws: isRefused) { try read(SignedNote(text: text, signatures: [signature])) }
  }

  @Test("A base that the receiver does not hold is named")
  func missingBase() throws {
    let history = try #require(Self.history)
    let bytes = try history.bundle(.heads, from: 5).bytes
    var host = SampleHost(history: history, at: 0)
    host.contents = [:]
    let context = BundleContext(
      library: history.library, logKey: history.logKey.verifierKey.publicKey, position: history.ranges[5])
    do {
      _ = try receive(bytes, context, host: &host)
      Issue.record("a missing base went unnoticed")
    } catch BundleError.missingBase(let path) {
      #expect(history.states[8][path] != nil)
    }
  }

  @Test("A reader that has failed stays failed, and a source's error comes through")
  func failedOnce() throws {
    struct LostLine: Error {}
    let history = try #require(Self.history)
    let bytes = try history.bundle(.full, from: 0).bytes
    var given = 0
    let reader = BundleReader { count in
      guard given + 100 < bytes.count else { throw LostLine() }
      defer { given += min(count, 100) }
      return Array(bytes[given..<given + min(count, 100)])
    }
    _ = try reader.readHeader()
    try reader.begin(BundleContext(library: nil, logKey: nil, position: CompactRange()))
    var host = SampleHost(history: history, at: 0)
    for _ in 0..<2 {
      #expect(throws: LostLine.self) { while try reader.next(host: &host) != nil {} }
    }
  }
}
