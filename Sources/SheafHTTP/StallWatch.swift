import Synchronization

/// Nothing moved for too long.
struct Stalled: Error {}

/// Runs work that has to report progress, and cancels it with `Stalled` when none
/// comes for `limit`.
///
/// A per-read timeout in the client would also count the time that a server needs to
/// make a bundle, which is allowed to be much longer than a gap between two chunks.
func withStallWatch<Result: Sendable>(
  limit: Duration,
  _ work: @escaping @Sendable (_ moved: @escaping @Sendable () -> Void) async throws -> Result
) async throws -> Result {
  let watch = StallWatch()
  return try await withThrowingTaskGroup(of: Result.self) { group in
    group.addTask { try await work { watch.move() } }
    group.addTask {
      while true {
        let last = watch.last
        try await Task.sleep(until: last.advanced(by: limit), clock: .continuous)
        if watch.last == last { throw Stalled() }
      }
    }
    defer { group.cancelAll() }
    // The watchdog never returns a value: the first to finish is the work, or a failure.
    guard let result = try await group.next() else { throw CancellationError() }
    return result
  }
}

/// When something moved last.
private final class StallWatch: Sendable {
  private let state = Mutex(ContinuousClock.now)

  var last: ContinuousClock.Instant { state.withLock { $0 } }

  func move() { state.withLock { $0 = .now } }
}
