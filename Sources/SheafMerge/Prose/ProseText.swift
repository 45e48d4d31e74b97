/// A text cut into lines of known kinds, and those into the units by which prose merges.
///
/// Units: sentences in paragraphs and list items, whole headings, the cells of table rows, and
/// single lines of code and markup.
struct ProseText {
  /// How much of Markdown a text is taken to hold.
  enum Style {
    /// Markdown and its like.
    case markdown
    /// Text whose lines stand for themselves.
    case lines
  }

  let lines: TextLines
  private let kinds: [LineKind]

  /// What a line is.
  enum LineKind { case blank, code, fence, heading, row, item, single, text }

  /// What a line is.
  func kind(of line: Int) -> LineKind { kinds[line] }

  init(_ lines: TextLines, style: Style) {
    self.lines = lines
    var kinds: [LineKind] = []
    kinds.reserveCapacity(lines.count)
    var fence: (mark: UInt8, size: Int)?
    for index in 0..<lines.count {
      let line = lines[index]
      let text = line.drop { Self.isSpace($0) }
      guard let first = text.first else {
        kinds.append(fence == nil ? .blank : .code)
        continue
      }
      let run = text.prefix { $0 == first }.count
      if let open = fence {
        let closes = first == open.mark && run >= open.size && text.dropFirst(run).allSatisfy(Self.isSpace)
        if closes { fence = nil }
        kinds.append(closes ? .fence : .code)
      } else if style == .lines {
        kinds.append(.single)
      } else if run >= 3, first == UInt8(ascii: "`") || first == UInt8(ascii: "~") {
        fence = (first, run)
        kinds.append(.fence)
      } else {
        kinds.append(Self.kind(of: text, run))
      }
    }
    self.kinds = kinds
  }

  private static func kind(of text: ArraySlice<UInt8>, _ run: Int) -> LineKind {
    guard let first = text.first else { return .blank }
    let rest = text.dropFirst(run)
    switch first {
    case UInt8(ascii: "#") where run <= 6 && (rest.first.map(isSpace) ?? true): return .heading
    case UInt8(ascii: "|"): return .row
    case UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "+"):
      if run == 1, rest.first.map(isSpace) ?? true { return .item }
      return run >= 3 && rest.allSatisfy({ isSpace($0) || $0 == first }) ? .single : .text
    case UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "<"), UInt8(ascii: "{"), UInt8(ascii: "["),
      UInt8(ascii: "!"):
      if first == UInt8(ascii: "=") || first == UInt8(ascii: ":") { return run >= 3 ? .single : .text }
      return first == UInt8(ascii: "[") || first == UInt8(ascii: "!") ? .text : .single
    case 0x30...0x39:
      let behind = text.drop { (0x30...0x39).contains($0) }
      let isMark = behind.first == UInt8(ascii: ".") || behind.first == UInt8(ascii: ")")
      return isMark && (behind.dropFirst().first.map(isSpace) ?? false) ? .item : .text
    default: return .text
    }
  }

  /// The units of some lines; white space before the first is a unit with an empty body.
  func units(in range: Range<Int>) -> [ProseUnit] {
    guard !range.isEmpty else { return [] }
    var blocks: [(start: Int, kind: LineKind)] = []
    for index in range {
      let kind = kinds[index]
      if kind == .blank { continue }
      let follows =
        index > range.lowerBound && kind == .text
        && (kinds[index - 1] == .text || kinds[index - 1] == .item)
      if follows, !blocks.isEmpty { continue }
      blocks.append((lines[index].startIndex, kind))
    }
    let start = lines[range].startIndex
    let end = lines[range].endIndex
    var units: [ProseUnit] = []
    let lead = blocks.first.map { self.body(of: $0) } ?? end
    if lead > start { units.append(ProseUnit(body: start..<start, end: lead)) }
    for (index, block) in blocks.enumerated() {
      let next = index + 1 < blocks.count ? blocks[index + 1] : nil
      cut(body(of: block), next.map { body(of: $0) } ?? end, block.kind, into: &units)
    }
    return units
  }

  /// Where a block's first body starts: indentation belongs to code, elsewhere to the space before.
  private func body(of block: (start: Int, kind: LineKind)) -> Int {
    guard block.kind != .code else { return block.start }
    var at = block.start
    while at < lines.bytes.count, Self.isSpace(lines.bytes[at]) { at += 1 }
    return at
  }

  private func cut(_ start: Int, _ end: Int, _ kind: LineKind, into units: inout [ProseUnit]) {
    let bytes = lines.bytes
    var starts: [Int] = []
    let name: ConflictPart.BlockKind
    switch kind {
    case .text, .item:
      name = kind == .item ? .listItem : .paragraph
      starts = SentenceCutter.starts(in: bytes, start..<end)
    case .row:
      name = .tableRow
      var at = start + 1
      while at < end {
        if bytes[at] == UInt8(ascii: "|"), bytes[at - 1] != UInt8(ascii: "\\") { starts.append(at) }
        at += 1
      }
    case .heading: name = .heading
    case .code, .fence: name = .fence
    case .single, .blank: name = .paragraph
    }
    var from = start
    for next in starts + [end] where next > from {
      var last = next
      while last > from, Self.isSpace(bytes[last - 1]) { last -= 1 }
      units.append(ProseUnit(body: from..<last, end: next, kind: name, startsBlock: from == start))
      from = next
    }
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}
