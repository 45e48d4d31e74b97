import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// What a host says that is not so.
enum AssetLie: CaseIterable, Sendable {
  case otherBytes, chunkLeftOut, chunkTwice, chunksSwapped, smallChunks, giant, nothingAbsent
}

/// A publisher's host that lies about assets.
private struct LyingHost: BundleHost {
  var host: StoreBundleHost
  let lie: AssetLie

  mutating func heldContent(of path: DocumentPath) throws -> SHA256Hash? { try host.heldContent(of: path) }
  mutating func bytes(of content: SHA256Hash) throws -> [UInt8]? { try host.bytes(of: content) }
  mutating func bytes(of chunk: AssetChunk) throws -> [UInt8] { try host.bytes(of: chunk) }

  mutating func assetSize(of content: SHA256Hash) throws -> UInt64? {
    guard let size = try host.assetSize(of: content) else { return nil }
    return lie == .giant ? Limits.asset : lie == .nothingAbsent ? 5 : size
  }

  mutating func chunks(of content: SHA256Hash) throws -> [AssetChunk]? {
    guard var chunks = try host.chunks(of: content) else { return nil }
    switch lie {
    case .chunkLeftOut: chunks.removeLast()
    case .chunkTwice: chunks.insert(chunks[2], at: 2)
    case .chunksSwapped: chunks.swapAt(1, 2)
    case .smallChunks: chunks = chunks.map { AssetChunk(id: $0.id, sizeInBytes: 15 << 10) }
    case .otherBytes, .giant, .nothingAbsent: break
    }
    return chunks
  }

  mutating func packed(_ chunk: AssetChunk) throws -> (isDeflated: Bool, bytes: [UInt8]) {
    var (isDeflated, bytes) = try host.packed(chunk)
    if lie == .otherBytes { bytes[100] ^= 1 }
    if lie == .smallChunks { bytes = Array(bytes.prefix(chunk.sizeInBytes)) }
    return (isDeflated, bytes)
  }
}

@Suite("Bundles whose assets are not what they say")
struct HostileAssetTests {
  @Test("They are refused whole, and nothing of them is stored", arguments: AssetLie.allCases)
  func lies(lie: AssetLie) async throws {
    let assets = try await AssetWorld()
    let bytes = try await assets.publisher.store.read { try Self.bundle($0, lie: lie) }
    let file = assets.world.folder.appending("lie.sheaf")
    try Data(bytes).write(to: file)
    let copy = assets.world.folder.appending("copy")
    await #expect(throws: BundleError.self) {
      _ = try await Library.clone(
        fromBundle: file, to: copy, options: CloneOptions(depth: .heads, member: "c"),
        environment: assets.world.environment)
    }
    #expect(!FileManager.default.fileExists(atPath: copy.appending(path: LibraryStore.fileName).path))
  }

  @Test("A bundle that is cut inside an asset leaves the copy as it was")
  func cut() async throws {
    var assets = try await AssetWorld()
    let replica = try await assets.clone("clinic", depth: .heads)
    let before = assets.film
    var random = SplitMix64(seed: 8)
    let fresh = random.bytes(300_000)
    try await assets.change { $0.replaceSubrange(100_000..<400_000, with: fresh) }
    let file = assets.world.folder.appending("step.sheaf")
    _ = try await assets.publisher.makeBundle(from: 1, to: 2, depth: .heads, file: file)
    let bytes = try Data(contentsOf: file)
    #expect(bytes.count > 250_000)
    let chunks = try await replica.store.read { try $0.chunkRows(after: .min, count: 1000).count }
    for size in [bytes.count / 3, bytes.count - 1] {
      try bytes.prefix(size).write(to: file)
      await #expect(throws: BundleError.self) { try await replica.apply(bundle: file) }
      #expect(try await assets.shown(in: replica) == before)
      #expect(try await replica.store.read { try $0.chunkRows(after: .min, count: 1000).count } == chunks)
    }
    try bytes.write(to: file)
    _ = try await replica.apply(bundle: file)
    #expect(try await assets.shown(in: replica) == assets.film)
  }

  /// The publisher's first copy as heads, with a lie in it.
  private static func bundle(_ transaction: StoreTransaction, lie: AssetLie) throws -> [UInt8] {
    let request = PullRequest(from: 0, known: 0, depth: .heads, subscription: .all)
    var header = try BundleMaker(
      transaction: transaction, facts: try transaction.facts(), request: request
    ).header()
    header.unpackedSizeInBytes += Limits.asset
    let checkpoint = try #require(try transaction.newestCheckpoint())
    let stateNote = try SignedNote(
      parsing: checkpoint.stateNote, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures)
    let seal = BundleSeal(
      checkpoint: try SignedCheckpoint(parsing: checkpoint.note), stateNote: stateNote,
      stateRoot: try StateNote(parsing: stateNote.text).root)
    let proof = try MerkleProof.extensionNodes(from: 0, to: header.to).map(transaction.node)
    var bytes: [UInt8] = []
    let writer = try BundleWriter(header: header, seal: seal, proof: proof) { bytes.append(contentsOf: $0) }
    var host = LyingHost(
      host: StoreBundleHost(transaction: transaction, size: 0, subscription: .all), lie: lie)
    for listed in try transaction.documents(in: nil, after: nil, count: 10) {
      let content = try #require(listed.content)
      let isAbsent = try lie == .nothingAbsent && transaction.assetSize(content) != nil
      try writer.append(
        OutgoingStateChange(
          path: listed.path, value: .content(content), bodies: isAbsent ? [] : [content],
          absent: isAbsent ? [content] : []),
        host: &host)
    }
    _ = try writer.finish()
    return bytes
  }
}
