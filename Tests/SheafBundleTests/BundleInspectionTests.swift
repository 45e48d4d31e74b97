import SheafBundle
import SheafModel
import SheafTesting
import Testing

@Suite struct BundleInspectionTests {
  private func items(of bytes: [UInt8]) throws -> [BundleItem] {
    var rest = bytes[...]
    var items: [BundleItem] = []
    try BundleInspection.inspect(
      source: { count in
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }, report: { items.append($0) })
    return items
  }

  @Test(
    "Every byte of a bundle and of its streams is told, once, in order",
    arguments: [
      (BundleContent.full, UInt64(0), "*", 300), (.trail, 9, "trials,images", 300),
      (.heads, 4, "articles", 300),
      (.heads, 0, "*", 300), (.full, 0, "*", 100_000),
    ], BundleCoder.allCases)
  func everyByte(_ sample: (BundleContent, UInt64, String, Int), coder: BundleCoder) throws {
    let (content, from, names, documentSize) = sample
    let history = try SampleHistory(seed: 30, changeSetCount: 12, documentSize: documentSize)
    let bytes = try history.bundle(
      content, from: from, subscription: Subscription(parsing: names)
    ) { $0.coder = coder }.bytes
    let items = try items(of: bytes)
    var ends: [BundleItem.Place: UInt64] = [:]
    for item in items {
      #expect(item.offset == ends[item.place] ?? 0, "\(item)")
      #expect(item.sizeInBytes > 0, "\(item)")
      ends[item.place] = item.offset + item.sizeInBytes
    }
    #expect(ends[.file] == UInt64(bytes.count))
    // What models have coded is told as it is in the file; its fields, decoded.
    #expect(ends.count >= (coder == .model ? 2 : 4))
  }

  @Test("An inspection names change sets, lines and instructions")
  func words() throws {
    let history = try SampleHistory(seed: 31, changeSetCount: 3)
    let items = try items(of: history.bundle(.full, from: 2).bytes)
    let last = try #require(history.changeSets.last)
    #expect(items.contains { $0.label == "change set 3" && $0.value.contains("\(last.fields.time)") })
    for line in last.lines {
      #expect(
        items.contains {
          $0.label == "line \(line.index + 1)"
            && $0.value.hasPrefix("\(line.line.verb.rawValue) \(line.line.path) from \(line.line.base.text)")
        })
    }
  }

  @Test("A bundle that is cut short is refused where it ends")
  func truncated() throws {
    let history = try SampleHistory(seed: 32, changeSetCount: 3)
    let (bytes, summary) = try history.bundle(.trail, from: 0)
    // Bodies go on to the end of the file, and can't be read without their bases.
    let bodies = Int(summary.sizes[.literals] ?? 0)
    for size in stride(from: 0, to: bytes.count - bodies, by: 7) {
      #expect(throws: BundleError.self) { try items(of: Array(bytes[..<size])) }
    }
  }
}
