import SheafModel

/// Why a tree, or a proof about it, could not be computed.
public enum MerkleError: SheafFailure, Equatable {
  /// The hash of a subtree that must exist is not there.
  case missingNode(MerkleNodeID)
  /// A leaf or a tile was asked for that a tree of this size does not have.
  case outsideTree(index: UInt64, size: UInt64)
  /// A consistency proof was asked for from a larger tree to a smaller one.
  case sizesOutOfOrder(from: UInt64, to: UInt64)
  /// A tree of this size cannot be had: sizes end at 2⁶³ − 1.
  case sizeTooLarge(UInt64)
  /// A subtree of 2^`level` leaves cannot follow `size` leaves.
  case misalignedSubtree(level: Int, size: UInt64)
  /// Leaves to prove are out of order, repeated, or not among `total` leaves.
  case unorderedLeaves(total: Int)
  /// A subset proof has `count` hashes, which is too few or too many.
  case wrongProofSize(count: Int)

  public var problem: String {
    switch self {
    case .missingNode(let id):
      "the log's tree has no hash at level \(id.level), index \(id.index)"
    case .outsideTree(let index, let size):
      "there is no index \(index) in a log of size \(size)"
    case .sizesOutOfOrder(let from, let to):
      "a log of size \(to) cannot extend one of size \(from)"
    case .sizeTooLarge(let size):
      "a log cannot have the size \(size)"
    case .misalignedSubtree(let level, let size):
      "a subtree of level \(level) cannot follow \(size) leaves"
    case .unorderedLeaves(let total):
      "the lines to prove are out of order or not among the \(total) there are"
    case .wrongProofSize(let count):
      "a proof of \(count) hashes does not fit the lines it is for"
    }
  }

  public var hint: String? {
    switch self {
    case .missingNode: "Run `sheaf verify` to find out what else is damaged."
    case .sizeTooLarge, .misalignedSubtree, .unorderedLeaves, .wrongProofSize:
      "Fetch it again, or from another remote."
    case .outsideTree, .sizesOutOfOrder: nil
    }
  }

  public var kind: FailureKind {
    switch self {
    case .outsideTree, .sizesOutOfOrder: .failed
    default: .verification
    }
  }
}
