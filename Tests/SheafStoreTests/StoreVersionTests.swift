import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@Suite("Whether a store has changed")
struct StoreVersionTests {
  private static func change(_ store: LibraryStore, _ byte: UInt8) async throws {
    try await store.write(purpose: "test") { try $0.storeBody([byte], hash: SHA256Hash(hashing: [byte])) }
  }

  @Test("Every commit makes another number of it, another connection's too; reading makes none")
  func changes() async throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url, options: .quick)
    let first = try #require(store.version() as Int64?)
    #expect(try await store.read { try $0.bodyHashes() }.isEmpty)
    #expect(store.version() == first)
    try await Self.change(store, 1)
    let second = try #require(store.version() as Int64?)
    #expect(second != first && store.version() == second)
    // Another process would have connections of its own as well.
    let other = try LibraryStore.open(in: folder.url, options: .quick)
    #expect(store.version() == second)
    try await Self.change(other, 2)
    let third = try #require(store.version() as Int64?)
    #expect(third != second && third != first)
    await #expect(throws: CancellationError.self) {
      try await other.write(purpose: "test") { transaction in
        try transaction.storeBody([3], hash: SHA256Hash(hashing: [3]))
        throw CancellationError()
      }
    }
    #expect(store.version() == third)
    try other.close()
    try store.close()
    #expect(store.version() == nil)
  }

  @Test("Asking keeps nobody from moving the write-ahead log into the file")
  func checkpoints() async throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url, options: .quick)
    try await Self.change(store, 1)
    _ = store.version()
    try store.checkpointFile()
    let log = folder.appending(LibraryStore.fileName + "-wal")
    #expect(try FileManager.default.attributesOfItem(atPath: log.path)[.size] as? Int == 0)
    try store.close()
  }
}
