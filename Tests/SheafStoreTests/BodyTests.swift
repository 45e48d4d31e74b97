import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafStore

@Suite("Bodies")
struct BodyTests {
  private func withStore(_ body: (StoreTransaction) throws -> Void) throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url, options: .quick)
    defer { try? store.close() }
    try store.writeBlocking(purpose: "test", body)
  }

  @Test("Content of any kind and size comes back as it was, and stands once")
  func once() throws {
    var random = SplitMix64(seed: 3)
    let contents: [[UInt8]] = [
      [], [0], [UInt8](repeating: 0, count: 63), [UInt8](repeating: 65, count: 64),
      [UInt8](repeating: 65, count: 1 << 20), random.bytes(1000), random.bytes(100_000),
      Array(String(repeating: "recruiting, ", count: 3000).utf8),
    ]
    try withStore { (transaction) throws in
      for content in contents + contents {
        let hash = SHA256Hash(hashing: content)
        try transaction.storeBody(content, hash: hash)
        #expect(try transaction.body(hash) == content)
        #expect(try transaction.bodySize(hash) == UInt64(content.count))
      }
      #expect(try transaction.bodyHashes().count == contents.count)
      let hash = SHA256Hash(hashing: contents[4])
      let stored = try transaction.integer("SELECT length(data) FROM body WHERE hash = ?", [hash.data])
      #expect(try #require(stored) < 10_000)
      #expect(try transaction.body(.zero) == nil)
    }
  }

  @Test("Contents whose hashes start alike are told apart")
  func alike() throws {
    let hashes = (0..<3).compactMap { last in
      SHA256Hash(bytes: [UInt8](repeating: 7, count: 31) + [UInt8(last)])
    }
    try withStore { (transaction) throws in
      for (number, hash) in hashes.dropLast().enumerated() {
        try transaction.storeBody([UInt8(number)], hash: hash)
        try transaction.storeBody([UInt8(number)], hash: hash)
      }
      #expect(try transaction.bodyHashes() == Array(hashes.dropLast()))
      transaction.bodyCache.removeAll()
      #expect(try hashes.map { try transaction.body($0) } == [[0], [1], nil])
      #expect(try transaction.holdsBody(hashes[2]) == false)
      try transaction.dropUnneededBodies([hashes[0]])
      #expect(try transaction.bodyHashes() == [hashes[1]])
    }
  }

  @Test("A pack that takes the number of one that went is not taken for it")
  func numbers() throws {
    try withStore { (transaction) throws in
      let first = Array("the first pack's content".utf8)
      try transaction.storeBody(first, hash: SHA256Hash(hashing: first))
      _ = try pack([first], transaction)
      // Read, so that its pack is remembered.
      #expect(try transaction.body(SHA256Hash(hashing: first)) == first)
      let number = try transaction.newestPack()
      try transaction.dropUnneededBodies([SHA256Hash(hashing: first)])
      #expect(try transaction.newestPack() == 0)
      let second = Array("another pack's content".utf8)
      try transaction.storeBody(second, hash: SHA256Hash(hashing: second))
      var packer = BodyPacker(transaction, run: 0)
      try packer.add(SHA256Hash(hashing: second), bases: [])
      try packer.flush()
      #expect(try transaction.newestPack() == number)
      transaction.bodyCache.removeAll()
      #expect(try transaction.body(SHA256Hash(hashing: second)) == second)
    }
  }

  @Test("A stored body that was changed does not pass for content")
  func damaged() throws {
    let content = [UInt8](repeating: 65, count: 5000)
    let hash = SHA256Hash(hashing: content)
    let damages = [
      "UPDATE body SET data = x'00'", "UPDATE body SET size = size + 1", "UPDATE body SET size = -1",
      "UPDATE body SET size = 9000000000000000000", "UPDATE body SET coding = 0",
      "UPDATE body SET coding = 7",
    ]
    for damage in damages {
      try withStore { (transaction) throws in
        try transaction.storeBody(content, hash: hash)
        try transaction.execute(damage)
        // As another transaction would find it.
        transaction.bodyCache.removeAll()
        #expect(throws: StoreError.self, "\(damage)") { try transaction.body(hash) }
      }
    }
  }

  @Test("Content that anything names is kept, however much else is dropped with it", arguments: [1, 100])
  func kept(unneeded: Int) throws {
    try withStore { (transaction) throws in
      var hashes: [SHA256Hash] = []
      for number in 0..<(7 + unneeded) {
        let bytes = Array("content \(number)".utf8)
        hashes.append(SHA256Hash(hashing: bytes))
        try transaction.storeBody(bytes, hash: hashes[number])
      }
      let path = try DocumentPath("a.md")
      let document = try transaction.documentRow(path)
      try transaction.setHeads(
        hashes[0..<2].map { StoredHead(revision: nil, content: $0, sizeInBytes: 9) }, conflictBase: hashes[2],
        of: document)
      let name = RevisionName(changeSet: 1, line: 1)
      try transaction.setProposals(
        [
          StoredProposal(
            document: document, name: name, revision: nil, content: hashes[3], sizeInBytes: 9)
        ], of: document)
      let seed = try #require(Seed(bytes: [UInt8](repeating: 7, count: 16)))
      try transaction.insertDraft(
        leaf: .zero, note: [], seed: seed, reason: [],
        lines: [
          StoredDraftLine(
            line: 1, path: path, verb: .put, base: .head, sizeInBytes: 9, content: hashes[4],
            baseContent: hashes[5])
        ])
      try transaction.quarantine(
        leaf: .zero, author: [], note: [], seed: seed, reason: [], lines: "", bodies: [hashes[6]],
        refusal: "", time: Timestamp(seconds: 0))
      try transaction.dropUnneededBodies(Set(hashes))
      #expect(try transaction.bodyHashes() == Array(hashes[..<7]))
    }
  }

  /// Forty versions of a text, each made from the one before.
  private static let versions: [[UInt8]] = (0..<40).map { version in
    (0..<200).flatMap { line in Array("Line \(line) of version \(line == version ? version : 0).\n".utf8) }
  }

  @Test("A body made from another is kept as a delta, in chains of bounded length, and read back as it was")
  func deltas() throws {
    try withStore { (transaction) throws in
      var base: SHA256Hash?
      for version in Self.versions {
        let hash = SHA256Hash(hashing: version)
        try transaction.storeBody(version, hash: hash, base: base)
        base = hash
      }
      transaction.bodyCache.removeAll()
      for version in Self.versions.reversed() {
        #expect(try transaction.body(SHA256Hash(hashing: version)) == version)
        transaction.bodyCache.removeAll()
      }
      #expect(try transaction.integer("SELECT max(depth) FROM body") == Int64(BodyDelta.longestChain))
      let stored = try #require(try transaction.integer("SELECT sum(length(data)) FROM body"))
      #expect(stored < Int64(Self.versions.reduce(0) { $0 + $1.count } / 20))
    }
  }

  @Test("A base outlives its document for as long as another body is a delta against it")
  func basesStay() throws {
    try withStore { (transaction) throws in
      let hashes = Self.versions.prefix(2).map { SHA256Hash(hashing: $0) }
      try transaction.storeBody(Self.versions[0], hash: hashes[0])
      try transaction.storeBody(Self.versions[1], hash: hashes[1], base: hashes[0])
      try transaction.dropUnneededBodies([hashes[0]])
      #expect(try transaction.body(hashes[1]) == Self.versions[1])
      #expect(try transaction.holdsBody(hashes[0]))
      try transaction.dropUnneededBodies([hashes[1]])
      try transaction.dropUnneededBodies([hashes[0]])
      #expect(try transaction.bodyHashes().isEmpty)
    }
  }

  @Test("A delta that was damaged, or whose base leads in a circle, is found out")
  func damagedDeltas() throws {
    let damages = [
      "UPDATE body SET data = x'00' WHERE coding = 2", "UPDATE body SET data = zeroblob(40) WHERE coding = 2",
      "UPDATE body SET base = id WHERE coding = 2", "UPDATE body SET base = NULL WHERE coding = 2",
      "UPDATE body SET data = x'ffffffffffffffffffffffff' WHERE coding = 2",
    ]
    for damage in damages {
      try withStore { (transaction) throws in
        let hashes = Self.versions.prefix(2).map { SHA256Hash(hashing: $0) }
        try transaction.storeBody(Self.versions[0], hash: hashes[0])
        try transaction.storeBody(Self.versions[1], hash: hashes[1], base: hashes[0])
        try transaction.execute(damage)
        transaction.bodyCache.removeAll()
        #expect(throws: StoreError.self, "\(damage)") { try transaction.body(hashes[1]) }
      }
    }
  }

  /// Packs bodies as one run would, each against the one before it.
  private func pack(_ versions: some Sequence<[UInt8]>, _ transaction: StoreTransaction) throws -> Int {
    var packer = BodyPacker(transaction, run: try transaction.newestPack())
    var newer: SHA256Hash?
    var newest: SHA256Hash?
    for version in versions {
      let hash = SHA256Hash(hashing: version)
      try packer.add(hash, bases: [newer, newest].compactMap { $0 })
      newer = hash
      newest = newest ?? hash
    }
    try packer.flush()
    transaction.bodyCache.removeAll()
    transaction.packCache.removeAll()
    return packer.count
  }

  @Test("Packed bodies come back as they were, are smaller, and may be packed again in another order")
  func packs() throws {
    try withStore { (transaction) throws in
      var base: SHA256Hash?
      for version in Self.versions {
        let hash = SHA256Hash(hashing: version)
        try transaction.storeBody(version, hash: hash, base: base)
        base = hash
      }
      func size() throws -> Int64 {
        try transaction.integer(
          "SELECT sum(length(data)) + (SELECT coalesce(sum(length(data)), 0) FROM pack) FROM body") ?? 0
      }
      let before = try size()
      for order in [Array(Self.versions.reversed()), Self.versions, Self.versions.reversed()] {
        #expect(try pack(order, transaction) == 40)
        for version in Self.versions {
          #expect(try transaction.body(SHA256Hash(hashing: version)) == version)
          transaction.bodyCache.removeAll()
        }
        #expect(try transaction.integer("SELECT count(*) FROM pack") == 1)
        #expect(try transaction.integer("SELECT max(depth) FROM body") == Int64(BodyPacker.longestChain))
      }
      #expect(try size() < before * 2 / 3)
      // What comes later may build on what is packed, and stays when that is packed again.
      let later = Self.versions[39] + Array("One more line.\n".utf8)
      let hash = SHA256Hash(hashing: later)
      try transaction.storeBody(later, hash: hash, base: SHA256Hash(hashing: Self.versions[39]))
      #expect(try pack(Self.versions, transaction) == 40)
      #expect(try transaction.body(hash) == later)
    }
  }

  @Test("Bodies of every kind can be packed, and a pack goes with its last body")
  func packedKinds() throws {
    var random = SplitMix64(seed: 4)
    let contents: [[UInt8]] = [
      [], [0], [UInt8](repeating: 65, count: 300_000), random.bytes(300_000), random.bytes(100),
      random.bytes(200_000), Array("text".utf8),
    ]
    try withStore { (transaction) throws in
      for content in contents { try transaction.storeBody(content, hash: SHA256Hash(hashing: content)) }
      #expect(try pack(contents, transaction) == contents.count)
      #expect(try #require(try transaction.integer("SELECT count(*) FROM pack")) > 1)
      for content in contents {
        #expect(try transaction.body(SHA256Hash(hashing: content)) == content)
      }
      try transaction.dropUnneededBodies(Set(contents.map { SHA256Hash(hashing: $0) }))
      #expect(try transaction.integer("SELECT count(*) FROM pack") == 0)
    }
  }

  @Test("A pack that was damaged is found out, whatever its bytes")
  func damagedPacks() throws {
    var random = SplitMix64(seed: 5)
    let contents = Array(Self.versions.prefix(3))
    try withStore { (transaction) throws in
      for content in contents { try transaction.storeBody(content, hash: SHA256Hash(hashing: content)) }
      #expect(try pack(contents, transaction) == 3)
      let good = try #require(try transaction.blob("SELECT data FROM pack"))
      for round in 0..<200 {
        var bad = good
        if round % 4 == 0 {
          bad.removeLast(1 + Int(random.next() % UInt64(good.count)))
        } else {
          bad[Int(random.next() % UInt64(good.count))] ^= UInt8(1 << (random.next() % 8))
        }
        try transaction.execute("UPDATE pack SET data = ?", [Data(bad)])
        for content in contents {
          transaction.bodyCache.removeAll()
          transaction.packCache.removeAll()
          // A flipped letter of a literal is seen by whoever hashes, as `verify` does.
          let read = try? transaction.body(SHA256Hash(hashing: content))
          #expect(read == nil || read?.count == content.count)
        }
      }
      try transaction.execute("UPDATE pack SET data = ?", [Data(good)])
      for damage in [
        "UPDATE body SET entry = 99", "UPDATE body SET pack = NULL", "UPDATE body SET base = id",
      ] {
        try transaction.execute(damage)
        transaction.bodyCache.removeAll()
        transaction.packCache.removeAll()
        #expect(throws: StoreError.self) { try transaction.body(SHA256Hash(hashing: contents[0])) }
      }
    }
  }

  @Test("Only content that nothing needs is dropped")
  func dropping() throws {
    try withStore { (transaction) throws in
      try transaction.setFacts(StoreFileTests.facts)
      var log = TestLog(transaction)
      try log.append([.init(.put, "a.md", "-", "old")])
      try log.append([.init(.put, "a.md", "@", "new")])
      func hash(_ text: String) -> SHA256Hash { SHA256Hash(hashing: Array(text.utf8)) }
      for text in ["draft", "base", "quarantined", "nobody's"] {
        try transaction.storeBody(Array(text.utf8), hash: hash(text))
      }
      var random = SplitMix64(seed: 1)
      let seed = Seed(using: &random)
      try transaction.insertDraft(
        leaf: TestLog.leaf(100), note: [], seed: seed, reason: [],
        lines: [
          StoredDraftLine(
            line: 1, path: try DocumentPath("a.md"), verb: .put, base: .head, sizeInBytes: 5,
            content: hash("draft"),
            baseContent: hash("base"))
        ])
      try transaction.quarantine(
        leaf: TestLog.leaf(101), author: [1], note: [], seed: seed, reason: [], lines: "",
        bodies: [hash("quarantined")],
        refusal: "no", time: Timestamp(seconds: 0))
      try transaction.dropUnneededBodies(
        Set(["old", "new", "draft", "base", "quarantined", "nobody's"].map(hash)))
      #expect(
        try Set(transaction.bodyHashes()) == Set(["old", "new", "draft", "base", "quarantined"].map(hash)))
      #expect(try transaction.refusal(leaf: TestLog.leaf(101)) == "no")

      // A draft that is in the log, and that this copy holds up to there, needs nothing of its own.
      try transaction.setOutcome(of: TestLog.leaf(100), .logged, changeSet: 3)
      #expect(try transaction.removeLoggedDrafts(upTo: 2).isEmpty)
      let freed = try transaction.removeLoggedDrafts(upTo: 3)
      #expect(freed == [hash("draft"), hash("base")])
      try transaction.dropUnneededBodies(freed)
      #expect(try transaction.drafts([.waiting, .logged]).isEmpty)
      #expect(try !transaction.holdsBody(hash("draft")))
    }
  }

  @Test(
    "Of each author the newest refused drafts are kept, by number and by size, and contents go with the rest")
  func quarantineLimits() throws {
    #expect(Limits.quarantinedChangeSets == 10_000 && Limits.quarantinedBytes == 256 << 20)
    try withStore { (transaction) throws in
      var random = SplitMix64(seed: 1)
      let seed = Seed(using: &random)
      var contents: [Int: SHA256Hash] = [:]
      func refuse(_ number: Int, author: UInt8, sizeInBytes: Int, most: Int = 3, mostBytes: Int = 1000) throws
      {
        let bytes = [UInt8](repeating: UInt8(number), count: sizeInBytes)
        let hash = SHA256Hash(hashing: bytes)
        try transaction.storeBody(bytes, hash: hash)
        contents[number] = hash
        try transaction.quarantine(
          leaf: TestLog.leaf(UInt64(number)), author: [author], note: [], seed: seed, reason: [], lines: "",
          bodies: [hash], refusal: "no", time: Timestamp(seconds: Int64(number)), mostChangeSets: most,
          mostBytes: mostBytes)
      }
      func kept() throws -> [Int] {
        try contents.filter { number, hash in
          let isThere = try transaction.refusal(leaf: TestLog.leaf(UInt64(number))) != nil
          #expect(try transaction.holdsBody(hash) == isThere)
          return isThere
        }.keys.sorted()
      }
      for number in 1...3 { try refuse(number, author: 1, sizeInBytes: 100) }
      try refuse(4, author: 2, sizeInBytes: 900)
      #expect(try kept() == [1, 2, 3, 4])
      try refuse(5, author: 1, sizeInBytes: 100)
      #expect(try kept() == [2, 3, 4, 5])
      try refuse(6, author: 1, sizeInBytes: 850)
      #expect(try kept() == [4, 5, 6])
      try refuse(7, author: 2, sizeInBytes: 2000)
      #expect(try kept() == [5, 6, 7])
    }
  }

  @Test("A name that a careless disk confuses with another is found, in either form and case")
  func collisions() throws {
    try withStore { (transaction) throws in
      var log = TestLog(transaction)
      try log.append([.init(.put, "articles/Caf\u{e9}.md", "-", "a"), .init(.put, "gone.md", "-", "g")])
      try log.append([.init(.delete, "gone.md", "@")])
      func found(_ path: String) throws -> [String] {
        try transaction.collisions(with: DocumentPath(path)).map(\.text)
      }
      #expect(try found("articles/cafe\u{301}.md") == ["articles/Caf\u{e9}.md"])
      #expect(try found("articles/CAF\u{c9}.MD").count == 1)
      #expect(try found("articles/Caf\u{e9}.md").isEmpty)
      #expect(try found("articles/cafe.md").isEmpty)
      #expect(try found("GONE.md").isEmpty)
    }
  }
}
