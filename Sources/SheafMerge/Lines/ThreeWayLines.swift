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

/// What a merge by lines came to.
enum LineMerge: Equatable {
  case clean([UInt8])
  case conflict([ThreeWayLines.Region])

  /// Merges three texts by lines.
  init(base: TextLines, ours: TextLines, theirs: TextLines) {
    var interning = Interning<LineKey>()
    let merge = ThreeWayLines(
      base: interning.numbers(of: base.keys), ours: interning.numbers(of: ours.keys),
      theirs: interning.numbers(of: theirs.keys))
    let conflicts = merge.regions.filter { $0.kind == .conflict }
    guard conflicts.isEmpty else {
      self = .conflict(conflicts)
      return
    }
    var out: [UInt8] = []
    out.reserveCapacity(max(ours.bytes.count, theirs.bytes.count))
    for region in merge.regions {
      switch region.kind {
      case .unchanged, .ours, .both, .conflict: out += ours[region.ours]
      case .theirs: out += theirs[region.theirs]
      }
    }
    self = .clean(out)
  }
}
