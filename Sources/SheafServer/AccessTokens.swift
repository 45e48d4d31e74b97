import SheafModel

/// Who may do what: one shared token for each role.
///
/// Tokens are kept as hashes and compared in constant time. They are never shown:
/// the description names only which of them are set.
public struct AccessTokens: Sendable, CustomStringConvertible, CustomReflectable {
  /// What a request may do.
  public enum Role: Sendable, Comparable {
    case reader, contributor
  }

  private let reader: SHA256Hash?
  private let contributor: SHA256Hash?

  /// Sets the tokens.
  ///
  /// - Parameters:
  ///   - reader: Allows reading; `nil` lets everybody read.
  ///   - contributor: Allows reading and pushing; `nil` takes no drafts from anybody.
  public init(reader: String? = nil, contributor: String? = nil) {
    self.reader = reader.map { SHA256Hash(hashing: Array($0.utf8)) }
    self.contributor = contributor.map { SHA256Hash(hashing: Array($0.utf8)) }
  }

  /// What became of a request's credentials.
  enum Access: Equatable {
    case granted
    /// No token, or one that is not known.
    case unauthorized
    /// A known token that does not reach so far, or a role that nobody has here.
    case forbidden
  }

  /// Judges an `Authorization` header field.
  func access(to role: Role, authorization: String?) -> Access {
    var held: Role? = reader == nil ? .reader : nil
    if let authorization {
      guard let token = Self.bearer(authorization) else { return .unauthorized }
      let hash = SHA256Hash(hashing: Array(token.utf8))
      // Both comparisons are always made, so that time tells nothing about which one holds.
      let isReader = Self.equal(hash, reader)
      let isContributor = Self.equal(hash, contributor)
      // A token that is wrong is told so even where reading is open: its owner would otherwise
      // only learn of it when pushing.
      if !isReader, !isContributor, reader != nil || contributor != nil { return .unauthorized }
      if isReader { held = .reader }
      if isContributor { held = .contributor }
    }
    if let held, held >= role { return .granted }
    if role == .contributor, contributor == nil { return .forbidden }
    return authorization == nil ? .unauthorized : .forbidden
  }

  private static func bearer(_ field: String) -> Substring? {
    let parts = field.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return parts[1]
  }

  private static func equal(_ presented: SHA256Hash, _ known: SHA256Hash?) -> Bool {
    var difference: UInt8 = known == nil ? 1 : 0
    for (a, b) in zip(presented.bytes, (known ?? .zero).bytes) { difference |= a ^ b }
    return difference == 0
  }

  public var description: String {
    "reader \(reader == nil ? "open" : "set"), contributor \(contributor == nil ? "none" : "set")"
  }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
