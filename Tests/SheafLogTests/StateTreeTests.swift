import SheafLog
import SheafModel
import SheafTesting
import Testing

/// The state tree's leaves and kept nodes in memory.
private struct MemoryStateNodes: StateNodes {
  var entries: [SHA256Hash: SHA256Hash] = [:]
  var kept: [[UInt8]: StateNode] = [:]
  // A class, because reads do not mutate.
  final class Reads { var leaves = 0 }
  let reads = Reads()

  func leaves(under prefix: [UInt8]) -> [(key: SHA256Hash, leaf: SHA256Hash)] {
    let found = entries.filter { entry in
      let bytes = prefix.isEmpty ? [] : entry.key.bytes
      return prefix.indices.allSatisfy {
        ($0 % 2 == 0 ? bytes[$0 / 2] >> 4 : bytes[$0 / 2] & 15) == prefix[$0]
      }
    }
    reads.leaves += found.count
    return found.map { (key: $0.key, leaf: $0.value) }.sorted { $0.key < $1.key }
  }

  func node(_ prefix: [UInt8]) -> StateNode? { kept[prefix] }
  mutating func setNode(_ prefix: [UInt8], _ node: StateNode?) { kept[prefix] = node }
  mutating func removeNodes(below prefix: [UInt8]) {
    kept = kept.filter { !($0.key.count > prefix.count && $0.key.starts(with: prefix)) }
  }

  var rootFromScratch: SHA256Hash {
    StateTree.root(ofLeaves: entries.map { (key: $0.key, leaf: $0.value) })
  }
}

@Suite("The state tree")
struct StateTreeTests {
  private static func hash(_ text: String) throws -> SHA256Hash? {
    if text == "-" { return nil }
    let hash: SHA256Hash = try #require(SHA256Hash(hex: text))
    return hash
  }

  @Test("Entries, collections and the library have the digests of an independent implementation")
  func vectors() throws {
    var leaves: [(key: SHA256Hash, leaf: SHA256Hash)] = []
    var collections: [(name: String, root: SHA256Hash, count: UInt64)] = []
    var checked = 0
    var proposed: [(key: SHA256Hash, leaf: SHA256Hash)] = []
    for fact in try facts("state-tree") {
      switch fact[0] {
      case "entry":
        let value: StateEntry.Value
        if fact[4] == "content" {
          value = .content(try #require(SHA256Hash(hex: fact[5])))
        } else {
          value = .conflict(base: try Self.hash(fact[5]), heads: try fact[6...].map(Self.hash))
        }
        let entry = try StateEntry(path: fact[3], value: value)
        #expect(entry.key.hex == fact[1])
        #expect(entry.leafHash.hex == fact[2])
        #expect(StateEntry.Value(bytes: entry.value.bytes) == entry.value)
        #expect(StateEntry.Value(bytes: Array(entry.value.bytes.dropLast())) == nil)
        leaves.append((entry.key, entry.leafHash))
      case "proposed":
        let entry = try StateEntry(
          path: fact[3], value: try #require(try Self.proposedValue(fact[4], fact[5...])))
        #expect(entry.key.hex == fact[1] && entry.leafHash.hex == fact[2])
        #expect(StateEntry.Value(bytes: entry.value.bytes) == entry.value)
        #expect(StateEntry.Value(bytes: Array(entry.value.bytes.dropLast())) == nil)
        proposed.append((entry.key, entry.leafHash))
      case "proposed-root":
        #expect(proposed.count == 4 && StateTree.root(ofLeaves: proposed).hex == fact[1])
        checked += 1
      case "root":
        let count = try #require(Int(fact[1]))
        #expect(StateTree.root(ofLeaves: Array(leaves.prefix(count))).hex == fact[2])
        checked += 1
      case "collection":
        let (count, root) = (try #require(UInt64(fact[2])), try #require(SHA256Hash(hex: fact[3])))
        collections.append((fact[1], root, count))
      case "library":
        #expect(StateTree.libraryRoot(collections: collections).hex == fact[1])
        #expect(StateTree.libraryRoot(collections: collections.reversed()).hex == fact[1])
        checked += 1
      case "empty-library":
        #expect(StateTree.libraryRoot(collections: []).hex == fact[1])
        checked += 1
      default: Issue.record("unknown fact \(fact[0])")
      }
    }
    #expect(leaves.count == 300 && collections.count == 4 && checked == 14)
  }

  /// What is current, as one hash, as base and heads, or "none"; and proposals as name=content.
  private static func proposedValue(
    _ current: String, _ proposals: ArraySlice<String>
  ) throws -> StateEntry.Value? {
    let parts = current.split(separator: "/").map(String.init)
    let value: StateEntry.Value? =
      current == "none"
      ? nil
      : parts.count == 1
        ? .content(try #require(SHA256Hash(hex: current)))
        : .conflict(base: try hash(parts[0]), heads: try parts[1...].map(hash))
    return .of(
      value,
      proposals: try proposals.map { proposal in
        let sides = proposal.split(separator: "=").map(String.init)
        return .init(name: try #require(RevisionName(parsing: sides[0])), content: try hash(sides[1]))
      })
  }

  /// From a few keys, which are now one bucket and now not, to enough for three levels.
  @Test(
    "Kept up to date step by step, the root is the one from scratch",
    arguments: [20, 30, 45, 80, 150, 600])
  func incremental(keyCount: Int) throws {
    var random = SplitMix64(seed: UInt64(keyCount))
    let keys = (0..<keyCount).map { StateEntry.key(of: "\(keyCount)/\($0)") }
    var nodes = MemoryStateNodes()
    for step in 0..<(keyCount > 500 ? 60 : 200) {
      var changed: [SHA256Hash] = []
      // Phases that mostly grow and phases that mostly shrink.
      let growth = step / 20 % 2 == 0 ? 0.8 : 0.2
      for _ in 0..<Int.random(in: 1...max(3, keyCount / 15), using: &random) {
        let key = keys[Int.random(in: keys.indices, using: &random)]
        changed.append(key)
        let grows = Double.random(in: 0..<1, using: &random) < growth
        nodes.entries[key] = grows ? MerkleHash.leaf(random.bytes(4)) : nil
      }
      let root = try StateTree.update(&nodes, changedKeys: changed)
      #expect(root.digest == nodes.rootFromScratch)
      #expect(root.count == UInt64(nodes.entries.count))
      if step % 5 == 4 { checkKept(nodes) }
    }
  }

  // What is kept is what the protocol promises: no node too many, none missing.
  private func checkKept(_ nodes: MemoryStateNodes) {
    var fresh = nodes
    fresh.kept = [:]
    _ = try? StateTree.update(&fresh, changedKeys: Array(fresh.entries.keys))
    #expect(fresh.kept == nodes.kept)
  }

  @Test("A collection too large to read at once is built part by part, with the same root")
  func bulk() throws {
    var nodes = MemoryStateNodes()
    let all = (0..<6000).map { StateEntry.key(of: "bulk/\($0)") }
    let keys = all.filter { $0.bytes[0] >> 4 != 3 }
    // A bucket is there already, where none of the changed entries are.
    let old = Array(all.filter { $0.bytes[0] >> 4 == 3 }.prefix(9))
    for key in old { nodes.entries[key] = MerkleHash.leaf(key.bytes) }
    _ = try StateTree.update(&nodes, changedKeys: old)
    for key in keys { nodes.entries[key] = MerkleHash.leaf(key.bytes) }
    let root = try StateTree.update(&nodes, changedKeys: keys)
    #expect(keys.count > 4096)
    #expect(root == StateNode(count: UInt64(keys.count + 9), digest: nodes.rootFromScratch))
    checkKept(nodes)

    let reads = nodes.reads.leaves
    nodes.entries[keys[77]] = .zero
    let changed = try StateTree.update(&nodes, changedKeys: [keys[77]])
    #expect(changed.digest == nodes.rootFromScratch)
    #expect(nodes.reads.leaves - reads <= StateTree.bucketCount)

    nodes.entries = [:]
    #expect(try StateTree.update(&nodes, changedKeys: keys + old) == .empty)
    #expect(nodes.kept.isEmpty)
  }

  @Test("A key that changed nothing changes nothing")
  func unchanged() throws {
    var nodes = MemoryStateNodes()
    #expect(try StateTree.update(&nodes, changedKeys: [.zero]) == .empty)
    #expect(nodes.kept.isEmpty)
    nodes.entries[StateEntry.key(of: "a")] = .zero
    let root = try StateTree.update(&nodes, changedKeys: [StateEntry.key(of: "a")])
    #expect(try StateTree.update(&nodes, changedKeys: [.zero, .zero]) == root)
    #expect(try StateTree.update(&nodes, changedKeys: []) == root)
  }

  @Test("Values that differ have leaves that differ")
  func leaves() throws {
    let (a, b) = (MerkleHash.leaf([1]), MerkleHash.leaf([2]))
    let values: [StateEntry.Value] = [
      .content(a), .content(b), .conflict(base: nil, heads: [a]), .conflict(base: a, heads: []),
      .conflict(base: a, heads: [b]), .conflict(base: b, heads: [a]), .conflict(base: nil, heads: [a, b]),
      .conflict(base: nil, heads: [b, a]), .conflict(base: nil, heads: [a, nil]),
      .conflict(base: nil, heads: [a, .zero]),
    ]
    var hashes = Set<SHA256Hash>()
    for value in values {
      for path in ["p/1", "p/2"] { hashes.insert(try StateEntry(path: path, value: value).leafHash) }
    }
    #expect(hashes.count == 2 * values.count)
  }

  @Test("What does not fit an entry's fields is refused")
  func limits() throws {
    let long = String(repeating: "x", count: 65_536)
    #expect(throws: StateTreeError.pathTooLong(long)) { try StateEntry(path: long, value: .content(.zero)) }
    #expect(throws: StateTreeError.tooManyHeads("p")) {
      try StateEntry(path: "p", value: .conflict(base: nil, heads: Array(repeating: nil, count: 256)))
    }
  }
}
