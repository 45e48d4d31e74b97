import SheafModel

/// What the library's state is at one checkpoint: the text of a note that the
/// log's key signs beside the checkpoint.
///
/// `Schemas/state-tree.md`. Its first line keeps it apart from a checkpoint,
/// which has one line fewer.
public struct StateNote: Hashable, Sendable {
  /// Which log the state follows from.
  public let origin: String
  /// The size of the log at the checkpoint.
  public let size: UInt64
  /// `StateTree.libraryRoot` over all collections.
  public let root: SHA256Hash

  /// The first line of the text.
  static let header = "sheaf/state/v1"

  /// States a library's root at a checkpoint's size.
  ///
  /// - Throws: `CheckpointError` for an origin that is no line of text or a size above 2⁶³ − 1.
  public init(origin: String, size: UInt64, root: SHA256Hash) throws(CheckpointError) {
    guard !origin.isEmpty, origin.utf8.allSatisfy({ $0 >= 0x20 }) else { throw .malformedOrigin }
    guard size <= MerkleNodeID.largestTreeSize else { throw .malformedSize }
    self.origin = origin
    self.size = size
    self.root = root
  }

  /// Reads the four lines of a state note's text.
  ///
  /// - Throws: `CheckpointError` for the first check that fails.
  public init(parsing text: String) throws(CheckpointError) {
    guard let lines = text.canonicalLines, lines.count == 4, lines[0].isSameBytes(as: Self.header) else {
      throw .wrongLines
    }
    guard let size = UInt64(canonicalDecimal: lines[2]) else { throw .malformedSize }
    guard let root = SHA256Hash(base64: lines[3]) else { throw .malformedRoot }
    try self.init(origin: lines[1], size: size, root: root)
  }

  /// The four lines.
  public var text: String { "\(Self.header)\n\(origin)\n\(size)\n\(root.base64)\n" }

  /// Reads the state note of a checkpoint that holds, and checks that the log's key signed it for that one.
  ///
  /// - Throws: `CheckpointError`; the order of checks is that of `Schemas/state-tree.md`.
  public init(
    verifying note: SignedNote, by key: VerifierKey, for checkpoint: Checkpoint
  ) throws(CheckpointError) {
    try self.init(parsing: note.text)
    guard origin.isSameBytes(as: checkpoint.origin) else {
      throw .anotherOrigin(found: origin, expected: checkpoint.origin)
    }
    guard size == checkpoint.size else { throw .anotherSize(found: size, expected: checkpoint.size) }
    guard key.verifies(note: note) else { throw .notSigned(by: key.name) }
  }
}
