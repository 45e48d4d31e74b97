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
    if rule == .lines { rule = .prose }
    let merge = ProseLines(base: base, ours: ours, theirs: theirs, from: before)
    var draft = merge.draft(regions)
    if !draft.isSettled, let moved = merge.movedSections() { draft = moved }
    setAside += draft.setAside
    for piece in draft.pieces {
      switch piece {
      case .text(let bytes): append(bytes)
      case .part(let index): append(draft.parts[index])
      case .members: break
      }
    }
  }
}

/// A merge of three texts whose lines clash.
struct ProseLines {
  let base: TextLines
  let ours: TextLines
  let theirs: TextLines
  let before: MergeDraft.LinesBefore
  private let texts: (base: ProseText, ours: ProseText, theirs: ProseText)

  init(base: TextLines, ours: TextLines, theirs: TextLines, from before: MergeDraft.LinesBefore) {
    (self.base, self.ours, self.theirs, self.before) = (base, ours, theirs, before)
    texts = (
      ProseText(base, style: .markdown), ProseText(ours, style: .markdown),
      ProseText(theirs, style: .markdown)
    )
  }

  /// The merge by regions of lines; those that clash merge by blocks, sentences and words.
  ///
  /// Where there are ordered lists, lines are compared without their numbers, which follow from what comes out.
  func draft(_ regions: [ThreeWayLines.Region]) -> MergeDraft {
    let numbering = ListNumbering(base: texts.base, ours: texts.ours, theirs: texts.theirs)
    guard !numbering.ours.isEmpty && !numbering.theirs.isEmpty else { return draft(regions, numbering) }
    func keys(_ lines: TextLines, _ numbered: ListNumbering.Unnumbered) -> [LineKey] {
      (0..<lines.count).map { numbered[$0]?.key ?? LineKey(bytes: lines[$0]) }
    }
    var interning = Interning<LineKey>()
    let free = ThreeWayLines(
      base: interning.numbers(of: keys(base, numbering.base)),
      ours: interning.numbers(of: keys(ours, numbering.ours)),
      theirs: interning.numbers(of: keys(theirs, numbering.theirs))
    ).regions.joinedWhereLinesRepeat(base, ours, theirs)
    var draft = draft(free, numbering)
    draft.renumber(by: numbering)
    return draft
  }

  /// How much of the three texts together a clash of lines may hold to be looked into by sentences and words, each of
  /// which takes far more memory than its bytes.
  static let proseLimitInBytes = 4 << 20

  private func draft(_ regions: [ThreeWayLines.Region], _ numbering: ListNumbering) -> MergeDraft {
    func places(_ numbered: ListNumbering.Unnumbered) -> [Int: Int] {
      Dictionary(
        numbered.values.map { ($0.digits.lowerBound, $0.digits.upperBound) },
        uniquingKeysWith: { first, _ in first })
    }
    let places = (
      base: places(numbering.base), ours: places(numbering.ours), theirs: places(numbering.theirs)
    )
    var draft = MergeDraft(rule: .prose)
    for region in regions.joinedOverBlankLines(base) {
      switch region.kind {
      case .ours: draft.append(ours[region.ours])
      case .theirs: draft.append(theirs[region.theirs])
      case .unchanged, .both:
        if ours[region.ours] == theirs[region.theirs] {
          draft.append(ours[region.ours])
          continue
        }
        // Numbers differ; they are put right afterwards.
        for (index, (left, right)) in zip(region.ours, region.theirs).enumerated() {
          let old = region.kind == .unchanged ? base[region.base.lowerBound + index] : []
          draft.append(Layout.merged(old, ours[left], theirs[right]))
        }
      case .conflict:
        let sides = (base[region.base], ours[region.ours], theirs[region.theirs])
        guard sides.0.count + sides.1.count + sides.2.count <= Self.proseLimitInBytes else {
          draft.append(
            ConflictPart(
              place: .lines(
                base: region.base.moved(before.base), ours: region.ours.moved(before.ours),
                theirs: region.theirs.moved(before.theirs)),
              base: Array(sides.0), ours: Array(sides.1), theirs: Array(sides.2),
              reason: "both sides changed these lines, which are too long to be looked into",
              severity: .blocked))
          continue
        }
        let merge = ProseMerge(
          base: .init(text: texts.base, lines: region.base, unnumbered: places.base),
          ours: .init(text: texts.ours, lines: region.ours, unnumbered: places.ours),
          theirs: .init(text: texts.theirs, lines: region.theirs, unnumbered: places.theirs))
        let items = ProseClash.wholeLines(merge.items.map(\.settled))
        draft.setAside += notes(of: merge, items, region)
        for item in items {
          switch item {
          case .text(let bytes): draft.append(bytes)
          case .clash(let clash):
            draft.append(clash.part(base: base, ours: ours, theirs: theirs, from: before))
          }
        }
      }
    }
    return draft
  }

  /// The white space that a side changed and that gave way, in lines that nobody is asked about.
  private func notes(of merge: ProseMerge, _ items: [ProseItem], _ region: ThreeWayLines.Region) -> [SetAside]
  {
    var kept: [UInt8] = []
    for item in items {
      guard case .text(let bytes) = item else { return [] }
      kept += bytes
    }
    return [(SetAside.Loser.ours, ours[region.ours]), (.theirs, theirs[region.theirs])].compactMap {
      loser, lines in
      guard merge.gaveWay.contains(loser) else { return nil }
      return SetAside(
        place: .lines(
          base: region.base.moved(before.base), ours: region.ours.moved(before.ours),
          theirs: region.theirs.moved(before.theirs)),
        kept: kept, other: Array(lines), loser: loser, strategy: SetAside.whiteSpace)
    }
  }

  /// The merge with the sections of all three in the order that one side gave them, as a proposal; `nil` where no
  /// side, or both, put sections into another order, or where the edits clash there too.
  func movedSections() -> MergeDraft? {
    guard let sections = MovedSections(base: texts.base, ours: texts.ours, theirs: texts.theirs) else {
      return nil
    }
    let (old, one, other) = (
      TextLines(sections.base), TextLines(sections.ours), TextLines(sections.theirs)
    )
    let inner = ProseLines(base: old, ours: one, theirs: other, from: (0, 0, 0))
    let draft = inner.draft(
      ThreeWayLines(base: old, ours: one, theirs: other).regions.joinedWhereLinesRepeat(old, one, other))
    guard let merged = draft.bytes else { return nil }
    // One part from the first line that differs to the last.
    let all = [base, ours, theirs, TextLines(merged)]
    let shortest = all.map(\.count).min() ?? 0
    var head = 0
    while head < shortest, all.allSatisfy({ $0[head] == base[head] }) { head += 1 }
    var tail = 0
    while tail < shortest - head,
      all.allSatisfy({ $0[$0.count - 1 - tail] == base[base.count - 1 - tail] })
    { tail += 1 }
    func middle(_ lines: TextLines) -> Range<Int> { head..<lines.count - tail }
    func bytes(_ lines: TextLines) -> [UInt8] { Array(lines[middle(lines)]) }
    var out = MergeDraft(rule: .prose)
    out.append(base[0..<head])
    out.append(
      ConflictPart(
        place: .lines(
          base: middle(base).moved(before.base), ours: middle(ours).moved(before.ours),
          theirs: middle(theirs).moved(before.theirs)),
        base: bytes(base), ours: bytes(ours), theirs: bytes(theirs),
        reason: "one side moved a section and the other changed it",
        severity: .look(proposed: bytes(TextLines(merged)))))
    out.append(base[base.count - tail..<base.count])
    return out
  }
}

extension MergeDraft {
  /// Puts the numbers of ordered lists in order that came out of it because both sides added items.
  fileprivate mutating func renumber(by numbering: ListNumbering) {
    var rendered: [[UInt8]] = []
    for piece in pieces {
      switch piece {
      case .text(let bytes): rendered.append(bytes)
      case .part(let index): rendered.append(parts[index].content(.proposed) ?? [])
      case .members: return
      }
    }
    // Pieces are whole lines, but for the last line of all.
    guard rendered.dropLast().allSatisfy({ $0.last ?? 0x0a == 0x0a }) else { return }
    let whole = TextLines(Array(rendered.joined()))
    let corrections = numbering.corrections(of: ProseText(whole, style: .markdown))
    if corrections.isEmpty { return }
    var line = 0
    for (place, text) in rendered.enumerated() {
      let count = TextLines(text).count
      let own = line..<line + count
      line += count
      guard own.contains(where: { corrections[$0] != nil }) else { continue }
      var out: [UInt8] = []
      for index in own {
        let bytes = whole[index]
        guard let (digits, number) = corrections[index] else {
          out += bytes
          continue
        }
        out += bytes[..<digits.lowerBound] + Array(String(number).utf8) + bytes[digits.upperBound...]
      }
      if case .part(let index) = pieces[place] {
        let part = parts[index]
        guard part.isProposed else { continue }
        parts[index] = ConflictPart(
          place: part.place, base: part.base, ours: part.ours, theirs: part.theirs, reason: part.reason,
          severity: .look(proposed: out))
      } else {
        pieces[place] = .text(out)
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
