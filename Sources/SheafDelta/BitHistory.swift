/// What was seen in one context: how many zeros and ones, and which came last, in one byte.
///
/// The states are made by rules, not listed: `Schemas/coder.md`, "Histories". State 0 is
/// "nothing seen".
enum BitHistory {
  /// The most of the commoner bit that is counted beside 0, 1 … 5 of the rarer one.
  private static let limits = [30, 20, 10, 7, 6, 5]

  private struct State: Hashable {
    var zeros = 0
    var ones = 0
    var last = 0

    func after(_ bit: Int) -> State {
      var counts = [zeros, ones]
      counts[bit] += 1
      // The other bit's past counts for less once it was wrong.
      let other = counts[1 - bit]
      if other > 2 { counts[1 - bit] = Int.bitWidth - other.leadingZeroBitCount }
      let rarer = min(counts[0], counts[1], limits.count - 1)
      counts = counts.map { min($0, limits[rarer]) }
      return State(zeros: counts[0], ones: counts[1], last: counts[0] > 0 && counts[1] > 0 ? bit : 0)
    }
  }

  private static let states: [State] = {
    var states = [State()]
    var known: Set<State> = [State()]
    var next = 0
    while next < states.count {
      for bit in 0...1 where known.insert(states[next].after(bit)).inserted {
        states.append(states[next].after(bit))
      }
      next += 1
    }
    precondition(states.count <= 256, "histories have no room in a byte")
    return states
  }()

  /// The state after a bit, at twice the state plus the bit.
  static let next: [UInt8] = {
    var next = [UInt8](repeating: 0, count: 512)
    for (number, state) in states.enumerated() {
      for bit in 0...1 { next[number * 2 + bit] = UInt8(states.firstIndex(of: state.after(bit)) ?? 0) }
    }
    return next
  }()

  /// The first guess of a 1 in each state, of 2^22.
  static let firstGuess: [UInt32] = (0..<256).map { number in
    guard number < states.count else { return 1 << 21 }
    let (zeros, ones) = (states[number].zeros, states[number].ones)
    return UInt32((ones * 2 + 1) << 22 / (zeros * 2 + ones * 2 + 2))
  }
}
