/// A three-way merge of sequences: changes of one side that touch none of the other's are taken.
///
/// Changes of both sides that overlap or meet without a common element between them are one
/// region; it is settled only when both sides made the same of it. S. Khanna, K. Kunal,
/// B. C. Pierce, "A formal investigation of diff3" (2007) is the model.
struct ThreeWayLines {
  /// A stretch of the three sequences, in order and without gaps.
  struct Region: Hashable {
    enum Kind { case unchanged, ours, theirs, both, conflict }
    var kind: Kind
    var base: Range<Int>
    var ours: Range<Int>
    var theirs: Range<Int>
  }

  /// The regions in order.
  let regions: [Region]

  /// Compares three sequences of interned elements.
  init(base: [Int], ours: [Int], theirs: [Int]) {
    let changes = (
      ours: SequenceDiff(old: base, new: ours).changes, theirs: SequenceDiff(old: base, new: theirs).changes
    )
    var left = Self.slid(changes.ours, base, ours, beside: changes.theirs, theirs)[...]
    var right = Self.slid(changes.theirs, base, theirs, beside: changes.ours, ours)[...]
    var regions: [Region] = []
    // How far each sequence is told.
    var (b, o, t) = (0, 0, 0)
    while true {
      guard let start = [left.first?.old.lowerBound, right.first?.old.lowerBound].compactMap(\.self).min()
      else { break }
      if start > b {
        let size = start - b
        regions.append(Region(kind: .unchanged, base: b..<start, ours: o..<o + size, theirs: t..<t + size))
        (b, o, t) = (start, o + size, t + size)
      }
      var end = start
      var changed = (ours: false, theirs: false)
      // Each side's place at `end`: where its last change in the region ends, plus what is common since.
      var (oEnd, tEnd) = (o, t)
      var (oBase, tBase) = (start, start)
      while true {
        if let change = left.first, change.old.lowerBound <= end {
          left.removeFirst()
          (changed.ours, oEnd, oBase) = (true, change.new.upperBound, change.old.upperBound)
          end = max(end, oBase)
        } else if let change = right.first, change.old.lowerBound <= end {
          right.removeFirst()
          (changed.theirs, tEnd, tBase) = (true, change.new.upperBound, change.old.upperBound)
          end = max(end, tBase)
        } else {
          break
        }
      }
      oEnd += end - oBase
      tEnd += end - tBase
      let kind: Region.Kind
      switch changed {
      case (true, false): kind = .ours
      case (false, true): kind = .theirs
      default: kind = ours[o..<oEnd] == theirs[t..<tEnd] ? .both : .conflict
      }
      regions.append(Region(kind: kind, base: start..<end, ours: o..<oEnd, theirs: t..<tEnd))
      (b, o, t) = (end, oEnd, tEnd)
    }
    if b < base.count || o < ours.count || t < theirs.count {
      regions.append(
        Region(kind: .unchanged, base: b..<base.count, ours: o..<ours.count, theirs: t..<theirs.count))
    }
    self.regions = regions
  }

  // How far an insertion is moved up to meet its like.
  private static let slideLimit = 64

  /// Moves an insertion that could stand further up to where the other side inserted the same.
  ///
  /// `a [X -] - b` and `a - [X -] b` add one paragraph at one place. Told apart by the blank line
  /// between them they would both be taken, and the paragraph would stand twice.
  private static func slid(
    _ changes: [SequenceDiff.Change], _ base: [Int], _ new: [Int], beside others: [SequenceDiff.Change],
    _ other: [Int]
  ) -> [SequenceDiff.Change] {
    var ends: [Int: Range<Int>] = [:]
    for change in others where !change.new.isEmpty { ends[change.old.upperBound] = change.new }
    var slid = changes
    for (index, change) in changes.enumerated() where change.old.isEmpty {
      let floor = index > 0 ? changes[index - 1].old.upperBound : 0
      for shift in 1..<max(1, min(slideLimit, change.old.lowerBound - floor)) {
        let place = change.old.lowerBound - shift
        guard base[place] == new[change.new.upperBound - shift] else { break }
        let moved = change.new.lowerBound - shift..<change.new.upperBound - shift
        guard let same = ends[place], same.count >= moved.count,
          other[same].suffix(moved.count) == new[moved]
        else { continue }
        slid[index] = SequenceDiff.Change(old: place..<place, new: moved)
        break
      }
    }
    return slid
  }
}

extension ThreeWayLines {
  /// Compares three texts by lines.
  init(base: TextLines, ours: TextLines, theirs: TextLines) {
    var interning = Interning<LineKey>()
    self.init(
      base: interning.numbers(of: base.keys), ours: interning.numbers(of: ours.keys),
      theirs: interning.numbers(of: theirs.keys))
  }

  /// The merge of three texts by lines, or `nil` when a region clashes.
  static func cleanMerge(base: TextLines, ours: TextLines, theirs: TextLines) -> [UInt8]? {
    let merge = ThreeWayLines(base: base, ours: ours, theirs: theirs)
    var out: [UInt8] = []
    out.reserveCapacity(max(ours.bytes.count, theirs.bytes.count))
    for region in merge.regions {
      switch region.kind {
      case .unchanged, .ours, .both: out += ours[region.ours]
      case .theirs: out += theirs[region.theirs]
      case .conflict: return nil
      }
    }
    return out
  }
}
