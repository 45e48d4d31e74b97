import SheafModel

/// What binds the publisher's clock to a library: its public key, in a note that the log's key signed.
///
/// `Schemas/cosignatures.md`, "Key note".
public struct TimeKey: Hashable, Sendable {
  /// The note, as it is stored and sent.
  public let note: SignedNote
  /// The key that cosigns checkpoints with the publisher's time.
  public let key: VerifierKey

  static let header = "sheaf/time-key/v1"

  /// The name that the clock of a log signs under.
  public static func name(origin: String) -> String { origin + "/time" }

  /// Binds a clock's key to a log.
  public init(binding key: VerifierKey, origin: String, by logKey: SigningKey) throws(NoteError) {
    self.key = key
    note = try logKey.signedNote(text: "\(Self.header)\n\(origin)\n\(key.text)\n")
  }

  /// Reads a key note and checks that the log's key signed it for this log.
  ///
  /// - Throws: `CheckpointError`; the order of checks is that of `Schemas/cosignatures.md`.
  public init(verifying note: SignedNote, by logKey: VerifierKey, origin: String) throws(CheckpointError) {
    guard let lines = note.text.canonicalLines, lines.count == 3, lines[0].isSameBytes(as: Self.header) else {
      throw .wrongLines
    }
    guard logKey.verifies(note: note) else { throw .notSigned(by: logKey.name) }
    guard lines[1].isSameBytes(as: origin) else {
      throw .anotherOrigin(found: lines[1], expected: origin)
    }
    guard let key = try? VerifierKey(parsing: lines[2]), key.algorithm == .cosignature,
      key.name.isSameBytes(as: Self.name(origin: origin))
    else { throw .note(.malformedKey) }
    self.note = note
    self.key = key
  }
}
