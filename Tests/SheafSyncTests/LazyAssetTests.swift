import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// A remote whose answer about one asset is wrong.
private struct OneBadAsset: RelayedRemote {
  let remote: any Remote
  let bad: SHA256Hash
  var address: String { "one bad" }

  func asset(
    _ hash: SHA256Hash, sizeInBytes: UInt64, into folder: URL, progress: @escaping TransferProgress
  ) async throws -> (file: URL, transferredInBytes: UInt64)? {
    guard hash != bad else { throw RemoteError.notSheaf(address: address, detail: "it answers with a cat") }
    return try await remote.asset(hash, sizeInBytes: sizeInBytes, into: folder, progress: progress)
  }
}

@Suite("Assets that come when they are asked for")
struct LazyAssetTests {
  private let path = AssetWorld.path

  @Test("A lazy asset is known, fetched, verified, and let go of again", arguments: [Depth.heads, .trail])
  func lazy(depth: Depth) async throws {
    let assets = try await AssetWorld(settings: AssetWorld.lazy())
    let replica = try await assets.clone("clinic", depth: depth)
    var status = try await replica.status()
    #expect(status.absent == 1)
    #expect(status.absentInBytes == UInt64(assets.film.count))
    #expect(status.documents == 3)
    let verified = try await replica.verify(rebuild: true) { _ in }
    #expect(verified.problems.isEmpty)
    #expect(verified.absent == 1)
    let absent = LibraryError.absent(path, UInt64(assets.film.count))
    await #expect(throws: absent) { try await replica.open(try DocumentPath(path), at: .now) }
    #expect(absent.hint?.contains("sheaf fetch \(path)") == true)

    let report = try await replica.fetch([try DocumentPath(path)], from: assets.remote)
    #expect(report.fetched == [path])
    #expect(report.transferredInBytes == UInt64(assets.film.count))
    #expect(try await assets.shown(in: replica) == assets.film)
    status = try await replica.status()
    #expect(status.absent == 0)
    #expect(try await replica.fetch([try DocumentPath(path)], from: assets.remote).alreadyHere == [path])
    #expect(try await replica.fetch(nil, from: assets.remote).fetched == [])

    let dropped = try await replica.drop([try DocumentPath(path)])
    #expect(dropped.sizeInBytes == UInt64(assets.film.count))
    await #expect(throws: absent) { try await replica.open(try DocumentPath(path), at: .now) }
    #expect(try await assets.problems(replica) == [])
  }

  @Test("A wrong answer about one asset keeps no other from coming")
  func oneBad() async throws {
    let assets = try await AssetWorld(settings: AssetWorld.lazy())
    let other = Array(assets.film.reversed())
    try assets.world.content.write(other, to: "media/other.bin")
    _ = try await assets.world.publish()
    for (bad, good) in [(assets.film, "media/other.bin"), (other, path)] {
      let replica = try await assets.clone("clinic \(good.count)")
      let remote = OneBadAsset(remote: assets.remote, bad: SHA256Hash(hashing: bad))
      await #expect(throws: RemoteError.notSheaf(address: "one bad", detail: "it answers with a cat")) {
        try await replica.fetch(nil, from: remote)
      }
      #expect(try await replica.status().absent == 1)
      #expect(try await assets.shown(in: replica, path: good).count == assets.film.count)
    }
  }

  @Test("Size decides where the settings say a size, and a full copy holds everything")
  func bySize() async throws {
    let larger = try await AssetWorld(settings: AssetWorld.lazy("\"lazyAbove\": 1200000"))
    #expect(try await larger.clone("a").status().absent == 1)
    #expect(try await larger.clone("b", depth: .full).status().absent == 0)
    let smaller = try await AssetWorld(settings: AssetWorld.lazy("\"lazyAbove\": 1400000"))
    #expect(try await smaller.clone("a").status().absent == 0)
    await #expect(throws: KeepsEverything.self) {
      try await larger.publisher.drop([try DocumentPath(path)])
    }
  }

  @Test("An update of a lazy asset costs nothing, and one that turns eager builds on what is held")
  func turning() async throws {
    var assets = try await AssetWorld(settings: AssetWorld.lazy())
    let without = try await assets.clone("without")
    let with = try await assets.clone("with")
    _ = try await with.fetch(nil, from: assets.remote)
    try await assets.change { $0[400_000] ^= 1 }
    for replica in [without, with] {
      #expect(try #require(try await replica.sync(with: assets.remote).pulled).sizeInBytes < 1_000)
      #expect(try await replica.status().absent == 1)
    }
    _ = try await with.fetch(nil, from: assets.remote)
    #expect(try await assets.shown(in: with) == assets.film)

    // Eager from now on: what is absent stays so until it changes or is asked for.
    try assets.world.content.write(AssetWorld.lazy("\"assets\": \"eager\""), to: LibrarySettings.path)
    _ = try await assets.world.publish()
    for replica in [without, with] { _ = try await replica.sync(with: assets.remote) }
    #expect(try await without.status().absent == 1)
    try await assets.change { $0[500_000] ^= 1 }
    for replica in [without, with] { _ = try await replica.sync(with: assets.remote) }
    #expect(try await assets.shown(in: with) == assets.film)
    // Its bundle was made against what it never fetched.
    #expect(try await without.status().absent == 1)
    #expect(try await without.fetch(nil, from: assets.remote).fetched == [path])
    #expect(try await assets.shown(in: without) == assets.film)
    for replica in [without, with] { #expect(try await assets.problems(replica) == []) }
    #expect(try await assets.clone("new").status().absent == 0)
  }

  @Test("A stick carries a lazy asset once a replica has asked for it")
  func folder() async throws {
    let assets = try await AssetWorld(settings: AssetWorld.lazy())
    let stick = FolderRemote(folder: assets.world.folder.appending("stick"))
    try FileManager.default.createDirectory(at: stick.folder, withIntermediateDirectories: true)
    _ = try await assets.publisher.exchange(with: stick)
    let replica = try await Library.clone(
      from: stick, to: assets.world.folder.appending("clinic"), options: CloneOptions(member: "c"),
      environment: assets.world.environment
    ).library
    let file = stick.folder.appending(path: "assets")
    #expect(try await replica.fetch(nil, from: stick).missing == [path])
    #expect(!FileManager.default.fileExists(atPath: file.path))
    _ = try await assets.publisher.exchange(with: stick)
    #expect(try FileManager.default.contentsOfDirectory(atPath: file.path).count == 1)
    #expect(try await replica.fetch(nil, from: stick).fetched == [path])
    #expect(try await assets.shown(in: replica) == assets.film)
    _ = try await assets.publisher.exchange(with: stick)
    #expect(try FileManager.default.contentsOfDirectory(atPath: file.path).isEmpty)
  }

  @Test("Bytes on a stick that are not the asset are refused and not kept")
  func falseAsset() async throws {
    let assets = try await AssetWorld(settings: AssetWorld.lazy())
    let replica = try await assets.clone("clinic")
    let stick = try TestFolder()
    _ = try await assets.publisher.exchange(with: FolderRemote(folder: stick.url))
    let hash = SHA256Hash(hashing: assets.film)
    var bytes = assets.film
    bytes[5] ^= 1
    try stick.write(bytes, to: "assets/\(hash.hex)")
    await #expect(throws: AssetMismatch.self) {
      try await replica.fetch(nil, from: FolderRemote(folder: stick.url))
    }
    #expect(try await replica.status().absent == 1)
    #expect(try await replica.store.read { try $0.chunkRows(after: .min, count: 1).isEmpty })
    try stick.write([1], to: "assets/\(hash.hex)")
    await #expect(throws: AssetMismatch.self) {
      try await replica.fetch(nil, from: FolderRemote(folder: stick.url))
    }
  }
}
