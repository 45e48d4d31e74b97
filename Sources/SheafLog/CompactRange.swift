import SheafModel

/// The right edge of a tree: the hashes of the perfect subtrees that its leaves
/// fall into, left to right, one for every bit set in the size.
///
/// It is all a replica must keep to go on growing a tree and to know its root.
public struct CompactRange: Hashable, Sendable {
  /// How many leaves the tree has.
  public private(set) var size: UInt64
  /// The roots of its perfect subtrees, the largest and leftmost first.
  public private(set) var nodes: [SHA256Hash]

  /// The edge of an empty tree.
  public init() {
    size = 0
    nodes = []
  }

  /// Takes a kept edge, or `nil` when the number of nodes is not the number of
  /// bits set in `size`, or `size` is above 2⁶³ − 1.
  public init?(size: UInt64, nodes: [SHA256Hash]) {
    guard size <= MerkleNodeID.largestTreeSize, nodes.count == size.nonzeroBitCount else { return nil }
    self.size = size
    self.nodes = nodes
  }

  /// Adds one leaf, by its hash.
  ///
  /// - Parameter completed: Is told every perfect subtree this leaf completes,
  ///   the leaf itself first, then upwards. These are the nodes a store keeps.
  public mutating func append(
    leaf: SHA256Hash, completed: ((MerkleNodeID, SHA256Hash) -> Void)? = nil
  ) {
    precondition(size < MerkleNodeID.largestTreeSize, "a log cannot grow beyond 2^63 - 1 leaves")
    carry(leaf, level: 0, completed: completed)
  }

  /// Adds a perfect subtree of 2^`level` leaves, by its root.
  ///
  /// - Throws: `MerkleError.misalignedSubtree` when the size so far is no multiple
  ///   of 2^`level`, `MerkleError.sizeTooLarge` when the tree would become too
  ///   large; nothing is added then.
  public mutating func append(
    subtree: SHA256Hash, level: Int, completed: ((MerkleNodeID, SHA256Hash) -> Void)? = nil
  ) throws(MerkleError) {
    guard (0..<63).contains(level), size == 0 || size.trailingZeroBitCount >= level else {
      throw .misalignedSubtree(level: level, size: size)
    }
    let added = UInt64(1) << UInt64(level)
    guard added <= MerkleNodeID.largestTreeSize - size else { throw .sizeTooLarge(size) }
    carry(subtree, level: level, completed: completed)
  }

  /// The root of the tree (RFC 6962 section 2.1).
  public var root: SHA256Hash {
    guard var root = nodes.last else { return MerkleHash.emptyRoot }
    for node in nodes.dropLast().reversed() { root = MerkleHash.node(node, root) }
    return root
  }

  // Like adding one to a binary number: two subtrees of one level become one of the next.
  private mutating func carry(
    _ hash: SHA256Hash, level start: Int, completed: ((MerkleNodeID, SHA256Hash) -> Void)?
  ) {
    var (hash, level, index) = (hash, start, size >> UInt64(start))
    size += 1 << UInt64(start)
    completed?(MerkleNodeID(level: level, index: index), hash)
    while index & 1 == 1, let left = nodes.popLast() {
      hash = MerkleHash.node(left, hash)
      level += 1
      index >>= 1
      completed?(MerkleNodeID(level: level, index: index), hash)
    }
    nodes.append(hash)
  }
}
