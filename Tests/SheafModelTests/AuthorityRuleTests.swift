import SheafModel
import Testing

@Suite("Who may do what")
struct AuthorityRuleTests {
  private static let founder = [UInt8](repeating: 1, count: 32)
  private static let author = [UInt8](repeating: 2, count: 32)
  private let settings: LibrarySettings

  init() throws {
    settings = try LibrarySettings(
      parsing: Array(#"{"format":1,"collections":{"r":{"review":"required"}}}"#.utf8))
  }

  private func rule(_ role: MemberRole?, revoked: String? = nil) throws -> AuthorityRule {
    let member = try role.map {
      Member(
        key: Self.author, name: "A", role: $0,
        collections: [try CollectionName("a"), try CollectionName("r")],
        revoked: revoked)
    }
    return AuthorityRule(
      author: Self.author, founder: Self.founder, isClosed: true, member: member, settings: settings)
  }

  /// What becomes of a line: `stands`, `waits`, or `refused`.
  private func outcome(_ rule: AuthorityRule, _ verb: RevisionVerb, _ path: String) throws -> String {
    let path = try DocumentPath(path)
    do { try rule.check(verb, path, base: .head) } catch { return "refused" }
    if verb.decides {
      let mayOthers = rule.mayDecide(verb != .decline, in: path.collection, proposedBy: Self.founder)
      let mayOwn = rule.mayDecide(verb != .decline, in: path.collection, proposedBy: Self.author)
      return mayOthers ? (mayOwn ? "stands" : "not own") : "refused"
    }
    return rule.holds(verb, at: path) ? "waits" : "stands"
  }

  /// The table of `Schemas/members.md`: an edit in a plain collection, in one under review, in one out of
  /// scope, of settings, of schemas; a decision about a document and about settings; a merge.
  private static let table: [(role: MemberRole, expected: String)] = [
    (.reader, "refused refused refused refused refused refused refused refused"),
    (.auditor, "refused refused refused refused refused refused refused refused"),
    (.contributor, "stands waits refused waits waits refused refused refused"),
    (.editor, "stands stands refused waits waits stands refused refused"),
    (.approver, "stands waits refused waits waits not-own refused refused"),
    (.privacyOfficer, "refused refused refused refused refused refused refused refused"),
    (.administrator, "stands stands refused stands stands stands stands refused"),
    (.publisher, "stands stands refused stands stands stands stands stands"),
  ]

  @Test("Each role may do what the page's table says, in its own collections")
  func roles() throws {
    #expect(Set(Self.table.map(\.role)) == Set(MemberRole.allCases))
    for (role, expected) in Self.table {
      let rule = try rule(role)
      for edit in RevisionVerb.allCases where edit.edits && edit != .move {
        let found = [
          try outcome(rule, edit, "a/d.md"), try outcome(rule, edit, "r/d.md"),
          try outcome(rule, edit, "out/d.md"),
          try outcome(rule, edit, "sheaf/settings.json"), try outcome(rule, edit, "schemas/a.json"),
          try outcome(rule, .accept, "r/d.md"), try outcome(rule, .decline, "sheaf/settings.json"),
          try outcome(rule, .merge, "a/d.md"),
        ]
        #expect(
          found.map { $0.replacing(" ", with: "-") }.joined(separator: " ") == expected, "\(role) \(edit)")
      }
    }
  }

  @Test("A move needs a right to both of its collections")
  func moves() throws {
    let rule = try rule(.editor)
    let (inside, outside) = (try DocumentPath("a/d.md"), try DocumentPath("out/d.md"))
    try rule.check(.move, try DocumentPath("r/d.md"), base: .headOf(inside))
    #expect(throws: AuthorityError(.outOfScope, at: outside)) {
      try rule.check(.move, inside, base: .headOf(outside))
    }
    let member: DocumentPath = try #require(Member.path(of: MemberMark(publicKey: Self.author)))
    #expect(throws: AuthorityError(.memberStays, at: inside)) {
      try self.rule(.publisher).check(.move, inside, base: .headOf(member))
    }
  }

  @Test("Who is no member, and who was revoked, may do nothing in a closed library")
  func strangers() throws {
    #expect(throws: AuthorityError(.notMember, at: nil)) { try rule(nil).checkAdmission() }
    let revoked = try rule(.publisher, revoked: "lost")
    #expect(throws: AuthorityError(.revoked, at: nil)) { try revoked.checkAdmission() }
    #expect(revoked.role == nil)
    #expect(try !revoked.mayDecide(true, in: CollectionName("a"), proposedBy: nil))
  }

  @Test("In an open library the founder publishes, everybody else contributes, and before it all may stand")
  func open() throws {
    let first = AuthorityRule(author: Self.founder, founder: nil)
    #expect(first.isUnbound && first.role == nil)
    try first.checkAdmission()
    let founder = AuthorityRule(author: Self.founder, founder: Self.founder, settings: settings)
    let other = AuthorityRule(author: Self.author, founder: Self.founder, settings: settings)
    #expect(founder.role == .publisher && other.role == .contributor)
    #expect(try outcome(founder, .put, "r/d.md") == "stands")
    #expect(try outcome(other, .put, "r/d.md") == "waits")
    // Where something is reviewed, what says so is too; else anybody changes it.
    #expect(try outcome(other, .put, "sheaf/settings.json") == "waits")
    let plain = AuthorityRule(author: Self.author, founder: Self.founder)
    #expect(try outcome(plain, .put, "sheaf/settings.json") == "stands")
    #expect(try outcome(other, .merge, "a/d.md") == "refused")
  }

  // MARK: members

  private func change(
    _ before: Member?, _ after: Member, _ verb: RevisionVerb = .put
  ) throws -> AuthorityRule.MemberChange {
    let path: DocumentPath = try #require(Member.path(of: after.mark))
    return AuthorityRule.MemberChange(path: path, verb: verb, before: before, after: after)
  }

  private func refusal(
    _ rule: AuthorityRule, _ changes: [AuthorityRule.MemberChange], lineCount: Int? = nil
  ) -> AuthorityError.Rule? {
    do { try rule.check(changes, lineCount: lineCount ?? changes.count) } catch { return error.rule }
    return nil
  }

  @Test("Administrators change all members but publishers, publishers all, others none")
  func changingMembers() throws {
    let other = [UInt8](repeating: 3, count: 32)
    for role in MemberRole.allCases {
      for target in MemberRole.allCases {
        let before = Member(key: other, name: "B", role: target)
        var gone = before
        gone.revoked = "left"
        var expected: AuthorityError.Rule? = .mayNotChangeMembers
        if role == .administrator { expected = target == .publisher ? .publishersOnly : nil }
        if role == .publisher { expected = nil }
        for change in [try change(nil, before), try change(before, gone)] {
          #expect(refusal(try rule(role), [change]) == expected, "\(role) \(target)")
        }
      }
    }
    // Nobody lifts a contributor to publisher, nor lowers a publisher, but a publisher.
    let low = Member(key: other, name: "B", role: .contributor)
    let high = Member(key: other, name: "B", role: .publisher)
    #expect(refusal(try rule(.administrator), [try change(low, high)]) == .publishersOnly)
    #expect(refusal(try rule(.administrator), [try change(high, low)]) == .publishersOnly)
    let path: DocumentPath = try #require(Member.path(of: low.mark))
    let others = RevisionVerb.allCases.filter { !$0.decides && $0.meaning == nil }
    for verb in others where verb != .put && verb != .resolve {
      #expect(throws: AuthorityError(.memberStays, at: path)) {
        try rule(.publisher).check(verb, path, base: .head)
      }
    }
    #expect(try !rule(.contributor).holds(.put, at: path))
  }

  @Test("Everybody may put another key in the place of the own one, and change nothing else by it")
  func rotation() throws {
    for role in MemberRole.allCases {
      let rule = try rule(role)
      let member: Member = try #require(rule.member)
      var old = member
      var new = member
      new.key = [UInt8](repeating: 9, count: 32)
      new.replaces = member.mark
      old.revoked = Member.replaced(by: new.mark)
      #expect(refusal(rule, [try change(member, old), try change(nil, new)]) == nil, "\(role)")
      // A witness stays the witness that it was: one key more would be one more pair of eyes.
      var witness = new
      witness.witness = [UInt8](repeating: 8, count: 32)
      #expect(refusal(rule, [try change(member, old), try change(nil, witness)]) != nil)
      guard !role.governs else { continue }
      #expect(refusal(rule, [try change(member, old), try change(nil, new)], lineCount: 3) != nil)
      #expect(refusal(rule, [try change(member, old)]) != nil)
      #expect(refusal(rule, [try change(nil, new)]) != nil)
      #expect(refusal(rule, [try change(member, old, .resolve), try change(nil, new)]) != nil)
      #expect(refusal(rule, [try change(member, old), try change(new, new)]) != nil)
      let wrong: [(inout Member) -> Void] = [
        { $0.name = "Other" }, { $0.role = role == .reader ? .editor : .reader }, { $0.site = "Elsewhere" },
        { $0.collections = nil }, { $0.replaces = nil }, { $0.revoked = "at once" },
      ]
      for spoil in wrong {
        var other = new
        spoil(&other)
        #expect(refusal(rule, [try change(member, old), try change(nil, other)]) != nil, "\(role)")
      }
      var renamed = old
      renamed.name = "Other"
      var vague = old
      vague.revoked = "replaced"
      #expect(refusal(rule, [try change(member, vague), try change(nil, new)]) != nil)
      #expect(refusal(rule, [try change(member, renamed), try change(nil, new)]) != nil)
    }
  }

  @Test("Only a rotation says whose key was replaced, and nobody takes that away")
  func replaced() throws {
    let publisher = try rule(.publisher)
    var member = Member(key: [UInt8](repeating: 9, count: 32), name: "B", role: .approver)
    let plain = member
    member.replaces = MemberMark(publicKey: Self.founder)
    #expect(refusal(publisher, [try change(nil, member)]) == .replacesStays)
    #expect(refusal(publisher, [try change(member, plain)]) == .replacesStays)
    #expect(refusal(publisher, [try change(plain, member)]) == .replacesStays)
    #expect(refusal(publisher, [try change(member, member)]) == nil)
  }

  @Test("Who closes an open library stays its publisher")
  func closing() throws {
    let founder = AuthorityRule(author: Self.founder, founder: Self.founder)
    let own = Member(key: Self.founder, name: "F", role: .publisher)
    let other = Member(key: Self.author, name: "A", role: .administrator)
    #expect(refusal(founder, [try change(nil, own), try change(nil, other)]) == nil)
    #expect(refusal(founder, [try change(nil, other)]) == .shutsAuthorOut)
    var weak = own
    weak.role = .editor
    #expect(refusal(founder, [try change(nil, weak)]) == .shutsAuthorOut)
    let stranger = AuthorityRule(author: Self.author, founder: Self.founder)
    #expect(refusal(stranger, [try change(nil, other)]) == .mayNotChangeMembers)
  }
}
