import SheafModel
import SheafSync
import Testing

@testable import SheafCommand

@Suite("What a person reads")
struct PresentationTests {
  @Test(
    "Sizes are rounded to one decimal and never shown as 1000 of a unit",
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (38_190, "38.2 kB"), (38_149, "38.1 kB"),
      (999_949, "999.9 kB"),
      (999_950, "1.0 MB"), (1_400_000_000, "1.4 GB"), (UInt64.max, "18.4 EB"),
    ])
  func byteCounts(size: UInt64, expected: String) {
    #expect(ByteCount(size).description == expected)
  }

  @Test("Counts agree with their nouns and group their digits")
  func quantities() {
    #expect(Quantity(1, "document").description == "1 document")
    #expect(Quantity(0, "document").description == "0 documents")
    #expect(Quantity(1_234_567, "entry", "entries").description == "1,234,567 entries")
    #expect(Quantity.grouped(-1234) == "-1,234")
    #expect(Quantity.grouped(-123) == "-123")
    #expect(Quantity.list([Quantity(2, "revision"), Quantity(0, "tombstone")]) == "2 revisions")
    #expect(Quantity.list([Quantity(0, "revision")]) == nil)
  }

  @Test(
    "Durations lose digits as they grow",
    arguments: [
      (4, "0.00 s"), (40, "0.04 s"), (990, "0.99 s"), (1000, "1.0 s"), (2149, "2.1 s"), (59_990, "59.9 s"),
      (200_000, "3 min 20 s"),
    ])
  func durations(milliseconds: Int, expected: String) {
    #expect(Elapsed(.milliseconds(milliseconds)).description == expected)
  }

  @Test(
    "Width counts columns, not characters",
    arguments: [
      ("abc", 3), ("é", 1), ("e\u{301}", 1), ("\u{301}", 0), ("研究", 4), ("ｱ", 1), ("Ａ", 2), ("한글", 4),
      ("\u{1112}\u{1161}\u{11ab}", 2), ("🙂", 2), ("🇺🇦", 2), ("❤\u{fe0f}", 2), ("a\u{200b}b", 2), ("👩‍🔬", 2),
    ])
  func widths(text: String, expected: Int) {
    #expect(DisplayWidth.of(text) == expected)
  }

  @Test("Cutting keeps to the width, also before a wide character")
  func cutting() {
    #expect(DisplayWidth.cut("stem cells", to: 10) == "stem cells")
    #expect(DisplayWidth.cut("stem cells", to: 6) == "stem …")
    #expect(DisplayWidth.cut("研究室", to: 4) == "研…")
    #expect(DisplayWidth.cut("x", to: 0) == "")
  }

  @Test("Wrapping loses nothing but the spaces at breaks, and keeps to the width")
  func wrapping() {
    #expect(DisplayWidth.wrapped("stem cells", to: 10) == ["stem cells"])
    #expect(DisplayWidth.wrapped("stem cells in ALS", to: 10) == ["stem cells", "in ALS"])
    #expect(DisplayWidth.wrapped("a neuroinflammation b", to: 8) == ["a", "neuroinf", "lammatio", "n b"])
    #expect(DisplayWidth.wrapped("研究室です", to: 5) == ["研究", "室で", "す"])
    #expect(DisplayWidth.wrapped("研", to: 1) == ["研"])
    #expect(DisplayWidth.wrapped("", to: 4) == [""])
  }

  @Test("A table that wraps shows every cell whole, beside the others or below them")
  func wrappedTable() {
    var table = Table(.text("WHO"), .text("SAYS"))
    table.append("Ada", "one two three four five six seven")
    #expect(
      table.lines(width: 31, wraps: true) == [
        "WHO  SAYS", "Ada  one two three four five", "     six seven",
      ])
    #expect(
      table.lines(width: 20, wraps: true) == [
        "WHO  SAYS", "Ada", "    one two three", "    four five six", "    seven",
      ])
    #expect(table.lines(wraps: true).count == 2)
  }

  @Test("A table has a header, two spaces between columns and numbers to the right")
  func table() {
    var table = Table(.text("PATH"), .number("SIZE"), .text("TITLE"))
    table.append("a.md", "9 B", "One")
    table.append("研究.md", "10.0 kB", "Two words")
    table.append("c", "1 B", "")
    #expect(
      table.lines() == [
        "PATH        SIZE  TITLE",
        "a.md         9 B  One",
        "研究.md  10.0 kB  Two words",
        "c            1 B",
      ])
    #expect(table.lines(width: 26)[2] == "研究.md  10.0 kB  Two wor…")
  }

  @Test("A cell can't break its row or move the cursor")
  func hostileCell() {
    var table = Table(.text("PATH"), .text("TITLE"))
    table.append("a", "one\n\u{1b}[2Jtwo\u{9b}31m\u{202e}x")
    #expect(table.lines()[1] == "a     one\\n\\u{1b}[2Jtwo\\u{9b}31m\\u{202e}x")
  }

  @Test("Text for a terminal keeps its lines and nothing else that controls")
  func escaping() {
    #expect("a\r\nb\tc\u{7}".escapedForTerminal == "a\\r\\nb\\tc\\u{7}")
    #expect("a\nb\tc\u{1b}".escapedLinesForTerminal == "a\nb\tc\\u{1b}")
    #expect("naïve 研究 👩‍🔬".escapedForTerminal == "naïve 研究 👩‍🔬")
    #expect("\n  First line \nsecond".firstLine == "First line ")
    #expect("\u{1b}]0;title\u{7}".escapedForTerminal == "\\u{1b}]0;title\\u{7}")
  }

  @Test("JSON is one line with sorted keys, plain slashes and no raw control characters")
  func jsonLine() throws {
    let hit = SearchHit(path: "a/b.md", title: nil, excerpt: "\u{2}x\u{3}\u{9b}\u{202e}\n")
    #expect(try JSONLine.of(hit) == #"{"excerpt":"\u0002x\u0003\u009b\u202e\n","path":"a/b.md"}"#)
  }

  @Test("Colours appear only where they are shown")
  func styles() {
    #expect(Style.red("x", isShown: false) == "x")
    #expect(Style.red("x", isShown: true) == "\u{1b}[31mx\u{1b}[0m")
  }

  @Test("Progress says how far the work is, and survives a total of nothing")
  func progressWords() {
    #expect(
      Progress.words(for: .transferring(received: 1_200_000, total: 3_600_000))
        == "Receiving 1.2 MB of 3.6 MB, 33 %")
    #expect(Progress.words(for: .transferring(received: 12, total: nil)) == "Receiving 12 B")
    #expect(Progress.words(for: .applying(done: 5, total: 0)) == "Checking and applying, 100 %")
    #expect(Progress.words(for: .verifying(done: 9, total: 3)) == "Verifying, 100 %")
    #expect(Progress.words(for: .importing(done: 1, total: 1200)) == "Importing commit 1 of 1,200")
  }

  @Test(
    "Texts stay beside each other at every width, whatever fills their lines", arguments: [60, 61, 80, 140])
  func columns(width: Int) {
    let text =
      "Median survival after symptoms develop is three to five years, with considerable variation between patients."
    let columns = [
      SideBySide.Column(title: "base", runs: [.init(kind: .same, text: text)]),
      SideBySide.Column(
        title: "ours",
        runs: [
          .init(kind: .same, text: "日本語の文章は幅が二倍です。これは長い行の例です。"), .init(kind: .removed, text: "三"),
          .init(kind: .added, text: " in most studies"), .init(kind: .same, text: ", " + text),
        ]),
      SideBySide.Column(title: "theirs", runs: nil),
    ]
    let lines = SideBySide.lines(columns, width: width, isColoured: false)
    let places = lines.map { line in
      var column = 0
      return line.reduce(into: [Int]()) { places, character in
        if character == "│" { places.append(column) }
        column += DisplayWidth.of(character)
      }
    }
    #expect(Set(places).count == 1 && places.first?.count == 2)
    #expect(lines.allSatisfy { DisplayWidth.of($0) <= width })
    // A mark stands at the words, and no line begins with what ends a clause.
    let ours = lines.map { $0.components(separatedBy: "│").dropFirst().first?.dropFirst() ?? "" }
    #expect(ours.contains { $0.contains("{+in") })
    #expect(!ours.contains { $0.hasPrefix("。") })
  }

  @Test("Scripts without spaces fill their lines")
  func wideText() {
    let column = SideBySide.Column(
      title: "ours",
      runs: [
        .init(kind: .same, text: "日本語の文章は幅が"), .init(kind: .added, text: "三"),
        .init(kind: .same, text: "倍です。"),
      ])
    #expect(
      SideBySide.stacked(column, width: 32, isColoured: false) == [
        "  ours", "    日本語の文章は幅が{+三+}倍で", "    す。",
      ])
  }
}
