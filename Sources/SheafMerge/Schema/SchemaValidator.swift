import SheafModel

/// One run of a schema over one value.
struct SchemaValidator {
  private let nodes: [SchemaNode]
  private var found: [SchemaViolation] = []
  /// Where in the value the run is.
  private var path: [String] = []
  /// Above zero while a subschema is only tried, as in `anyOf`; nothing is reported then.
  private var trials = 0
  private var checksLeft = 1_000_000
  private var patterns: [ExactString: SchemaPattern] = [:]
  private static let reportLimit = 100
  private static let depthLimit = 128

  /// Members and items of the value at hand that a schema has looked at so far.
  private var evaluated = Evaluated()
  /// Whether any schema asks for what was not looked at; nothing is noted otherwise.
  private let tracks: Bool

  private struct Evaluated {
    var keys: Set<ExactString> = []
    var indexes: Set<Int> = []

    mutating func formUnion(_ other: Evaluated) {
      keys.formUnion(other.keys)
      indexes.formUnion(other.indexes)
    }
  }

  init(nodes: [SchemaNode]) {
    self.nodes = nodes
    tracks = nodes.contains { node in
      node.checks.contains { check in
        switch check {
        case .unevaluatedItems, .unevaluatedProperties: true
        default: false
        }
      }
    }
  }

  mutating func violations(of value: JSONValue) -> [SchemaViolation] {
    _ = check(value, against: 0, as: "schema", depth: 0)
    if checksLeft <= 0 {
      // A trial that ran out proves nothing, so what it led to is not told.
      return [SchemaViolation(pointer: .root, keyword: "schema", rule: "takes too many steps to check")]
    }
    return found
  }

  private mutating func fail(_ keyword: String, _ rule: @autoclosure () -> String) -> Bool {
    if trials == 0, found.count < Self.reportLimit {
      found.append(SchemaViolation(pointer: JSONPointer(tokens: path), keyword: keyword, rule: rule()))
    }
    return false
  }

  private mutating func isValid(_ value: JSONValue, against index: Int, depth: Int) -> Bool {
    trials += 1
    defer { trials -= 1 }
    return check(value, against: index, as: "", depth: depth)
  }

  private mutating func check(
    _ value: JSONValue, at token: String, against index: Int, as keyword: String, depth: Int
  )
    -> Bool
  {
    path.append(token)
    let around = evaluated
    defer {
      path.removeLast()
      evaluated = around
    }
    return check(value, against: index, as: keyword, depth: depth)
  }

  /// Checks a value against a node; `keyword` names who asked, for the report of a `false` schema.
  private mutating func check(_ value: JSONValue, against index: Int, as keyword: String, depth: Int) -> Bool
  {
    checksLeft -= 1
    guard checksLeft > 0 else { return false }
    guard depth < Self.depthLimit else { return fail(keyword, "is nested too deeply to check") }
    let node = nodes[index]
    if let verdict = node.verdict {
      return verdict || fail(keyword, "is not allowed here")
    }
    let around = evaluated
    if tracks { evaluated = Evaluated() }
    var isValid = true
    // What a schema that does not fit looked at does not count.
    defer {
      if tracks {
        let own = evaluated
        evaluated = around
        if isValid { evaluated.formUnion(own) }
      }
    }
    for check in node.checks {
      if !passes(value, check, depth: depth + 1) {
        isValid = false
        // A trial needs the verdict only.
        if trials > 0 { return false }
      }
    }
    return isValid
  }

  private mutating func passes(_ value: JSONValue, _ check: SchemaCheck, depth: Int) -> Bool {
    switch check {
    case .reference(let index): return self.check(value, against: index, as: "$ref", depth: depth)
    case .type(let names):
      return names.contains { Self.isOf(type: $0, value) }
        || fail("type", "must be \(names.map(Self.article).joined(separator: " or "))")
    case .const(let constant):
      return value == constant || fail("const", "must be \(Self.shown(constant))")
    case .enum(let values):
      return values.contains(value)
        || fail("enum", "must be one of \(values.prefix(20).map(Self.shown).joined(separator: ", "))")
    case .allOf(let indexes):
      var isValid = true
      for index in indexes where !self.check(value, against: index, as: "allOf", depth: depth) {
        isValid = false
      }
      return isValid
    case .anyOf(let indexes):
      var fits = false
      for index in indexes where self.isValid(value, against: index, depth: depth) {
        fits = true
        // The others may look at more of the value.
        if !tracks { break }
      }
      return fits || fail("anyOf", "must fit at least one of \(indexes.count) alternatives")
    case .oneOf(let indexes):
      var count = 0
      for index in indexes where self.isValid(value, against: index, depth: depth) { count += 1 }
      return count == 1
        || fail("oneOf", "must fit exactly one of \(indexes.count) alternatives and fits \(count)")
    case .not(let index):
      let around = evaluated
      let fits = self.isValid(value, against: index, depth: depth)
      evaluated = around
      return !fits || fail("not", "must not fit what the schema excludes")
    case .conditional(let condition, let then, let otherwise):
      let branch = isValid(value, against: condition, depth: depth) ? (then, "then") : (otherwise, "else")
      guard let index = branch.0 else { return true }
      return self.check(value, against: index, as: branch.1, depth: depth)
    default: break
    }
    switch value {
    case .number(let number): return passes(number, check)
    case .string(let text): return passes(text, check)
    case .array(let items): return passes(items, check, depth: depth)
    case .object(let object): return passes(object, value, check, depth: depth)
    case .null, .bool: return true
    }
  }

  private mutating func passes(_ number: JSONNumber, _ check: SchemaCheck) -> Bool {
    switch check {
    case .multipleOf(let unit):
      return number.isMultiple(of: unit) == true || fail("multipleOf", "must be a multiple of \(unit)")
    case .maximum(let limit): return number <= limit || fail("maximum", "must be at most \(limit)")
    case .exclusiveMaximum(let limit):
      return number < limit || fail("exclusiveMaximum", "must be below \(limit)")
    case .minimum(let limit): return number >= limit || fail("minimum", "must be at least \(limit)")
    case .exclusiveMinimum(let limit):
      return number > limit || fail("exclusiveMinimum", "must be above \(limit)")
    default: return true
    }
  }

  private mutating func passes(_ text: String, _ check: SchemaCheck) -> Bool {
    switch check {
    case .maxLength(let count):
      return text.unicodeScalars.count <= count || fail("maxLength", "must have at most \(count) characters")
    case .minLength(let count):
      return text.unicodeScalars.count >= count || fail("minLength", "must have at least \(count) characters")
    case .pattern(let pattern):
      guard let isFound = isFound(pattern, in: text) else { return fail("pattern", Self.tooLong) }
      return isFound || fail("pattern", "must match the pattern \(pattern)")
    default: return true
    }
  }

  private mutating func passes(_ items: [JSONValue], _ check: SchemaCheck, depth: Int) -> Bool {
    switch check {
    case .maxItems(let count):
      return items.count <= count || fail("maxItems", "must have at most \(count) items")
    case .minItems(let count):
      return items.count >= count || fail("minItems", "must have at least \(count) items")
    case .uniqueItems:
      return Set(items).count == items.count || fail("uniqueItems", "must not hold an item twice")
    case .items(let prefix, let rest):
      var isValid = true
      if tracks {
        evaluated.indexes.formUnion(0..<(rest == nil ? min(prefix.count, items.count) : items.count))
      }
      for (index, item) in items.enumerated() {
        guard let schema = index < prefix.count ? prefix[index] : rest else { break }
        let keyword = index < prefix.count ? "prefixItems" : "items"
        if !self.check(item, at: String(index), against: schema, as: keyword, depth: depth) {
          isValid = false
        }
      }
      return isValid
    case .contains(let schema, let least, let most):
      var count = 0
      for (index, item) in items.enumerated() {
        let around = evaluated
        let fits = isValid(item, against: schema, depth: depth)
        evaluated = around
        guard fits else { continue }
        count += 1
        if tracks { evaluated.indexes.insert(index) }
      }
      if count < least {
        return fail("contains", "must hold at least \(least) items of the kind asked for, holds \(count)")
      }
      if let most, count > most {
        return fail("maxContains", "must hold at most \(most) items of the kind named, holds \(count)")
      }
      return true
    case .unevaluatedItems(let schema):
      var isValid = true
      for (index, item) in items.enumerated() where !evaluated.indexes.contains(index) {
        if !self.check(item, at: String(index), against: schema, as: "unevaluatedItems", depth: depth) {
          isValid = false
        }
      }
      evaluated.indexes.formUnion(items.indices)
      return isValid
    default: return true
    }
  }

  private mutating func passes(_ object: JSONObject, _ value: JSONValue, _ check: SchemaCheck, depth: Int)
    -> Bool
  {
    var isValid = true
    switch check {
    case .maxProperties(let count):
      return object.count <= count || fail("maxProperties", "must have at most \(count) members")
    case .minProperties(let count):
      return object.count >= count || fail("minProperties", "must have at least \(count) members")
    case .required(let keys):
      for key in keys where object[key] == nil {
        isValid = fail("required", "must have the member \"\(key)\"")
      }
    case .dependentRequired(let dependents):
      for dependent in dependents where object[dependent.key] != nil {
        for key in dependent.consequence where object[key] == nil {
          isValid = fail("dependentRequired", "must have the member \"\(key)\" beside \"\(dependent.key)\"")
        }
      }
    case .dependentSchemas(let dependents):
      for dependent in dependents where object[dependent.key] != nil {
        let schema = dependent.consequence
        if !self.check(value, against: schema, as: "dependentSchemas", depth: depth) { isValid = false }
      }
    case .propertyNames(let schema):
      for key in object.keys {
        let around = evaluated
        let fits = self.isValid(.string(key), against: schema, depth: depth)
        evaluated = around
        if !fits { isValid = fail("propertyNames", "must not have a member named \"\(key)\"") }
      }
    case .unevaluatedProperties(let schema):
      for member in object.members where !evaluated.keys.contains(ExactString(member.key)) {
        let name = "unevaluatedProperties"
        if !self.check(member.value, at: member.key, against: schema, as: name, depth: depth) {
          isValid = false
        }
      }
      evaluated.keys.formUnion(object.keys.map { ExactString($0) })
    case .members(let members):
      for member in object.members where !passes(member, members, depth: depth) { isValid = false }
    default: break
    }
    return isValid
  }

  private mutating func passes(_ member: JSONObject.Member, _ members: SchemaMembers, depth: Int) -> Bool {
    var isValid = true
    var isNamed = false
    if let schema = members.named[ExactString(member.key)] {
      isNamed = true
      isValid = check(member.value, at: member.key, against: schema, as: "properties", depth: depth)
    }
    for pattern in members.patterns {
      guard let isFound = isFound(pattern.key, in: member.key) else {
        return fail("patternProperties", Self.tooLong)
      }
      guard isFound else { continue }
      isNamed = true
      let schema = pattern.consequence
      if !check(member.value, at: member.key, against: schema, as: "patternProperties", depth: depth) {
        isValid = false
      }
    }
    if tracks, isNamed || members.additional != nil { evaluated.keys.insert(ExactString(member.key)) }
    if !isNamed, let schema = members.additional {
      isValid = check(member.value, at: member.key, against: schema, as: "additionalProperties", depth: depth)
    }
    return isValid
  }

  private static let tooLong = "is too long for a pattern to be tried on it"

  private mutating func isFound(_ pattern: String, in text: String) -> Bool? {
    let key = ExactString(pattern)
    if let compiled = patterns[key] { return compiled.isFound(in: text) }
    // The parser compiled it once; a value is never let through because of a doubt.
    guard let compiled = SchemaPattern(pattern) else { return false }
    patterns[key] = compiled
    return compiled.isFound(in: text)
  }

  private static func isOf(type: String, _ value: JSONValue) -> Bool {
    if type == "integer", case .number(let number) = value { return number.isInteger }
    return type == value.typeName
  }

  private static func article(_ type: String) -> String {
    switch type {
    case "null": "null"
    case "array", "integer", "object": "an \(type)"
    default: "a \(type)"
    }
  }

  /// A value as a message shows it, cut when it is long.
  private static func shown(_ value: JSONValue) -> String {
    let text = JSONWriter.text(value)
    return text.unicodeScalars.count <= 60 ? text : String(text.unicodeScalars.prefix(59)) + "…"
  }
}
