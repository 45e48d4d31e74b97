/// A shortest edit script between two sequences, by Myers' linear-space method.
///
/// E. W. Myers, "An O(ND) difference algorithm and its variations" (1986). Elements are
/// numbers, equal when the elements are; see `Interning`. Work is near linear in the size
/// times the count of differences and is capped: past the cap the script stays correct
/// but may be longer than needed.
struct SequenceDiff {
  /// For each old element whether it was removed.
  private(set) var removed: [Bool]
  /// For each new element whether it was added.
  private(set) var added: [Bool]

  private let old: [Int]
  private let new: [Int]
  /// Positions that take part: elements that occur on one side only are settled beforehand.
  private var oldKept: [Int] = []
  private var newKept: [Int] = []
  private var forward: [Int] = []
  private var backward: [Int] = []
  // How many edits one search follows from either end before it settles for the furthest point
  // it has reached: sequences with up to twice as many differences are compared exactly.
  private static let searchCap = 512

  /// Compares two sequences of interned elements.
  init(old: [Int], new: [Int]) {
    self.old = old
    self.new = new
    removed = Array(repeating: false, count: old.count)
    added = Array(repeating: false, count: new.count)
    let inOld = Set(old)
    let inNew = Set(new)
    for index in old.indices {
      if inNew.contains(old[index]) { oldKept.append(index) } else { removed[index] = true }
    }
    for index in new.indices {
      if inOld.contains(new[index]) { newKept.append(index) } else { added[index] = true }
    }
    let diagonals = oldKept.count + newKept.count + 3
    forward = Array(repeating: 0, count: diagonals)
    backward = Array(repeating: 0, count: diagonals)
    compare(0..<oldKept.count, 0..<newKept.count)
    slide()
  }

  /// One stretch that was replaced, removed or added.
  struct Change: Hashable, Sendable {
    /// The old elements; empty for an insertion.
    var old: Range<Int>
    /// The new elements; empty for a removal.
    var new: Range<Int>
  }

  /// The changes in order; between two of them, at least one element is common.
  var changes: [Change] {
    var changes: [Change] = []
    var (i, j) = (0, 0)
    while i < old.count || j < new.count {
      let (fromOld, fromNew) = (i, j)
      while i < old.count, removed[i] { i += 1 }
      while j < new.count, added[j] { j += 1 }
      if i > fromOld || j > fromNew {
        changes.append(Change(old: fromOld..<i, new: fromNew..<j))
      }
      // Whatever is left on both sides is common, pair by pair.
      i = min(i + 1, old.count)
      j = min(j + 1, new.count)
    }
    return changes
  }

  private func isEqual(_ i: Int, _ j: Int) -> Bool { old[oldKept[i]] == new[newKept[j]] }

  /// Settles a box of the edit graph: trims what is common at its ends, then splits it in two.
  ///
  /// Keeps its own stack of boxes: a hostile text must not decide how deep calls nest.
  private mutating func compare(_ oldRange: Range<Int>, _ newRange: Range<Int>) {
    var boxes = [(oldRange, newRange)]
    while let (left, right) = boxes.popLast() {
      var (i, iEnd) = (left.lowerBound, left.upperBound)
      var (j, jEnd) = (right.lowerBound, right.upperBound)
      while i < iEnd, j < jEnd, isEqual(i, j) { (i, j) = (i + 1, j + 1) }
      while i < iEnd, j < jEnd, isEqual(iEnd - 1, jEnd - 1) { (iEnd, jEnd) = (iEnd - 1, jEnd - 1) }
      if i == iEnd {
        for index in j..<jEnd { added[newKept[index]] = true }
      } else if j == jEnd {
        for index in i..<iEnd { removed[oldKept[index]] = true }
      } else {
        let (x, y) = split(i..<iEnd, j..<jEnd)
        boxes.append((x..<iEnd, y..<jEnd))
        boxes.append((i..<x, j..<y))
      }
    }
  }

  /// A point in the middle of a shortest path through the box, never its first or last corner.
  private mutating func split(_ rows: Range<Int>, _ columns: Range<Int>) -> (Int, Int) {
    let (n, m) = (rows.count, columns.count)
    let (x0, y0) = (rows.lowerBound, columns.lowerBound)
    let delta = n - m
    let isOdd = delta & 1 != 0
    // Diagonal k = x - y lies at `k + base`; -m-1 ... n+1 are used.
    let base = m + 1
    // The furthest point so far, for the case that the search is given up.
    var best = (distance: 0, x: 0, y: 0)
    for d in 0...(n + m) {
      for k in stride(from: -d, through: d, by: 2) where k >= -m && k <= n {
        var x = d == 0 ? 0 : -1
        if k > -d, k - 1 >= -m, forward[base + k - 1] >= 0, forward[base + k - 1] < n {
          x = forward[base + k - 1] + 1
        }
        if k < d, k + 1 <= n, forward[base + k + 1] - k <= m { x = max(x, forward[base + k + 1]) }
        if x >= 0 {
          while x < n, x - k < m, isEqual(x0 + x, y0 + x - k) { x += 1 }
          if x + x - k > best.distance { best = (x + x - k, x, x - k) }
          if isOdd, abs(k - delta) < d, backward[base + k] <= x { return (x0 + x, y0 + x - k) }
        }
        forward[base + k] = x
      }
      for k in stride(from: delta - d, through: delta + d, by: 2) where k >= -m && k <= n {
        var x = d == 0 ? n : Int.max
        if k < delta + d, k + 1 <= n, backward[base + k + 1] > 0, backward[base + k + 1] < Int.max {
          x = backward[base + k + 1] - 1
        }
        if k > delta - d, k - 1 >= -m, backward[base + k - 1] < Int.max, backward[base + k - 1] >= k {
          x = min(x, backward[base + k - 1])
        }
        if x < Int.max {
          while x > 0, x - k > 0, isEqual(x0 + x - 1, y0 + x - k - 1) { x -= 1 }
          if !isOdd, abs(k) <= d, forward[base + k] >= x { return (x0 + x, y0 + x - k) }
        }
        backward[base + k] = x
      }
      if d >= Self.searchCap { return (x0 + best.x, y0 + best.y) }
    }
    preconditionFailure("two paths through one box always meet")
  }

  /// Moves each change that could stand at several places down as far as it goes, or beside a
  /// change of the other side where there is one.
  ///
  /// In `a b [a b] c` the inserted pair can stand in three places. Two diffs of one base must
  /// choose alike, or a merge sees overlaps where a person sees none.
  private mutating func slide() {
    Self.slide(&removed, old, beside: added)
    Self.slide(&added, new, beside: removed)
  }

  private static func slide(_ marks: inout [Bool], _ elements: [Int], beside other: [Bool]) {
    // `after[c]` tells whether the other side has changes behind its c-th common element.
    var after: [Bool] = [false]
    for mark in other {
      if mark { after[after.count - 1] = true } else { after.append(false) }
    }
    var end = 0
    var commonBefore = 0
    while end < marks.count {
      guard marks[end] else {
        end += 1
        commonBefore += 1
        continue
      }
      var start = end
      while end < marks.count, marks[end] { end += 1 }
      var size = 0
      var besideEnd: Int?
      // Sliding may meet another change; the two become one, which may slide again.
      repeat {
        size = end - start
        while start > 0, elements[start - 1] == elements[end - 1] {
          start -= 1
          end -= 1
          marks[start] = true
          marks[end] = false
          commonBefore -= 1
          while start > 0, marks[start - 1] { start -= 1 }
        }
        besideEnd = commonBefore < after.count && after[commonBefore] ? end : nil
        while end < marks.count, elements[start] == elements[end] {
          marks[start] = false
          marks[end] = true
          start += 1
          end += 1
          commonBefore += 1
          while end < marks.count, marks[end] { end += 1 }
          if commonBefore < after.count, after[commonBefore] { besideEnd = end }
        }
      } while size != end - start
      if let besideEnd {
        while end > besideEnd, start > 0, elements[start - 1] == elements[end - 1] {
          start -= 1
          end -= 1
          marks[start] = true
          marks[end] = false
          commonBefore -= 1
        }
      }
    }
  }
}

/// Numbers for elements: equal elements get equal numbers, over all sequences it has seen.
struct Interning<Element: Hashable> {
  private var numbers: [Element: Int] = [:]
  private var next = 0

  /// How many elements it knows.
  var count: Int { numbers.count }

  /// Forgets all elements but those with these numbers; no number is given out again.
  mutating func keep(_ kept: Set<Int>) { numbers = numbers.filter { kept.contains($0.value) } }

  /// The numbers of a sequence's elements.
  mutating func numbers(of elements: some Sequence<Element>) -> [Int] {
    elements.map { element in
      if let number = numbers[element] { return number }
      let number = next
      next += 1
      numbers[element] = number
      return number
    }
  }
}
