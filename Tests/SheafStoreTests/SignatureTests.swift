import SheafModel
import SheafStore
import SheafTesting
import Testing

/// The rule of `Schemas/revision-list.md`, "Signatures". Author 2 founds, 3 approves, 4 contributes.
@Suite("Signatures follow from the log")
struct SignatureTests {
  /// Change set 1 holds `a.md` as 1.1 and `b.md` as 1.2.
  private func withLog(_ body: (inout TestLog) throws -> Void) throws {
    try TestLog.inStore { (log) throws in
      try log.append([
        .init(.put, "a.md", "-", "a"), .init(.put, "b.md", "-", "b"),
        try TestLog.Line(member: TestLog.member(2, .publisher)),
        try TestLog.Line(member: TestLog.member(3, .approver)),
        try TestLog.Line(member: TestLog.member(4, .contributor)),
      ])
      try body(&log)
      #expect(try log.isProjectedAlike())
    }
  }

  /// The signatures on a document in words: by which line, of what, on which revision, `-` for one taken back.
  private func signatures(_ log: TestLog, _ path: String) throws -> String {
    let document: DocumentRow = try #require(try log.transaction.existingDocumentRow(DocumentPath(path)))
    return try log.transaction.signatures(on: document).map {
      "\($0.name) \($0.meaning) \($0.signed)\($0.withdrawn.map { " -\($0)" } ?? "")"
    }.joined(separator: ", ")
  }

  /// Takes back what a test only tried.
  private struct Undone: Error {}

  private func rule(_ log: TestLog, _ line: TestLog.Line, seen: UInt64? = nil, author: UInt8) throws
    -> LineageError.Rule?
  {
    do {
      try log.transaction.attempt {
        var copy = log
        try copy.append([line], seen: seen, author: author)
        throw Undone()
      }
    } catch let error as LineageError { return error.rule } catch is Undone {}
    return nil
  }

  @Test(
    "A signature is bound to one revision, changes nothing that is current, and is not passed on to a later one"
  )
  func bound() throws {
    try withLog { (log) throws in
      let state = try log.transaction.stateRoot()
      try log.append([.init(.signApproved, "a.md", "1.1")], author: 3)
      #expect(try log.transaction.stateRoot() == state)
      #expect(try log.heads("a.md") == "a" && log.heads("a.md", at: 2) == "a")
      try log.append([.init(.put, "a.md", "@", "a2")])
      #expect(try signatures(log, "a.md") == "2.1 approved 1.1" && signatures(log, "b.md") == "")
      // It is about the revision still, and says nothing of the one that took its place.
      try log.append([.init(.signReviewed, "a.md", "1.1")], author: 3)
      #expect(try signatures(log, "a.md") == "2.1 approved 1.1, 4.1 reviewed 1.1")
      #expect(try log.heads("a.md") == "a2")
    }
  }

  @Test(
    "A second signature that says nothing new is refused; a rejection takes an approval back, and the other way round"
  )
  func repeated() throws {
    try withLog { (log) throws in
      let approval = TestLog.Line(.signApproved, "a.md", "1.1")
      try log.append([approval], author: 3)
      #expect(try rule(log, approval, author: 3) == .signedAlready)
      // Somebody else's is another one.
      try log.append([approval], author: 2)
      try log.append([.init(.signRejected, "a.md", "1.1")], author: 3)
      #expect(try signatures(log, "a.md") == "2.1 approved 1.1 -4, 3.1 approved 1.1, 4.1 rejected 1.1")
      try log.append([approval], author: 3)
      #expect(
        try signatures(log, "a.md")
          == "2.1 approved 1.1 -4, 3.1 approved 1.1, 4.1 rejected 1.1 -5, 5.1 approved 1.1")
    }
  }

  @Test("Only a revision of the path that has content and that its author had seen is signed")
  func unsigned() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "@", "a2")])
      try log.append([.init(.delete, "b.md", "@")])
      #expect(try rule(log, .init(.signReviewed, "a.md", "2.1"), seen: 1, author: 3) == .notSeen)
      #expect(try rule(log, .init(.signReviewed, "a.md", "2.1"), seen: 2, author: 3) == nil)
      #expect(try rule(log, .init(.signReviewed, "b.md", "3.1"), author: 3) == .nothingToSign)
      #expect(try rule(log, .init(.signReviewed, "b.md", "1.1"), author: 3) == .foreignParent)
      #expect(try rule(log, .init(.signReviewed, "b.md", "3.2"), author: 3) == .unknownParent)
      try log.append([.init(.signReviewed, "a.md", "1.1")], author: 3)
      #expect(try rule(log, .init(.signReviewed, "a.md", "4.1"), author: 2) == .nothingToSign)
    }
  }

  @Test("An approver does not sign as approved what it wrote itself, and signs it as authored")
  func own() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "@", "mine")], author: 3)
      #expect(try rule(log, .init(.signApproved, "a.md", "2.1"), author: 3) == .ownApproval)
      #expect(try rule(log, .init(.signApproved, "a.md", "2.1"), author: 2) == nil)
      try log.append([.init(.signAuthored, "a.md", "2.1")], author: 3)
      #expect(try signatures(log, "a.md") == "3.1 authored 2.1")
    }
  }

  @Test(
    "However often a text was moved, who wrote it does not approve it; beyond what is looked at nobody does")
  func movedOften() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "m0.md", "-", "mine")], author: 3)
      func move(upTo last: Int, from first: Int) throws {
        for number in first..<last {
          try log.append([
            .init(.move, "m\(number + 1).md", "@m\(number).md", "mine"), .init(.delete, "m\(number).md", "@"),
          ])
        }
      }
      let limit = Limits.writtenRevisions
      try move(upTo: limit - 1, from: 0)
      // A change set's lines stand in the order of their paths.
      func last() throws -> TestLog.Line {
        let path = "m\(log.size - 2).md"
        let row: DocumentRow = try #require(try log.transaction.existingDocumentRow(DocumentPath(path)))
        let head: StoredHead = try #require(try log.transaction.heads(row).first)
        let revision: Int64 = try #require(head.revision)
        return .init(.signApproved, path, try log.transaction.revision(row: revision).name.description)
      }
      #expect(try rule(log, last(), author: 3) == .ownApproval)
      #expect(try rule(log, last(), author: 2) == nil)
      try move(upTo: limit + 1, from: limit - 1)
      #expect(try rule(log, last(), author: 3) == .ownApproval)
    }
  }

  @Test("Only who wrote a revision signs it as authored: what was accepted or merged is who wrote it there")
  func authored() throws {
    try withLog { (log) throws in
      func authored(_ path: String, _ revision: String, by author: UInt8) throws -> LineageError.Rule? {
        try rule(log, .init(.signAuthored, path, revision), author: author)
      }
      #expect(try authored("a.md", "1.1", by: 2) == nil)
      #expect(try authored("a.md", "1.1", by: 4) == .othersWords)
      try log.append([.init(.put, "a.md", "@", "a2")], author: 4)
      try log.append([.init(.put, "a.md", "@", "a3")], seen: 1, author: 3)
      try log.append([.init(.merge, "a.md", "2.1,3.1", "a4")])
      // Who merges writes nothing.
      #expect(try authored("a.md", "4.1", by: 2) == .othersWords)
      #expect(try authored("a.md", "4.1", by: 3) == nil && authored("a.md", "4.1", by: 4) == nil)
      let settings = #"{"format":1,"collections":{"r":{"review":"required"}}}"#
      try log.append([.init(.put, "sheaf/settings.json", "-", settings)])
      try log.append([.init(.put, "r/x.md", "-", "mine")], author: 4)
      try log.append([.init(.accept, "r/x.md", "6.1", "mine")], author: 3)
      #expect(try authored("r/x.md", "7.1", by: 3) == .othersWords)
      #expect(try authored("r/x.md", "7.1", by: 4) == nil)
    }
  }

  @Test("A document is told that changed since it was signed, until what is current is signed too")
  func changedSince() throws {
    try withLog { (log) throws in
      func changed() throws -> [String] { try log.transaction.documentsChangedSinceSigned().map(\.text) }
      try log.append([.init(.signApproved, "a.md", "1.1")], author: 3)
      // A rejection asks for an edit.
      try log.append([.init(.signRejected, "b.md", "1.2")], author: 3)
      #expect(try changed().isEmpty)
      try log.append([.init(.put, "a.md", "@", "a2"), .init(.put, "b.md", "@", "b2")])
      #expect(try changed() == ["a.md"])
      try log.append([.init(.signReviewed, "a.md", "4.1")], author: 3)
      #expect(try changed().isEmpty)
      try log.append([.init(.put, "a.md", "@", "a3")])
      #expect(try changed() == ["a.md"])
      // What was taken back counts no more, and neither does what is gone.
      try log.append([.init(.signRejected, "a.md", "1.1")], author: 3)
      #expect(try changed() == ["a.md"])
      try log.append([.init(.delete, "a.md", "@")])
      #expect(try changed().isEmpty)
    }
  }

  @Test(
    "What was signed as a proposal is current while what took it is; where every edit is approved, that counts"
  )
  func changedProposals() throws {
    try withLog { (log) throws in
      func changed() throws -> [String] { try log.transaction.documentsChangedSinceSigned().map(\.text) }
      func settings(_ review: String) -> String {
        #"{"format":1,"collections":{"r":{"review":"\#(review)"}}}"#
      }
      try log.append([.init(.put, "sheaf/settings.json", "-", settings("required"))])
      try log.append([.init(.put, "r/x.md", "-", "one")], author: 4)
      try log.append([.init(.signReviewed, "r/x.md", "3.1")], author: 3)
      #expect(try changed().isEmpty && log.transaction.openApprovalCount() == 0)
      try log.append([.init(.accept, "r/x.md", "3.1", "one")])
      #expect(try changed().isEmpty)
      try log.append([.init(.put, "r/x.md", "@", "two")])
      #expect(try changed() == ["r/x.md"])
      try log.append([.init(.put, "sheaf/settings.json", "@", settings("everyone"))])
      try log.append([.init(.put, "r/x.md", "@", "three")])
      #expect(try log.transaction.openApprovalCount() == 1 && changed() == ["r/x.md"])
      try log.append([.init(.accept, "r/x.md", "8.1", "three")], author: 3)
      #expect(try log.transaction.openApprovalCount() == 0 && changed().isEmpty)
    }
  }

  @Test("A signature between two drafts is not what the later one goes on from")
  func amongDrafts() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "@", "first")], author: 4)
      try log.append([.init(.signAuthored, "a.md", "2.1")], after: 2, author: 4)
      try log.append([.init(.put, "a.md", "^", "second")], seen: 1, after: 3, author: 4)
      #expect(try log.heads("a.md") == "second")
    }
  }
}
