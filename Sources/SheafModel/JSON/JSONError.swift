/// Why bytes are not the JSON that this library reads, and where.
public struct JSONError: SheafFailure, Hashable {
  /// The rule that was broken.
  public enum Rule: Hashable, Sendable {
    /// The bytes are not well-formed UTF-8.
    case invalidUTF8
    /// A byte-order mark stands at the start (RFC 8259 section 8.1).
    case byteOrderMark
    /// Something else stands where the grammar allows only what is named.
    case expected(String)
    /// The bytes end inside a value.
    case unexpectedEnd
    /// Bytes other than white space follow the value.
    case trailingBytes
    /// A control character stands in a string without an escape.
    case controlCharacter
    /// A backslash is followed by something that is no escape.
    case invalidEscape
    /// Half of a surrogate pair stands alone in an escape.
    case unpairedSurrogate
    /// A key stands twice in one object; it stood first at this line and column.
    case duplicateKey(String, firstLine: Int, firstColumn: Int)
    /// Arrays and objects are nested deeper than this.
    case tooDeep(limit: Int)
    /// The document has more members and items than this.
    case tooManyMembers(limit: Int)
    /// A string is longer than this many bytes.
    case stringTooLong(limit: Int)
    /// A number is spelled with more than this many characters.
    case numberTooLong(limit: Int)
  }

  /// The rule that was broken.
  public let rule: Rule
  /// Where, in bytes from the start.
  public let offset: Int
  /// Where, in lines from 1.
  public let line: Int
  /// Where, in Unicode scalars from 1.
  public let column: Int

  init(_ rule: Rule, at offset: Int, in bytes: [UInt8]) {
    self.rule = rule
    self.offset = offset
    (line, column) = UTF8Text.place(of: offset, in: bytes)
  }

  /// The rule as a sentence without a full stop.
  public var reason: String {
    switch rule {
    case .invalidUTF8: "the bytes are not UTF-8"
    case .byteOrderMark: "a byte-order mark stands before the value"
    case .expected(let what): "\(what) must stand here"
    case .unexpectedEnd: "the text ends inside a value"
    case .trailingBytes: "something follows the value"
    case .controlCharacter: "a control character in a string must be escaped"
    case .invalidEscape: "this escape does not exist in JSON"
    case .unpairedSurrogate: "half a surrogate pair stands alone"
    case .duplicateKey(let key, let line, let column):
      "the key \"\(key)\" stands twice; first at line \(line), column \(column)"
    case .tooDeep(let limit): "values are nested deeper than \(limit)"
    case .tooManyMembers(let limit): "the document has more than \(limit) members"
    case .stringTooLong(let limit): "a string is longer than \(limit) bytes"
    case .numberTooLong(let limit): "a number has more than \(limit) characters"
    }
  }

  public var problem: String { "JSON cannot be read at line \(line), column \(column): \(reason)" }

  public var hint: String? {
    switch rule {
    case .invalidUTF8, .byteOrderMark: "Save the file as UTF-8 without a byte-order mark."
    case .duplicateKey: "Remove one of the two members."
    default: "Correct the file at that place."
    }
  }
}

/// How much JSON a reader takes before it refuses.
public struct JSONLimits: Hashable, Sendable {
  /// How deep arrays and objects may be nested.
  public var depth: Int
  /// How many object members and array items a document may have in all.
  public var members: Int
  /// How many bytes a string or key may have.
  public var stringSizeInBytes: Int
  /// How many characters a number may have.
  public var numberLength: Int

  /// Makes limits.
  public init(depth: Int, members: Int, stringSizeInBytes: Int, numberLength: Int = 1_000) {
    self.depth = depth
    self.members = members
    self.stringSizeInBytes = stringSizeInBytes
    self.numberLength = numberLength
  }

  /// What documents may have: depth 64, 100,000 members, strings of 4 MiB.
  public static let standard = JSONLimits(depth: 64, members: 100_000, stringSizeInBytes: 4 << 20)
}
