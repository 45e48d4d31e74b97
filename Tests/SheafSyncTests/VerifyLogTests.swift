import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// Each lie leaves all else in agreement, so that one check alone can see it.
@Suite("What one check of the log alone sees")
struct VerifyLogTests {
  /// Three change sets of one line each.
  private func world() async throws -> SyncWorld {
    let world = try await SyncWorld()
    for text in ["one", "two", "three"] { try await world.put(text, at: "a/x.md") }
    return world
  }

  @Test("A forger with every key who tells the truth is not noticed")
  func truth() async throws {
    let world = try await world()
    let before = try await world.publisher.store.read { try $0.position().root }
    try await world.publisher.forgeLast()
    #expect(try await world.publisher.problems() == [])
    // Ed25519 signs the same text the same way: the log is what it was.
    #expect(try await world.publisher.store.read { try $0.position().root } == before)
  }

  @Test("An author who had seen another log")
  func otherLogSeen() async throws {
    let world = try await world()
    try await world.publisher.forgeLast(seen: .init(size: 2, root: .zero))
    #expect(
      try await world.publisher.problems() == [
        "change set 3: its author had seen another log at checkpoint 2"
      ])
  }

  @Test("An author who had seen what comes later", arguments: [3, 4] as [UInt64])
  func futureSeen(size: UInt64) async throws {
    let world = try await world()
    let root = try await world.publisher.store.read { try $0.position().root }
    try await world.publisher.forgeLast(seen: .init(size: size, root: root))
    // What follows from such a log can't be told either.
    #expect(
      try await world.publisher.problems().contains(
        "change set 3: its author claims to have seen checkpoint \(size)"))
  }

  @Test("A number that was passed over")
  func gap() async throws {
    let world = try await world()
    try await world.publisher.forgeLast(number: 5)
    #expect(try await world.publisher.problems() == ["change set 5: the log has a gap before it"])
  }

  @Test("A position with another root than the log's")
  func otherRoot() async throws {
    let world = try await world()
    try await world.publisher.store.write(purpose: "test") { transaction in
      let nodes = [SHA256Hash](repeating: .zero, count: 2)
      let range: CompactRange = try #require(CompactRange(size: 3, nodes: nodes))
      try transaction.setPosition(range)
      // Their text would be looked for under this root.
      try transaction.tamper("DELETE FROM cosignature")
    }
    #expect(
      try await world.publisher.problems() == ["log: its root is not that of this copy's position"])
  }

  @Test("A position before the log's end")
  func shortPosition() async throws {
    let world = try await world()
    try await world.publisher.store.write(purpose: "test") { transaction in
      try transaction.setPosition(MerkleProof.compactRange(size: 2, nodes: transaction.node))
    }
    #expect(
      try await world.publisher.problems().contains(
        "log: it has 3 change sets, and this copy's position is 2"))
  }

  @Test("A checkpoint of a log that is not there")
  func checkpointBeyond() async throws {
    let world = try await SyncWorld()
    let publisher = world.publisher
    let key = try publisher.keys.logKey(origin: publisher.id)
    let checkpoint = try Checkpoint(origin: publisher.id.text, size: 5, root: .zero)
    let state = try StateNote(origin: publisher.id.text, size: 5, root: .zero)
    try await publisher.store.write(purpose: "test") { transaction in
      try transaction.insert(
        StoredCheckpoint(
          size: 5, note: try key.signedNote(text: checkpoint.text).bytes,
          stateNote: try key.signedNote(text: state.text).bytes))
    }
    try publisher.records.write(SignerRecord(checkpoint))
    #expect(try await publisher.problems() == ["checkpoint 5: it lies beyond this copy's position 0"])
  }
}
