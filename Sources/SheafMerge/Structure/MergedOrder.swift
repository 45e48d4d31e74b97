import SheafModel

/// The order that two orders of the same base come to.
enum MergedOrder {
  /// The order of both sides' keys: that of ours, with what only theirs has behind its neighbour there.
  static func keys(ours: [String], theirs: [String]) -> [String] {
    let known = Set(ours.map { ExactString($0) })
    var followers: [ExactString: [String]] = [:]
    var leading: [String] = []
    var neighbour: ExactString?
    for key in theirs {
      let exact = ExactString(key)
      if known.contains(exact) {
        neighbour = exact
      } else if let neighbour {
        followers[neighbour, default: []].append(key)
      } else {
        leading.append(key)
      }
    }
    var keys = leading
    for key in ours {
      keys.append(key)
      keys += followers[ExactString(key)] ?? []
    }
    return keys
  }

  /// How an order of unequal elements came out.
  struct Woven<Key: Hashable> {
    var keys: [Key]
    /// Whether another order would have been as good.
    var isAmbiguous: Bool
  }

  /// Weaves two sides' orders of what is left, three-way.
  ///
  /// - Parameters:
  ///   - base: The order before.
  ///   - one: What is left of one side, in its order; no element twice.
  ///   - other: The same of the other side. Together they are what comes out.
  ///   - isBefore: Whether elements that both sides put at one place have an order of their own.
  static func weave<Key: Hashable & Comparable>(
    base: [Key], one: [Key], other: [Key], isBefore: ((Key, Key) -> Bool)? = nil
  ) -> Woven<Key> {
    let inOne = Set(one)
    let inOther = Set(other)
    let inBase = Set(base)
    let shared = (one: one.filter { inOther.contains($0) }, other: other.filter { inOne.contains($0) })
    var frame = shared.one
    var isAmbiguous = false
    if shared.one != shared.other {
      let before = base.filter { inOne.contains($0) && inOther.contains($0) }
      let isMoved = (
        one: shared.one.filter { inBase.contains($0) } != before,
        other: shared.other.filter { inBase.contains($0) } != before
      )
      switch isMoved {
      case (true, false): break
      case (false, true): frame = shared.other
      default:
        // Which side gives the layout must not decide.
        if shared.other.lexicographicallyPrecedes(shared.one) { frame = shared.other }
        isAmbiguous = true
      }
    }
    // What only one side has stands behind the same shared element as there.
    func followers(_ side: [Key], shared: Set<Key>) -> (first: [Key], after: [Key: [Key]]) {
      var first: [Key] = []
      var after: [Key: [Key]] = [:]
      var neighbour: Key?
      for key in side {
        if shared.contains(key) {
          neighbour = key
        } else if let neighbour {
          after[neighbour, default: []].append(key)
        } else {
          first.append(key)
        }
      }
      return (first, after)
    }
    let framed = Set(frame)
    let (left, right) = (followers(one, shared: framed), followers(other, shared: framed))
    // What one side moved stands where the other side may have put something too.
    let moved = (
      one: Self.moved(from: shared.one, to: frame), other: Self.moved(from: shared.other, to: frame)
    )
    var keys: [Key] = []
    func place(_ one: [Key], _ other: [Key], before next: Key?) {
      if !one.isEmpty, !other.isEmpty {
        if let isBefore {
          keys += (one + other).sorted(by: isBefore)
          return
        }
        isAmbiguous = true
      }
      if let next, !one.isEmpty && moved.one.contains(next) || !other.isEmpty && moved.other.contains(next) {
        isAmbiguous = true
      }
      keys += other.lexicographicallyPrecedes(one) ? other + one : one + other
    }
    place(left.first, right.first, before: frame.first)
    for (index, key) in frame.enumerated() {
      keys.append(key)
      let next = index + 1 < frame.count ? frame[index + 1] : nil
      place(left.after[key] ?? [], right.after[key] ?? [], before: next)
    }
    return Woven(keys: keys, isAmbiguous: isAmbiguous)
  }

  /// Elements that must move to get from one order of them to another.
  private static func moved<Key: Hashable>(from old: [Key], to new: [Key]) -> Set<Key> {
    if old == new { return [] }
    var interning = Interning<Key>()
    let diff = SequenceDiff(old: interning.numbers(of: old), new: interning.numbers(of: new))
    return Set(diff.changes.flatMap { new[$0.new] })
  }
}
