import SheafModel
import SheafTesting
import Testing

@testable import SheafBundle

@Suite("Pieces of an asset")
struct AssetPieceTests {
  private func words(_ piece: AssetPiece) -> String {
    switch piece {
    case .plain(let size): "plain/\(size)"
    case .deflated(let size, let packed): "deflated/\(size)/\(packed)"
    case .delta(let size, let first, let count, let packed): "delta/\(size)/\(first)/\(count)/\(packed)"
    case .copied(let first, let count): "copied/\(first)/\(count)"
    }
  }

  @Test("Every vector is read, or refused, as it says, and written back as it was")
  func vectors() throws {
    for line in try factLines("assets-pieces.txt", separator: " ") {
      let bytes = line[3] == "-" ? [] : try #require(Hexadecimal.decode(line[3]))
      let before = try #require(Int(line[1]))
      var cursor = before
      var input = ByteCursor(bytes, position: 0)
      do {
        let piece = try AssetPiece(reading: &input, cursor: &cursor, chunkCount: Int(line[2]))
        #expect(words(piece) == line[0], "\(line)")
        #expect(input.isAtEnd)
        var out = ByteWriter()
        var again = before
        piece.write(to: &out, cursor: &again)
        #expect(out.bytes == bytes)
        #expect(again == cursor)
      } catch {
        #expect(line[0] == "refused", "\(line): \(error)")
      }
    }
  }

  @Test("Any chunk comes back from its delta, and damaged deltas are refused or give as many bytes")
  func deltas() throws {
    var random = SplitMix64(seed: 11)
    let base = random.bytes(40_000)
    var chunk = Array(base[5_000..<30_000])
    chunk[100] ^= 1
    chunk.insert(contentsOf: random.bytes(50), at: 9_000)
    let packed = ChunkDelta.pack(chunk, against: base)
    #expect(packed.count < 200)
    #expect(try ChunkDelta.unpack(packed, against: base, size: chunk.count, position: 0) == chunk)
    for _ in 0..<500 {
      var damaged = packed
      damaged[Int.random(in: 0..<packed.count, using: &random)] ^=
        1 << UInt8.random(in: 0..<8, using: &random)
      if let bytes = try? ChunkDelta.unpack(damaged, against: base, size: chunk.count, position: 0) {
        #expect(bytes.count == chunk.count)
      }
    }
    #expect(throws: BundleError.self) {
      try ChunkDelta.unpack(packed, against: base, size: chunk.count + 1, position: 0)
    }
    #expect(throws: BundleError.self) { try ChunkDelta.unpack([], against: base, size: 5, position: 0) }
  }

  @Test("What both have is copied in runs, and what is new stands beside what it replaced")
  func runs() {
    func chunks(_ ids: [Int64]) -> [AssetChunk] { ids.map { AssetChunk(id: $0, sizeInBytes: 1) } }
    func pieces(_ ids: [Int64], _ base: [Int64]) -> [String] {
      BundleWriter.pieces(of: chunks(ids), against: chunks(base)).map {
        switch $0 {
        case .copied(let first, let count): "\(first)+\(count)"
        case .fresh(let chunk, let near): "\(chunk.id)~\(near)"
        }
      }
    }
    #expect(pieces([1, 2, 9, 4, 5], [1, 2, 3, 4, 5]) == ["0+2", "9~2..<3", "3+2"])
    #expect(pieces([9, 1, 2], [1, 2, 3]) == ["9~0..<0", "0+2"])
    #expect(pieces([1, 2, 8, 9], [1, 2, 3]) == ["0+2", "8~2..<3", "9~2..<3"])
    #expect(pieces([7, 7, 7], [7, 7]) == ["0+2", "0+1"])
    #expect(pieces([5, 6], []) == ["5~0..<0", "6~0..<0"])
    #expect(pieces([0, 9, 7], [0, 1, 2, 3, 4, 5, 6, 7]) == ["0+1", "9~1..<5", "7+1"])
  }
}
