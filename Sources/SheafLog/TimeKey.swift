import SheafModel

/// What binds the publisher's clock to a library: its public key, in a note that the log's key signed.
///
/// `Schemas/cosignatures.md`, "Key note".
public struct TimeKey: Hashable, Sendable {
  /// The note, as it is stored and sent.
  public let note: SignedNote
  /// The key that cosigns checkpoints with the publisher's time.
  public let key: VerifierKey

  /// Which of the clock's keys it is, from 1: a later one ends all before it.
  public let generation: UInt64

  static let header = "sheaf/time-key/v1"

  /// The name that the clock of a log signs under.
  public static func name(origin: String) -> String { origin + "/time" }

  /// Binds a clock's key to a log.
  ///
  /// - Parameter generation: One more than that of the key before it, at most 2⁶³ - 1.
  public init(
    binding key: VerifierKey, generation: UInt64 = 1, origin: String, by logKey: SigningKey
  ) throws(NoteError) {
    self.key = key
    self.generation = generation
    note = try logKey.signedNote(text: "\(Self.header)\n\(origin)\n\(key.text)\n\(generation)\n")
  }

  /// Reads a key note and checks that the log's key signed it for this log.
  ///
  /// - Throws: `CheckpointError`; the order of checks is that of `Schemas/cosignatures.md`.
  public init(verifying note: SignedNote, by logKey: VerifierKey, origin: String) throws(CheckpointError) {
    guard let lines = note.text.canonicalLines, lines.count == 4, lines[0].isSameBytes(as: Self.header) else {
      throw .wrongLines
    }
    guard logKey.verifies(note: note) else { throw .notSigned(by: logKey.name) }
    guard lines[1].isSameBytes(as: origin) else {
      throw .anotherOrigin(found: lines[1], expected: origin)
    }
    guard let key = try? VerifierKey(parsing: lines[2]), key.algorithm == .cosignature,
      key.name.isSameBytes(as: Self.name(origin: origin))
    else { throw .note(.malformedKey) }
    guard let generation = UInt64(canonicalDecimal: lines[3]), generation > 0 else { throw .wrongLines }
    self.note = note
    self.key = key
    self.generation = generation
  }
}
