import SheafMerge
import SheafModel
import SheafTesting
import Testing

/// The laws of `Schemas/merge.md` over documents of generated schemas with every strategy, and over tables.
@Suite("Laws of declared strategies")
struct SchemaLawsTests {
  /// Makes a schema, a base that it describes, and edits of it; every text is a word of its own.
  struct Generator {
    var random: SplitMix64
    var count = 0
    /// Whether the last triple's schema declares a counter.
    private(set) var hasCounter = false
    /// Its members in which the order of items means nothing.
    private(set) var freelyOrdered: Set<String> = []

    mutating func word() -> JSONValue {
      count += 1
      return .string("w\(count)")
    }

    /// A subschema by kind: what values it describes, and how they merge.
    enum Kind: Int, CaseIterable {
      case register, latest, owner, max, min, counter, ladder, atomic, grouped, object, set, sortedSet,
        orderedSet,
        list, freeList, appendOnly, sequence, hidden, prose, verbatim, manual, immutable, none, words
    }

    static func schema(_ kind: Kind, _ inner: JSONValue) -> JSONValue {
      let item: JSONValue = [
        "type": "object", "required": ["a", "b"],
        "properties": ["a": ["type": "string"], "b": ["type": "string"], "v": inner],
      ]
      return switch kind {
      case .register: ["x-merge": "register"]
      case .latest: ["x-merge": "latest"]
      case .owner: ["x-merge": ["owner": "publisher"]]
      case .max: ["x-merge": "max"]
      case .min: ["x-merge": "min"]
      case .counter: ["type": "integer", "x-merge": "counter"]
      case .ladder: ["x-merge": ["ladder": ["paths": [["s0", "s1", "s2"]], "exits": ["s3"]]]]
      case .atomic: ["x-merge": "atomic"]
      case .grouped: ["x-merge": ["group": "g"]]
      case .object: ["type": "object", "x-merge": "object", "properties": ["v": inner]]
      case .set: ["type": "array", "x-merge": "set"]
      case .sortedSet: ["type": "array", "x-merge": ["set": "sorted"]]
      case .orderedSet: ["type": "array", "x-merge": "ordered-set"]
      case .list: ["type": "array", "x-merge": ["list-by": ["/a", "/b"]], "items": item]
      case .freeList:
        [
          "type": "array", "x-merge": ["list-by": ["keys": ["/a"], "with": ["/b"], "order": "free"]],
          "items": item,
        ]
      case .appendOnly: ["type": "array", "x-merge": ["append-only": "/a"], "items": item]
      case .sequence: ["type": "array", "x-merge": "sequence"]
      case .hidden: ["type": "array", "items": item]
      case .prose: ["type": "string", "x-merge": "prose"]
      case .verbatim: ["type": "string", "x-merge": "verbatim"]
      case .manual: ["x-merge": "manual"]
      case .immutable: ["x-merge": "immutable"]
      case .none: true
      case .words: ["x-merge": ["derived": ["words": "/m0"]]]
      }
    }

    mutating func value(_ kind: Kind, _ inner: Kind) -> JSONValue {
      switch kind {
      case .counter: return .number(JSONNumber(Int.random(in: 0..<50, using: &random)))
      case .words: return 1
      case .ladder: return .string("s\(Int.random(in: 0..<4, using: &random))")
      case .object, .atomic: return ["v": inner == .object || inner == .atomic ? 1 : value(inner, .none)]
      case .set, .sortedSet, .orderedSet, .sequence:
        return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in word() })
      case .list, .freeList, .appendOnly, .hidden:
        return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in item(inner) })
      case .prose, .verbatim:
        return .string(
          (0..<3).map { _ in if case .string(let text) = word() { text + ".\n" } else { "" } }.joined())
      default: return word()
      }
    }

    private mutating func item(_ inner: Kind) -> JSONValue {
      let isFlat = [.list, .freeList, .appendOnly, .hidden, .object, .atomic].contains(inner)
      return ["a": word(), "b": word(), "v": isFlat ? word() : value(inner, .none)]
    }

    mutating func edited(_ value: JSONValue, _ kind: Kind, _ inner: Kind) -> JSONValue {
      switch value {
      case .array(var items):
        let index = Int.random(in: 0...items.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: if index < items.count { items.remove(at: index) }
        case 1 where index < items.count:
          if case .object(var object) = items[index], let old = object["v"] {
            object["v"] = edited(old, inner, .none)
            items[index] = .object(object)
          } else {
            items[index] = word()
          }
        case 2 where items.count > 1: items.swapAt(0, items.count - 1)
        default:
          let isObjects = [.list, .freeList, .appendOnly, .hidden].contains(kind)
          items.insert(isObjects ? item(inner) : word(), at: index)
        }
        return .array(items)
      case .object(var object):
        if let old = object["v"] { object["v"] = edited(old, inner, .none) }
        return .object(object)
      case .string(let text) where kind == .prose || kind == .verbatim:
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let index = Int.random(in: 0..<lines.count, using: &random)
        if case .string(let new) = word() { lines[index] = new + "." }
        return .string(lines.joined(separator: "\n"))
      default: return self.value(kind, inner)
      }
    }

    mutating func triple() throws -> Triple {
      count = 0
      var kinds: [(Kind, Kind)] = []
      for _ in 0..<4 {
        let outer = Kind.allCases.randomElement(using: &random) ?? .none
        let inner = Kind.allCases.randomElement(using: &random) ?? .none
        let isOdd = outer == .words || inner == .words || inner == .grouped
        kinds.append(isOdd ? (.register, .max) : (outer, inner))
      }
      let isFree = { [Kind.set, .sortedSet, .freeList, .appendOnly].contains($0) }
      freelyOrdered = Set(
        kinds.indices.filter { isFree(kinds[$0].0) || isFree(kinds[$0].1) }.map { "m\($0)" })
      hasCounter = kinds.contains { $0.0 == .counter || $0.1 == .counter }
      var properties: [JSONObject.Member] = []
      for (index, kind) in kinds.enumerated() {
        let inner = Self.schema(kind.1, true)
        properties.append(JSONObject.Member(key: "m\(index)", value: Self.schema(kind.0, inner)))
      }
      // A group needs two members.
      properties.append(.init(key: "partner", value: Self.schema(.grouped, true)))
      properties.append(.init(key: "partner2", value: Self.schema(.grouped, true)))
      let schema = try JSONSchema(parsing: ["type": "object", "properties": .object(JSONObject(properties))])
      var base = JSONObject()
      for (index, kind) in kinds.enumerated() { base["m\(index)"] = value(kind.0, kind.1) }
      base["partner"] = word()
      base["partner2"] = word()
      func edit(_ generator: inout Self) -> JSONObject {
        var side = base
        for _ in 0..<Int.random(in: 0...3, using: &generator.random) {
          let index = Int.random(in: 0..<6, using: &generator.random)
          guard index < 4 else {
            side[index == 4 ? "partner" : "partner2"] = generator.word()
            continue
          }
          let key = "m\(index)"
          guard let old = side[key], Int.random(in: 0..<8, using: &generator.random) > 0 else {
            side[key] = nil
            continue
          }
          side[key] = generator.edited(old, kinds[index].0, kinds[index].1)
        }
        return side
      }
      let layout = Bool.random(using: &random) ? JSONWriter.Layout.pretty : .compact
      let (ours, theirs) = (edit(&self), edit(&self))
      let sides = [
        (MergeSide(order: 1, role: "publisher"), MergeSide(order: 2, role: "contributor")),
        (MergeSide(), MergeSide(order: 1)), (MergeSide(), MergeSide()),
      ].randomElement(using: &random)
      return Triple(
        base: JSONWriter.bytes(.object(base), layout), ours: JSONWriter.bytes(.object(ours), layout),
        theirs: JSONWriter.bytes(.object(theirs), layout), type: "application/json", schema: schema,
        oursSide: sides?.0 ?? MergeSide(), theirsSide: sides?.1 ?? MergeSide())
    }

    /// A table with a key, rows and columns of which are added, removed and edited.
    mutating func table() -> Triple {
      count = 0
      func word(_ generator: inout Self) -> String {
        if case .string(let text) = generator.word() { text } else { "" }
      }
      let columns = (0..<Int.random(in: 1...3, using: &random)).map { _ in "c" + word(&self) }
      let rows = (0..<Int.random(in: 0...4, using: &random)).map { _ in
        [word(&self)] + columns.map { _ in word(&self) }
      }
      func text(_ header: [String], _ rows: [[String]]) -> [UInt8] {
        Array(([["id"] + header] + rows).map { $0.joined(separator: ",") + "\n" }.joined().utf8)
      }
      func edit(_ generator: inout Self) -> [UInt8] {
        var (header, lines) = (columns, rows)
        for _ in 0..<Int.random(in: 0...2, using: &generator.random) {
          let row = Int.random(in: 0...lines.count, using: &generator.random)
          let column = header.isEmpty ? 0 : Int.random(in: 0..<header.count, using: &generator.random)
          switch Int.random(in: 0..<6, using: &generator.random) {
          case 0: lines.insert([word(&generator)] + header.map { _ in word(&generator) }, at: row)
          case 1: if row < lines.count { lines.remove(at: row) }
          case 2 where header.count > 1:
            header.remove(at: column)
            for index in lines.indices { lines[index].remove(at: column + 1) }
          case 3:
            header.append("c" + word(&generator))
            for index in lines.indices { lines[index].append(word(&generator)) }
          default: if row < lines.count, !header.isEmpty { lines[row][column + 1] = word(&generator) }
          }
        }
        return text(header, lines)
      }
      return Triple(
        base: text(columns, rows), ours: edit(&self), theirs: edit(&self), type: "text/csv",
        schema: try? JSONSchema(parsing: StructureCasesTests.table))
    }
  }

  /// A base and two edits under a schema.
  struct Triple {
    var base: [UInt8]
    var ours: [UInt8]
    var theirs: [UInt8]
    var type: String
    var schema: JSONSchema?
    var oursSide = MergeSide()
    var theirsSide = MergeSide()

    func merged(_ base: [UInt8], _ ours: [UInt8], _ theirs: [UInt8], isSwapped: Bool = false) -> MergeOutcome
    {
      merge(
        MergeInput(
          base: base, ours: ours, theirs: theirs, oursSide: isSwapped ? theirsSide : oursSide,
          theirsSide: isSwapped ? oursSide : theirsSide), mediaType: MediaType(essence: type),
        policy: MergePolicy(schema: schema))
    }

    static func words(_ bytes: [UInt8]) -> Set<String> {
      Set(
        bytes.split { !(0x30...0x39).contains($0) && !(0x61...0x7a).contains($0) }
          .map { String(decoding: $0, as: UTF8.self) }.filter { $0.hasPrefix("w") || $0.hasPrefix("c") })
    }

    /// What a law says against the triple; `nil` when all hold.
    var objection: String? {
      let outcome = merged(base, ours, theirs)
      if merged(base, ours, theirs) != outcome { return "law 1: another outcome the second time" }
      switch (outcome, merged(base, theirs, ours, isSwapped: true)) {
      case (.clean(let one), .clean(let other)) where one.bytes != other.bytes: return "law 2: another value"
      case (.proposed(let one, _), .proposed(let other, _)) where one.bytes != other.bytes:
        return "law 2: another proposal"
      case (.clean, .clean), (.proposed, .proposed): break
      case (.conflict(let one), .conflict(let other)):
        if Set(one.parts.map(\.ours)) != Set(other.parts.map(\.theirs))
          || one.content(takingOfAll: .ours) != other.content(takingOfAll: .theirs)
        {
          return "law 2: the parts are not mirrored"
        }
      default: return "law 2: another verdict"
      }
      for side in [ours, theirs] {
        for (base, one, other) in [(base, side, base), (base, base, side), (base, side, side)] {
          guard case .clean(let merged) = merged(base, one, other), merged.bytes == side else {
            return "law 3: not the side that changed"
          }
        }
      }
      let added = Self.words(ours).union(Self.words(theirs)).subtracting(Self.words(base))
      let known = Self.words(base).union(Self.words(ours)).union(Self.words(theirs))
      var found: Set<String> = []
      var texts: [[UInt8]] = []
      switch outcome {
      case .clean(let merged):
        texts = [merged.bytes ?? []] + merged.setAside.flatMap { [$0.kept ?? [], $0.other ?? []] }
      case .proposed(_, let parts), .conflict(let parts):
        texts =
          [parts.content(takingOfAll: .ours) ?? [], parts.content(takingOfAll: .theirs) ?? []]
          + parts.parts.flatMap { [$0.ours ?? [], $0.theirs ?? []] }
          + parts.setAside.flatMap { [$0.kept ?? [], $0.other ?? []] }
      }
      for text in texts { found.formUnion(Self.words(text)) }
      if !found.isSuperset(of: added) { return "law 5: lost \(added.subtracting(found))" }
      if !found.isSubset(of: known) { return "law 6: invented \(found.subtracting(known))" }
      guard case .clean(let merged) = outcome, let value = merged.bytes else { return nil }
      let gone = Self.words(base).subtracting(Self.words(ours).intersection(Self.words(theirs)))
      // A set-aside edit may be the removal.
      if merged.setAside.isEmpty, !Self.words(value).isDisjoint(with: gone) {
        return "law 7: back are \(Self.words(value).intersection(gone))"
      }
      if type == "application/json", (try? JSONReader.read(value)) == nil { return "law 10: not valid" }
      return nil
    }

    /// What law 4 says against the triple; `nil` when it holds.
    ///
    /// From the side itself, which the result descends from, nothing ever changes. From the old base, which no
    /// replica merges from, an edit that was set aside may be the later one then.
    ///
    /// - Parameter addsUp: Whether a counter is declared, which from the old base counts an edit twice.
    func objectionToMergingAgain(addsUp: Bool, freelyOrdered: Set<String> = []) -> String? {
      guard case .clean(let merged) = merged(base, ours, theirs), let result = merged.bytes else {
        return nil
      }
      for side in [ours, theirs] {
        for (one, other) in [(result, side), (side, result)] {
          guard case .clean(let again) = self.merged(side, one, other), again.bytes == result else {
            return "law 4: merging with a side changes the result"
          }
        }
        if !addsUp, merged.setAside.isEmpty, case .clean(let again) = self.merged(base, result, side),
          !isSame(again.bytes, result, freelyOrdered)
        {
          return "law 4: from the old base it becomes \(String(decoding: again.bytes ?? [], as: UTF8.self))"
        }
      }
      return nil
    }

    private func isSame(_ one: [UInt8]?, _ other: [UInt8], _ freelyOrdered: Set<String>) -> Bool {
      func value(_ bytes: [UInt8]) -> JSONValue? {
        guard case .object(var object)? = try? JSONReader.read(bytes) else { return nil }
        for key in freelyOrdered { object[key] = object[key].map(Self.sorted) }
        return .object(object)
      }
      guard let one else { return false }
      return one == other || type == "application/json" && value(one) == value(other)
    }

    /// What law 9 says against the triple; `nil` when it holds: one side's edit of a member beside the others, or of
    /// a row below the others, makes nothing else of these.
    ///
    /// - Parameter freelyOrdered: The members in which the order of items means nothing.
    func objectionToEditElsewhere(freelyOrdered: Set<String>) throws -> String? {
      let alone = try beside(1, 1, freelyOrdered)
      for (ours, theirs) in [(JSONValue(2), JSONValue(1)), (1, 2)] {
        let other = try beside(ours, theirs, freelyOrdered)
        if other != alone { return "law 9: \(alone)\nbecomes \(other)" }
      }
      return nil
    }

    /// A value with the items of all its lists in one order.
    private static func sorted(_ value: JSONValue) -> JSONValue {
      switch value {
      case .array(let items): .array(items.map(sorted).sorted { JSONWriter.text($0) < JSONWriter.text($1) })
      case .object(let object):
        .object(JSONObject(object.members.map { .init(key: $0.key, value: sorted($0.value)) }))
      default: value
      }
    }

    /// The outcome with a member that is not declared beside the others, told without that member.
    private func beside(
      _ inOurs: JSONValue, _ inTheirs: JSONValue, _ freelyOrdered: Set<String>
    ) throws -> String {
      func wrapped(_ bytes: [UInt8], _ other: JSONValue) throws -> [UInt8] {
        guard case .object(var object) = try JSONReader.read(bytes) else { return bytes }
        object["elsewhere"] = other
        return JSONWriter.bytes(.object(object), bytes.contains(UInt8(ascii: "\n")) ? .pretty : .compact)
      }
      let outcome = merged(
        try wrapped(base, 1), try wrapped(ours, inOurs), try wrapped(theirs, inTheirs))
      func value(_ bytes: [UInt8]?) throws -> String {
        guard case .object(var object) = try JSONReader.read(bytes ?? []) else { return "" }
        object["elsewhere"] = nil
        for key in freelyOrdered { object[key] = object[key].map(Self.sorted) }
        return JSONWriter.text(.object(JSONObject(object.members.sorted { $0.key < $1.key })))
      }
      func questions(_ parts: MergedParts) -> String {
        parts.parts.map { part in
          func text(_ bytes: [UInt8]?) -> String {
            bytes.map { bytes in
              (try? JSONReader.read(bytes)).map { JSONWriter.text($0) }
                ?? String(decoding: bytes, as: UTF8.self)
            } ?? "-"
          }
          if part.place == .document { return part.reason }
          return "\(part.place) \(part.reason) \(text(part.ours)) \(text(part.theirs))"
        }.sorted().joined(separator: "; ")
      }
      switch outcome {
      case .clean(let merged): return "clean \(try value(merged.bytes))"
      case .proposed(let merged, let parts): return "proposed \(questions(parts)) \(try value(merged.bytes))"
      case .conflict(let parts): return "conflict \(questions(parts))"
      }
    }
  }

  @Test("Laws 4 and 9 hold whatever a schema declares", arguments: UInt64(200)..<208)
  func schemasAgain(seed: UInt64) throws {
    var generator = Generator(random: SplitMix64(seed: seed))
    var cleanCount = 0
    for index in 0..<150 {
      let triple = try generator.triple()
      if case .clean = triple.merged(triple.base, triple.ours, triple.theirs) { cleanCount += 1 }
      let objection =
        try triple.objectionToMergingAgain(
          addsUp: generator.hasCounter, freelyOrdered: generator.freelyOrdered)
        ?? triple.objectionToEditElsewhere(freelyOrdered: generator.freelyOrdered)
      guard let objection else { continue }
      let texts = [triple.base, triple.ours, triple.theirs].map { String(decoding: $0, as: UTF8.self) }
      Issue.record("triple \(index): \(objection)\n\(texts.joined(separator: "\n"))")
      return
    }
    #expect(cleanCount > 30)
  }

  @Test("Law 4 holds for tables whose rows and columns come, go and change", arguments: UInt64(300)..<304)
  func tablesAgain(seed: UInt64) {
    var generator = Generator(random: SplitMix64(seed: seed))
    for index in 0..<250 {
      let triple = generator.table()
      guard let objection = triple.objectionToMergingAgain(addsUp: false) else { continue }
      let texts = [triple.base, triple.ours, triple.theirs].map { String(decoding: $0, as: UTF8.self) }
      Issue.record("triple \(index): \(objection)\n\(texts.joined(separator: "\n"))")
      return
    }
  }

  @Test("Laws 1 to 7 and 10 hold whatever a schema declares", arguments: UInt64(0)..<16)
  func schemas(seed: UInt64) throws {
    var generator = Generator(random: SplitMix64(seed: seed))
    for index in 0..<250 {
      let triple = try generator.triple()
      guard let objection = triple.objection else { continue }
      let texts = [triple.base, triple.ours, triple.theirs].map { String(decoding: $0, as: UTF8.self) }
      Issue.record("triple \(index): \(objection)\n\(texts.joined(separator: "\n"))")
      return
    }
  }

  @Test(
    "Laws 1 to 7 hold for tables whose rows and columns come, go and change", arguments: UInt64(100)..<108)
  func tables(seed: UInt64) {
    var generator = Generator(random: SplitMix64(seed: seed))
    for index in 0..<250 {
      let triple = generator.table()
      guard let objection = triple.objection else { continue }
      let texts = [triple.base, triple.ours, triple.theirs].map { String(decoding: $0, as: UTF8.self) }
      Issue.record("triple \(index): \(objection)\n\(texts.joined(separator: "\n"))")
      return
    }
  }
}
