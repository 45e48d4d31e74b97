import SheafModel
import SheafStore
import SheafTesting
import Testing

/// Members in a log: author 2 founds, author 3 has the role at hand, author 4 contributes.
@Suite("A log with members")
struct MemberLogTests {
  private static let settings = #"{"format":1,"collections":{"r":{"review":"required"}}}"#

  private static func member(_ author: UInt8, _ role: MemberRole) throws -> Member {
    Member(
      key: TestLog.key(author), name: "Member \(author)", role: role,
      collections: author == 3 ? [try CollectionName("a"), try CollectionName("r")] : nil)
  }

  private func withLog(_ role: MemberRole?, _ body: (inout TestLog) throws -> Void) throws {
    try TestLog.inStore { (log) throws in
      var lines: [TestLog.Line] = [
        .init(.put, "a/d.md", "-", "a"), .init(.put, "r/d.md", "-", "r"), .init(.put, "out/d.md", "-", "out"),
        .init(.put, "sheaf/settings.json", "-", Self.settings),
        try TestLog.Line(member: try Self.member(2, .publisher)),
        try TestLog.Line(member: try Self.member(4, .contributor)),
      ]
      if let role { lines.append(try TestLog.Line(member: try Self.member(3, role))) }
      try log.append(lines)
      try log.append(
        [.init(.put, "r/d.md", "@", "proposed"), .init(.put, "schemas/a.json", "-", "{}")], author: 4)
      try body(&log)
      #expect(try log.isProjectedAlike())
    }
  }

  @Test(
    "A key for cosignatures is one member's, whoever writes it; a rotation keeps it, and a revoked member frees it"
  )
  func witnesses() throws {
    try withLog(.administrator) { (log) throws in
      let witness = [UInt8](repeating: 9, count: 32)
      var first = try Self.member(4, .contributor)
      first.witness = witness
      try log.append([TestLog.Line(member: first, "@")], author: 3)
      var second = try Self.member(5, .editor)
      second.witness = witness
      for members in [[second], [first, second]] {
        let lines = try members.map { try TestLog.Line(member: $0, $0.key == first.key ? "@" : "-") }
        let refusal = #expect(throws: AuthorityError.self) {
          try log.transaction.attempt {
            var copy = log
            try copy.append(lines, author: 3)
          }
        }
        #expect(refusal?.rule == .witnessTaken)
      }
      var gone = first
      gone.revoked = "lost"
      try log.append([TestLog.Line(member: gone, "@"), TestLog.Line(member: second)], author: 3)
      #expect(try log.transaction.member(of: second.key)?.witness == witness)
      // Whoever is trusted again does not get back what is another's by now.
      let again = #expect(throws: AuthorityError.self) {
        try log.transaction.attempt {
          var copy = log
          try copy.append([TestLog.Line(member: first, "@")], author: 3)
        }
      }
      #expect(again?.rule == .witnessTaken)
    }
  }

  /// What a change set may do, and the roles for which it stands, waits, or is refused.
  private static func actions() throws -> [(name: String, lines: [TestLog.Line], stands: Set<MemberRole>)] {
    let writers: Set<MemberRole> = [.contributor, .editor, .approver, .administrator, .publisher]
    let governors: Set<MemberRole> = [.administrator, .publisher]
    let newcomer = try member(5, .editor)
    var gone = try member(4, .contributor)
    gone.revoked = "lost"
    var chief = try member(4, .publisher)
    chief.revoked = nil
    return [
      ("edit", [.init(.put, "a/d.md", "@", "x")], writers),
      ("make", [.init(.put, "a/n.md", "-", "x")], writers),
      ("delete", [.init(.delete, "a/d.md", "@")], writers),
      ("move", [.init(.delete, "a/d.md", "@"), .init(.move, "a/m.md", "@a/d.md", "a")], writers),
      ("edit under review", [.init(.put, "r/d.md", "@", "x")], writers),
      ("edit out of scope", [.init(.put, "out/d.md", "@", "x")], []),
      ("move out of scope", [.init(.delete, "a/d.md", "@"), .init(.move, "out/m.md", "@a/d.md", "a")], []),
      ("settings", [.init(.put, "sheaf/settings.json", "@", Self.settings + " ")], writers),
      ("accept", [.init(.accept, "r/d.md", "2.1", "proposed")], writers.subtracting([.contributor])),
      ("decline", [.init(.decline, "r/d.md", "2.1")], writers.subtracting([.contributor])),
      ("accept a schema", [.init(.accept, "schemas/a.json", "2.2", "{}")], governors),
      ("new member", [try TestLog.Line(member: newcomer)], governors),
      ("revoke", [try TestLog.Line(member: gone, "@")], governors),
      // These words are author 4's.
      ("sign as authored", [.init(.signAuthored, "r/d.md", "2.1")], []),
      (
        "sign as reviewed", [.init(.signReviewed, "r/d.md", "2.1")],
        [.auditor, .privacyOfficer, .editor, .approver, .administrator, .publisher]
      ),
      (
        "sign as approved", [.init(.signApproved, "r/d.md", "2.1")], [.approver, .administrator, .publisher]
      ),
      (
        "sign as rejected", [.init(.signRejected, "r/d.md", "2.1")], [.approver, .administrator, .publisher]
      ),
      ("sign out of scope", [.init(.signReviewed, "out/d.md", "1.2")], []),
      ("make a publisher", [try TestLog.Line(member: chief, "@")], [.publisher]),
      ("delete a member", [.init(.delete, try TestLog.Line(member: gone).path, "@")], []),
      ("not a member's document", [.init(.put, try TestLog.Line(member: gone).path, "@", "{}")], []),
    ]
  }

  @Test(
    "What a role may not do is refused when it comes, and a log that holds it is refused",
    arguments: MemberRole.allCases)
  func matrix(role: MemberRole) throws {
    try withLog(role) { log in
      for (name, lines, stands) in try Self.actions() {
        let before = log
        let outcome = try Self.outcome(before, lines, author: 3)
        // Out of scope is out of scope for publishers too: this member's collections leave it out.
        #expect((outcome == nil) == stands.contains(role), "\(role): \(name): \(outcome ?? "stands")")
        guard outcome != nil else { continue }
        #expect(throws: UnlawfulChangeSet.self, "\(role): \(name)") {
          try before.transaction.attempt {
            var copy = before
            try copy.append(lines, author: 3, isJudged: false)
            _ = try copy.transaction.project(after: before.size) { _ in }
          }
        }
      }
    }
  }

  @Test("Whoever writes may sign it as authored", arguments: MemberRole.allCases.filter(\.editsDocuments))
  func authored(role: MemberRole) throws {
    try withLog(role) { log in
      try log.append([.init(.put, "a/own.md", "-", "own")], author: 3)
      try log.append([.init(.signAuthored, "a/own.md", "3.1")], author: 3)
    }
  }

  private struct Undone: Error {}

  /// Why a change set is refused; `nil` when it stands. The log is as it was.
  private static func outcome(
    _ log: TestLog, _ lines: [TestLog.Line], author: UInt8
  ) throws -> String? {
    do {
      try log.transaction.attempt {
        var copy = log
        try copy.append(lines, author: author)
        throw Undone()
      }
    } catch is Undone {
      return nil
    } catch let error as any SheafFailure where !(error is StoreError) {
      return error.problem
    }
    return nil
  }

  @Test("A stranger may do nothing, and a revoked member nothing any more; what came before stands")
  func revoked() throws {
    try withLog(nil) { log in
      let edit: [TestLog.Line] = [.init(.put, "a/d.md", "@", "x")]
      #expect(try Self.outcome(log, edit, author: 3) == AuthorityError.Rule.notMember.rawValue)
      try log.append(edit, author: 4)
      var gone = try Self.member(4, .contributor)
      gone.revoked = "lost"
      let size = log.size
      try log.append([try TestLog.Line(member: gone, "@")])
      #expect(
        try Self.outcome(log, [.init(.put, "a/d.md", "@", "y")], author: 4)
          == AuthorityError.Rule.revoked.rawValue)
      #expect(try log.heads("a/d.md") == "x")
      let transaction = log.transaction
      #expect(try transaction.member(of: TestLog.key(4), at: size)?.revoked == nil)
      #expect(try transaction.member(of: TestLog.key(4))?.revoked == "lost")
      #expect(try transaction.role(of: TestLog.key(4), in: size) == .contributor)
      #expect(try transaction.role(of: TestLog.key(4), in: log.size + 1) == nil)
      #expect(try transaction.role(of: TestLog.key(2), in: 1) == .publisher)
      #expect(try transaction.members().map(\.name) == ["Member 2", "Member 4"])
    }
  }

  @Test("A revocation that meets another change of the same member holds at once")
  func revokedInConflict() throws {
    try withLog(nil) { log in
      let size = log.size
      var renamed = try Self.member(4, .contributor)
      renamed.name = "Renamed"
      var gone = try Self.member(4, .contributor)
      gone.revoked = "lost"
      try log.append([try TestLog.Line(member: renamed, "@")], seen: size)
      try log.append([try TestLog.Line(member: gone, "@")], seen: size)
      let member: Member = try #require(try log.transaction.member(of: TestLog.key(4)))
      #expect(member.name == "Renamed" && member.revoked == "lost")
    }
  }

  @Test("A member puts another key in its place, and only the new one counts from then on")
  func rotation() throws {
    try withLog(.contributor) { log in
      let member = try Self.member(3, .contributor)
      var old = member
      var new = member
      new.key = TestLog.key(7)
      new.replaces = member.mark
      old.revoked = Member.replaced(by: new.mark)
      let lines = [try TestLog.Line(member: old, "@"), try TestLog.Line(member: new)]
      #expect(try Self.outcome(log, lines + [.init(.put, "a/d.md", "@", "x")], author: 3) != nil)
      #expect(try Self.outcome(log, lines, author: 4) != nil)
      try log.append(lines, author: 3)
      #expect(try Self.outcome(log, [.init(.put, "a/d.md", "@", "x")], author: 3) != nil)
      try log.append([.init(.put, "a/d.md", "@", "x")], author: 7)
      #expect(try log.heads("a/d.md") == "x")
    }
  }

  @Test("An approver accepts what others proposed and not its own")
  func approver() throws {
    try withLog(.approver) { log in
      try log.append([.init(.put, "r/d.md", "@", "own")], author: 3)
      #expect(
        try Self.outcome(log, [.init(.accept, "r/d.md", "3.1", "own")], author: 3)
          == LineageError(path: try DocumentPath("r/d.md"), rule: .mayNotDecide).problem)
      #expect(try Self.outcome(log, [.init(.accept, "r/d.md", "2.1", "proposed")], author: 3) == nil)
    }
  }

  @Test("Who an author was is told at each place of the log, and anew when the log goes on")
  func authors() throws {
    try withLog(.contributor) { log in
      let transaction = log.transaction
      let first = AuthorSpell(from: 1, name: "Member 3", role: .contributor)
      // The first change set says what its own author and everybody in it is.
      #expect(try transaction.author(TestLog.key(3), of: 1).name == "Member 3")
      #expect(try transaction.author(TestLog.key(2), of: 1).role == .publisher)
      #expect(try transaction.authorSpells(of: TestLog.key(3)) == [first])
      var renamed = try Self.member(3, .editor)
      renamed.name = "Renamed"
      renamed.site = "Hill"
      try log.append([try TestLog.Line(member: renamed, "@")])
      // It is judged by what stood before it, and so are its words about itself.
      #expect(try transaction.author(TestLog.key(3), of: 3).name == "Member 3")
      let second = AuthorSpell(from: 4, name: "Renamed", role: .editor, site: "Hill")
      #expect(try transaction.author(TestLog.key(3), of: 4) == second)
      #expect(try transaction.authorSpells(of: TestLog.key(3)) == [first, second])
      #expect(try transaction.author(TestLog.key(9), of: 4) == AuthorSpell(from: 1))
      // Of a conflict what was published first counts, as for rights.
      var other = try Self.member(3, .reader)
      other.name = "Other"
      try log.append([try TestLog.Line(member: other, "@")], seen: 2)
      #expect(try transaction.author(TestLog.key(3), of: 5).name == "Renamed")
    }
  }

  @Test("An open log knows its founder only, until members come")
  func openAuthors() throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url, options: .quick)
    defer { try? store.close() }
    try store.writeBlocking(purpose: "test") { (transaction) throws in
      var log = TestLog(transaction)
      try log.append([.init(.put, "a.md", "-", "a")])
      #expect(try transaction.author(TestLog.key(2), of: 2) == AuthorSpell(from: 1, role: .publisher))
      #expect(try transaction.author(TestLog.key(4), of: 2) == AuthorSpell(from: 1, role: .contributor))
      try log.append([
        try TestLog.Line(member: try Self.member(2, .publisher)),
        try TestLog.Line(member: try Self.member(4, .editor)),
      ])
      #expect(try transaction.author(TestLog.key(4), of: 2).role == .contributor)
      #expect(
        try transaction.authorSpells(of: TestLog.key(4)) == [
          AuthorSpell(from: 1, role: .contributor), AuthorSpell(from: 3, name: "Member 4", role: .editor),
        ])
    }
  }

  @Test("The settings of each moment are told, and what is current is told anew when they change")
  func settingsAtPlaces() throws {
    try withLog(nil) { log in
      let transaction = log.transaction
      let review = try CollectionName("r")
      func isReviewed(_ size: UInt64) throws -> Bool {
        try transaction.settings(at: size).collections[review]?.requiresReview ?? false
      }
      #expect(try transaction.currentSettings().collections[review]?.requiresReview == true)
      #expect(try !isReviewed(0) && isReviewed(1) && isReviewed(2))
      try log.append([.init(.put, "sheaf/settings.json", "@", #"{"format":1}"#)])
      #expect(try transaction.currentSettings().collections.isEmpty)
      #expect(try isReviewed(2) && !isReviewed(3) && !isReviewed(4))
    }
  }
}
