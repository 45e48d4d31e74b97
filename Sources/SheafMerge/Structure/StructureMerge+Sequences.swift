import SheafModel

extension StructureMerge {
  /// Merges lists by their place between equal items.
  ///
  /// An item is a unit that needs no context, unlike a line: changes of neighbouring items do not
  /// touch each other. What one cannot tell is the order of two insertions at one place; that is proposed.
  mutating func mergeSequences(
    _ values: Sides, at pointer: JSONPointer, in context: MergeRules.Context
  ) -> [MergePiece]? {
    let isDeclared = rules.declaresAnything(context)
    guard let one = values.one, let other = values.other, one.list != nil, other.list != nil else {
      return clash(values, pointer, "both sides changed this field", isDeclared: isDeclared)
    }
    guard let base = values.base else {
      return clash(
        values, pointer, "both sides added this field, with different values", isDeclared: isDeclared)
    }
    guard base.list != nil else {
      return clash(values, pointer, "both sides changed this field", isDeclared: isDeclared)
    }
    // Of two orders that are as good the list itself decides, not which side gives the layout.
    let merge = ItemMerge(
      base: base.items, one: one.items, other: other.items,
      isOtherFirst: other.text.lexicographicallyPrecedes(one.text))
    func pieces() -> [MergePiece] {
      let indent = one.itemIndent
      let entries = merge.entries.map { entry in
        JSONSplice.Entry(
          place: entry.place, head: [],
          value: [.text(entry.isOther ? entry.item.text(indentedBy: indent) : Array(entry.item.text))])
      }
      let brackets = (UInt8(ascii: "["), UInt8(ascii: "]"))
      return [.members(JSONSplice.container(entries, in: [one, other], brackets: brackets))]
    }
    if merge.verdict == .clean, !merge.repeatsItems { return pieces() }
    // Where changes on lines of their own go together, as in any merge by lines, nobody is asked.
    if !isDeclared, let (text, items) = Self.mergeLinesWithin(base, one, other) {
      if !ItemMerge.repeats(base.items.map(\.value), one.items.map(\.value), other.items.map(\.value), items)
      {
        return [.text(text)]
      }
      repeatsItems = true
    }
    if merge.repeatsItems, merge.verdict != .clash {
      repeatsItems = true
      return clash(
        values, pointer, "both sides moved the same item of this list, or one removed it",
        isDeclared: isDeclared)
    }
    switch merge.verdict {
    case .ambiguous:
      return clash(
        values, pointer, "both sides added items at one place, in an order that is not known",
        proposed: .look(proposed: text(of: pieces())), isDeclared: isDeclared)
    default:
      return clash(
        values, pointer, "both sides changed the same items of this list", isDeclared: isDeclared)
    }
  }

  private static func mergeLinesWithin(
    _ base: JSONPart, _ one: JSONPart, _ other: JSONPart
  ) -> (text: [UInt8], items: [JSONValue])? {
    func lines(_ part: JSONPart) -> TextLines { TextLines(part.bytes, in: part.layout.range) }
    guard
      let text = ThreeWayLines.cleanMerge(base: lines(base), ours: lines(one), theirs: lines(other)),
      case .array(let items)? = try? JSONReader.read(text)
    else { return nil }
    return (text, items)
  }
}

/// A three-way merge of lists by equal items.
private struct ItemMerge {
  enum Verdict { case clean, ambiguous, clash }

  struct Entry {
    let item: JSONPart
    /// The place in `one`, where the item stands there too.
    let place: Int?
    let isOther: Bool
  }

  private(set) var verdict = Verdict.clean
  private(set) var entries: [Entry] = []
  /// Whether an item would stand more often than the sides account for: it was moved on both, or moved and removed.
  private(set) var repeatsItems = false

  /// One side's change of neighbouring items, as small as it can be told.
  private struct Change {
    let isOther: Bool
    let base: Range<Int>
    let new: Range<Int>

    /// Items were replaced by another number of items, so that which became which is not known.
    var isUneven: Bool { !base.isEmpty && !new.isEmpty && base.count != new.count }
    var isInsertion: Bool { base.isEmpty }
  }

  private let one: [JSONPart]
  private let other: [JSONPart]

  private let isOtherFirst: Bool

  /// Merges.
  ///
  /// - Parameter isOtherFirst: Whose additions stand first where both added at one place.
  init(base: [JSONPart], one: [JSONPart], other: [JSONPart], isOtherFirst: Bool) {
    (self.one, self.other, self.isOtherFirst) = (one, other, isOtherFirst)
    var interning = Interning<JSONValue>()
    let numbers = (
      base: interning.numbers(of: base.map(\.value)), one: interning.numbers(of: one.map(\.value)),
      other: interning.numbers(of: other.map(\.value))
    )
    let oneDiff = SequenceDiff(old: numbers.base, new: numbers.one).changes
    let otherDiff = SequenceDiff(old: numbers.base, new: numbers.other).changes
    // Where each of base's items that `one` left alone stands there.
    var places: [Int: Int] = [:]
    var (b, o) = (0, 0)
    for change in oneDiff {
      while b < change.old.lowerBound {
        places[b] = o
        (b, o) = (b + 1, o + 1)
      }
      (b, o) = (change.old.upperBound, change.new.upperBound)
    }
    while b < base.count {
      places[b] = o
      (b, o) = (b + 1, o + 1)
    }
    let changes =
      (oneDiff.flatMap { Self.split($0, isOther: false) }
      + otherDiff.flatMap { Self.split($0, isOther: true) })
      .sorted {
        ($0.base.lowerBound, $0.base.upperBound, $0.isOther == isOtherFirst ? 0 : 1) < (
          $1.base.lowerBound, $1.base.upperBound, $1.isOther == isOtherFirst ? 0 : 1
        )
      }
    var told = 0
    var index = 0
    while index < changes.count {
      var group = [changes[index]]
      var end = changes[index].base.upperBound
      index += 1
      while index < changes.count {
        let next = changes[index]
        let isJoined =
          next.base.lowerBound < end
          || group.contains { Self.meet($0, next) || addAlike($0, next, numbers.one, numbers.other) }
        guard isJoined else { break }
        group.append(next)
        end = max(end, next.base.upperBound)
        index += 1
      }
      let start = group[0].base.lowerBound
      for item in told..<max(told, start) { keep(item, base, places) }
      settle(group, start..<end, numbers.base, numbers.one, numbers.other, base, places)
      told = end
    }
    for item in told..<max(told, base.count) { keep(item, base, places) }
    repeatsItems = Self.repeats(
      numbers.base, numbers.one, numbers.other, interning.numbers(of: entries.map(\.item.value)))
  }

  /// Whether a merged list has an item more often than a merge of how often each side has it comes to.
  static func repeats<Item: Hashable>(_ base: [Item], _ one: [Item], _ other: [Item], _ merged: [Item])
    -> Bool
  {
    func counts(_ items: [Item]) -> [Item: Int] { items.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
    let (before, left, right) = (counts(base), counts(one), counts(other))
    return counts(merged).contains { item, count in
      let (b, o, t) = (before[item] ?? 0, left[item] ?? 0, right[item] ?? 0)
      // What no side has was put together from several.
      if b + o + t == 0 { return false }
      if o <= b, t <= b { return count > min(o, t) }
      return count > (o >= b && t >= b ? max(o, t) : o + t - b)
    }
  }

  /// A change of as many items as before changes each; a removal removes each.
  private static func split(_ change: SequenceDiff.Change, isOther: Bool) -> [Change] {
    if change.new.isEmpty {
      let end = change.new.lowerBound
      return change.old.map { Change(isOther: isOther, base: $0..<$0 + 1, new: end..<end) }
    }
    guard change.old.count == change.new.count else {
      return [Change(isOther: isOther, base: change.old, new: change.new)]
    }
    return zip(change.old, change.new).map { Change(isOther: isOther, base: $0..<$0 + 1, new: $1..<$1 + 1) }
  }

  /// Whether two changes end and start at one place and add there, so that their order is not known.
  private static func meet(_ first: Change, _ next: Change) -> Bool {
    guard first.isOther != next.isOther, first.base.upperBound == next.base.lowerBound else { return false }
    return (first.isInsertion || first.isUneven) && (next.isInsertion || next.isUneven)
  }

  /// Whether two changes that meet both add the same item, which would then stand twice.
  private func addAlike(_ first: Change, _ next: Change, _ one: [Int], _ other: [Int]) -> Bool {
    guard first.isOther != next.isOther, first.base.upperBound == next.base.lowerBound else { return false }
    let (left, right) = first.isOther ? (next, first) : (first, next)
    return !Set(one[left.new]).isDisjoint(with: other[right.new])
  }

  private mutating func keep(_ index: Int, _ base: [JSONPart], _ places: [Int: Int]) {
    guard let place = places[index], place < one.count else {
      entries.append(Entry(item: base[index], place: nil, isOther: true))
      return
    }
    entries.append(Entry(item: one[place], place: place, isOther: false))
  }

  private mutating func add(_ range: Range<Int>, isOther: Bool) {
    for index in range {
      entries.append(
        Entry(item: isOther ? other[index] : one[index], place: isOther ? nil : index, isOther: isOther))
    }
  }

  private mutating func settle(
    _ group: [Change], _ region: Range<Int>, _ baseNumbers: [Int], _ oneNumbers: [Int], _ otherNumbers: [Int],
    _ base: [JSONPart], _ places: [Int: Int]
  ) {
    if !group.contains(where: { $0.isOther != group[0].isOther }) {
      for change in group { add(change.new, isOther: change.isOther) }
      return
    }
    // What each side made of the region.
    func side(_ isOther: Bool) -> [Int] {
      var made: [Int] = []
      var told = region.lowerBound
      for change in group where change.isOther == isOther {
        made += baseNumbers[told..<change.base.lowerBound]
        made += (isOther ? otherNumbers : oneNumbers)[change.new]
        told = change.base.upperBound
      }
      return made + baseNumbers[told..<region.upperBound]
    }
    let isAlike = side(false) == side(true)
    if isAlike {
      for change in group where !change.isOther { add(change.new, isOther: false) }
      return
    }
    if region.isEmpty {
      weave(group, oneNumbers, otherNumbers)
      return
    }
    // Neighbours whose border is not known can still be told one after the other.
    var told = region.lowerBound
    let isApart = zip(group, group.dropFirst()).allSatisfy {
      $0.base.upperBound <= $1.base.lowerBound && !addAlike($0, $1, oneNumbers, otherNumbers)
    }
    verdict = isApart && verdict != .clash ? .ambiguous : .clash
    for change in group where change.base.lowerBound >= told {
      for item in told..<change.base.lowerBound { keep(item, base, places) }
      add(change.new, isOther: change.isOther)
      told = change.base.upperBound
    }
  }

  /// Two insertions at one place: what both inserted aligns them; the rest is in order as long as only
  /// one of them has items between two that are common.
  private mutating func weave(_ group: [Change], _ oneNumbers: [Int], _ otherNumbers: [Int]) {
    guard let first = group.first(where: { $0.isOther == isOtherFirst })?.new,
      let second = group.first(where: { $0.isOther != isOtherFirst })?.new
    else { return }
    let numbers = isOtherFirst ? (otherNumbers, oneNumbers) : (oneNumbers, otherNumbers)
    var told = first.lowerBound
    for change in SequenceDiff(old: Array(numbers.0[first]), new: Array(numbers.1[second])).changes {
      let end = first.lowerBound + change.old.upperBound
      add(told..<end, isOther: isOtherFirst)
      if !change.old.isEmpty, !change.new.isEmpty, verdict == .clean { verdict = .ambiguous }
      add(
        second.lowerBound + change.new.lowerBound..<second.lowerBound + change.new.upperBound,
        isOther: !isOtherFirst)
      told = end
    }
    add(told..<first.upperBound, isOther: isOtherFirst)
  }
}
