import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Members in a library")
struct MembersTests {
  private let path: DocumentPath

  init() throws { path = try DocumentPath("a/x.md") }

  @Test("A revoked member's edits wait in quarantine with the reason; what came before stands")
  func revoked() async throws {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    let clinic = try await world.member("Hill", .contributor)
    try await world.put("two", "a/x.md", in: clinic)
    _ = try await clinic.sync(with: world.remote)
    try await world.put("late", "a/x.md", in: clinic)
    _ = try await world.publisher.revoke("Hill", reason: "the tablet was lost")
    let synced = try await clinic.sync(with: world.remote)
    #expect(synced.refused == 1)
    #expect(try await clinic.drafts().first?.refusal == AuthorityError.Rule.revoked.rawValue)
    #expect(try await world.text("a/x.md") == "two")
    await #expect(throws: AuthorityError(.revoked, at: nil)) {
      try await world.put("more", "a/x.md", in: clinic)
    }
    #expect(try await world.publisher.members(all: false).map(\.name) == ["Ana"])
    #expect(try await world.publisher.members().last?.revoked == "the tablet was lost")
  }

  @Test("An administrator changes members from afar; others can't, and nobody locks everybody out")
  func changes() async throws {
    let world = try await MembersWorld()
    let admin = try await world.member("Ada", .administrator)
    let clinic = try await world.member("Hill", .contributor)
    _ = try await admin.sync(with: world.remote)
    _ = try await admin.alter("Hill", .init(role: .editor, site: "Hill"), reason: "promoted")
    _ = try await admin.sync(with: world.remote)
    let hill = try await world.publisher.members().first { $0.name == "Hill" }
    #expect(hill?.role == "editor" && hill?.site == "Hill")
    await #expect(throws: AuthorityError.self) {
      _ = try await admin.alter("Hill", .init(role: .publisher), reason: "too much")
    }
    await #expect(throws: LibraryError.lastGovernor("Ana")) {
      _ = try await admin.revoke("Ana", reason: "coup")
    }
    _ = try await clinic.sync(with: world.remote)
    await #expect(throws: AuthorityError.self) { _ = try await clinic.revoke("Ada", reason: "no") }
    await #expect(throws: LibraryError.lastGovernor("Ana")) {
      _ = try await world.publisher.alter("Ana", .init(role: .editor), reason: "a slip")
    }
    await #expect(throws: LibraryError.ownKey("Ana")) {
      _ = try await world.publisher.revoke("Ana", reason: "a slip")
    }
    await #expect(throws: LibraryError.noMember("Bob")) {
      _ = try await world.publisher.revoke("Bob", reason: "r")
    }
  }

  @Test("A member that rotates its key goes on under the new one", arguments: [true, false])
  func rotation(isPublisher: Bool) async throws {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    let clinic = try await world.member("Hill", .contributor)
    let own = isPublisher ? world.publisher : clinic
    let before = own.memberMark
    _ = try await own.rotate(reason: "yearly")
    if !isPublisher {
      #expect(own.memberMark == before)
      await #expect(throws: LibraryError.self) { try await world.put("too early", "a/x.md", in: clinic) }
      _ = try await clinic.sync(with: world.remote)
    }
    #expect(own.memberMark != before)
    try await world.put("two", "a/x.md", in: own)
    #expect(try await clinic.sync(with: world.remote).refused == 0)
    #expect(try await world.text("a/x.md") == "two")
    let listed = try await clinic.members()
    #expect(listed.filter { $0.replaces == before.text && $0.revoked == nil }.count == 1)
    #expect(listed.first { $0.mark == before.text }?.revoked != nil)
    #expect(try await clinic.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
    let reopened = try await Library.open(at: own.folder, environment: world.environment)
    #expect(reopened.memberMark == own.memberMark)
    try await reopened.close()
  }

  @Test("A rotation that dies anywhere leaves a key that signs")
  func rotationCrash() async throws {
    for steps in 0..<6 {
      let world = try await MembersWorld(seed: UInt64(steps) + 1)
      world.world.crash(afterSteps: steps)
      _ = try? await world.publisher.rotate(reason: "yearly")
      world.world.crash(afterSteps: nil)
      try await world.publisher.close()
      let again = try await Library.open(at: world.publisher.folder, environment: world.environment)
      try await world.put("one", "a/x.md", in: again)
      #expect(try await again.verify(rebuild: false, activity: { _ in }).problems.isEmpty, "\(steps)")
      try await again.close()
    }
  }

  /// What each role may do, as `Schemas/members.md` has it; the rest must be refused.
  private static let actions: [(name: String, stands: Set<MemberRole>)] = [
    ("a", [.contributor, .editor, .approver, .administrator, .publisher]),
    ("out", []),
    ("settings", [.contributor, .editor, .approver, .administrator, .publisher]),
    ("members", [.administrator, .publisher]),
  ]

  private func act(_ name: String, as library: Library, of role: MemberRole) async throws {
    switch name {
    case "a": _ = try await library.put(Array("\(role)".utf8), at: path, reason: "r")
    case "out":
      _ = try await library.put(Array("\(role)".utf8), at: try DocumentPath("out/x.md"), reason: "r")
    case "settings":
      let text = #"{"format":1,"name":"\#(role)"}"#
      _ = try await library.put(Array(text.utf8), at: try DocumentPath("sheaf/settings.json"), reason: "r")
    default: _ = try await library.alter("Victim", .init(site: "\(role)"), reason: "r")
    }
  }

  @Test("Each role's copy refuses what the role may not do", arguments: MemberRole.allCases)
  func honestCopies(role: MemberRole) async throws {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    try await world.put("one", "out/x.md")
    _ = try await world.member("Victim", .reader)
    let copy = try await world.clone("copy", code: try await world.invite("Copy", role, only: ["a"]))
    for (name, stands) in Self.actions {
      do {
        try await act(name, as: copy, of: role)
        #expect(stands.contains(role), "\(role) did \(name)")
      } catch let error as any SheafFailure {
        #expect(!stands.contains(role), "\(role), \(name): \(error.problem)")
      }
    }
    #expect(try await copy.sync(with: world.remote).refused == 0)
  }

  /// Makes a copy take its own member, or another, for a publisher of everything, as a changed program would.
  private func pretend(_ key: [UInt8], in library: Library) async throws -> SHA256Hash? {
    let path: DocumentPath = try #require(Member.path(of: MemberMark(publicKey: key)))
    return try await library.store.write(purpose: "test") { transaction in
      let document = try transaction.documentRow(path)
      let before = try transaction.currentContent(of: path)
      let bytes = Member(key: key, name: "Pretender", role: .publisher).bytes
      let hash = SHA256Hash(hashing: bytes)
      try transaction.storeBody(bytes, hash: hash)
      try transaction.tamper("UPDATE head SET content = x'\(hash.hex)' WHERE document = \(document.id)")
      return before
    }
  }

  @Test(
    "What a changed program hands over is refused by the publisher, and a publisher that takes it by its readers",
    arguments: MemberRole.allCases.filter { $0 != .publisher })
  func cheats(role: MemberRole) async throws {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    try await world.put("one", "out/x.md")
    _ = try await world.member("Victim", .reader)
    let auditor = try await world.member("Auditor", .auditor)
    let copy = try await world.clone("copy", code: try await world.invite("Copy", role))
    // Back to one collection, by the log: the copy itself holds all of them.
    _ = try await world.publisher.alter(
      "Copy", .init(collections: .only([try CollectionName("a")])), reason: "r")
    _ = try await copy.sync(with: world.remote)
    let key = copy.member.verifierKey.publicKey
    _ = try await pretend(key, in: copy)
    for (name, _) in Self.actions { try await act(name, as: copy, of: role) }
    let bundle = try await copy.handedOver()
    let answers = try await world.publisher.receive(push: bundle)
    #expect(answers.map { $0.refusal == nil } == Self.actions.map { $0.stands.contains(role) }, "\(role)")
    #expect(try await auditor.sync(with: world.remote).isSameAsPublisher)

    // Now the publisher takes them as well.
    let before = try await pretend(key, in: world.publisher)
    try await world.publisher.store.write(purpose: "test") {
      try $0.tamper("DELETE FROM quarantine_body; DELETE FROM quarantine")
    }
    let taken = try await world.publisher.receive(push: bundle)
    #expect(taken.allSatisfy { $0.refusal == nil }, "\(taken.compactMap(\.refusal))")
    try await world.publisher.store.write(purpose: "test") { transaction in
      let path: DocumentPath = try #require(Member.path(of: MemberMark(publicKey: key)))
      let document = try transaction.documentRow(path)
      let hex = before?.hex ?? ""
      try transaction.tamper("UPDATE head SET content = x'\(hex)' WHERE document = \(document.id)")
    }
    let size = try await auditor.status().size
    await #expect(throws: UnlawfulChangeSet.self) { _ = try await auditor.sync(with: world.remote) }
    #expect(try await auditor.status().size == size)
  }
}

extension Library {
  /// All drafts as they are handed over.
  fileprivate func handedOver() async throws -> [UInt8] {
    let bundle = try await draftsBundle()
    return try #require(bundle).bytes
  }
}
