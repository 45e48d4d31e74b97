import SheafDelta
import SheafTesting
import Testing

@Suite("What contents are like")
struct SimilaritySketchTests {
  private func shared(_ a: [UInt8], _ b: [UInt8]) -> Int {
    Set(SimilaritySketch(a).values).intersection(SimilaritySketch(b).values).count
  }

  @Test("A content shares all numbers with itself, most with an edit of it, none with another")
  func likeness() {
    var random = SplitMix64(seed: 21)
    for _ in 0..<50 {
      let content = random.bytes(4_000)
      let other = random.bytes(4_000)
      #expect(shared(content, content) == SimilaritySketch.classCount)
      #expect(shared(content, Array(content[200...]) + random.bytes(100)) >= 4)
      #expect(shared(content, other) == 0)
    }
    #expect(
      SimilaritySketch([UInt8](repeating: 65, count: SimilaritySketch.smallestContent - 1)).values.isEmpty)
    #expect(
      SimilaritySketch([UInt8](repeating: 65, count: SimilaritySketch.smallestContent)).values.count == 1)
  }

  @Test("An index tells the most similar first, the newest of equals, and forgets the oldest")
  func index() {
    var random = SplitMix64(seed: 22)
    let contents = (0..<40).map { _ in random.bytes(1_000) }
    var index = SimilarityIndex<Int>(capacity: 10)
    for (name, content) in contents.enumerated() { index.add(name, SimilaritySketch(content)) }
    #expect(index.matches(SimilaritySketch(contents[39])).first?.name == 39)
    #expect(index.matches(SimilaritySketch(contents[0])).isEmpty)
    index.add(100, SimilaritySketch(contents[39]))
    let edited = SimilaritySketch(Array(contents[39].prefix(900)) + random.bytes(100))
    #expect(index.matches(edited).prefix(2).map(\.name) == [100, 39])
    #expect(index.matches(SimilaritySketch([])).isEmpty)
  }

  @Test("What all contents share hides nothing: the index tells the one most like a content")
  func sharedByAll() {
    var random = SplitMix64(seed: 23)
    let common = random.bytes(6_000)
    let contents = (0..<40).map { _ in common + random.bytes(2_000) }
    var index = SimilarityIndex<Int>()
    for (name, content) in contents.enumerated() { index.add(name, SimilaritySketch(content)) }
    for name in [0, 17, 39] {
      let edited = SimilaritySketch(contents[name] + random.bytes(100))
      let found = index.matches(edited)
      #expect(found.first?.name == name && found[0].likeness > found[1].likeness)
      #expect(SimilaritySketch(contents[name]).likeness(to: edited) == found[0].likeness)
    }
  }
}
