import Foundation
import GRDB
import SheafLog
import SheafModel

extension StoreTransaction {
  /// What stands at a document in the state tree; `nil` when it is gone.
  public func stateValue(_ document: DocumentRow) throws -> StateEntry.Value? {
    try stateValue(
      heads: try heads(document), base: { _ in try conflictBase(document) },
      proposals: try proposals(document))
  }

  /// The value that heads and open proposals make together.
  func stateValue(
    heads: [StoredHead], base: ([StoredHead]) throws -> SHA256Hash?, proposals: [StoredProposal]
  ) rethrows -> StateEntry.Value? {
    var current: StateEntry.Value?
    // What stood at an earlier size may be destroyed; it is still other than nothing, and than anything else.
    func content(_ head: StoredHead) -> SHA256Hash? { head.content ?? (head.hasContent ? .zero : nil) }
    if heads.count == 1, let content = content(heads[0]) {
      current = .content(content)
    } else if heads.contains(where: \.hasContent) {
      current = .conflict(base: try base(heads), heads: heads.map(content))
    }
    return .of(current, proposals: proposals.map { .init(name: $0.name, content: $0.content) })
  }

  /// Brings the state tree in step with the heads of the documents that changed.
  ///
  /// Cost follows the change: only the nodes above the changed documents are hashed.
  public func updateState(changed documents: Set<DocumentRow>) throws {
    var keys: [String: [SHA256Hash]] = [:]
    for document in documents {
      let path = try path(document)
      let collection = path.collection.text
      let key = StateEntry.key(of: path.text)
      if let value = try stateValue(document) {
        let leaf = try StateEntry(path: path.text, value: value).leafHash
        try execute(
          "INSERT OR REPLACE INTO state_leaf (collection, key, leaf) VALUES (?, ?, ?)",
          [collection, key.data, leaf.data])
      } else {
        try execute("DELETE FROM state_leaf WHERE collection = ? AND key = ?", [collection, key.data])
      }
      keys[collection, default: []].append(key)
    }
    for (collection, changedKeys) in keys.sorted(by: { $0.key < $1.key }) {
      var nodes = StoredStateNodes(transaction: self, collection: collection)
      let root = try StateTree.update(&nodes, changedKeys: changedKeys)
      try setCollection(collection, root: root, isHeld: true)
    }
  }

  /// Builds the whole state tree from the heads.
  public func rebuildState() throws {
    try db.execute(
      sql: "DELETE FROM state_leaf; DELETE FROM state_node; DELETE FROM state_collection WHERE held = 1")
    let documents = try rows("SELECT document FROM head UNION SELECT document FROM proposal").map {
      try $0[0] as DocumentRow
    }
    try updateState(changed: Set(documents))
  }

  /// Keeps the root of a collection, or forgets it when it has no entries.
  public func setCollection(_ collection: String, root: StateNode, isHeld: Bool) throws {
    if root.count == 0 {
      try execute("DELETE FROM state_collection WHERE collection = ?", [collection])
    } else {
      try execute(
        "INSERT OR REPLACE INTO state_collection (collection, count, root, held) VALUES (?, ?, ?, ?)",
        [collection, Int64(clamping: root.count), root.digest.data, isHeld ? 1 : 0])
    }
  }

  /// The collections that have entries, with the roots of their trees.
  public func collectionRoots() throws -> [(name: String, root: SHA256Hash, count: UInt64, isHeld: Bool)] {
    try rows("SELECT collection, root, count, held FROM state_collection ORDER BY collection").map { row in
      (
        (try row[0] as CollectionName).text, try row[1], try row[2], try row[3] as Int != 0
      )
    }
  }

  /// Replaces what is known of the collections outside the subscription.
  public func setForeignCollections(_ roots: [(name: String, root: SHA256Hash, count: UInt64)]) throws {
    try execute("DELETE FROM state_collection WHERE held = 0")
    for root in roots {
      try setCollection(root.name, root: StateNode(count: root.count, digest: root.root), isHeld: false)
    }
  }

  /// The state's root: what the publisher signs beside each checkpoint.
  public func stateRoot() throws -> SHA256Hash {
    StateTree.libraryRoot(collections: try collectionRoots().map { ($0.name, $0.root, $0.count) })
  }
}

/// The state tree's nodes of one collection, in the store.
private struct StoredStateNodes: StateNodes {
  let transaction: StoreTransaction
  let collection: String

  func leaves(under prefix: [UInt8]) throws -> [(key: SHA256Hash, leaf: SHA256Hash)] {
    let (lower, upper) = Self.keyRange(prefix)
    return try transaction.rows(
      "SELECT key, leaf FROM state_leaf WHERE collection = ? AND key >= ? AND key <= ? ORDER BY key",
      [collection, lower, upper]
    ).map {
      (try $0[0], try $0[1])
    }
  }

  func node(_ prefix: [UInt8]) throws -> StateNode? {
    try transaction.row(
      "SELECT count, digest FROM state_node WHERE collection = ? AND prefix = ?", [collection, Data(prefix)]
    ).map { row in
      let count: UInt64 = try row[0]
      // Sixteen of these are added up.
      guard count < 1 << 48 else { throw StoreError.damaged("state_node of \(collection)") }
      return StateNode(count: count, digest: try row[1])
    }
  }

  mutating func setNode(_ prefix: [UInt8], _ node: StateNode?) throws {
    if let node {
      try transaction.execute(
        "INSERT OR REPLACE INTO state_node (collection, prefix, count, digest) VALUES (?, ?, ?, ?)",
        [collection, Data(prefix), Int64(clamping: node.count), node.digest.data])
    } else {
      try transaction.execute(
        "DELETE FROM state_node WHERE collection = ? AND prefix = ?", [collection, Data(prefix)])
    }
  }

  mutating func removeNodes(below prefix: [UInt8]) throws {
    // A nibble is a byte of the stored prefix, so longer prefixes lie between prefix|00 and prefix|ff.
    try transaction.execute(
      "DELETE FROM state_node WHERE collection = ? AND prefix > ? AND prefix < ?",
      [collection, Data(prefix), Data(prefix + [0xff])])
  }

  private static func keyRange(_ prefix: [UInt8]) -> (Data, Data) {
    func packed(fill: UInt8) -> Data {
      let nibbles = prefix + [UInt8](repeating: fill, count: max(0, 64 - prefix.count))
      return Data(stride(from: 0, to: 64, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] })
    }
    return (packed(fill: 0), packed(fill: 15))
  }
}
