/// Which units of a text were made from which units of an earlier one.
struct UnitMatching {
  /// What a new unit was made from.
  enum Source: Hashable {
    /// The unit stands as it stood.
    case same(Int)
    /// The unit stood elsewhere.
    case moved(Int)
    /// The unit says something else than this one did.
    case edited(Int)
    /// There was nothing like it.
    case new

    /// The old unit; `nil` where there was none.
    var old: Int? {
      switch self {
      case .same(let unit), .moved(let unit), .edited(let unit): unit
      case .new: nil
      }
    }
  }

  /// For each new unit.
  private(set) var sources: [Source]
  /// Old units that nothing came of, each before the new unit at this index (the count for the end).
  private(set) var removed: [(old: Int, before: Int)] = []

  // Regions with more pairs than this are matched in order or not at all.
  private static let pairLimit = 1 << 12
  private static let likenessLimit = 50

  /// Matches two texts whose units have numbers, equal where the units are.
  init(
    old: DocumentParts, _ oldNumbers: [Int], new: DocumentParts, _ newNumbers: [Int]
  ) {
    sources = newNumbers.indices.map { _ in .new }
    let changes = SequenceDiff(old: oldNumbers, new: newNumbers).changes
    var (i, j) = (0, 0)
    func common(upTo end: Int) {
      while i < end, j < newNumbers.count {
        sources[j] = .same(i)
        (i, j) = (i + 1, j + 1)
      }
    }
    for change in changes {
      common(upTo: change.old.lowerBound)
      (i, j) = (change.old.upperBound, change.new.upperBound)
    }
    common(upTo: oldNumbers.count)

    // What was taken away here and put back there has moved.
    var waiting: [Int: [Int]] = [:]
    for change in changes {
      for index in change.old.reversed() { waiting[oldNumbers[index], default: []].append(index) }
    }
    for key in waiting.keys { waiting[key]?.sort(by: >) }
    var isUsed = Set<Int>()
    for change in changes {
      for index in change.new {
        guard let from = waiting[newNumbers[index]]?.popLast() else { continue }
        sources[index] = .moved(from)
        isUsed.insert(from)
      }
    }
    var words = Interning<ArraySlice<UInt8>>()
    for change in changes {
      let left = change.old.filter { !isUsed.contains($0) }
      let right = change.new.filter { sources[$0] == .new }
      pair(left, right, old, new, &words, &isUsed)
      for index in left where !isUsed.contains(index) {
        removed.append((index, change.new.lowerBound))
      }
    }
  }

  private mutating func pair(
    _ left: [Int], _ right: [Int], _ old: DocumentParts, _ new: DocumentParts,
    _ words: inout Interning<ArraySlice<UInt8>>, _ isUsed: inout Set<Int>
  ) {
    guard !left.isEmpty, !right.isEmpty else { return }
    if left.count == right.count, left.count == 1 || left.count * right.count > Self.pairLimit {
      for (from, to) in zip(left, right) where old.units[from].kind == new.units[to].kind {
        sources[to] = .edited(from)
        isUsed.insert(from)
      }
      return
    }
    guard left.count * right.count <= Self.pairLimit else { return }
    let leftBags = left.map { index in
      words.numbers(of: old.words(index).map { old.bytes[$0] }).sorted()
    }
    for to in right {
      let bag = words.numbers(of: new.words(to).map { new.bytes[$0] }).sorted()
      var best: (likeness: Int, index: Int)?
      for (position, from) in left.enumerated()
      where !isUsed.contains(from) && old.units[from].kind == new.units[to].kind {
        let likeness = WordBags.likeness(leftBags[position], bag)
        if likeness >= Self.likenessLimit, likeness > best?.likeness ?? 0 { best = (likeness, from) }
      }
      guard let best else { continue }
      sources[to] = .edited(best.index)
      isUsed.insert(best.index)
    }
  }
}
