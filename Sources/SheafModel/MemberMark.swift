/// The short public mark of a member's key: 16 hexadecimal digits.
public struct MemberMark: Hashable, Sendable, CustomStringConvertible {
  /// 16 lower-case hexadecimal digits.
  public let text: String

  /// Marks a public key.
  public init(publicKey: [UInt8]) { text = String(SHA256Hash(hashing: publicKey).hex.prefix(16)) }

  /// Reads a mark; `nil` unless it is 16 lower-case hexadecimal digits.
  public init?(_ text: String) {
    guard text.utf8.count == 16, text == text.lowercased(), Hexadecimal.decode(text) != nil else {
      return nil
    }
    self.text = text
  }

  public var description: String { text }
}
