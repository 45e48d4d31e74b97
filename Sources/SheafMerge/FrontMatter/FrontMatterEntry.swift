import SheafModel

/// The lines of one key of front matter: the comments above it, the value, and what stands below it.
///
/// Comments mean nothing to a program and much to people, so they merge by themselves: an edit of a value leaves
/// the other side's comment alone.
struct FrontMatterEntry {
  private let lead: [UInt8]
  private let core: [UInt8]
  private let tail: [UInt8]
  private let key: String
  private let value: JSONValue?

  /// Cuts the lines of a key that mean a value; no lines where there are none.
  init(_ text: ArraySlice<UInt8>?, key: String, value: JSONValue?) {
    (self.key, self.value) = (key, value)
    let lines = TextLines(Array(text ?? []))
    var first = 0
    while first < lines.count, FrontMatterReader.isComment(lines[first]) { first += 1 }
    var last = lines.count
    while last > first, FrontMatterReader.isComment(lines[last - 1]) { last -= 1 }
    // In a text over several lines what looks like a comment may be part of it.
    if last < lines.count, FrontMatterWriter.value(of: key, in: Array(lines[first..<last])) != value {
      last = lines.count
    }
    lead = Array(lines[0..<first])
    core = Array(lines[first..<last])
    tail = Array(lines[last..<lines.count])
  }

  /// The lines that mean a merged value, with the comments of both sides.
  ///
  /// - Returns: `nil` where both changed the same comment, or one would be lost.
  static func merged(
    _ base: FrontMatterEntry, _ one: FrontMatterEntry, _ other: FrontMatterEntry, value: JSONValue
  ) -> [UInt8]? {
    guard let lead = lines(base.lead, one.lead, other.lead),
      let tail = lines(base.tail, one.tail, other.tail),
      let core = core(base, one, other, value)
    else { return nil }
    let text = lead + core + tail
    return FrontMatterWriter.value(of: one.key, in: text) == value ? text : nil
  }

  private static func lines(_ base: [UInt8], _ one: [UInt8], _ other: [UInt8]) -> [UInt8]? {
    pick(base, one, other)
      ?? ThreeWayLines.cleanMerge(base: TextLines(base), ours: TextLines(one), theirs: TextLines(other))
  }

  /// What one side alone changed, or both alike.
  private static func pick(_ base: [UInt8], _ one: [UInt8], _ other: [UInt8]) -> [UInt8]? {
    if one == other || other == base { return one }
    return one == base ? other : nil
  }

  private static func core(
    _ base: FrontMatterEntry, _ one: FrontMatterEntry, _ other: FrontMatterEntry, _ value: JSONValue
  ) -> [UInt8]? {
    if let core = pick(base.core, one.core, other.core),
      FrontMatterWriter.value(of: one.key, in: core) == value
    {
      return core
    }
    let holder = [one, other].first { $0.value == value }
    if let left = one.remark, let right = other.remark, let remark = pick(base.remark ?? [], left, right) {
      let model = holder ?? one
      let text =
        holder?.plain ?? FrontMatterWriter.lines(of: one.key, value, like: model.core[...]).withoutEnd
      return text + remark + model.end
    }
    // A remark within several lines belongs to one of them, and which that becomes is not known.
    guard !one.hasRemarks, !other.hasRemarks else { return nil }
    return holder?.core ?? FrontMatterWriter.lines(of: one.key, value, like: one.core[...])
  }

  private var end: [UInt8] { Array(core[core.withoutEnd.count...]) }

  /// Whether something in the lines looks like a remark.
  private var hasRemarks: Bool {
    core.indices.contains { core[$0] == UInt8(ascii: "#") && ($0 == 0 || ProseText.isSpace(core[$0 - 1])) }
  }

  /// Where the remark behind a value on one line starts, with the blanks before it; `nil` for several lines.
  private var remarkStart: Int? {
    let line = core.withoutEnd
    guard !line.contains(UInt8(ascii: "\n")) else { return nil }
    for index in line.indices.dropFirst() where line[index] == UInt8(ascii: "#") {
      guard ProseText.isSpace(line[index - 1]) else { continue }
      let size = line[..<index].count - line[..<index].reversed().prefix(while: ProseText.isSpace).count
      if FrontMatterWriter.value(of: key, in: line[..<size] + [0x0a]) == value { return size }
    }
    return line.count
  }

  /// The remark behind a value on one line.
  private var remark: [UInt8]? { remarkStart.map { Array(core.withoutEnd[$0...]) } }

  /// The key and value on one line.
  private var plain: [UInt8]? { remarkStart.map { Array(core[..<$0]) } }
}

extension [UInt8] {
  /// A line without its end.
  fileprivate var withoutEnd: [UInt8] {
    guard last == UInt8(ascii: "\n") else { return self }
    return Array(dropLast(self.dropLast().last == UInt8(ascii: "\r") ? 2 : 1))
  }
}
