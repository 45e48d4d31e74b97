import SheafMerge
import SheafModel
import SheafTesting
import Testing

@Suite("Front matter")
struct FrontMatterTests {
  static func read(_ text: String) throws -> JSONValue? { try FrontMatter.read(Array(text.utf8)) }

  @Test("The part between the dashes at the very start is found, in any line ends, and nothing else")
  func splitting() {
    func parts(_ text: String) -> [String]? {
      let bytes = Array(text.utf8)
      return FrontMatter.split(bytes).map { split in
        [split.yaml, split.body].map { String(decoding: bytes[$0], as: UTF8.self) }
      }
    }
    #expect(parts("---\na: 1\n---\nbody\n") == ["a: 1\n", "body\n"])
    #expect(parts("\u{feff}---\r\na: 1\r\n--- \r\nbody") == ["a: 1\r\n", "body"])
    #expect(parts("---\n---") == ["", ""])
    #expect(parts("---\na: 1\n") == nil)
    #expect(parts("\n---\na: 1\n---\n") == nil)
    #expect(parts("----\na: 1\n----\n") == nil)
    #expect(parts("# Title\n\n---\na\n---\n") == nil)
    #expect(parts("") == nil)
  }

  @Test("Scalars follow the core schema of YAML 1.2, so that dates and yes stay text")
  func scalars() throws {
    let text = """
      ---
      n: ~
      empty:
      t: true
      yes: yes
      i: +007
      f: .5
      e: 1.e3
      o: 0o17
      h: 0xFF
      inf: .inf
      date: 2026-11-22
      quoted: "12"
      single: 'true'
      block: |
        a
        b
      folded: >-
        a
        b
      list: [1, x, {k: v}]
      ---
      """
    #expect(
      try Self.read(text) == [
        "n": .null, "empty": .null, "t": true, "yes": "yes", "i": 7,
        "f": .number(JSONNumber("0.5") ?? JSONNumber(0)),
        "e": 1000, "o": 15, "h": 255, "inf": ".inf", "date": "2026-11-22", "quoted": "12", "single": "true",
        "block": "a\nb\n", "folded": "a b", "list": [1, "x", ["k": "v"]],
      ])
    #expect(try Self.read("---\n---\n") == [:])
    #expect(try Self.read("no front matter") == nil)
    #expect(try Self.read("---\na: 1\n---") == ["a": 1])
  }

  @Test(
    "What is not plain data is refused at its line",
    arguments: [
      ("a: 1\nb: 2\na: 3", 2, "stands twice"), ("1: x\n\"1\": y", 2, "stands twice"),
      ("a: &x 1\nb: *x", 3, "aliases"), ("a: !secret x", 2, "tag"), ("a: !!binary aGk=", 2, "tag"),
      ("- a\n- b", 2, "mapping"), ("just text", 2, "mapping"), ("a: [1, 2", 3, ""), ("a: \"x", 3, ""),
      ("a: b: c", 2, ""), ("? [k]\n: v", 2, "key"), ("a:\n\t- b", 3, ""),
    ])
  func refused(yaml: String, line: Int, reason: String) {
    #expect {
      try Self.read("---\n\(yaml)\n---\n")
    } throws: { error in
      guard let error = error as? FrontMatterError else { return false }
      return error.line == line && (reason.isEmpty || error.reason.contains(reason))
    }
  }

  @Test("Bombs are refused before they go off")
  func bombs() {
    var aliases = "a0: &a0 [x, x]\n"
    for level in 1..<30 { aliases += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    let texts = [
      aliases + "? *a29\n: 1\n",
      "a: " + String(repeating: "[", count: 20_000),
      "a: " + String(repeating: "{k: ", count: 500) + String(repeating: "}", count: 500),
      String(repeating: "- ", count: 20_000) + "x",
      (0..<300).map { String(repeating: " ", count: $0) + "k:" }.joined(separator: "\n"),
      (0..<40).map { String(repeating: " ", count: $0) + "k:" }.joined(separator: "\n"),
      "a: " + String(repeating: "x", count: 70_000),
    ]
    for text in texts {
      #expect(throws: FrontMatterError.self) { try Self.read("---\n\(text)\n---\n") }
    }
  }

  @Test("Emphasis, ampersands and long dashes in texts are no aliases")
  func harmless() throws {
    let text = "---\na: |\n  *word* & R&D, AT&T *T*\nb: x & y\nc: ' *z '\n---\n"
    #expect(try Self.read(text) == ["a": "*word* & R&D, AT&T *T*\n", "b": "x & y", "c": " *z "])
  }

  @Test("Random bytes between the dashes never crash the reader", arguments: UInt64(0)..<10)
  func random(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let alphabet = Array("ab:-?[]{},#&*!|>'\"%@` \n\n\t1.~<é".utf8)
    for _ in 0..<100 {
      let yaml = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
      }
      let value = try? FrontMatter.read(Array("---\n".utf8) + yaml + Array("\n---\n".utf8))
      if let value { #expect(value.typeName == "object") }
    }
  }
}
