import SheafModel
import SheafTesting
import Testing

@Suite("Revision lists")
struct RevisionListTests {
  @Test(
    "Every vector of Schemas/revision-list.md is read, or refused by the check it names",
    arguments: OutcomeVector.names("revision-list-"))
  func vectors(name: String) throws {
    let vector = try OutcomeVector(name)
    let text = try #require(String(validating: vector.bytes, as: UTF8.self))
    do {
      let list = try RevisionList(parsing: text)
      // The root over the lines is compared where the tree lives, in the log's tests.
      #expect(vector.outcome.hasPrefix("read \(list.lines.count) "))
      #expect(list.lines.flatMap(\.bytes) == vector.bytes)
    } catch {
      #expect(vector.outcome == "refused \(Self.check(error))")
    }
  }

  @Test("The vectors are there")
  func vectorsAreThere() { #expect(OutcomeVector.names("revision-list-").count >= 38) }

  private static func check(_ error: RevisionListError) -> Int {
    switch error {
    case .fields(0): 1
    case .fields: 2
    case .verb: 3
    case .path: 4
    // What does not fit is named with its verb.
    case .base(let text): text.contains(" ") ? 7 : 5
    case .tooManyRevisions: 7
    case .content: 6
    case .tooManyLines: 8
    case .order: 9
    }
  }

  @Test("A line that names more revisions than one may is refused before it is written")
  func tooManyRevisions() throws {
    func line(_ count: UInt64) throws -> RevisionLine {
      RevisionLine(
        verb: .redact, path: try DocumentPath("a.md"),
        base: .revisions((1...count).map { RevisionName(changeSet: $0, line: 1) }), content: nil)
    }
    #expect(throws: RevisionListError.tooManyRevisions(try DocumentPath("a.md"), 1_001)) {
      try RevisionList([try line(1_001)])
    }
    let most = try RevisionList([try line(1_000)])
    #expect(try RevisionList(parsing: String(decoding: most.lines.flatMap(\.bytes), as: UTF8.self)) == most)
  }

  @Test("Each verb takes the bases of the table and no other")
  func basesOfVerbs() throws {
    let bases = ["-", "@", "@old.md", "=", "^", "1.1", "1.1,2.2"]
    let table: [RevisionVerb: Set<String>] = [
      .put: ["-", "@", "^"], .delete: ["@", "^"], .move: ["@old.md"], .merge: ["1.1,2.2"],
      .resolve: ["@", "="],
      .resolveDeleted: ["@", "="], .accept: ["1.1"], .acceptDeleted: ["1.1"], .decline: ["1.1"],
      .signAuthored: ["1.1"], .signReviewed: ["1.1"], .signApproved: ["1.1"], .signRejected: ["1.1"],
      .redact: ["1.1", "1.1,2.2"],
    ]
    for verb in RevisionVerb.allCases {
      for base in bases {
        let content = verb.hasContent ? "1\t\(SHA256Hash.zero.base64)" : "-\t-"
        let line = try? RevisionLine(parsing: "\(verb.rawValue)\tnew.md\t\(base)\t\(content)")
        #expect((line != nil) == (table[verb]?.contains(base) == true), "\(verb) \(base)")
      }
    }
  }

  @Test("A base is read back from its text, one that starts with a combining mark too")
  func bases() throws {
    let bases: [RevisionBase] = [
      .none, .head, .firstTwo, .draft, .headOf(try DocumentPath("a b/c.md")),
      .headOf(try DocumentPath("\u{301}a.md")),
      .headOf(try DocumentPath("-")), .headOf(try DocumentPath("@")),
      .revisions((1...8).map { RevisionName(changeSet: $0, line: 7) }),
    ]
    for base in bases { #expect(try RevisionBase(parsing: base.text) == base) }
    for bad in [
      "", "--", "@@/", "^1", "=a.md", "1", "1.", ".1", "1.2.3", "1.1,", ",1.1", "1.1;2.2", "1.4294967296",
    ] {
      #expect(throws: RevisionListError.self) { try RevisionBase(parsing: bad) }
    }
  }

  @Test("Any list is read back from its text", arguments: UInt64(0)..<40)
  func roundTrip(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var lines: [RevisionLine] = []
    for _ in 0..<Int.random(in: 0...12, using: &random) {
      let path = try DocumentPath(
        "\(["a", "é", "\u{301}", "z z"].randomElement(using: &random) ?? "a")\(random.next())")
      let verb = RevisionVerb.allCases.randomElement(using: &random) ?? .put
      let base: RevisionBase =
        switch verb {
        case .put: [.none, .head, .draft].randomElement(using: &random) ?? .none
        case .delete: .draft
        case .move: .headOf(try DocumentPath("\u{301}old"))
        case .merge: .revisions([.init(changeSet: 1, line: 1), .init(changeSet: 2, line: .max)])
        case .resolve, .resolveDeleted: [.head, .firstTwo].randomElement(using: &random) ?? .head
        case .accept, .acceptDeleted, .decline, .signAuthored, .signReviewed, .signApproved, .signRejected,
          .redact:
          .revisions([.init(changeSet: 7, line: 3)])
        }
      let hash = try #require(SHA256Hash(bytes: random.bytes(32)))
      let content = RevisionLine.ContentReference(
        sizeInBytes: random.next() >> 1, commitment: Commitment(hash: hash))
      lines.append(RevisionLine(verb: verb, path: path, base: base, content: verb.hasContent ? content : nil))
    }
    lines.sort { $0.path < $1.path }
    let list = try RevisionList(lines)
    #expect(try RevisionList(parsing: lines.map(\.text).joined()) == list)
  }

  @Test("A list has at most 100,000 lines")
  func limit() throws {
    let line = RevisionLine(verb: .delete, path: try DocumentPath("a"), base: .head, content: nil)
    // The count is looked at before the order, so the same line over and over will do.
    #expect(throws: RevisionListError.tooManyLines(100_001)) {
      try RevisionList(Array(repeating: line, count: 100_001))
    }
    #expect(throws: RevisionListError.order(line.path)) { try RevisionList(Array(repeating: line, count: 2)) }
  }
}
