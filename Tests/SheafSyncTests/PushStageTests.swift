import Foundation
import SheafBundle
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("A push is unpacked before anything is written")
struct PushStageTests {
  /// A publisher with a replica that has drafted some documents and an asset, and the push of it.
  private static func push() async throws -> (world: SyncWorld, bundle: [UInt8], contents: [SHA256Hash]) {
    let world = try await SyncWorld()
    var random = SplitMix64(seed: 3)
    let film = random.bytes(1_300_000)
    try world.content.write(film, to: "media/film.bin")
    try world.content.write("a", to: "a.md")
    _ = try await world.publish()
    let replica = try await world.replica()
    var changed = film
    changed[700_000] ^= 1
    // Five megabytes that do not pack: more than is held in memory.
    let large = random.bytes(5_000_000)
    let twin = changed + [1]
    var contents: [SHA256Hash] = []
    for (path, bytes) in [
      ("media/film.bin", changed), ("media/large.bin", large), ("media/twin.bin", changed),
      ("media/film.bin", twin),
      ("a.md", Array("b".utf8)),
    ] {
      let file = world.folder.appending("draft")
      try Data(bytes).write(to: file)
      _ = try await replica.put(contentsOf: file, at: try DocumentPath(path), reason: "r")
      contents.append(SHA256Hash(hashing: bytes))
    }
    let bundle = try #require(try await replica.draftsBundle()).bytes
    return (world, bundle, contents)
  }

  @Test("It is unpacked while somebody else writes, leaves nothing in the store, and is then taken whole")
  func beside() async throws {
    let (world, bundle, contents) = try await Self.push()
    let publisher = world.publisher
    let stage = try await publisher.store.write(purpose: "test") { _ in
      // A transaction that writes is open on this thread: unpacking needs none.
      try PushStage(unpacking: .bytes(bundle), for: publisher.store)
    }
    #expect(stage.steps.count == 9)
    for content in contents { #expect(try await publisher.store.read { try !$0.holdsBody(content) }) }
    let left = try FileManager.default.contentsOfDirectory(atPath: publisher.folder.path)
    #expect(!left.contains { $0.hasPrefix(".push-") })

    let answers = try await publisher.receive(push: bundle)
    #expect(answers.count == 5)
    #expect(answers.allSatisfy { $0.changeSet != nil && $0.refusal == nil })
    for content in contents { #expect(try await publisher.store.read { try $0.holdsBody(content) }) }
    #expect(try await publisher.verify(rebuild: false) { _ in }.problems.isEmpty)
  }

  @Test("A push that is damaged, or a bundle of another kind, is refused before anything is written")
  func damaged() async throws {
    let (world, bundle, _) = try await Self.push()
    let size = try await world.size()
    for place in [bundle.count / 2, bundle.count - 40] {
      var damaged = bundle
      damaged[place] ^= 1
      await #expect(throws: BundleError.self) { try await world.publisher.receive(push: damaged) }
    }
    let file = world.folder.appending("heads.sheaf")
    _ = try await world.publisher.makeBundle(from: 0, to: nil, depth: .heads, file: file)
    let heads = Array(try Data(contentsOf: file))
    await #expect(throws: BundleMisfit.drafts) { try await world.publisher.receive(push: heads) }
    #expect(try await world.size() == size)
  }
}
