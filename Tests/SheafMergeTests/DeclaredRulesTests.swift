import SheafMerge
import SheafModel
import SheafTesting
import Testing

/// What a declared rule reaches: lists without a key, tables that lose a column, values that follow from others.
@Suite("Declared rules")
struct DeclaredRulesTests {
  @Test("A rule inside the items of a list without a key is never overridden by a merge of lines")
  func hiddenInList() throws {
    let schema: JSONValue = [
      "properties": [
        "steps": ["type": "array", "items": ["properties": ["dose": ["x-merge": "manual"], "text": true]]]
      ]
    ]
    let base = """
      {"steps": [
        {
          "dose": 5,

          "text": "once",

          "unit": "mg"
        }
      ]}
      """
    let ours = base.replacing("\"dose\": 5", with: "\"dose\": 6")
    let theirs = base.replacing("\"mg\"", with: "\"g\"")
    let asked = try MergeCasesTests.merged("application/json", base, ours, theirs, schema: schema)
    #expect(MergeCasesTests.told(asked) == "/steps: both sides changed the same items of this list")
    // Where nothing is declared the lines go together.
    let free = try MergeCasesTests.merged("application/json", base, ours, theirs)
    #expect(
      MergeCasesTests.told(free) == "lines: " + ours.replacing("\"mg\"", with: "\"g\""))
  }

  @Test("A column removed here into which a new row there writes is a question, and no answer loses the row")
  func columnOfNewRow() throws {
    let outcome = try MergeCasesTests.merged(
      "text/csv", "id,a,b\n1,x,y\n2,p,q\n", "id,b\n1,y\n2,z\n", "id,a,b\n1,x,w\n2,p,q\n3,new,r\n",
      schema: StructureCasesTests.table)
    guard case .conflict(let parts) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(
      MergeCasesTests.told(outcome) == ": one side removed the column \"a\" and the other wrote into it")
    #expect(parts.content(takingOfAll: .ours) == Array("id,b\n1,w\n2,z\n3,r\n".utf8))
    #expect(parts.content(takingOfAll: .theirs) == Array("id,a,b\n1,x,w\n2,p,z\n3,new,r\n".utf8))
    // A new row that leaves the column empty says nothing about it.
    #expect(
      try StructureCasesTests.csv("id,a,b\n1,x,y\n", "id,b\n1,y\n", "id,a,b\n1,x,y\n3,,r\n")
        == "rows: id,b\n1,y\n3,r\n")
  }

  @Test("Columns that each side removed while the other wrote into them: either answer has its own columns")
  func columnsOfBoth() throws {
    let outcome = try MergeCasesTests.merged(
      "text/csv", "id,a,b\n1,x,y\n", "id,b\n1,ours\n", "id,a\n1,theirs\n", schema: StructureCasesTests.table)
    guard case .conflict(let parts) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(parts.content(takingOfAll: .ours) == Array("id,b\n1,ours\n".utf8))
    #expect(parts.content(takingOfAll: .theirs) == Array("id,a\n1,theirs\n".utf8))
  }

  @Test(
    "A draft's additions to a list that only grows stand behind what is published, as they will in the log")
  func draftIsLater() throws {
    func merged(_ ours: MergeSide, _ theirs: MergeSide) throws -> String {
      try MergeStrategyTests.merged(
        ["append-only": "/id"], type: "array", #"[{"id":5}]"#, #"[{"id":5},{"id":1},{"id":0}]"#,
        #"[{"id":5},{"id":2}]"#, items: MergeStrategyTests.items, oursSide: ours, theirsSide: theirs)
    }
    let late = #"fields: {"v":[{"id":5},{"id":2},{"id":1},{"id":0}]}"#
    #expect(try merged(MergeSide(), MergeSide(order: 7)) == late)
    #expect(try merged(MergeSide(order: 8), MergeSide(order: 7)) == late)
    #expect(
      try merged(MergeSide(), MergeSide()) == #"fields: {"v":[{"id":5},{"id":0},{"id":1},{"id":2}]}"#)
  }

  static let derived: JSONValue = [
    "properties": [
      "count": ["x-merge": ["derived": ["words": "/text"]]], "text": ["x-merge": "manual"], "other": true,
    ]
  ]

  @Test("A derived value follows what a person chooses, in JSON and in front matter")
  func derivedAfterChoice() throws {
    let choices: [(ConflictPart.Choice, text: String, count: Int)] = [
      (.ours, "one two", 2), (.theirs, "one two three", 3), (.base, "one", 1),
      (.bytes(Array(#""a b c d""#.utf8)), "a b c d", 4),
    ]
    func json(_ text: String, _ count: Int) -> String { "{\"text\":\"\(text)\",\"count\":\(count)}" }
    let outcome = try MergeCasesTests.merged(
      "application/json", json("one", 1), json("one two", 2), json("one two three", 3), schema: Self.derived)
    guard case .conflict(let parts) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    for (choice, text, count) in choices {
      #expect(parts.content(takingOfAll: choice) == Array(json(text, count).utf8))
    }
    func article(_ text: String, _ count: Int) -> String {
      "---\ntext: \(text)\ncount: \(count)\n---\nbody\n"
    }
    let front = try MergeCasesTests.merged(
      "text/markdown", article("one", 1), article("one two", 2), article("one two three", 3),
      schema: Self.derived)
    guard case .conflict(let parts) = front else {
      Issue.record("\(front)")
      return
    }
    for (choice, text, count) in choices.prefix(3) {
      #expect(parts.content(takingOfAll: choice) == Array(article(text, count).utf8))
    }
  }

  @Test("A derived value follows a merge that lines alone could settle")
  func derivedAfterLines() throws {
    // A key renamed around an edited text is for lines; the count must still be that of what comes out.
    func file(_ text: String, _ count: Int, _ key: String) -> String {
      "{\n\"text\": \"\(text)\",\n\"x\": 0,\n\"count\": \(count),\n\"y\": 0,\n\"\(key)\": {\n\"a\": 1,\n\"b\": 2\n}\n}\n"
    }
    let ours = file("one two", 1, "new")
    let theirs = file("one", 1, "old").replacing("\"b\": 2", with: "\"b\": 3")
    let outcome = try MergeCasesTests.merged(
      "application/json", file("one", 1, "old"), ours, theirs, schema: Self.derived)
    #expect(
      MergeCasesTests.told(outcome)
        == "lines: " + file("one two", 2, "new").replacing("\"b\": 2", with: "\"b\": 3"))
  }
}
