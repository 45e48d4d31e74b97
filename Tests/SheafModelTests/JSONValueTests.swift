import SheafModel
import SheafTesting
import Testing

@Suite("JSON values")
struct JSONValueTests {
  static func number(_ literal: String) throws -> JSONNumber { try #require(JSONNumber(literal)) }

  @Test(
    "Spellings of one number are equal, hash alike and keep their spelling",
    arguments: [
      ("1", "1.0"), ("1", "10e-1"), ("0", "-0.000e99"), ("1500", "1.5E+3"), ("-0.25", "-25e-2"),
      ("12345678901234567890123", "1.2345678901234567890123e22"), ("1e0000000000000000000000005", "100000"),
    ])
  func equalNumbers(one: String, other: String) throws {
    let (left, right) = (try Self.number(one), try Self.number(other))
    #expect(left == right)
    #expect(Set([left, right]).count == 1)
    #expect(!(left < right) && !(right < left))
    #expect(left.literal == one)
  }

  @Test(
    "Numbers compare by value, at any size",
    arguments: [
      ("-1", "0"), ("9", "10"), ("0.1", "0.11"), ("-2", "-1.5"), ("1e99999999999", "1e100000000000"),
      ("9007199254740992", "9007199254740993"), ("-1e99999999999999999999", "1"),
      ("1e-99999999999999999999", "1"),
      ("1", "1e99999999999999999999"), ("1e99999999999999999999", "1e100000000000000000000"),
      ("1e-100000000000000000000", "1e-99999999999999999999"),
    ])
  func orderedNumbers(smaller: String, greater: String) throws {
    let (left, right) = (try Self.number(smaller), try Self.number(greater))
    #expect(left < right)
    #expect(!(right < left))
    #expect(left != right)
  }

  @Test("Only what the grammar allows is a number")
  func grammar() {
    for literal in ["", "-", "01", "1.", ".5", "1e", "1e+", "+1", "0x1", "1 ", "NaN", "1e5.0"] {
      #expect(JSONNumber(literal) == nil, "\(literal)")
    }
  }

  @Test("Integers are told from fractions by value, and convert only when they fit")
  func integers() throws {
    #expect(try Self.number("10e-1").isInteger)
    #expect(try !Self.number("15e-1").isInteger)
    #expect(try Self.number("-1.2e1").int == -12)
    #expect(try Self.number("9223372036854775807").int == Int.max)
    #expect(try Self.number("9223372036854775808").int == nil)
    #expect(try Self.number("1e99999999999999999999").int == nil)
    #expect(try Self.number("0e5").int == 0)
  }

  @Test(
    "Multiples are exact where floating point is not",
    arguments: [
      ("0.3", "0.1", true), ("4.35", "0.01", true), ("1e308", "0.123456789", false),
      ("0.0075", "0.0001", true),
      ("7", "2", false), ("1e50", "7", false), ("0", "3", true), ("12391239123", "1e-8", true),
      ("-9", "3", true),
    ])
  func multiples(number: String, unit: String, isMultiple: Bool) throws {
    #expect(try Self.number(number).isMultiple(of: Self.number(unit)) == isMultiple)
  }

  @Test("Products are multiples of their factors and their neighbours are not", arguments: UInt64(0)..<4)
  func multiplesByChance(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<100 {
      let factor = Int.random(in: 2..<1_000_000, using: &random)
      let product = factor * Int.random(in: 1..<1_000_000, using: &random)
      #expect(try Self.number("\(product)e-3").isMultiple(of: Self.number("\(factor)e-3")) == true)
      #expect(try Self.number("\(product + 1)e-3").isMultiple(of: Self.number("\(factor)e-3")) == false)
    }
  }

  @Test("Objects are equal in any order of members, and arrays are not")
  func equality() {
    let one: JSONValue = ["a": 1, "b": [1, 2]]
    let other: JSONValue = ["b": [1, 2], "a": 1]
    #expect(one == other)
    #expect(one.hashValue == other.hashValue)
    #expect(one != ["a": 1, "b": [2, 1]])
    #expect(one != ["a": 1])
    #expect(JSONValue.null != false)
  }

  @Test("An object with many members finds, replaces and removes each of them")
  func largeObject() {
    var object = JSONObject()
    for index in 0..<50 { object["key \(index)"] = .number(JSONNumber(index)) }
    for index in stride(from: 0, to: 50, by: 2) { object["key \(index)"] = nil }
    object["key 1"] = "new"
    #expect(object.count == 25)
    #expect(object["key 1"] == "new")
    #expect(object["key 2"] == nil)
    #expect(object["key 49"] == 49)
    #expect(object.keys.first == "key 1")
  }

  @Test("Pointers follow RFC 6901, and writing undoes reading")
  func pointers() throws {
    // The document of RFC 6901 section 5.
    let document: JSONValue = ["foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, " ": 7]
    let expected: [(String, JSONValue)] = [
      ("", document), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/m~0n", 8),
      ("/ ", 7),
    ]
    for (text, value) in expected {
      let pointer = try #require(JSONPointer(text))
      #expect(document[pointer] == value)
      #expect(pointer.description == text)
    }
    for text in ["foo", "/~", "/~2", "/a~"] { #expect(JSONPointer(text) == nil) }
    #expect(document[JSONPointer(tokens: ["foo", "2"])] == nil)
    #expect(document[JSONPointer(tokens: ["foo", "00"])] == nil)
    #expect(JSONPointer(tokens: ["\u{e9}"]) != JSONPointer(tokens: ["e\u{301}"]))
  }

  @Test("Written text escapes only what it must and indents by two spaces")
  func writing() {
    let value: JSONValue = ["k": ["é/\"\\\n\u{1}", [], [:]], "z": .null]
    #expect(JSONWriter.text(value) == #"{"k":["é/\"\\\n\u0001",[],{}],"z":null}"#)
    #expect(
      JSONWriter.text(value, .pretty) == """
        {
          "k": [
            "é/\\"\\\\\\n\\u0001",
            [],
            {}
          ],
          "z": null
        }

        """)
  }
}
