import SheafMerge
import SheafModel
import Testing

/// What a merge that asks nobody must not lose: comments, indentation, moves, counts, and rules.
@Suite("Quiet losses")
struct QuietLossTests {
  /// How a merge came out, as `MergeCasesTests.told`; both orders of the sides come to one verdict and value.
  private static func told(
    _ essence: String, _ base: String, _ ours: String, _ theirs: String, schema: JSONValue? = nil
  ) throws -> String {
    let outcome = try MergeCasesTests.merged(essence, base, ours, theirs, schema: schema)
    switch (outcome, try MergeCasesTests.merged(essence, base, theirs, ours, schema: schema)) {
    case (.clean(let one), .clean(let other)): #expect(one.bytes == other.bytes)
    case (.proposed(let one, _), .proposed(let other, _)): #expect(one.bytes == other.bytes)
    case (.conflict(let one), .conflict(let other)):
      #expect(one.content(takingOfAll: .ours) == other.content(takingOfAll: .theirs))
    default: Issue.record("the order of the sides decides")
    }
    return MergeCasesTests.told(outcome)
  }

  private static func front(
    _ base: String, _ ours: String, _ theirs: String, schema: JSONValue? = nil
  ) throws -> String {
    func file(_ yaml: String) -> String { "---\n\(yaml)---\nText\n" }
    let told = try told("text/markdown", file(base), file(ours), file(theirs), schema: schema)
    return told.replacing("fieldsAndLines: ---\n", with: "").replacing("lines: ---\n", with: "")
      .replacing("---\nText\n", with: "")
  }

  @Test("A comment beside a value stays when the other side edits the value")
  func comments() throws {
    #expect(
      try Self.front("dose: 1\n", "# agreed with Dr Rao\ndose: 1\n", "dose: 2\n")
        == "# agreed with Dr Rao\ndose: 2\n")
    #expect(try Self.front("dose: 1\n", "dose: 1 # mg/kg\n", "dose: 2\n") == "dose: 2 # mg/kg\n")
    #expect(
      try Self.front("t: a # b\n", "t: \"a # b\" # c\n", "t: a # d\n")
        == "proposed (both sides changed this field or the comments beside it): ---\nt: \"a # b\" # c\n")
    #expect(
      try Self.front(
        "t: |\n  one\n  # two\n", "# why\nt: |\n  one\n  # two\n", "t: |\n  1\n  # two\n# below\n")
        == "# why\nt: |\n  1\n  # two\n# below\n")
    let counted: JSONValue = ["properties": ["n": ["type": "integer", "x-merge": "counter"]]]
    #expect(
      try Self.front("n: 1\n", "n: 2 # here\n", "# there\nn: 3\n", schema: counted)
        == "# there\nn: 4 # here\n")
  }

  @Test("The comments of a key that goes stay, unless the side that removed it removed them")
  func commentsOfRemovedKey() throws {
    let base = "# Licence: CC-BY\na: 1\nb: 2\n"
    #expect(
      try Self.front(base, "# Licence: CC-BY\na: 1\nb: 3\n", "# Licence: CC-BY\nb: 2\n")
        == "# Licence: CC-BY\nb: 3\n")
    #expect(try Self.front(base, "# Licence: CC-BY\na: 1\nb: 3\n", "b: 2\n") == "b: 3\n")
  }

  @Test("Comments that nobody's key stands beside, the fences and the byte-order mark merge three-way")
  func fences() throws {
    let told = try Self.told(
      "text/markdown", "---\n# a\n\n# b\n---\nx\n", "---\n# A\n\n# b\n---\nX\n", "---\n# a\n\n# B\n---\nx\n")
    #expect(told.hasSuffix("---\n# A\n\n# B\n---\nX\n"))
    #expect(
      try Self.told(
        "text/markdown", "---\na: 1\nb: 1\n---\nx\n", "\u{feff}---\na: 2\nb: 1\n---\nx\n",
        "--- \na: 1\nb: 2\n---\t\nx\n"
      ).unicodeScalars.elementsEqual("fieldsAndLines: \u{feff}--- \na: 2\nb: 2\n---\t\nx\n".unicodeScalars))
  }

  @Test("Many keys are read back in time in proportion to them")
  func manyKeys() throws {
    func text(_ first: Int, _ last: Int) -> String {
      (0..<6000).map { "k\($0): \($0 == 0 ? first : $0 == 5999 ? last : 1)\n" }.joined()
    }
    let clock = ContinuousClock()
    let start = clock.now
    #expect(try Self.front(text(0, 0), text(1, 0), text(0, 1)) == text(1, 1))
    #expect(clock.now - start < .seconds(60))
  }

  @Test("Indentation of code is an edit of it")
  func indentation() throws {
    func code(_ line: String) -> String { "```\nif x:\n\(line)\n```\n" }
    #expect(
      try Self.told("text/markdown", code("    y()"), code("        y()"), code("    z()")).hasPrefix(
        "proposed (both sides edited this, in different words): "))
    #expect(
      try Self.told("text/markdown", code("    y()"), code("        y()"), code("  y()"))
        .hasSuffix("both sides edited the same words"))
    // Lines of their own go together still.
    #expect(
      try Self.told(
        "text/markdown", "```\na\nb\nc\nd\n```\n", "```\n  a\nb\nc\nd\n```\n", "```\na\nb\nc\nD\n```\n"
      )
      .hasSuffix("```\n  a\nb\nc\nD\n```\n"))
  }

  @Test(
    "A number that two edits changed, or that stands alone, is text; a list goes on from its first number")
  func numbers() throws {
    func merged(_ base: String, _ ours: String, _ theirs: String) throws -> String {
      try Self.told("text/markdown", base, ours, theirs)
    }
    #expect(
      try merged("2. Methods\n", "3. Methods\n", "2. Methods and data\n")
        == "proposed (both sides edited this, in different words): 3. Methods and data\n")
    #expect(
      try merged("2. Methods\n", "4. Methods\n", "5. Methods\n").hasSuffix("both sides edited the same words")
    )
    let clash = try merged("1. a\n2. b\n", "9. a\n10. b\n", "10. a\n11. b\n")
    #expect(clash.hasSuffix("both sides edited the same words"))
    // One side's start holds for what the other one adds, and a list that shrinks to one item is still a list.
    #expect(
      try merged("1. a\n2. b\n", "9. a\n10. b\n", "1. a\n2. b\n3. c\n") == "prose: 9. a\n10. b\n11. c\n")
    #expect(try merged("1. a\n2. b\n", "2. b\n", "1. a\n2. b!\n").contains("2. b!"))
  }

  @Test("An item moved on both sides, or moved here and removed there, is asked about")
  func movedItems() throws {
    let reason = ": both sides moved the same item of this list, or one removed it"
    func list(_ items: String) -> String { "[" + items.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
    let type = "application/json"
    #expect(try Self.told(type, list("abcdef"), list("fabcde"), list("abcfde")) == reason)
    #expect(try Self.told(type, list("abcdef"), list("fabcde"), list("abcde")) == reason)
    // Lines of their own make no difference.
    func lines(_ items: String) -> String {
      list(items).replacing(",", with: ",\n").replacing("]", with: "\n]")
    }
    #expect(try Self.told(type, lines("abcdef"), lines("fabcde"), lines("abcde")) == reason)
    #expect(try Self.told(type, list("abcdef"), list("fabcde"), list("bcdef")) == "fields: " + list("fbcde"))
    #expect(try Self.told(type, list("aab"), list("ab"), list("aabc")) == "fields: " + list("abc"))
  }

  @Test("Two equal additions to a counter are two, unless the documents are one and the same")
  func counters() throws {
    let schema: JSONValue = [
      "properties": [
        "n": ["type": "integer", "x-merge": "counter"],
        "in": ["properties": ["n": ["type": "integer", "x-merge": "counter"]]],
      ]
    ]
    func document(_ n: Int, _ inner: Int, _ more: String) -> String {
      #"{"n":\#(n),"in":{"n":\#(inner)},"x":"\#(more)"}"#
    }
    let type = "application/json"
    #expect(
      try Self.told(type, document(1, 5, ""), document(2, 5, "x"), document(2, 5, ""), schema: schema)
        == "fields: " + document(3, 5, "x"))
    #expect(
      try Self.told(type, document(1, 5, ""), document(1, 7, "x"), document(1, 7, ""), schema: schema)
        == "fields: " + document(1, 9, "x"))
    #expect(
      try Self.told(type, document(1, 5, ""), document(2, 5, ""), document(2, 5, ""), schema: schema)
        == "equal: " + document(2, 5, ""))
  }

  @Test("What is shown of a proposal, and either side's answer, keeps the rules")
  func shownIsValid() throws {
    // What is proposed is valid, and ours of the text beside theirs of the number is not.
    let schema: JSONValue = [
      "properties": ["t": ["x-merge": "prose"]],
      "not": ["properties": ["a": ["const": 2], "t": ["const": "One big two three."]]],
    ]
    let base = #"{"t":"One two three.","a":1}"#
    let ours = #"{"t":"One big two three.","a":1}"#
    let theirs = #"{"t":"One two three four.","a":2}"#
    let outcome = try MergeCasesTests.merged("application/json", base, ours, theirs, schema: schema)
    guard case .conflict(let parts) = outcome else {
      Issue.record("it is \(MergeCasesTests.told(outcome))")
      return
    }
    #expect(parts.parts.map(\.place) == [.document])
    #expect(parts.parts.first?.reason.hasPrefix("the two edits together break a rule") == true)
  }

  @Test("A rule that was broken before and moves makes no conflict; one more of its kind does")
  func oldViolations() throws {
    let schema: JSONValue = ["properties": ["l": ["items": ["type": "string"]]]]
    let type = "application/json"
    #expect(
      try Self.told(
        type, #"{"l":["a","z",1,"b"]}"#, #"{"l":["c","a","z",1,"b"]}"#, #"{"l":["a",1,"b"]}"#, schema: schema)
        == #"fields: {"l":["c","a",1,"b"]}"#)
    let rows: JSONValue = [
      "x-merge": ["list-by": "/id"],
      "items": ["required": ["id"], "properties": ["id": true, "n": ["enum": ["1", "2"]]]],
    ]
    #expect(
      try Self.told(
        "text/csv", "id,n\nx,1\na,9\nb,1\n", "id,n\nz,1\nx,1\na,9\nb,1\n", "id,n\na,9\nb,1\n", schema: rows
      )
      .hasSuffix("id,n\nz,1\na,9\nb,1\n"))
    let sum: JSONValue = ["properties": ["l": ["type": "array", "maxItems": 2, "x-merge": "set"]]]
    #expect(
      try Self.told(type, #"{"l":[1]}"#, #"{"l":[1,2]}"#, #"{"l":[1,3]}"#, schema: sum)
        .hasPrefix("document: the two edits together break a rule at /l"))
  }

  @Test("An immutable field is not got rid of with the front matter around it")
  func immutableFrontMatter() throws {
    let schema = try JSONSchema(parsing: ["properties": ["id": ["x-merge": "immutable"]]])
    func violations(_ new: String) -> [String] {
      ImmutableCheck.violations(
        old: Array("---\nid: 7\n---\nx\n".utf8), new: Array(new.utf8),
        mediaType: MediaType(essence: "text/markdown"),
        schema: schema
      ).map(\.description)
    }
    #expect(violations("x\n") == ["/id: must not be taken away"])
    #expect(violations("---\nid: 7\n---\ny\n").isEmpty)
    #expect(violations("---\nid: [\n---\ny\n").isEmpty)
  }

  @Test("A table with a column twice is no way around its schema")
  func repeatedColumn() throws {
    let schema = try JSONSchema(parsing: ["items": ["properties": ["a": ["const": "1"]]]])
    func violations(_ text: String, _ schema: JSONSchema?) -> [String] {
      ContentCheck.violations(
        path: "t.csv", content: Array(text.utf8), mediaType: MediaType(essence: "text/csv"), schema: schema
      ).map(\.description)
    }
    #expect(violations("a,a\n2,2\n", schema) == ["line 1, column 1: the column \"a\" must not stand twice"])
    #expect(violations("a,a\n2,2\n", nil).isEmpty)
    #expect(violations("a\n1\n", schema).isEmpty)
    #expect(violations("", schema).isEmpty)
  }

  @Test("What follows from a row's other cells is computed in tables too")
  func derivedCells() throws {
    let schema: JSONValue = [
      "x-merge": ["list-by": "/id"],
      "items": [
        "required": ["id"],
        "properties": [
          "id": true, "text": true, "note": true, "words": ["x-merge": ["derived": ["words": "/text"]]],
        ],
      ],
    ]
    #expect(
      try Self.told(
        "text/csv", "id,text,note,words\n1,a b,,2\n2,x,,9\n", "id,text,note,words\n1,a b c,,2\n2,x,,9\n",
        "id,text,note,words\n1,a b,n,2\n2,x,,9\n", schema: schema)
        == "rows: id,text,note,words\n1,a b c,n,3\n2,x,,9\n")
  }

  @Test("Another field that clashes does not keep lines from settling a renamed key")
  func renamedKeyBesideClash() throws {
    func document(_ title: String, _ key: String, _ value: Int) -> String {
      "{\n  \"title\": \"\(title)\",\n  \"x\": 0,\n  \"y\": 0,\n  \"\(key)\": {\n    \"p\": 1,\n    \"q\": 2,\n    \"r\": \(value)\n  }\n}\n"
    }
    let type = "application/json"
    #expect(
      try Self.told(type, document("t", "a", 3), document("t", "b", 3), document("t", "a", 4))
        == "lines: " + document("t", "b", 4))
    let outcome = try MergeCasesTests.merged(
      type, document("t", "a", 3), document("u", "b", 3), document("v", "a", 4))
    guard case .conflict(let parts) = outcome else {
      Issue.record("it is \(MergeCasesTests.told(outcome))")
      return
    }
    #expect(parts.parts.map(\.place) == [.field(JSONPointer(tokens: ["title"]))])
    #expect(parts.content(takingOfAll: .ours) == Array(document("u", "b", 4).utf8))
    #expect(parts.content(takingOfAll: .theirs) == Array(document("v", "b", 4).utf8))
  }

  @Test("White space that gave way is told with both texts")
  func whiteSpace() throws {
    func notes(_ essence: String, _ base: String, _ ours: String, _ theirs: String) throws -> [String] {
      guard case .clean(let merged) = try MergeCasesTests.merged(essence, base, ours, theirs) else {
        return ["?"]
      }
      return merged.setAside.map { "\($0.strategy) of \($0.loser)" }
    }
    #expect(
      try notes("application/json", #"{"a":1}"#, #"{"a": 1}"#, #"{"a":2}"#) == ["whiteSpace of ours"])
    #expect(try notes("application/json", #"{"a":1,"b":1}"#, #"{"a":2,"b":1}"#, #"{"a":1,"b":2}"#) == [])
    // Theirs laid the record out anew beside its edit; lines that others can follow stay.
    let lines = "{\n  \"a\": 1,\n  \"b\": {\"c\": [1, 2]}\n}\n"
    let edited = "{\n  \"a\": 2,\n  \"b\": {\"c\": [1, 2]}\n}\n"
    #expect(
      try notes("application/json", lines, edited, #"{"a":1,"b":{"c":[1,3]}}"#) == ["whiteSpace of theirs"])
    #expect(
      try notes("application/json", lines, #"{"a":1,"b":{"c":[1,3]}}"#, edited) == ["whiteSpace of ours"])
    // Both laid it out the same way, or a side has only added something.
    #expect(
      try notes("application/json", #"{"a":1,"b":1}"#, #"{"a": 2,"b": 1}"#, #"{"a": 1,"b": 2}"#) == [])
    #expect(
      try notes("application/json", #"{"a":1,"b":1}"#, #"{"a":2,"b":1}"#, #"{"a":1,"b":2, "c": 3}"#) == [])
    // Ours wrapped the sentence that theirs edited.
    #expect(
      try notes("text/markdown", "One two three four.\n", "One two\nthree four.\n", "One two three five.\n")
        == ["whiteSpace of ours"])
    #expect(
      try notes(
        "text/markdown", "- Wash hands.\n- Wear gloves.\n", "- Wash both hands.\n- Wear gloves.\n",
        "- Wash hands.\n- Wear new gloves.\n") == [])
  }
}
