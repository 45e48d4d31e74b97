import SheafModel

/// The publisher's signed word that it did not take a draft, and why.
///
/// Signed, so that whoever carries the answer can forge none and so hold a draft back. `Schemas/log.md`,
/// "Refusals".
public struct Refusal: Hashable, Sendable {
  /// The longest reason in bytes.
  public static let reasonLimit = 2 << 10
  /// The length of every signature in bytes.
  public static let signatureSizeInBytes = 64

  /// Why, on one line.
  public let reason: String
  /// Ed25519, by the log's key.
  public let signature: [UInt8]

  /// What somebody says a publisher signed; `isTrue(of:in:by:)` tells whether it did.
  public init(reason: String, signature: [UInt8]) {
    self.reason = reason
    self.signature = signature
  }

  /// Refuses a draft.
  ///
  /// - Parameters:
  ///   - leaf: The leaf hash of the draft's note.
  ///   - reason: Cut to its limit; control characters become spaces.
  ///   - key: The log's key.
  /// - Throws: `NoteError`, which no reason causes.
  public init(of leaf: SHA256Hash, in library: LibraryID, reason: String, by key: SigningKey)
    throws(NoteError)
  {
    let line = String(
      String.UnicodeScalarView(reason.unicodeScalars.map { $0.value < 0x20 ? " " : $0 })
    ).cut(toBytes: Self.reasonLimit)
    self.reason = line
    signature = try key.sign(text: Self.text(leaf, library, line)).signature
  }

  /// Whether the log's key signed this about a draft.
  public func isTrue(of leaf: SHA256Hash, in library: LibraryID, by key: VerifierKey) -> Bool {
    guard let line = try? NoteSignature(name: key.name, keyID: key.keyID, signature: signature) else {
      return false
    }
    return key.verifies(text: Self.text(leaf, library, reason), signature: line)
  }

  private static func text(_ leaf: SHA256Hash, _ library: LibraryID, _ reason: String) -> String {
    "sheaf/refusal/v1\n\(library)\n\(leaf.base64)\n\(reason)\n"
  }
}
