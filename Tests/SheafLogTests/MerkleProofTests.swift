import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite("The log's tree")
struct MerkleProofTests {
  @Test("Leaves, roots and proofs are those of an independent implementation")
  func vectors() throws {
    var leaves: [SHA256Hash] = []
    var counts: [String: Int] = [:]
    let facts = try facts("log-tree")
    for fact in facts where fact[0] == "leaf" {
      let bytes = try #require(Hexadecimal.decode(fact[2] == "-" ? "" : fact[2]))
      leaves.append(MerkleHash.leaf(bytes))
      #expect(MerkleHash.leaf(bytes).hex == fact[3])
    }
    let tree = MemoryTree(leaves: leaves)
    for fact in facts {
      counts[fact[0], default: 0] += 1
      switch fact[0] {
      case "root":
        let size = try #require(UInt64(fact[1]))
        #expect(try MerkleProof.root(size: size, nodes: tree.read).hex == fact[2])
        #expect(MerkleHash.root(ofLeafHashes: Array(leaves.prefix(Int(size)))).hex == fact[2])
      case "inclusion":
        let (index, size) = (try #require(UInt64(fact[1])), try #require(UInt64(fact[2])))
        let proof = try MerkleProof.inclusion(index: index, size: size, nodes: tree.read)
        #expect(proof.map(\.hex) == Array(fact[3...]))
      case "consistency":
        let (from, to) = (try #require(UInt64(fact[1])), try #require(UInt64(fact[2])))
        let proof = try MerkleProof.consistency(from: from, to: to, nodes: tree.read)
        #expect(proof.map(\.hex) == Array(fact[3...]))
      case "subset":
        let total = try #require(Int(fact[1]))
        let wanted = fact[2].split(separator: ",").compactMap { Int($0) }
        let proof = SubsetProof.make(leafHashes: Array(leaves.prefix(total)), wanted: wanted)
        #expect(proof.map(\.hex) == Array(fact[3...]))
      default: break
      }
    }
    #expect(counts == ["leaf": 8, "root": 9, "inclusion": 36, "consistency": 36, "subset": 48])
  }

  @Test("A leaf is in every tree that has it, and its proof fits nothing else")
  func inclusion() throws {
    let count = 130
    let tree = MemoryTree(size: count)
    for size in 1...UInt64(count) {
      let root = try MerkleProof.root(size: size, nodes: tree.read)
      for index in 0..<size {
        let leaf = try tree.read(MerkleNodeID(level: 0, index: index))
        let proof = try MerkleProof.inclusion(index: index, size: size, nodes: tree.read)
        func holds(
          leaf: SHA256Hash = leaf, index: UInt64 = index, size: UInt64 = size,
          proof: [SHA256Hash] = proof, root: SHA256Hash = root
        ) -> Bool {
          MerkleProof.verifyInclusion(leaf: leaf, index: index, size: size, proof: proof, root: root)
        }
        #expect(holds())
        // The thorough damage only for some, to stay quick.
        guard (size + index) % 7 == 0 || size < 6 else { continue }
        #expect(!holds(leaf: leaf.flipping(bit: Int(index) % 256)))
        #expect(!holds(root: root.flipping(bit: Int(size) % 256)))
        #expect(!holds(index: index ^ 1))
        #expect(!holds(index: size))
        // A root of fewer leaves is not that of a taller tree.
        #expect(!holds(size: 1 << 20))
        #expect(!holds(proof: proof + [root]))
        if !proof.isEmpty { #expect(!holds(proof: proof.dropLast())) }
      }
    }
  }

  @Test("A tree extends each of its prefixes, and the proof fits nothing else")
  func consistency() throws {
    let count: UInt64 = 66
    let tree = MemoryTree(size: Int(count))
    let roots = try (0...count).map { try MerkleProof.root(size: $0, nodes: tree.read) }
    for to in 0...count {
      for from in 0...to {
        let (fromRoot, toRoot) = (roots[Int(from)], roots[Int(to)])
        let proof = try MerkleProof.consistency(from: from, to: to, nodes: tree.read)
        func holds(
          from: UInt64 = from, fromRoot: SHA256Hash = fromRoot, to: UInt64 = to,
          toRoot: SHA256Hash = toRoot, proof: [SHA256Hash] = proof
        ) -> Bool {
          MerkleProof.verifyConsistency(
            from: from, fromRoot: fromRoot, to: to, toRoot: toRoot, proof: proof)
        }
        #expect(holds())
        #expect(!holds(fromRoot: fromRoot.flipping(bit: Int(to) % 256)))
        #expect(!holds(proof: proof + [toRoot]))
        if from > 0 {
          #expect(!holds(toRoot: toRoot.flipping(bit: Int(from) % 256)))
          #expect(!holds(from: to, to: from) || from == to)
        }
        if from > 0, from < to {
          #expect(!holds(from: from - 1))
          #expect(!holds(proof: proof.dropLast()))
        }
      }
    }
  }

  @Test("Any flipped bit of a proof breaks it")
  func flippedBits() throws {
    let tree = MemoryTree(size: 107)
    let root = try MerkleProof.root(size: 107, nodes: tree.read)
    let leaf = try tree.read(MerkleNodeID(level: 0, index: 77))
    let inclusion = try MerkleProof.inclusion(index: 77, size: 107, nodes: tree.read)
    for place in inclusion.indices {
      for bit in 0..<256 {
        var proof = inclusion
        proof[place] = proof[place].flipping(bit: bit)
        #expect(!MerkleProof.verifyInclusion(leaf: leaf, index: 77, size: 107, proof: proof, root: root))
      }
    }
    let older = try MerkleProof.root(size: 44, nodes: tree.read)
    let consistency = try MerkleProof.consistency(from: 44, to: 107, nodes: tree.read)
    for place in consistency.indices {
      for bit in 0..<256 {
        var proof = consistency
        proof[place] = proof[place].flipping(bit: bit)
        #expect(
          !MerkleProof.verifyConsistency(from: 44, fromRoot: older, to: 107, toRoot: root, proof: proof))
      }
    }
  }

  @Test("A kept edge and the missing subtrees make the edge of the larger tree")
  func extensionOfEdges() throws {
    let tree = MemoryTree(size: 70)
    for to in UInt64(0)...70 {
      for from in 0...to {
        var edge = try MerkleProof.compactRange(size: from, nodes: tree.read)
        let missing = MerkleProof.extensionNodes(from: from, to: to)
        for node in missing { try edge.append(subtree: tree.read(node), level: node.level) }
        #expect(edge == (try MerkleProof.compactRange(size: to, nodes: tree.read)))
        #expect(missing.count <= 2 * 7)
      }
    }
  }

  @Test("An appended leaf reports each perfect subtree it completes, and the root is the RFC's")
  func completedNodes() throws {
    let leaves = (0..<40).map { MerkleHash.leaf(MemoryTree.entry($0)) }
    var edge = CompactRange()
    for (index, leaf) in leaves.enumerated() {
      var reported: [MerkleNodeID: SHA256Hash] = [:]
      edge.append(leaf: leaf) { reported[$0] = $1 }
      #expect(reported.count == (index + 1).trailingZeroBitCount + 1)
      for (id, hash) in reported {
        let start = Int(id.index) << id.level
        #expect(hash == referenceRoot(leaves[start..<start + (1 << id.level)]))
      }
      #expect(edge.root == referenceRoot(leaves[...index]))
      #expect(CompactRange(size: edge.size, nodes: edge.nodes) == edge)
    }
  }

  @Test("An edge, a size or an index that cannot be is refused, not computed with")
  func refusals() throws {
    let tree = MemoryTree(size: 6)
    let some = MerkleHash.leaf([1])
    #expect(CompactRange(size: 3, nodes: [some]) == nil)
    #expect(CompactRange(size: .max, nodes: Array(repeating: some, count: 64)) == nil)
    var edge = try #require(CompactRange(size: 2, nodes: [some]))
    #expect(throws: MerkleError.misalignedSubtree(level: 2, size: 2)) {
      try edge.append(subtree: some, level: 2)
    }
    for level in [-1, 63, 64, Int.max] {
      #expect(throws: MerkleError.self) { try edge.append(subtree: some, level: level) }
    }
    var full = try #require(
      CompactRange(size: MerkleNodeID.largestTreeSize, nodes: Array(repeating: some, count: 63)))
    #expect(throws: MerkleError.sizeTooLarge(MerkleNodeID.largestTreeSize)) {
      try full.append(subtree: some, level: 0)
    }
    #expect(throws: MerkleError.outsideTree(index: 6, size: 6)) {
      try MerkleProof.inclusion(index: 6, size: 6, nodes: tree.read)
    }
    #expect(throws: MerkleError.sizesOutOfOrder(from: 6, to: 5)) {
      try MerkleProof.consistency(from: 6, to: 5, nodes: tree.read)
    }
    #expect(throws: MerkleError.sizeTooLarge(.max)) {
      try MerkleProof.consistency(from: 1, to: .max, nodes: tree.read)
    }
    #expect(throws: MerkleError.missingNode(MerkleNodeID(level: 2, index: 1))) {
      try MerkleProof.inclusion(index: 0, size: 8, nodes: tree.read)
    }
    #expect(!MerkleProof.verifyInclusion(leaf: some, index: 0, size: 0, proof: [], root: some))
    #expect(!MerkleProof.verifyInclusion(leaf: some, index: .max - 1, size: .max, proof: [], root: some))
    #expect(
      !MerkleProof.verifyConsistency(
        from: 3, fromRoot: some, to: .max, toRoot: some, proof: Array(repeating: some, count: 63)))
  }
}
