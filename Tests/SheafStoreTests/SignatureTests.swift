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

  @Test("A signature between two drafts is not what the later one goes on from")
  func amongDrafts() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "@", "first")], author: 4)
      try log.append([.init(.signAuthored, "a.md", "1.1")], after: 2, author: 4)
      try log.append([.init(.put, "a.md", "^", "second")], seen: 1, after: 3, author: 4)
      #expect(try log.heads("a.md") == "second")
    }
  }
}
