import SheafDelta
import SheafTesting
import Testing

@Suite("Cutting content where it says so")
struct ContentChunkerTests {
  /// The sizes of the chunks of content that arrives in pieces.
  private func cuts(_ content: [UInt8], pieces: Int) -> [Int] {
    var chunker = ContentChunker()
    var sizes: [Int] = []
    content.withUnsafeBytes { all in
      var start = 0
      while start < all.count {
        let end = min(all.count, start + pieces)
        chunker.add(UnsafeRawBufferPointer(rebasing: all[start..<end])) { sizes.append($0.count) }
        start = end
      }
      chunker.finish { sizes.append($0.count) }
    }
    return sizes
  }

  /// Eight bytes of each output, the lowest first.
  private func content(seed: UInt64, count: Int) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
      withUnsafeBytes(of: random.next().littleEndian) { bytes.append(contentsOf: $0) }
    }
    return Array(bytes.prefix(count))
  }

  @Test("The cuts are those of the vector, which another program computed")
  func vectorCuts() throws {
    for line in try factLines("assets-cuts.txt", separator: " ") {
      let numbers = line.compactMap { Int($0) }
      let bytes = content(seed: UInt64(numbers[0]), count: numbers[1])
      #expect(cuts(bytes, pieces: 1 << 20) == Array(numbers[2...]), "seed \(numbers[0])")
    }
  }

  @Test("How the content arrives changes nothing, and every size is within the limits")
  func pieces() {
    let bytes = content(seed: 7, count: 2 << 20)
    let whole = cuts(bytes, pieces: bytes.count)
    #expect(cuts(bytes, pieces: 4093) == whole)
    #expect(cuts(bytes, pieces: 300_000) == whole)
    #expect(whole.reduce(0, +) == bytes.count)
    #expect(whole.dropLast().allSatisfy { (ContentChunker.smallest...ContentChunker.largest).contains($0) })
    let mean = bytes.count / whole.count
    #expect((48 << 10...100 << 10).contains(mean), "mean \(mean)")
  }

  @Test("What is inserted near the front moves no cut behind the next ones")
  func insertion() {
    let bytes = content(seed: 9, count: 2 << 20)
    let before = cuts(bytes, pieces: 1 << 20)
    var changed = bytes
    changed.insert(contentsOf: [1, 2, 3], at: 100_000)
    let after = cuts(changed, pieces: 1 << 20)
    var same = 0
    while same < min(before.count, after.count),
      before[before.count - 1 - same] == after[after.count - 1 - same]
    {
      same += 1
    }
    #expect(same >= before.count - 5, "\(before) \(after)")
  }

  @Test("Nothing, one byte, and bytes that are all alike")
  func edges() {
    #expect(cuts([], pieces: 1).isEmpty)
    #expect(cuts([5], pieces: 1) == [1])
    let zeros = cuts([UInt8](repeating: 0, count: 600_000), pieces: 1 << 20)
    #expect(zeros == [262_144, 262_144, 75_712])
  }
}
