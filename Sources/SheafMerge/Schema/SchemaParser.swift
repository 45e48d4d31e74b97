import SheafModel

/// Reads a schema into nodes; references are resolved while reading.
struct SchemaParser {
  private let source: JSONValue
  private var nodes: [SchemaNode] = []
  private var nodeIndexes: [JSONPointer: Int] = [:]
  private var resources = SchemaResources()
  /// Places that a reference or keyword named and that are still to be read.
  private var pending: [JSONPointer] = []
  private static let nodeLimit = 10_000
  private static let dialect = "https://json-schema.org/draft/2020-12/schema"

  /// Keywords that say something about a value and never refuse one.
  private static let annotations: Set<String> = [
    "$comment", "contentEncoding", "contentMediaType", "contentSchema", "default", "deprecated",
    "description", "examples",
    "format",
    "readOnly", "title", "writeOnly",
  ]

  init(source: JSONValue) { self.source = source }

  mutating func parse() throws(SchemaError) -> [SchemaNode] {
    try resources.collect(from: source)
    _ = try node(at: .root)
    // References lead to places that are read in turn, so that a schema may refer to itself.
    while let pointer = pending.popLast() {
      guard let index = nodeIndexes[pointer], let schema = source[pointer] else { continue }
      nodes[index] = try read(schema, at: pointer)
    }
    try refuseLoops()
    var rules = MergeRuleCheck(nodes: nodes, pointers: nodeIndexes)
    try rules.check()
    return nodes
  }

  /// The index of the schema at a place; it is read later if it was not met before.
  private mutating func node(at pointer: JSONPointer) throws(SchemaError) -> Int {
    if let index = nodeIndexes[pointer] { return index }
    guard nodes.count < Self.nodeLimit else {
      throw SchemaError(pointer: pointer, keyword: nil, reason: "has more than \(Self.nodeLimit) subschemas")
    }
    nodes.append(SchemaNode())
    nodeIndexes[pointer] = nodes.count - 1
    pending.append(pointer)
    return nodes.count - 1
  }

  private mutating func read(_ schema: JSONValue, at pointer: JSONPointer) throws(SchemaError) -> SchemaNode {
    if case .bool(let verdict) = schema { return SchemaNode(verdict: verdict) }
    guard case .object(let object) = schema else {
      throw SchemaError(pointer: pointer, keyword: nil, reason: "must be an object or a boolean")
    }
    var keywords = SchemaKeywords(object: object, pointer: pointer)
    var node = SchemaNode()
    try readCore(object, at: pointer, into: &node)
    node.checks += try keywords.assertions()
    try readMembers(&keywords, into: &node)
    try readItems(&keywords, into: &node)
    try readCombinations(&keywords, into: &node)
    // Last, because they look at what the others left.
    if let place = keywords.schema("unevaluatedItems") {
      node.checks.append(.unevaluatedItems(try self.node(at: place)))
    }
    if let place = keywords.schema("unevaluatedProperties") {
      node.checks.append(.unevaluatedProperties(try self.node(at: place)))
    }
    node.strategy = try StrategyParser(schema: object, pointer: pointer).parse()
    for key in object.keys {
      let isKnown =
        keywords.seen.contains(key) || Self.annotations.contains(key) || key.hasPrefix("x-")
        || ["$schema", "$id", "$anchor", "$ref", "$defs"].contains(key)
      if !isKnown { throw keywords.error(key, "is not supported") }
    }
    return node
  }

  private mutating func readCore(
    _ object: JSONObject, at pointer: JSONPointer, into node: inout SchemaNode
  ) throws(SchemaError) {
    func refuse(_ keyword: String, _ reason: String) -> SchemaError {
      SchemaError(pointer: pointer, keyword: keyword, reason: reason)
    }
    if let dialect = object["$schema"] {
      guard case .string(let name) = dialect, name == Self.dialect || name == Self.dialect + "#" else {
        throw refuse("$schema", "must be \(Self.dialect)")
      }
    }
    if let definitions = object["$defs"] {
      guard case .object(let definitions) = definitions else { throw refuse("$defs", "must be an object") }
      for key in definitions.keys { _ = try self.node(at: pointer.appending("$defs").appending(key)) }
    }
    if let reference = object["$ref"] {
      guard case .string(let text) = reference else { throw refuse("$ref", "must be a string") }
      let target: JSONPointer
      do {
        target = try resources.target(of: text, from: pointer)
      } catch let problem {
        throw refuse("$ref", problem.reason)
      }
      guard source[target] != nil else { throw refuse("$ref", "leads nowhere: \(text)") }
      let index = try self.node(at: target)
      node.checks.append(.reference(index))
      node.inPlace.append(index)
    }
  }

  private mutating func readMembers(
    _ keywords: inout SchemaKeywords, into node: inout SchemaNode
  ) throws(SchemaError) {
    var members = SchemaMembers()
    for (key, pointer) in try keywords.schemaMap("properties") {
      members.named[ExactString(key)] = try self.node(at: pointer)
    }
    for (pattern, pointer) in try keywords.schemaMap("patternProperties") {
      try keywords.compile(pattern, of: "patternProperties")
      members.patterns.append(Dependent(key: pattern, consequence: try self.node(at: pointer)))
    }
    if let pointer = keywords.schema("additionalProperties") {
      members.additional = try self.node(at: pointer)
    }
    if members != SchemaMembers() { node.checks.append(.members(members)) }
    if let pointer = keywords.schema("propertyNames") {
      node.checks.append(.propertyNames(try self.node(at: pointer)))
    }
    var dependents: [Dependent<Int>] = []
    for (key, pointer) in try keywords.schemaMap("dependentSchemas") {
      let index = try self.node(at: pointer)
      dependents.append(Dependent(key: key, consequence: index))
      node.inPlace.append(index)
    }
    if !dependents.isEmpty { node.checks.append(.dependentSchemas(dependents)) }
  }

  private mutating func readItems(
    _ keywords: inout SchemaKeywords, into node: inout SchemaNode
  ) throws(SchemaError) {
    let prefix = try nodes(at: keywords.schemaList("prefixItems"))
    let rest = keywords.schema("items")
    if !prefix.isEmpty || rest != nil {
      node.checks.append(
        .items(prefix: prefix, rest: try rest.map { place throws(SchemaError) in try self.node(at: place) }))
    }
    let least = try keywords.count("minContains")
    let most = try keywords.count("maxContains")
    if let pointer = keywords.schema("contains") {
      node.checks.append(.contains(try self.node(at: pointer), least: least ?? 1, most: most))
    }
  }

  private mutating func readCombinations(
    _ keywords: inout SchemaKeywords, into node: inout SchemaNode
  ) throws(SchemaError) {
    let all = try nodes(at: keywords.schemaList("allOf"))
    let any = try nodes(at: keywords.schemaList("anyOf"))
    let one = try nodes(at: keywords.schemaList("oneOf"))
    if !all.isEmpty { node.checks.append(.allOf(all)) }
    if !any.isEmpty { node.checks.append(.anyOf(any)) }
    if !one.isEmpty { node.checks.append(.oneOf(one)) }
    node.inPlace += all + any + one
    if let pointer = keywords.schema("not") {
      let index = try self.node(at: pointer)
      node.checks.append(.not(index))
      node.inPlace.append(index)
    }
    let branches = [keywords.schema("then"), keywords.schema("else")]
    if let pointer = keywords.schema("if") {
      let condition = try self.node(at: pointer)
      var indexes: [Int?] = []
      for branch in branches {
        indexes.append(try branch.map { place throws(SchemaError) in try self.node(at: place) })
      }
      node.checks.append(.conditional(if: condition, then: indexes[0], else: indexes[1]))
      node.inPlace += [condition] + indexes.compactMap(\.self)
    }
  }

  private mutating func nodes(at pointers: [JSONPointer]) throws(SchemaError) -> [Int] {
    var indexes: [Int] = []
    for pointer in pointers { indexes.append(try node(at: pointer)) }
    return indexes
  }

  /// Refuses a schema that would check the same value for ever.
  private func refuseLoops() throws(SchemaError) {
    enum Mark { case new, open, done }
    var marks = Array(repeating: Mark.new, count: nodes.count)
    for root in nodes.indices where marks[root] == .new {
      // A stack of our own: the schema must not decide how deep calls nest.
      var stack = [(node: root, next: 0)]
      marks[root] = .open
      while let (node, next) = stack.last {
        guard next < nodes[node].inPlace.count else {
          marks[node] = .done
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let target = nodes[node].inPlace[next]
        if marks[target] == .open {
          let pointer = nodeIndexes.first { $0.value == target }?.key ?? .root
          throw SchemaError(pointer: pointer, keyword: nil, reason: "refers to itself without descending")
        }
        if marks[target] == .new {
          marks[target] = .open
          stack.append((target, 0))
        }
      }
    }
  }
}
