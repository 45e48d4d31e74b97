import SheafModel

/// Answers the hash of a perfect subtree that exists; throws when it is missing.
public typealias NodeReader = (MerkleNodeID) throws -> SHA256Hash

/// Roots and proofs over a tree whose perfect subtrees can be read, and the
/// checks that need no tree (RFC 6962 section 2.1, RFC 9162 section 2.1).
public enum MerkleProof {
  /// The root of the tree over the first `size` leaves.
  ///
  /// - Complexity: O(log `size`) node reads.
  public static func root(size: UInt64, nodes: NodeReader) throws -> SHA256Hash {
    try compactRange(size: size, nodes: nodes).root
  }

  /// The right edge of the tree over the first `size` leaves.
  ///
  /// - Throws: `MerkleError.sizeTooLarge`, or what `nodes` throws.
  public static func compactRange(size: UInt64, nodes: NodeReader) throws -> CompactRange {
    let hashes = try extensionNodes(from: 0, to: size).map(nodes)
    guard let range = CompactRange(size: size, nodes: hashes) else { throw MerkleError.sizeTooLarge(size) }
    return range
  }

  /// The hashes that lead from a leaf to the root, the leaf's sibling first (RFC 6962 section 2.1.1).
  ///
  /// - Throws: `MerkleError.outsideTree` when `index` is not below `size`.
  public static func inclusion(index: UInt64, size: UInt64, nodes: NodeReader) throws -> [SHA256Hash] {
    guard size <= MerkleNodeID.largestTreeSize else { throw MerkleError.sizeTooLarge(size) }
    guard index < size else { throw MerkleError.outsideTree(index: index, size: size) }
    var (start, end) = (UInt64(0), size)
    var proof: [SHA256Hash] = []
    while end - start > 1 {
      let middle = start + (end - start).merkleSplit
      if index < middle {
        proof.append(try subtreeRoot(from: middle, to: end, nodes: nodes))
        end = middle
      } else {
        proof.append(try subtreeRoot(from: start, to: middle, nodes: nodes))
        start = middle
      }
    }
    return proof.reversed()
  }

  /// Whether `proof` leads from the hash of leaf `index` to the root of a tree of
  /// `size` leaves (RFC 9162 section 2.1.3.2).
  public static func verifyInclusion(
    leaf: SHA256Hash, index: UInt64, size: UInt64, proof: [SHA256Hash], root: SHA256Hash
  ) -> Bool {
    guard size <= MerkleNodeID.largestTreeSize, index < size else { return false }
    var (position, last) = (index, size - 1)
    var hash = leaf
    for sibling in proof {
      guard last > 0 else { return false }
      if position & 1 == 1 || position == last {
        hash = MerkleHash.node(sibling, hash)
        // On the right edge, levels where this node has no sibling are skipped.
        while position & 1 == 0, position > 0 {
          position >>= 1
          last >>= 1
        }
      } else {
        hash = MerkleHash.node(hash, sibling)
      }
      position >>= 1
      last >>= 1
    }
    return last == 0 && hash == root
  }

  /// The hashes that show that the first `from` leaves are a prefix of the first
  /// `to` leaves (RFC 6962 section 2.1.2); none when `from` is 0 or `to`.
  ///
  /// - Throws: `MerkleError.sizesOutOfOrder` when `from` is above `to`.
  public static func consistency(from: UInt64, to: UInt64, nodes: NodeReader) throws -> [SHA256Hash] {
    guard to <= MerkleNodeID.largestTreeSize else { throw MerkleError.sizeTooLarge(to) }
    guard from <= to else { throw MerkleError.sizesOutOfOrder(from: from, to: to) }
    guard from > 0, from < to else { return [] }
    var (start, end) = (UInt64(0), to)
    var proof: [SHA256Hash] = []
    while from != end {
      let middle = start + (end - start).merkleSplit
      if from <= middle {
        proof.append(try subtreeRoot(from: middle, to: end, nodes: nodes))
        end = middle
      } else {
        proof.append(try subtreeRoot(from: start, to: middle, nodes: nodes))
        start = middle
      }
    }
    // A verifier knows the old root already; any other subtree it must be told.
    if start > 0 { proof.append(try subtreeRoot(from: start, to: end, nodes: nodes)) }
    return proof.reversed()
  }

  /// Whether `proof` shows that the tree of `to` leaves extends the tree of
  /// `from` leaves (RFC 9162 section 2.1.4.2).
  ///
  /// An empty tree is a prefix of every tree, and every tree of itself; both need an empty proof.
  public static func verifyConsistency(
    from: UInt64, fromRoot: SHA256Hash, to: UInt64, toRoot: SHA256Hash, proof: [SHA256Hash]
  ) -> Bool {
    guard to <= MerkleNodeID.largestTreeSize, from <= to else { return false }
    if from == to { return proof.isEmpty && fromRoot == toRoot }
    if from == 0 { return proof.isEmpty && fromRoot == MerkleHash.emptyRoot }
    var hashes = proof[...]
    let seed: SHA256Hash
    if from.nonzeroBitCount == 1 {
      seed = fromRoot
    } else if let first = hashes.popFirst() {
      seed = first
    } else {
      return false
    }
    let shared = UInt64((~(from - 1)).trailingZeroBitCount)
    var (position, last) = ((from - 1) >> shared, (to - 1) >> shared)
    var (older, newer) = (seed, seed)
    for hash in hashes {
      guard last > 0 else { return false }
      if position & 1 == 1 || position == last {
        older = MerkleHash.node(hash, older)
        newer = MerkleHash.node(hash, newer)
        while position & 1 == 0, position > 0 {
          position >>= 1
          last >>= 1
        }
      } else {
        newer = MerkleHash.node(newer, hash)
      }
      position >>= 1
      last >>= 1
    }
    return last == 0 && older == fromRoot && newer == toRoot
  }

  /// The largest aligned perfect subtrees that together cover the leaves from
  /// `from` up to, not including, `to`, left to right.
  ///
  /// Appended to the `CompactRange` of `from` they give that of `to`. There are
  /// none when `from` is not below `to`.
  public static func extensionNodes(from: UInt64, to: UInt64) -> [MerkleNodeID] {
    var nodes: [MerkleNodeID] = []
    var start = from
    while start < to {
      let level = min(start.trailingZeroBitCount, (to - start).highestBit)
      nodes.append(MerkleNodeID(level: level, index: start >> UInt64(level)))
      start += 1 << UInt64(level)
    }
    return nodes
  }

  // The subtrees of RFC 6962's split start at a multiple of a power of two that
  // is not below their size, so their perfect parts shrink from left to right.
  private static func subtreeRoot(from: UInt64, to: UInt64, nodes: NodeReader) throws -> SHA256Hash {
    let parts = extensionNodes(from: from, to: to)
    guard let last = parts.last else { return MerkleHash.emptyRoot }
    var root = try nodes(last)
    for part in parts.dropLast().reversed() { root = MerkleHash.node(try nodes(part), root) }
    return root
  }
}
