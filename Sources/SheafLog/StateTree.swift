import SheafModel

/// One digest over everything that is current in a collection, whatever the order it came in.
///
/// The entries are divided by the nibbles of their keys until sixteen or fewer
/// share a prefix. That shape depends on the entries alone, so replicas that hold
/// the same have the same root, and one entry changes only the nodes above it.
/// `Schemas/state-tree.md`.
public enum StateTree {
  /// The most entries that are hashed together without being divided.
  public static let bucketCount = 16

  // A set that may be larger than this is read child by child, to bound memory.
  private static let readAtOnceCount = 4096

  /// Brings the kept nodes up to date after entries were added, changed or removed.
  ///
  /// `nodes.leaves(under:)` answers the new entries already. Each changed entry costs
  /// the nodes above it, and the reading of one bucket.
  ///
  /// - Parameter changedKeys: The keys of every entry added, changed or removed; in
  ///   any order, keys that changed nothing do no harm.
  /// - Returns: The root's node.
  /// - Throws: What `nodes` throws; the kept nodes may then be half up to date, and
  ///   the caller rolls its transaction back.
  public static func update<Nodes: StateNodes>(
    _ nodes: inout Nodes, changedKeys: [SHA256Hash]
  ) throws -> StateNode {
    var keys: [UInt8] = []
    keys.reserveCapacity(changedKeys.count * KeyedLeaves.keySize)
    for key in changedKeys.sorted() { keys += key.bytes }
    let update = StateTreeUpdate(keys: keys)
    return try update.visit([], 0..<changedKeys.count, of: &nodes, childrenAreKept: true)
  }

  /// The root of a collection from scratch, from its entries in any order.
  ///
  /// - Parameter leaves: Key and leaf hash of every entry, no key twice.
  public static func root(ofLeaves leaves: [(key: SHA256Hash, leaf: SHA256Hash)]) -> SHA256Hash {
    let leaves = KeyedLeaves(leaves.sorted { $0.key < $1.key })
    return leaves.digest(of: 0..<leaves.count, depth: 0) { _, _ in }
  }

  /// The root of a library from the roots of its collections, in any order.
  ///
  /// A collection without entries is as if it were not there.
  public static func libraryRoot(
    collections: [(name: String, root: SHA256Hash, count: UInt64)]
  ) -> SHA256Hash {
    var message = Array("\(StateNote.header)\n".utf8)
    let present = collections.filter { $0.count > 0 }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    for collection in present {
      precondition(collection.name.utf8.count <= Int(UInt16.max), "a collection's name is part of a path")
      message += UInt16(truncatingIfNeeded: collection.name.utf8.count).bigEndianBytes
      message += collection.name.utf8
      message += collection.count.bigEndianBytes
      message += collection.root.bytes
    }
    return SHA256Hash(hashing: message)
  }

  static func digest(ofChildren children: [SHA256Hash]) -> SHA256Hash {
    var message: [UInt8] = [0x01]
    message.reserveCapacity(1 + 16 * SHA256Hash.sizeInBytes)
    for child in children { message += child.bytes }
    return SHA256Hash(hashing: message)
  }

  /// One walk over the nodes above the changed keys.
  private struct StateTreeUpdate {
    // The changed keys, ascending, end to end.
    let keys: [UInt8]

    // At most 64 calls deep: a prefix cannot be longer than a key.
    func visit<Nodes: StateNodes>(
      _ prefix: [UInt8], _ range: Range<Int>, of nodes: inout Nodes, childrenAreKept: Bool
    ) throws -> StateNode {
      let kept = childrenAreKept ? try nodes.node(prefix) ?? .empty : nil
      if let kept, range.isEmpty { return kept }
      let wasDivided = (kept?.count ?? 0) > UInt64(bucketCount)
      // Below a set that was not divided nothing is kept, and it had at most sixteen
      // entries; all others are among the changed keys.
      if prefix.count >= KeyedLeaves.nibbleCount || (!wasDivided && range.count <= readAtOnceCount) {
        return try rebuild(prefix, of: &nodes)
      }

      var count: UInt64 = 0
      var digests: [SHA256Hash] = []
      var start = range.lowerBound
      for nibble in UInt8(0)..<16 {
        var end = start
        while end < range.upperBound, self.nibble(of: end, at: prefix.count) == nibble { end += 1 }
        let child = try visit(
          prefix + [nibble], start..<end, of: &nodes, childrenAreKept: wasDivided)
        count += child.count
        digests.append(child.digest)
        start = end
      }
      guard count > UInt64(bucketCount) else {
        try nodes.removeNodes(below: prefix)
        return try rebuild(prefix, of: &nodes)
      }
      return try keep(
        StateNode(count: count, digest: digest(ofChildren: digests)), at: prefix, of: &nodes)
    }

    // Reads the whole set and keeps the nodes of it and below, where none are kept yet.
    private func rebuild<Nodes: StateNodes>(_ prefix: [UInt8], of nodes: inout Nodes) throws -> StateNode {
      let leaves = KeyedLeaves(try nodes.leaves(under: prefix))
      var made: [(prefix: [UInt8], node: StateNode)] = []
      let root = leaves.digest(of: 0..<leaves.count, depth: prefix.count) { below, node in
        made.append((prefix + below, node))
      }
      for (prefix, node) in made { try nodes.setNode(prefix, node) }
      return try keep(StateNode(count: UInt64(leaves.count), digest: root), at: prefix, of: &nodes)
    }

    private func keep<Nodes: StateNodes>(
      _ node: StateNode, at prefix: [UInt8], of nodes: inout Nodes
    ) throws -> StateNode {
      try nodes.setNode(prefix, node.count > 0 ? node : nil)
      return node
    }

    private func nibble(of index: Int, at depth: Int) -> UInt8 {
      KeyedLeaves.nibble(in: keys, at: index * KeyedLeaves.keySize, depth: depth)
    }
  }
}

/// Keys and leaf hashes end to end in one buffer, ascending by key, so that a
/// bucket is one stretch of bytes.
struct KeyedLeaves {
  static let keySize = SHA256Hash.sizeInBytes
  static let nibbleCount = 2 * keySize
  private static let recordSize = 2 * keySize

  let count: Int
  private let records: [UInt8]

  init(_ leaves: [(key: SHA256Hash, leaf: SHA256Hash)]) {
    var records: [UInt8] = []
    records.reserveCapacity(leaves.count * Self.recordSize)
    for (key, leaf) in leaves {
      records += key.bytes
      records += leaf.bytes
    }
    self.records = records
    count = leaves.count
  }

  static func nibble(in bytes: [UInt8], at offset: Int, depth: Int) -> UInt8 {
    let byte = bytes[offset + depth / 2]
    return depth % 2 == 0 ? byte >> 4 : byte & 15
  }

  // Reports every set that is not empty, below the one asked for, with the
  // nibbles it adds. A key has 64 nibbles, which bounds the depth.
  func digest(
    of range: Range<Int>, depth: Int, below path: [UInt8] = [],
    report: ([UInt8], StateNode) -> Void
  ) -> SHA256Hash {
    if range.isEmpty { return .zero }
    if range.count <= StateTree.bucketCount || depth >= Self.nibbleCount {
      var hasher = SHA256Hash.Hasher()
      hasher.update([0x00])
      records.withUnsafeBytes {
        let bytes = range.lowerBound * Self.recordSize..<range.upperBound * Self.recordSize
        hasher.update(UnsafeRawBufferPointer(rebasing: $0[bytes]))
      }
      return hasher.finalize()
    }
    var children: [SHA256Hash] = []
    var start = range.lowerBound
    for nibble in UInt8(0)..<16 {
      var end = start
      while end < range.upperBound,
        Self.nibble(in: records, at: end * Self.recordSize, depth: depth) == nibble
      {
        end += 1
      }
      let child = digest(of: start..<end, depth: depth + 1, below: path + [nibble], report: report)
      if start < end { report(path + [nibble], StateNode(count: UInt64(end - start), digest: child)) }
      children.append(child)
      start = end
    }
    return StateTree.digest(ofChildren: children)
  }
}
