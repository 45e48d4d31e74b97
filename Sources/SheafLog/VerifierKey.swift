import Crypto
import SheafModel

/// How a key signs notes; the byte is C2SP *signed-note*'s signature type.
public enum NoteAlgorithm: UInt8, Sendable, Hashable {
  /// Ed25519 over the text.
  case ed25519 = 0x01
  /// Ed25519 over a time and the text: a witness's or the timestamp key's
  /// cosignature of a checkpoint (C2SP *tlog-cosignature*).
  case cosignature = 0x04
}

/// The public half of a key that signs notes, with the name it signs under.
///
/// `Schemas/signed-note.md`.
public struct VerifierKey: Hashable, Sendable {
  /// The name on its signature lines.
  public let name: String
  /// How it signs.
  public let algorithm: NoteAlgorithm
  /// The Ed25519 public key, 32 bytes.
  public let publicKey: [UInt8]
  /// The first four bytes of SHA-256(name, line feed, algorithm, public key).
  public let keyID: UInt32

  /// Names a public key.
  ///
  /// - Throws: `NoteError.malformedName`, or `NoteError.malformedKey` when there are not 32 bytes.
  public init(name: String, algorithm: NoteAlgorithm = .ed25519, publicKey: [UInt8]) throws(NoteError) {
    guard NoteSignature.isName(name) else { throw .malformedName(name) }
    guard publicKey.count == 32 else { throw .malformedKey }
    self.name = name
    self.algorithm = algorithm
    self.publicKey = publicKey
    let hash = SHA256Hash(hashing: Array(name.utf8) + [0x0a, algorithm.rawValue] + publicKey)
    keyID = hash.bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Reads `name+keyID+key`: eight lower-case hexadecimal digits, and the base64
  /// of the algorithm byte and the public key.
  ///
  /// - Throws: `NoteError.malformedKey`, also when the key ID is not that of the key.
  public init(parsing text: String) throws(NoteError) {
    // Base64 may hold a plus as well, names may not.
    let fields = text.utf8.split(
      separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false
    ).compactMap { String($0) }
    guard
      fields.count == 3, let bytes = Base64.decode(fields[2]), let first = bytes.first,
      let algorithm = NoteAlgorithm(rawValue: first), NoteSignature.isName(fields[0])
    else { throw .malformedKey }
    try self.init(name: fields[0], algorithm: algorithm, publicKey: Array(bytes.dropFirst()))
    guard fields[1] == Hexadecimal.encode(keyID.bigEndianBytes) else { throw .malformedKey }
  }

  /// The key in the form that `init(parsing:)` and Go's `sumdb/note` read.
  public var text: String {
    let key = Base64.encode([algorithm.rawValue] + publicKey)
    return "\(name)+\(Hexadecimal.encode(keyID.bigEndianBytes))+\(key)"
  }

  /// Whether a signature line bears this key's name and ID.
  public func matches(_ signature: NoteSignature) -> Bool {
    signature.keyID == keyID && signature.name.utf8.elementsEqual(name.utf8)
  }

  /// Whether the note has a signature of this key, and none of this key that is false.
  public func verifies(note: SignedNote) -> Bool {
    let own = note.signatures.filter(matches)
    return !own.isEmpty && own.allSatisfy { verifies(text: note.text, signature: $0) }
  }

  /// Whether a signature is this key's over the text.
  public func verifies(text: String, signature: NoteSignature) -> Bool {
    guard matches(signature) else { return false }
    var bytes = signature.signature[...]
    var message = Array(text.utf8)
    if algorithm == .cosignature {
      guard let time = Cosignature.time(of: bytes) else { return false }
      message = Cosignature.message(text: text, time: time)
      bytes = bytes.dropFirst(8)
    }
    guard bytes.count == 64, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else {
      return false
    }
    return key.isValidSignature(Array(bytes), for: message)
  }

  /// The time of a cosignature of the text by this key; `nil` when it is none, or false.
  public func cosignedTime(text: String, signature: NoteSignature) -> UInt64? {
    guard algorithm == .cosignature, verifies(text: text, signature: signature) else { return nil }
    return Cosignature.time(of: signature.signature[...])
  }

  /// The latest time, in seconds since 1970, at which this key cosigned the note,
  /// or `nil` when it is no cosigning key or `verifies(note:)` is false.
  public func cosignedTime(of note: SignedNote) -> UInt64? {
    guard algorithm == .cosignature, verifies(note: note) else { return nil }
    return note.signatures.filter(matches).compactMap { Cosignature.time(of: $0.signature[...]) }.max()
  }
}
