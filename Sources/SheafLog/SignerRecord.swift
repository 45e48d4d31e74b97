import SheafModel

/// What the signer last signed, kept in a small file of its own outside the database.
///
/// A database restored from an old backup cannot make the signer forget it.
/// `Schemas/checkpoint.md`, "The signer's record".
public struct SignerRecord: Hashable, Sendable {
  /// Which log it signs.
  public let origin: String
  /// The size of the log it last signed.
  public let size: UInt64
  /// The root at that size.
  public let root: SHA256Hash

  private static let header = "sheaf/signer/v1"

  /// Records what is about to be signed.
  public init(_ checkpoint: Checkpoint) {
    (origin, size, root) = (checkpoint.origin, checkpoint.size, checkpoint.root)
  }

  /// Reads a record.
  ///
  /// - Throws: `SignerRefusal.damagedRecord` when any byte is other than it was written.
  public init(parsing text: String) throws(SignerRefusal) {
    guard
      let lines = text.canonicalLines, lines.count == 5, lines[0].isSameBytes(as: Self.header),
      let checkpoint = try? Checkpoint(parsing: lines[1...3].map { $0 + "\n" }.joined())
    else { throw .damagedRecord }
    self.init(checkpoint)
    guard self.text.isSameBytes(as: text) else { throw .damagedRecord }
  }

  /// The five lines: header, origin, size, root, and the SHA-256 of these.
  public var text: String {
    let body = "\(Self.header)\n\(origin)\n\(size)\n\(root.base64)\n"
    return "\(body)sha256 \(SHA256Hash(hashing: Array(body.utf8)).hex)\n"
  }
}
