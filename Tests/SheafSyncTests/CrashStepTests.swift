import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Synchronization
import Testing

@testable import SheafSync

/// A process that dies at each named step of work, once; the folder is opened again as if by the next one.
@Suite("A crash at every step")
struct CrashStepTests {
  private typealias Step = LibraryEnvironment.Step
  /// Every step belongs to one of the verbs below.
  private static let appending: [Step] = [.appended, .signerFileWritten, .signed]
  private static let pulling: [Step] = [.bundleReceived, .bundleStaged, .bundleApplied]
  private static let pushing: [Step] = [.pushed, .answered]
  private static let packing: [Step] = [.packing, .packed]

  /// In `RedactionTests`.
  private static let erasing: [Step] = [.erasing, .erased, .cachesEmptied, .swept]

  @Test("No step is left out")
  func complete() {
    let steps =
      Self.appending + Self.pulling + Self.pushing + Self.packing + Self.erasing + [
        .drafted, .nextKeyWritten,
      ]
    #expect(Set(steps) == Set(Step.allCases) && steps.count == Step.allCases.count)
  }

  @Test("Changing the key")
  func rotate() async throws {
    let world = try await MembersWorld()
    let mark = world.publisher.memberMark
    world.world.crash(afterSteps: 0)
    await #expect(throws: TestWorld.Crash.self) { _ = try await world.publisher.rotate(reason: "yearly") }
    try await world.publisher.close()
    let again = try await Library.open(at: world.publisher.folder, environment: world.environment)
    // Nothing named the new key, so the old one signs, and the next try makes another.
    #expect(again.memberMark == mark)
    _ = try await again.rotate(reason: "yearly")
    #expect(again.memberMark != mark)
    try await world.put("one", "a/x.md", in: again)
    try await again.close()
  }

  @Test("Packing", arguments: packing)
  func compact(step: LibraryEnvironment.Step) async throws {
    try await withScene { scene in
      for version in 2...9 {
        let lines = (0..<60).map { "Line \($0) of version \($0 == version ? version : 1).\n" }.joined()
        try scene.write(lines, to: "content/a.md")
        let library = try await scene.reopen("publisher")
        _ = try await library.publish(folder: scene.content, reason: "Version \(version)")
        try await library.close()
      }
      try await scene.die(at: step, in: "publisher") { library in
        _ = try await library.compact(activity: { _ in })
      }
      let again = try await scene.reopen("publisher")
      try await scene.expectHolds(again)
      #expect(try await again.compact(activity: { _ in }).bodies == (step == .packed ? 0 : 9))
      try await scene.expectHolds(again)
      try await again.close()
    }
  }

  @Test("Publishing", arguments: appending)
  func publish(step: LibraryEnvironment.Step) async throws {
    try await withScene { scene in
      try scene.write("# A\n\nsecond\n", to: "content/a.md")
      try await scene.die(at: step, in: "publisher") { library in
        _ = try await library.publish(folder: scene.content, reason: "Second")
      }
      let again = try await scene.reopen("publisher")
      try await scene.expectHolds(again)
      // The transaction was committed before each of these steps.
      #expect(try await again.status().size == 2)
      #expect(try await again.receipt(changeSet: 2).isEmpty == false)
      #expect(try await again.publish(folder: scene.content, reason: "Second").changeSet == nil)
      #expect(try await again.status().size == 2)
      try await again.close()
    }
  }

  @Test("Taking drafts", arguments: appending)
  func receive(step: LibraryEnvironment.Step) async throws {
    try await withScene { scene in
      try await scene.edit("from the clinic")
      try await scene.die(at: step, in: "publisher") { publisher in
        let replica = try await scene.reopen("replica")
        defer { Task { try await replica.close() } }
        _ = try await replica.sync(with: MemoryRemote(service: publisher))
      }
      try await scene.expectSettled(size: 2)
    }
  }

  @Test("Pulling", arguments: pulling)
  func pull(step: LibraryEnvironment.Step) async throws {
    try await withScene { scene in
      try await scene.publish("second")
      let publisher = try await scene.reopen("publisher")
      try await scene.die(at: step, in: "replica") { replica in
        _ = try await replica.sync(with: MemoryRemote(service: publisher))
      }
      try await publisher.close()
      let replica = try await scene.reopen("replica")
      #expect(try await replica.status().size == (step == .bundleApplied ? 2 : 1))
      try await scene.expectHolds(replica)
      try await replica.close()
      try await scene.expectSettled(size: 2)
    }
  }

  @Test("Making a first copy", arguments: pulling)
  func clone(step: LibraryEnvironment.Step) async throws {
    try await withScene { scene in
      let publisher = try await scene.reopen("publisher")
      let target = scene.folder.appending(path: "other")
      for dies in [true, false] {
        let environment = scene.environment(dyingAt: dies ? step : nil)
        do {
          let made = try await Library.clone(
            from: MemoryRemote(service: publisher), to: target, options: CloneOptions(member: "Cem"),
            environment: environment)
          #expect(!dies)
          try await scene.expectHolds(made.library)
          #expect(try await made.library.status().size == 1)
          try await made.library.close()
        } catch is Crash {
          #expect(dies)
          #expect(!FileManager.default.fileExists(atPath: target.path))
        }
      }
      try await publisher.close()
    }
  }

  @Test("Handing over drafts", arguments: pushing)
  func push(step: LibraryEnvironment.Step) async throws {
    try await withScene { scene in
      try await scene.edit("from the clinic")
      let publisher = try await scene.reopen("publisher")
      try await scene.die(at: step, in: "replica") { replica in
        _ = try await replica.sync(with: MemoryRemote(service: publisher))
      }
      try await publisher.close()
      try await scene.expectSettled(size: 2)
    }
  }

  @Test("Making a draft")
  func draft() async throws {
    try await withScene { scene in
      try scene.write("# A\n\nfrom the clinic\n", to: "content/a.md")
      try await scene.die(at: .drafted, in: "replica") { replica in
        _ = try await replica.publish(folder: scene.content, reason: "Clinic")
      }
      let replica = try await scene.reopen("replica")
      try await scene.expectHolds(replica)
      #expect(try await replica.status().drafts.count == 1)
      #expect(try await replica.publish(folder: scene.content, reason: "Clinic").draft == nil)
      #expect(try await replica.status().drafts.count == 1)
      try await replica.close()
      try await scene.expectSettled(size: 2)
    }
  }

  /// A copy whose making was killed is no library, and the next attempt makes it.
  @Test("A folder that was left half made is begun anew, and nothing else is taken for one")
  func unfinished() async throws {
    try await withScene { scene in
      let target = scene.folder.appending(path: "half")
      // What `kill -9` leaves: the mark, keys and a file that SQLite had begun.
      try scene.write("", to: "half/unfinished")
      try scene.write("cut", to: "half/library.sqlite")
      try scene.write("cut", to: "half/keys/member.key")
      await #expect(throws: LibraryError.unfinished(target.path)) {
        try await Library.open(at: target, environment: scene.environment(dyingAt: nil))
      }
      try scene.write("mine", to: "half/notes.txt")
      let environment = scene.environment(dyingAt: nil)
      await #expect(throws: LibraryError.folderNotEmpty(target.path)) {
        try await Library.create(at: target, name: "Half", member: "Ana", environment: environment)
      }
      try FileManager.default.removeItem(at: target.appending(path: "notes.txt"))
      let made = try await Library.create(at: target, name: "Half", member: "Ana", environment: environment)
      try await scene.expectHolds(made)
      try await made.close()
      let opened = try await Library.open(at: target, environment: environment)
      try await opened.close()
    }
  }

  @Test("A full disk refuses an edit and a pull, and both succeed when there is room")
  func fullDisk() async throws {
    try await withScene { scene in
      var random = SplitMix64(seed: 6)
      let large = random.bytes(400_000)
      let path = try DocumentPath("large.bin")
      func full(_ name: String) async throws -> Library {
        var environment = scene.environment(dyingAt: nil)
        let file = scene.folder.appending(path: "\(name)/library.sqlite")
        let size = try #require(try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int)
        environment.storeOptions.maximumPageCount = size / 2048 + 40
        return try await Library.open(at: scene.folder.appending(path: name), environment: environment)
      }
      func expectFull(_ library: Library, size: UInt64, _ body: () async throws -> Void) async throws {
        await #expect(throws: StoreError.diskFull) { try await body() }
        #expect(try await library.status().size == size)
        try await scene.expectHolds(library)
        try await library.close()
      }
      let fullPublisher = try await full("publisher")
      try await expectFull(fullPublisher, size: 1) {
        _ = try await fullPublisher.put(large, at: path, reason: "Large")
      }
      let publisher = try await scene.reopen("publisher")
      _ = try await publisher.put(large, at: path, reason: "Large")
      let fullReplica = try await full("replica")
      try await expectFull(fullReplica, size: 1) {
        _ = try await fullReplica.sync(with: MemoryRemote(service: publisher))
      }
      try await publisher.close()
      try await scene.expectSettled(size: 2)
    }
  }

  private func withScene(_ body: (Scene) async throws -> Void) async throws {
    try await withTemporaryFolder { try await body(Scene($0)) }
  }
}

/// The error that stands for the end of the process.
private struct Crash: Error {}

/// A publisher and a replica in one folder, both closed; each open is a new process.
private struct Scene {
  let folder: URL
  private let world = TestWorld(seed: 5)
  var content: URL { folder.appending(path: "content") }

  init(_ folder: URL) async throws {
    self.folder = folder
    try write("# A\n\nfirst\n", to: "content/a.md")
    let environment = world.environment
    let publisher = try await Library.create(
      at: folder.appending(path: "publisher"), name: "Crash", member: "Ana", environment: environment)
    _ = try await publisher.publish(folder: content, reason: "First")
    let made = try await Library.clone(
      from: MemoryRemote(service: publisher), to: folder.appending(path: "replica"),
      options: CloneOptions(member: "Ben"), environment: environment)
    try await made.library.close()
    try await publisher.close()
  }

  func write(_ text: String, to path: String) throws {
    let file = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// Surroundings that end the process once, at a step.
  func environment(dyingAt step: LibraryEnvironment.Step?) -> LibraryEnvironment {
    let death = Death(step)
    var environment = world.environment
    environment.step = { reached in if death.isDue(reached) { throw Crash() } }
    return environment
  }

  private final class Death: Sendable {
    private let left: Mutex<LibraryEnvironment.Step?>

    init(_ step: LibraryEnvironment.Step?) { left = Mutex(step) }

    func isDue(_ step: LibraryEnvironment.Step) -> Bool {
      left.withLock { left in
        guard left == step else { return false }
        left = nil
        return true
      }
    }
  }

  func reopen(_ name: String) async throws -> Library {
    try await Library.open(at: folder.appending(path: name), environment: world.environment)
  }

  /// Runs `body` on a copy whose process ends at a step of it.
  func die(
    at step: LibraryEnvironment.Step, in name: String, _ body: (Library) async throws -> Void
  ) async throws {
    let library = try await Library.open(
      at: folder.appending(path: name), environment: environment(dyingAt: step))
    await #expect(throws: Crash.self) { try await body(library) }
    try await library.close()
  }

  func publish(_ words: String) async throws {
    let publisher = try await reopen("publisher")
    _ = try await publisher.put(Array("# A\n\n\(words)\n".utf8), at: DocumentPath("a.md"), reason: "Change")
    try await publisher.close()
  }

  func edit(_ words: String) async throws {
    let replica = try await reopen("replica")
    _ = try await replica.put(Array("# A\n\n\(words)\n".utf8), at: DocumentPath("a.md"), reason: "Change")
    try await replica.close()
  }

  func expectHolds(_ library: Library) async throws {
    #expect(try await library.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
  }

  /// One more sync brings both copies to the same state, with so many change sets and nothing left over.
  func expectSettled(size: UInt64) async throws {
    let publisher = try await reopen("publisher")
    try await expectHolds(publisher)
    let replica = try await reopen("replica")
    try await expectHolds(replica)
    let report = try await replica.sync(with: MemoryRemote(service: publisher))
    #expect(report.size == size && report.isSameAsPublisher && report.drafts == 0 && report.refused == 0)
    #expect(try await publisher.figures().changeSets == size)
    #expect(try await publisher.figures().conflicts == 0)
    let path = try DocumentPath("a.md")
    #expect(try await replica.content(of: path)?.bytes == publisher.content(of: path)?.bytes)
    try await expectHolds(replica)
    try await replica.close()
    try await publisher.close()
  }
}
