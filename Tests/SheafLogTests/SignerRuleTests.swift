import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite("What the log's key may sign")
struct SignerRuleTests {
  private let tree = MemoryTree(size: 20)

  private func record(size: UInt64, of tree: MemoryTree) throws -> SignerRecord {
    let root = try MerkleProof.root(size: size, nodes: tree.read)
    return SignerRecord(try Checkpoint(origin: "o", size: size, root: root))
  }

  private func decide(after record: SignerRecord?, size: UInt64, of tree: MemoryTree) throws {
    try SignerRule.mayExtend(
      from: record, size: size, root: MerkleProof.root(size: size, nodes: tree.read)
    ) { try MerkleProof.root(size: $0, nodes: tree.read) }
  }

  @Test("The first tree, the same tree again, and every longer one may be signed")
  func allowed() throws {
    try decide(after: nil, size: 20, of: tree)
    for size in UInt64(0)...20 { try decide(after: record(size: size, of: tree), size: 20, of: tree) }
  }

  @Test("A publisher restored from an old backup may not sign")
  func smaller() throws {
    let signed = try record(size: 20, of: tree)
    #expect(throws: SignerRefusal.smaller(size: 19, signed: 20)) {
      try decide(after: signed, size: 19, of: tree)
    }
  }

  @Test("Another history may not be signed, at the same size or a larger one")
  func forks() throws {
    var leaves = (0..<20).map { MerkleHash.leaf(MemoryTree.entry($0)) }
    leaves[4] = MerkleHash.leaf([])
    let fork = MemoryTree(leaves: leaves)
    #expect(throws: SignerRefusal.anotherRoot(size: 20)) {
      try decide(after: record(size: 20, of: tree), size: 20, of: fork)
    }
    #expect(throws: SignerRefusal.notAnExtension(signed: 5)) {
      try decide(after: record(size: 5, of: tree), size: 20, of: fork)
    }
    try decide(after: record(size: 4, of: tree), size: 20, of: fork)
  }

  @Test("A tree that cannot be read is not signed")
  func unreadable() throws {
    let signed = try record(size: 8, of: tree)
    #expect(throws: SignerRefusal.unreadable(signed: 8)) {
      try SignerRule.mayExtend(from: signed, size: 9, root: MerkleHash.leaf([])) { _ in
        throw MerkleError.missingNode(MerkleNodeID(level: 3, index: 0))
      }
    }
  }

  @Test("The signer's record reads back, and no damaged one does")
  func records() throws {
    let file = try VectorFile("checkpoint-signer-record")
    let text = String(decoding: file.body, as: UTF8.self)
    let record = try SignerRecord(parsing: text)
    #expect(try record.origin == file["origin"])
    #expect(record.size == 8)
    #expect(try record.root.hex == file["root"])
    #expect(record.text == text)
    for name in ["changed", "cut"] {
      let damaged = try VectorFile("checkpoint-signer-record-" + name).body
      #expect(throws: SignerRefusal.damagedRecord) {
        try SignerRecord(parsing: String(decoding: damaged, as: UTF8.self))
      }
    }
    for index in file.body.indices {
      var bytes = file.body
      bytes[index] ^= 1
      #expect(throws: SignerRefusal.damagedRecord, "byte \(index)") {
        try SignerRecord(parsing: String(decoding: bytes, as: UTF8.self))
      }
    }
  }
}
