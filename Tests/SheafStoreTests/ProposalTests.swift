import SheafModel
import SheafStore
import SheafTesting
import Testing

/// The rule of `Schemas/revision-list.md`, "Proposals", case by case. Author 2 publishes, 3 and 4 contribute.
@Suite("Proposals follow from the log")
struct ProposalTests {
  private static let settings = #"{"format":1,"collections":{"r":{"review":"required"}}}"#

  private func withLog(_ body: (inout TestLog) throws -> Void) throws {
    try TestLog.inStore { (log) throws in
      try log.append([
        .init(.put, "r/a.md", "-", "base"), .init(.put, "sheaf/settings.json", "-", Self.settings),
        .init(.put, "x/a.md", "-", "free"),
      ])
      try body(&log)
      // Whatever happened, following the log again comes to the same.
      #expect(try log.isProjectedAlike())
      #expect(try log.heads("x/a.md") == "free")
    }
  }

  @Test(
    "A contributor's edit under review is kept beside what is shown; the publisher's own is current at once")
  func held() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "r/a.md", "@", "edit")], author: 3)
      #expect(try log.heads("r/a.md") == "base")
      #expect(try log.proposals("r/a.md") == "2.1 edit")
      try log.append([.init(.put, "r/a.md", "@", "own")])
      #expect(try log.heads("r/a.md") == "own")
      #expect(try log.proposals("r/a.md") == "2.1 edit")
      #expect(try log.proposals("r/a.md", at: 1) == "" && log.proposals("r/a.md", at: 2) == "2.1 edit")
    }
  }

  @Test("An accepted edit takes the place of what it was made from, or stands beside what came meanwhile")
  func accepted() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "r/a.md", "@", "edit")], author: 3)
      try log.append([.init(.accept, "r/a.md", "2.1", "edit")])
      #expect(try log.heads("r/a.md") == "edit" && log.proposals("r/a.md") == "")
      try log.append([.init(.put, "r/a.md", "@", "late")], seen: 3, author: 4)
      try log.append([.init(.put, "r/a.md", "@", "own")])
      try log.append([.init(.accept, "r/a.md", "4.1", "late")])
      #expect(try log.heads("r/a.md") == "own | late")
      #expect(try log.base("r/a.md") == "edit")
      #expect(try log.proposals("r/a.md", at: 5) == "4.1 late")
    }
  }

  @Test("A declined edit changes nothing that is current, and is decided once")
  func declined() throws {
    try withLog { (log) throws in
      try log.append([.init(.delete, "r/a.md", "@")], author: 3)
      #expect(try log.proposals("r/a.md") == "2.1 -")
      try log.append([.init(.decline, "r/a.md", "2.1")])
      #expect(try log.heads("r/a.md") == "base" && log.proposals("r/a.md") == "")
      #expect(try log.heads("r/a.md", at: 3) == "base")
      let name = RevisionName(changeSet: 2, line: 1)
      guard case .decided(let revision)? = try log.transaction.decision(on: name) else {
        Issue.record("no decision")
        return
      }
      #expect(revision.verb == .decline)
      let before = log
      #expect(throws: LineageError(path: try DocumentPath("r/a.md"), rule: .notOpen)) {
        try log.transaction.attempt {
          var copy = before
          try copy.append([.init(.acceptDeleted, "r/a.md", "2.1")])
        }
      }
    }
  }

  @Test("Only the publisher decides, only what is open, and only with the content that was proposed")
  func refused() throws {
    func rule(_ work: () throws -> Void) -> LineageError.Rule? {
      do { try work() } catch let error as LineageError { return error.rule } catch {}
      return nil
    }
    try withLog { (log) throws in
      try log.append([.init(.put, "r/a.md", "@", "edit")], author: 3)
      let attempt = log
      func check(_ line: TestLog.Line, author: UInt8, _ expected: LineageError.Rule) throws {
        let found = rule {
          try log.transaction.attempt {
            var copy = attempt
            try copy.append([line], author: author)
          }
        }
        #expect(found == expected)
      }
      try check(.init(.accept, "r/a.md", "2.1", "edit"), author: 3, .mayNotDecide)
      try check(.init(.accept, "r/a.md", "2.1", "other"), author: 2, .otherContent)
      try check(.init(.acceptDeleted, "r/a.md", "2.1"), author: 2, .otherContent)
      try check(.init(.accept, "r/a.md", "1.1", "base"), author: 2, .notOpen)
      try check(.init(.decline, "r/a.md", "9.1"), author: 2, .unknownParent)
      #expect(try log.proposals("r/a.md") == "2.1 edit")
    }
  }

  @Test("A move is two lines of which both wait or neither: one across the edge of a review can't stand")
  func movedAcross() throws {
    try withLog { (log) throws in
      let before = log
      for (old, new) in [("r/a.md", "x/b.md"), ("x/a.md", "r/b.md"), ("x/a.md", "schemas/b.md")] {
        #expect(throws: LineageError(path: try DocumentPath(new), rule: .acrossReview)) {
          try log.transaction.attempt {
            var copy = before
            try copy.append([.init(.move, new, "@" + old, "m"), .init(.delete, old, "@")], author: 3)
          }
        }
      }
      try log.append([.init(.move, "r/b.md", "@r/a.md", "base"), .init(.delete, "r/a.md", "@")], author: 3)
      #expect(try log.heads("r/a.md") == "base" && log.heads("r/b.md") == "")
      try log.append([.init(.move, "x/c.md", "@r/a.md", "base"), .init(.delete, "r/a.md", "@")])
      #expect(try log.heads("x/c.md") == "base" && log.heads("r/a.md") == "-")
    }
  }

  @Test("An author's next edit goes on from the open proposal, and both are one")
  func carriedOn() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "r/a.md", "@", "one")], author: 3)
      try log.append([.init(.put, "r/a.md", "@", "own")])
      try log.append([.init(.put, "r/a.md", "^", "two")], seen: 2, after: 2, author: 3)
      #expect(try log.proposals("r/a.md") == "4.1 two")
      try log.append([.init(.accept, "r/a.md", "4.1", "two")])
      // It was made from the first head that its author saw, which was replaced meanwhile.
      #expect(try log.heads("r/a.md") == "own | two")
      #expect(try log.base("r/a.md") == "base")
    }
  }

  @Test("An edit that goes on from a proposal which was accepted meanwhile is made from what accepted it")
  func carriedOnAccepted() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "r/a.md", "@", "one")], author: 3)
      try log.append([.init(.accept, "r/a.md", "2.1", "one")])
      try log.append([.init(.put, "r/a.md", "^", "two")], seen: 2, after: 2, author: 3)
      try log.append([.init(.accept, "r/a.md", "4.1", "two")])
      #expect(try log.heads("r/a.md") == "two")
    }
  }

  @Test("A chain is its author's own: a draft of somebody else ends it")
  func foreignChain() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "x/b.md", "-", "one")], author: 3)
      let before = log
      #expect(throws: LineageError(path: try DocumentPath("x/b.md"), rule: .noDraft)) {
        try log.transaction.attempt {
          var copy = before
          try copy.append([.init(.put, "x/b.md", "^", "two")], after: 2, author: 4)
        }
      }
    }
  }

  @Test("Review holds from the change set after the settings that ask for it, and not before")
  func settings() throws {
    try withLog { (log) throws in
      try log.append([.init(.put, "sheaf/settings.json", "@", #"{"format":1}"#)])
      try log.append([.init(.put, "r/a.md", "@", "free now")], author: 3)
      #expect(try log.heads("r/a.md") == "free now")
      try log.append([.init(.put, "sheaf/settings.json", "@", Self.settings)])
      try log.append([.init(.put, "r/a.md", "@", "held")], author: 3)
      #expect(try log.heads("r/a.md") == "free now" && log.proposals("r/a.md") == "5.1 held")
    }
  }

  @Test("A long chain of drafts is followed in time that grows with its length alone")
  func longChain() throws {
    try withLog { (log) throws in
      try log.append((0..<50).map { .init(.put, "x/n\($0).md", "-", "0") }, author: 3)
      // Each goes on from the first draft; walking the chain again for each would read 125,000 change sets.
      for number in 0..<500 {
        try log.append(
          [.init(.put, "y/\(number).md", "-", "n")], seen: 1, after: UInt64(number + 2), author: 3)
      }
      let before = ContinuousClock.now
      try log.append((0..<50).map { .init(.put, "x/n\($0).md", "^", "1") }, seen: 1, after: 502, author: 3)
      #expect(ContinuousClock.now - before < .seconds(5))
      #expect(try log.heads("x/n49.md") == "1")
    }
  }
}
