/// Pairs units that were edited with what they were edited from.
///
/// A shortest edit script tells that two sentences were replaced by three; which of them is an
/// edit of which decides whether two people edited the same sentence. Units pair in order, so
/// that the shared words of the pairs are as many as possible, and only where at least half of
/// the words are shared.
enum UnitAlignment {
  private static let cellLimit = 1 << 14

  /// The changes from one text to another, with each edited unit paired with what it was.
  static func changes(from old: ProseSide, to new: ProseSide) -> [SequenceDiff.Change] {
    let changes = SequenceDiff(old: old.numbers, new: new.numbers).changes
    var words = Interning<ArraySlice<UInt8>>()
    let bags = WordBags(old, touched: changes.map(\.old), interning: &words)
    return refined(changes, old: bags, new: WordBags(new, touched: changes.map(\.new), interning: &words))
  }

  /// Cuts each change into pairs, insertions and removals.
  private static func refined(
    _ changes: [SequenceDiff.Change], old: WordBags, new: WordBags
  ) -> [SequenceDiff.Change] {
    changes.flatMap { change -> [SequenceDiff.Change] in
      guard !change.old.isEmpty, !change.new.isEmpty, change.old.count + change.new.count > 2,
        change.old.count * change.new.count <= cellLimit
      else { return [change] }
      return refined(change, old, new)
    }
  }

  private static func refined(
    _ change: SequenceDiff.Change, _ old: WordBags, _ new: WordBags
  ) -> [SequenceDiff.Change] {
    let (rows, columns) = (Array(change.old), Array(change.new))
    let width = columns.count + 1
    var likeness = [Int](repeating: 0, count: rows.count * columns.count)
    for (i, row) in rows.enumerated() {
      for (j, column) in columns.enumerated() {
        likeness[i * columns.count + j] = WordBags.likeness(old[row], new[column])
      }
    }
    // best[i][j]: the most likeness that pairs among the units from i and j on can have.
    var best = [Int](repeating: 0, count: (rows.count + 1) * width)
    for i in rows.indices.reversed() {
      for j in columns.indices.reversed() {
        let like = likeness[i * columns.count + j]
        let paired = like >= 50 ? like + best[(i + 1) * width + j + 1] : 0
        best[i * width + j] = max(paired, best[(i + 1) * width + j], best[i * width + j + 1])
      }
    }
    var refined: [SequenceDiff.Change] = []
    var (fromOld, fromNew) = (change.old.lowerBound, change.new.lowerBound)
    func close(_ i: Int, _ j: Int) {
      if fromOld < i || fromNew < j { refined.append(.init(old: fromOld..<i, new: fromNew..<j)) }
    }
    var (i, j) = (0, 0)
    while i < rows.count, j < columns.count {
      let here = best[i * width + j]
      let like = likeness[i * columns.count + j]
      if like >= 50, here == like + best[(i + 1) * width + j + 1] {
        close(rows[i], columns[j])
        refined.append(.init(old: rows[i]..<rows[i] + 1, new: columns[j]..<columns[j] + 1))
        (i, j) = (i + 1, j + 1)
        (fromOld, fromNew) = (change.old.lowerBound + i, change.new.lowerBound + j)
      } else if here == best[(i + 1) * width + j] {
        i += 1
      } else {
        j += 1
      }
    }
    close(change.old.upperBound, change.new.upperBound)
    return rejoined(refined, old, new)
  }

  /// Puts back together what was split or joined: a pair and its neighbour, where the neighbour's
  /// words are those that the pair lacks.
  private static func rejoined(
    _ changes: [SequenceDiff.Change], _ old: WordBags, _ new: WordBags
  ) -> [SequenceDiff.Change] {
    func likeness(_ change: SequenceDiff.Change) -> Int {
      WordBags.likeness(change.old.flatMap { old[$0] }.sorted(), change.new.flatMap { new[$0] }.sorted())
    }
    var joined: [SequenceDiff.Change] = []
    for change in changes {
      guard let last = joined.last, last.old.upperBound == change.old.lowerBound,
        last.new.upperBound == change.new.lowerBound
      else {
        joined.append(change)
        continue
      }
      let both = SequenceDiff.Change(
        old: last.old.lowerBound..<change.old.upperBound, new: last.new.lowerBound..<change.new.upperBound)
      let isHalf = { (one: SequenceDiff.Change) in one.old.isEmpty || one.new.isEmpty }
      if isHalf(last) != isHalf(change), likeness(both) > likeness(isHalf(last) ? change : last) {
        joined[joined.count - 1] = both
      } else {
        joined.append(change)
      }
    }
    return joined
  }
}

/// The words of units, counted, made when they are first asked for.
struct WordBags {
  private let bags: [[Int]]

  subscript(index: Int) -> [Int] { bags[index] }

  /// Collects the words of the units that changes touch.
  init(_ side: ProseSide, touched: [Range<Int>], interning: inout Interning<ArraySlice<UInt8>>) {
    var bags = [[Int]](repeating: [], count: side.units.count)
    for range in touched {
      for index in range {
        bags[index] = interning.numbers(of: side.words(index..<index + 1)).sorted()
      }
    }
    self.bags = bags
  }

  /// How many of two sorted lists' elements are shared, in percent.
  static func likeness(_ a: [Int], _ b: [Int]) -> Int {
    guard !a.isEmpty, !b.isEmpty else { return 0 }
    var (i, j, shared) = (0, 0, 0)
    while i < a.count, j < b.count {
      if a[i] == b[j] {
        (i, j, shared) = (i + 1, j + 1, shared + 1)
      } else if a[i] < b[j] {
        i += 1
      } else {
        j += 1
      }
    }
    return 200 * shared / (a.count + b.count)
  }
}
