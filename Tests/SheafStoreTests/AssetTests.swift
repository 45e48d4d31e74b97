import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafStore

@Suite("Assets in the store")
struct AssetTests {
  private func withStore(_ body: (StoreTransaction) throws -> Void) throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url, options: .quick)
    defer { try? store.close() }
    try store.writeBlocking(purpose: "test", body)
  }

  private func asset(seed: UInt64 = 1, count: Int = 1_500_000) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return random.bytes(count)
  }

  private func chunkCount(_ transaction: StoreTransaction) throws -> Int64 {
    try transaction.integer("SELECT count(*) FROM chunk") ?? 0
  }

  private func read(_ hash: SHA256Hash, _ transaction: StoreTransaction) throws -> [UInt8] {
    var bytes: [UInt8] = []
    #expect(try transaction.forEachPiece(of: hash) { bytes += $0 })
    return bytes
  }

  @Test("What is no text and large is kept in chunks, and comes back as it was")
  func roundTrip() throws {
    let bytes = asset()
    let hash = SHA256Hash(hashing: bytes)
    try withStore { transaction in
      try transaction.storeBody(bytes, hash: hash)
      #expect(try transaction.assetSize(hash) == UInt64(bytes.count))
      #expect(try transaction.body(hash) == nil, "an asset is never handed out whole")
      #expect(try read(hash, transaction) == bytes)
      #expect(
        try transaction.bytes(of: hash, from: 700_001, count: 99_999) == Array(bytes[700_001..<800_000]))
      #expect(try transaction.bytes(of: hash, from: 1_499_999, count: 10) == [bytes[1_499_999]])
      #expect(try transaction.bytes(of: hash, from: 1_500_000, count: 10) == [])
    }
  }

  @Test("Text stays whole up to the largest document, and other content up to 1 MiB")
  func rule() throws {
    let text = Array(String(repeating: "Straße ", count: 200_000).utf8)
    var random = SplitMix64(seed: 2)
    let small = random.bytes(1 << 20)
    try withStore { transaction in
      for bytes in [text, small] {
        let hash = SHA256Hash(hashing: bytes)
        try transaction.storeBody(bytes, hash: hash)
        #expect(try transaction.body(hash) == bytes)
        #expect(try transaction.assetSize(hash) == nil)
      }
    }
    #expect(AssetRule.isAsset(sizeInBytes: 64 << 20 + 1, start: text))
    #expect(AssetRule.isAsset(sizeInBytes: 2 << 20, start: [0x25, 0x50, 0x44, 0x46, 0xff]))
    // A character that is cut where the looked-at bytes end is no reason.
    let cut = [UInt8](repeating: 65, count: AssetRule.startSizeInBytes - 1) + Array("ß".utf8)
    #expect(!AssetRule.isAsset(sizeInBytes: 2 << 20, start: cut))
  }

  @Test("A changed byte costs one chunk, and a dropped asset takes its own chunks only")
  func sharing() throws {
    let old = asset()
    var new = old
    new[750_000] ^= 1
    let (first, second) = (SHA256Hash(hashing: old), SHA256Hash(hashing: new))
    try withStore { transaction in
      try transaction.storeBody(old, hash: first)
      let alone = try chunkCount(transaction)
      try transaction.storeBody(new, hash: second)
      #expect((alone + 1...alone + 2).contains(try chunkCount(transaction)))
      try transaction.dropUnneededBodies([first])
      #expect(try chunkCount(transaction) == alone)
      #expect(try read(second, transaction) == new)
      try transaction.dropUnneededBodies([second])
      #expect(try chunkCount(transaction) == 0)
    }
  }

  @Test("Content that comes in pieces is stored as if it had come whole, and twice is once")
  func pieces() throws {
    let bytes = asset(seed: 4)
    try withStore { transaction in
      for size in [1, 70_000, 3 << 20] where size > 1 || bytes.count < 2 {
        var intake = ContentIntake(transaction)
        var start = 0
        while start < bytes.count {
          let end = min(bytes.count, start + size)
          try intake.add(Array(bytes[start..<end]))
          start = end
        }
        let stored = try intake.finish()
        #expect(stored.hash == SHA256Hash(hashing: bytes))
        #expect(stored.sizeInBytes == UInt64(bytes.count))
      }
      #expect(try transaction.bodyHashes().count == 1)
      var writer = AssetWriter(transaction)
      try writer.add(bytes)
      let before = try chunkCount(transaction)
      #expect(try writer.finish() == SHA256Hash(hashing: bytes))
      #expect(try chunkCount(transaction) == before - 1, "what only another cutting needs does not stay")
    }
  }

  @Test("A damaged chunk does not pass for content")
  func damaged() throws {
    let zeros = [UInt8](repeating: 0, count: 1_200_000)
    for damage in [
      "UPDATE chunk SET data = x'00'", "UPDATE chunk SET coding = 7", "UPDATE chunk SET size = size + 1",
      "UPDATE chunk SET size = -1", "UPDATE chunk SET coding = 0",
    ] {
      try withStore { transaction in
        let hash = SHA256Hash(hashing: zeros)
        try transaction.storeBody(zeros, hash: hash)
        try transaction.execute(damage)
        #expect(throws: StoreError.self, "\(damage)") { try transaction.forEachPiece(of: hash) { _ in } }
      }
    }
  }

  @Test("An asset that is let go of stays known, and one that a draft needs stays")
  func eviction() throws {
    let bytes = asset(seed: 5)
    let hash = SHA256Hash(hashing: bytes)
    try withStore { transaction in
      try transaction.storeBody(bytes, hash: hash)
      #expect(try transaction.evict(hash) == UInt64(bytes.count))
      #expect(try transaction.absentSize(hash) == UInt64(bytes.count))
      #expect(try chunkCount(transaction) == 0)
      #expect(try transaction.evict(hash) == nil)
      try transaction.storeBody(bytes, hash: hash)
      #expect(try transaction.absentSize(hash) == nil)
    }
  }
}
