import Foundation
import SheafBundle
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Assets travel in chunks")
struct AssetSyncTests {
  @Test(
    "A copy of any depth holds the asset, and a changed byte costs about what changed",
    arguments: Depth.allCases)
  func changes(depth: Depth) async throws {
    var assets = try await AssetWorld()
    let replica = try await assets.clone("clinic", depth: depth)
    #expect(try await assets.shown(in: replica) == assets.film)
    #expect(try await assets.problems(replica) == [])

    try await assets.change { $0[650_000] ^= 0xff }
    var report = try await replica.sync(with: assets.remote)
    #expect(try #require(report.pulled).sizeInBytes < 1_500)
    #expect(try await assets.shown(in: replica) == assets.film)

    // Cuts move with what they stand in, so the rest stays as it is.
    try await assets.change { $0.insert(contentsOf: [1, 2, 3, 4, 5], at: 200_000) }
    report = try await replica.sync(with: assets.remote)
    #expect(try #require(report.pulled).sizeInBytes < 2_000)
    #expect(try await assets.shown(in: replica) == assets.film)
    #expect(try await assets.problems(replica) == [])
    #expect(try await assets.problems(assets.publisher) == [])
  }

  @Test("A move, a twin and a return cost no bytes of the asset")
  func moves() async throws {
    var assets = try await AssetWorld()
    let replica = try await assets.clone("clinic")
    let film = assets.film
    try assets.world.content.remove(AssetWorld.path)
    try assets.world.content.write(film, to: "archive/film.bin")
    try assets.world.content.write(film, to: "archive/twin.bin")
    _ = try await assets.world.publish(prunes: true)
    #expect(try #require(try await replica.sync(with: assets.remote).pulled).sizeInBytes < 1_500)
    for name in ["archive/film.bin", "archive/twin.bin"] {
      #expect(try await assets.shown(in: replica, path: name) == film)
    }
    try await assets.change { $0[0] ^= 1 }
    _ = try await replica.sync(with: assets.remote)
    #expect(try await assets.shown(in: replica) == assets.film)
    #expect(try await assets.problems(replica) == [])
  }

  @Test("A full mirror makes the same bundles as the publisher")
  func mirror() async throws {
    var assets = try await AssetWorld()
    let mirror = try await assets.clone("mirror", depth: .full)
    try await assets.change { $0[900_000] ^= 1 }
    _ = try await mirror.sync(with: assets.remote)
    for (from, depth) in [(0, Depth.heads), (1, .heads), (0, .full), (1, .trail)] as [(UInt64, Depth)] {
      let files = ["a", "b"].map { assets.world.folder.appending("\(from)\(depth)\($0).sheaf") }
      _ = try await assets.publisher.makeBundle(from: from, to: 2, depth: depth, file: files[0])
      _ = try await mirror.makeBundle(from: from, to: 2, depth: depth, file: files[1])
      #expect(try Data(contentsOf: files[0]) == Data(contentsOf: files[1]), "\(from) \(depth)")
    }
  }

  @Test("An asset that a replica drafts reaches the publisher, and an export is the same to the byte")
  func drafts() async throws {
    let assets = try await AssetWorld()
    let replica = try await assets.clone("clinic")
    var film = assets.film
    film[10_000] ^= 1
    try assets.world.folder.write(film, to: "film.bin")
    let path = try DocumentPath(AssetWorld.path)
    _ = try await replica.put(
      contentsOf: assets.world.folder.appending("film.bin"), at: path, reason: "cut")
    #expect(try await assets.shown(in: replica) == film)
    let report = try await replica.sync(with: assets.remote)
    #expect(report.sentInBytes < 1_500)
    #expect(try await assets.shown(in: assets.publisher) == film)
    let folder = assets.world.folder.appending("export")
    let exported = try await assets.publisher.export(to: folder, at: .now) { _ in }
    #expect(exported.sizeInBytes == UInt64(film.count + 5))
    #expect(try Data(contentsOf: folder.appending(path: AssetWorld.path)) == Data(film))
    await #expect(throws: LibraryError.nothingChanged(AssetWorld.path)) {
      _ = try await replica.put(
        contentsOf: assets.world.folder.appending("film.bin"), at: path, reason: "again")
    }
  }

  @Test("Two edits of one asset are a conflict that either side settles")
  func conflict() async throws {
    var assets = try await AssetWorld()
    let replica = try await assets.clone("clinic")
    var film = assets.film
    film[10_000] ^= 1
    let path = try DocumentPath(AssetWorld.path)
    _ = try await replica.put(film, at: path, reason: "ours")
    try await assets.change { $0[1_000_000] ^= 1 }
    let report = try await replica.sync(with: assets.remote)
    #expect(report.conflicts == [AssetWorld.path])
    #expect(try await assets.shown(in: assets.publisher) == assets.film)
    _ = try await assets.publisher.resolve(path, with: .theirs, reason: "the clinic's is right")
    #expect(try await assets.shown(in: assets.publisher) == film)
    _ = try await replica.sync(with: assets.remote)
    #expect(try await assets.shown(in: replica) == film)
    #expect(try await assets.problems(replica) == [])
  }

  @Test("What has to be looked into can't be an asset")
  func refused() async throws {
    let world = try await SyncWorld()
    var random = SplitMix64(seed: 3)
    let bytes = random.bytes(1_200_000)
    for name in ["a.json", "b.md", "c.csv"] {
      try world.content.write(bytes, to: name)
      await #expect(throws: ContentRefusal.self, "\(name)") { try await world.publish() }
      try world.content.remove(name)
    }
  }

  @Test("A disk without room is told before anything travels")
  func disk() throws {
    #expect(throws: DiskTooSmall(place: "x", needed: 300 << 20, free: 299 << 20)) {
      try DiskSpace.check(missing: 100 << 20, whole: 100 << 20, at: "x", free: 299 << 20)
    }
    try DiskSpace.check(missing: 100 << 20, whole: 100 << 20, at: "x", free: 300 << 20)
    try DiskSpace.check(missing: 100, whole: 100, at: "x", free: 0)
    #expect(throws: DiskTooSmall.self) {
      try DiskSpace.check(missing: .max, whole: .max, at: "x", free: .max)
    }
    #expect(DiskSpace.free(at: URL(filePath: "/nowhere/at/all")) != nil)
  }
}
