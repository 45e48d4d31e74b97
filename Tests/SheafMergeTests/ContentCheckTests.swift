import SheafMerge
import SheafModel
import SheafTesting
import Testing

@Suite("Content checks")
struct ContentCheckTests {
  static func check(_ path: String, _ text: String, schema: String? = nil) throws -> [String] {
    let content = Array(text.utf8)
    let type = MediaType.of(path: path, content: content)
    let schema = try schema.map { try JSONSchema(parsing: JSONReader.read(Array($0.utf8))) }
    return ContentCheck.violations(path: path, content: content, mediaType: type, schema: schema).map(
      \.description)
  }

  @Test("Sound content passes")
  func sound() throws {
    #expect(try Self.check("a.json", "{\"a\": 1}").isEmpty)
    #expect(try Self.check("a.md", "---\ntitle: x\n---\n# T\n").isEmpty)
    #expect(try Self.check("a.md", "# T\n\n---\n").isEmpty)
    #expect(try Self.check("a.csv", "a,\"b\nc\",d\r\n1,\"2\"\"\",3\r\n\r\n").isEmpty)
    #expect(try Self.check("a.txt", "é").isEmpty)
  }

  @Test("A text's name makes a promise that the bytes must keep")
  func encoding() {
    let content: [UInt8] = [0x61, 0x0a, 0xff]
    let type = MediaType.of(path: "a.md", content: content)
    let found = ContentCheck.violations(path: "a.md", content: content, mediaType: type, schema: nil)
    #expect(found.map(\.description) == ["line 2, column 1: text must be UTF-8 without NUL"])
    #expect(
      ContentCheck.violations(path: "a.bin", content: content, mediaType: .octetStream, schema: nil).isEmpty)
  }

  @Test("JSON and front matter that cannot be read are reported at their line")
  func unreadable() throws {
    #expect(
      try Self.check("a.json", "{\n \"a\": 01}") == [
        "line 2, column 7: a number without leading zeros or missing digits must stand here"
      ])
    #expect(try Self.check("a.md", "---\na: 1\na: 2\n---\n").count == 1)
  }

  @Test("The schema sees the JSON value or the front matter; a text without any counts as empty")
  func schemas() throws {
    let schema = #"{"required": ["title"], "properties": {"title": {"type": "string"}}}"#
    #expect(try Self.check("a.json", "{\"title\": 1}", schema: schema) == ["/title: must be a string"])
    #expect(try Self.check("a.md", "---\ntitle: 1\n---\n", schema: schema) == ["/title: must be a string"])
    #expect(try Self.check("a.md", "# T", schema: schema) == ["the document: must have the member \"title\""])
    #expect(try Self.check("a.md", "---\ntitle: T\n---\n", schema: schema).isEmpty)
  }

  @Test(
    "Tables must be tables",
    arguments: [
      ("a,b\n1\n", "line 2, column 1: the row has 1 fields, the first row has 2"),
      ("a,b\n1,\"2\n3,4\n", "line 2, column 1: a quote is never closed"),
      ("a\n\"x\"y\n", "line 2, column 1: something follows a closing quote"),
      ("a\nx\"y\n", "line 2, column 1: a field with a quote in it must be quoted itself"),
      ("a,b\n\"x\ny\",2\n1,2,3", "line 4, column 1: the row has 3 fields, the first row has 2"),
    ])
  func tables(text: String, expected: String) throws {
    #expect(try Self.check("a.csv", text) == [expected])
  }
}
