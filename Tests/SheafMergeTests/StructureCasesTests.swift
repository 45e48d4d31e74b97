import Foundation
import SheafMerge
import SheafModel
import SheafTesting
import Testing

/// The hard cases of structure, each with its outcome.
@Suite("Hard cases of structure")
struct StructureCasesTests {
  static func json(_ base: String, _ ours: String, _ theirs: String) throws -> String {
    try MergeCasesTests.json(base, ours, theirs)
  }

  @Test("Changes of neighbouring items go together; two of one item do not")
  func neighbours() throws {
    #expect(try Self.json("[1,2,3]", "[9,2,3]", "[1,8,3]") == "fields: [9,8,3]")
    #expect(try Self.json("[1,2,3]", "[2,3]", "[1,8,3]") == "fields: [8,3]")
    #expect(try Self.json("[1,2]", "[7,2]", "[8,2]") == ": both sides changed the same items of this list")
    #expect(try Self.json("[1,2]", "[2]", "[8,2]") == ": both sides changed the same items of this list")
    #expect(try Self.json("[1,2,3]", "[3]", "[1]") == "fields: []")
  }

  @Test("An item that one side put before another and the other side put in its place does not stand twice")
  func addedBesideReplaced() throws {
    #expect(
      try MergeCasesTests.json(#"{"a":["b","c"]}"#, #"{"a":["b","x"]}"#, #"{"a":["b","x","c"]}"#)
        == "/a: both sides changed the same items of this list")
  }

  @Test("A member that both removed makes no question of edits of others that were there before")
  func removedByBothBesideEdits() throws {
    #expect(
      try MergeCasesTests.json(
        #"{"gone":1,"b":1,"c":1}"#, #"{"b":2,"c":1}"#, #"{"b":1,"c":2}"#) == #"fields: {"b":2,"c":2}"#)
    #expect(
      try MergeCasesTests.json(#"{"gone":1,"b":1}"#, #"{"b":1,"new":1}"#, #"{"b":1,"other":1}"#)
        .contains("each put something else in its place"))
  }

  @Test("Two insertions at one place are proposed, in an order of their own; what both inserted aligns them")
  func insertions() throws {
    let reason = "both sides added items at one place, in an order that is not known"
    #expect(try Self.json("[1]", "[1,2]", "[1,3]") == "proposed (\(reason)): [1,2,3]")
    #expect(try Self.json("[1]", "[1,3]", "[1,2]") == "proposed (\(reason)): [1,2,3]")
    #expect(try Self.json("[1]", "[1,2,3]", "[1,2]") == "fields: [1,2,3]")
    #expect(try Self.json("[1]", "[1,2,3,4]", "[1,3]") == "fields: [1,2,3,4]")
  }

  @Test("A list turned into an object against an added item asks")
  func turned() throws {
    #expect(
      try Self.json(#"{"a":[1]}"#, #"{"a":{"x":1}}"#, #"{"a":[1,2]}"#) == "/a: both sides changed this field")
  }

  @Test("Null is not missing, 1 is 1.0, and large integers keep every digit")
  func scalars() throws {
    #expect(
      try Self.json(#"{"a":1,"b":1}"#, #"{"a":null,"b":1}"#, #"{"b":1}"#)
        == "/a: one side removed this field and the other changed it")
    #expect(
      try Self.json(#"{"a":1,"b":1}"#, #"{"a":1.0,"b":1}"#, #"{"a":2,"b":1}"#)
        == #"fastForward: {"a":2,"b":1}"#)
    #expect(
      try Self.json(
        #"[123456789012345678901,1]"#, #"[123456789012345678902,1]"#, #"[123456789012345678901,2]"#)
        == "fields: [123456789012345678902,2]")
  }

  @Test("Both sides going back to what stood before agree")
  func bothRevert() throws {
    #expect(try Self.json(#"{"a":2}"#, #"{"a":1}"#, #"{ "a": 1 }"#).hasPrefix("equal: "))
  }

  @Test("Value and unit edited apart merge where nothing says that they belong together")
  func apart() throws {
    #expect(
      try Self.json(#"{"dose":5,"unit":"mg"}"#, #"{"dose":6,"unit":"mg"}"#, #"{"dose":5,"unit":"g"}"#)
        == #"fields: {"dose":6,"unit":"g"}"#)
  }

  @Test("Where nothing is declared, two changes side by side that may be one thought are proposed")
  func doubts() throws {
    #expect(
      try Self.json(#"{"k":1}"#, #"{"k":1,"phone":"1"}"#, #"{"k":1,"email":"e"}"#)
        .hasPrefix("proposed (both sides added a field here"))
    #expect(
      try Self.json(#"{"a":1,"b":1,"z":1}"#, #"{"b":1,"z":1}"#, #"{"a":1,"b":2,"z":1}"#)
        .hasPrefix("proposed (one side removed this field and the other changed \"b\" beside it)"))
    #expect(
      try Self.json(#"{"old":1,"m":1,"z":1}"#, #"{"m":1,"new":1,"z":1}"#, #"{"name":1,"m":1,"z":1}"#)
        .hasPrefix("proposed (both sides removed \"old\" here, and each put something else in its place"))
    // Entries of a map stand for themselves.
    #expect(
      try Self.json(#"{"k":{}}"#, #"{"k":{},"a":{"x":1}}"#, #"{"k":{},"b":{"x":2}}"#)
        == #"fields: {"k":{},"b":{"x":2},"a":{"x":1}}"#)
    // What a schema describes is known to be different fields.
    let outcome = try MergeCasesTests.merged(
      "application/json", #"{"k":1}"#, #"{"k":1,"phone":"1"}"#, #"{"k":1,"email":"e"}"#,
      schema: ["type": "object"])
    guard case .clean = outcome else {
      Issue.record("\(outcome)")
      return
    }
  }

  static let record = """
    {
      "id": "NCT1",
      "stamp": "2024-01-01",
      "arms": [
        {"label": "A", "text": "5 mg"},
        {"label": "B", "text": "placebo"}
      ]
    }

    """
  static let schema: JSONValue = [
    "properties": [
      "stamp": ["x-merge": "max"],
      "arms": [
        "type": "array", "x-merge": ["list-by": "/label"],
        "items": ["required": ["label"], "properties": ["label": true, "text": ["x-merge": "manual"]]],
      ],
    ]
  ]

  @Test("A date stamp that changes on every save never stops two edits, and the rest keeps its bytes")
  func stamps() throws {
    let ours = Self.record.replacing("2024-01-01", with: "2024-03-01").replacing("5 mg", with: "6 mg")
    let theirs = Self.record.replacing("2024-01-01", with: "2024-02-01").replacing("placebo", with: "sham")
    let outcome = try MergeCasesTests.merged(
      "application/json", Self.record, ours, theirs, schema: Self.schema)
    let expected = ours.replacing("placebo", with: "sham")
    #expect(MergeCasesTests.told(outcome) == "fields: " + expected)
    let clash = try MergeCasesTests.merged(
      "application/json", Self.record, ours, theirs.replacing("5 mg", with: "4 mg"), schema: Self.schema)
    #expect(
      MergeCasesTests.told(clash)
        == #"/arms/{"label":"A"}/text: both sides changed this field, which a person decides about"#)
  }

  @Test("Line ends, indentation and other bytes stay as they were around a merged field")
  func bytesStay() throws {
    let base = "{\r\n\t\"a\": 1.0,\r\n\t\"b\" : \"\\u00e9\",\r\n\t\"c\": []\r\n}\r\n"
    let merged = try Self.json(base, base.replacing("1.0", with: "2"), base.replacing("[]", with: "[ 1 ]"))
    #expect(merged == "lines: " + base.replacing("1.0", with: "2").replacing("[]", with: "[ 1 ]"))
  }

  @Test("Front matter merges by the schema: nested values, lists in their own style, stamps, people")
  func frontMatter() throws {
    let schema: JSONValue = [
      "properties": [
        "tags": ["type": "array", "x-merge": "set"], "reviewed": ["x-merge": "max"],
        "who": ["x-merge": "manual"],
        "meta": ["type": "object", "x-merge": "object"],
      ]
    ]
    func file(_ tags: String, _ reviewed: String, _ meta: String, who: String = "all") -> String {
      "---\n# words\ntags: \(tags)\nreviewed: \(reviewed)\nwho: \(who)\nmeta: \(meta)\n---\ntext\n"
    }
    let base = file("[a, b]", "2024-01-01", "{x: 1, y: 1}")
    let merged = try MergeCasesTests.merged(
      "text/markdown", base, file("[a, b, c]", "2024-02-01", "{x: 2, y: 1}"),
      file("[b, d]", "2024-03-01", "{x: 1, y: 2}"), schema: schema)
    #expect(
      MergeCasesTests.told(merged)
        == "fieldsAndLines: " + file("[b, c, d]", "2024-03-01", #"{"x":2,"y":2}"#))
    let asked = try MergeCasesTests.merged(
      "text/markdown", base, file("[a, b]", "2024-02-01", "{x: 1, y: 1}", who: "us"),
      file("[a, b]", "2024-03-01", "{x: 1, y: 1}", who: "them"), schema: schema)
    #expect(
      MergeCasesTests.told(asked) == "/who: both sides changed this field, which a person decides about")
    let list = "---\nt: 1\ntags:\n  - a\n  - b\n---\n"
    let block = try MergeCasesTests.merged(
      "text/markdown", list, list.replacing("  - b", with: "  - b\n  - c"),
      list.replacing("  - b", with: "  - b\n  - d"),
      schema: schema)
    #expect(
      MergeCasesTests.told(block) == "fieldsAndLines: " + list.replacing("  - b", with: "  - b\n  - c\n  - d")
    )
  }

  static let table: JSONValue = [
    "type": "array", "x-merge": ["list-by": "/id"], "items": ["type": "object", "required": ["id"]],
  ]

  static func csv(_ base: String, _ ours: String, _ theirs: String) throws -> String {
    MergeCasesTests.told(try MergeCasesTests.merged("text/csv", base, ours, theirs, schema: table))
  }

  @Test("Tables merge rows by their key and cells by their column, and keep quotes and line ends")
  func tables() throws {
    #expect(
      try Self.csv(
        "id,a,b\r\n1,\"x\",y\r\n2,p,q\r\n", "id,a,b\r\n1,\"z\",y\r\n2,p,q\r\n",
        "id,a,b\r\n1,\"x\",\"w,w\"\r\n2,p,q\r\n")
        == "rows: id,a,b\r\n1,\"z\",\"w,w\"\r\n2,p,q\r\n")
    // A column here, a row there.
    #expect(
      try Self.csv("id,a\n1,x\n2,y\n", "id,n,a\n1,7,x\n2,8,y\n", "id,a\n1,x\n2,z\n")
        == "rows: id,n,a\n1,7,x\n2,8,z\n")
    #expect(try Self.csv("id,a,b\n1,x,y\n", "id,b\n1,y\n", "id,a,b\n1,x,z\n") == "rows: id,b\n1,z\n")
  }

  @Test("Two edits of one cell ask about its row; the other rows are merged")
  func rows() throws {
    let outcome = try MergeCasesTests.merged(
      "text/csv", "id,a\n1,x\n2,y\n", "id,a\n1,o\n2,y\n", "id,a\n1,t\n2,z\n", schema: Self.table)
    guard case .conflict(let parts) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(parts.parts.map(\.place) == [.item(list: .root, key: ["id": "1"])])
    #expect(parts.content(takingOfAll: .theirs) == Array("id,a\n1,t\n2,z\n".utf8))
    #expect(parts.content(takingOfAll: .ours) == Array("id,a\n1,o\n2,z\n".utf8))
    // An edit in a column that went is not lost.
    let gone = try MergeCasesTests.merged(
      "text/csv", "id,a,b\n1,x,y\n", "id,b\n1,y\n", "id,a,b\n1,t,y\n", schema: Self.table)
    guard case .conflict(let parts) = gone else {
      Issue.record("\(gone)")
      return
    }
    #expect(parts.content(takingOfAll: .theirs) == Array("id,a,b\n1,t,y\n".utf8))
  }

  @Test("A table whose key stands twice or is not declared merges by lines")
  func unkeyed() throws {
    #expect(try Self.csv("id\n1\n1\n2\n", "id\n0\n1\n1\n2\n", "id\n1\n1\n2\n3\n").hasPrefix("lines: "))
  }

  @Test("The sample schemas are read, and a trial's dose, status and stamps merge as they say")
  func samples() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/SheafCommand/SampleLibrary")
    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: name))) }
    for name in ["articles", "trials", "glossary"] {
      _ = try JSONSchema(parsing: JSONReader.read(read("schemas/\(name).json")))
    }
    let schema = try JSONReader.read(read("schemas/trials.json"))
    let record = String(decoding: try read("trials/NCT06589271.json"), as: UTF8.self)
    let pointer = try #require(JSONPointer("/protocolSection/statusModule/overallStatus"))
    let status = try JSONReader.read(Array(record.utf8))[pointer]
    guard case .string(let now)? = status else { return }
    func with(_ status: String, _ stamp: String) -> String {
      record.replacing("\"overallStatus\": \"\(now)\"", with: "\"overallStatus\": \"\(status)\"")
        .replacing(/"versionHolder": "[^"]*"/, with: "\"versionHolder\": \"\(stamp)\"")
    }
    let base = with("NOT_YET_RECRUITING", "2024-01-01")
    let outcome = try MergeCasesTests.merged(
      "application/json", base, with("RECRUITING", "2024-02-01"), with("COMPLETED", "2024-03-01"),
      schema: schema)
    #expect(MergeCasesTests.told(outcome) == "fields: " + with("COMPLETED", "2024-03-01"))
  }
}
