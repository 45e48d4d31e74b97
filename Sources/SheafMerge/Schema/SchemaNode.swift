import SheafModel

/// One subschema, with its keywords read and its subschemas as indexes into the schema's nodes.
struct SchemaNode: Hashable, Sendable {
  /// Set for the boolean schemas.
  var verdict: Bool?
  /// The assertions in the order they are checked.
  var checks: [SchemaCheck] = []
  /// Subschemas that apply to the same value: the edges on which a schema could chase its tail.
  var inPlace: [Int] = []
  /// How the value merges, where the subschema declares it.
  var strategy: MergeStrategy?

  /// Subschemas that always apply to the same value; what they declare counts here too.
  var always: [Int] {
    checks.flatMap { check -> [Int] in
      switch check {
      case .reference(let index): [index]
      case .allOf(let indexes): indexes
      default: []
      }
    }
  }
}

/// An assertion or applicator; each carries what it needs.
enum SchemaCheck: Hashable, Sendable {
  case reference(Int)
  case type([String])
  case const(JSONValue)
  case `enum`([JSONValue])
  case multipleOf(JSONNumber)
  case maximum(JSONNumber)
  case exclusiveMaximum(JSONNumber)
  case minimum(JSONNumber)
  case exclusiveMinimum(JSONNumber)
  case maxLength(Int)
  case minLength(Int)
  case pattern(String)
  case maxItems(Int)
  case minItems(Int)
  case uniqueItems
  case maxProperties(Int)
  case minProperties(Int)
  case required([String])
  case dependentRequired([Dependent<[String]>])
  case dependentSchemas([Dependent<Int>])
  case propertyNames(Int)
  case members(SchemaMembers)
  case items(prefix: [Int], rest: Int?)
  case contains(Int, least: Int, most: Int?)
  case allOf([Int])
  case anyOf([Int])
  case oneOf([Int])
  case not(Int)
  case conditional(if: Int, then: Int?, else: Int?)
  /// These two come last: they look at what the others left.
  case unevaluatedItems(Int)
  case unevaluatedProperties(Int)
}

/// What follows when a key is there.
struct Dependent<Consequence: Hashable & Sendable>: Hashable, Sendable {
  var key: String
  var consequence: Consequence
}

/// `properties`, `patternProperties` and `additionalProperties`, which share their members.
struct SchemaMembers: Hashable, Sendable {
  var named: [ExactString: Int] = [:]
  var patterns: [Dependent<Int>] = []
  var additional: Int?
}
