import Crypto

/// Sixteen bytes from which the salts of one change set derive.
///
/// Destroyed, with the content, by a lawful erasure; see `Schemas/commitments.md`.
public struct Seed: Hashable, Sendable {
  /// The size of a seed in bytes.
  public static let sizeInBytes = 16
  /// The 16 bytes.
  public let bytes: [UInt8]

  /// Takes 16 bytes; `nil` for any other count.
  public init?(bytes: [UInt8]) {
    guard bytes.count == Self.sizeInBytes else { return nil }
    self.bytes = bytes
  }

  /// Draws a new seed.
  public init(using random: inout some RandomNumberGenerator) {
    bytes = (0..<Self.sizeInBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  }

  /// The salt of line `line`, counted from one; line 0 is the change set's reason.
  public func salt(line: UInt32) -> [UInt8] {
    var message = Array("sheaf/salt/v1\n".utf8)
    withUnsafeBytes(of: line.bigEndian) { message.append(contentsOf: $0) }
    let code = HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: bytes))
    return Array(code.prefix(16))
  }
}

/// A hash that binds content without revealing it: the log carries these, never content.
///
/// SHA-256 over a label, a salt and the content's SHA-256 (`Schemas/commitments.md`).
public struct Commitment: Hashable, Sendable {
  /// The commitment's bytes.
  public let hash: SHA256Hash

  /// Takes a commitment that was read.
  public init(hash: SHA256Hash) { self.hash = hash }

  /// Commits to a revision's content.
  public init(content: SHA256Hash, seed: Seed, line: UInt32) {
    hash = Self.commit(label: "sheaf/content/v1\n", salt: seed.salt(line: line), to: content)
  }

  /// Commits to a change set's reason.
  public init(reason: SHA256Hash, seed: Seed) {
    hash = Self.commit(label: "sheaf/reason/v1\n", salt: seed.salt(line: 0), to: reason)
  }

  /// Commits to a revision's content, or with line 0 to a reason, by the salt that an erasure left.
  public init(_ content: SHA256Hash, salt: [UInt8], line: UInt32) {
    hash = Self.commit(label: line == 0 ? "sheaf/reason/v1\n" : "sheaf/content/v1\n", salt: salt, to: content)
  }

  private static func commit(label: String, salt: [UInt8], to content: SHA256Hash) -> SHA256Hash {
    var hasher = SHA256Hash.Hasher()
    hasher.update(Array(label.utf8))
    hasher.update(salt)
    hasher.update(content.bytes)
    return hasher.finalize()
  }
}
