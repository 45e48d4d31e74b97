import SheafModel

extension MergeDraft {
  /// Adds the merge of three texts as prose.
  mutating func appendProse(
    base: TextLines, ours: TextLines, theirs: TextLines, from before: LinesBefore
  ) {
    let regions = ThreeWayLines(base: base, ours: ours, theirs: theirs).regions
      .joinedWhereLinesRepeat(base, ours, theirs)
    guard regions.contains(where: { $0.kind == .conflict }),
      // What is no UTF-8 has no words.
      [base, ours, theirs].allSatisfy({ UTF8Text.firstInvalidOffset(in: $0.bytes) == nil })
    else { return appendLines(base: base, ours: ours, theirs: theirs, from: before) }
    let texts = (
      base: ProseText(base, style: .markdown), ours: ProseText(ours, style: .markdown),
      theirs: ProseText(theirs, style: .markdown)
    )
    if rule == .lines { rule = .prose }
    for region in regions.joinedOverBlankLines(base) {
      switch region.kind {
      case .unchanged, .ours, .both: append(ours[region.ours])
      case .theirs: append(theirs[region.theirs])
      case .conflict:
        let merge = ProseMerge(
          base: .init(text: texts.base, lines: region.base),
          ours: .init(text: texts.ours, lines: region.ours),
          theirs: .init(text: texts.theirs, lines: region.theirs))
        for item in ProseClash.wholeLines(merge.items.map(\.settled)) {
          switch item {
          case .text(let bytes): append(bytes)
          case .clash(let clash):
            append(clash.part(base: base, ours: ours, theirs: theirs, from: before))
          }
        }
      }
    }
  }
}

extension ProseItem {
  /// The item as text when nobody needs to be asked.
  var settled: ProseItem {
    if case .clash(let clash) = self, clash.reason == .contained, let text = clash.proposed {
      return .text(text)
    }
    return self
  }
}

extension ProseClash {
  func part(
    base: TextLines, ours: TextLines, theirs: TextLines, from before: MergeDraft.LinesBefore
  ) -> ConflictPart {
    func lines(_ place: Range<Int>, _ text: TextLines, _ before: Int) -> Range<Int> {
      let first = text.line(at: place.lowerBound)
      let isWithin = first < text.count && place.lowerBound > text.start(of: first)
      let end =
        place.isEmpty && !isWithin ? first : text.line(at: max(place.upperBound - 1, place.lowerBound)) + 1
      return (first..<min(max(end, first), text.count)).moved(before)
    }
    let places = (
      base: lines(places.base, base, before.base), ours: lines(places.ours, ours, before.ours),
      theirs: lines(places.theirs, theirs, before.theirs)
    )
    return ConflictPart(
      place: kind.map { .block($0, base: places.base, ours: places.ours, theirs: places.theirs) }
        ?? .lines(base: places.base, ours: places.ours, theirs: places.theirs),
      base: self.base, ours: self.ours, theirs: self.theirs, reason: reason.rawValue,
      severity: proposed.map { .look(proposed: $0) } ?? .blocked)
  }
}

extension [ThreeWayLines.Region] {
  /// Makes one region of two neighbours by different sides in which the same line was added.
  ///
  /// Both sides added it at nearly one place; taking both would let it stand twice.
  func joinedWhereLinesRepeat(_ base: TextLines, _ ours: TextLines, _ theirs: TextLines) -> Self {
    // A fence or rule is no more of a landmark than a blank line.
    func isWord(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || byte >= 0x80
    }
    var joined: Self = []
    for region in self {
      joined.append(region)
      guard region.kind == .ours || region.kind == .theirs else { continue }
      var first = joined.count - 2
      if first > 0, joined[first].kind == .unchanged, !base[joined[first].base].contains(where: isWord) {
        first -= 1
      }
      guard first >= 0, joined[first].kind == (region.kind == .ours ? .theirs : .ours) else { continue }
      let (left, right) = region.kind == .ours ? (region, joined[first]) : (joined[first], region)
      func keys(_ lines: TextLines, _ range: Range<Int>) -> Set<LineKey> {
        Set(range.lazy.map { LineKey(bytes: lines[$0]) }.filter { !$0.bytes.allSatisfy(ProseText.isSpace) })
      }
      let old = keys(base, joined[first].base.lowerBound..<region.base.upperBound)
      let added = keys(ours, left.ours).subtracting(old)
      guard !added.isDisjoint(with: keys(theirs, right.theirs)) else { continue }
      let start = joined[first]
      joined.removeLast(joined.count - first)
      joined.append(
        ThreeWayLines.Region(
          kind: .conflict, base: start.base.lowerBound..<region.base.upperBound,
          ours: start.ours.lowerBound..<region.ours.upperBound,
          theirs: start.theirs.lowerBound..<region.theirs.upperBound))
    }
    return joined
  }

  /// Makes one region of each clash and the changes that only blank lines part from it.
  ///
  /// A blank line is like any other: that both texts have one does not tell two added paragraphs apart.
  func joinedOverBlankLines(_ base: TextLines) -> Self {
    func isBlank(_ region: ThreeWayLines.Region) -> Bool {
      region.kind == .unchanged && base[region.base].allSatisfy(ProseText.isSpace)
    }
    var joined: Self = []
    for region in self {
      joined.append(region)
      guard region.kind != .unchanged, joined.count >= 3, isBlank(joined[joined.count - 2]),
        joined[joined.count - 3].kind == .conflict || region.kind == .conflict
      else { continue }
      let first = joined[joined.count - 3]
      joined.removeLast(3)
      joined.append(
        ThreeWayLines.Region(
          kind: .conflict, base: first.base.lowerBound..<region.base.upperBound,
          ours: first.ours.lowerBound..<region.ours.upperBound,
          theirs: first.theirs.lowerBound..<region.theirs.upperBound))
    }
    return joined
  }
}
