import Foundation
import SheafModel
import SheafTesting
import Testing

/// The public JSON parsing test suite: `y_` must be read, `n_` must be refused, `i_` is ours to decide.
@Suite("JSON reader")
struct JSONReaderTests {
  static let suite = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "Fixtures/json-parsing")

  static func names(_ prefix: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: suite.path).filter { $0.hasPrefix(prefix) }.sorted()
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: suite.appending(path: name)))
  }

  @Test("Every text that RFC 8259 allows is read, and written again it is the same value")
  func valid() throws {
    let names = try Self.names("y_")
    #expect(names.count == 95)
    for name in names {
      // The RFC leaves repeated keys to the reader; this one refuses them.
      if name.hasPrefix("y_object_duplicated_key") {
        #expect(throws: JSONError.self) { try JSONReader.read(Self.bytes(name)) }
        continue
      }
      let value = try JSONReader.read(Self.bytes(name))
      #expect(try JSONReader.read(JSONWriter.bytes(value, .pretty)) == value, "\(name)")
      #expect(try JSONReader.read(JSONWriter.bytes(value, .compact)) == value, "\(name)")
    }
  }

  @Test("Every text that RFC 8259 forbids is refused")
  func invalid() throws {
    let names = try Self.names("n_")
    #expect(names.count == 186)
    var texts = try names.map { ($0, try Self.bytes($0)) }
    texts.append(("100000 opening arrays", Array(repeating: UInt8(ascii: "["), count: 100_000)))
    texts.append(("50000 open array objects", Array(String(repeating: "[{\"\":", count: 50_000).utf8)))
    for (name, bytes) in texts {
      #expect(throws: JSONError.self, "\(name)") { try JSONReader.read(bytes) }
    }
  }

  @Test("Texts that readers disagree on never crash, and what is read can be written again")
  func undecided() throws {
    for name in try Self.names("i_") {
      guard let value = try? JSONReader.read(Self.bytes(name)) else { continue }
      #expect(try JSONReader.read(JSONWriter.bytes(value)) == value, "\(name)")
    }
  }

  @Test("A repeated key is reported with both places, counted in lines and characters")
  func duplicateKey() {
    let text = "{\n  \"é\": 1,\n  \"b\": {\"ü\": 1, \"b\": 2},\n \"x\": \"ö\", \"\\u00e9\": 2}"
    #expect {
      try JSONReader.read(Array(text.utf8))
    } throws: { error in
      let error = error as? JSONError
      return error?.rule == .duplicateKey("é", firstLine: 2, firstColumn: 3) && error?.line == 4
        && error?.column == 12
    }
  }

  @Test("Keys that only look alike are two keys")
  func keysByBytes() throws {
    let value = try JSONReader.read(Array("{\"\u{e9}\": 1, \"e\u{301}\": 2}".utf8))
    guard case .object(let object) = value else {
      Issue.record("no object")
      return
    }
    #expect(object.count == 2)
    #expect(object["\u{e9}"] == 1)
    #expect(object["e\u{301}"] == 2)
    #expect(JSONValue.string("\u{e9}") != .string("e\u{301}"))
  }

  @Test(
    "Limits hold exactly",
    arguments: [
      ("[[1]]", JSONLimits(depth: 2, members: 9, stringSizeInBytes: 9), true),
      ("[[[1]]]", JSONLimits(depth: 2, members: 9, stringSizeInBytes: 9), false),
      ("{\"a\":[1,2]}", JSONLimits(depth: 9, members: 3, stringSizeInBytes: 9), true),
      ("{\"a\":[1,2,3]}", JSONLimits(depth: 9, members: 3, stringSizeInBytes: 9), false),
      ("\"abc\"", JSONLimits(depth: 9, members: 3, stringSizeInBytes: 3), true),
      ("\"ab\\nd\"", JSONLimits(depth: 9, members: 3, stringSizeInBytes: 3), false),
      ("123", JSONLimits(depth: 9, members: 3, stringSizeInBytes: 3, numberLength: 3), true),
      ("1234", JSONLimits(depth: 9, members: 3, stringSizeInBytes: 3, numberLength: 3), false),
    ])
  func limits(text: String, limits: JSONLimits, isRead: Bool) {
    #expect(((try? JSONReader.read(Array(text.utf8), limits: limits)) != nil) == isRead)
  }

  @Test(
    "Errors name the rule and the place",
    arguments: [
      ("\u{feff}1", JSONError.Rule.byteOrderMark, 1, 1),
      ("[1,\n 2] x", .trailingBytes, 2, 5),
      ("\"\\ud800\"", .unpairedSurrogate, 1, 2),
      ("\"\\udc00\\ud800\"", .unpairedSurrogate, 1, 2),
      ("{\"a\" 1}", .expected("a colon"), 1, 6),
      ("[1", .unexpectedEnd, 1, 3),
      ("\"a\nb\"", .controlCharacter, 1, 3),
    ])
  func places(text: String, rule: JSONError.Rule, line: Int, column: Int) {
    #expect {
      try JSONReader.read(Array(text.utf8))
    } throws: { error in
      guard let error = error as? JSONError else { return false }
      return error.rule == rule && error.line == line && error.column == column
    }
  }

  @Test("Bytes that are not UTF-8 are found where they stand")
  func invalidUTF8() {
    for bad: [UInt8] in [
      [0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0xc3],
    ] {
      let text = Array("\"0123456789é".utf8) + bad
      #expect(UTF8Text.firstInvalidOffset(in: text) == 13)
    }
    #expect(UTF8Text.firstInvalidOffset(in: Array("a é € 😀 \u{10ffff} \u{800} \u{7ff}".utf8)) == nil)
  }

  @Test("The range of a pointer holds exactly the bytes of its value")
  func ranges() throws {
    let bytes = Array(" { \"a/b\" : [ 1.0 , { \"~\" : \"x\" } ] , \"n\":null } ".utf8)
    let source = try JSONReader.readSource(bytes)
    func text(_ pointer: String) throws -> String? {
      let pointer = try #require(JSONPointer(pointer))
      return source.range(of: pointer).map { String(decoding: bytes[$0], as: UTF8.self) }
    }
    #expect(try text("/a~1b/0") == "1.0")
    #expect(try text("/a~1b/1/~0") == "\"x\"")
    #expect(try text("/a~1b") == "[ 1.0 , { \"~\" : \"x\" } ]")
    #expect(try text("/n") == "null")
    #expect(try text("/a~1b/2") == nil)
    #expect(try text("/a~1b/01") == nil)
    #expect(try text("/n/x") == nil)
  }

  @Test("Cut, flipped or doubled bytes never crash the reader", arguments: UInt64(0)..<20)
  func mutations(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let text = Array(#"{"a":[1,-2.5e+3,true,null,"x\u00e9\ud83d\ude00\n"],"b":{"c":"é€😀"},"d":""}"#.utf8)
    for _ in 0..<100 {
      var bytes = text
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes.removeSubrange(index...)
        default: bytes.insert(bytes[index], at: index)
        }
        if bytes.isEmpty { break }
      }
      guard let source = try? JSONReader.readSource(bytes) else { continue }
      #expect(source.value == (try JSONReader.read(bytes)))
      #expect(try JSONReader.read(Array(bytes[source.layout.range])) == source.value)
    }
  }

  @Test("Each JSON vector comes out as it says")
  func vectors() throws {
    let folder = schemasFolder.appending(path: "vectors")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasPrefix("json-text-") && $0.hasSuffix(".json")
    }
    #expect(names.count >= 4)
    for name in names {
      let vector = try JSONReader.read(vector(name))
      let pointers = ["expected", "text", "compact"].map { JSONPointer(tokens: [$0]) }
      guard case .string(let expected)? = vector[pointers[0]], case .string(let text)? = vector[pointers[1]]
      else {
        Issue.record("\(name) lacks its members")
        continue
      }
      do {
        let value = try JSONReader.read(Array(text.utf8))
        #expect(expected == "read", "\(name)")
        #expect(vector[pointers[2]] == .string(JSONWriter.text(value)), "\(name)")
      } catch {
        #expect(expected == "line \(error.line), column \(error.column): \(error.reason)", "\(name)")
      }
    }
  }
}
