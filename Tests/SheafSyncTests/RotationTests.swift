import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("A person with another key is the same person")
struct RotationTests {
  private let path: DocumentPath

  init() throws { path = try DocumentPath("a/x.md") }

  private func nextKey(of library: Library) -> URL { library.folder.appending(path: "keys/member.next") }

  // MARK: four eyes

  @Test("An approver does not accept under a new key what it proposed under the old one")
  func ownProposal() async throws {
    let world = try await MembersWorld()
    try await world.put(
      #"{"format":1,"collections":{"a":{"review":"required"}}}"#, LibrarySettings.path)
    let approver = try await world.member("Ada", .approver)
    let other = try await world.member("Bea", .approver)
    try await world.put("one", "a/x.md", in: approver)
    _ = try await approver.sync(with: world.remote)
    for _ in 0..<2 {
      _ = try await approver.rotate(reason: "yearly")
      _ = try await approver.sync(with: world.remote)
    }
    await #expect(throws: LibraryError.mayNotDecide("a/x.md")) {
      _ = try await approver.accept(path, reason: "I find it good")
    }
    // Nor does a changed program: the publisher finds out by itself.
    let proposal = try #require(
      try await approver.store.read { try $0.openProposals() }.first { $0.path == path }?.proposal)
    let content = try #require(proposal.content)
    _ = try await approver.edit(purpose: "test", reason: "r") { desk in
      desk.add(
        Edit(
          verb: .accept, path: path, base: .revisions([proposal.name]),
          content: .init(hash: content, sizeInBytes: proposal.sizeInBytes), baseContent: nil))
    }
    #expect(try await approver.sync(with: world.remote).refused == 1)
    _ = try await other.sync(with: world.remote)
    _ = try await other.accept(path, reason: "good")
    #expect(try await other.sync(with: world.remote).refused == 0)
    #expect(try await world.text("a/x.md") == "one")
    #expect(try await world.publisher.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test("Who replaced or revoked a key does not take over alone what it signed, under whatever key")
  func ownQuarantine() async throws {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    let clinic = try await world.member("Hill", .contributor)
    try await world.put("two", "a/x.md", in: clinic)
    _ = try await world.publisher.revoke("Hill", reason: "lost")
    #expect(try await clinic.sync(with: world.remote).refused == 1)
    let waiting = try #require(try await world.publisher.quarantine().first)
    _ = try await world.publisher.rotate(reason: "yearly")
    await #expect(throws: LibraryError.mayNotRelease(waiting.draft)) {
      _ = try await world.publisher.release(waiting.draft, reason: "alone")
    }
  }

  // MARK: the key file

  @Test("A rotation that the server took and that was not pulled is under way, and ends at the next command")
  func cutBeforePull() async throws {
    let world = try await MembersWorld()
    let clinic = try await world.member("Hill", .contributor)
    _ = try await clinic.rotate(reason: "yearly")
    let next = try Data(contentsOf: nextKey(of: clinic))
    world.world.crash(at: .answered)
    await #expect(throws: TestWorld.Crash.self) { _ = try await clinic.sync(with: world.remote) }
    world.world.crash(afterSteps: nil)
    await #expect(throws: LibraryError.self) { _ = try await clinic.rotate(reason: "again") }
    await #expect(throws: LibraryError.self) { try await world.put("one", "a/x.md", in: clinic) }
    #expect(try Data(contentsOf: nextKey(of: clinic)) == next)
    world.world.crash(at: .bundleApplied)
    await #expect(throws: TestWorld.Crash.self) { _ = try await clinic.sync(with: world.remote) }
    world.world.crash(afterSteps: nil)
    let before = clinic.memberMark
    try await clinic.close()
    let again = try await Library.open(at: clinic.folder, environment: world.environment)
    #expect(again.memberMark != before)
    try await world.put("one", "a/x.md", in: again)
    #expect(try await again.sync(with: world.remote).refused == 0)
  }

  @Test("Of two rotations at once one is made, and its key stays")
  func atOnce() async throws {
    let world = try await MembersWorld()
    let clinic = try await world.member("Hill", .contributor)
    let twin = try await Library.open(at: clinic.folder, environment: world.environment)
    async let first = try? clinic.rotate(reason: "one")
    async let second = try? twin.rotate(reason: "two")
    #expect(await [first, second].compactMap { $0 }.count == 1)
    _ = try await clinic.sync(with: world.remote)
    try await world.put("one", "a/x.md", in: clinic)
    #expect(try await clinic.sync(with: world.remote).refused == 0)
    // The other process goes on with the new key as well.
    try await world.put("two", "a/x.md", in: twin)
    #expect(try await twin.sync(with: world.remote).refused == 0)
  }

  @Test("A key that nothing names is taken by the next rotation, and is not thrown away")
  func leftover() async throws {
    let world = try await MembersWorld()
    let clinic = try await world.member("Hill", .contributor)
    world.world.crash(at: .nextKeyWritten)
    await #expect(throws: TestWorld.Crash.self) { _ = try await clinic.rotate(reason: "yearly") }
    world.world.crash(afterSteps: nil)
    let next = try Data(contentsOf: nextKey(of: clinic))
    try await world.put("one", "a/x.md", in: clinic)
    _ = try await clinic.sync(with: world.remote)
    _ = try await clinic.rotate(reason: "yearly")
    #expect(try Data(contentsOf: nextKey(of: clinic)) == next)
  }

  // MARK: a running server

  @Test("A server that runs while its publisher rotates merges under the new key")
  func serverFollows() async throws {
    let world = try await MembersWorld()
    try await world.put("one\n\ntwo\n", "a/x.md")
    let clinic = try await world.member("Hill", .contributor)
    let server = try await Library.open(at: world.publisher.folder, environment: world.environment)
    try await world.put("ONE\n\ntwo\n", "a/x.md", in: clinic)
    try await world.put("one\n\nTWO\n", "a/x.md")
    _ = try await world.publisher.rotate(reason: "yearly")
    #expect(try await clinic.sync(with: MemoryRemote(service: server)).refused == 0)
    #expect(try await world.text("a/x.md") == "ONE\n\nTWO\n")
    #expect(server.memberMark == world.publisher.memberMark)
  }

  @Test("Where the publisher's copy may not sign a merge, the conflict stands and the push is taken")
  func mayNotMerge() async throws {
    let world = try await MembersWorld()
    try await world.put("one\n\ntwo\n", "a/x.md")
    let clinic = try await world.member("Hill", .contributor)
    let second = try await world.member("Bea", .administrator)
    try await world.put("ONE\n\ntwo\n", "a/x.md", in: clinic)
    try await world.put("one\n\nTWO\n", "a/x.md")
    let bea = second.memberMark.text
    _ = try await world.publisher.alter(bea, .init(role: .publisher), reason: "hands over")
    _ = try await world.publisher.alter("Ana", .init(role: .editor), reason: "hands over")
    #expect(try await clinic.sync(with: world.remote).refused == 0)
    #expect(try await clinic.conflicts().count == 1)
    #expect(try await world.publisher.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  // MARK: what was under way

  @Test(
    "A revocation or a demotion that was under way while the member rotated counts for its new key",
    arguments: [true, false])
  func underWay(revokes: Bool) async throws {
    let world = try await MembersWorld()
    let admin = try await world.member("Ada", .administrator)
    let clinic = try await world.member("Hill", .editor)
    _ = try await admin.sync(with: world.remote)
    _ = try await clinic.sync(with: world.remote)
    let old = clinic.memberMark.text
    if revokes {
      _ = try await admin.revoke("Hill", reason: "the key was stolen")
    } else {
      _ = try await admin.alter("Hill", .init(role: .reader), reason: "left")
    }
    _ = try await clinic.rotate(reason: "quickly")
    _ = try await clinic.sync(with: world.remote)
    try await world.put("one", "a/x.md", in: clinic)
    #expect(try await admin.sync(with: world.remote).refused == 0)
    #expect(try await clinic.sync(with: world.remote).refused == 1)
    let members = try await world.publisher.members(all: true)
    #expect(members.filter { $0.name == "Hill" }.allSatisfy { $0.revoked != nil })
    #expect((members.first { $0.replaces == old }?.revoked == "the key was stolen") == revokes)
    // A person settles it: the rotation stands after all.
    let document: DocumentPath = try #require(MemberMark(old).flatMap { Member.path(of: $0) })
    _ = try await admin.resolve(document, with: .ours, reason: "it was not")
    _ = try await admin.sync(with: world.remote)
    #expect(try await world.publisher.members(all: false).contains { $0.replaces == old })
    #expect(try await world.publisher.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test("A new name that was under way while the member rotated takes nothing from it")
  func harmless() async throws {
    let world = try await MembersWorld()
    let admin = try await world.member("Ada", .administrator)
    let clinic = try await world.member("Hill", .editor)
    _ = try await admin.sync(with: world.remote)
    _ = try await clinic.sync(with: world.remote)
    _ = try await admin.alter("Hill", .init(name: "Hill clinic"), reason: "it moved")
    _ = try await clinic.rotate(reason: "yearly")
    _ = try await clinic.sync(with: world.remote)
    try await world.put("one", "a/x.md", in: clinic)
    _ = try await admin.sync(with: world.remote)
    #expect(try await clinic.sync(with: world.remote).refused == 0)
  }
}
