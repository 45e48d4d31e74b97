import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Copies that turn to a deeper history")
struct DeepeningTests {
  private static func files(_ version: Int) -> [String: String] {
    (0..<5).reduce(into: [:]) { files, document in
      files["a/\(document).md"] = "Document \(document), version \(document == 4 ? 1 : version)\n"
    }
  }

  private func copy(of world: ReadingWorld, _ depth: Depth) async throws -> Library {
    try await Library.clone(
      from: MemoryRemote(service: world.library), to: world.root.appending(path: "copy-\(depth.rawValue)"),
      options: CloneOptions(depth: depth, member: "clinic"), environment: world.environment
    ).library
  }

  private func deepen(_ copy: Library, to depth: Depth, from world: ReadingWorld) async throws -> PullReport {
    let report = try await copy.sync(
      with: MemoryRemote(service: world.library), options: SyncOptions(depth: depth)
    ) { _ in }
    let pulled: PullReport = try #require(report.pulled)
    return pulled
  }

  @Test("What the copy holds does not come again; what is new or past does")
  func held() async throws {
    let world = try await ReadingWorld()
    for version in 1...3 { try await world.publish(Self.files(version)) }
    let copy = try await copy(of: world, .heads)
    #expect(try await deepen(copy, to: .trail, from: world).bodies == 0)
    #expect(try await copy.verify(rebuild: false, activity: { _ in }).problems == [])
    let current = try await copy.content(of: DocumentPath("a/0.md"))
    #expect(current?.bytes == Array("Document 0, version 3\n".utf8))
    // The four that changed twice have two past contents each.
    #expect(try await deepen(copy, to: .full, from: world).bodies == 8)
    #expect(try await copy.verify(rebuild: false, activity: { _ in }).problems == [])
    let past = try await copy.content(
      of: DocumentPath("a/0.md"), at: .revision(RevisionName(changeSet: 1, line: 1)))
    #expect(past.bytes == Array("Document 0, version 1\n".utf8))
  }

  @Test("A copy that lags gets what changed since with the deeper history")
  func lagging() async throws {
    let world = try await ReadingWorld()
    for version in 1...2 { try await world.publish(Self.files(version)) }
    let copy = try await copy(of: world, .heads)
    try await world.publish(Self.files(3))
    let report = try await deepen(copy, to: .trail, from: world)
    #expect(report.bodies == 4)
    #expect(try await copy.verify(rebuild: false, activity: { _ in }).problems == [])
    let root = try await copy.store.read { try $0.stateRoot() }
    #expect(try await world.library.store.read { try $0.stateRoot() } == root)
  }

  @Test("On a stick a copy takes a whole that lies there, or asks for one without what it holds")
  func stick() async throws {
    let world = try await ReadingWorld()
    for version in 1...3 { try await world.publish(Self.files(version)) }
    let stick = world.root.appending(path: "stick")
    let bundles = stick.appending(path: "bundles")
    try FileManager.default.createDirectory(at: stick, withIntermediateDirectories: true)
    let remote = FolderRemote(folder: stick)
    _ = try await world.library.exchange(with: remote)
    let copy = try await copy(of: world, .heads)
    func deepen(to depth: Depth) async throws -> PullReport? {
      try await copy.sync(with: remote, options: SyncOptions(depth: depth)).pulled
    }
    let full = RemoteError.nothingFits(address: remote.address, position: 3)
    await #expect(throws: full) { try await deepen(to: .full) }
    _ = try await world.library.exchange(with: remote)
    let names = try FileManager.default.contentsOfDirectory(atPath: bundles.path).sorted()
    #expect(names == ["0-3-trail.sheaf", "0h3-3-full.sheaf"])
    // For the trail nobody has to come by: what every stick has does as well.
    #expect(try await deepen(to: .trail)?.bodies == 5)
    await #expect(throws: full) {
      try FileManager.default.removeItem(at: bundles.appending(path: "0h3-3-full.sheaf"))
      _ = try await deepen(to: .full)
    }
    _ = try await world.library.exchange(with: remote)
    let plan = try await copy.plan(with: remote, options: SyncOptions(depth: .full))
    let pulled: PullReport = try #require(try await deepen(to: .full))
    #expect(pulled.bodies == 8 && pulled.transferredInBytes == plan.downloadInBytes)
    #expect(try await copy.verify(rebuild: false, activity: { _ in }).problems == [])
  }

  @Test(
    "Of two that lead as far, a copy takes the one that leaves out what it holds; one that lost something does not"
  )
  func choice() async throws {
    let world = try await ReadingWorld()
    var random = SplitMix64(seed: 4)
    // Longer than the hashes that stand in their place.
    let texts = (0..<3).map { _ in Base64.encode(random.bytes(900)) + "\n" }
    try await world.publish(["a/0.md": texts[0], "a/1.md": texts[1], "a/2.md": texts[2]])
    let stick = world.root.appending(path: "stick")
    try FileManager.default.createDirectory(at: stick, withIntermediateDirectories: true)
    let remote = FolderRemote(folder: stick)
    let copy = try await copy(of: world, .heads)
    _ = try await world.library.exchange(with: remote)
    let whole = stick.appending(path: "bundles").appending(path: "0-1-trail.sheaf")
    try FileManager.default.removeItem(at: whole)
    await #expect(throws: RemoteError.self) {
      try await copy.sync(with: remote, options: SyncOptions(depth: .trail))
    }
    _ = try await world.library.exchange(with: remote)
    #expect(FileManager.default.fileExists(atPath: whole.path))
    let lost = SHA256Hash(hashing: Array(texts[2].utf8))
    let kept = try await copy.store.read { try $0.body(lost) }
    try await copy.store.write(purpose: "test") { try $0.remove(body: lost) }
    let mending = try await copy.plan(with: remote, options: SyncOptions(depth: .trail))
    let bytes: [UInt8] = try #require(kept)
    try await copy.store.write(purpose: "test") { try $0.storeBody(bytes, hash: lost) }
    let plan = try await copy.plan(with: remote, options: SyncOptions(depth: .trail))
    #expect(plan.downloadInBytes < mending.downloadInBytes)
    let report = try await copy.sync(with: remote, options: SyncOptions(depth: .trail))
    #expect(report.pulled?.bodies == 0)
    #expect(try await copy.verify(rebuild: false, activity: { _ in }).problems == [])
  }

  @Test("A copy that lost content gets everything")
  func lost() async throws {
    let world = try await ReadingWorld()
    try await world.publish(Self.files(1))
    let copy = try await copy(of: world, .heads)
    let lost = SHA256Hash(hashing: Array("Document 2, version 1\n".utf8))
    try await copy.store.write(purpose: "test") { try $0.remove(body: lost) }
    #expect(try await deepen(copy, to: .trail, from: world).bodies == 5)
    #expect(try await copy.verify(rebuild: false, activity: { _ in }).problems == [])
  }
}
