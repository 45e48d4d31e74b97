import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

/// Clocks that go wrong: of whoever publishes, edits or vouches. Nothing is ordered by them, and they are told.
///
/// A replica whose clock was wrong from the start is in `CosignatureTests`.
@Suite("Wrong clocks")
struct ClockTests {
  /// Ten years back, an hour back, ten years on.
  private static let offsets: [Int64] = [-3_653 * 24, -1, 3_653 * 24]

  /// A publisher and two replicas, each with a clock of its own.
  private struct Scene {
    let world: SyncWorld
    let publisherClock: SteadyClock
    let clocks = [SteadyClock(), SteadyClock()]
    let replicas: [Library]
    var remote: MemoryRemote { MemoryRemote(service: world.publisher) }

    init() async throws {
      let publisherClock = SteadyClock()
      self.publisherClock = publisherClock
      var environment = TestWorld(seed: 1).environment
      environment.clock = { publisherClock.now }
      world = try await SyncWorld(seed: 1, environment: environment)
      _ = try await world.publisher.put(
        Array("one\n\ntwo\n\nthree\n".utf8), at: DocumentPath("a.md"), reason: "r")
      var replicas: [Library] = []
      for (index, clock) in clocks.enumerated() {
        var own = TestWorld(seed: UInt64(2 + index)).environment
        own.clock = { clock.now }
        replicas.append(
          try await Library.clone(
            from: MemoryRemote(service: world.publisher), to: world.folder.appending("replica-\(index)"),
            options: CloneOptions(member: "Replica \(index)"), environment: own
          ).library)
      }
      self.replicas = replicas
      for clock in clocks + [publisherClock] { clock.advance(hours: 24) }
    }

    /// Each edits a paragraph of its own, the publisher first; then all sync until all have seen all.
    func editAll(_ texts: [String]) async throws {
      for (library, text) in zip([world.publisher] + replicas, texts) {
        _ = try await library.put(Array(text.utf8), at: DocumentPath("a.md"), reason: "Edit")
      }
      for _ in 0..<2 {
        for replica in replicas { #expect(try await replica.sync(with: remote).problems.isEmpty) }
      }
    }

    /// All copies show the same text, in the order in which the publisher took things, and all verify.
    func expect(_ text: String, size: UInt64) async throws {
      for library in [world.publisher] + replicas {
        #expect(try await world.text("a.md", in: library) == text)
        let numbers = try await library.log(newest: 99, before: nil).map(\.number)
        #expect(numbers == (1...size).reversed())
        #expect(try await library.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
      }
    }

    func isToldOfClock(_ library: Library) async throws -> Bool {
      try await library.status().warnings.contains { $0.contains("clock") }
    }
  }

  @Test(
    "A publisher's clock that goes wrong changes neither order nor outcome, and is told", arguments: offsets)
  func publisher(hours: Int64) async throws {
    let scene = try await Scene()
    scene.publisherClock.advance(hours: hours)
    try await scene.editAll([
      "one, edited\n\ntwo\n\nthree\n", "one\n\ntwo, edited\n\nthree\n", "one\n\ntwo\n\nthree, edited\n",
    ])
    // An edit, two that met it, and the merges of both.
    try await scene.expect("one, edited\n\ntwo, edited\n\nthree, edited\n", size: 6)
    // What the others claim by right clocks is in the log by then.
    #expect(try await scene.isToldOfClock(scene.world.publisher) == (hours < 0))
    // The hour back is behind nothing that was signed before, a day ago.
    let isFarBack = hours < -24
    let times = try await scene.world.publisher.times(ofChangeSet: 2)
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
    #expect(try await scene.world.publisher.times(ofChangeSet: 3).claimIsOutside == (hours == -1))
    // Put right, it goes on where it was.
    scene.publisherClock.advance(hours: -hours)
    _ = try await scene.world.publisher.put(
      Array("right again\n".utf8), at: DocumentPath("b.md"), reason: "r")
    for replica in scene.replicas { _ = try await replica.sync(with: scene.remote) }
    try await scene.expect("one, edited\n\ntwo, edited\n\nthree, edited\n", size: 7)
    #expect(try await scene.isToldOfClock(scene.world.publisher) == (hours > 0))
  }

  @Test(
    "A replica's clock that goes wrong changes neither order nor outcome, and is told", arguments: offsets)
  func replica(hours: Int64) async throws {
    let scene = try await Scene()
    for replica in scene.replicas { _ = try await replica.sync(with: scene.remote) }
    scene.clocks[0].advance(hours: hours)
    try await scene.editAll([
      "one, edited\n\ntwo\n\nthree\n", "one\n\ntwo, edited\n\nthree\n", "one\n\ntwo\n\nthree, edited\n",
    ])
    try await scene.expect("one, edited\n\ntwo, edited\n\nthree, edited\n", size: 6)
    // A clock that is ahead looks like a long time without news.
    #expect(try await scene.isToldOfClock(scene.replicas[0]) == (hours < 0))
    #expect((try await scene.replicas[0].status().freshness?.state == .expired) == (hours > 0))
    #expect(try await scene.replicas[0].status().freshness?.clockIsBehind == (hours < 0))
    // What it had seen was there a day before, so that an hour back contradicts nothing.
    #expect(try await scene.world.publisher.times(ofChangeSet: 3).claimIsOutside == (hours != -1))
    #expect(try await !scene.world.publisher.times(ofChangeSet: 5).claimIsOutside)
    #expect(try await scene.replicas[1].status().freshness?.state == .fresh)
  }

  @Test(
    "A witness' wrong clock vouches for a wrong time, beside the publisher's, moves nothing, and is told",
    arguments: offsets)
  func witness(hours: Int64) async throws {
    let scene = try await Scene()
    let witness = scene.replicas[0]
    let members = [
      Member(key: scene.world.publisher.memberKey, name: "Ana", role: .publisher),
      Member(
        key: witness.memberKey, name: "Witness", role: .contributor, witness: try witness.witnessKey()),
      Member(key: scene.replicas[1].memberKey, name: "Other", role: .contributor),
    ]
    for member in members {
      let path = try #require(Member.path(of: member.mark))
      _ = try await scene.world.publisher.put(member.bytes, at: path, reason: "Members")
    }
    scene.clocks[0].advance(hours: hours)
    _ = try await witness.sync(with: scene.remote)
    _ = try await scene.replicas[1].sync(with: scene.remote)
    try await scene.expect("one\n\ntwo\n\nthree\n", size: 4)
    let times = try await scene.world.publisher.times(ofChangeSet: 4)
    #expect(times.witness?.hasSuffix(witness.memberMark.text) == true)
    #expect(times.witnessed == scene.clocks[0].now.description)
    // A time before the publisher's is marked; a later one may be true, as far as one change goes.
    #expect(times.witnessIsDoubtful == (hours < 0))
    #expect(times.loggedBy == scene.publisherClock.now.description && !times.claimIsOutside)
    // No one's age is counted by a witness.
    let freshness = try #require(try await scene.replicas[1].status().freshness)
    #expect(freshness.state == .fresh && !freshness.clockIsBehind)
    for library in [scene.world.publisher, scene.replicas[1]] {
      #expect(try await scene.isToldOfClock(library))
      let warning = try #require(try await library.status().warnings.first { $0.contains("witness") })
      #expect(warning.contains("Witness (\(witness.memberMark))"))
      #expect(warning.contains("is ahead") == (hours > 0) && warning.contains("publisher's") == (hours < 0))
    }
    #expect(try await scene.isToldOfClock(witness) == (hours < 0))
  }
}
