import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite("Proofs of some leaves")
struct SubsetProofTests {
  @Test("Any subset leads to the root, and no damaged one does", arguments: UInt64(0)..<60)
  func subsets(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let total = Int.random(in: 1...90, using: &random)
    let hashes = (0..<total).map { MerkleHash.leaf(MemoryTree.entry($0)) }
    let root = referenceRoot(hashes[...])
    let share = Double.random(in: 0...1, using: &random)
    let wanted = (0..<total).filter { _ in Double.random(in: 0..<1, using: &random) < share }
    let leaves = wanted.map { (index: $0, hash: hashes[$0]) }
    let proof = SubsetProof.make(leafHashes: hashes, wanted: wanted)

    #expect(try SubsetProof.root(total: total, leaves: leaves, proof: proof) == root)
    #expect(throws: MerkleError.wrongProofSize(count: proof.count + 1)) {
      try SubsetProof.root(total: total, leaves: leaves, proof: proof + [root])
    }
    if !proof.isEmpty {
      #expect(throws: MerkleError.wrongProofSize(count: proof.count - 1)) {
        try SubsetProof.root(total: total, leaves: leaves, proof: proof.dropLast())
      }
      var damaged = proof
      let place = Int.random(in: proof.indices, using: &random)
      damaged[place] = damaged[place].flipping(bit: Int.random(in: 0..<256, using: &random))
      #expect(try SubsetProof.root(total: total, leaves: leaves, proof: damaged) != root)
    }
    if !leaves.isEmpty {
      var damaged = leaves
      let place = Int.random(in: leaves.indices, using: &random)
      damaged[place].hash = damaged[place].hash.flipping(bit: Int.random(in: 0..<256, using: &random))
      #expect(try SubsetProof.root(total: total, leaves: damaged, proof: proof) != root)
      // A leaf left out needs a hash in its stead, so the proof no longer fits.
      #expect((try? SubsetProof.root(total: total, leaves: leaves.dropLast(), proof: proof)) != root)
    }
  }

  @Test("Indices that are out of order, repeated or out of range are refused")
  func indices() {
    let hash = MerkleHash.leaf([])
    for indices in [[1, 0], [1, 1], [-1], [4], [0, Int.max]] {
      #expect(throws: MerkleError.unorderedLeaves(total: 4)) {
        try SubsetProof.root(total: 4, leaves: indices.map { ($0, hash) }, proof: [])
      }
    }
    #expect(throws: MerkleError.unorderedLeaves(total: -1)) {
      try SubsetProof.root(total: -1, leaves: [], proof: [])
    }
  }

  @Test("A tree without leaves has the empty root and an empty proof")
  func empty() throws {
    #expect(SubsetProof.make(leafHashes: [], wanted: []).isEmpty)
    #expect(try SubsetProof.root(total: 0, leaves: [], proof: []) == MerkleHash.emptyRoot)
    #expect(throws: MerkleError.wrongProofSize(count: 1)) {
      try SubsetProof.root(total: 0, leaves: [], proof: [MerkleHash.emptyRoot])
    }
  }

  @Test("A claimed total far above the leaves costs no more than the proof")
  func hugeTotal() {
    #expect(throws: MerkleError.wrongProofSize(count: 0)) {
      try SubsetProof.root(total: .max, leaves: [(.max - 1, MerkleHash.leaf([]))], proof: [])
    }
  }
}
