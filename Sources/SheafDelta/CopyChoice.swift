/// A copy that the encoder has chosen.
struct ChosenCopy {
  var kind: CopyKind
  var source: Int
  var target: Int
  var count: Int
}

/// Chooses the copies of one body: the cheapest way through it by what the models charge now.
struct CopyChoice {
  private let state: ContentState
  private let finder: CopyFinder
  private let body: Range<Int>
  private let base: Range<Int>
  private let origin: UnsafeMutablePointer<UInt8>

  /// A match this long is taken as it is.
  private static let longEnough = 64
  /// How far ahead the cheapest way is looked for at once.
  private static let span = 2048
  private static let candidateLimit = 16

  // Prices in 16ths of a bit.
  private var flagPrices = [Int](repeating: 0, count: 16)
  private var kindPrices = [Int](repeating: 0, count: 10 * 2 * 8)
  private let lengthPrices: [[Int]]
  private let distancePrices: [[Int]]

  private struct Node {
    var price = Int.max
    var from = 0
    var kind = CopyKind.end
    var source = 0
    var basePlace = 0
    var elsewherePlace = 0
    var run = 0
    var lastKind = 0
  }
  private var nodes: [Node]
  /// How far the bytes from each place on are what the last match says; prices literals.
  private var predictedUpTo = 0

  init(state: ContentState, finder: CopyFinder, body: Range<Int>) {
    (self.state, self.finder, self.body, base) = (state, finder, body, state.base)
    origin = state.window.origin
    let numbers = state.copies.numbers
    lengthPrices = (0..<7).map { numbers.prices(context: CopyKind(rawValue: $0)?.lengthContext ?? 0) }
    distancePrices = [CopyModel.forward, CopyModel.back, CopyModel.distance].map {
      numbers.prices(context: $0)
    }
    nodes = [Node](repeating: Node(), count: Self.span + Self.longEnough + 2)
    for run in 0..<8 {
      for isCopy in 0..<2 {
        // Letters and line ends alike: what is left out is small.
        flagPrices[run * 2 + isCopy] =
          state.copies.flagPrice(isCopy != 0, context: run * 8 + 2)
      }
    }
    for context in 0..<20 {
      for kind in 0..<8 { kindPrices[context * 8 + kind] = state.copies.kindPrice(kind, context: context) }
    }
  }

  @inline(__always)
  private static func digits(_ value: Int) -> Int { Int.bitWidth &- (value &+ 1).leadingZeroBitCount &- 1 }

  /// All copies, in order.
  mutating func choose() -> [ChosenCopy] {
    var chosen: [ChosenCopy] = []
    var place = body.lowerBound
    var here = Node()
    here.basePlace = state.basePlace
    here.elsewherePlace = state.elsewherePlace
    here.run = state.run
    here.lastKind = state.lastKind
    while place < body.upperBound {
      // The base going on is what mostly happens.
      if here.basePlace < base.upperBound {
        let count = match(here.basePlace, place)
        if count >= Self.longEnough || (count > 0 && place + count == body.upperBound) {
          take(&chosen, &here, .baseNext, here.basePlace, &place, count)
          continue
        }
      }
      walk(&chosen, &here, &place)
    }
    return chosen
  }

  private func take(
    _ chosen: inout [ChosenCopy], _ here: inout Node, _ kind: CopyKind, _ source: Int, _ place: inout Int,
    _ count: Int
  ) {
    chosen.append(ChosenCopy(kind: kind, source: source, target: place, count: count))
    here = arrive(from: here, kind: kind, source: source, count: count)
    place += count
  }

  @inline(__always)
  private func arrive(from node: Node, kind: CopyKind, source: Int, count: Int) -> Node {
    var next = node
    if kind.isFromBase { next.basePlace = source &+ count } else { next.elsewherePlace = source &+ count }
    next.run = 0
    next.lastKind = kind.rawValue
    return next
  }

  @inline(__always)
  private func match(_ source: Int, _ place: Int) -> Int {
    let limit = min(
      body.upperBound &- place,
      source < base.upperBound && source >= base.lowerBound ? base.upperBound &- source : Int.max)
    return DeltaEncoder.commonPrefix(
      UnsafeRawPointer(origin + source), UnsafeRawPointer(origin + place), limit: limit)
  }

  /// Finds the cheapest way from `place` on until a long match or the span's end, and adds its copies.
  private mutating func walk(_ chosen: inout [ChosenCopy], _ here: inout Node, _ place: inout Int) {
    let start = place
    let span = min(Self.span, body.upperBound &- start)
    nodes[0] = here
    nodes[0].price = 0
    nodes[0].from = -1
    predictedUpTo = 0
    var cleared = 0
    var long: (kind: CopyKind, source: Int, count: Int)?
    var index = 0
    while index < span {
      let node = nodes[index]
      let at = start &+ index
      func clear(_ to: Int) {
        while cleared < to {
          cleared &+= 1
          nodes[cleared].price = .max
        }
      }
      let flagRow = CopyModel.runBucket(node.run) &* 2
      let copyPrice = node.price &+ flagPrices[flagRow &+ 1]
      let kindRow = (node.lastKind &* 2 &+ (node.run == 0 ? 0 : 1)) &* 8
      var best = (kind: CopyKind.end, source: 0, count: 0)
      var longest = 0

      func consider(_ kind: CopyKind, _ source: Int, _ count: Int, _ extra: Int, _ shortest: Int) {
        guard count >= shortest else { return }
        if count > longest { longest = count }
        if count > best.count { best = (kind, source, count) }
        let price = copyPrice &+ kindPrices[kindRow &+ kind.rawValue] &+ extra
        let top = min(count, Self.longEnough, Self.span &+ Self.longEnough &- index)
        clear(index &+ top)
        let lengths = lengthPrices[kind.rawValue]
        let step = top > 48 ? 4 : 1
        var length = top
        while length >= shortest {
          let total = price &+ lengths[Self.digits(length &- 1)]
          let target = index &+ length
          if total < nodes[target].price {
            nodes[target] = arrive(from: node, kind: kind, source: source, count: length)
            nodes[target].price = total
            nodes[target].from = index
            nodes[target].kind = kind
            nodes[target].source = source
          }
          length &-= length > 24 ? step : 1
        }
      }

      if !base.isEmpty {
        if node.basePlace < base.upperBound {
          consider(.baseNext, node.basePlace, match(node.basePlace, at), 0, 1)
        }
        let replaced = node.basePlace &+ node.run
        if node.run > 0, replaced < base.upperBound {
          consider(.baseReplaced, replaced, match(replaced, at), 0, 1)
        }
      }
      // A long body may have left the place behind, out of a copy's reach or of the window.
      let nearest = max(state.window.start, at &- ContentWindow.reach)
      if node.elsewherePlace >= nearest {
        consider(.elsewhereNext, node.elsewherePlace, match(node.elsewherePlace, at), 0, 2)
      }
      if node.elsewherePlace >= 0, node.run > 0 {
        let source = node.elsewherePlace &+ node.run
        if source >= nearest, source < at {
          consider(.elsewhereReplaced, source, match(source, at), 0, 2)
        }
      }
      if best.count < Self.longEnough {
        finder.add(upTo: at, in: state.window)
        // Of the same length the nearest is cheapest, and they come nearest first; in the base the
        // nearest to where it goes on.
        var bestElsewhere = 5
        var bestBase = (count: 5, distance: Int.max)
        finder.candidates(at: at, in: state.window, limit: Self.candidateLimit) { candidate in
          if candidate >= base.lowerBound, candidate < base.upperBound {
            let distance = candidate &- node.basePlace
            let count = match(candidate, at)
            if count > bestBase.count || (count == bestBase.count && abs(distance) < bestBase.distance),
              distance != 0
            {
              bestBase = (count, abs(distance))
              consider(
                distance > 0 ? .baseForward : .baseBack, candidate, count,
                distancePrices[distance > 0 ? 0 : 1][Self.digits(abs(distance) &- 1)], 5)
            }
          } else {
            if at &+ bestElsewhere < body.upperBound,
              origin[candidate &+ bestElsewhere] != origin[at &+ bestElsewhere]
            {
              return true
            }
            let count = match(candidate, at)
            if count > bestElsewhere {
              bestElsewhere = count
              consider(
                .distance, candidate, count, distancePrices[2][Self.digits(at &- candidate &- 1)], 6)
            }
          }
          return longest < Self.longEnough
        }
        // A short gap in the base: too short for a seed, but near.
        if !base.isEmpty, node.run < 64 {
          nearby(node, at, index, consider)
        }
      }
      if best.count >= Self.longEnough
        || (best.count > 0 && at &+ best.count == body.upperBound && best.count >= 32)
      {
        long = best
        break
      }

      // A literal.
      clear(index &+ 1)
      let literal = index < predictedUpTo ? 10 : index == predictedUpTo && predictedUpTo > 0 ? 80 : 46
      let total = node.price &+ flagPrices[flagRow] &+ literal
      if total < nodes[index &+ 1].price {
        nodes[index &+ 1] = node
        nodes[index &+ 1].run = node.run &+ 1
        nodes[index &+ 1].price = total
        nodes[index &+ 1].from = index
        nodes[index &+ 1].kind = .end
      }
      if longest >= 7, index &+ longest > predictedUpTo {
        predictedUpTo = max(predictedUpTo, index &+ longest)
      }
      index &+= 1
    }
    // Back along the cheapest way to where the walk ended.
    let end = index
    var way: [Int] = []
    var node = end
    while node > 0 {
      way.append(node)
      node = nodes[node].from
    }
    for step in way.reversed() where nodes[step].kind != .end {
      let from = nodes[step].from
      chosen.append(
        ChosenCopy(
          kind: nodes[step].kind, source: nodes[step].source, target: start + from, count: step - from))
    }
    here = nodes[end]
    place = start + end
    if let long { take(&chosen, &here, long.kind, long.source, &place, match(long.source, place)) }
  }

  /// Tries the base a little further on: what was removed may be shorter than a seed is long.
  @inline(__always)
  private func nearby(
    _ node: Node, _ at: Int, _ index: Int,
    _ consider: (_ kind: CopyKind, _ source: Int, _ count: Int, _ extra: Int, _ shortest: Int) -> Void
  ) {
    guard body.upperBound &- at >= 4 else { return }
    let word = UnsafeRawPointer(origin + at).loadUnaligned(as: UInt32.self)
    let last = min(node.basePlace &+ 32, base.upperBound &- 4)
    var source = node.basePlace &+ 1
    while source <= last {
      if UnsafeRawPointer(origin + source).loadUnaligned(as: UInt32.self) == word {
        consider(
          .baseForward, source, match(source, at),
          distancePrices[0][Self.digits(source &- node.basePlace &- 1)], 4)
        return
      }
      source &+= 1
    }
  }
}
