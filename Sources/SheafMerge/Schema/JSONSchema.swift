import SheafModel

/// A schema of the part of JSON Schema 2020-12 that Sheaf reads (`Schemas/json-schema.md`).
///
/// A schema that holds a keyword outside that part is refused rather than half understood.
/// Annotations, and members whose names start with `x-`, are kept in `source` and ignored here.
public struct JSONSchema: Hashable, Sendable {
  /// The schema as it was written.
  public let source: JSONValue
  let nodes: [SchemaNode]

  /// Reads a schema.
  ///
  /// - Throws: `SchemaError` for a keyword that is malformed or unsupported, a reference that
  ///   leads nowhere or out of the schema, a pattern that does not compile, and a schema that
  ///   refers to itself without descending into the value.
  public init(parsing source: JSONValue) throws(SchemaError) {
    var parser = SchemaParser(source: source)
    self.source = source
    nodes = try parser.parse()
  }

  /// The rules that a value breaks, in the order of the schema; at most 100.
  ///
  /// Work is bounded: past 128 schemas within each other or a million checks, the value counts as
  /// broken, with a rule that says so.
  public func validate(_ value: JSONValue) -> [SchemaViolation] {
    var validator = SchemaValidator(nodes: nodes)
    return validator.violations(of: value)
  }

  public static func == (lhs: JSONSchema, rhs: JSONSchema) -> Bool { lhs.source == rhs.source }

  public func hash(into hasher: inout Hasher) { hasher.combine(source) }
}
