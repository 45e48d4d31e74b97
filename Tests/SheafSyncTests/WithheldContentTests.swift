import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// A mirror's host that calls everything an asset.
private struct WithholdingHost: BundleHost {
  var host: StoreBundleHost

  mutating func heldContent(of path: DocumentPath) throws -> SHA256Hash? { try host.heldContent(of: path) }
  mutating func bytes(of content: SHA256Hash) throws -> [UInt8]? { try host.bytes(of: content) }
  mutating func assetSize(of content: SHA256Hash) throws -> UInt64? { 2_000_000 }
}

@Suite("Content that a mirror says may come later")
struct WithheldContentTests {
  private static let small = "{\"format\": 1, \"collections\": {\"media\": {\"lazyAbove\": 1500000}}}"

  @Test(
    "A first copy is refused where the settings do not let the asset wait, and whatever is no asset",
    arguments: [
      (AssetWorld.lazy(), AssetWorld.path, true),
      (AssetWorld.lazy("\"assets\": \"eager\""), AssetWorld.path, false),
      (AssetWorld.lazy(), "about.md", false), (small, AssetWorld.path, true),
    ])
  func first(settings: String, path: String, isTaken: Bool) async throws {
    let assets = try await AssetWorld(settings: settings)
    let file = try await Self.bundle(of: assets, from: 0, withholding: path)
    let copy = assets.world.folder.appending("copy")
    func clone() async throws {
      _ = try await Library.clone(
        fromBundle: file, to: copy, options: CloneOptions(depth: .heads, member: "c"),
        environment: assets.world.environment)
    }
    if isTaken {
      try await clone()
    } else {
      await #expect(throws: BundleMisfit.missingBody(try DocumentPath(path))) { try await clone() }
      #expect(!FileManager.default.fileExists(atPath: copy.appending(path: LibraryStore.fileName).path))
    }
  }

  @Test("A step is refused where it withholds, and leaves the copy as it was")
  func step() async throws {
    var assets = try await AssetWorld()
    let replica = try await assets.clone("clinic", depth: .heads)
    let before = assets.film
    try await assets.change { $0[5] ^= 1 }
    let file = try await Self.bundle(of: assets, from: 1, withholding: AssetWorld.path)
    await #expect(throws: BundleMisfit.missingBody(try DocumentPath(AssetWorld.path))) {
      try await replica.apply(bundle: file)
    }
    #expect(try await assets.shown(in: replica) == before)
    #expect(try await replica.status().absent == 0)
    _ = try await replica.sync(with: assets.remote)
    #expect(try await assets.shown(in: replica) == assets.film)
  }

  @Test("Bytes that wait under one path travel for another that does not", arguments: [Depth.heads, .trail])
  func twin(depth: Depth) async throws {
    let assets = try await AssetWorld(settings: AssetWorld.lazy())
    try assets.world.content.write(assets.film, to: "zoo/film.bin")
    _ = try await assets.world.publish()
    let replica = try await assets.clone("clinic", depth: depth)
    #expect(try await assets.shown(in: replica, path: "zoo/film.bin") == assets.film)
    #expect(try await replica.status().absent == 0)
  }

  @Test(
    "An asset that moves to where it may not wait travels, to whom knew of it only",
    arguments: [Depth.heads, .trail])
  func moved(depth: Depth) async throws {
    let assets = try await AssetWorld(settings: AssetWorld.lazy())
    let replica = try await assets.clone("clinic", depth: depth)
    #expect(try await replica.status().absent == 1)
    try assets.world.content.remove(AssetWorld.path)
    try assets.world.content.write(assets.film, to: "zoo/film.bin")
    #expect(try await assets.world.publish(prunes: true).moved.count == 1)
    _ = try await replica.sync(with: assets.remote)
    #expect(try await assets.shown(in: replica, path: "zoo/film.bin") == assets.film)
  }

  @Test(
    "An asset that was let go of, or turned eager, may move on and stay absent",
    arguments: [Depth.heads, .trail])
  func stranded(depth: Depth) async throws {
    let assets = try await AssetWorld()
    let replica = try await assets.clone("clinic", depth: depth)
    _ = try await replica.drop([try DocumentPath(AssetWorld.path)])
    try assets.world.content.remove(AssetWorld.path)
    try assets.world.content.write(assets.film, to: "zoo/film.bin")
    _ = try await assets.world.publish(prunes: true)
    _ = try await replica.sync(with: assets.remote)
    #expect(try await replica.status().absent == 1)
    #expect(try await replica.fetch(nil, from: assets.remote).fetched == ["zoo/film.bin"])
  }

  @Test("Of two heads that are both absent neither is passed over, however the pages fall")
  func secondHeads() async throws {
    var assets = try await AssetWorld(settings: AssetWorld.lazy())
    let clinic = try await assets.clone("clinic")
    _ = try await clinic.fetch(nil, from: assets.remote)
    var theirs = assets.film
    theirs[9] ^= 1
    let file = assets.world.folder.appending("theirs.bin")
    try Data(theirs).write(to: file)
    _ = try await clinic.put(contentsOf: file, at: try DocumentPath(AssetWorld.path), reason: "r")
    try await assets.change { $0[5] ^= 1 }
    #expect(try await clinic.sync(with: assets.remote).conflicts == [AssetWorld.path])
    let tablet = try await assets.clone("tablet", depth: .heads)
    let found = try await tablet.store.read { transaction in
      var found: [SHA256Hash] = []
      var after: (path: DocumentPath, content: SHA256Hash)?
      while let one = try transaction.absentDocuments(after: after, count: 1).first {
        found.append(one.content)
        after = (one.path, one.content)
      }
      return found
    }
    #expect(Set(found) == [SHA256Hash(hashing: assets.film), SHA256Hash(hashing: theirs)])
    #expect(found.count == 2)
  }

  /// The publisher's bundle of heads, with one content said to be an asset that does not travel.
  private static func bundle(of assets: AssetWorld, from: UInt64, withholding path: String) async throws
    -> URL
  {
    let bytes = try await assets.publisher.store.read { transaction in
      let request = PullRequest(from: from, known: from, depth: .heads, subscription: .all)
      var header = try BundleMaker(
        transaction: transaction, facts: try transaction.facts(), request: request
      ).header()
      header.bodyCount += 1
      header.unpackedSizeInBytes += 4_000_000
      let checkpoint = try #require(try transaction.newestCheckpoint())
      let stateNote = try SignedNote(
        parsing: checkpoint.stateNote, maximumSize: Limits.checkpointNote,
        maximumSignatures: Limits.signatures)
      let seal = BundleSeal(
        checkpoint: try SignedCheckpoint(parsing: checkpoint.note), stateNote: stateNote,
        stateRoot: try StateNote(parsing: stateNote.text).root)
      let proof = try MerkleProof.extensionNodes(from: from, to: header.to).map(transaction.node)
      var bytes: [UInt8] = []
      let writer = try BundleWriter(header: header, seal: seal, proof: proof) { bytes.append(contentsOf: $0) }
      let host = StoreBundleHost(transaction: transaction, size: from, subscription: .all)
      for listed in try transaction.documents(in: nil, after: nil, count: 10) {
        let content = try #require(listed.content)
        guard from == 0 || listed.path.text == path else { continue }
        let isWithheld = listed.path.text == path
        let change = OutgoingStateChange(
          path: listed.path, value: .content(content), bodies: isWithheld ? [] : [content],
          absent: isWithheld ? [content] : [])
        var honest = host
        var lying = WithholdingHost(host: host)
        if isWithheld {
          try writer.append(change, host: &lying)
        } else {
          try writer.append(change, host: &honest)
        }
      }
      _ = try writer.finish()
      return bytes
    }
    let file = assets.world.folder.appending("withheld.sheaf")
    try Data(bytes).write(to: file)
    return file
  }
}
