import SheafModel

/// A checkpoint in its signed note, with the log's signature and any cosignatures.
///
/// Well formed, nothing more, until `verified(by:origin:)` has answered.
public struct SignedCheckpoint: Hashable, Sendable {
  /// The note as it came.
  public let note: SignedNote
  /// What its text says.
  public let checkpoint: Checkpoint

  /// The largest note a reader takes by default, in bytes.
  public static let defaultMaximumSize = 16 * 1024
  /// How many signature lines a reader takes by default; what C2SP *signed-note* asks of every reader.
  public static let defaultMaximumSignatures = 16

  /// Takes a note whose text is a checkpoint.
  public init(note: SignedNote) throws(CheckpointError) {
    checkpoint = try Checkpoint(parsing: note.text)
    self.note = note
  }

  /// Reads a checkpoint's note.
  ///
  /// - Throws: `CheckpointError.note` for what is wrong with the note, other cases for its text.
  public init(
    parsing bytes: [UInt8], maximumSize: Int = defaultMaximumSize,
    maximumSignatures: Int = defaultMaximumSignatures
  ) throws(CheckpointError) {
    let note: SignedNote
    do throws(NoteError) {
      note = try SignedNote(
        parsing: bytes, maximumSize: maximumSize, maximumSignatures: maximumSignatures)
    } catch {
      throw .note(error)
    }
    try self.init(note: note)
  }

  /// Signs a checkpoint. The caller has asked `SignerRule` first.
  public init(_ checkpoint: Checkpoint, signedBy key: SigningKey) throws(NoteError) {
    note = try key.signedNote(text: checkpoint.text)
    self.checkpoint = checkpoint
  }

  /// The note as it is stored and sent.
  public var bytes: [UInt8] { note.bytes }

  /// Checks that this is the log's own word: its origin, then its key's signature.
  ///
  /// - Returns: The checkpoint, for the caller to go on with.
  /// - Throws: `CheckpointError.anotherOrigin` or `CheckpointError.notSigned`.
  @discardableResult
  public func verified(by key: VerifierKey, origin: String) throws(CheckpointError) -> Checkpoint {
    guard checkpoint.origin.isSameBytes(as: origin) else {
      throw .anotherOrigin(found: checkpoint.origin, expected: origin)
    }
    guard key.verifies(note: note) else { throw .notSigned(by: key.name) }
    return checkpoint
  }
}
