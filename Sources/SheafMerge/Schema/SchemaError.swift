import SheafModel

/// Why a JSON Schema was refused, and where in it. Nothing was validated.
public struct SchemaError: SheafFailure, Hashable {
  /// The place in the schema.
  public let pointer: JSONPointer
  /// The keyword, or `nil` when the schema as a whole is at fault.
  public let keyword: String?
  /// What is wrong, as a sentence without a full stop.
  public let reason: String

  public var problem: String {
    let place = pointer.tokens.isEmpty ? "the schema" : "the schema at \(pointer)"
    return keyword.map { "\(place) cannot be used: \"\($0)\" \(reason)" }
      ?? "\(place) cannot be used: it \(reason)"
  }

  public var hint: String? { "Write the schema in the part of JSON Schema 2020-12 that Sheaf reads." }
}

/// One rule that a value breaks.
public struct SchemaViolation: Hashable, Sendable, CustomStringConvertible {
  /// The place in the value.
  public let pointer: JSONPointer
  /// The keyword that was broken.
  public let keyword: String
  /// What the value must be or have, as a sentence without subject, such as "must be one of …".
  public let rule: String

  /// Place and rule in one line.
  public var description: String {
    (pointer.tokens.isEmpty ? "the document" : pointer.description) + " " + rule
  }
}
