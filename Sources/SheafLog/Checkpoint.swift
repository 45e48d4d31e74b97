import SheafModel

/// A log's size and root at one moment: the audit head and the sync position.
///
/// `Schemas/checkpoint.md`; C2SP *tlog-checkpoint* without extension lines.
public struct Checkpoint: Hashable, Sendable {
  /// Which log this is of.
  public let origin: String
  /// How many leaves the log has.
  public let size: UInt64
  /// The root of the tree over them.
  public let root: SHA256Hash

  /// States a log's size and root.
  ///
  /// - Throws: `CheckpointError` for an origin that is no line of text, a size
  ///   above 2⁶³ − 1, or a root of an empty log that is not the empty root.
  public init(origin: String, size: UInt64, root: SHA256Hash) throws(CheckpointError) {
    guard !origin.isEmpty, origin.utf8.allSatisfy({ $0 >= 0x20 }) else { throw .malformedOrigin }
    guard size <= MerkleNodeID.largestTreeSize else { throw .malformedSize }
    guard size > 0 || root == MerkleHash.emptyRoot else { throw .malformedRoot }
    self.origin = origin
    self.size = size
    self.root = root
  }

  /// Reads the three lines of a checkpoint's text.
  ///
  /// - Throws: `CheckpointError` for the first check that fails, in the order of `Schemas/checkpoint.md`.
  public init(parsing text: String) throws(CheckpointError) {
    guard let lines = text.canonicalLines, lines.count == 3 else { throw .wrongLines }
    guard let size = UInt64(canonicalDecimal: lines[1]) else { throw .malformedSize }
    guard let root = SHA256Hash(base64: lines[2]) else { throw .malformedRoot }
    try self.init(origin: lines[0], size: size, root: root)
  }

  /// The three lines.
  public var text: String { "\(origin)\n\(size)\n\(root.base64)\n" }
}
