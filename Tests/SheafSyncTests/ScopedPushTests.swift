import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("A push tells nothing of what its author can't read")
struct ScopedPushTests {
  private static let secret = "the code is 1234, and nobody in a knows it\n"

  /// A member of collection `a` whose changed program also has what stands in `b`, or guesses it.
  private func world() async throws -> (world: MembersWorld, clinic: Library) {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    try await world.put(Self.secret, "b/secret.md")
    let clinic = try await world.clone("Hill", code: try await world.invite("Hill", .contributor))
    _ = try await world.publisher.alter(
      "Hill", .init(collections: .only([try CollectionName("a")])), reason: "r")
    _ = try await clinic.sync(with: world.remote)
    return (world, clinic)
  }

  /// The copy forgets that it was narrowed, and drafts as if `b` were its own.
  private func drafts(
    _ clinic: Library, _ body: @escaping @Sendable (inout EditDesk) throws -> Void
  ) async throws -> [UInt8] {
    _ = try await clinic.recordEdits(purpose: "test", reason: "r", body)
    let drafts = try await clinic.draftsBundle()
    return try #require(drafts).bytes
  }

  @Test(
    "An edit coded against a document outside the member's collections is answered as if that were not there")
  func base() async throws {
    let (world, clinic) = try await world()
    let path = try DocumentPath("b/secret.md")
    let guess = Array((Self.secret + "and more\n").utf8)
    let bundle = try await drafts(clinic) { desk in
      try desk.put(guess, hash: SHA256Hash(hashing: guess), at: path)
    }
    // The member could read it up to here, so what the copy made then may still be made from it.
    let size = try await clinic.status().size
    let store = world.publisher.store
    let mark = clinic.memberMark
    #expect(
      try await store.read { try $0.readable(by: mark, at: size) } == .only([try CollectionName("a")]))
    #expect(try await store.read { try $0.readable(by: mark, at: size - 1) } == .everything)
    await #expect(throws: BundleError.missingBase(path)) {
      _ = try await world.publisher.receive(push: bundle, from: nil)
    }
    await #expect(throws: BundleError.missingBase(path)) {
      _ = try await world.publisher.receive(push: bundle, from: mark)
    }
    #expect(try await world.publisher.quarantine().isEmpty)
  }

  @Test("A content that is named by its hash alone must be one that the author can read")
  func hash() async throws {
    let (world, clinic) = try await world()
    let path = try DocumentPath("a/mine.md")
    let sealed = SHA256Hash(hashing: Array(Self.secret.utf8))
    let size = UInt64(Self.secret.utf8.count)
    let own = SHA256Hash(hashing: Array("one".utf8))
    _ = try await clinic.recordEdits(purpose: "test", reason: "r") { desk in
      try desk.put(stored: (sealed, size), at: path)
    }
    _ = try await clinic.recordEdits(purpose: "test", reason: "r") { desk in
      try desk.put(stored: (own, 3), at: try DocumentPath("a/copy.md"))
    }
    let bundle = try await clinic.draftsByHashAlone()
    let answers = try await world.publisher.receive(push: bundle, from: clinic.memberMark)
    #expect(answers.map { $0.refusal == nil } == [false, true], "\(answers.compactMap(\.refusal))")
    #expect(try await world.text("a/mine.md") == nil)
    #expect(try await world.text("a/copy.md") == "one")
    // Nor does whoever takes it over publish what nobody saw.
    let waiting = try #require(try await world.publisher.quarantine().first)
    await #expect(throws: LibraryError.notHeld("a/mine.md")) {
      _ = try await world.publisher.release(waiting.draft, reason: "r")
    }
  }

  @Test("What is refused takes the share of who handed it over, not of whom it claims to be by")
  func quota() async throws {
    let (world, clinic) = try await world()
    _ = try await clinic.recordEdits(purpose: "test", reason: "r") { desk in
      desk.add(
        Edit(
          verb: .delete, path: try DocumentPath("a/none.md"), base: .head, content: nil, baseContent: nil))
    }
    let drafts = try await clinic.draftsBundle()
    let bundle = try #require(drafts).bytes
    let other = try await world.member("Bea", .reader)
    let answers = try await world.publisher.receive(push: bundle, from: other.memberMark)
    #expect(answers.first?.refusal != nil)
    #expect(try await world.publisher.store.read { try $0.quarantine().map(\.carrier) } == [other.memberKey])
    // On a stick nobody knows who brought it; who is no member shares with all others who are none.
    let stranger = try await world.clone("stranger", code: nil)
    _ = try await stranger.recordEdits(purpose: "test", reason: "r") { desk in
      desk.add(
        Edit(
          verb: .delete, path: try DocumentPath("a/none.md"), base: .head, content: nil, baseContent: nil))
    }
    let strange = try await stranger.draftsBundle()
    _ = try await world.publisher.receive(push: try #require(strange).bytes, from: nil)
    let carriers = try await world.publisher.store.read { try Set($0.quarantine().map(\.carrier)) }
    #expect(carriers == [other.memberKey, []])
  }
}

extension Library {
  /// All drafts as a changed program hands them over: contents by their hashes, and no content.
  fileprivate func draftsByHashAlone() async throws -> [UInt8] {
    try await store.read { transaction in
      let drafts = try transaction.drafts([.waiting]).map { ($0, try transaction.lines(of: $0)) }
      return try DraftsBundle(library: self.id, drafts: drafts, content: { .hashOnly($0) }).bytes(
        from: transaction)
    }
  }
}
