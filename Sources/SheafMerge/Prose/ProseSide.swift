/// One of three texts, cut into units with numbers: equal units have equal numbers.
struct ProseSide {
  let bytes: [UInt8]
  let units: [ProseUnit]
  let numbers: [Int]
  /// Where the region starts.
  private let start: Int

  /// The sentences of a region.
  init(_ source: ProseMerge.Source, interning: inout Interning<[UInt8]>) {
    var units = source.text.units(in: source.lines)
    start = source.text.lines[source.lines].startIndex
    // All texts start with white space, if only with none, so that it merges like the rest.
    if units.first?.body.isEmpty != true { units.insert(ProseUnit(body: start..<start, end: start), at: 0) }
    self.units = units
    let bytes = source.text.lines.bytes
    self.bytes = bytes
    let unnumbered = source.unnumbered
    numbers = interning.numbers(
      of: units.map { unit in
        guard unit.startsBlock, let end = unnumbered[unit.body.lowerBound], end <= unit.body.upperBound else {
          // White space means something in code.
          return unit.kind == .fence ? Array(bytes[unit.body]) : Self.normal(bytes, unit.body)
        }
        return [0] + Self.normal(bytes, end..<unit.body.upperBound)
      })
  }

  /// The words of some units.
  init(words side: ProseSide, _ range: Range<Int>, interning: inout Interning<[UInt8]>) {
    let body = side.body(range)
    start = body.startIndex
    bytes = side.bytes
    units = WordCutter.units(of: side.bytes, in: body.startIndex..<body.endIndex)
    numbers = interning.numbers(of: units.map { Array(side.bytes[$0.body]) })
  }

  /// A unit as it is compared: runs of white space are one blank.
  private static func normal(_ bytes: [UInt8], _ body: Range<Int>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(body.count)
    var wasSpace = false
    for offset in body {
      let byte = bytes[offset]
      let isSpace = ProseText.isSpace(byte)
      if !isSpace { out.append(byte) } else if !wasSpace { out.append(0x20) }
      wasSpace = isSpace
    }
    return out
  }

  /// The bytes of some units without the white space behind the last.
  func body(_ range: Range<Int>) -> ArraySlice<UInt8> {
    let place = place(range)
    guard let last = range.last else { return bytes[place] }
    return bytes[place.lowerBound..<units[last].body.upperBound]
  }

  /// The bytes of some units.
  func text(_ range: Range<Int>) -> ArraySlice<UInt8> { bytes[place(range)] }

  /// The white space behind a unit.
  func space(_ index: Int) -> ArraySlice<UInt8> { bytes[units[index].space] }

  /// Where some units stand.
  func place(_ range: Range<Int>) -> Range<Int> {
    let first =
      range.lowerBound < units.count ? units[range.lowerBound].body.lowerBound : units.last?.end ?? start
    return first..<(range.last.map { units[$0].end } ?? first)
  }

  /// The words of some units.
  func words(_ range: Range<Int>) -> [ArraySlice<UInt8>] {
    let body = body(range)
    return WordCutter.units(of: bytes, in: body.startIndex..<body.endIndex).map { bytes[$0.body] }
  }
}
