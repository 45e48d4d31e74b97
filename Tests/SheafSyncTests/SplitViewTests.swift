import Foundation
import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Split views")
struct SplitViewTests {
  /// Two worlds of one publisher's keys: a log that went on in two ways after the same first change set.
  private func forked() async throws -> (one: SyncWorld, other: SyncWorld) {
    let worlds = (one: try await SyncWorld(seed: 1), other: try await SyncWorld(seed: 1))
    for world in [worlds.one, worlds.other] { try await put("1", in: world) }
    try await put("told to one", in: worlds.one)
    try await put("told to another", in: worlds.other)
    return worlds
  }

  private func put(_ text: String, in world: SyncWorld) async throws {
    _ = try await world.publisher.put(Array(text.utf8), at: DocumentPath("a.md"), reason: "r")
  }

  private func expectEvidence(_ library: Library, at place: String) async throws {
    let views = try await library.splitViews()
    let view = try #require(views.first)
    #expect(views.count == 1 && view.place.hasSuffix(place))
    let status = try await library.status()
    #expect(status.splitViews == 1)
    #expect(
      try await library.verify(rebuild: false, activity: { _ in }).problems.map(\.place)
        == ["checkpoint \(view.size)"] + (library.isPublisher ? ["keys/signed"] : []))
    // Whoever has the log's key can judge what is written out.
    try await withTemporaryFolder { folder in
      #expect(try await library.exportSplitViews(to: folder) == 1)
      let text = try String(contentsOf: folder.appending(path: "log.vkey"), encoding: .utf8)
      let key = try VerifierKey(parsing: text.trimmingCharacters(in: .newlines))
      let notes = try ["own", "theirs"].map { name in
        try SignedCheckpoint(
          parsing: Array(try Data(contentsOf: folder.appending(path: "1-\(name).checkpoint"))))
      }
      for note in notes { try note.verified(by: key, origin: library.id.text) }
      #expect(notes[0].checkpoint.root != notes[1].checkpoint.root)
    }
  }

  @Test("Two roots of one size, shown by a server, are kept as evidence and end the sync")
  func server() async throws {
    let worlds = try await forked()
    let replica = try await worlds.one.replica()
    await #expect(throws: HistoryRewritten.self) {
      try await replica.sync(with: MemoryRemote(service: worlds.other.publisher, address: "liar"))
    }
    try await expectEvidence(replica, at: "liar")
    // The same lie again is one piece of evidence, and an honest sync still says what was seen.
    _ = try? await replica.sync(with: MemoryRemote(service: worlds.other.publisher, address: "liar"))
    let report = try await replica.sync(with: MemoryRemote(service: worlds.one.publisher))
    #expect(report.splitViews == 1 && report.isSameAsPublisher)
    try await expectEvidence(replica, at: "liar")
  }

  @Test("A longer log that does not start with what this copy has is refused; the older checkpoint tells")
  func doesNotExtend() async throws {
    let worlds = try await forked()
    let replica = try await worlds.one.replica()
    try await put("and more", in: worlds.other)
    await #expect {
      try await replica.sync(with: MemoryRemote(service: worlds.other.publisher, address: "liar"))
    } throws: {
      ($0 as? any SheafFailure)?.kind == .verification
    }
    #expect(try await replica.status().size == 2)
    // A copy of the longer log, which has both sizes, finds the shorter one in its own past.
    let longer = try await worlds.other.replica()
    #expect(try await longer.compare(try await worlds.one.publisher.checkpointNote(), seenAt: "here"))
    try await expectEvidence(longer, at: "here")
    #expect(
      try await !longer.compare(try await worlds.other.publisher.checkpointNote(), seenAt: "there"))
  }

  @Test("Two clinics that were told different things find out over a stick")
  func gossip() async throws {
    let worlds = try await forked()
    let first = try await worlds.one.replica("first")
    let second = try await worlds.other.replica("second")
    let stick = try TestFolder()
    _ = try await worlds.one.publisher.exchange(with: FolderRemote(folder: stick.url))
    _ = try await first.sync(with: FolderRemote(folder: stick.url))
    _ = try? await second.sync(with: FolderRemote(folder: stick.url))
    #expect(try await second.splitViews().count == 1)
    // The first clinic left its checkpoint, and the publisher's own is gone from the stick.
    try stick.remove("checkpoint")
    try stick.write(try await worlds.other.publisher.checkpointNote(), to: "checkpoint")
    let third = try await worlds.other.replica("third")
    try await third.gossip(in: FolderRemote(folder: stick.url))
    try await expectEvidence(third, at: "checkpoints/\(first.memberMark)")
    // What the log's key did not sign is no evidence.
    let note = String(decoding: try await worlds.one.publisher.checkpointNote(), as: UTF8.self)
    let forged = note.replacing("\n2\n", with: "\n1\n")
    #expect(try await !third.compare(Array(forged.utf8), seenAt: "nowhere"))
  }

  @Test("A publisher that meets its other self's stick keeps the evidence and stops")
  func publisher() async throws {
    let worlds = try await forked()
    let stick = try TestFolder()
    _ = try await worlds.one.publisher.exchange(with: FolderRemote(folder: stick.url))
    await #expect(throws: HistoryRewritten.self) {
      try await worlds.other.publisher.exchange(with: FolderRemote(folder: stick.url))
    }
    try await expectEvidence(worlds.other.publisher, at: "checkpoint")
    await #expect(throws: SignerRefusal.anotherRoot(size: 2)) { try await put("and again", in: worlds.other) }
    #expect(try await worlds.other.publisher.status().size == 2)
  }
}
