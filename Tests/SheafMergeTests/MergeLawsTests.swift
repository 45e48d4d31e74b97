import SheafMerge
import SheafModel
import SheafTesting
import Testing

/// The laws of `Schemas/merge.md` over generated triples; a failing seed reruns alone.
@Suite("Merge laws")
struct MergeLawsTests {
  static let schema = try? JSONSchema(parsing: ["maxProperties": 6])

  /// A base and two edits of it in one format.
  struct Triple {
    var base: [UInt8]
    var ours: [UInt8]
    var theirs: [UInt8]
    var type: MediaType

    var outcome: MergeOutcome { merged(base, ours, theirs) }

    func merged(_ base: [UInt8], _ ours: [UInt8], _ theirs: [UInt8]) -> MergeOutcome {
      merge(
        MergeInput(base: base, ours: ours, theirs: theirs), mediaType: type,
        policy: MergePolicy(schema: type.kind == .json ? MergeLawsTests.schema : nil))
    }

    /// What a text means: its value when it is JSON, else front matter's value and the body, or itself.
    func meaning(_ bytes: [UInt8]) -> [JSONValue] {
      if type.kind == .json, let value = try? JSONReader.read(bytes) { return [value] }
      guard type.kind == .markdown, let split = FrontMatter.split(bytes),
        let head = try? FrontMatter.read(bytes)
      else {
        return [.string(String(decoding: bytes, as: UTF8.self))]
      }
      return [head, .string(String(decoding: bytes[split.body], as: UTF8.self))]
    }

    /// Every word of a text; words are generated once, so that each tells where it came from.
    func words(_ bytes: [UInt8]) -> Set<String> {
      Set(
        bytes.split { !(0x30...0x39).contains($0) && !(0x61...0x7a).contains($0) }.map {
          String(decoding: $0, as: UTF8.self)
        })
    }
  }

  /// Makes triples whose every line and value is a word of its own.
  struct Generator {
    var random: SplitMix64
    var count = 0

    mutating func word() -> String {
      count += 1
      return "w\(count)"
    }

    mutating func triple() -> Triple {
      switch Int.random(in: 0..<3, using: &random) {
      case 0: return text()
      case 1: return json()
      default: return markdown()
      }
    }

    mutating func lines(_ size: Int) -> [String] { (0..<size).map { _ in word() } }

    mutating func edited(_ lines: [String]) -> [String] {
      var lines = lines
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let index = Int.random(in: 0...lines.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: lines.insert(word(), at: index)
        case 1: if index < lines.count { lines.remove(at: index) }
        default: if index < lines.count { lines[index] = word() }
        }
      }
      return lines
    }

    func joined(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

    mutating func text() -> Triple {
      let base = lines(Int.random(in: 0...12, using: &random))
      let (ours, theirs) = (joined(edited(base)), joined(edited(base)))
      return Triple(
        base: Array(joined(base).utf8), ours: Array(ours.utf8), theirs: Array(theirs.utf8),
        type: MediaType(essence: "text/plain"))
    }

    mutating func value(depth: Int) -> JSONValue {
      switch Int.random(in: 0..<(depth > 0 ? 4 : 2), using: &random) {
      case 0, 1: .string(word())
      case 2: .array((0..<Int.random(in: 0...3, using: &random)).map { _ in .string(word()) })
      default: .object(object(depth: depth - 1))
      }
    }

    mutating func object(depth: Int) -> JSONObject {
      JSONObject(
        (0..<Int.random(in: 0...4, using: &random)).map { _ in
          .init(key: "k" + word(), value: value(depth: depth))
        })
    }

    mutating func edited(_ object: JSONObject, depth: Int) -> JSONObject {
      var object = object
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let keys = object.keys
        guard let key = keys.randomElement(using: &random), Bool.random(using: &random) else {
          object["k" + word()] = value(depth: depth)
          continue
        }
        switch (Int.random(in: 0..<4, using: &random), object[key]) {
        case (0, _): object[key] = nil
        case (_, .object(let inner)?): object[key] = .object(edited(inner, depth: depth - 1))
        default: object[key] = value(depth: depth)
        }
      }
      return object
    }

    mutating func json() -> Triple {
      let base = object(depth: 2)
      let layout = Bool.random(using: &random) ? JSONWriter.Layout.pretty : .compact
      func bytes(_ object: JSONObject) -> [UInt8] { JSONWriter.bytes(.object(object), layout) }
      return Triple(
        base: bytes(base), ours: bytes(edited(base, depth: 2)), theirs: bytes(edited(base, depth: 2)),
        type: MediaType(essence: "application/json"))
    }

    mutating func markdown() -> Triple {
      let head = JSONObject(
        lines(Int.random(in: 1...4, using: &random)).map { .init(key: $0, value: .string(word())) })
      let body = lines(6)
      func file(_ head: JSONObject, _ body: [String]) -> [UInt8] {
        let yaml = head.members.map { member in
          "\(member.key): " + (member.value == .null ? "" : JSONWriter.text(member.value))
        }
        return Array(("---\n" + joined(yaml) + "---\n" + joined(body)).utf8)
      }
      return Triple(
        base: file(head, body), ours: file(edited(head, depth: 0), edited(body)),
        theirs: file(edited(head, depth: 0), edited(body)), type: MediaType(essence: "text/markdown"))
    }
  }

  static func triples(_ seed: UInt64, _ count: Int) -> [Triple] {
    var generator = Generator(random: SplitMix64(seed: seed))
    return (0..<count).map { _ in
      generator.count = 0
      return generator.triple()
    }
  }

  @Test("A side that did not change yields to the other, byte for byte", arguments: UInt64(0)..<4)
  func identity(seed: UInt64) {
    for triple in Self.triples(seed, 100) {
      let (b, x) = (triple.base, triple.ours)
      for outcome in [triple.merged(b, x, b), triple.merged(b, b, x), triple.merged(b, x, x)] {
        guard case .clean(let merged) = outcome else {
          Issue.record("not clean")
          continue
        }
        #expect(merged.bytes == x)
      }
    }
  }

  @Test("Swapping the sides changes neither the verdict nor the value", arguments: UInt64(0)..<10)
  func symmetric(seed: UInt64) {
    for triple in Self.triples(seed, 100) {
      switch (triple.outcome, triple.merged(triple.base, triple.theirs, triple.ours)) {
      case (.clean(let one), .clean(let other)):
        #expect(triple.meaning(one.bytes ?? []) == triple.meaning(other.bytes ?? []))
      case (.proposed(let one, _), .proposed(let other, _)):
        #expect(triple.meaning(one.bytes ?? []) == triple.meaning(other.bytes ?? []))
      case (.conflict(let one), .conflict(let other)):
        let (parts, others) = (one.parts, other.parts)
        #expect(parts.count == others.count)
        #expect(Set(parts.map(\.ours)) == Set(others.map(\.theirs)))
        #expect(Set(parts.map(\.theirs)) == Set(others.map(\.ours)))
      default: Issue.record("the verdict depends on the order: \(triple)")
      }
    }
  }

  @Test("Merging the result with a side again changes nothing", arguments: UInt64(0)..<10)
  func idempotent(seed: UInt64) {
    for triple in Self.triples(seed, 100) {
      guard case .clean(let merged) = triple.outcome, let result = merged.bytes else { continue }
      for side in [triple.ours, triple.theirs] {
        #expect(
          triple.merged(side, result, side)
            == .clean(MergedContent(result, rule: result == side ? .equal : .fastForward)))
        // From the old base the same edits stand on both sides; a clean outcome must be the result.
        if case .clean(let again) = triple.merged(triple.base, result, side) {
          #expect(triple.meaning(again.bytes ?? []) == triple.meaning(result))
        }
      }
    }
  }

  @Test(
    "A clean merge holds what either side added, nothing either removed, and nothing else",
    arguments: UInt64(0)..<20)
  func nothingLostOrInvented(seed: UInt64) {
    var cleanCount = 0
    for triple in Self.triples(seed, 100) {
      guard case .clean(let merged) = triple.outcome, let result = merged.bytes else { continue }
      cleanCount += 1
      let (base, ours, theirs) = (
        triple.words(triple.base), triple.words(triple.ours), triple.words(triple.theirs)
      )
      let expected = ours.subtracting(base).union(theirs.subtracting(base)).union(ours.intersection(theirs))
      #expect(triple.words(result) == expected, "\(String(decoding: result, as: UTF8.self))")
    }
    #expect(cleanCount > 20)
  }

  @Test("Two edits of one line or field leave a trace of both", arguments: UInt64(0)..<4)
  func conflictsKeepBoth(seed: UInt64) {
    var conflictCount = 0
    for triple in Self.triples(seed, 100) {
      guard case .conflict(let merged) = triple.outcome else { continue }
      let parts = merged.parts
      conflictCount += 1
      #expect(!parts.isEmpty)
      for part in parts { #expect(part.ours != part.theirs) }
    }
    #expect(conflictCount > 5)
  }

  @Test("Valid sides never make an invalid clean merge", arguments: UInt64(0)..<10)
  func validity(seed: UInt64) throws {
    let schema = try #require(Self.schema)
    for triple in Self.triples(seed, 100) where triple.type.kind == .json {
      func isValid(_ bytes: [UInt8]) throws -> Bool { schema.validate(try JSONReader.read(bytes)).isEmpty }
      guard try isValid(triple.ours), try isValid(triple.theirs) else { continue }
      if case .clean(let merged) = triple.outcome { #expect(try isValid(merged.bytes ?? [])) }
    }
  }

  @Test("An edit elsewhere never changes the outcome here", arguments: UInt64(0)..<4)
  func confined(seed: UInt64) throws {
    for triple in Self.triples(seed, 100) where triple.type.kind == .json {
      func wrapped(_ bytes: [UInt8], _ other: JSONValue) throws -> [UInt8] {
        JSONWriter.bytes(["here": try JSONReader.read(bytes), "elsewhere": other])
      }
      let alone = triple.merged(
        try wrapped(triple.base, 1), try wrapped(triple.ours, 1), try wrapped(triple.theirs, 1))
      let beside = triple.merged(
        try wrapped(triple.base, 1), try wrapped(triple.ours, 2), try wrapped(triple.theirs, 1))
      switch (alone, beside) {
      case (.clean(let one), .clean(let other)):
        let here = JSONPointer(tokens: ["here"])
        #expect(try JSONReader.read(one.bytes ?? [])[here] == JSONReader.read(other.bytes ?? [])[here])
      case (.conflict(let one), .conflict(let other)):
        // Which side gives the layout, and so the order of the parts, may change.
        #expect(Set(one.parts.map(\.place)) == Set(other.parts.map(\.place)))
      case (.proposed(_, let one), .proposed(_, let other)):
        // Which side gives the layout, and so the order of the parts, may change.
        #expect(Set(one.parts.map(\.place)) == Set(other.parts.map(\.place)))
      default: Issue.record("an edit elsewhere changed the verdict")
      }
    }
  }
}
