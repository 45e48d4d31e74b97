import SheafModel

/// The two hashes a log's tree is made of (RFC 6962 section 2.1, SHA-256).
///
/// A leaf and an inner node start with different bytes, so that no leaf can be
/// passed off as a node. Laid out in `Schemas/log.md`.
public enum MerkleHash {
  /// The root of a tree without leaves: the SHA-256 of nothing.
  public static let emptyRoot = SHA256Hash(hashing: [])

  /// The hash of a leaf: SHA-256 of the byte 0 and the leaf's bytes.
  public static func leaf(_ bytes: [UInt8]) -> SHA256Hash {
    var hasher = SHA256Hash.Hasher()
    hasher.update([0x00])
    hasher.update(bytes)
    return hasher.finalize()
  }

  /// The hash of an inner node: SHA-256 of the byte 1, the left child and the right child.
  public static func node(_ left: SHA256Hash, _ right: SHA256Hash) -> SHA256Hash {
    var message: [UInt8] = []
    message.reserveCapacity(1 + 2 * SHA256Hash.sizeInBytes)
    message.append(0x01)
    message += left.bytes
    message += right.bytes
    return SHA256Hash(hashing: message)
  }

  /// The root of the tree over leaves whose hashes are given, in order.
  ///
  /// - Complexity: One node hash for every leaf but the first.
  public static func root(ofLeafHashes hashes: [SHA256Hash]) -> SHA256Hash {
    root(ofLeafHashes: hashes[...])
  }

  static func root(ofLeafHashes hashes: ArraySlice<SHA256Hash>) -> SHA256Hash {
    var range = CompactRange()
    for hash in hashes { range.append(leaf: hash) }
    return range.root
  }
}
