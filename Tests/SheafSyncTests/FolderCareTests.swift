import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

/// What lies on a stick and is not what it should be, and what it costs to go on from it.
@Suite("A stick with something wrong on it")
struct FolderCareTests {
  /// A stick that the publisher has been at.
  private static func stick(_ world: SyncWorld) async throws -> FolderRemote {
    let folder = world.folder.appending("stick")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let remote = FolderRemote(folder: folder)
    _ = try await world.publisher.exchange(with: remote)
    return remote
  }

  private static func files(_ remote: FolderRemote, _ folder: String) -> [String] {
    let place = remote.folder.appending(path: folder).path
    return ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).sorted()
  }

  private static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return random.bytes(count)
  }

  @Test("Drafts that nobody can take are told and removed, and those behind them are judged")
  func refusedDrafts() async throws {
    let world = try await SyncWorld()
    try world.content.write("one\n", to: "a.md")
    _ = try await world.publish()
    let remote = try await Self.stick(world)
    let clinic = try await world.replica()
    let own = "drafts/\(clinic.memberMark)"
    let junk = Array("as it was left, and no bundle".utf8)
    let name = DraftsName(ordinal: 1, bytes: junk).text
    try FileManager.default.createDirectory(
      at: remote.folder.appending(path: own), withIntermediateDirectories: true)
    try Data(junk).write(to: remote.folder.appending(path: own).appending(path: name))
    _ = try await clinic.put(Array("two\n".utf8), at: DocumentPath("a.md"), reason: "Edit")
    _ = try await clinic.sync(with: remote)
    #expect(Self.files(remote, own).count == 2)

    let report = try await world.publisher.exchange(with: remote)
    #expect(report.problems.count == 1)
    #expect(report.problems.first?.hasPrefix("\(own)/\(name): ") == true)
    #expect(report.problems.first?.hasSuffix("; it was taken away") == true)
    #expect(report.pushed.count == 1)
    #expect(Self.files(remote, own).isEmpty)
    #expect(try await world.text("a.md") == "two\n")
    #expect(try await world.publisher.exchange(with: remote).problems.isEmpty)
  }

  @Test("Drafts that the publisher's disk has no room for wait, and everybody else is served")
  func noRoom() async throws {
    var environment = TestWorld(seed: 1).environment
    environment.freeSpace = { _ in 40 << 20 }
    let world = try await SyncWorld(environment: environment)
    try world.content.write("one\n", to: "a.md")
    _ = try await world.publish()
    let remote = try await Self.stick(world)
    let (large, small) = (try await world.replica("large"), try await world.replica("small"))
    _ = try await large.put(
      Self.bytes(5_000_000, seed: 2), at: DocumentPath("media/film.bin"), reason: "Film")
    _ = try await small.put(Array("two\n".utf8), at: DocumentPath("a.md"), reason: "Edit")
    _ = try await large.sync(with: remote)
    _ = try await small.sync(with: remote)

    let report = try await world.publisher.exchange(with: remote)
    let own = "drafts/\(large.memberMark)"
    #expect(report.problems.count == 1 && report.problems.first?.hasPrefix(own) == true)
    #expect(report.pushed.count == 1)
    #expect(Self.files(remote, own).count == 1)
    #expect(try await world.text("a.md") == "two\n")
  }

  /// The same stick, with room for so many bytes in all.
  private static func bounded(_ remote: FolderRemote, _ capacity: UInt64) -> FolderRemote {
    var remote = remote
    let folder = remote.folder
    remote.freeSpace = {
      let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.fileSizeKey])
      let used = files?.compactMap {
        ($0 as? URL).flatMap { try? $0.resourceValues(forKeys: [.fileSizeKey]).fileSize }
      }
      return capacity - min(capacity, UInt64(used?.reduce(0, +) ?? 0))
    }
    return remote
  }

  @Test("A first copy that finds no room keeps no replica's update from being left")
  func noRoomForFirstCopy() async throws {
    let world = try await SyncWorld()
    try world.content.write("one\n", to: "notes/a.md")
    try world.content.write(Self.bytes(20_000, seed: 3), to: "images/small.bin")
    _ = try await world.publish()
    let remote = Self.bounded(try await Self.stick(world), 60_000)
    let clinic = try await world.replica(only: "notes")
    _ = try await clinic.sync(with: remote)
    try world.content.write("two\n", to: "notes/a.md")
    try world.content.write(Self.bytes(90_000, seed: 4), to: "images/large.bin")
    _ = try await world.publish()

    let report = try await world.publisher.exchange(with: remote)
    #expect(report.problems.count == 1)
    #expect(report.problems.first?.hasPrefix("bundles/0-2-trail.sheaf has ") == true)
    #expect(report.problems.first?.hasSuffix(" bytes are free") == true)
    let pulled = try await clinic.sync(with: remote)
    #expect(pulled.isSameAsPublisher)
    #expect(try await world.text("notes/a.md", in: clinic) == "two\n")
    // The first copy that did fit serves on, and who comes with it is told that there is more.
    #expect(Self.files(remote, "bundles").contains("0-1-trail.sheaf"))
    let late = try await Library.clone(
      from: remote, to: world.folder.appending("late"), options: CloneOptions(member: "late"),
      environment: world.environment
    ).library
    #expect(try await late.status().size == 1)
    await #expect(throws: RemoteError.nothingFits(address: remote.address, position: 1)) {
      _ = try await late.sync(with: remote)
    }
  }

  @Test(
    "A stick with room for one first copy gets the new one, or what leads on from the old one where that is less"
  )
  func roomForOne() async throws {
    let world = try await SyncWorld()
    try world.content.write(Self.bytes(60_000, seed: 3), to: "images/a.bin")
    _ = try await world.publish()
    let remote = Self.bounded(try await Self.stick(world), 110_000)
    try world.content.write(Self.bytes(25_000, seed: 4), to: "images/b.bin")
    _ = try await world.publish()
    #expect(try await world.publisher.exchange(with: remote).problems.isEmpty)
    #expect(Self.files(remote, "bundles") == ["0-1-trail.sheaf", "1-2-trail.sheaf"])

    try world.content.write(Self.bytes(60_000, seed: 5), to: "images/a.bin")
    _ = try await world.publish()
    #expect(try await world.publisher.exchange(with: remote).problems.isEmpty)
    #expect(Self.files(remote, "bundles") == ["0-3-trail.sheaf"])
    let late = try await Library.clone(
      from: remote, to: world.folder.appending("late"), options: CloneOptions(member: "late"),
      environment: world.environment
    ).library
    #expect(try await late.sync(with: remote).isSameAsPublisher)
  }

  @Test("A stick without room for the checkpoint keeps the old one whole, says so, and serves what was left")
  func noRoomForCheckpoint() async throws {
    let world = try await SyncWorld()
    try world.content.write(Self.bytes(60_000, seed: 3), to: "images/a.bin")
    _ = try await world.publish()
    var remote = try await Self.stick(world)
    let clinic = try await world.replica()
    _ = try await clinic.sync(with: remote)
    let older = try Data(contentsOf: remote.folder.appending(path: "checkpoint"))
    try world.content.write("two\n", to: "a.md")
    _ = try await world.publish()
    let bundles = remote.folder.appending(path: "bundles")
    let isThere: @Sendable (String) -> Bool = {
      FileManager.default.fileExists(atPath: bundles.appending(path: $0).path)
    }
    // The bundle takes the last room there is.
    remote.freeSpace = { isThere("1-2-trail.sheaf") ? 0 : 1_000_000 }
    let report = try await world.publisher.exchange(with: remote)
    #expect(
      report.problems == [
        "the newest checkpoint was not left, and what lies there stays: 0 bytes are free; make room on it"
      ])
    #expect(try Data(contentsOf: remote.folder.appending(path: "checkpoint")) == older)
    #expect(Self.files(remote, "bundles") == ["0-1-trail.sheaf", "1-2-trail.sheaf"])
    let late = try await Library.clone(
      from: remote, to: world.folder.appending("late"), options: CloneOptions(member: "late"),
      environment: world.environment
    ).library
    _ = try await late.sync(with: remote)
    #expect(try await late.status().size == 2)

    // What nobody needs any more makes room for it.
    try world.content.write("three\n", to: "a.md")
    _ = try await world.publish()
    remote.freeSpace = { isThere("1-2-trail.sheaf") && isThere("1-3-trail.sheaf") ? 0 : 1_000_000 }
    #expect(try await world.publisher.exchange(with: remote).problems.isEmpty)
    #expect(try Data(contentsOf: remote.folder.appending(path: "checkpoint")) != older)
    #expect(Self.files(remote, "bundles").contains("1-3-trail.sheaf"))
    #expect(try await clinic.sync(with: remote).isSameAsPublisher)
  }

  @Test("A first copy that is not what was left is replaced, also an older one", arguments: [false, true])
  func forgedFirstCopy(isOlder: Bool) async throws {
    let world = try await SyncWorld()
    try world.content.write(Self.bytes(60_000, seed: 3), to: "images/large.bin")
    _ = try await world.publish()
    let remote = try await Self.stick(world)
    let file = remote.folder.appending(path: "bundles/0-1-trail.sheaf")
    let left = try Data(contentsOf: file)
    if isOlder {
      try world.content.write("more\n", to: "a.md")
      _ = try await world.publish()
    }
    _ = try await world.publisher.exchange(with: remote)
    #expect(Self.files(remote, "bundles") == ["0-1-trail.sheaf"] + (isOlder ? ["1-2-trail.sheaf"] : []))
    var forged = left
    forged[forged.count / 2] ^= 1
    try forged.write(to: file)
    _ = try await world.publisher.exchange(with: remote)
    if isOlder {
      #expect(Self.files(remote, "bundles") == ["0-2-trail.sheaf"])
    } else {
      #expect(try Data(contentsOf: file) == left)
    }
    let late = try await Library.clone(
      from: remote, to: world.folder.appending("late"), options: CloneOptions(member: "late"),
      environment: world.environment
    ).library
    #expect(try await late.status().size == (isOlder ? 2 : 1))
  }

  @Test("A plan counts every step that a stick has, and nothing that was received before")
  func plan() async throws {
    let world = try await SyncWorld()
    try world.content.write(Self.bytes(60_000, seed: 3), to: "images/large.bin")
    _ = try await world.publish()
    let clinic = try await Library.clone(
      from: MemoryRemote(service: world.publisher), to: world.folder.appending("clinic"),
      options: CloneOptions(depth: .heads, member: "clinic"), environment: world.environment
    ).library
    var remote = try await Self.stick(world)
    try world.content.write("more\n", to: "a.md")
    _ = try await world.publish()
    _ = try await world.publisher.exchange(with: remote)
    let deeper = SyncOptions(depth: .trail)
    let plan = try await clinic.plan(with: remote, options: deeper)
    #expect(plan.from == 1 && plan.to == 2 && plan.changeSets == 2)

    remote.allowance = { 20_000 }
    let cut = remote
    await #expect(throws: RemoteError.self) { try await clinic.sync(with: cut, options: deeper) }
    let rest = try await clinic.plan(with: remote, options: deeper)
    #expect(rest.downloadInBytes == plan.downloadInBytes - 20_000)
    remote.allowance = { nil }
    let synced = try await clinic.sync(with: remote, options: deeper)
    #expect(synced.pulled?.transferredInBytes == rest.downloadInBytes)
    #expect(synced.pulled?.changeSets == 2 && synced.size == 2)
  }
}
