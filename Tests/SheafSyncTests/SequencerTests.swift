import Foundation
import SheafLog
import SheafModel
import SheafStore
import SheafSync
import SheafTesting
import Testing

@Suite("The sequencer and its signer")
struct SequencerTests {
  @Test("A publisher restored from an old backup appends nothing, and can still be read")
  func restoredBackup() async throws {
    let world = try await SyncWorld()
    try world.content.write("1", to: "a.md")
    _ = try await world.publish()
    let home = world.folder.appending("publisher")
    try await world.publisher.close()
    // A backup of the store alone: the keys stay, as they lie on another disk or in another safe.
    let manager = FileManager.default
    func storeFiles(in folder: URL) throws -> [String] {
      try manager.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix(LibraryStore.fileName) }
    }
    let backup = world.folder.appending("backup")
    try manager.createDirectory(at: backup, withIntermediateDirectories: true)
    for name in try storeFiles(in: home) {
      try manager.copyItem(at: home.appending(path: name), to: backup.appending(path: name))
    }

    let later = try await Library.open(at: home, environment: world.environment)
    try world.content.write("2", to: "a.md")
    _ = try await later.publish(folder: world.content.url, reason: "r")
    try await later.close()
    for name in try storeFiles(in: home) { try manager.removeItem(at: home.appending(path: name)) }
    for name in try storeFiles(in: backup) {
      try manager.copyItem(at: backup.appending(path: name), to: home.appending(path: name))
    }

    let restored = try await Library.open(at: home, environment: world.environment)
    await #expect(throws: SignerRefusal.smaller(size: 1, signed: 2)) {
      _ = try await restored.publish(folder: world.content.url, reason: "r")
    }
    let content = try await restored.content(of: try DocumentPath("a.md"))
    #expect(content?.bytes == Array("1".utf8))
    #expect(try await restored.figures().changeSets == 1)
    try await restored.close()
  }

  @Test("A clock in 1970 makes a library that works")
  func clockIn1970() async throws {
    var environment = TestWorld(seed: 3).environment
    environment.clock = { Timestamp(seconds: 0) }
    let world = try await SyncWorld(environment: environment)
    try world.content.write("1", to: "a.md")
    _ = try await world.publish()
    try world.content.write("2", to: "a.md")
    _ = try await world.publish()
    #expect(
      try await world.publisher.history(of: try DocumentPath("a.md")).map(\.time).first?.hasPrefix("1970")
        == true)
    #expect(try await world.text("a.md") == "2")
  }
}
