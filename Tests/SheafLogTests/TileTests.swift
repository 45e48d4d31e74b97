import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite("Tiles")
struct TileTests {
  @Test(
    "A tile's path reads back as the tile",
    arguments: [
      "tile/0/000", "tile/0/x001/x234/067", "tile/0/x001/234.p/5", "tile/63/999.p/255",
      "tile/entries/000.p/1", "tile/entries/x001/000", "tile/0/x009/x223/x372/x036/x854/x775/807",
    ])
  func paths(path: String) throws {
    let tile = try #require(TilePath(parsing: path))
    #expect(tile.path == path)
  }

  @Test("A path's parts are its level, index and width")
  func parts() throws {
    #expect(TilePath(parsing: "tile/1/x001/x234/067") == TilePath(kind: .hashes(level: 1), index: 1_234_067))
    #expect(TilePath(parsing: "tile/entries/007.p/3") == TilePath(kind: .entries, index: 7, width: 3))
    #expect(TilePath(kind: .hashes(level: 64), index: 0) == nil)
    #expect(TilePath(kind: .entries, index: 0, width: 0) == nil)
    #expect(TilePath(kind: .entries, index: 0, width: 257) == nil)
    #expect(TilePath(kind: .entries, index: .max) == nil)
  }

  @Test(
    "Any other spelling, and anything else, is no tile",
    arguments: [
      "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000",
      "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/x000/000", "tile/0/001/000", "tile/0/x001",
      "tile/0/x001/x000", "tile/0/xx01/000", "tile/0/000/", "/tile/0/000", "tile/0/000.p", "tile/0/000.p/",
      "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/x001.p/5/000", "tile/entry/000",
      "tile/0/../000", "tile/0/00٣", "tile/0/x099/x223/x372/x036/x854/x775/808",
      "tile/0/x001/x001/x001/x001/x001/x001/x001/x001/x001/001", "tile/0/000.p/5/6", "tile/0/.p/5",
    ])
  func otherPaths(path: String) {
    #expect(TilePath(parsing: path) == nil)
  }

  @Test("A log of 70,000 leaves has the tiles that the specification counts")
  func tilesOfALog() throws {
    let tiles = TilePath.tiles(from: 0, to: 70_000)
    func widths(_ kind: TilePath.Kind) -> [Int] { tiles.filter { $0.kind == kind }.map(\.width) }
    #expect(widths(.hashes(level: 0)) == Array(repeating: 256, count: 273) + [112])
    #expect(widths(.hashes(level: 1)) == [256, 17])
    #expect(widths(.hashes(level: 2)) == [1])
    #expect(widths(.entries) == widths(.hashes(level: 0)))
    #expect(tiles.count == 274 * 2 + 3)
    #expect(tiles.allSatisfy { $0.range(inLogOf: 70_000) != nil })
    #expect(
      TilePath.tiles(from: 0, to: 256).map(\.path) == ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"])
    #expect(TilePath.tiles(from: 9, to: 9).isEmpty)
  }

  @Test("Growing adds the tiles at the right edge and no others")
  func newTiles() {
    for (old, new) in [(0, 1), (1, 2), (255, 256), (256, 257), (300, 700), (65_535, 65_536)] {
      let (old, new) = (UInt64(old), UInt64(new))
      let before = Set(TilePath.tiles(from: 0, to: old))
      let added = TilePath.tiles(from: old, to: new)
      #expect(before.union(added).isSuperset(of: TilePath.tiles(from: 0, to: new)))
      #expect(before.isDisjoint(with: added))
    }
  }

  @Test("A tile's hashes make the root of what is below it")
  func contents() throws {
    let tree = MemoryTree(size: 600)
    let partial = try #require(TilePath(parsing: "tile/0/002.p/88"))
    let bytes = try partial.hashes(size: 600, nodes: tree.read)
    #expect(bytes.count == 88 * 32)
    #expect(SHA256Hash(bytes: bytes.prefix(32)) == MerkleHash.leaf(MemoryTree.entry(512)))

    let upper = try #require(TilePath(parsing: "tile/1/000.p/2"))
    let hashes = try upper.hashes(size: 600, nodes: tree.read)
    let full = try #require(TilePath(parsing: "tile/0/001")).hashes(size: 600, nodes: tree.read)
    let below = stride(from: 0, to: full.count, by: 32).compactMap { SHA256Hash(bytes: full[$0..<$0 + 32]) }
    #expect(SHA256Hash(bytes: hashes.suffix(32)) == MerkleHash.root(ofLeafHashes: below))
  }

  @Test(
    "A tile the log does not have is not made up",
    arguments: ["tile/0/002", "tile/0/003.p/1", "tile/1/000.p/3", "tile/63/000.p/1", "tile/entries/000"])
  func missing(path: String) throws {
    let tree = MemoryTree(size: 600)
    let tile = try #require(TilePath(parsing: path))
    #expect(throws: MerkleError.outsideTree(index: tile.index, size: 600)) {
      try tile.hashes(size: 600, nodes: tree.read)
    }
  }

  @Test("Entries come out of a bundle as they went in")
  func entries() throws {
    let entries: [[UInt8]] = [[], [1], Array(repeating: 7, count: 300), Array(repeating: 9, count: 65_535)]
    let bytes = try EntryBundle.encode(entries)
    #expect(bytes.prefix(7) == [0, 0, 0, 1, 1, 1, 44])
    #expect(try EntryBundle.decode(bytes, count: 4) == entries)
    #expect(throws: EntryBundleError.wrongCount) { try EntryBundle.decode(bytes, count: 3) }
    #expect(throws: EntryBundleError.wrongCount) { try EntryBundle.decode(bytes, count: 5) }
    for size in 1..<40 {
      let cut = Array(bytes.prefix(size))
      #expect((try? EntryBundle.decode(cut, count: 4)) == nil)
    }
    #expect(throws: EntryBundleError.truncated(offset: bytes.count - 1)) {
      try EntryBundle.decode(bytes.dropLast(), count: 4)
    }
    #expect(throws: EntryBundleError.entryTooLarge(size: 65_536)) {
      try EntryBundle.encode([Array(repeating: 0, count: 65_536)])
    }
    #expect(throws: EntryBundleError.wrongCount) {
      try EntryBundle.encode(Array(repeating: [], count: 257))
    }
  }
}
