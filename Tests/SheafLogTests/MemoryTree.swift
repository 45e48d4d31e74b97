import SheafModel

@testable import SheafLog

/// A log's tree in memory: every perfect subtree, as a store would keep them.
struct MemoryTree {
  private(set) var nodes: [MerkleNodeID: SHA256Hash] = [:]
  private(set) var edge = CompactRange()

  init(leaves: [SHA256Hash] = []) {
    for leaf in leaves { append(leaf) }
  }

  /// Leaves 0, 1, 2… with one distinct entry each.
  init(size: Int) {
    self.init(leaves: (0..<size).map { MerkleHash.leaf(Self.entry($0)) })
  }

  static func entry(_ index: Int) -> [UInt8] { Array("entry \(index)".utf8) }

  mutating func append(_ leaf: SHA256Hash) {
    var completed: [(MerkleNodeID, SHA256Hash)] = []
    edge.append(leaf: leaf) { completed.append(($0, $1)) }
    for (id, hash) in completed { nodes[id] = hash }
  }

  func read(_ id: MerkleNodeID) throws -> SHA256Hash {
    guard let hash = nodes[id] else { throw MerkleError.missingNode(id) }
    return hash
  }
}

/// RFC 6962 section 2.1, word for word: slow, and plainly right.
func referenceRoot(_ leaves: ArraySlice<SHA256Hash>) -> SHA256Hash {
  guard let first = leaves.first else { return SHA256Hash(hashing: []) }
  guard leaves.count > 1 else { return first }
  var k = 1
  while k * 2 < leaves.count { k *= 2 }
  let middle = leaves.startIndex + k
  return SHA256Hash(
    hashing: [1] + referenceRoot(leaves[..<middle]).bytes + referenceRoot(leaves[middle...]).bytes)
}

extension SHA256Hash {
  /// The same hash with one bit turned over.
  func flipping(bit: Int) -> SHA256Hash {
    var bytes = self.bytes
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    return SHA256Hash(bytes: bytes) ?? .zero
  }
}
