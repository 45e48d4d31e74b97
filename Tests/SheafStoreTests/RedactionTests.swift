import SheafModel
import SheafTesting
import Testing

@testable import SheafStore

/// Erasures in a log: author 2 founds, 3 is privacy officer, 4 administrator, 5 editor.
@Suite("Redactions in a log")
struct RedactionTests {
  private static let secret =
    "Maria Lopez, born 1957, has ALS. " + String(repeating: "Her notes. ", count: 40)
  private static let settings = #"{"format":1,"collections":{"r":{"review":"required"}}}"#

  /// 1: members and settings. 2: a.md with the secret. 3: without it.
  private func withLog(_ body: (inout TestLog) throws -> Void) throws {
    try TestLog.inStore { log in
      try log.append([
        .init(.put, "sheaf/settings.json", "-", Self.settings),
        TestLog.Line(member: TestLog.member(2, .publisher)),
        TestLog.Line(member: TestLog.member(3, .privacyOfficer)),
        TestLog.Line(member: TestLog.member(4, .administrator)),
        TestLog.Line(member: TestLog.member(5, .editor)),
        TestLog.Line(member: TestLog.member(6, .contributor)),
      ])
      try log.append([.init(.put, "a.md", "-", Self.secret), .init(.put, "b.md", "-", "other")])
      try log.append([.init(.put, "a.md", "@", Self.secret + "and no more")])
      try log.append([.init(.put, "a.md", "@", "clean")])
      try body(&log)
      #expect(try log.isProjectedAlike())
    }
  }

  private func redact(
    _ log: inout TestLog, _ names: String, by author: UInt8, path: String = "a.md",
    ground: String? = "GDPR 17"
  ) throws {
    try log.append([.init(.redact, path, names)], author: author, ground: ground)
  }

  /// The rule that refuses what is tried, of which nothing stays; empty when nothing does.
  private func refusal(_ log: TestLog, _ body: (inout TestLog) throws -> Void) -> String {
    do {
      try log.transaction.attempt {
        var log = log
        try body(&log)
        throw Stood()
      }
      return ""
    } catch is Stood {
      return ""
    } catch let error as LineageError {
      return error.rule.rawValue
    } catch let error as AuthorityError {
      return error.rule.rawValue
    } catch { return "\(error)" }
  }

  private struct Stood: Error {}

  private func openRequests(_ log: TestLog) throws -> [String] {
    try log.transaction.rows(
      """
      SELECT r.change_set, r.line, x.change_set FROM redaction_request x JOIN revision r ON r.id = x.revision
      ORDER BY r.id, x.change_set
      """
    ).map { "\(try $0[0] as Int64).\(try $0[1] as Int64) since \(try $0[2] as Int64)" }
  }

  @Test("One person asks, a second one makes it so, at the change set of the second")
  func twoPersons() throws {
    try withLog { log in
      try redact(&log, "2.1", by: 3)
      #expect(try log.transaction.redactions().map(\.effective) == [nil])
      try redact(&log, "2.1", by: 3)
      #expect(try log.transaction.redactionCount() == 0)
      // A repeat is noted nowhere but in the log.
      #expect(try openRequests(log) == ["2.1 since 5"])
      let (first, second): (StoredRevision, StoredRevision) = (
        try #require(try log.transaction.revision(RevisionName(changeSet: 2, line: 1))),
        try #require(try log.transaction.revision(RevisionName(changeSet: 3, line: 1)))
      )
      #expect(try log.transaction.openRequest(first.id, by: TestLog.key(3)) == 5)
      #expect(try log.transaction.openRequest(first.id, by: TestLog.key(4)) == nil)
      try redact(&log, "2.1,3.1", by: 4)
      #expect(try openRequests(log) == ["3.1 since 7"])
      #expect(try log.transaction.openRequest(second.id, by: TestLog.key(4)) == 7)
      #expect(try log.transaction.openRequest(first.id, by: TestLog.key(3)) == nil)
      #expect(try log.transaction.integer("SELECT asked FROM redaction WHERE revision = ?", [first.id]) == 5)
      let all = try log.transaction.redactions()
      #expect(all.map(\.revision.description) == ["2.1", "3.1"])
      #expect(all.map(\.effective) == [7, nil])
      #expect(all.map(\.requests) == [[5, 6, 7], [7]])
      #expect(try log.heads("a.md") == "clean")
    }
  }

  @Test(
    "What is current, open, or a conflict's base can't be destroyed, nor what is no content of the document")
  func refusals() throws {
    try withLog { log in
      #expect(refusal(log) { try redact(&$0, "4.1", by: 3) } == LineageError.Rule.stillCurrent.rawValue)
      #expect(refusal(log) { try redact(&$0, "2.2", by: 3) } == LineageError.Rule.foreignParent.rawValue)
      #expect(refusal(log) { try redact(&$0, "9.1", by: 3) } == LineageError.Rule.unknownParent.rawValue)
      #expect(
        refusal(log) { try redact(&$0, "2.1", by: 3, ground: nil) } == LineageError.Rule.noGround.rawValue)
      #expect(refusal(log) { try redact(&$0, "2.1", by: 5) } == AuthorityError.Rule.mayNotRedact.rawValue)
      #expect(
        refusal(log) { try redact(&$0, "1.1", by: 3, path: "sheaf/settings.json") }
          == AuthorityError.Rule.rightsStay.rawValue)
      let member = try #require(Member.path(of: TestLog.member(5, .editor).mark))
      #expect(
        refusal(log) { try redact(&$0, "1.2", by: 3, path: member.text) }
          == AuthorityError.Rule.memberStays.rawValue)
    }
    try withLog { log in
      try log.append([.init(.put, "r/d.md", "-", "r")])
      try log.append([.init(.put, "r/d.md", "@", "proposed")], author: 6)
      #expect(
        refusal(log) { try redact(&$0, "6.1", by: 3, path: "r/d.md") }
          == LineageError.Rule.stillCurrent.rawValue)
    }
    try withLog { log in
      try log.append([.init(.put, "a.md", "@", "ours")])
      try log.append([.init(.put, "a.md", "@", "theirs")], seen: 4, author: 5)
      #expect(try log.base("a.md") == "clean")
      #expect(refusal(log) { try redact(&$0, "4.1", by: 3) } == LineageError.Rule.stillCurrent.rawValue)
    }
    try withLog { log in
      try log.append([.init(.delete, "b.md", "@")])
      try log.append([.init(.put, "b.md", "-", "again")])
      #expect(
        refusal(log) { try redact(&$0, "5.1", by: 3, path: "b.md") }
          == LineageError.Rule.nothingToErase.rawValue)
    }
  }

  @Test("A library without members has no second person, so nothing can be destroyed")
  func openLibrary() throws {
    try TestLog.inStore { log in
      try log.append([.init(.put, "a.md", "-", "one")])
      try log.append([.init(.put, "a.md", "@", "two")])
      #expect(refusal(log) { try redact(&$0, "1.1", by: 2) } == AuthorityError.Rule.noSecondPerson.rawValue)
    }
  }

  @Test("A key that took another's place is the same person, and a key that was revoked is nobody")
  func persons() throws {
    try withLog { log in
      try redact(&log, "2.1", by: 3)
      var old = TestLog.member(3, .privacyOfficer)
      var new = TestLog.member(7, .privacyOfficer)
      old.revoked = "replaced by \(new.mark)"
      new.name = old.name
      new.replaces = old.mark
      try log.append([TestLog.Line(member: old, "@"), TestLog.Line(member: new)], author: 3)
      #expect(try log.transaction.openRequest(target(log), by: TestLog.key(7)) == 5)
      try redact(&log, "2.1", by: 7)
      #expect(try log.transaction.redactionCount() == 0)
      // In either direction, and whatever becomes of the older key.
      let (first, second) = (TestLog.key(3), TestLog.key(7))
      #expect(try log.transaction.isSamePerson(first, as: second))
      #expect(try log.transaction.isSamePerson(second, as: first))
      #expect(try !log.transaction.isSamePerson(second, as: TestLog.key(4)))
      // The wish of before stands for the person, whose newer key is trusted.
      try redact(&log, "2.1", by: 4)
      #expect(try log.transaction.redactionCount() == 1)
    }
    try withLog { log in
      try redact(&log, "2.1", by: 3)
      var stolen = TestLog.member(3, .privacyOfficer)
      stolen.revoked = "stolen"
      try log.append([TestLog.Line(member: stolen, "@")])
      try redact(&log, "2.1", by: 4)
      #expect(try log.transaction.redactionCount() == 0)
      try redact(&log, "2.1", by: 2)
      #expect(try log.transaction.redactionCount() == 1)
      // The wish that counted is the administrator's.
      #expect(try log.transaction.integer("SELECT asked FROM redaction") == 7)
    }
  }

  private func target(_ log: TestLog) throws -> Int64 {
    try #require(try log.transaction.revision(RevisionName(changeSet: 2, line: 1))).id
  }

  @Test("Content and seed go, commitments and the other salts stay, and the lines are those that were signed")
  func destroyed() throws {
    try withLog { log in
      let transaction = log.transaction
      func lines() throws -> [String] {
        let seed = try transaction.changeSet(2)?.seed
        return try transaction.revisions(inChangeSet: 2).map { try $0.line(seed: seed).text }
      }
      let signed = try lines()
      let secret = SHA256Hash(hashing: Array(Self.secret.utf8))
      try redact(&log, "2.1,3.1", by: 3)
      #expect(try !transaction.eraseRedacted())
      #expect(try transaction.holdsBody(secret))
      try redact(&log, "2.1,3.1", by: 4)
      #expect(try transaction.eraseRedacted())
      #expect(try !transaction.eraseRedacted())
      #expect(try transaction.unswept() == 6)
      #expect(try transaction.redactedSize() == 6)
      #expect(try !transaction.holdsBody(secret))
      #expect(try transaction.changeSet(2)?.seed == nil)
      #expect(try transaction.revisions(inChangeSet: 2).map { $0.content == nil } == [true, false])
      #expect(try lines() == signed)
      let salts = try transaction.changeSet(2)?.salts ?? [:]
      #expect(salts.keys.sorted() == [0, 2])
      let kept: [UInt8] = try #require(salts[2])
      let other = Commitment(SHA256Hash(hashing: Array("other".utf8)), salt: kept, line: 2)
      #expect(signed[1].hasSuffix("\(other.hash.base64)\n"))
      #expect(try transaction.changeSet(4)?.seed != nil)
    }
  }

  @Test("A body that others are deltas against, or share a pack with, goes and they stay readable")
  func deltasAndPacks() throws {
    for packs in [false, true] {
      try withLog { log in
        let transaction = log.transaction
        let secret = Array(Self.secret.utf8)
        let hash = SHA256Hash(hashing: secret)
        let near = secret + Array(" Later.".utf8)
        let nearer = near + Array(" And later.".utf8)
        try log.append([.init(.put, "n.md", "-", "x"), .init(.put, "m.md", "-", "y")])
        for (bytes, base) in [(near, secret), (nearer, near)] {
          try transaction.storeBody(bytes, hash: SHA256Hash(hashing: bytes), base: SHA256Hash(hashing: base))
          try transaction.execute(
            "UPDATE revision SET content = ? WHERE change_set = 5 AND line = ?",
            [SHA256Hash(hashing: bytes).data, bytes == near ? 1 : 2])
        }
        let bases = try transaction.integer("SELECT count(*) FROM body WHERE base IS NOT NULL")
        #expect((bases ?? 0) >= 2)
        if packs {
          var packer = BodyPacker(transaction, run: 0)
          for content in [nearer, near, secret, Array("clean".utf8)] {
            try packer.add(SHA256Hash(hashing: content), bases: [SHA256Hash(hashing: nearer)])
          }
          try packer.flush()
          #expect(try transaction.newestPack() == 1)
        }
        try redact(&log, "2.1", by: 3)
        try redact(&log, "2.1", by: 2)
        #expect(try transaction.eraseRedacted())
        #expect(try !transaction.holdsBody(hash))
        #expect(try transaction.body(SHA256Hash(hashing: near)) == near)
        #expect(try transaction.body(SHA256Hash(hashing: nearer)) == nearer)
        #expect(try transaction.integer("SELECT count(*) FROM pack") == 0)
        let wrong = try transaction.integer(
          """
          SELECT count(*) FROM body b
          WHERE depth <> ifnull((SELECT depth + 1 FROM body o WHERE o.id = b.base), 0)
          """)
        #expect(wrong == 0)
        // Undone for the comparison with a rebuilt store: these rows were bent.
        try transaction.execute("UPDATE revision SET content = NULL WHERE change_set = 5")
        try transaction.execute(
          "DELETE FROM head WHERE revision IN (SELECT id FROM revision WHERE change_set = 5)")
        try transaction.execute(
          "DELETE FROM lineage WHERE revision IN (SELECT id FROM revision WHERE change_set = 5)")
        try transaction.execute("DELETE FROM revision WHERE change_set = 5")
        try transaction.rebuildState()
      }
    }
  }

  @Test("Content that stands elsewhere too stays there; its destroyed revision does not know it any more")
  func sharedContent() throws {
    try withLog { log in
      let transaction = log.transaction
      try log.append([.init(.put, "copy.md", "-", Self.secret)])
      try redact(&log, "2.1", by: 3)
      try redact(&log, "2.1", by: 4)
      #expect(try transaction.eraseRedacted())
      #expect(try log.heads("copy.md") == Self.secret)
      #expect(try transaction.revisions(inChangeSet: 2).first?.content == nil)
    }
  }

  @Test("Who had seen the destroyed revision may still edit, and their conflict has no base")
  func laggingEdit() throws {
    try withLog { log in
      let transaction = log.transaction
      try log.append([.init(.put, "n.md", "-", "first"), .init(.put, "gone.md", "-", "there")])
      try log.append([.init(.put, "n.md", "@", "second"), .init(.delete, "gone.md", "@")])
      for author: UInt8 in [3, 4] {
        try log.append(
          [.init(.redact, "gone.md", "5.1"), .init(.redact, "n.md", "5.2")], author: author, ground: "law")
      }
      // On the publisher's copy the content is gone by now; on a replica that catches up it is not yet.
      let lagging: (inout TestLog) throws -> String = { log in
        try log.append(
          [.init(.put, "gone.md", "@", "edited"), .init(.put, "n.md", "@", "theirs")], seen: 5, author: 5)
        return try log.heads("n.md") + " / " + log.base("n.md") + " / " + log.heads("gone.md")
      }
      #expect(try transaction.eraseRedacted())
      #expect(try lagging(&log) == "second | theirs /  / - | edited")
      #expect(
        refusal(log) { try $0.append([.init(.put, "gone.md", "-", "new")], seen: 5, author: 5) }
          == LineageError.Rule.alreadyThere.rawValue)
    }
  }

  @Test("A copy that has the content still follows the same log to the same state")
  func sameStateBeforeErasing() throws {
    var roots: [SHA256Hash] = []
    for erases in [false, true] {
      try withLog { log in
        try redact(&log, "2.1", by: 3)
        try redact(&log, "2.1", by: 4)
        if erases { try log.transaction.eraseRedacted() }
        try log.append([.init(.put, "a.md", "@", "late")], seen: 2, author: 5)
        #expect(try log.base("a.md").isEmpty)
        #expect(try log.transaction.conflictBase(log.transaction.documentRow(DocumentPath("a.md"))) == nil)
        roots.append(try log.transaction.stateRoot())
      }
    }
    #expect(roots[0] == roots[1])
  }

  @Test("Drafts forget the base, quarantine the body, and the index of words is empty until it is made anew")
  func derived() throws {
    try withLog { log in
      let transaction = log.transaction
      let secret = SHA256Hash(hashing: Array(Self.secret.utf8))
      let path = try DocumentPath("a.md")
      let document: DocumentRow = try #require(try transaction.existingDocumentRow(path))
      try transaction.index(document, SearchableText(title: "Maria", text: Self.secret))
      let seed: Seed = try #require(Seed(bytes: [UInt8](repeating: 1, count: 16)))
      try transaction.insertDraft(
        leaf: .zero, note: [1], seed: seed, reason: Reason(by: "", message: "").bytes,
        lines: [
          .init(
            line: 1, path: path, verb: .put, base: .head, sizeInBytes: 5,
            content: SHA256Hash(hashing: Array("clean".utf8)), baseContent: secret)
        ])
      try transaction.quarantine(
        leaf: .zero, author: TestLog.key(5), note: [1], seed: seed, reason: [2], lines: "put\t…",
        bodies: [secret],
        refusal: "no", time: Timestamp(seconds: 1))
      try redact(&log, "2.1", by: 3)
      try redact(&log, "2.1", by: 4)
      #expect(try transaction.eraseRedacted())
      #expect(try !transaction.holdsBody(secret))
      #expect(try transaction.integer("SELECT count(*) FROM search_row") == 0)
      #expect(try transaction.integer("SELECT count(*) FROM document WHERE title IS NOT NULL") == 0)
      let draft: StoredDraft = try #require(try transaction.drafts([.waiting]).first)
      #expect(try transaction.lines(of: draft).map(\.baseContent) == [nil])
      #expect(try transaction.refusal(leaf: .zero) == "no")
      #expect(try transaction.quarantine().isEmpty)
      #expect(try transaction.quarantine(includesReleased: true).map(\.lines) == [""])
    }
  }
}
