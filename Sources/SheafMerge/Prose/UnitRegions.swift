/// A stretch of three sequences of units, in order and without gaps.
struct UnitRegion: Hashable {
  var kind: ThreeWayLines.Region.Kind
  var base: Range<Int>
  var ours: Range<Int>
  var theirs: Range<Int>
}

/// A three-way merge of units: changes of one side that share no unit with the other's are taken.
///
/// Unlike a merge by lines, changes that meet but do not overlap stay apart: a sentence is a
/// thing of its own, while where a line ends is often chance. Two insertions at one place clash.
struct UnitRegions {
  /// The regions in order.
  let regions: [UnitRegion]
  /// For each region that starts a run the last with which it meets the other side's edits: see `lastMeeting`.
  private var meetings: [Int] = []

  /// Compares three texts whose changes are known.
  init(
    base: ProseSide, ours: ProseSide, theirs: ProseSide, left: [SequenceDiff.Change],
    right: [SequenceDiff.Change]
  ) {
    var (left, right) = (left[...], right[...])
    var regions: [UnitRegion] = []
    var (b, o, t) = (0, 0, 0)
    while let first = Self.next(left.first, right.first) {
      let start = first.lowerBound
      if start > b {
        let size = start - b
        regions.append(
          UnitRegion(kind: .unchanged, base: b..<start, ours: o..<o + size, theirs: t..<t + size))
        (b, o, t) = (start, o + size, t + size)
      }
      var range = first
      var changed = (ours: false, theirs: false)
      var grown = (ours: 0, theirs: 0)
      while true {
        if let change = left.first,
          changed == (false, false) && change.old == first || Self.overlap(range, change.old)
        {
          left.removeFirst()
          changed.ours = true
          grown.ours += change.new.count - change.old.count
          range = range.lowerBound..<max(range.upperBound, change.old.upperBound)
        } else if let change = right.first,
          changed == (false, false) && change.old == first || Self.overlap(range, change.old)
        {
          right.removeFirst()
          changed.theirs = true
          grown.theirs += change.new.count - change.old.count
          range = range.lowerBound..<max(range.upperBound, change.old.upperBound)
        } else {
          break
        }
      }
      let (oEnd, tEnd) = (o + range.count + grown.ours, t + range.count + grown.theirs)
      let kind: ThreeWayLines.Region.Kind
      switch changed {
      case (true, false): kind = .ours
      case (false, true): kind = .theirs
      default: kind = ours.numbers[o..<oEnd] == theirs.numbers[t..<tEnd] ? .both : .conflict
      }
      regions.append(UnitRegion(kind: kind, base: range, ours: o..<oEnd, theirs: t..<tEnd))
      (b, o, t) = (range.upperBound, oEnd, tEnd)
    }
    if b < base.units.count {
      regions.append(
        UnitRegion(
          kind: .unchanged, base: b..<base.units.count, ours: o..<ours.units.count,
          theirs: t..<theirs.units.count))
    }
    self.regions = regions
    meetings = Self.meetings(regions, base: base, ours: ours, theirs: theirs)
  }

  /// The last region of a run, starting at `index`, in which edits of both sides stand too near to be
  /// taken together unseen; `index` itself when the region stands alone.
  func lastMeeting(from index: Int) -> Int { meetings[index] }

  /// Two edits of different sides meet when they stand in one block, or when one adds or rewrites
  /// and nothing unchanged is between them. Edits and removals of whole units in different blocks
  /// do not: that their lines adjoin is chance.
  private static func meetings(
    _ regions: [UnitRegion], base: ProseSide, ours: ProseSide, theirs: ProseSide
  ) -> [Int] {
    var meetings = Array(regions.indices)
    var block = 0
    var previous: (index: Int, isPlain: Bool, block: Int)?
    // Where the run that `previous` is part of starts; only there its end is looked up.
    var start = 0
    for (index, region) in regions.enumerated() {
      let isOurs = region.kind == .ours
      let (side, range) = region.kind == .theirs ? (theirs, region.theirs) : (ours, region.ours)
      let units = region.base.isEmpty ? side.units[range] : base.units[region.base]
      var first: Int?
      for unit in units {
        if unit.startsBlock { block += 1 }
        first = first ?? block
      }
      switch region.kind {
      case .unchanged: continue
      case .both, .conflict: previous = nil
      case .ours, .theirs:
        let isPlain = !region.base.isEmpty && (range.isEmpty || range.count == region.base.count)
        if let last = previous, (regions[last.index].kind == .ours) != isOurs,
          last.block == first || !(isPlain && last.isPlain)
        {
          meetings[start] = index
        } else {
          start = index
        }
        previous = (index, isPlain, block)
      }
    }
    return meetings
  }

  /// The change that comes first; where two start at one unit, an insertion stands before it.
  private static func next(_ left: SequenceDiff.Change?, _ right: SequenceDiff.Change?) -> Range<Int>? {
    guard let left else { return right?.old }
    guard let right else { return left.old }
    if left.old.lowerBound != right.old.lowerBound {
      return left.old.lowerBound < right.old.lowerBound ? left.old : right.old
    }
    return left.old.isEmpty || !right.old.isEmpty ? left.old : right.old
  }

  private static func overlap(_ range: Range<Int>, _ old: Range<Int>) -> Bool {
    if old.lowerBound < range.upperBound { return true }
    return old.isEmpty && range.isEmpty && old.lowerBound == range.lowerBound
  }
}
