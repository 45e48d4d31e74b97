import Synchronization

/// Nothing moved for too long.
struct Stalled: Error {
  /// How long that was.
  var limit: Duration
}

/// When work is given up, moved on each time something moves.
///
/// Patience is measured by progress and never by the whole: on a poor line a sound exchange may take hours.
final class MovingDeadline: Sendable {
  private let state: Mutex<(instant: ContinuousClock.Instant, limit: Duration)>

  init(in limit: Duration) {
    state = Mutex((.now.advanced(by: limit), limit))
  }

  /// Something moved: the next has to within `limit`, after a pause that we make ourselves.
  func move(_ limit: Duration, after pause: Duration = .zero) {
    state.withLock { $0 = (.now.advanced(by: pause + limit), limit) }
  }

  /// Runs work, and cancels it with `Stalled` when the deadline passes.
  func watch<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
      group.addTask { try await work() }
      group.addTask {
        var moments = 3
        while true {
          let (instant, limit) = self.state.withLock { $0 }
          try await Task.sleep(until: instant, clock: .continuous)
          let late = ContinuousClock.now - instant
          guard self.state.withLock({ $0.instant == instant }) else { continue }
          // A machine that slept or is overloaded could not see what moved meanwhile: it gets a moment to.
          guard late >= .milliseconds(200), moments > 0 else { throw Stalled(limit: limit) }
          moments -= 1
          self.move(limit, after: min(limit, .seconds(2)) - limit)
        }
      }
      defer { group.cancelAll() }
      // The watchdog never returns a value: the first to finish is the work, or a failure.
      guard let result = try await group.next() else { throw CancellationError() }
      return result
    }
  }
}
