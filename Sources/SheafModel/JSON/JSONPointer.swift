/// A path to one value inside a JSON document (RFC 6901).
public struct JSONPointer: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The keys and array indexes on the way, without escapes; none for the whole document.
  public let tokens: [String]

  /// The pointer to the whole document, written as the empty string.
  public static let root = JSONPointer(tokens: [])

  /// Makes a pointer of unescaped tokens.
  public init(tokens: [String]) { self.tokens = tokens }

  /// Reads the string form; `nil` when it does not start with "/" or holds a "~" that escapes nothing.
  public init?(_ text: String) {
    guard !text.isEmpty else {
      self = .root
      return
    }
    guard text.utf8.first == UInt8(ascii: "/") else { return nil }
    var tokens: [String] = []
    var token: [UInt8] = []
    var escapes = false
    for byte in text.utf8.dropFirst() {
      if escapes {
        switch byte {
        case UInt8(ascii: "0"): token.append(UInt8(ascii: "~"))
        case UInt8(ascii: "1"): token.append(UInt8(ascii: "/"))
        default: return nil
        }
        escapes = false
      } else if byte == UInt8(ascii: "~") {
        escapes = true
      } else if byte == UInt8(ascii: "/") {
        tokens.append(String(decoding: token, as: UTF8.self))
        token.removeAll(keepingCapacity: true)
      } else {
        token.append(byte)
      }
    }
    guard !escapes else { return nil }
    tokens.append(String(decoding: token, as: UTF8.self))
    self.tokens = tokens
  }

  /// The pointer to a member or item of what this points to.
  public func appending(_ token: String) -> JSONPointer { JSONPointer(tokens: tokens + [token]) }

  /// The pointer to an item of the array this points to.
  public func appending(_ index: Int) -> JSONPointer { appending(String(index)) }

  /// The string form, with "~" and "/" escaped.
  public var description: String {
    var text: [UInt8] = []
    for token in tokens {
      text.append(UInt8(ascii: "/"))
      for byte in token.utf8 {
        switch byte {
        case UInt8(ascii: "~"): text += "~0".utf8
        case UInt8(ascii: "/"): text += "~1".utf8
        default: text.append(byte)
        }
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The array index a token spells: digits without a leading zero.
  static func arrayIndex(_ token: String) -> Int? {
    let digits = token.utf8
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    guard digits.count == 1 || digits.first != 0x30 else { return nil }
    return Int(token)
  }

  public static func == (lhs: JSONPointer, rhs: JSONPointer) -> Bool {
    lhs.tokens.count == rhs.tokens.count
      && zip(lhs.tokens, rhs.tokens).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(tokens.count)
    for token in tokens { hasher.combine(ExactString(token)) }
  }

  public static func < (lhs: JSONPointer, rhs: JSONPointer) -> Bool {
    lhs.tokens.map { ExactString($0) }.lexicographicallyPrecedes(rhs.tokens.map { ExactString($0) })
  }
}
