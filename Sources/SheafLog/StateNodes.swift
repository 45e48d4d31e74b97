import SheafModel

/// How many entries share a prefix of their keys, and the digest of them all.
public struct StateNode: Hashable, Sendable {
  /// The number of entries.
  public let count: UInt64
  /// Their digest, as `Schemas/state-tree.md` defines it; 32 zero bytes for none.
  public let digest: SHA256Hash

  /// Puts a node together.
  public init(count: UInt64, digest: SHA256Hash) {
    self.count = count
    self.digest = digest
  }

  /// The node of no entries.
  public static let empty = StateNode(count: 0, digest: .zero)
}

/// The leaves of one collection's state tree, and the nodes kept above them.
///
/// A prefix is a list of nibbles, 0...15, from the start of a key, the high half of
/// each byte first. Kept are the root, unless it is empty, and each child that is not
/// empty of each node with more than `StateTree.bucketCount` entries; nothing else.
public protocol StateNodes {
  /// The entries whose keys start with the prefix, in ascending order of their keys.
  func leaves(under prefix: [UInt8]) throws -> [(key: SHA256Hash, leaf: SHA256Hash)]
  /// The node kept for exactly this prefix, if one is.
  func node(_ prefix: [UInt8]) throws -> StateNode?
  /// Keeps a node for exactly this prefix, or with `nil` drops it; nodes below stay.
  mutating func setNode(_ prefix: [UInt8], _ node: StateNode?) throws
  /// Drops every node whose prefix is longer than this one and starts with it.
  mutating func removeNodes(below prefix: [UInt8]) throws
}
