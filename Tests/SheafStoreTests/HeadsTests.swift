import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

/// The rule of `Schemas/revision-list.md`, "Heads", case by case.
@Suite("Heads follow from the log")
struct HeadsTests {
  private func withLog(_ body: (inout TestLog) throws -> Void) throws {
    try TestLog.inStore(body)
  }

  @Test("An edit of what was seen takes its place")
  func fastForward() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "-", "one")])
      try log.append([.init(.put, "a.md", "@", "two")])
      #expect(try log.heads("a.md") == "two")
      try log.append([.init(.delete, "a.md", "@")])
      #expect(try log.heads("a.md") == "-")
      #expect(try log.transaction.counts().documents == 0)
    }
  }

  @Test("Two edits of one revision stand side by side, the first published in front, over their base")
  func twoEditsMeet() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "-", "base")])
      try log.append([.init(.put, "a.md", "@", "ours")], seen: 1)
      try log.append([.init(.put, "a.md", "@", "theirs")], seen: 1)
      #expect(try log.heads("a.md") == "ours | theirs")
      #expect(try log.base("a.md") == "base")
      #expect(try log.transaction.counts().conflicts == 1)
      // An edit by somebody who sees both continues the one that everybody is shown, which keeps its rank.
      try log.append([.init(.put, "a.md", "@", "ours 2")])
      #expect(try log.heads("a.md") == "ours 2 | theirs")
      #expect(try log.base("a.md") == "base")
    }
  }

  @Test("A head keeps the rank of the oldest head it replaces, so the order never jumps")
  func rank() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "-", "base")])
      try log.append([.init(.put, "a.md", "@", "one")], seen: 1)
      try log.append([.init(.put, "a.md", "@", "two")], seen: 1)
      try log.append([.init(.put, "a.md", "@", "three")], seen: 1)
      #expect(try log.heads("a.md") == "one | two | three")
      try log.append([.init(.merge, "a.md", "2.1,4.1", "merged")])
      #expect(try log.heads("a.md") == "merged | two")
      try log.append([.init(.merge, "a.md", "3.1,5.1", "all")])
      #expect(try log.heads("a.md") == "all")
      #expect(try log.transaction.counts().conflicts == 0)
    }
  }

  @Test("An edit against a deletion keeps both")
  func editAgainstDeletion() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "-", "base")])
      try log.append([.init(.delete, "a.md", "@")], seen: 1)
      try log.append([.init(.put, "a.md", "@", "edited")], seen: 1)
      #expect(try log.heads("a.md") == "- | edited")
      #expect(try log.base("a.md") == "base")
      #expect(try log.transaction.counts().conflicts == 1)
    }
  }

  @Test("Two deletions are no conflict, and a new document takes the place of both")
  func tombstonesReplaced() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "-", "base")])
      try log.append([.init(.delete, "a.md", "@")], seen: 1)
      try log.append([.init(.delete, "a.md", "@")], seen: 1)
      #expect(try log.heads("a.md") == "- | -")
      #expect(try log.transaction.counts().conflicts == 0)
      try log.append([.init(.put, "a.md", "-", "again")])
      #expect(try log.heads("a.md") == "again")
    }
  }

  @Test("Two new documents under one path stand side by side with no base")
  func twoNewOnes() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "b.md", "-", "other")])
      try log.append([.init(.put, "a.md", "-", "one")], seen: 1)
      try log.append([.init(.put, "a.md", "-", "two")], seen: 1)
      #expect(try log.heads("a.md") == "one | two")
      #expect(try log.base("a.md") == "")
    }
  }

  @Test("Settling takes the place of all heads that its author had seen, and of no other")
  func resolve() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "-", "base")])
      try log.append([.init(.put, "a.md", "@", "one")], seen: 1)
      try log.append([.init(.put, "a.md", "@", "two")], seen: 1)
      try log.append([.init(.put, "a.md", "@", "late")], seen: 1)
      try log.append([.init(.resolve, "a.md", "@", "settled")], seen: 3)
      #expect(try log.heads("a.md") == "settled | late")
      // Both come from the base: the settled one by way of what it replaced.
      #expect(try log.base("a.md") == "base")
      try log.append([.init(.resolveDeleted, "a.md", "@")])
      #expect(try log.heads("a.md") == "-")
    }
  }

  @Test("A chain of drafts continues itself, whatever was published between")
  func draftChain() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "-", "base"), .init(.put, "b.md", "-", "b")])
      try log.append([.init(.put, "a.md", "@", "publisher's")])
      try log.append([.init(.put, "a.md", "@", "draft 1")], seen: 1)
      try log.append([.init(.put, "b.md", "@", "b 2")], seen: 1, after: 3)
      try log.append([.init(.put, "a.md", "^", "draft 3")], seen: 1, after: 4)
      #expect(try log.heads("a.md") == "publisher's | draft 3")
      #expect(try log.heads("b.md") == "b 2")
      #expect(try log.base("a.md") == "base")
    }
  }

  @Test("A moved document leaves a tombstone and starts under its new path without conflict")
  func move() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "old.md", "-", "text")])
      try log.append([.init(.move, "new.md", "@old.md", "text"), .init(.delete, "old.md", "@")])
      #expect(try log.heads("old.md") == "-")
      #expect(try log.heads("new.md") == "text")
      let row = try log.transaction.documentRow(DocumentPath("new.md"))
      let revision = try #require(try log.transaction.heads(row).first?.revision)
      let parent = try #require(try log.transaction.parents(of: revision).first)
      #expect(try log.transaction.revision(row: parent).name == RevisionName(changeSet: 1, line: 1))
      #expect(try log.transaction.moveOrigin(of: row, after: 1, to: 2)?.text == "old.md")
    }
  }

  @Test("A document moved to where one was deleted takes the tombstone's place")
  func moveOntoTombstone() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "-", "a"), .init(.put, "b.md", "-", "b")])
      try log.append([.init(.delete, "a.md", "@")])
      try log.append([.init(.move, "a.md", "@b.md", "b"), .init(.delete, "b.md", "@")])
      #expect(try log.heads("a.md") == "b")
      #expect(try log.transaction.counts().conflicts == 0)
    }
  }

  @Test("Ancestors under another path are no common base, so that every copy finds the same one")
  func baseWithinPath() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "old.md", "-", "text")])
      try log.append([.init(.move, "new.md", "@old.md", "moved"), .init(.delete, "old.md", "@")])
      try log.append([.init(.put, "new.md", "-", "another")], seen: 1)
      #expect(try log.heads("new.md") == "moved | another")
      #expect(try log.base("new.md") == "")
    }
  }

  @Test("A step of a settlement takes the place of the first two heads, and the next stands against it")
  func resolveInSteps() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "-", "base")])
      try log.append([.init(.put, "a.md", "@", "base 2")])
      try log.append([.init(.put, "a.md", "@", "one")])
      try log.append([.init(.put, "a.md", "@", "two")], seen: 2)
      try log.append([.init(.put, "a.md", "@", "late")], seen: 1)
      #expect(try log.heads("a.md") == "one | two | late" && log.base("a.md") == "base 2")
      try log.append([.init(.resolve, "a.md", "=", "one and two")])
      #expect(try log.heads("a.md") == "one and two | late" && log.base("a.md") == "base")
      try log.append([.init(.resolveDeleted, "a.md", "=")])
      #expect(try log.heads("a.md") == "-")
    }
  }

  @Test("A line that can't stand where it stands is refused with its rule")
  func refusals() throws {
    let cases: [(TestLog.Line, seen: UInt64?, LineageError.Rule)] = [
      (.init(.put, "none.md", "@", "x"), nil, .nothingThere),
      (.init(.delete, "gone.md", "@"), nil, .nothingThere),
      (.init(.put, "a.md", "-", "x"), nil, .alreadyThere),
      (.init(.put, "late.md", "@", "x"), 1, .nothingThere),
      (.init(.move, "a.md", "@late.md", "x"), nil, .alreadyThere),
      (.init(.put, "a.md", "^", "x"), nil, .noDraft),
      (.init(.merge, "a.md", "1.1,9.9", "x"), nil, .unknownParent),
      (.init(.merge, "a.md", "1.1,1.2", "x"), nil, .foreignParent),
      (.init(.resolve, "a.md", "@", "x"), nil, .oneHead), (.init(.resolve, "a.md", "=", "x"), nil, .oneHead),
      (.init(.put, "a.md", "@", "x"), 3, .futureSeen), (.init(.put, "a.md", "@", "x"), .max, .futureSeen),
    ]
    for (line, seen, rule) in cases {
      try withLog { (log) throws in
        try log.append([.init(.put, "a.md", "-", "a"), .init(.put, "gone.md", "-", "g")])
        try log.append([.init(.delete, "gone.md", "@"), .init(.put, "late.md", "-", "l")])
        let transaction = log.transaction
        var attempt = log
        let path = try DocumentPath(line.path)
        #expect(throws: LineageError(path: path, rule: rule)) {
          try transaction.attempt { try attempt.append([line], seen: seen.map { min($0, 1 << 62) }) }
        }
        #expect(try log.transaction.changeSet(3) == nil)
        #expect(try log.heads("a.md") == "a")
      }
    }
  }

  @Test("What stood at every earlier size is found again")
  func headsAtSize() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "a.md", "-", "base")])
      try log.append([.init(.put, "a.md", "@", "one")], seen: 1)
      try log.append([.init(.put, "a.md", "@", "two")], seen: 1)
      try log.append([.init(.resolve, "a.md", "@", "settled")])
      try log.append([.init(.delete, "a.md", "@")])
      let seen = try (0...5).map { try log.heads("a.md", at: $0) }
      #expect(seen == ["", "base", "one", "one | two", "settled", "-"])
    }
  }
}

extension LibraryStore.Options {
  /// For tests, which lose no power.
  static var quick: Self {
    var options = Self()
    options.durability = .none
    return options
  }
}
