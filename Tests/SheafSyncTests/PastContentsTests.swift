import Foundation
import SheafBundle
import SheafModel
import SheafTesting
import Synchronization
import Testing

@testable import SheafSync

/// A remote that answers for contents as a test says.
private final class LyingRemote: RelayedRemote {
  typealias Answer = @Sendable (DocumentPath, UInt64, RevisionName?) async throws -> [UInt8]?
  let remote: any Remote
  let answer: Answer
  let asked = Mutex(0)

  init(_ remote: MemoryRemote, _ answer: @escaping Answer) { (self.remote, self.answer) = (remote, answer) }

  func pastContents(of path: DocumentPath, upTo size: UInt64, before: RevisionName?) async throws -> [UInt8]?
  {
    asked.withLock { $0 += 1 }
    return try await answer(path, size, before)
  }
}

@Suite("Contents of one document's past, when they are asked for")
struct PastContentsTests {
  private static let path = "notes/b.md"

  /// A publisher with a document of nine states, another beside it, and a trail of all that.
  private static func world() async throws -> (
    world: SyncWorld, replica: Library, states: [[UInt8]]
  ) {
    let world = try await SyncWorld()
    var random = SplitMix64(seed: 4)
    var text = Array(Base64.encode(random.bytes(3_000)).utf8)
    var states: [[UInt8]] = []
    for number in 0..<9 {
      text.replaceSubrange(
        100 * number..<100 * number + 10, with: Array("edit \(number)    ".utf8.prefix(10)))
      states.append(text)
      try world.content.write(text, to: path)
      try world.content.write("other \(number)", to: "notes/other.md")
      _ = try await world.publish("edit \(number)", prunes: true)
    }
    return (world, try await world.replica(), states)
  }

  private static func shown(_ library: Library, _ revision: String) async throws -> [UInt8] {
    let name = try #require(RevisionName(parsing: revision))
    return try await library.content(of: try DocumentPath(path), at: .revision(name)).bytes
  }

  @Test("They come together, for little, are verified, and are there from then on")
  func together() async throws {
    let (world, replica, states) = try await Self.world()
    let path = try DocumentPath(Self.path)
    let before = try await replica.history(of: path)
    #expect(before.filter(\.isHeld).count == 1)
    let old = try #require(before.first { !$0.isHeld }).revision
    let error = await #expect(throws: LibraryError.self) { try await Self.shown(replica, old) }
    #expect(error?.hint?.contains("sheaf history ") == true)

    let remote = MemoryRemote(service: world.publisher)
    let report = try await replica.fetchHistory(of: path, from: remote)
    #expect(report.missing.isEmpty && report.fetched.count == 8)
    #expect(remote.traffic.requests == 1)
    // Eight states of 4,000 bytes that differ in ten bytes each.
    #expect(report.transferredInBytes < 1_000)
    #expect(report.sizeInBytes == 8 * 4_000)
    let entries = try await replica.history(of: path)
    #expect(entries.allSatisfy { $0.isHeld })
    var contents: [[UInt8]] = []
    for entry in entries where entry.verb != "delete" {
      let name = try #require(RevisionName(parsing: entry.revision))
      contents.append(try await replica.content(of: try DocumentPath(entry.path), at: .revision(name)).bytes)
    }
    #expect(Set(contents) == Set(states))
    #expect(try await replica.verify(rebuild: true) { _ in }.problems.isEmpty)
    #expect(try await replica.fetchHistory(of: path, from: remote).alreadyHere == [Self.path])
    // Nothing of another document came, and a sync leaves what came.
    #expect(try await replica.history(of: try DocumentPath("notes/other.md")).filter(\.isHeld).count == 1)
    try world.content.write("edit 10", to: Self.path)
    _ = try await world.publish()
    _ = try await replica.sync(with: remote)
    #expect(try await replica.history(of: path).allSatisfy { $0.isHeld })
  }

  @Test("More than one answer holds comes in several, and a copy of heads is told what it would have to keep")
  func pages() async throws {
    let (world, replica, _) = try await Self.world()
    let path = try DocumentPath(Self.path)
    let remote = MemoryRemote(service: world.publisher)
    let publisher = world.publisher
    let small = LyingRemote(remote) { path, size, before in
      try await publisher.pastContents(of: path, upTo: size, before: before, in: nil, full: 10_000)
    }
    let report = try await replica.fetchHistory(of: path, from: small)
    #expect(report.missing.isEmpty && report.fetched.count == 8)
    #expect(small.asked.withLock { $0 } == 3)
    #expect(try await replica.history(of: path).allSatisfy { $0.isHeld })
    let heads = try await Library.clone(
      from: remote, to: world.folder.appending("heads"), options: CloneOptions(depth: .heads, member: "h"),
      environment: world.environment
    ).library
    await #expect(throws: LibraryError.needsDepth(.trail, what: "fetch the history of \(path)")) {
      try await heads.fetchHistory(of: path, from: remote)
    }
  }

  @Test("An answer that was changed anywhere, or is another document's, is refused, and nothing of it stays")
  func lies() async throws {
    let (world, replica, _) = try await Self.world()
    let path = try DocumentPath(Self.path)
    let inner = MemoryRemote(service: world.publisher)
    let whole = try #require(try await inner.pastContents(of: path, upTo: 9, before: nil))
    let other = try #require(
      try await inner.pastContents(of: try DocumentPath("notes/other.md"), upTo: 9, before: nil))
    var answers = [
      other, Array(whole.dropLast(4)), [], [2], Array(whole.prefix(3)),
      whole + [UInt8](repeating: 9, count: 40),
    ]
    for place in [0, 1, 2, 3, 4, 7, 25, 60, whole.count - 20] {
      var changed = whole
      changed[place] ^= 0x10
      answers.append(changed)
    }
    for answer in answers {
      await #expect(throws: BundleError.self) {
        try await replica.fetchHistory(of: path, from: LyingRemote(inner) { _, _, _ in answer })
      }
      #expect(try await replica.history(of: path).filter(\.isHeld).count == 1)
    }
    // One that says there is more and sends the same again is left.
    var again = whole
    again[1] |= 2
    let endless = again
    let liar = LyingRemote(inner) { _, _, _ in endless }
    let report = try await replica.fetchHistory(of: path, from: liar)
    #expect(report.missing.isEmpty)
    #expect(liar.asked.withLock { $0 } == 1)
  }

  @Test("A folder's publisher leaves them by their hashes once they are wished for")
  func folder() async throws {
    let (world, replica, _) = try await Self.world()
    let path = try DocumentPath(Self.path)
    let stick = FolderRemote(folder: world.folder.appending("stick"))
    try FileManager.default.createDirectory(at: stick.folder, withIntermediateDirectories: true)
    _ = try await world.publisher.exchange(with: stick)
    #expect(try await replica.fetchHistory(of: path, from: stick).missing.count == 8)
    _ = try await world.publisher.exchange(with: stick)
    #expect(try await replica.fetchHistory(of: path, from: stick).fetched.count == 8)
    #expect(try await replica.history(of: path).allSatisfy { $0.isHeld })
    #expect(try await stick.wishes(of: replica.memberMark).isEmpty)
  }
}
