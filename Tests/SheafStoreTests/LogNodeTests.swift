import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafStore

@Suite("The log's tree")
struct LogNodeTests {
  @Test("Every hash of the tree is known, although only some levels are kept")
  func nodes() throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url, options: .quick)
    defer { try? store.close() }
    try store.writeBlocking(purpose: "test") { (transaction) throws in
      let size: UInt64 = 300
      var known: [(MerkleNodeID, SHA256Hash)] = []
      var range = CompactRange()
      for number in 0..<size {
        range.append(leaf: TestLog.leaf(number)) { known.append(($0, $1)) }
      }
      for (id, hash) in known { try transaction.insert(node: id, hash: hash) }
      for (id, hash) in known { #expect(try transaction.node(id) == hash, "\(id)") }
      #expect(try transaction.nodeCount() == 300 + 18 + 1)
      #expect(StoreTransaction.keptNodeCount(size: size) == 300 + 18 + 1)
      #expect(try MerkleProof.root(size: size, nodes: transaction.node) == range.root)
      // What is not there, or rests on what is not there, is told and not made up.
      try transaction.execute("DELETE FROM log_node WHERE level = 0 AND position = 5")
      for (level, index) in [(0, 5), (1, 2), (3, 0), (0, 300), (2, 75), (12, 0), (3, UInt64.max), (63, 1)] {
        #expect(throws: StoreError.self) {
          try transaction.node(MerkleNodeID(level: level, index: UInt64(index)))
        }
      }
      #expect(try transaction.node(MerkleNodeID(level: 4, index: 0)) == known.first { $0.0.level == 4 }?.1)
    }
  }
}
