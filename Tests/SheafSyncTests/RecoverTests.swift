import Foundation
import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("A publisher restored from a backup")
struct RecoverTests {
  private func put(_ text: String, at path: String = "a.md", in library: Library) async throws {
    _ = try await library.put(Array(text.utf8), at: DocumentPath(path), reason: "r")
  }

  private func scene(keys: Bool, depth: Depth = .full) async throws -> RecoverScene {
    try await RecoverScene(keys: keys, depth: depth)
  }

  private func expectWhole(_ scene: RecoverScene, size: UInt64) async throws {
    #expect(try await scene.publisher.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
    try await put("went on", in: scene.publisher)
    let report = try await scene.replica.sync(with: MemoryRemote(service: scene.publisher))
    #expect(report.isSameAsPublisher && report.size == size)
  }

  @Test("It says that it must not sign, gets the tail back from a replica, and signs again")
  func tail() async throws {
    let scene = try await scene(keys: false)
    await #expect(throws: SignerRefusal.smaller(size: 2, signed: 4)) {
      try await put("x", in: scene.publisher)
    }
    #expect(try await scene.publisher.status().warnings.contains { $0.contains("4 were signed already") })
    let report = try await scene.publisher.recover(from: scene.replica)
    #expect(report == RecoverReport(from: 2, to: 4, missing: 0, setAside: 0))
    for path in ["a.md", "b.md", "c.md"] {
      let text = try await scene.world.text(path, in: scene.publisher)
      #expect(text != nil)
      #expect(try await scene.world.text(path, in: scene.replica) == text)
    }
    let notes = try await scene.publisher.store.read { try $0.changeSets(from: 1, count: 9).map(\.note) }
    #expect(try await scene.replica.store.read { try $0.changeSets(from: 1, count: 9).map(\.note) } == notes)
    try await expectWhole(scene, size: 5)
  }

  @Test("A bundle that a replica made does as well; a damaged one changes nothing")
  func bundle() async throws {
    let scene = try await scene(keys: false)
    let file = scene.world.folder.appending("tail.sheaf")
    _ = try await scene.replica.makeBundle(from: 2, to: nil, depth: .full, file: file)
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count / 2] ^= 1
    let damaged = scene.world.folder.appending("damaged.sheaf")
    try bytes.write(to: damaged)
    await #expect(throws: (any Error).self) { try await scene.publisher.recover(fromBundle: damaged) }
    // A publisher takes its own log from nobody unless somebody says that it lost it.
    await #expect(throws: BundleMisfit.publisher) { _ = try await scene.publisher.apply(bundle: file) }
    #expect(try await scene.publisher.status().size == 2)
    #expect(try await scene.publisher.recover(fromBundle: file).to == 4)
    try await expectWhole(scene, size: 5)
  }

  @Test("A replica that has not all of it gives what it has, and signing waits for the rest")
  func partly() async throws {
    let scene = try await scene(keys: false)
    #expect(
      try await scene.publisher.recover(from: scene.behind)
        == RecoverReport(from: 2, to: 3, missing: 1, setAside: 0))
    await #expect(throws: SignerRefusal.smaller(size: 3, signed: 4)) {
      try await put("x", in: scene.publisher)
    }
    // Asked again, it has nothing more, and what is missing is said.
    #expect(
      try await scene.publisher.recover(from: scene.behind)
        == RecoverReport(from: 3, to: 3, missing: 1, setAside: 0))
    #expect(try await scene.publisher.recover(from: scene.replica).missing == 0)
    await #expect(throws: LibraryError.self) { try await scene.publisher.recover(from: scene.replica) }
    try await expectWhole(scene, size: 5)
  }

  @Test("A replica that keeps no full history can't give it back, and says so")
  func trail() async throws {
    let scene = try await scene(keys: false, depth: .trail)
    await #expect(throws: LibraryError.self) { try await scene.publisher.recover(from: scene.replica) }
    #expect(try await scene.publisher.status().size == 2)
  }

  @Test("What was published on the restored copy meanwhile is set aside, not lost, and the log goes on")
  func forked() async throws {
    let scene = try await scene(keys: true)
    // Nothing tells this copy that it is old, so it signs another history.
    try await put("mine", at: "d.md", in: scene.publisher)
    await #expect(throws: HistoryRewritten.self) {
      try await put("and", at: "e.md", in: scene.publisher)
      _ = try await scene.replica.sync(with: MemoryRemote(service: scene.publisher))
    }
    await #expect(throws: RecoverRefusal.forked(own: 4, common: 2)) {
      try await scene.publisher.recover(from: scene.replica)
    }
    #expect(try await scene.publisher.status().size == 4)
    let report = try await scene.publisher.recover(from: scene.replica, setsAside: true)
    #expect(report == RecoverReport(from: 4, to: 4, missing: 0, setAside: 2))
    #expect(try await scene.world.text("c.md", in: scene.publisher) == "4")
    #expect(try await scene.world.text("d.md", in: scene.publisher) == nil)
    #expect(try await scene.publisher.figures().quarantined == 2)
    let held = try await scene.publisher.store.read {
      try $0.body(SHA256Hash(hashing: Array("mine".utf8)))
    }
    #expect(held == Array("mine".utf8))
    // Both histories were signed, and that stays on record.
    #expect(try await scene.publisher.splitViews().count == 1)
    try await put("went on", in: scene.publisher)
    let synced = try await scene.replica.sync(with: MemoryRemote(service: scene.publisher))
    #expect(synced.isSameAsPublisher && synced.size == 5)
  }

  @Test("A change set without what opens its reason can't be kept beside the log, and is counted")
  func skipped() async throws {
    let scene = try await scene(keys: true)
    try await put("mine", at: "d.md", in: scene.publisher)
    try await put("too", at: "e.md", in: scene.publisher)
    // As a redaction leaves it.
    try await scene.publisher.store.write(purpose: "test") {
      try $0.tamper("UPDATE change_set SET seed = NULL WHERE number = 3")
    }
    let report = try await scene.publisher.recover(from: scene.replica, setsAside: true)
    #expect(report == RecoverReport(from: 4, to: 4, missing: 0, setAside: 1, skipped: 1))
    let kept = try await scene.publisher.quarantine()
    #expect(kept.map(\.paths) == [["e.md"]])
    #expect(try await scene.world.text("c.md", in: scene.publisher) == "4")
    try await put("went on", in: scene.publisher)
    let synced = try await scene.replica.sync(with: MemoryRemote(service: scene.publisher))
    #expect(synced.isSameAsPublisher && synced.size == 5)
  }
}
