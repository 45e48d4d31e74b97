import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Synchronization
import Testing

@testable import SheafSync

@Suite("Packing a copy")
struct CompactTests {
  private static func text(_ document: Int, version: Int) -> String {
    (0..<40).map { "Line \($0) of \(document), version \($0 < version ? version : 0).\n" }.joined()
  }

  private static func files(version: Int) -> [String: String] {
    (0..<6).reduce(into: [:]) { files, document in
      // A document moves with an edit, so that it is found by what it is like.
      let path = document == 5 && version > 4 ? "moved/5.md" : "a/\(document).md"
      files[path] = text(document, version: document == 4 ? 1 : version)
    }
  }

  @Test(
    "A copy of any depth says the same before and after, goes on, and is packed once",
    arguments: Depth.allCases)
  func depths(depth: Depth) async throws {
    let world = try await ReadingWorld()
    for version in 1...8 { try await world.publish(Self.files(version: version)) }
    let copy = try await Library.clone(
      from: MemoryRemote(service: world.library), to: world.root.appending(path: "copy"),
      options: CloneOptions(depth: depth, member: "clinic"), environment: world.environment
    ).library
    _ = try await copy.put(
      Array("# Draft\n".utf8), at: DocumentPath("b/draft.md"), reason: "A draft stays where it is")
    for library in [copy, world.library] {
      let bodies = try await library.compact(activity: { _ in }).bodies
      // A copy of depth heads drops what is superseded, so nothing may rest on it.
      if depth == .heads, library === copy { #expect(bodies == 0) } else { #expect(bodies > 0) }
      #expect(try await library.verify(rebuild: false, activity: { _ in }).problems == [])
      // Nor is there anything left for another run, the draft included.
      #expect(try await library.compact(activity: { _ in }).bodies == 0)
    }
    for version in 1...8 {
      let shown = try await world.text(
        "a/0.md", at: .revision(RevisionName(changeSet: UInt64(version), line: 1)))
      #expect(shown == Self.text(0, version: version))
    }
    // What is superseded later goes, and what comes builds on what is packed.
    for version in 9...12 {
      try await world.publish(Self.files(version: version))
      _ = try await copy.sync(with: MemoryRemote(service: world.library), options: SyncOptions()) { _ in }
      if version == 10 {
        #expect(try await (copy.compact(activity: { _ in }).bodies > 0) == (depth > .heads))
      }
    }
    #expect(try await copy.verify(rebuild: false, activity: { _ in }).problems == [])
    let shown = try await copy.content(of: DocumentPath("moved/5.md"))
    #expect(shown.map { String(decoding: $0.bytes, as: UTF8.self) } == Self.text(5, version: 12))
    #expect(try await world.library.search("version", limit: 20).count == 6)
  }

  @Test("Reasons say the same after they were packed, and later ones join them")
  func reasons() async throws {
    let world = try await ReadingWorld()
    func reasons() async throws -> [[UInt8]?] {
      try await world.library.store.read { try $0.changeSets(from: 1, count: 200).map(\.reason) }
    }
    func unpacked() async throws -> Int64? {
      try await world.library.store.read { try $0.unpackedReasons() }
    }
    for version in 1...66 { try await world.publish(["a.md": "version \(version)"]) }
    let before = try await reasons()
    #expect(before.count >= 66 && !before.contains(nil))
    _ = try await world.library.compact(activity: { _ in })
    #expect(try await reasons() == before)
    #expect(try await unpacked() == 0)
    for version in 67...70 { try await world.publish(["a.md": "version \(version)"]) }
    let later = try await reasons()
    #expect(later.starts(with: before) && later.count == before.count + 4 && !later.contains(nil))
    #expect(try await unpacked() == 4)
    _ = try await world.library.compact(activity: { _ in })
    #expect(try await reasons() == later)
    #expect(try await unpacked() == 0)
    #expect(try await world.library.verify(rebuild: false, activity: { _ in }).problems == [])
  }

  @Test("What follows from other rows is left out, and everything reads the same")
  func leftOut() async throws {
    let world = try await ReadingWorld()
    for version in 1...4 { try await world.publish(Self.files(version: version)) }
    let library = world.library
    func read() async throws -> ([StoredChangeSet], [StoredRevision]) {
      try await library.store.read { transaction in
        let changeSets = try transaction.changeSets(from: 1, count: 100)
        return (changeSets, try changeSets.flatMap { try transaction.revisions(inChangeSet: $0.number) })
      }
    }
    let before = try await read()
    #expect(
      try await library.store.read { try $0.whatFollows() } == [
        Int64(before.1.count), Int64(before.0.count * 2),
      ])
    _ = try await library.compact(activity: { _ in })
    let after = try await read()
    #expect(after == before)
    // The first change set was made before there was a checkpoint that its author could have seen.
    #expect(try await library.store.read { try $0.whatFollows() } == [0, 1])
    let content = try #require(before.1.first?.content as SHA256Hash?)
    #expect(try await library.store.read { try $0.revisions(with: content).count } > 0)
    #expect(try await library.store.read { try $0.isPublished(content) })
  }

  @Test("The history of many edits takes little more than the newest contents")
  func size() async throws {
    let world = try await ReadingWorld()
    var random = SplitMix64(seed: 11)
    let base = (0..<400).map { _ in String(random.next(), radix: 36) }.joined(separator: "\n")
    try await world.publish(["a.md": base])
    for version in 1...60 { try await world.publish(["a.md": base + "\nversion \(version)\n"]) }
    func bodies() async throws -> Int64 {
      try await world.library.store.read { try $0.bodiesSize() }
    }
    let before = try await bodies()
    let report = try await world.library.compact(activity: { _ in })
    #expect(report.bodies >= 61 && report.sizeAfter < report.sizeBefore)
    let after = try await bodies()
    #expect(after < before && after < 6_000)
  }

  @Test("Without room to write the file anew, nothing is packed")
  func noRoom() async throws {
    let free = Mutex<UInt64>(5_000)
    var environment = TestWorld(seed: 1).environment
    environment.freeSpace = { _ in free.withLock { $0 } }
    let world = try await SyncWorld(environment: environment)
    for version in 1...3 {
      for (path, text) in Self.files(version: version) { try world.content.write(text, to: path) }
      _ = try await world.publish()
    }
    await #expect(throws: NoRoomToCompact.self) { try await world.publisher.compact(activity: { _ in }) }
    #expect(try await world.publisher.store.read { try $0.hasUnpackedBodies() })
    free.withLock { $0 = 1 << 40 }
    #expect(try await world.publisher.compact(activity: { _ in }).bodies > 0)
  }
}
