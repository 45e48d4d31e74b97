/// What the numbers of the ordered lists of three texts mean, and how the lists of their merge are numbered.
///
/// A list whose numbers are in order says no more by them than its lines' order does: it is compared without them.
/// Numbers that are out of order were put so by somebody, and are text; so is the number of an item that stands alone
/// wherever it stands, and those of a list that each side lets start at another number. So is each list, in any of the texts, that has
/// an item in common with such a list in one of them.
struct ListNumbering {
  /// The lines of one text that are compared without their numbers, by line.
  typealias Unnumbered = [Int: (digits: Range<Int>, key: LineKey)]

  let base: Unnumbered
  let ours: Unnumbered
  let theirs: Unnumbered
  /// The numbering of the list of each item, in base, ours and theirs; `nil` where it stands in several that differ.
  private let numberings: [[LineKey: Numbering?]]

  /// How a list counts: where it starts, and whether each number is one more or all are one.
  private struct Numbering: Equatable {
    var first: LineKey
    var start: Int
    /// `nil` for a list of one item.
    var step: Int?
  }

  init(base: ProseText, ours: ProseText, theirs: ProseText) {
    let texts = [base, ours, theirs].map(NumberedLists.init)
    let lists = texts.enumerated().flatMap { side, text in
      text.lists.map { (side: side, items: $0, keys: $0.map(text.key)) }
    }
    var holders: [LineKey: [Int]] = [:]
    for (index, list) in lists.enumerated() {
      for key in Set(list.keys) { holders[key, default: []].append(index) }
    }
    // The number of an item that is in no list of several says what no order tells.
    func isAlone(_ index: Int) -> Bool {
      lists[index].keys.allSatisfy { (holders[$0] ?? []).allSatisfy { lists[$0].items.count == 1 } }
    }
    var meant = Set(lists.indices.filter { !NumberedLists.isInOrder(lists[$0].items) || isAlone($0) })
    // Where both sides let a list start elsewhere, neither start follows from anything.
    for (key, holders) in holders {
      let sides = (0..<3).map { side in
        holders.filter { lists[$0].side == side && lists[$0].keys.first == key }
      }
      let starts = sides.compactMap { $0.count == 1 ? lists[$0[0]].items.first?.number : nil }
      if starts.count == 3, Set(starts).count == 3 { meant.formUnion(sides.joined()) }
    }
    var waiting = Array(meant)
    while let index = waiting.popLast() {
      for key in lists[index].keys {
        // Taken out, as all lists with this item are then known.
        for other in holders.removeValue(forKey: key) ?? [] where meant.insert(other).inserted {
          waiting.append(other)
        }
      }
    }
    var found: [Unnumbered] = [[:], [:], [:]]
    var numberings: [[LineKey: Numbering?]] = [[:], [:], [:]]
    for (index, list) in lists.enumerated() where !meant.contains(index) {
      guard let first = list.items.first, let key = list.keys.first else { continue }
      let numbering = Numbering(first: key, start: first.number, step: NumberedLists.step(list.items))
      for (item, key) in zip(list.items, list.keys) {
        found[list.side][item.line] = (item.digits, key)
        let held = numberings[list.side][key]
        numberings[list.side][key] = .some(held == nil || held == numbering ? numbering : nil)
      }
    }
    (self.base, self.ours, self.theirs) = (found[0], found[1], found[2])
    self.numberings = numberings
  }

  /// The number that each item of a merge should have, where it has another, by lines.
  ///
  /// Only lists all of whose items were in order wherever they stood are numbered anew: from the start and by the step
  /// that one side gave the list, or else from the first number, by one where the merge put them out of order.
  func corrections(of merged: ProseText) -> [Int: (digits: Range<Int>, number: Int)] {
    let merged = NumberedLists(merged)
    var corrections: [Int: (digits: Range<Int>, number: Int)] = [:]
    for list in merged.lists {
      let keys = list.map(merged.key)
      guard let first = list.first,
        keys.allSatisfy({ numberings[1][$0] != nil || numberings[2][$0] != nil })
      else { continue }
      let sides = numberings.map { Self.shared($0, by: keys) }
      let step =
        Self.merged(sides.map { $0?.step })
        ?? (NumberedLists.isInOrder(list) ? NumberedLists.step(list) : nil) ?? 1
      // Items that came or went above change where a list starts too; then it is not the start that was meant.
      let starts = sides.map { side in
        side?.first == sides[0]?.first && side.map { keys.contains($0.first) } == true ? side?.start : nil
      }
      let start = starts[0] == nil ? nil : Self.merged(starts)
      let from = start == starts[0] ? first.number : start ?? first.number
      for (offset, item) in list.enumerated() where item.number != from + offset * step {
        corrections[item.line] = (item.digits, from + offset * step)
      }
    }
    return corrections
  }

  /// The numbering of all of some items that one text has; `nil` where there are several.
  private static func shared(_ numberings: [LineKey: Numbering?], by keys: [LineKey]) -> Numbering? {
    let found = keys.compactMap { numberings[$0] }
    return found.first.flatMap { first in found.allSatisfy { $0 == first } ? first : nil }
  }

  /// What base, ours and theirs have, merged: what the side has that differs from base.
  private static func merged(_ sides: [Int?]) -> Int? {
    guard let ours = sides[1], let theirs = sides[2] else { return sides[1] ?? sides[2] }
    if theirs == ours || theirs == sides[0] { return ours }
    return ours == sides[0] ? theirs : nil
  }
}
