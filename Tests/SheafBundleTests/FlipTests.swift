import SheafModel
import SheafTesting
import Testing

/// A sample of what `Tools/flips` tries exhaustively with a log of 64 KiB.
@Suite("Flipped bits, and change sets out of place")
struct FlipTests {
  private static let trial = try? FlipTrial(seed: 30, changeSetCount: 4, documentSize: 60)

  @Test(
    "No flipped bit of a log or its bundles is taken for what was signed", arguments: FlipTrial.Part.allCases)
  func flips(part: FlipTrial.Part) throws {
    let trial = try #require(Self.trial)
    let counts: [FlipTrial.Part: Int] = [
      .checkpoint: 1_000, .hashes: 1_000, .entries: 5_400, .whole: 400, .current: 400,
    ]
    let bits = trial.bitCount(of: part)
    var random = SplitMix64(seed: 31)
    var found: [FlipTrial.Outcome: Int] = [:]
    for _ in 0..<(counts[part] ?? 0) {
      let bit = Int.random(in: 0..<bits, using: &random)
      let outcome = trial.outcome(flipping: bit, of: part)
      found[outcome, default: 0] += 1
      #expect(outcome != .accepted, "bit \(bit)")
    }
    switch part {
    // Every bit of these is signed or hashed.
    case .checkpoint, .hashes, .entries: #expect(found[.same] == nil)
    // Upper bounds in the header, and the end of a coded stream, which carry nothing.
    case .whole, .current: #expect(found[.same, default: 0] * 50 < counts[part] ?? 0)
    }
  }

  @Test("Change sets that are dropped, doubled or swapped lead to no root that was signed")
  func orders() throws {
    let trial = try #require(Self.trial)
    for order in trial.orders {
      for outcome in try trial.outcomes(of: order) { #expect(outcome == .refused, "\(order)") }
    }
  }
}
