import SheafModel

/// The entity tag of a bundle: the log size it leads to, and the beginning of its hash.
///
/// Strong: it differs whenever the bytes do. The size is in it so that a download that is
/// taken up later asks for the same bundle although the log has grown. Whoever receives
/// another's tag takes it for what it is, a name.
public struct BundleTag: Hashable, Sendable {
  /// How many bytes of the hash are named.
  private static let digestSizeInBytes = 9
  /// The log size the bundle leads to; `nil` in a tag of another make.
  public let to: UInt64?
  /// What stands between the quotes.
  public let text: String
  private let digest: String?

  /// Names a bundle.
  public init(to: UInt64, hash: SHA256Hash) {
    let digest = Self.digest(of: hash)
    self.to = to
    self.digest = digest
    text = "\(to).\(digest)"
  }

  /// Reads what stands between the quotes of a strong entity tag, at most 128 characters
  /// (RFC 9110 section 8.8.3).
  public init?(text: String) {
    guard !text.isEmpty, text.utf8.count <= 128,
      text.utf8.allSatisfy({ $0 == 0x21 || (0x23...0x7e).contains($0) })
    else { return nil }
    self.text = text
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let to = UInt64(parts[0]), "\(to)" == parts[0],
      parts[1].utf8.count == Self.digestSizeInBytes / 3 * 4
    else {
      to = nil
      digest = nil
      return
    }
    self.to = to
    digest = String(parts[1])
  }

  /// Reads a header field: quotes and what stands between them.
  public init?(field: String) {
    guard field.utf8.count > 2, field.hasPrefix("\""), field.hasSuffix("\"") else { return nil }
    self.init(text: String(field.dropFirst().dropLast()))
  }

  /// The tag as a header field.
  public var field: String { "\"\(text)\"" }

  /// Whether bytes with this hash may have the tag; another's tag says nothing about that.
  public func fits(_ hash: SHA256Hash) -> Bool { digest.map { $0 == Self.digest(of: hash) } ?? true }

  private static func digest(of hash: SHA256Hash) -> String {
    Base64.encodeForURLs(Array(hash.bytes.prefix(digestSizeInBytes)))
  }
}
