/// Merges a region of three texts in which a merge by lines clashes: by blocks and sentences, then
/// by words.
///
/// Rules and their reasons are in `Schemas/merge.md`, "Prose".
struct ProseMerge {
  /// One of the three texts and its lines in the region.
  struct Source {
    let text: ProseText
    let lines: Range<Int>
    /// Where numbers stand that say no more than the order does: where each starts and ends.
    var unnumbered: [Int: Int] = [:]
  }

  /// What the region came to, in order.
  private(set) var items: [ProseItem] = []
  /// The sides of which white space was not taken.
  private(set) var gaveWay: Set<SetAside.Loser> = []
  private let base: ProseSide
  private let ours: ProseSide
  private let theirs: ProseSide

  init(base: Source, ours: Source, theirs: Source) {
    var interning = Interning<[UInt8]>()
    self.base = ProseSide(base, interning: &interning)
    self.ours = ProseSide(ours, interning: &interning)
    self.theirs = ProseSide(theirs, interning: &interning)
    settle(
      UnitRegions(
        base: self.base, ours: self.ours, theirs: self.theirs,
        left: UnitAlignment.changes(from: self.base, to: self.ours),
        right: UnitAlignment.changes(from: self.base, to: self.theirs)))
  }

  /// A merge of units whose regions are known and none of which clashes.
  private init(base: ProseSide, ours: ProseSide, theirs: ProseSide, regions: some Sequence<UnitRegion>) {
    (self.base, self.ours, self.theirs) = (base, ours, theirs)
    for region in regions { write(region) }
  }

  /// The text with every proposal taken; `nil` when something has none.
  private var text: [UInt8]? {
    var text: [UInt8] = []
    for item in items {
      switch item {
      case .text(let bytes): text += bytes
      case .clash(let clash):
        guard let proposed = clash.proposed else { return nil }
        text += proposed
      }
    }
    return text
  }

  private mutating func settle(_ merge: UnitRegions) {
    var index = 0
    while index < merge.regions.count {
      let last = merge.lastMeeting(from: index)
      if last > index {
        meeting(merge.regions[index...last])
      } else if merge.regions[index].kind == .conflict {
        items.append(.clash(clash(merge.regions[index])))
      } else {
        write(merge.regions[index])
      }
      index = last + 1
    }
  }

  // MARK: What is settled

  private mutating func write(_ region: UnitRegion) {
    switch region.kind {
    case .unchanged:
      for offset in 0..<region.base.count {
        let (b, o, t) = (
          region.base.lowerBound + offset, region.ours.lowerBound + offset, region.theirs.lowerBound + offset
        )
        writeLayout(base.body(b..<b + 1), ours.body(o..<o + 1), theirs.body(t..<t + 1))
        writeLayout(base.space(b), ours.space(o), theirs.space(t))
      }
    case .ours:
      if theirs.body(region.theirs) != base.body(region.base) { gaveWay.insert(.theirs) }
      write(ours.body(region.ours))
      writeSpace(region)
    case .theirs:
      if ours.body(region.ours) != base.body(region.base) { gaveWay.insert(.ours) }
      write(theirs.body(region.theirs))
      writeSpace(region)
    case .both:
      writeLayout(base.body(region.base), ours.body(region.ours), theirs.body(region.theirs))
      writeSpace(region)
    case .conflict: items.append(.clash(clash(region)))
    }
  }

  /// Of three spellings that differ in white space only, the one to take.
  private mutating func writeLayout(
    _ base: ArraySlice<UInt8>, _ ours: ArraySlice<UInt8>, _ theirs: ArraySlice<UInt8>
  ) {
    let taken = Layout.merged(base, ours, theirs)
    if ours != base, ours != taken { gaveWay.insert(.ours) }
    if theirs != base, theirs != taken { gaveWay.insert(.theirs) }
    write(taken)
  }

  /// The white space behind a region: three-way where all three have some, else that of whoever wrote it.
  private mutating func writeSpace(_ region: UnitRegion) {
    write(space(region))
  }

  private func space(_ region: UnitRegion) -> ArraySlice<UInt8> {
    let (b, o, t) = (region.base.last, region.ours.last, region.theirs.last)
    switch (region.kind, o, t) {
    case (.ours, nil, _), (.theirs, _, nil): return []
    case (_, let o?, let t?): return Layout.merged(b.map(base.space) ?? [], ours.space(o), theirs.space(t))
    case (_, let o?, nil): return ours.space(o)
    case (_, nil, let t?): return theirs.space(t)
    case (_, nil, nil): return []
    }
  }

  private mutating func write(_ bytes: ArraySlice<UInt8>) {
    if case .text(var text)? = items.last {
      items.removeLast()
      text += bytes
      items.append(.text(text))
    } else {
      items.append(.text(Array(bytes)))
    }
  }

  // MARK: What a person is asked

  /// Edits of both sides that share no sentence but stand in one block or meet where one adds or rewrites.
  private mutating func meeting(_ regions: ArraySlice<UnitRegion>) {
    guard let first = regions.first, let last = regions.last else { return }
    let merged = ProseMerge(base: base, ours: ours, theirs: theirs, regions: regions)
    var clash = plainClash(
      UnitRegion(
        kind: .conflict, base: first.base.lowerBound..<last.base.upperBound,
        ours: first.ours.lowerBound..<last.ours.upperBound,
        theirs: first.theirs.lowerBound..<last.theirs.upperBound))
    clash.proposed = merged.text
    clash.reason = .meeting
    items.append(.clash(clash))
  }

  private func clash(_ region: UnitRegion) -> ProseClash {
    if region.base.isEmpty { return insertions(region) }
    var clash = plainClash(region)
    if region.ours.isEmpty || region.theirs.isEmpty {
      clash.reason = .deletion
      return clash
    }
    var interning = Interning<[UInt8]>()
    let words = (
      base: ProseSide(words: base, region.base, interning: &interning),
      ours: ProseSide(words: ours, region.ours, interning: &interning),
      theirs: ProseSide(words: theirs, region.theirs, interning: &interning)
    )
    let merge = ThreeWayLines(
      base: words.base.numbers, ours: words.ours.numbers, theirs: words.theirs.numbers)
    let regions = merge.regions.map {
      UnitRegion(kind: $0.kind, base: $0.base, ours: $0.ours, theirs: $0.theirs)
    }
    guard regions.contains(where: { $0.kind == .conflict }) else {
      let inner = ProseMerge(base: words.base, ours: words.ours, theirs: words.theirs, regions: regions)
      var text = inner.text ?? []
      while let last = text.last, ProseText.isSpace(last) { text.removeLast() }
      clash.proposed = text + space(region)
      let kinds = Set(regions.map(\.kind))
      // Every edit of one side is an edit of the other too: nothing is put together.
      clash.reason = kinds.contains(.ours) && kinds.contains(.theirs) ? .words : .contained
      if clash.kind == .fence, clash.reason == .contained {
        // The words of code tell nothing of its white space, which both may have changed.
        clash.reason = kinds.isSubset(of: [.unchanged, .both]) ? .sameWords : .words
        if clash.reason == .sameWords { clash.proposed = nil }
      }
      return clash
    }
    let edits = (
      ours: Self.editCount(words.base, words.ours), theirs: Self.editCount(words.base, words.theirs)
    )
    clash.reason = .sameWords
    if edits.ours >= 3 * edits.theirs || edits.theirs >= 3 * edits.ours {
      clash.reason = .rewritten
      clash.proposed = edits.ours > edits.theirs ? clash.ours : clash.theirs
    }
    return clash
  }

  private static func editCount(_ old: ProseSide, _ new: ProseSide) -> Int {
    SequenceDiff(old: old.numbers, new: new.numbers).changes.reduce(0) {
      $0 + max($1.old.count, $1.new.count)
    }
  }

  /// Both sides added text at one place.
  private func insertions(_ region: UnitRegion) -> ProseClash {
    var clash = plainClash(region)
    let numbers = (ours: ours.numbers[region.ours], theirs: theirs.numbers[region.theirs])
    let diff = SequenceDiff(old: Array(numbers.ours), new: Array(numbers.theirs)).changes
    // One has all that the other has, in its order, and more.
    if diff.allSatisfy(\.old.isEmpty) || diff.allSatisfy(\.new.isEmpty) {
      clash.reason = .sameInsertion
      clash.proposed = diff.allSatisfy(\.old.isEmpty) ? clash.theirs : clash.ours
      return clash
    }
    var interning = Interning<ArraySlice<UInt8>>()
    let likeness = WordBags.likeness(
      interning.numbers(of: ours.words(region.ours)).sorted(),
      interning.numbers(of: theirs.words(region.theirs)).sorted())
    if likeness >= 50 {
      clash.reason = .sameInsertion
      return clash
    }
    clash.reason = .insertions
    // Either order would do; the bytes choose, so that the order of the sides does not.
    let isFirst = clash.ours.lexicographicallyPrecedes(clash.theirs)
    let (first, second) = isFirst ? (clash.ours, clash.theirs) : (clash.theirs, clash.ours)
    // What stands before the second in its own text keeps it from the first.
    let lead = isFirst ? region.theirs.lowerBound - 1 : region.ours.lowerBound - 1
    let side = isFirst ? theirs : ours
    var gap = lead < 0 ? [] : Array(side.space(lead))
    // A region starts behind the end of a line, which the white space in front of it does not show.
    if lead == 0 { gap.insert(UInt8(ascii: "\n"), at: 0) }
    let trimmed = first.count - first.reversed().prefix(while: ProseText.isSpace).count
    clash.proposed = first[..<trimmed] + Layout.merged([], gap[...], first[trimmed...]) + second
    return clash
  }

  private func plainClash(_ region: UnitRegion) -> ProseClash {
    let sides = [(base, region.base), (ours, region.ours), (theirs, region.theirs)]
    let blocks = sides.flatMap { side, range in side.units[range].filter { !$0.body.isEmpty } }
    let kind = blocks.first?.kind ?? .paragraph
    let isOneBlock = sides.allSatisfy { side, range in
      side.units[range].dropFirst().allSatisfy { !$0.startsBlock && $0.kind == kind }
    }
    return ProseClash(
      base: Array(base.text(region.base)), ours: Array(ours.text(region.ours)),
      theirs: Array(theirs.text(region.theirs)), kind: isOneBlock && !blocks.isEmpty ? kind : nil,
      places: .init(
        base: base.place(region.base), ours: ours.place(region.ours), theirs: theirs.place(region.theirs)))
  }
}

/// Of three spellings that differ in white space only, the one to take.
enum Layout {
  /// That of a side that changed it; of two, the one with more line ends, then the longer, then the
  /// lesser by bytes, so that the order of the sides does not matter.
  static func merged(
    _ base: ArraySlice<UInt8>, _ ours: ArraySlice<UInt8>, _ theirs: ArraySlice<UInt8>
  ) -> ArraySlice<UInt8> {
    if ours == base { return theirs }
    if theirs == base || ours == theirs { return ours }
    func lines(_ bytes: ArraySlice<UInt8>) -> Int { bytes.count { $0 == UInt8(ascii: "\n") } }
    let (o, t) = (lines(ours), lines(theirs))
    if o != t { return o > t ? ours : theirs }
    if ours.count != theirs.count { return ours.count > theirs.count ? ours : theirs }
    return ours.lexicographicallyPrecedes(theirs) ? ours : theirs
  }
}
