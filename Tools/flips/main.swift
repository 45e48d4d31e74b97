import Dispatch
import Foundation

// Turns over every bit of a log and its bundles, one at a time, and puts its change sets out of place in every way.

/// What was found, on one of several threads.
struct Tally: Sendable {
  var refused = 0
  var same = 0
  var accepted: [String] = []
  var places: [String: Int] = [:]

  mutating func add(
    _ outcome: FlipTrial.Outcome, _ what: @autoclosure () -> String, in place: @autoclosure () -> String
  ) {
    switch outcome {
    case .refused: refused += 1
    case .same:
      same += 1
      places[place(), default: 0] += 1
    case .accepted: accepted.append(what())
    }
  }

  mutating func add(_ other: Tally) {
    refused += other.refused
    same += other.same
    accepted += other.accepted
    places.merge(other.places, uniquingKeysWith: +)
  }
}

/// Does many small tasks on all threads.
func onAllThreads(_ threads: Int, _ count: Int, _ work: @Sendable @escaping (Int, inout Tally) -> Void)
  -> Tally
{
  let lock = NSLock()
  nonisolated(unsafe) var total = Tally()
  // What is shared is touched under the lock only.
  DispatchQueue.concurrentPerform(iterations: threads) { thread in
    var own = Tally()
    var index = thread
    while index < count {
      work(index, &own)
      index += threads
    }
    lock.lock()
    total.add(own)
    lock.unlock()
  }
  return total
}

func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

var isWrong = false

@MainActor func report(_ name: String, _ tally: Tally, since start: ContinuousClock.Instant) {
  let seconds = start.duration(to: .now) / .seconds(1)
  let numbers = [
    tally.refused + tally.same + tally.accepted.count, tally.refused, tally.same, tally.accepted.count,
  ]
  let columns = numbers.map { padded("\($0)", 10) }.joined()
  print(name + padded("", 18 - name.count) + columns + padded(String(format: "%.1f s", seconds), 11))
  for (place, count) in tally.places.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
    print("    \(count) of the same in \(place)")
  }
  for what in tally.accepted.prefix(20) { print("    accepted: \(what)") }
  isWrong = isWrong || !tally.accepted.isEmpty
  fflush(nil)
}

let words = CommandLine.arguments.dropFirst().compactMap { Int($0) }
guard words.count == 4 else { fatalError("changes, threads, every nth bit, seed") }
let (changes, threads, every, seed) = (words[0], words[1], max(1, words[2]), UInt64(words[3]))

do {
  let trial = try FlipTrial(seed: seed, changeSetCount: changes, documentSize: 60)
  print("A log of \(changes) change sets: \(trial.logSizeInBytes) bytes.")
  print(
    FlipTrial.Part.allCases.map { "\($0.rawValue) \(trial.bytes(of: $0).count) bytes" }.joined(
      separator: ", "))
  print(
    padded("", 18) + ["tried", "refused", "the same", "accepted", "time"].map { padded($0, 10) }.joined())
  func flip(_ part: FlipTrial.Part) throws {
    let start = ContinuousClock.now
    var ends: [(end: UInt64, label: String)] = []
    if part == .whole || part == .current {
      let bytes = trial.bytes(of: part)
      var offset = 0
      try BundleInspection.inspect(
        source: { count in
          let some = bytes[offset..<min(bytes.count, offset + count)]
          offset = some.endIndex
          return Array(some)
        },
        report: { if $0.place == .file { ends.append(($0.offset + $0.sizeInBytes, $0.label)) } })
    }
    let places = ends
    let count = (trial.bitCount(of: part) + every - 1) / every
    let tally = onAllThreads(threads, count) { index, tally in
      let bit = index * every
      tally.add(
        trial.outcome(flipping: bit, of: part), "bit \(bit)",
        in: places.first { UInt64(bit / 8) < $0.end }?.label ?? "?")
    }
    report(part.rawValue, tally, since: start)
  }
  for part in FlipTrial.Part.allCases where part != .whole { try flip(part) }
  let start = ContinuousClock.now
  let orders = trial.orders
  let tally = onAllThreads(threads, (orders.count + every - 1) / every) { index, tally in
    do {
      for outcome in try trial.outcomes(of: orders[index * every]) {
        // Nothing out of place is the same as what was signed.
        tally.add(outcome == .same ? .accepted : outcome, "\(orders[index * every])", in: "")
      }
    } catch {
      tally.accepted.append("\(orders[index * every]) can't be made: \(error)")
    }
  }
  report("out of place", tally, since: start)
  // What takes the longest.
  try flip(.whole)
} catch {
  print("it can't be tried: \(error)")
  exit(2)
}
exit(isWrong ? 1 : 0)
