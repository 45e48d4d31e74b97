import Foundation
import SheafMerge
import SheafModel
import SheafTesting
import Testing

@Suite("JSON Schema")
struct JSONSchemaTests {
  static func schema(_ text: String) throws -> JSONSchema {
    try JSONSchema(parsing: JSONReader.read(Array(text.utf8)))
  }

  static func violations(_ schema: String, _ value: String) throws -> [String] {
    try Self.schema(schema).validate(JSONReader.read(Array(value.utf8))).map(\.description)
  }

  @Test(
    "The public test suite for draft 2020-12 passes, but for schemas that need what is not read",
    arguments: [
      ("additionalProperties", 21), ("allOf", 30), ("anchor", 8), ("anyOf", 18), ("boolean_schema", 18),
      ("const", 54), ("contains", 21), ("content", 18), ("default", 7), ("dependentRequired", 20),
      ("dependentSchemas", 20), ("enum", 51), ("exclusiveMaximum", 4), ("exclusiveMinimum", 4),
      ("if-then-else", 30), ("infinite-loop-detection", 2), ("items", 29), ("maxContains", 14),
      ("maxItems", 6), ("maxLength", 7), ("maxProperties", 10), ("maximum", 8), ("minContains", 28),
      ("minItems", 6), ("minLength", 7), ("minProperties", 10), ("minimum", 11), ("multipleOf", 11),
      ("not", 40), ("oneOf", 27), ("pattern", 12), ("patternProperties", 25), ("prefixItems", 11),
      ("properties", 28), ("propertyNames", 22), ("ref", 77), ("required", 18), ("type", 80),
      ("unevaluatedItems", 69), ("unevaluatedProperties", 127), ("uniqueItems", 69),
    ])
  func suite(keyword: String, count: Int) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/json-schema")
    let bytes = Array(try Data(contentsOf: folder.appending(path: keyword + ".json")))
    guard case .array(let groups) = try JSONReader.read(bytes) else {
      Issue.record("no list of groups")
      return
    }
    var checked = 0
    for case .object(let group) in groups {
      let source = try #require(group["schema"])
      let schema: JSONSchema
      do {
        schema = try JSONSchema(parsing: source)
      } catch {
        let text = JSONWriter.text(source)
        #expect(text.contains("$dynamicRef") || text.contains("json-schema.org/draft/2020-12/schema\"}"))
        continue
      }
      guard case .array(let tests)? = group["tests"] else { continue }
      for case .object(let test) in tests {
        let isValid = schema.validate(try #require(test["data"])).isEmpty
        #expect(.bool(isValid) == test["valid"], "\(JSONWriter.text(.object(test)))")
        checked += 1
      }
    }
    #expect(checked == count)
  }

  @Test("Violations name the place, the keyword and the rule")
  func messages() throws {
    let schema = """
      {"type": "object", "required": ["id"], "additionalProperties": false, "properties": {
        "id": true, "status": {"enum": ["open", "closed"]}, "age": {"type": "integer", "minimum": 0},
        "tags": {"items": {"$ref": "#/$defs/tag"}, "uniqueItems": true}},
       "$defs": {"tag": {"type": "string", "maxLength": 3, "pattern": "^[a-z]+$"}}}
      """
    #expect(
      try Self.violations(
        schema, #"{"status": "shut", "age": -1.5, "tags": ["ab", "ABCD", "ab"], "x~/": 1}"#) == [
          "the document must have the member \"id\"",
          "/status must be one of \"open\", \"closed\"",
          "/age must be an integer",
          "/age must be at least 0",
          "/tags must not hold an item twice",
          "/tags/1 must have at most 3 characters",
          "/tags/1 must match the pattern ^[a-z]+$",
          "/x~0~1 is not allowed here",
        ])
    #expect(try Self.violations(schema, #"{"id": null, "status": "open"}"#).isEmpty)
  }

  static let malformed: [(text: String, place: String, keyword: String)] = [
    (##"{"properties": {"a": {"typ": "string"}}}"##, "/properties/a", "typ"),
    (##"{"type": "text"}"##, "", "type"),
    (##"{"items": [{}]}"##, "/items", ""),
    (##"{"maxLength": -1}"##, "", "maxLength"),
    (##"{"maxLength": 1.5}"##, "", "maxLength"),
    (##"{"pattern": "a("}"##, "", "pattern"),
    (##"{"$ref": "https://example.org/other.json"}"##, "", "$ref"),
    (##"{"$ref": "#/$defs/none"}"##, "", "$ref"),
    (##"{"$ref": "#none"}"##, "", "$ref"),
    (##"{"$vocabulary": {}}"##, "", "$vocabulary"),
    (##"{"pattern": "(?=a)"}"##, "", "pattern"),
    (##"{"patternProperties": {"(a)\\1": true}}"##, "", "patternProperties"),
    (##"{"$dynamicRef": "#a"}"##, "", "$dynamicRef"),
    (##"{"multipleOf": 0}"##, "", "multipleOf"),
    (##"{"required": ["a", "a"]}"##, "", "required"),
    (##"{"allOf": []}"##, "", "allOf"),
    (##"{"$schema": "http://json-schema.org/draft-07/schema#"}"##, "", "$schema"),
    (##"{"properties": {"a": {"$id": "x#y"}}}"##, "/properties/a", "$id"),
    (##"{"allOf": [{"$id": "x"}, {"$id": "x"}]}"##, "/allOf/1", "$id"),
    (##"{"$ref": "#"}"##, "", ""),
    (
      ##"{"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}}"##, "*", ""
    ),
    ("7", "", ""),
  ]

  @Test(
    "A schema that is malformed or beyond the supported part is refused at its place", arguments: malformed)
  func refused(text: String, place: String, keyword: String) throws {
    let value = try JSONReader.read(Array(text.utf8))
    #expect {
      try JSONSchema(parsing: value)
    } throws: { error in
      guard let error = error as? SchemaError else { return false }
      return (place == "*" || error.pointer.description == place) && (error.keyword ?? "") == keyword
    }
  }

  @Test("Annotations and x- members are let through")
  func annotations() throws {
    let schema = """
      {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.org/a", "title": "t",
       "description": "d", "default": {"unknown": 1}, "examples": [1], "$comment": "c", "format": "date",
       "x-merge": "set", "x-anything": [1], "deprecated": true, "readOnly": true}
      """
    #expect(try Self.violations(schema, "1").isEmpty)
  }

  @Test("Schemas may refer to themselves on the way down")
  func recursion() throws {
    let tree =
      ##"{"type": "object", "properties": {"n": {"type": "number"}, "kids": {"items": {"$ref": "#"}}}}"##
    #expect(
      try Self.violations(tree, #"{"kids": [{"kids": [{"n": "x"}]}]}"#) == [
        "/kids/0/kids/0/n must be a number"
      ])
    let anchored = ##"{"$ref": "#top", "$defs": {"t": {"$anchor": "top", "type": ["null", "string"]}}}"##
    #expect(try Self.violations(anchored, "1") == ["the document must be null or a string"])
  }

  @Test("Work is bounded where a schema branches without end")
  func bounded() throws {
    // Each level asks twice for the next: 2 to the 40th checks if nobody counted.
    var definitions = "\"d40\": {\"type\": \"string\"}"
    for level in 0..<40 {
      let next = "{\"$ref\": \"#/$defs/d\(level + 1)\"}"
      definitions += ", \"d\(level)\": {\"allOf\": [\(next), \(next)]}"
    }
    let found = try Self.violations("{\"$ref\": \"#/$defs/d0\", \"$defs\": {\(definitions)}}", "\"x\"")
    #expect(found == ["the document takes too many steps to check"])
  }

  @Test("At most 100 violations are reported")
  func reportLimit() throws {
    let items = Array(repeating: "1", count: 500).joined(separator: ",")
    #expect(try Self.violations(#"{"items": {"type": "string"}}"#, "[\(items)]").count == 100)
  }

  @Test("Patterns are found anywhere, by code point, with ASCII digits")
  func patterns() throws {
    #expect(try Self.violations(#"{"pattern": "b"}"#, "\"abc\"").isEmpty)
    #expect(try !Self.violations(#"{"pattern": "^b$"}"#, "\"b\\n\"").isEmpty)
    #expect(try !Self.violations(#"{"pattern": "^\\d$"}"#, "\"\u{0663}\"").isEmpty)
    #expect(try Self.violations(#"{"pattern": "^..$"}"#, "\"e\u{301}\"").isEmpty)
    #expect(try Self.violations(#"{"minLength": 2, "maxLength": 2}"#, "\"e\u{301}\"").isEmpty)
    let long = String(repeating: "a", count: 70_000)
    #expect(try Self.violations(#"{"pattern": "^(a+)+b$"}"#, "\"\(long)\"").count == 1)
    // Longer than the states of the pattern allow.
    #expect(try Self.violations(#"{"pattern": "^a{999}"}"#, "\"\(long)\"").count == 1)
  }

  @Test("Each schema vector comes out as it says")
  func vectors() throws {
    for name in try vectorNames("json-schema-") {
      guard case .object(let object) = try JSONReader.read(vector(name)), let schema = object["schema"] else {
        Issue.record("\(name) lacks its members")
        continue
      }
      do {
        let found = try JSONSchema(parsing: schema).validate(try #require(object["value"]))
        #expect(object["expected"] == .array(found.map { .string($0.description) }), "\(name)")
      } catch let error as SchemaError {
        #expect(object["expected"] == .string(error.problem), "\(name)")
      }
    }
  }
}

/// The names of the vectors that start so; never none.
func vectorNames(_ prefix: String) throws -> [String] {
  let folder = schemasFolder.appending(path: "vectors")
  let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix(prefix) }
    .sorted()
  #expect(!names.isEmpty)
  return names
}
