import Foundation
import SheafModel
import SheafSync
import Testing

/// Clocks that go wrong: of whoever publishes, edits or vouches. Nothing is ordered by them, and they are told, over
/// whichever remote copies meet.
///
/// A replica whose clock was wrong from the start is in `CosignatureTests`.
public enum WrongClocks {
  /// Ten years back, an hour back, ten years on.
  public static let offsets: [Int64] = [-3_653 * 24, -1, 3_653 * 24]

  /// Whose clock it is; each is a sentence to be the argument of a test.
  public enum Sentence: String, CaseIterable, Sendable {
    case publisher = "A publisher's clock that goes wrong changes neither order nor outcome, and is told"
    case replica = "A replica's clock that goes wrong changes neither order nor outcome, and is told"
    case witness =
      "A witness' wrong clock vouches for a wrong time, beside the publisher's, moves nothing, and is told"
  }

  /// Runs one sentence, with a clock so many hours wrong, against the remote that `factory` makes.
  public static func check(
    _ sentence: Sentence, hours: Int64, _ factory: @escaping RemoteConformance.Factory
  ) async throws {
    try await withTemporaryFolder { folder in
      let scene = try await Scene(folder: folder, factory: factory)
      do {
        switch sentence {
        case .publisher: try await publisher(scene, hours: hours)
        case .replica: try await replica(scene, hours: hours)
        case .witness: try await witness(scene, hours: hours)
        }
      } catch { Issue.record("\(sentence), \(hours) hours: \(error)") }
      try await scene.close()
    }
  }

  /// A publisher and two replicas, each with a clock of its own.
  private struct Scene {
    let publisher: Library
    let publisherClock = SteadyClock()
    let clocks = [SteadyClock(), SteadyClock()]
    let replicas: [Library]
    let stage: RemoteConformance.Stage

    init(folder: URL, factory: RemoteConformance.Factory) async throws {
      func environment(_ seed: UInt64, _ clock: SteadyClock) -> LibraryEnvironment {
        var environment = TestWorld(seed: seed).environment
        environment.clock = { clock.now }
        return environment
      }
      publisher = try await Library.create(
        at: folder.appending(path: "publisher"), name: "Test", member: "Ana",
        environment: environment(1, publisherClock))
      let place = folder.appending(path: "remote", directoryHint: .isDirectory)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      stage = try await factory(publisher, place)
      _ = try await publisher.put(
        Array("one\n\ntwo\n\nthree\n".utf8), at: DocumentPath("a.md"), reason: "r")
      try await stage.exchange()
      var replicas: [Library] = []
      for (index, clock) in clocks.enumerated() {
        replicas.append(
          try await Library.clone(
            from: stage.remote, to: folder.appending(path: "replica-\(index)"),
            options: CloneOptions(member: "Replica \(index)"),
            environment: environment(UInt64(2 + index), clock)
          ).library)
      }
      self.replicas = replicas
      for clock in clocks + [publisherClock] { clock.advance(hours: 24) }
    }

    func close() async throws {
      try await stage.close()
      for library in replicas + [publisher] { try await library.close() }
    }

    /// Lets a replica and the publisher hear of each other, both ways.
    func meet(_ replica: Library) async throws {
      for _ in 0..<2 {
        try await stage.exchange()
        #expect(try await replica.sync(with: stage.remote).problems.isEmpty)
        try await stage.exchange()
      }
    }

    func publish(_ bytes: [UInt8], at path: DocumentPath) async throws {
      _ = try await publisher.put(bytes, at: path, reason: "r")
    }

    /// Each edits a paragraph of its own, the publisher first; then all sync until all have seen all.
    func editAll() async throws {
      let texts = [
        "one, edited\n\ntwo\n\nthree\n", "one\n\ntwo, edited\n\nthree\n", "one\n\ntwo\n\nthree, edited\n",
      ]
      for (library, text) in zip([publisher] + replicas, texts) {
        _ = try await library.put(Array(text.utf8), at: DocumentPath("a.md"), reason: "Edit")
      }
      for _ in 0..<2 {
        for replica in replicas { try await meet(replica) }
      }
    }

    /// All copies show the same text, in the order in which the publisher took things, and all verify.
    func expect(_ text: String, size: UInt64) async throws {
      for library in [publisher] + replicas {
        #expect(try await library.content(of: DocumentPath("a.md"))?.bytes == Array(text.utf8))
        let numbers = try await library.log(newest: 99, before: nil).map(\.number)
        #expect(numbers == (1...size).reversed())
        #expect(try await library.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
      }
    }

    func isToldOfClock(_ library: Library) async throws -> Bool {
      try await library.status().warnings.contains { $0.contains("clock") }
    }
  }

  private static func publisher(_ scene: Scene, hours: Int64) async throws {
    scene.publisherClock.advance(hours: hours)
    try await scene.editAll()
    // An edit, two that met it, and the merges of both.
    try await scene.expect("one, edited\n\ntwo, edited\n\nthree, edited\n", size: 6)
    // What the others claim by right clocks is in the log by then.
    #expect(try await scene.isToldOfClock(scene.publisher) == (hours < 0))
    // The hour back is behind nothing that was signed before, a day ago.
    let isFarBack = hours < -24
    let times = try await scene.publisher.times(ofChangeSet: 2)
    #expect(times.claimIsOutside == isFarBack)
    for replica in scene.replicas {
      let freshness = try #require(try await replica.status().freshness)
      // Whose clock is ahead can't be told, so those who are behind it are.
      #expect(freshness.clockIsBehind == (hours > 0))
      #expect(try await scene.isToldOfClock(replica) == (hours > 0))
      // Ten years between two clocks: one of them is wrong, and the age is not known.
      #expect(freshness.state == (hours > 24 ? .stale : .fresh))
    }
    // An hour back, right claims of others lie outside of what the publisher's clock allows. One that is before what
    // it has signed signs nothing, and so bounds no claim.
    #expect(try await scene.publisher.times(ofChangeSet: 3).claimIsOutside == (hours == -1))
    // Put right, it goes on where it was.
    scene.publisherClock.advance(hours: -hours)
    try await scene.publish(Array("right again\n".utf8), at: DocumentPath("b.md"))
    for replica in scene.replicas { try await scene.meet(replica) }
    try await scene.expect("one, edited\n\ntwo, edited\n\nthree, edited\n", size: 7)
    #expect(try await scene.isToldOfClock(scene.publisher) == (hours > 0))
  }

  private static func replica(_ scene: Scene, hours: Int64) async throws {
    for replica in scene.replicas { try await scene.meet(replica) }
    scene.clocks[0].advance(hours: hours)
    try await scene.editAll()
    try await scene.expect("one, edited\n\ntwo, edited\n\nthree, edited\n", size: 6)
    // A clock that is ahead looks like a long time without news.
    #expect(try await scene.isToldOfClock(scene.replicas[0]) == (hours < 0))
    #expect((try await scene.replicas[0].status().freshness?.state == .expired) == (hours > 0))
    #expect(try await scene.replicas[0].status().freshness?.clockIsBehind == (hours < 0))
    // What it had seen was there a day before, so that an hour back contradicts nothing.
    #expect(try await scene.publisher.times(ofChangeSet: 3).claimIsOutside == (hours != -1))
    #expect(try await !scene.publisher.times(ofChangeSet: 5).claimIsOutside)
    #expect(try await scene.replicas[1].status().freshness?.state == .fresh)
  }

  private static func witness(_ scene: Scene, hours: Int64) async throws {
    let witness = scene.replicas[0]
    let members = [
      Member(key: scene.publisher.memberKey, name: "Ana", role: .publisher),
      Member(
        key: witness.memberKey, name: "Witness", role: .contributor, witness: try witness.witnessKey()),
      Member(key: scene.replicas[1].memberKey, name: "Other", role: .contributor),
    ]
    for member in members {
      let path = try #require(Member.path(of: member.mark))
      try await scene.publish(member.bytes, at: path)
    }
    scene.clocks[0].advance(hours: hours)
    for replica in scene.replicas { try await scene.meet(replica) }
    try await scene.expect("one\n\ntwo\n\nthree\n", size: 4)
    let times = try await scene.publisher.times(ofChangeSet: 4)
    #expect(times.witness?.hasSuffix(witness.memberMark.text) == true)
    #expect(times.witnessed == scene.clocks[0].now.description)
    // A time before the publisher's is marked; a later one may be true, as far as one change goes.
    #expect(times.witnessIsDoubtful == (hours < 0))
    #expect(times.loggedBy == scene.publisherClock.now.description && !times.claimIsOutside)
    // No one's age is counted by a witness.
    let freshness = try #require(try await scene.replicas[1].status().freshness)
    #expect(freshness.state == .fresh && !freshness.clockIsBehind)
    for library in [scene.publisher, scene.replicas[1]] {
      #expect(try await scene.isToldOfClock(library))
      let warning = try #require(try await library.status().warnings.first { $0.contains("witness") })
      #expect(warning.contains("Witness (\(witness.memberMark))"))
      #expect(warning.contains("is ahead") == (hours > 0) && warning.contains("publisher's") == (hours < 0))
    }
    #expect(try await scene.isToldOfClock(witness) == (hours < 0))
  }
}
