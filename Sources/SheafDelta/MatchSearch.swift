/// The walk over a target that chooses its copies.
///
/// Greedy with a look ahead: the best match at a place is taken unless one of the
/// next few places has a clearly better one. Matches are compared by what they
/// save, in estimated bits after compression: a literal byte costs about three
/// bits, an address more the further it is.
struct MatchSearch {
  private let base: UnsafeRawBufferPointer
  private let target: UnsafeRawBufferPointer
  private let range: Range<Int>
  private let hashShift: UInt64
  private var comparisons = 0

  /// How many seeds of a bucket are tried; the nearest to the expected place come first.
  private static let candidateLimit = 24
  /// How many candidates are compared for one copy; it bounds the work on repetitive bytes.
  private static let comparisonLimit = 192
  /// How many places are looked ahead: two strides of the seeds, so that a better match that begins
  /// nearby has shown one of its seeds.
  private static let lookAhead = 8
  /// A match this long is taken without looking further; it bounds the work on repeated bytes.
  private static let longEnough = 256

  private struct Match {
    var baseStart = 0
    var targetStart = 0
    var count = 0
    var saving = Int.min
  }

  /// - Parameter range: The part of the target that is not settled by its common ends.
  init(index: DeltaIndex, base: UnsafeRawBufferPointer, target: UnsafeRawBufferPointer, range: Range<Int>) {
    (self.base, self.target, self.range, hashShift) = (base, target, range, index.hashShift)
  }

  mutating func run(
    starts: UnsafeBufferPointer<UInt32>, positions: UnsafeBufferPointer<UInt32>, writer: inout DeltaWriter
  ) {
    guard let base = base.baseAddress, let target = target.baseAddress else { return }
    var place = range.lowerBound
    while place &+ DeltaEncoder.shortestCopy <= range.upperBound {
      let literalStart = writer.position
      let lastCopyEnd = writer.lastCopyEnd
      var best = Match()
      comparisons = 0
      find(&best, at: place, literalStart, lastCopyEnd, base, target, starts, positions)
      guard best.saving > 0 else {
        place &+= Self.step(afterLiteral: place &- literalStart)
        continue
      }
      var ahead = place &+ 1
      var last = place &+ Self.lookAhead
      while ahead <= last, best.count < Self.longEnough,
        ahead &+ DeltaEncoder.shortestCopy <= range.upperBound
      {
        let before = best.saving
        find(&best, at: ahead, literalStart, lastCopyEnd, base, target, starts, positions)
        // A better one may be the start of a better one still, but not for ever.
        if best.saving > before, last < place &+ 8 * Self.lookAhead { last = ahead &+ Self.lookAhead }
        ahead &+= 1
      }
      writer.copy(from: best.baseStart, count: best.count, to: best.targetStart)
      place = writer.position
    }
  }

  // Deep in new content a match is long when it comes, and is found backwards to its
  // start. Odd steps meet every phase of the seeds in turn.
  @inline(__always)
  private static func step(afterLiteral count: Int) -> Int {
    count < 1 << 15 ? 1 : count < 1 << 18 ? 3 : 5
  }

  /// Replaces `best` by the best match that covers `place`, if that saves more.
  @inline(__always)
  private mutating func find(
    _ best: inout Match, at place: Int, _ literalStart: Int, _ lastCopyEnd: Int, _ base: UnsafeRawPointer,
    _ target: UnsafeRawPointer, _ starts: UnsafeBufferPointer<UInt32>,
    _ positions: UnsafeBufferPointer<UInt32>
  ) {
    // Where the base goes on after an insertion, and after a replacement of equal size.
    let word = target.loadUnaligned(fromByteOffset: place, as: UInt64.self)
    let replaced = lastCopyEnd &+ (place &- literalStart)
    tryExpected(&best, lastCopyEnd, place, word, lastCopyEnd, base, target)
    if replaced != lastCopyEnd { tryExpected(&best, replaced, place, word, lastCopyEnd, base, target) }

    guard place &+ DeltaIndex.seedSize <= range.upperBound, comparisons < Self.comparisonLimit else { return }
    let bucket = DeltaIndex.bucket(at: target + place, shift: hashShift)
    var low = Int(starts[bucket])
    var high = Int(starts[bucket &+ 1])
    if high &- low > Self.candidateLimit {
      // Of many, the run of neighbours around the expected place.
      var (from, to) = (low, high)
      while from < to {
        let middle = (from &+ to) / 2
        if Int(positions[middle]) < replaced { from = middle &+ 1 } else { to = middle }
      }
      low = max(low, min(from &- Self.candidateLimit / 2, high &- Self.candidateLimit))
      high = low &+ Self.candidateLimit
    }
    while low < high {
      let candidate = Int(positions[low])
      low &+= 1
      guard base.loadUnaligned(fromByteOffset: candidate, as: UInt64.self) == word else { continue }
      comparisons &+= 1
      let forward = DeltaEncoder.commonPrefix(
        base + candidate, target + place, limit: min(self.base.count &- candidate, range.upperBound &- place))
      guard forward >= DeltaIndex.seedSize else { continue }
      let backward = DeltaEncoder.commonSuffix(
        base + candidate, target + place, limit: min(candidate, place &- literalStart))
      consider(&best, candidate &- backward, place &- backward, forward &+ backward, lastCopyEnd)
      if best.count >= Self.longEnough { return }
    }
  }

  @inline(__always)
  private func tryExpected(
    _ best: inout Match, _ start: Int, _ place: Int, _ word: UInt64, _ lastCopyEnd: Int,
    _ base: UnsafeRawPointer,
    _ target: UnsafeRawPointer
  ) {
    guard start &+ 8 <= self.base.count, base.loadUnaligned(fromByteOffset: start, as: UInt64.self) == word
    else {
      return
    }
    let count = DeltaEncoder.commonPrefix(
      base + start, target + place, limit: min(self.base.count &- start, range.upperBound &- place))
    consider(&best, start, place, count, lastCopyEnd)
  }

  @inline(__always)
  private func consider(
    _ best: inout Match, _ baseStart: Int, _ targetStart: Int, _ count: Int, _ lastCopyEnd: Int
  ) {
    let distance = (baseStart &- lastCopyEnd).magnitude
    let addressCost =
      distance == 0 ? 2 : distance < 64 ? 6 : distance < 8192 ? 15 : distance < 1 << 20 ? 22 : 30
    let saving = 3 &* count &- 16 &- addressCost
    if saving > best.saving {
      best = Match(baseStart: baseStart, targetStart: targetStart, count: count, saving: saving)
    }
  }
}
