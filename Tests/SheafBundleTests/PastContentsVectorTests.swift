import Foundation
import SheafBundle
import SheafModel
import SheafTesting
import Testing

/// Answers with contents of the past that were made once (`Schemas/contents.md`, "Vectors").
@Suite struct PastContentsVectorTests {
  private static let names = [
    "contents-based", "contents-whole-more", "contents-none", "contents-refused-version",
    "contents-refused-flags",
    "contents-refused-order", "contents-refused-truncated", "contents-refused-trailing",
    "contents-refused-other",
    "contents-refused-no-base",
  ]

  @Test("An answer that was made once gives or is refused as it was then", arguments: names)
  func reads(name: String) throws {
    let lines = String(decoding: try vector("\(name).txt"), as: UTF8.self).split(separator: "\n").map(
      String.init)
    let sample = Sample(lines.dropFirst())
    #expect(try sample.outcome() == lines.first)
  }

  /// What stands in a vector behind the outcome.
  private struct Sample {
    var base: [UInt8]?
    var answer: [UInt8] = []
    var hasMore = false
    var contents: [(name: String, bytes: [UInt8])] = []

    init() {}

    init(_ lines: some Sequence<String>) {
      for line in lines {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        switch words[0] {
        case "base": base = Hexadecimal.decode(words[1])
        case "answer": answer += Hexadecimal.decode(words[1]) ?? []
        case "more": hasMore = true
        case "content": contents.append((words[1], Hexadecimal.decode(words[2]) ?? []))
        default: Issue.record("an unknown line: \(line)")
        }
      }
    }

    /// The vector's first line, as it comes out now.
    func outcome() throws -> String {
      do {
        let parsed = try PastContents(parsing: answer)
        var found: [(String, [UInt8])] = []
        try parsed.decode(base: base.map { (SHA256Hash(hashing: $0), $0) }) { name in
          let bytes: [UInt8] = try #require(contents.first { $0.name == "\(name)" }).bytes
          return (SHA256Hash(hashing: bytes), bytes.count)
        } take: { _, bytes, _ in
          found.append(("\(parsed.names[found.count])", bytes))
        }
        #expect(found.map(\.0) == contents.map(\.name) && found.map(\.1) == contents.map(\.bytes))
        #expect(parsed.hasMore == hasMore)
        return "gives"
      } catch let error as BundleError {
        return "refuses \(error.caseName)"
      }
    }

    var text: String {
      (base.map { "base \(Hexadecimal.encode($0))\n" } ?? "") + "answer \(Hexadecimal.encode(answer))\n"
        + (hasMore ? "more\n" : "")
        + contents.map { "content \($0.name) \(Hexadecimal.encode($0.bytes))\n" }.joined()
    }
  }

  @Test(
    "Every vector is made anew",
    .enabled(if: ProcessInfo.processInfo.environment["SHEAF_MAKE_VECTORS"] != nil))
  func make() throws {
    let base = Array("{\"enrolled\": 41, \"site\": \"Basel\"}\n".utf8)
    let nine = Array("{\"enrolled\": 12, \"site\": \"Basel\"}\n".utf8)
    let four = Array("{\"enrolled\": 0}\n".utf8)
    func hashed(_ changeSet: UInt64, _ line: UInt32, _ bytes: [UInt8]) -> (
      name: RevisionName, hash: SHA256Hash, bytes: [UInt8]
    ) { (RevisionName(changeSet: changeSet, line: line), SHA256Hash(hashing: bytes), bytes) }
    let contents = [hashed(9, 3, nine), hashed(4, 1, four)]
    var sample = Sample()
    sample.base = base
    sample.contents = [("9.3", nine), ("4.1", four)]
    sample.answer =
      PastContents(contents, base: (SHA256Hash(hashing: base), base), hasMore: false).bytes
    let good = sample
    func write(_ name: String, _ change: (inout Sample) -> Void = { _ in }) throws {
      var sample = good
      change(&sample)
      try Data("\(try sample.outcome())\n\(sample.text)".utf8)
        .write(to: schemasFolder.appending(path: "vectors/\(name).txt"))
    }
    try write("contents-based")
    try write("contents-whole-more") { sample in
      sample.base = nil
      sample.hasMore = true
      sample.contents = [("9.3", nine)]
      sample.answer = PastContents([contents[0]], base: nil, hasMore: true).bytes
    }
    try write("contents-none") { sample in
      sample.contents = []
      sample.answer = PastContents([], base: nil, hasMore: false).bytes
    }
    try write("contents-refused-version") { $0.answer[0] = 2 }
    try write("contents-refused-flags") { $0.answer[1] = 4 }
    // 9.3, and 0 change sets before it the line 3 again.
    try write("contents-refused-order") { $0.answer.replaceSubrange(5..<7, with: [0, 3]) }
    try write("contents-refused-truncated") { $0.answer.removeLast(6) }
    try write("contents-refused-trailing") { $0.answer.append(0) }
    try write("contents-refused-other") { $0.contents[1].bytes[0] = UInt8(ascii: "[") }
    try write("contents-refused-no-base") { $0.base = nil }
  }
}
