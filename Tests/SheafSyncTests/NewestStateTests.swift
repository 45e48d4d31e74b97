import Foundation
import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("What a server knows of the newest state")
struct NewestStateTests {
  /// What every request of a member depends on.
  private struct Seen: Equatable {
    var revoked: String?
    var role: MemberRole?
    var isPublic: Bool
    var size: UInt64

    init(_ library: Library, _ mark: MemberMark) async throws {
      let standing = try await library.standing(of: mark)
      revoked = standing.member?.revoked
      role = standing.member?.role
      isPublic = standing.isPublic
      size = try SignedCheckpoint(parsing: try await library.checkpointNote()).checkpoint.size
    }
  }

  @Test(
    "What another process appends counts at the next question: a revocation, a role, settings, a checkpoint")
  func otherProcess() async throws {
    let world = try await MembersWorld()
    let clinic = try await world.member("Hill", .contributor)
    let (serving, mark) = (world.publisher, clinic.memberMark)
    let size = try await world.size()
    var seen = try await Seen(serving, mark)
    #expect(seen.role == .contributor && seen.revoked == nil && !seen.isPublic && seen.size == size)

    let other = try await Library.open(at: serving.folder, environment: world.environment)
    _ = try await other.alter("Hill", .init(role: .editor), reason: "promoted")
    #expect(try await Seen(serving, mark).role == .editor)
    try await world.put(#"{"format": 1, "access": "public"}"#, LibrarySettings.path, in: other)
    #expect(try await Seen(serving, mark).isPublic)
    let upToDate = PullRequest(from: size + 2, known: size + 2, depth: .trail, subscription: .all)
    let note = try #require(try await serving.nothingNew(for: upToDate) as [UInt8]?)
    #expect(try SignedCheckpoint(parsing: note).checkpoint.size == size + 2)
    _ = try await other.revoke("Hill", reason: "lost")
    #expect(try await serving.nothingNew(for: upToDate) == nil)
    seen = try await Seen(serving, mark)
    #expect(seen.revoked == "lost" && seen.size == size + 3)
    try await other.close()

    // And its own changes, of course.
    let river = try await world.member("River", .contributor)
    #expect(try await Seen(serving, river.memberMark).revoked == nil)
    _ = try await serving.revoke("River", reason: "gone")
    #expect(try await Seen(serving, river.memberMark).revoked == "gone")
    #expect(try await Seen(serving, mark).revoked == "lost")
  }

  @Test("Who is no member stays none, and becomes one with the change set that says so")
  func strangers() async throws {
    let world = try await MembersWorld()
    let code = try await world.invite("Hill", .contributor)
    let stranger = MemberMark(publicKey: [UInt8](repeating: 1, count: 32))
    #expect(try await world.publisher.standing(of: stranger).member == nil)
    let clinic = try await world.clone("Hill", code: code)
    #expect(try await world.publisher.standing(of: clinic.memberMark).member?.name == "Hill")
    #expect(try await world.publisher.standing(of: stranger).member == nil)
    #expect(try await world.publisher.standing(of: nil).isClosed)
  }

  @Test("Nothing is new for who is where the log is, or ahead of it; a bundle may be for everybody else")
  func nothingNew() async throws {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    let size = try await world.size()
    func isNothing(_ from: UInt64, _ known: UInt64, to: UInt64? = nil) async throws -> Bool {
      let request = PullRequest(from: from, known: known, depth: .trail, subscription: .all, to: to)
      return try await world.publisher.nothingNew(for: request) != nil
    }
    #expect(try await isNothing(size, size))
    #expect(try await isNothing(size, size, to: size))
    #expect(try await isNothing(size + 4, size + 4))
    #expect(try await isNothing(1, 1, to: 1))
    #expect(try await !isNothing(1, 1))
    #expect(try await !isNothing(0, size))
    #expect(try await !isNothing(size + 4, size + 4, to: size))
  }
}
