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
