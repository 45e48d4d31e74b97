import SheafModel

/// The keywords of one subschema, each checked for its form as it is asked for.
struct SchemaKeywords {
  let object: JSONObject
  let pointer: JSONPointer
  /// What was asked for; the rest is not supported.
  private(set) var seen: Set<String> = []

  init(object: JSONObject, pointer: JSONPointer) {
    self.object = object
    self.pointer = pointer
  }

  func error(_ keyword: String, _ reason: String) -> SchemaError {
    SchemaError(pointer: pointer, keyword: keyword, reason: reason)
  }

  private mutating func value(_ keyword: String) -> JSONValue? {
    seen.insert(keyword)
    return object[keyword]
  }

  /// The assertions that hold no subschemas.
  mutating func assertions() throws(SchemaError) -> [SchemaCheck] {
    var checks: [SchemaCheck] = []
    if let types = try types() { checks.append(.type(types)) }
    if let value = value("const") { checks.append(.const(value)) }
    if let value = value("enum") {
      guard case .array(let values) = value else { throw error("enum", "must be a list of values") }
      checks.append(.enum(values))
    }
    if let number = try number("multipleOf") {
      guard JSONNumber(0) < number, JSONNumber(0).isMultiple(of: number) != nil else {
        throw error("multipleOf", "must be a number above 0 with at most 18 digits")
      }
      checks.append(.multipleOf(number))
    }
    if let number = try number("maximum") { checks.append(.maximum(number)) }
    if let number = try number("exclusiveMaximum") { checks.append(.exclusiveMaximum(number)) }
    if let number = try number("minimum") { checks.append(.minimum(number)) }
    if let number = try number("exclusiveMinimum") { checks.append(.exclusiveMinimum(number)) }
    if let count = try count("maxLength") { checks.append(.maxLength(count)) }
    if let count = try count("minLength") { checks.append(.minLength(count)) }
    if let value = value("pattern") {
      guard case .string(let pattern) = value else { throw error("pattern", "must be a string") }
      try compile(pattern, of: "pattern")
      checks.append(.pattern(pattern))
    }
    if let count = try count("maxItems") { checks.append(.maxItems(count)) }
    if let count = try count("minItems") { checks.append(.minItems(count)) }
    if let value = value("uniqueItems") {
      guard case .bool(let isAsked) = value else { throw error("uniqueItems", "must be true or false") }
      if isAsked { checks.append(.uniqueItems) }
    }
    if let count = try count("maxProperties") { checks.append(.maxProperties(count)) }
    if let count = try count("minProperties") { checks.append(.minProperties(count)) }
    if let value = value("required") {
      guard let names = Self.names(value) else {
        throw error("required", "must be a list of different names")
      }
      checks.append(.required(names))
    }
    if let value = value("dependentRequired") {
      guard case .object(let map) = value else { throw error("dependentRequired", "must be an object") }
      var dependents: [Dependent<[String]>] = []
      for member in map.members {
        guard let names = Self.names(member.value) else {
          throw error("dependentRequired", "must hold lists of different names")
        }
        dependents.append(Dependent(key: member.key, consequence: names))
      }
      checks.append(.dependentRequired(dependents))
    }
    return checks
  }

  private mutating func types() throws(SchemaError) -> [String]? {
    guard let value = value("type") else { return nil }
    let names: [String]?
    if case .string(let name) = value { names = [name] } else { names = Self.names(value) }
    let known: Set<String> = ["array", "boolean", "integer", "null", "number", "object", "string"]
    guard let names, !names.isEmpty, known.isSuperset(of: names) else {
      throw error("type", "must be one or more of \(known.sorted().joined(separator: ", "))")
    }
    return names
  }

  private mutating func number(_ keyword: String) throws(SchemaError) -> JSONNumber? {
    guard let value = value(keyword) else { return nil }
    guard case .number(let number) = value else { throw error(keyword, "must be a number") }
    return number
  }

  /// A keyword that counts something.
  mutating func count(_ keyword: String) throws(SchemaError) -> Int? {
    guard let value = value(keyword) else { return nil }
    guard case .number(let number) = value, let count = number.int, count >= 0 else {
      throw error(keyword, "must be an integer from 0 on")
    }
    return count
  }

  /// The place of a subschema.
  mutating func schema(_ keyword: String) -> JSONPointer? {
    value(keyword) == nil ? nil : pointer.appending(keyword)
  }

  /// The places of a list of subschemas.
  mutating func schemaList(_ keyword: String) throws(SchemaError) -> [JSONPointer] {
    guard let value = value(keyword) else { return [] }
    guard case .array(let schemas) = value, !schemas.isEmpty else {
      throw error(keyword, "must be a list of schemas")
    }
    return schemas.indices.map { pointer.appending(keyword).appending($0) }
  }

  /// The keys and places of an object of subschemas.
  mutating func schemaMap(_ keyword: String) throws(SchemaError) -> [(String, JSONPointer)] {
    guard let value = value(keyword) else { return [] }
    guard case .object(let map) = value else { throw error(keyword, "must be an object of schemas") }
    return map.keys.map { ($0, pointer.appending(keyword).appending($0)) }
  }

  /// Refuses a pattern that does not compile.
  func compile(_ pattern: String, of keyword: String) throws(SchemaError) {
    do {
      _ = try SchemaPattern(parsing: pattern)
    } catch let problem {
      throw error(keyword, "holds the pattern \(pattern), which \(problem.reason)")
    }
  }

  private static func names(_ value: JSONValue) -> [String]? {
    guard case .array(let items) = value else { return nil }
    var names: [String] = []
    for item in items {
      guard case .string(let name) = item else { return nil }
      names.append(name)
    }
    return Set(names.map { ExactString($0) }).count == names.count ? names : nil
  }
}
