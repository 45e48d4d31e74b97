import SheafModel

/// Proves some leaves of a small tree, such as the lines of one collection in a
/// revision list, against the root of all of them.
///
/// The proof holds the roots of the largest subtrees of RFC 6962's split that
/// contain no wanted leaf, depth first and left to right (`Schemas/log.md`).
/// With no leaf wanted it is the root itself; with all wanted it is empty.
public enum SubsetProof {
  /// Makes the proof for the leaves at the indices `wanted`.
  ///
  /// - Parameter wanted: Strictly ascending indices into `leafHashes`.
  public static func make(leafHashes: [SHA256Hash], wanted: [Int]) -> [SHA256Hash] {
    precondition(
      isAscending(wanted[...], in: 0..<leafHashes.count), "wanted leaves must be ascending and exist")
    var proof: [SHA256Hash] = []
    if !leafHashes.isEmpty { collect(leafHashes[...], wanted: wanted[...], into: &proof) }
    return proof
  }

  /// The root that the given leaves and the proof lead to; the caller compares it.
  ///
  /// - Parameters:
  ///   - total: How many leaves the whole tree has.
  ///   - leaves: The proved leaves, by strictly ascending index.
  /// - Throws: `MerkleError.unorderedLeaves` for indices out of order or range,
  ///   `MerkleError.wrongProofSize` for too few or too many hashes.
  public static func root(
    total: Int, leaves: [(index: Int, hash: SHA256Hash)], proof: [SHA256Hash]
  ) throws(MerkleError) -> SHA256Hash {
    guard total >= 0, isAscending(leaves.map(\.index)[...], in: 0..<total) else {
      throw .unorderedLeaves(total: total)
    }
    guard total > 0 else {
      guard proof.isEmpty else { throw .wrongProofSize(count: proof.count) }
      return MerkleHash.emptyRoot
    }
    var rest = proof[...]
    let root = combine(0..<total, leaves: leaves[...], proof: &rest)
    guard let root, rest.isEmpty else { throw .wrongProofSize(count: proof.count) }
    return root
  }

  private static func isAscending(_ indices: ArraySlice<Int>, in range: Range<Int>) -> Bool {
    var previous = -1
    for index in indices {
      guard index > previous, range.contains(index) else { return false }
      previous = index
    }
    return true
  }

  // Both walks halve the range, so they are at most 63 calls deep.
  private static func collect(
    _ hashes: ArraySlice<SHA256Hash>, wanted: ArraySlice<Int>, into proof: inout [SHA256Hash]
  ) {
    if wanted.isEmpty {
      proof.append(MerkleHash.root(ofLeafHashes: hashes))
    } else if hashes.count > 1 {
      let middle = hashes.startIndex + Int(UInt64(hashes.count).merkleSplit)
      let cut = wanted.partitioningIndex { $0 >= middle }
      collect(hashes[..<middle], wanted: wanted[..<cut], into: &proof)
      collect(hashes[middle...], wanted: wanted[cut...], into: &proof)
    }
  }

  private static func combine(
    _ range: Range<Int>, leaves: ArraySlice<(index: Int, hash: SHA256Hash)>,
    proof: inout ArraySlice<SHA256Hash>
  ) -> SHA256Hash? {
    guard let first = leaves.first else { return proof.popFirst() }
    guard range.count > 1 else { return first.hash }
    let middle = range.lowerBound + Int(UInt64(range.count).merkleSplit)
    let cut = leaves.partitioningIndex { $0.index >= middle }
    guard
      let left = combine(range.lowerBound..<middle, leaves: leaves[..<cut], proof: &proof),
      let right = combine(middle..<range.upperBound, leaves: leaves[cut...], proof: &proof)
    else { return nil }
    return MerkleHash.node(left, right)
  }
}

extension ArraySlice {
  /// The first index from which on `belongsAfter` holds, in a slice where it holds for a suffix.
  func partitioningIndex(where belongsAfter: (Element) -> Bool) -> Index {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if belongsAfter(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
