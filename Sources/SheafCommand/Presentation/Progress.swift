import SheafSync
import Synchronization

/// A line on a terminal that says how far a long work is.
///
/// Shown only on a terminal, only once the work has lasted a quarter of a second, and
/// at most ten times a second; gone without a trace when the work ends.
final class Progress: Sendable {
  private struct State {
    var lastShown: ContinuousClock.Instant?
    var isFinished = false
    var rate = TransferRate()
  }

  private let console: Console
  private let start = ContinuousClock().now
  private let state = Mutex(State())

  init(console: Console) { self.console = console }

  /// Takes news of the work; what `Library` calls.
  var sink: ActivitySink {
    { [self] activity in report(activity) }
  }

  /// Shows the newest state where it may be shown now.
  func report(_ activity: Activity) {
    guard console.isErrorTerminal else { return }
    let now = ContinuousClock().now
    if case .transferring(let received, _) = activity {
      state.withLock { $0.rate.note(received: received, at: now) }
    }
    guard now - start >= .milliseconds(250) else { return }
    state.withLock { state in
      guard !state.isFinished else { return }
      if let last = state.lastShown, now - last < .milliseconds(100) { return }
      state.lastShown = now
      var words = Self.words(for: activity)
      if case .transferring(let received, let total) = activity {
        words += state.rate.words(received: received, total: total)
      }
      let line = DisplayWidth.cut(words, to: max(20, (console.width ?? 80) - 1))
      console.writeError("\r\u{1b}[K" + line)
    }
  }

  /// Takes the line away; nothing is shown afterwards.
  func finish() {
    state.withLock { state in
      if state.lastShown != nil, !state.isFinished { console.writeError("\r\u{1b}[K") }
      state.isFinished = true
    }
  }

  /// What an activity is called.
  static func words(for activity: Activity) -> String {
    switch activity {
    case .reading(let done, let total):
      total.map { "Reading file \(Quantity.grouped(done)) of \(Quantity.grouped($0))" }
        ?? "Reading file \(Quantity.grouped(done))"
    case .transferring(let received, let total):
      total.map {
        "Receiving \(ByteCount(received)) of \(ByteCount($0)), \(percent(received, $0))"
      } ?? "Receiving \(ByteCount(received))"
    case .sending(let sent, let total):
      total.map { "Sending \(ByteCount(sent)) of \(ByteCount($0)), \(percent(sent, $0))" }
        ?? "Sending \(ByteCount(sent))"
    case .applying(let done, let total): "Checking and applying, \(percent(done, total))"
    case .importing(let done, let total):
      "Importing commit \(Quantity.grouped(done)) of \(Quantity.grouped(total))"
    case .verifying(let done, let total): "Verifying, \(percent(done, total))"
    case .making(let done, let total): "Making the bundle, \(percent(done, total))"
    case .indexing(let done, let total):
      "Indexing document \(Quantity.grouped(done)) of \(Quantity.grouped(total))"
    case .compacting(let done, let total):
      "Packing document \(Quantity.grouped(done)) of \(Quantity.grouped(total))"
    }
  }

  private static func percent(_ done: UInt64, _ total: UInt64) -> String {
    guard total > 0 else { return "100 %" }
    return "\(Int(Double(min(done, total)) / Double(total) * 100)) %"
  }
}
