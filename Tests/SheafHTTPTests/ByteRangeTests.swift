import Testing

@testable import SheafServer

@Suite("Ranges")
struct ByteRangeTests {
  @Test(
    "Ranges of ten bytes",
    arguments: [
      (nil, ByteRange.whole), ("bytes=0-", .part(0..<10)), ("bytes=3-5", .part(3..<6)),
      ("bytes=9-9", .part(9..<10)),
      ("bytes=5-99", .part(5..<10)), ("bytes=-3", .part(7..<10)), ("bytes=-99", .part(0..<10)),
      ("bytes=10-", .unsatisfiable), ("bytes=10-12", .unsatisfiable), ("bytes=-0", .unsatisfiable),
      ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=0-99999999999999999999", .part(0..<10)),
      ("bytes=5-3", .whole), ("bytes=0-1,4-5", .whole), ("bytes=-", .whole), ("bytes=", .whole),
      ("bytes=a-b", .whole), ("items=0-1", .whole), ("bytes=1", .whole), ("BYTES=1-2", .part(1..<3)),
    ] as [(String?, ByteRange)])
  func ranges(field: String?, expected: ByteRange) {
    #expect(ByteRange(field, size: 10) == expected)
  }

  @Test("No range of nothing holds a byte")
  func emptyBody() {
    #expect(ByteRange("bytes=0-", size: 0) == .unsatisfiable)
    #expect(ByteRange("bytes=-1", size: 0) == .unsatisfiable)
    #expect(ByteRange(nil, size: 0) == .whole)
  }
}
