import Foundation
import SheafModel
import SheafTesting
import Synchronization
import Testing

@testable import SheafStore
@testable import SheafSync

/// What was destroyed leaves the file too, and a copy that can't see to that tries seldom and says why.
@Suite("Sweeping")
struct SweepTests {
  /// A disk and a clock that a test moves, and how often a sweep was begun.
  private final class Surroundings: Sendable {
    let free = Mutex<UInt64?>(nil)
    let seconds = Mutex<Int64>(1_780_000_000)
    let tries = Mutex<Int>(0)

    func pass(_ seconds: Int64) { self.seconds.withLock { $0 += seconds } }
    var count: Int { tries.withLock { $0 } }
  }

  private struct Scene {
    let surroundings = Surroundings()
    let folder: TestFolder
    let environment: LibraryEnvironment
    let publisher: Library

    init() async throws {
      let around = surroundings
      let world = TestWorld(seed: 5).environment
      var environment = LibraryEnvironment(
        clock: { Timestamp(seconds: around.seconds.withLock { $0 }) }, random: world.random,
        step: { if $0 == .cachesEmptied { around.tries.withLock { $0 += 1 } } })
      environment.storeOptions = world.storeOptions
      environment.storeOptions.lockPatience = .milliseconds(50)
      environment.freeSpace = { _ in around.free.withLock { $0 } }
      self.environment = environment
      folder = try TestFolder()
      publisher = try await Library.create(
        at: folder.appending("publisher"), name: "Test", member: "Ana",
        founding: MemberTemplate(name: "Ana", role: .publisher), environment: environment)
    }

    func put(_ text: String, _ path: String) async throws {
      _ = try await publisher.put(Array(text.utf8), at: try DocumentPath(path), reason: "because")
    }

    /// Has the first revisions of two documents destroyed, each in a change set of its own: the first at once.
    func destroy(_ paths: [String], asked by: Library) async throws {
      for path in paths {
        let path = try DocumentPath(path)
        let first: HistoryEntry = try #require(try await publisher.history(of: path).last)
        let name: RevisionName = try #require(RevisionName(parsing: first.revision))
        let target = RedactionTarget(path: path, revisions: [name])
        _ = try await by.sync(with: MemoryRemote(service: publisher))
        _ = try await by.redact([target], ground: "law", reason: "asked")
        _ = try await by.sync(with: MemoryRemote(service: publisher))
        _ = try await publisher.redact([target], ground: "law", reason: "confirmed")
      }
    }

    func officer() async throws -> Library {
      let invitation = try await publisher.invite(
        MemberTemplate(name: "Pia", role: .privacyOfficer, collections: nil), forStick: false)
      let code: InvitationCode = try #require(InvitationCode(invitation.code))
      return try await Library.clone(
        from: MemoryRemote(service: publisher), to: folder.appending("officer"),
        options: CloneOptions(depth: .trail, member: "Pia", code: code),
        // A world of its own: what that copy sweeps is not counted.
        environment: TestWorld(seed: 6).environment
      ).library
    }

    var bytes: [UInt8] {
      ["library.sqlite", "library.sqlite-wal"].flatMap { name in
        [UInt8]((try? Data(contentsOf: publisher.folder.appending(path: name))) ?? Data())
      }
    }
  }

  private static let secret = "Maria Lopez Quintanilla"

  private func holdsSecret(_ scene: Scene) throws -> Bool {
    var search = ByteSearch(Array(Self.secret.utf8))
    search.take(scene.bytes)
    return search.hasFound
  }

  @Test(
    "Without room nothing is written anew, and no change tries again before its time; a newer redaction does")
  func noRoom() async throws {
    let scene = try await Scene()
    let around = scene.surroundings
    let officer = try await scene.officer()
    for path in ["a/x.md", "a/y.md"] {
      try await scene.put("\(Self.secret) \(path)", path)
      try await scene.put("clean \(path)", path)
    }
    around.free.withLock { $0 = 1_000 }
    let before = around.count
    try await scene.destroy(["a/x.md"], asked: officer)
    #expect(around.count == before + 1)
    let unswept: UnsweptContent = try #require(try await scene.publisher.unsweptContent())
    #expect(unswept.why.contains("takes") && unswept.why.contains("1000 free"))
    #expect(unswept.hint.contains("SQLITE_TMPDIR") && unswept.hint.contains("sheaf redactions"))
    let warnings = try await scene.publisher.status().warnings
    #expect(warnings.contains { $0.contains("still in this copy's files: \(unswept.why)") })
    let report = try await scene.publisher.verify(rebuild: false, activity: { _ in })
    #expect(report.problems.contains { $0.problem.contains(unswept.why) })
    for number in 0..<5 { try await scene.put("other \(number)", "a/other.md") }
    let again = try await Library.open(at: scene.publisher.folder, environment: scene.environment)
    try await again.close()
    #expect(around.count == before + 1)
    // A clock that was put back does not make it wait for ever, and a minute is enough.
    around.pass(61)
    try await scene.put("other", "a/z.md")
    #expect(around.count == before + 2)
    around.pass(-3_600)
    try await scene.put("more", "a/z.md")
    #expect(around.count == before + 3)
    try await scene.destroy(["a/y.md"], asked: officer)
    #expect(around.count == before + 4)
    // Whoever asks does not wait.
    around.free.withLock { $0 = nil }
    #expect(try await scene.publisher.sweep() == nil)
    #expect(around.count == before + 5)
    #expect(try !holdsSecret(scene))
    #expect(try await scene.publisher.status().warnings.allSatisfy { !$0.contains("still in") })
    try await officer.close()
  }

  @Test("What is destroyed in quarantine is destroyed though the file can't be swept now, and that is told")
  func quarantine() async throws {
    let scene = try await Scene()
    let officer = try await scene.officer()
    try await scene.put("clean", "a/x.md")
    _ = try await scene.publisher.alter("Pia", .init(role: .editor), reason: "helps out")
    _ = try await officer.sync(with: MemoryRemote(service: scene.publisher))
    _ = try await officer.put(Array(Self.secret.utf8), at: try DocumentPath("a/x.md"), reason: "because")
    _ = try await scene.publisher.revoke("Pia", reason: "left")
    _ = try await officer.sync(with: MemoryRemote(service: scene.publisher))
    let waiting = try #require(try await scene.publisher.quarantine().first)
    scene.surroundings.free.withLock { $0 = 1_000 }
    #expect(
      try await scene.publisher.drop(quarantined: waiting.draft, reason: "a name").draft == waiting.draft)
    #expect(try await scene.publisher.quarantine().isEmpty)
    #expect(try await scene.publisher.unsweptContent() != nil)
    scene.surroundings.free.withLock { $0 = nil }
    #expect(try await scene.publisher.sweep() == nil)
    #expect(try !holdsSecret(scene))
    try await officer.close()
  }

  @Test("While somebody reads, the file is not written anew, and the reason is told")
  func reader() async throws {
    let scene = try await Scene()
    let officer = try await scene.officer()
    var random = SplitMix64(seed: 3)
    _ = try await scene.publisher.put(
      random.bytes(1_000_000), at: try DocumentPath("a/large.bin"), reason: "because")
    try await scene.put(Self.secret, "a/x.md")
    try await scene.put("clean", "a/x.md")
    try scene.publisher.store.checkpointFile()
    let (isReading, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let store = scene.publisher.store
    Thread.detachNewThread {
      _ = try? store.readBlocking { transaction in
        _ = try transaction.position()
        isReading.signal()
        mayEnd.wait()
      }
    }
    await Blocking.always { isReading.wait() }
    try await scene.destroy(["a/x.md"], asked: officer)
    let unswept = try await scene.publisher.unsweptContent()
    #expect(unswept?.why == "somebody was reading the library all the while")
    #expect(try holdsSecret(scene))
    // The log would else have grown by the whole file.
    let log = try Data(contentsOf: scene.publisher.folder.appending(path: "library.sqlite-wal")).count
    #expect(log < 900_000)
    mayEnd.signal()
    #expect(try await scene.publisher.sweep() == nil)
    #expect(try !holdsSecret(scene))
    try await officer.close()
  }
}
