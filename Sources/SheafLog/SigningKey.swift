import Crypto
import SheafModel

/// The private half of a key that signs notes.
///
/// A log's key signs only what `SignerRule` allows. One Ed25519 key is used for
/// one `NoteAlgorithm`.
public struct SigningKey: Sendable {
  /// The public half.
  public let verifierKey: VerifierKey
  private let privateKey: Curve25519.Signing.PrivateKey

  /// Names a private key.
  ///
  /// - Parameter seed: The 32 bytes of an Ed25519 private key (RFC 8032 section 5.1.5).
  /// - Throws: `NoteError.malformedName` or `NoteError.malformedSeed`.
  public init(name: String, seed: [UInt8], algorithm: NoteAlgorithm = .ed25519) throws(NoteError) {
    guard seed.count == 32, let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else {
      throw .malformedSeed
    }
    privateKey = key
    verifierKey = try VerifierKey(
      name: name, algorithm: algorithm, publicKey: Array(key.publicKey.rawRepresentation))
  }

  /// Signs a text with a key for `NoteAlgorithm.ed25519`.
  ///
  /// - Throws: `NoteError.unfinishedText` or `NoteError.controlCharacter` for a text no reader would take.
  public func sign(text: String) throws(NoteError) -> NoteSignature {
    precondition(verifierKey.algorithm == .ed25519, "a cosigning key signs with a time")
    try SignedNote.check(text: text)
    return try line(Self.signature(by: privateKey, over: Array(text.utf8)))
  }

  /// Signs a text and the time it was seen with a key for `NoteAlgorithm.cosignature`.
  ///
  /// - Parameter time: Seconds since 1970, at most 2⁶³ − 1.
  public func cosign(text: String, time: UInt64) throws(NoteError) -> NoteSignature {
    precondition(verifierKey.algorithm == .cosignature, "a key for texts signs no times")
    precondition(time <= Cosignature.largestTime, "a time is read from a clock")
    try SignedNote.check(text: text)
    let signature = try Self.signature(
      by: privateKey, over: Cosignature.message(text: text, time: time))
    return try line(time.bigEndianBytes + signature)
  }

  /// Signs a text and puts the note together.
  public func signedNote(text: String) throws(NoteError) -> SignedNote {
    try SignedNote(text: text, signatures: [sign(text: text)])
  }

  private func line(_ signature: [UInt8]) throws(NoteError) -> NoteSignature {
    try NoteSignature(name: verifierKey.name, keyID: verifierKey.keyID, signature: signature)
  }

  private static func signature(
    by key: Curve25519.Signing.PrivateKey, over message: [UInt8]
  ) throws(NoteError) -> [UInt8] {
    guard let signature = try? key.signature(for: message) else { throw .malformedSeed }
    return Array(signature)
  }
}
