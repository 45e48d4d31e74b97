import SheafMerge
import SheafModel
import SheafTesting
import Testing

@Suite("Merge cases")
struct MergeCasesTests {
  static func merged(
    _ essence: String, _ base: String?, _ ours: String?, _ theirs: String?, schema: JSONValue? = nil
  ) throws -> MergeOutcome {
    let input = MergeInput(
      base: base.map { Array($0.utf8) }, ours: ours.map { Array($0.utf8) },
      theirs: theirs.map { Array($0.utf8) })
    let policy = MergePolicy(schema: try schema.map { try JSONSchema(parsing: $0) })
    return merge(input, mediaType: MediaType(essence: essence), policy: policy)
  }

  /// One line a merge: the rule and text, or the place and reason of each conflict.
  static func told(_ outcome: MergeOutcome) -> String {
    switch outcome {
    case .clean(let merged):
      return "\(merged.rule): " + (merged.bytes.map { String(decoding: $0, as: UTF8.self) } ?? "(deleted)")
    case .proposed(let merged, let parts):
      let why = parts.parts.map(\.reason).joined(separator: "; ")
      return "proposed (\(why)): " + (merged.bytes.map { String(decoding: $0, as: UTF8.self) } ?? "(deleted)")
    case .conflict(let parts):
      return parts.parts.map { part in
        switch part.place {
        case .document: "document: \(part.reason)"
        case .field(let pointer): "\(pointer): \(part.reason)"
        case .item(let list, let key):
          "\(list) \(String(decoding: JSONWriter.bytes(key, .compact), as: UTF8.self)): \(part.reason)"
        case .block(let kind, let base, let ours, let theirs):
          "\(kind) \(base) \(ours) \(theirs): \(part.reason)"
        case .lines(let base, let ours, let theirs): "lines \(base) \(ours) \(theirs): \(part.reason)"
        }
      }.joined(separator: "; ")
    }
  }

  static func json(_ base: String?, _ ours: String?, _ theirs: String?) throws -> String {
    told(try merged("application/json", base, ours, theirs))
  }

  static func markdown(_ base: String, _ ours: String, _ theirs: String) throws -> String {
    told(try merged("text/markdown", base, ours, theirs))
  }

  @Test("Deleting here while editing there keeps the edit and asks")
  func deleteAgainstEdit() throws {
    let expected = "document: one side deleted the document and the other changed it"
    #expect(try Self.json("{}", nil, "{\"a\":1}") == expected)
    #expect(try Self.json("{}", "{\"a\":1}", nil) == expected)
    #expect(try Self.json("{}", nil, nil) == "equal: (deleted)")
    #expect(try Self.json("{}", "{}", nil) == "fastForward: (deleted)")
    #expect(try Self.json(nil, nil, "1") == "fastForward: 1")
  }

  @Test("Two documents created at one place are a conflict, unless they mean the same")
  func bothCreated() throws {
    #expect(
      try Self.json(nil, "1", "2") == "document: both sides created the document, with different content")
    #expect(try Self.json(nil, "{\"a\":1}", "{ \"a\": 1.0 }") == "equal: {\"a\":1}")
  }

  @Test("Fields merge one by one, and what nobody touched keeps its bytes")
  func fields() throws {
    let base = "{ \"id\":7 ,\n\"a\": {\"x\": 1.0,  \"y\": [1,2]}, \"b\": \"\\u00e9\" }\n"
    let ours = "{ \"id\":7 ,\n\"a\": {\"x\": 2,  \"y\": [1,2]}, \"b\": \"\\u00e9\" }\n"
    let theirs = "{ \"id\":7 ,\n\"a\": {\"x\": 1.0,  \"y\": [3]}, \"c\":null, \"b\": \"\\u00e9\" }\n"
    #expect(
      try Self.json(base, ours, theirs)
        == "fields: { \"id\":7 ,\n\"a\": {\"x\": 2,  \"y\": [3]}, \"c\":null, \"b\": \"\\u00e9\" }\n")
  }

  @Test("Only the fields that clash are in conflict, each by its pointer")
  func fieldConflicts() throws {
    #expect(
      try Self.json(
        #"{"a":1,"b":{"c":1,"d":1},"e":1}"#, #"{"a":2,"b":{"c":2},"e":2,"n":1}"#,
        #"{"a":3,"b":{"c":1,"d":2},"e":2,"n":2}"#)
        == "/a: both sides changed this field; /b/d: one side removed this field and the other changed it; "
        + "/n: both sides added this field, with different values")
  }

  @Test("Layout gives way to meaning, and one value in two spellings is no clash")
  func spelling() throws {
    #expect(try Self.json(#"{"a":1}"#, #"{ "a" : 1 }"#, #"{"a":2}"#) == #"fastForward: {"a":2}"#)
    #expect(
      try Self.json(#"{"a":1,"b":1}"#, #"{"a":1.0,"b":2}"#, #"{"a":1,"b":1,"c":3}"#)
        == #"fields: {"a":1.0,"b":2,"c":3}"#)
    #expect(try Self.json(#"{"a":1}"#, #"{"a":2}"#, #"{"a":2.0}"#) == #"equal: {"a":2.0}"#)
    #expect(
      try Self.json(#"{"a":null}"#, #"{}"#, #"{"a":0}"#)
        == "/a: one side removed this field and the other changed it")
    #expect(
      try Self.json(
        #"{"n":9007199254740992}"#, #"{"n":9007199254740993}"#, #"{"n":9007199254740992,"m":1}"#)
        == #"fields: {"n":9007199254740993,"m":1}"#)
  }

  @Test("The last member can go and the first can come without a stray comma")
  func commas() throws {
    #expect(try Self.json(#"{"a":1,"b":2}"#, #"{"a":1}"#, #"{"b":2}"#) == "fields: {}")
    #expect(try Self.json("{}", #"{"a":{}}"#, #"{ "b": {} }"#) == #"fields: { "a":{}, "b": {} }"#)
    #expect(try Self.json(#"{"a":1}"#, "{}", #"{"a":1, "b": 2}"#) == #"fields: {"b": 2}"#)
  }

  @Test("Lists merge by items, and by lines where these go together")
  func lists() throws {
    #expect(
      try Self.json(#"{"l":[1,2]}"#, #"{"l":[1,2,3]}"#, #"{"l":[0,1,2]}"#)
        == #"fields: {"l":[0,1,2,3]}"#)
    #expect(
      try Self.json("[\n1,\n2,\n3\n]", "[\n0,\n2,\n3\n]", "[\n1,\n2,\n4\n]") == "lines: [\n0,\n2,\n4\n]")
  }

  @Test("A key renamed against its value edited keeps both where the lines say so")
  func renamed() throws {
    #expect(
      try Self.json(
        "{\n\"a\": {\n\"x\": 1,\n\"y\": 2\n}\n}", "{\n\"b\": {\n\"x\": 1,\n\"y\": 2\n}\n}",
        "{\n\"a\": {\n\"x\": 1,\n\"y\": 3\n}\n}")
        == "lines: {\n\"b\": {\n\"x\": 1,\n\"y\": 3\n}\n}")
  }

  @Test("A merge that breaks the schema asks, with the rule it breaks")
  func invalidTogether() throws {
    let schema: JSONValue = ["not": ["required": ["a", "b"]]]
    let outcome = try Self.merged("application/json", "{}", #"{"a":1}"#, #"{"b":1}"#, schema: schema)
    #expect(
      Self.told(outcome)
        == "document: the two edits together break a rule at the document: must not fit what the schema excludes"
    )
  }

  @Test("A rule that was broken before the merge does not stop it")
  func invalidBefore() throws {
    let schema: JSONValue = ["required": ["id"]]
    let outcome = try Self.merged("application/json", "{}", #"{"a":1}"#, #"{"b":1}"#, schema: schema)
    guard case .clean = outcome else {
      Issue.record("\(outcome)")
      return
    }
  }

  @Test("Front matter merges by keys though the lines touch, the body by lines")
  func markdownParts() throws {
    #expect(
      try Self.markdown(
        "---\ntitle: A\ndate: 2026-01-01\n---\none\ntwo\nthree\n",
        "---\ntitle: B\ndate: 2026-01-01\n---\none\ntwo\n3\n",
        "---\ntitle: A\ndate: 2026-02-02\ntags: [x]\n---\n1\ntwo\nthree\n")
        == "fieldsAndLines: ---\ntitle: B\ndate: 2026-02-02\ntags: [x]\n---\n1\ntwo\n3\n")
  }

  @Test("Front matter's comments stay with their keys, and unknown lists are never dropped")
  func markdownComments() throws {
    #expect(
      try Self.markdown(
        "---\n# who\nby: x\n# tags\ntags:\n- a\n---\n", "---\n# who\nby: y\n# tags\ntags:\n- a\n---\n",
        "---\n# who\nby: x\n# tags\ntags:\n- a\n- b\n# new\nn: 1\n---\n")
        == "lines: ---\n# who\nby: y\n# tags\ntags:\n- a\n- b\n# new\nn: 1\n---\n")
  }

  @Test("A key that one side only spelled anew keeps the new spelling beside another edit")
  func markdownSpelling() throws {
    let (base, ours) = ("---\na: x\nb: 1\nc: 1\n---\n", "---\na: \"x\"\nb: 2\nc: 1\n---\n")
    let theirs = "---\na: x\nb: 1\nc: 2\n---\n"
    let expected = "fieldsAndLines: ---\na: \"x\"\nb: 2\nc: 2\n---\n"
    #expect(try Self.markdown(base, ours, theirs) == expected)
    #expect(try Self.markdown(base, theirs, ours) == expected)
  }

  @Test("A key that both changed, and a line that both changed, are told in one report")
  func markdownConflict() throws {
    #expect(
      try Self.markdown(
        "---\na: 1\nb: 1\n---\nx\n", "---\na: 2\nb: 1\n---\ny\n", "---\na: 3\nb: 2\n---\nz\n")
        == "/a: both sides changed this field; paragraph 4..<5 4..<5 4..<5: both sides edited the same words")
  }

  @Test("Edits on adjoining lines of one paragraph ask; a line between them tells them apart")
  func adjoining() throws {
    let text = "text/plain"
    #expect(
      Self.told(try Self.merged(text, "a\nb\nc\n", "A\nb\nc\n", "a\nB\nc\n"))
        == "paragraph 0..<2 0..<2 0..<2: both sides edited the same words")
    #expect(Self.told(try Self.merged(text, "a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n")) == "lines: A\nb\nC\n")
    #expect(Self.told(try Self.merged(text, "a\nb\n", "a\nx\nb\n", "a\nx\nb\ny\n")) == "lines: a\nx\nb\ny\n")
    #expect(
      Self.told(try Self.merged(text, "a\r\nb\r\nc", "a\r\nb\r\nC", "A\r\nb\r\nc")) == "lines: A\r\nb\r\nC")
  }

  @Test("Bytes that are no text are never put together")
  func bytes() throws {
    let outcome = try Self.merged("image/png", "a", "b", "c")
    #expect(Self.told(outcome) == "document: both sides changed content that cannot be merged")
  }

  @Test("Each merge vector comes out as it says")
  func vectors() throws {
    for name in try vectorNames("merge-") {
      let vector = try JSONReader.read(vector(name))
      func text(_ key: String) -> String? {
        if case .string(let text)? = vector[JSONPointer(tokens: [key])] { text } else { nil }
      }
      let schema = vector[JSONPointer(tokens: ["schema"])]
      let outcome = try Self.merged(
        try #require(text("mediaType")), text("base"), text("ours"), text("theirs"), schema: schema)
      #expect(Self.told(outcome) == text("expected"), "\(name)")
    }
  }
}
