/// Three texts whose sections stand in the order that one side gave them.
///
/// A section is a heading with everything up to the next one, told by the heading's line. What one side put into
/// another order is undone as a difference by putting base and the other side into that order too.
struct MovedSections {
  let base: [UInt8]
  let ours: [UInt8]
  let theirs: [UInt8]

  /// `nil` where neither side or both put sections that all three have into another order.
  init?(base: ProseText, ours: ProseText, theirs: ProseText) {
    guard let before = Self.sections(base), let left = Self.sections(ours), let right = Self.sections(theirs)
    else { return nil }
    let common = Set(before.keys).intersection(left.keys).intersection(right.keys)
    func order(_ sections: Sections) -> [LineKey] { sections.keys.filter { common.contains($0) } }
    let isMoved = (ours: order(left) != order(before), theirs: order(right) != order(before))
    guard isMoved.ours != isMoved.theirs else { return nil }
    let order = order(isMoved.ours ? left : right)
    self.base = before.text(in: order)
    self.ours = isMoved.ours ? left.text : left.text(in: order)
    self.theirs = isMoved.ours ? right.text(in: order) : right.text
  }

  /// A text cut at its headings.
  private struct Sections {
    let lines: TextLines
    let keys: [LineKey]
    /// Where each section's heading stands.
    let starts: [Int]

    var text: [UInt8] { Array(lines[0..<lines.count]) }

    /// The text with some of its sections in another order; each takes along what follows it and is none of them.
    func text(in order: [LineKey]) -> [UInt8] {
      let moved = Set(order)
      var groups: [LineKey: [UInt8]] = [:]
      var lead = Array(lines[0..<(starts.first ?? lines.count)])
      var holder: LineKey?
      for (index, key) in keys.enumerated() {
        let end = index + 1 < starts.count ? starts[index + 1] : lines.count
        if moved.contains(key) { holder = key }
        var bytes = Array(lines[starts[index]..<end])
        // The last section of a file may stand without the blank line that parts it from the next.
        if end == lines.count {
          if bytes.last != 0x0a { bytes.append(0x0a) }
          if end == starts[index] + 1 || !lines[end - 1].allSatisfy(ProseText.isSpace) { bytes.append(0x0a) }
        }
        if let holder { groups[holder, default: []] += bytes } else { lead += bytes }
      }
      var out = lead + order.flatMap { groups[$0] ?? [] }
      // At the end of the file that blank line is one too many, unless there was one.
      if out.suffix(2) == [0x0a, 0x0a], text.suffix(2) != [0x0a, 0x0a] { out.removeLast() }
      return out
    }
  }

  /// Cuts a text; `nil` where two headings are alike.
  private static func sections(_ text: ProseText) -> Sections? {
    let starts = (0..<text.lines.count).filter { text.kind(of: $0) == .heading }
    let keys = starts.map { start in
      let line = text.lines[start]
      return LineKey(bytes: line.dropLast(line.reversed().prefix(while: ProseText.isSpace).count))
    }
    guard Set(keys).count == keys.count else { return nil }
    return Sections(lines: text.lines, keys: keys, starts: starts)
  }
}
