/// A string that is compared and hashed by its UTF-8 bytes.
///
/// Swift's own `==` holds "é" and "e" + U+0301 for equal. Keys, paths and stored
/// text must not: two spellings are two keys, on every machine.
public struct ExactString: Hashable, Sendable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible
{
  /// The string as it was given.
  public let text: String

  /// Wraps a string.
  public init(_ text: some StringProtocol) { self.text = String(text) }

  /// Wraps a literal.
  public init(stringLiteral value: String) { text = value }

  /// The string itself.
  public var description: String { text }

  public static func == (lhs: ExactString, rhs: ExactString) -> Bool {
    lhs.text.utf8.elementsEqual(rhs.text.utf8)
  }

  public static func < (lhs: ExactString, rhs: ExactString) -> Bool {
    lhs.text.utf8.lexicographicallyPrecedes(rhs.text.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    // A terminator no UTF-8 text holds, so that ("a", "b") and ("ab", "") differ.
    hasher.combine(UInt8(0xff))
  }
}
