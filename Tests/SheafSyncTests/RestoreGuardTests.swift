import Foundation
import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// A backup of the whole folder takes the signer's record back too; other things tell of what was signed.
@Suite("A publisher whose whole folder was restored from a backup")
struct RestoreGuardTests {
  private func put(_ text: String, at path: String = "d.md", in library: Library) async throws {
    _ = try await library.put(Array(text.utf8), at: DocumentPath(path), reason: "r")
  }

  /// Nothing is appended, why is told, and it heals.
  private func expectRefused(
    _ scene: RecoverScene, _ refusal: SignerRefusal, size: UInt64, setsAside: Bool = false
  ) async throws {
    await #expect(throws: refusal) { try await put("no", in: scene.publisher) }
    #expect(try await scene.publisher.status().size == size)
    #expect(try await scene.publisher.status().warnings.contains { $0.contains(refusal.problem) })
    let report = try await scene.publisher.recover(from: scene.replica, setsAside: setsAside)
    #expect(report.to == 4 && report.missing == 0)
    try await put("goes on", in: scene.publisher)
    let synced = try await scene.replica.sync(with: MemoryRemote(service: scene.publisher))
    #expect(synced.isSameAsPublisher && synced.size == 5)
  }

  @Test("On the same machine the record outside the folder stops the next append")
  func sameMachine() async throws {
    let scene = try await RecoverScene(keys: true, stateFolder: true)
    #expect(try scene.publisher.keys.signerRecord()?.size == 2)
    try await expectRefused(scene, .smaller(size: 2, signed: 4), size: 2)
    let mode = try FileManager.default.attributesOfItem(atPath: try scene.secondRecord.path)
    #expect(mode[.posixPermissions] as? Int == 0o600)
  }

  @Test("The record outside the folder is never needed: gone, damaged or unwritable, it changes nothing")
  func secondIsOptional() async throws {
    var environment = TestWorld(seed: 4).environment
    environment.stateFolder = URL(filePath: "/dev/null")
    let world = try await SyncWorld(environment: environment)
    try await put("1", in: world.publisher)
    try await put("2", in: world.publisher)
    #expect(try await world.size() == 2)
    let scene = try await RecoverScene(keys: false, stateFolder: true)
    try Data("noise".utf8).write(to: try scene.secondRecord)
    try await expectRefused(scene, .smaller(size: 2, signed: 4), size: 2)
    try FileManager.default.removeItem(at: try scene.secondRecord)
    try await put("again", in: scene.publisher)
    #expect(FileManager.default.fileExists(atPath: try scene.secondRecord.path))
  }

  @Test("A user's state lies where XDG says, by absolute paths only")
  func stateFolder() {
    func folder(_ variables: [String: String]) -> String? {
      LibraryEnvironment.stateFolder(in: variables)?.path
    }
    #expect(folder(["XDG_STATE_HOME": "/state", "HOME": "/home/ana"]) == "/state/sheaf")
    #expect(folder(["XDG_STATE_HOME": "state", "HOME": "/home/ana"]) == "/home/ana/.local/state/sheaf")
    #expect(folder(["XDG_STATE_HOME": ""]) == nil)
  }

  @Test("A stick that it wrote later stops it, by the longer checkpoint of its own key")
  func longerStick() async throws {
    let scene = try await RecoverScene(keys: true)
    await #expect(throws: RemoteError.self) {
      try await scene.publisher.exchange(with: FolderRemote(folder: scene.stick.url))
    }
    try await expectRefused(scene, .smaller(size: 2, signed: 4), size: 2)
  }

  @Test("The checkpoint that a replica left on a stick stops it as well")
  func replicaOnStick() async throws {
    let scene = try await RecoverScene(keys: true)
    _ = try await scene.replica.sync(with: FolderRemote(folder: scene.stick.url))
    try scene.stick.remove("checkpoint")
    _ = try await scene.publisher.exchange(with: FolderRemote(folder: scene.stick.url))
    try await expectRefused(scene, .smaller(size: 2, signed: 4), size: 2)
  }

  @Test("Evidence against it in hand, it signs no third history, nor forgets when it met a longer log")
  func contradicted() async throws {
    let scene = try await RecoverScene(keys: true)
    // Nothing told this copy that it is old.
    for text in ["mine", "and mine", "once more"] { try await put(text, in: scene.publisher) }
    await #expect(throws: HistoryRewritten.self) {
      try await scene.publisher.exchange(with: FolderRemote(folder: scene.stick.url))
    }
    #expect(try await scene.publisher.status().splitViews == 1)
    try await scene.publisher.compare(
      try await scene.behind.store.read { try #require(try $0.newestCheckpoint()).note }, seenAt: "behind")
    try await expectRefused(scene, .notAnExtension(signed: 4), size: 5, setsAside: true)
  }

  @Test(
    "A witness that vouches for more than there is, is told of the backup, and its word stays on the stick")
  func witness() async throws {
    let world = try await SyncWorld()
    try await put("1", in: world.publisher)
    let clinic = try await world.replica("clinic")
    let members = [
      Member(key: world.publisher.memberKey, name: "Ana", role: .publisher),
      Member(key: clinic.memberKey, name: "Clinic", role: .contributor, witness: try clinic.witnessKey()),
    ]
    for member in members {
      _ = try await world.publisher.put(
        member.bytes, at: try #require(Member.path(of: member.mark)), reason: "r")
    }
    let name = "\(world.publisher.id)/witness/\(clinic.memberMark)"
    let key = try #require(try clinic.keys.existingWitnessKey(name: name))
    let later = try Checkpoint(
      origin: world.publisher.id.text, size: 9, root: SHA256Hash(hashing: [1]))
    let list = CosignatureList(
      keyNote: nil,
      entries: [.init(size: 9, signatures: [try key.cosign(text: later.text, time: 1_790_000_000)])])
    await #expect(throws: CosignatureError.beyond(size: 9, own: 3)) {
      try await world.publisher.cosign(list.bytes, after: 0)
    }
    let stick = try TestFolder()
    try stick.write(String(decoding: list.bytes, as: UTF8.self), to: "witnesses/\(clinic.memberMark)")
    for _ in 0..<2 {
      let report = try await world.publisher.exchange(with: FolderRemote(folder: stick.url))
      #expect(report.problems.count == 1 && report.problems[0].contains("restored from a backup"))
    }
  }

  @Test(
    "Set aside for a replica that lacks what the log's key has signed, nothing is; the newest one will do")
  func lagging() async throws {
    let scene = try await RecoverScene(keys: true)
    for text in ["mine", "and mine"] { try await put(text, in: scene.publisher) }
    _ = try? await scene.publisher.exchange(with: FolderRemote(folder: scene.stick.url))
    await #expect(throws: RecoverRefusal.behind(replica: 3, known: 4)) {
      try await scene.publisher.recover(from: scene.behind, setsAside: true)
    }
    // Evidence alone says it as well, as where the record came back with a backup once more.
    try scene.publisher.keys.setSignerRecord(
      SignerRecord(
        try Checkpoint(
          origin: scene.publisher.id.text, size: 4,
          root: try await scene.publisher.store.read { try $0.position().root })))
    await #expect(throws: RecoverRefusal.behind(replica: 3, known: 4)) {
      try await scene.publisher.recover(from: scene.behind, setsAside: true)
    }
    #expect(try await scene.publisher.status().size == 4)
    let report = try await scene.publisher.recover(from: scene.replica, setsAside: true)
    #expect(report == RecoverReport(from: 4, to: 4, missing: 0, setAside: 2))
    try await put("goes on", in: scene.publisher)
    // What was set aside once stands in nobody's way: it contradicts what the replica has.
    _ = try await scene.replica.sync(with: MemoryRemote(service: scene.publisher))
    let problems = try await scene.publisher.verify(rebuild: false, activity: { _ in }).problems
    #expect(problems.map(\.place) == ["checkpoint 4", "checkpoint 4"])
  }

  @Test("The publisher's true copy, stopped by a double's stick, goes on when a replica holds all of its log")
  func double() async throws {
    let scene = try await RecoverScene(keys: true)
    let double = try TestFolder()
    // The restored copy is the double here; what it signs meets the log that went on.
    try await put("double", in: scene.publisher)
    _ = try await scene.publisher.exchange(with: FolderRemote(folder: double.url))
    // Of what is set aside the newest is remembered, so the stick's is news.
    try await put("double again", in: scene.publisher)
    _ = try await scene.publisher.recover(from: scene.replica, setsAside: true)
    await #expect(throws: HistoryRewritten.self) {
      try await scene.publisher.exchange(with: FolderRemote(folder: double.url))
    }
    await #expect(throws: SignerRefusal.notAnExtension(signed: 3)) {
      try await put("no", in: scene.publisher)
    }
    await #expect(throws: RecoverRefusal.contradicted(size: 3)) {
      try await scene.publisher.recover(from: scene.replica)
    }
    await #expect(throws: RecoverRefusal.behind(replica: 3, known: 4)) {
      try await scene.publisher.recover(from: scene.behind, setsAside: true)
    }
    let report = try await scene.publisher.recover(from: scene.replica, setsAside: true)
    #expect(report == RecoverReport(from: 4, to: 4, missing: 0, setAside: 0))
    try await put("goes on", in: scene.publisher)
    // What was decided about lies there still: that folder is refused, and nothing else stops.
    await #expect(throws: HistoryRewritten.self) {
      try await scene.publisher.exchange(with: FolderRemote(folder: double.url))
    }
    try await put("and on", in: scene.publisher)
  }

  @Test(
    "Without a record, or with a damaged one, nothing is signed, and a replica that holds all makes it anew")
  func lostRecord() async throws {
    let world = try await SyncWorld()
    try await put("1", in: world.publisher)
    let behind = try await world.replica("behind")
    try await put("2", in: world.publisher)
    let replica = try await Library.clone(
      from: MemoryRemote(service: world.publisher), to: world.folder.appending("replica"),
      options: CloneOptions(depth: .full, member: "clinic"), environment: world.environment
    ).library
    let file = world.publisher.folder.appending(path: "keys/signed")
    for content in [nil, "noise"] {
      try FileManager.default.removeItem(at: file)
      if let content { try Data(content.utf8).write(to: file) }
      await #expect(throws: content == nil ? SignerRefusal.missingRecord : .damagedRecord) {
        try await put("3", in: world.publisher)
      }
      // It can be read all the same.
      let again = try await Library.open(at: world.publisher.folder, environment: world.environment)
      #expect(try await again.status().warnings.count == 1)
      try await again.close()
      await #expect(throws: (any Error).self) { try await world.publisher.recover(from: behind) }
      #expect(try await world.publisher.recover(from: replica).missing == 0)
      #expect(try world.publisher.keys.signerRecord()?.size == 2)
    }
    try await put("3", in: world.publisher)
  }
}
