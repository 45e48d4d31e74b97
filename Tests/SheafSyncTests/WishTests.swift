import Foundation
import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Assets on a stick")
struct WishTests {
  private struct World {
    let assets: AssetWorld
    let stick: FolderRemote
    let replica: Library
    let second: [UInt8]

    /// Two lazy assets, a stick that the publisher has met, and a replica that knows both.
    init() async throws {
      assets = try await AssetWorld(settings: AssetWorld.lazy())
      var random = SplitMix64(seed: 77)
      second = random.bytes(2_000_000)
      try assets.world.content.write(second, to: "media/second.bin")
      _ = try await assets.world.publish()
      stick = FolderRemote(folder: assets.world.folder.appending("stick"))
      try FileManager.default.createDirectory(at: stick.folder, withIntermediateDirectories: true)
      _ = try await assets.publisher.exchange(with: stick)
      replica = try await Library.clone(
        from: stick, to: assets.world.folder.appending("clinic"), options: CloneOptions(member: "c"),
        environment: assets.world.environment
      ).library
    }

    var first: SHA256Hash { SHA256Hash(hashing: assets.film) }
    var other: SHA256Hash { SHA256Hash(hashing: second) }

    func names() -> [String] {
      let folder = stick.folder.appending(path: "assets").path
      return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }
  }

  @Test("What was wished for stays wished for when something else is, until it is here")
  func added() async throws {
    let world = try await World()
    _ = try await world.replica.fetch([try DocumentPath(AssetWorld.path)], from: world.stick)
    _ = try await world.replica.fetch([try DocumentPath("media/second.bin")], from: world.stick)
    let mark = world.replica.memberMark
    #expect(try await Set(world.stick.wishes(of: mark)) == [world.first, world.other])
    _ = try await world.assets.publisher.exchange(with: world.stick)
    #expect(world.names() == [world.first.hex, world.other.hex].sorted())
    _ = try await world.replica.fetch([try DocumentPath("media/second.bin")], from: world.stick)
    #expect(try await world.stick.wishes(of: mark) == [world.first])
    // One that came another way is not wished for any more.
    _ = try await world.replica.fetch([try DocumentPath(AssetWorld.path)], from: world.assets.remote)
    _ = try await world.replica.fetch(nil, from: world.stick)
    #expect(try await world.stick.wishes(of: mark).isEmpty)
  }

  @Test("Another library's folder is not told what is missing here")
  func foreignFolder() async throws {
    let world = try await World()
    let foreign = try await SyncWorld(seed: 9)
    try foreign.content.write("theirs", to: "a.md")
    _ = try await foreign.publish()
    let stick = FolderRemote(folder: foreign.folder.appending("stick"))
    try FileManager.default.createDirectory(at: stick.folder, withIntermediateDirectories: true)
    _ = try await foreign.publisher.exchange(with: stick)
    let before = try FileManager.default.subpathsOfDirectory(atPath: stick.folder.path).sorted()
    await #expect(
      throws: CheckpointError.anotherOrigin(
        found: foreign.publisher.id.text, expected: world.replica.id.text)
    ) {
      _ = try await world.replica.fetch(nil, from: stick)
    }
    #expect(try FileManager.default.subpathsOfDirectory(atPath: stick.folder.path).sorted() == before)
  }

  @Test("A fetch leaves the parts of other assets, and clears away those of nothing")
  func parts() async throws {
    let world = try await World()
    let incoming = world.replica.folder.appending(path: "incoming").appending(path: "assets")
    for name in [world.other.hex, SHA256Hash(hashing: [1]).hex, "stray"] {
      let folder = incoming.appending(path: name)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data([1, 2, 3]).write(to: folder.appending(path: "x.part"))
    }
    let paths = [try DocumentPath(AssetWorld.path)]
    #expect(try await world.replica.fetch(paths, from: world.assets.remote).fetched == [AssetWorld.path])
    #expect(try FileManager.default.contentsOfDirectory(atPath: incoming.path) == [world.other.hex])
    #expect(try await world.replica.fetch(nil, from: world.assets.remote).fetched == ["media/second.bin"])
    #expect(!FileManager.default.fileExists(atPath: incoming.path))
  }

  @Test("An asset that was damaged on the stick is left anew, and one that is whole is not written again")
  func damaged() async throws {
    let world = try await World()
    _ = try await world.replica.fetch(nil, from: world.stick)
    _ = try await world.assets.publisher.exchange(with: world.stick)
    let file = world.stick.folder.appending(path: "assets").appending(path: world.first.hex)
    let whole = world.stick.folder.appending(path: "assets").appending(path: world.other.hex)
    func number(_ file: URL) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? Int
    }
    let before = try number(whole)
    var bytes = try Data(contentsOf: file)
    bytes[700_000] ^= 1
    try bytes.write(to: file)
    // Its replica takes what is whole, and wishes for the other still.
    await #expect(throws: AssetMismatch(path: AssetWorld.path)) {
      try await world.replica.fetch(nil, from: world.stick)
    }
    #expect(try await world.replica.status().absent == 1)
    #expect(try await world.stick.wishes(of: world.replica.memberMark) == [world.first])
    _ = try await world.replica.drop([try DocumentPath("media/second.bin")])
    try await world.stick.leave(wishes: [world.first, world.other], from: world.replica.memberMark)

    _ = try await world.assets.publisher.exchange(with: world.stick)
    #expect(try Data(contentsOf: file) == Data(world.assets.film))
    #expect(try number(whole) == before)
    #expect(try await world.replica.fetch(nil, from: world.stick).fetched.count == 2)
  }

  @Test("A wish that the stick has no room for is told, and keeps none of the others")
  func noRoom() async throws {
    let world = try await World()
    _ = try await world.replica.fetch(nil, from: world.stick)
    var small = world.stick
    small.freeSpace = { 1_500_000 }
    let report = try await world.assets.publisher.exchange(with: small)
    #expect(world.names() == [world.first.hex])
    #expect(report.problems.count == 1)
    #expect(report.problems.first?.contains("2000000 bytes and was not left: 1500000 bytes are free") == true)
  }
}
