import SheafModel

/// A document's content cut into the parts that a history is told by.
///
/// Records are values; articles are front matter and the sentences, headings and lines of code of
/// their blocks; tables are rows; other text is lines; anything else is one part.
struct DocumentParts: Sendable {
  /// A part of text.
  struct Unit: Sendable {
    /// Where it stands, without the white space around it.
    var body: Range<Int>
    var kind: PartKind
    var place: PartPlace
  }

  /// Above this, parts are no use to a reader and cost too much to follow.
  static let sizeLimitInBytes = 4 << 20

  let bytes: [UInt8]
  /// The record, or the front matter.
  let fields: JSONValue?
  let units: [Unit]

  init(_ bytes: [UInt8], mediaType: MediaType) {
    self.bytes = bytes
    guard bytes.count <= Self.sizeLimitInBytes, mediaType.isText,
      UTF8Text.firstInvalidOffset(in: bytes) == nil
    else {
      fields = nil
      units = [Unit(body: 0..<bytes.count, kind: .document, place: .document)]
      return
    }
    switch mediaType.kind {
    case .json:
      fields = try? JSONReader.read(bytes)
      units = fields == nil ? Self.lines(of: bytes) : []
    case .markdown:
      let split = FrontMatter.split(bytes)
      let read = split == nil ? nil : try? FrontMatter.read(bytes)
      fields = read
      units = Self.prose(bytes, in: read == nil ? 0..<bytes.count : split?.body ?? 0..<bytes.count)
    case .csv:
      fields = nil
      units = Self.rows(of: bytes) ?? Self.lines(of: bytes)
    default:
      fields = nil
      units = Self.lines(of: bytes)
    }
  }

  /// The text of a unit.
  func text(_ index: Int) -> String { String(decoding: bytes[units[index].body], as: UTF8.self) }

  /// The units as they are compared: runs of white space are one blank.
  func numbers(_ interning: inout Interning<[UInt8]>) -> [Int] {
    interning.numbers(of: units.map { normal($0.body) })
  }

  /// The words of a unit, each with its place; none of one that stands for the whole document, which is of one piece.
  func words(_ index: Int) -> [Range<Int>] {
    guard units[index].kind != .document else { return [] }
    return WordCutter.units(of: bytes, in: units[index].body).map(\.body)
  }

  private func normal(_ body: Range<Int>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(body.count)
    var wasSpace = false
    for byte in bytes[body] {
      let isSpace = ProseText.isSpace(byte)
      if !isSpace { out.append(byte) } else if !wasSpace { out.append(0x20) }
      wasSpace = isSpace
    }
    return out
  }

  private static func lines(of bytes: [UInt8]) -> [Unit] {
    let lines = TextLines(bytes)
    return (0..<lines.count).compactMap { index in
      let body = trimmed(lines[index])
      return body.isEmpty ? nil : Unit(body: body, kind: .line, place: .line(index + 1))
    }
  }

  private static func rows(of bytes: [UInt8]) -> [Unit]? {
    guard let table = CSVTable(bytes) else { return nil }
    let lines = TextLines(bytes)
    return ([table.header] + table.rows).compactMap { row in
      guard let first = row.cells.first, let last = row.cells.last else { return nil }
      let body = first.startIndex..<last.endIndex
      return Unit(body: body, kind: .row, place: .line(lines.line(at: body.lowerBound) + 1))
    }
  }

  private static func prose(_ bytes: [UInt8], in range: Range<Int>) -> [Unit] {
    let all = TextLines(bytes)
    let lines = TextLines(bytes, in: range)
    let text = ProseText(lines, style: .markdown)
    var units: [Unit] = []
    var (block, piece) = (0, 0)
    for unit in text.units(in: 0..<lines.count) where !unit.body.isEmpty {
      if unit.startsBlock { (block, piece) = (block + 1, 0) }
      piece += 1
      let kind: PartKind =
        switch unit.kind {
        case .heading: .heading
        case .paragraph: .sentence
        case .listItem: .listItem
        case .tableRow: .cell
        case .fence: .code
        }
      let line = all.line(at: unit.body.lowerBound) + 1
      units.append(
        Unit(body: unit.body, kind: kind, place: .piece(block: max(1, block), piece: piece, line: line)))
    }
    return units
  }

  private static func trimmed(_ line: ArraySlice<UInt8>) -> Range<Int> {
    var (start, end) = (line.startIndex, line.endIndex)
    while start < end, ProseText.isSpace(line[start]) { start += 1 }
    while end > start, ProseText.isSpace(line[end - 1]) { end -= 1 }
    return start..<end
  }
}
