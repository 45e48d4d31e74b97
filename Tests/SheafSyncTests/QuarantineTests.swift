import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Quarantine")
struct QuarantineTests {
  private let path: DocumentPath

  init() throws { path = try DocumentPath("a/x.md") }

  /// A revoked clinic whose late edit waits, and who revoked it.
  private func world(revokedBy admin: Bool) async throws -> (world: MembersWorld, clinic: Library) {
    let world = try await MembersWorld()
    try await world.put("one\n\ntwo\n", "a/x.md")
    let clinic = try await world.member("Hill", .contributor)
    try await world.put("ONE\n\ntwo\n", "a/x.md", in: clinic)
    if admin {
      let admin = try await world.member("Ada", .administrator)
      _ = try await admin.revoke("Hill", reason: "lost")
      _ = try await admin.sync(with: world.remote)
    } else {
      _ = try await world.publisher.revoke("Hill", reason: "lost")
    }
    #expect(try await clinic.sync(with: world.remote).refused == 1)
    return (world, clinic)
  }

  @Test("What a revoked key signed late is taken over by another person than who revoked it, and merges")
  func released() async throws {
    let (world, clinic) = try await world(revokedBy: true)
    let waiting = try #require(try await world.publisher.quarantine().first)
    #expect(waiting.by == "Hill" && waiting.paths == ["a/x.md"])
    #expect(waiting.refusal == AuthorityError.Rule.revoked.rawValue)
    let shown = try await world.publisher.quarantined(String(waiting.draft.prefix(6)))
    #expect(shown.changes.map(\.path) == ["a/x.md"])
    try await world.put("one\n\nTWO\n", "a/x.md")
    let report = try await world.publisher.release(waiting.draft, reason: "Dr. Hill confirmed it by phone")
    #expect(try await world.text("a/x.md") == "ONE\n\nTWO\n")
    #expect(try await world.publisher.quarantine().isEmpty)
    #expect(try await world.publisher.figures().quarantined == 0)
    let entry = try await world.publisher.history(of: path).first { $0.author != nil }
    #expect(entry?.author == "Hill (\(waiting.member))" && entry?.source == "draft \(waiting.draft)")
    #expect(entry?.revision == report.changeSet.map { "\($0).1" })
    let leaf = try #require(try await world.publisher.answers(to: clinic.refusedLeaves()).first)
    #expect(leaf.refusal?.contains("took it over in change set") == true)
    await #expect(throws: LibraryError.noDraft(waiting.draft)) {
      _ = try await world.publisher.release(waiting.draft, reason: "again")
    }
    #expect(try await world.publisher.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test("Who revoked a key does not take over alone what it signed")
  func sameHand() async throws {
    let (world, _) = try await world(revokedBy: false)
    let waiting = try #require(try await world.publisher.quarantine().first)
    await #expect(throws: LibraryError.mayNotRelease(waiting.draft)) {
      _ = try await world.publisher.release(waiting.draft, reason: "alone")
    }
    #expect(try await world.publisher.quarantine().count == 1)
    #expect(try await world.text("a/x.md") == "one\n\ntwo\n")
  }
}

extension Library {
  fileprivate func refusedLeaves() async throws -> [SHA256Hash] {
    try await store.read { try $0.drafts([.refused]).map(\.leaf) }
  }
}
