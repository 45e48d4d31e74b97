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
    var left = SequenceDiff(old: base, new: ours).changes[...]
    var right = SequenceDiff(old: base, new: theirs).changes[...]
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
