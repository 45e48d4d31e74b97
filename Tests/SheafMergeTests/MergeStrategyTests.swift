import SheafMerge
import SheafModel
import SheafTesting
import Testing

/// What each strategy of `Schemas/merge-schema.md` makes of two edits.
@Suite("Merge strategies")
struct MergeStrategyTests {
  /// Merges one member `v` that has a strategy.
  static func merged(
    _ strategy: JSONValue, type: String? = nil, _ base: String?, _ ours: String?, _ theirs: String?,
    items: JSONValue = true, oursSide: MergeSide = MergeSide(), theirsSide: MergeSide = MergeSide()
  ) throws -> String {
    var property: JSONObject = JSONObject([.init(key: "x-merge", value: strategy)])
    if let type { property["type"] = .string(type) }
    if items != true { property["items"] = items }
    let schema = try JSONSchema(parsing: [
      "properties": .object(JSONObject([.init(key: "v", value: .object(property))]))
    ])
    func document(_ value: String?) -> [UInt8] { Array((value.map { "{\"v\":\($0)}" } ?? "{}").utf8) }
    let outcome = merge(
      MergeInput(
        base: document(base), ours: document(ours), theirs: document(theirs), oursSide: oursSide,
        theirsSide: theirsSide),
      mediaType: MediaType(essence: "application/json"), policy: MergePolicy(schema: schema))
    let swapped = merge(
      MergeInput(
        base: document(base), ours: document(theirs), theirs: document(ours), oursSide: theirsSide,
        theirsSide: oursSide),
      mediaType: MediaType(essence: "application/json"), policy: MergePolicy(schema: schema))
    if case (.clean(let one), .clean(let other)) = (outcome, swapped) { #expect(one.bytes == other.bytes) }
    return MergeCasesTests.told(outcome)
  }

  @Test("Greatest, least and sums need nobody")
  func numbers() throws {
    #expect(try Self.merged("max", "1", "5", "3") == #"fields: {"v":5}"#)
    #expect(try Self.merged("min", "9", "5", "3") == #"fields: {"v":3}"#)
    #expect(
      try Self.merged("max", #""2024-01-01""#, #""2024-03-01""#, #""2024-02-01""#)
        == #"fields: {"v":"2024-03-01"}"#)
    #expect(try Self.merged("counter", type: "integer", "10", "12", "9") == #"fields: {"v":11}"#)
    #expect(
      try Self.merged("counter", type: "integer", "0", "9223372036854775807", "1")
        == "/v: both sides changed this field")
    #expect(try Self.merged("max", "1", "2", "\"x\"") == "/v: both sides changed this field")
  }

  @Test("The later edit or the owner's is taken, and the other is noted")
  func sides() throws {
    let (early, late) = (MergeSide(order: 1, role: "author"), MergeSide(order: 2, role: "editor"))
    #expect(
      try Self.merged("latest", "1", "2", "3", oursSide: early, theirsSide: late) == #"fields: {"v":3}"#)
    #expect(
      try Self.merged("latest", "1", "2", "3", oursSide: MergeSide(), theirsSide: late) == #"fields: {"v":2}"#
    )
    #expect(
      try Self.merged("latest", "1", "2", "3")
        == "/v: both sides changed this field, and which was later is not known")
    #expect(
      try Self.merged(["owner": "editor"], "1", "2", "3", oursSide: early, theirsSide: late)
        == #"fields: {"v":3}"#)
    #expect(
      try Self.merged(["owner": "editor"], "1", "2", "3", oursSide: late, theirsSide: late)
        == "/v: both sides changed this field, which belongs to the role \"editor\"")
    let schema = try JSONSchema(parsing: ["properties": ["v": ["x-merge": "latest"]]])
    let input = MergeInput(
      base: Array(#"{"v":1}"#.utf8), ours: Array(#"{"v":2}"#.utf8), theirs: Array(#"{"v":3}"#.utf8),
      oursSide: late, theirsSide: early)
    guard
      case .clean(let merged) = merge(
        input, mediaType: MediaType(essence: "application/json"), policy: MergePolicy(schema: schema))
    else {
      Issue.record("not clean")
      return
    }
    #expect(merged.setAside.map(\.strategy) == ["latest"])
    #expect(merged.setAside.first?.other == Array("3".utf8))
    #expect(merged.setAside.first?.loser == .theirs)
  }

  @Test("The further state on one path is taken; a state off the path asks")
  func ladder() throws {
    let ladder: JSONValue = ["ladder": ["paths": [["a", "b", "c"]], "exits": ["x", "y"]]]
    #expect(try Self.merged(ladder, #""a""#, #""b""#, #""c""#) == #"fields: {"v":"c"}"#)
    #expect(try Self.merged(ladder, #""a""#, #""b""#, #""x""#) == #"fields: {"v":"x"}"#)
    let reason = "/v: both sides changed this state, and no path leads from one to the other"
    #expect(try Self.merged(ladder, #""a""#, #""x""#, #""y""#) == reason)
    // Back to the start is a correction.
    #expect(try Self.merged(ladder, #""b""#, #""a""#, #""c""#) == reason)
  }

  @Test("What is one value, must not change, or is for a person is never joined")
  func wholes() throws {
    let (base, ours, theirs) = (#"{"n":5,"u":"mg"}"#, #"{"n":6,"u":"mg"}"#, #"{"n":5,"u":"g"}"#)
    #expect(
      try Self.merged("atomic", base, ours, theirs)
        == "/v: both sides changed this value, which is taken as a whole")
    #expect(
      try Self.merged("manual", base, ours, theirs)
        == "/v: both sides changed this field, which a person decides about")
    #expect(
      try Self.merged("immutable", "1", "2", "3")
        == "/v: this field must not change, and both sides changed it")
    #expect(
      try Self.merged("object", type: "object", base, ours, theirs) == #"fields: {"v":{"n":6,"u":"g"}}"#)
    #expect(try Self.merged("manual", "1", "2", "2") == #"equal: {"v":2}"#)
  }

  @Test("Members of a group are asked about together, a single one by its own strategy")
  func groups() throws {
    let schema: JSONValue = [
      "properties": [
        "min": ["x-merge": ["group": "ages"]], "max": ["x-merge": ["group": "ages", "each": "max"]],
        "other": true,
      ]
    ]
    func merged(_ base: String, _ ours: String, _ theirs: String) throws -> String {
      MergeCasesTests.told(try MergeCasesTests.merged("application/json", base, ours, theirs, schema: schema))
    }
    let reason = "both sides changed the group \"ages\", which goes together"
    #expect(
      try merged(
        #"{"min":1,"max":9,"other":1}"#, #"{"min":2,"max":9,"other":2}"#, #"{"min":1,"max":8,"other":1}"#)
        == "/min: \(reason); /max: \(reason)")
    #expect(
      try merged(#"{"min":1,"max":9}"#, #"{"min":1,"max":10}"#, #"{"min":1,"max":11}"#)
        == #"fields: {"min":1,"max":11}"#)
    #expect(
      try merged(
        #"{"min":1,"max":9,"other":1}"#, #"{"min":2,"max":8,"other":1}"#, #"{"min":1,"max":9,"other":2}"#)
        == #"fields: {"min":2,"max":8,"other":2}"#)
  }

  @Test("Sets join what was added and drop what was removed; only an order that matters is asked about")
  func sets() throws {
    #expect(
      try Self.merged("set", type: "array", "[1,2,3]", "[1,3,4]", "[5,1,2,3]") == #"fields: {"v":[5,1,3,4]}"#)
    #expect(try Self.merged("set", type: "array", "[1]", "[1,2]", "[1,3]") == #"fields: {"v":[1,2,3]}"#)
    #expect(
      try Self.merged(["set": "sorted"], type: "array", #"["b"]"#, #"["b","c"]"#, #"["b","a"]"#)
        == #"fields: {"v":["a","b","c"]}"#)
    #expect(
      try Self.merged("ordered-set", type: "array", "[1]", "[1,2]", "[1,3]").hasPrefix(
        "proposed (both sides added"))
    #expect(
      try Self.merged("ordered-set", type: "array", "[1,2]", "[2,1]", "[1,2,3]") == #"fields: {"v":[2,3,1]}"#
        || Self.merged("ordered-set", type: "array", "[1,2]", "[2,1]", "[1,2,3]").hasPrefix("proposed"))
    #expect(
      try Self.merged("set", type: "array", "[1]", "[1,1]", "[2]")
        == "/v: both sides changed this list, which is one value because a key is missing or stands twice")
    #expect(
      try Self.merged("set", type: "array", #"["001"]"#, #"["gb"]"#, #"["ie"]"#)
        .hasPrefix("proposed (both sides removed the same item, and each put something else in its place)"))
  }

  static let items: JSONValue = [
    "type": "object", "required": ["id"], "properties": ["id": true, "dose": ["x-merge": "manual"]],
  ]

  private static func list(_ base: String, _ ours: String, _ theirs: String) throws -> String {
    try merged(["list-by": "/id"], type: "array", base, ours, theirs, items: items)
  }

  @Test("Items with a declared key merge one by one, wherever they stand")
  func keyedLists() throws {
    #expect(
      try Self.list(
        #"[{"id":1,"a":1},{"id":2,"a":1}]"#, #"[{"id":2,"a":2},{"id":1,"a":1}]"#,
        #"[{"id":1,"a":3},{"id":2,"a":1}]"#)
        == #"fields: {"v":[{"id":2,"a":2},{"id":1,"a":3}]}"#)
    #expect(
      try Self.list(#"[{"id":1,"dose":1}]"#, #"[{"id":1,"dose":2}]"#, #"[{"id":1,"dose":3}]"#)
        == #"/v/{"id":1}/dose: both sides changed this field, which a person decides about"#)
    #expect(
      try Self.list(#"[{"id":1,"a":1},{"id":2}]"#, #"[{"id":2}]"#, #"[{"id":1,"a":2},{"id":2}]"#)
        == #"/v {"id":1}: one side removed this item and the other changed it"#)
    #expect(
      try Self.list(#"[{"id":1}]"#, #"[{"id":1},{"id":2}]"#, #"[{"id":1},{"id":3}]"#)
        .hasPrefix("proposed (both sides added or moved items at one place"))
    #expect(
      try Self.list(#"[{"id":1}]"#, #"[{"id":1},{"id":2,"a":1}]"#, #"[{"id":1},{"id":2,"b":1}]"#)
        .hasPrefix("proposed (both sides added this, with differences)"))
  }

  @Test("An item's key edited here against the item edited there asks, and both stay in sight")
  func keyEdited() throws {
    #expect(
      try Self.list(#"[{"id":1,"a":1}]"#, #"[{"id":9,"a":1}]"#, #"[{"id":1,"a":2}]"#)
        == #"/v {"id":1}: one side removed this item and the other changed it"#)
    #expect(
      try Self.list(#"[{"id":1,"a":1},{"id":2}]"#, #"[{"id":2}]"#, #"[{"id":9,"a":1},{"id":2}]"#)
        .hasPrefix(#"proposed (both sides removed the item {"id":1}, and this stands in its place)"#))
  }

  @Test("A list whose declared key is missing or stands twice is one value and says so")
  func keyMissing() throws {
    let reason =
      "/v: both sides changed this list, which is one value because a key is missing or stands twice"
    #expect(try Self.list(#"[{"id":1}]"#, #"[{"id":1},{"a":1}]"#, #"[{"id":2}]"#) == reason)
    #expect(try Self.list(#"[{"id":1}]"#, #"[{"id":1},{"id":1}]"#, #"[{"id":2}]"#) == reason)
  }

  @Test("A list that only grows takes all additions and asks about old items")
  func appendOnly() throws {
    func merged(_ base: String, _ ours: String, _ theirs: String, _ sides: (UInt64?, UInt64?) = (nil, nil))
      throws
      -> String
    {
      try Self.merged(
        ["append-only": "/id"], type: "array", base, ours, theirs, items: Self.items,
        oursSide: MergeSide(order: sides.0), theirsSide: MergeSide(order: sides.1))
    }
    #expect(
      try merged(#"[{"id":1}]"#, #"[{"id":1},{"id":3}]"#, #"[{"id":1},{"id":2}]"#)
        == #"fields: {"v":[{"id":1},{"id":2},{"id":3}]}"#)
    #expect(
      try merged(#"[{"id":1}]"#, #"[{"id":1},{"id":3}]"#, #"[{"id":1},{"id":2}]"#, (4, 5))
        == #"fields: {"v":[{"id":1},{"id":3},{"id":2}]}"#)
    #expect(
      try merged(#"[{"id":1}]"#, #"[{"id":1,"a":1}]"#, #"[{"id":1},{"id":2}]"#)
        == #"/v {"id":1}: an item of a list that only grows was changed"#)
  }

  @Test("A derived value is computed from what comes out")
  func derived() throws {
    let schema: JSONValue = [
      "properties": [
        "n": ["x-merge": ["derived": ["count": "/l"]]], "w": ["x-merge": ["derived": ["words": "/t"]]],
        "last": ["x-merge": ["derived": ["greatest": "/l"]]], "l": ["type": "array", "x-merge": "set"],
        "t": true,
      ]
    ]
    let outcome = try MergeCasesTests.merged(
      "application/json", #"{"l":["a"],"n":1,"t":"one","w":1,"last":"a"}"#,
      #"{"l":["a","b"],"n":2,"t":"one","w":1,"last":"b"}"#,
      #"{"l":["a","c"],"n":2,"t":"one two","w":2,"last":"c"}"#, schema: schema)
    #expect(
      MergeCasesTests.told(outcome) == #"fields: {"l":["a","b","c"],"n":3,"t":"one two","w":2,"last":"c"}"#)
  }

  @Test("Text merges as prose or by lines only, inside a JSON string")
  func texts() throws {
    let (base, ours, theirs) = (#""a\nb\nc\n""#, #""A\nb\nc\n""#, #""a\nb\nC é\n""#)
    for strategy in ["prose", "verbatim"] {
      #expect(
        try Self.merged(.string(strategy), type: "string", base, ours, theirs)
          == #"fields: {"v":"A\nb\nC é\n"}"#)
    }
    #expect(
      try Self.merged("verbatim", type: "string", #""a\n""#, #""b\n""#, #""c\n""#)
        == "/v: both sides changed this text in one place")
  }

  @Test("Rules are found through $ref, allOf, patterns and additional members")
  func reached() throws {
    let schema: JSONValue = [
      "patternProperties": ["^n_": ["$ref": "#/$defs/stamp"]],
      "additionalProperties": ["allOf": [["x-merge": "min"]]],
      "properties": ["l": ["items": ["$ref": "#/$defs/stamp"]]],
      "$defs": ["stamp": ["x-merge": "max", "type": ["integer", "null"]]],
    ]
    let outcome = try MergeCasesTests.merged(
      "application/json", #"{"n_a":1,"z":9}"#, #"{"n_a":3,"z":8}"#, #"{"n_a":2,"z":7}"#, schema: schema)
    #expect(MergeCasesTests.told(outcome) == #"fields: {"n_a":3,"z":7}"#)
  }

  static let refused: [(schema: String, place: String, words: String)] = [
    (#"{"properties":{"a":{"x-merge":"newest"}}}"#, "/properties/a", "unknown strategy"),
    (#"{"x-merge":"ladder"}"#, "", "needs an argument"),
    (#"{"x-merge":{"max":1}}"#, "", "takes no argument"),
    (#"{"x-merge":{"ladder":[["a","b"],["b","a"]]}}"#, "", "comes before itself"),
    (#"{"enum":["a"],"x-merge":{"ladder":["a","b"]}}"#, "", "does not allow"),
    (#"{"x-merge":{"list-by":"/id"},"items":{"properties":{"id":true}}}"#, "", "not required"),
    (#"{"x-merge":{"list-by":"id"}}"#, "", "JSON pointers"),
    (#"{"x-merge":{"list-by":["/a","/a"]}}"#, "", "twice"),
    (#"{"properties":{"a":{"x-merge":{"group":"g"}}}}"#, "/properties/a", "no sibling"),
    (#"{"type":"string","x-merge":"counter"}"#, "", "type string"),
    (#"{"type":["array","object"],"x-merge":"set"}"#, "", "type object"),
    (#"{"x-merge":{"derived":{"sum":"/a"}}}"#, "", "unknown function"),
    (#"{"anyOf":[{"x-merge":"max"}]}"#, "/anyOf/0", "does not look"),
    (##"{"x-merge":"max","$ref":"#/$defs/a","$defs":{"a":{"x-merge":"min"}}}"##, "", "gives \"min\""),
    (#"{"x-merge":{"group":"a","each":{"group":"b"}}}"#, "", "group into a group"),
  ]

  @Test("A declaration that cannot be kept is refused with its place and reason", arguments: refused)
  func refusals(schema: String, place: String, words: String) throws {
    let value = try JSONReader.read(Array(schema.utf8))
    #expect {
      try JSONSchema(parsing: value)
    } throws: { error in
      guard let error = error as? SchemaError else { return false }
      return error.pointer.description == place && error.keyword == "x-merge" && error.reason.contains(words)
    }
  }

  @Test("An immutable field may come once and not change or go")
  func immutables() throws {
    let schema = try JSONSchema(parsing: [
      "properties": [
        "id": ["x-merge": "immutable"],
        "l": [
          "x-merge": ["list-by": "/k"],
          "items": ["required": ["k"], "properties": ["k": true, "n": ["x-merge": "immutable"]]],
        ],
      ]
    ])
    func violations(_ old: String, _ new: String) -> [String] {
      ImmutableCheck.violations(
        old: Array(old.utf8), new: Array(new.utf8), mediaType: MediaType(essence: "application/json"),
        schema: schema
      ).map(\.description)
    }
    #expect(violations("{}", #"{"id":1}"#).isEmpty)
    #expect(violations(#"{"id":1}"#, #"{"id":1.0,"a":1}"#).isEmpty)
    #expect(violations(#"{"id":1}"#, #"{"id":2}"#) == ["/id: must not change"])
    #expect(violations(#"{"id":1}"#, "{}") == ["/id: must not be taken away"])
    #expect(
      violations(#"{"l":[{"k":1,"n":1},{"k":2,"n":1}]}"#, #"{"l":[{"k":2,"n":5}]}"#)
        == ["/l/0/n: must not change"])
  }
}
