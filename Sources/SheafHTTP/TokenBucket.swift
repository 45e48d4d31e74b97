import Synchronization

/// A cap on bandwidth: what passes is paid for, and who is in debt waits.
///
/// Both directions share one bucket, as they share a poor line. An idle bucket saves up
/// a quarter of a second and no more, so that the rate also holds over short times.
final class TokenBucket: Sendable {
  private let bytesPerSecond: Double
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state: Mutex<(level: Double, at: ContinuousClock.Instant)>

  /// - Parameters:
  ///   - bytesPerSecond: At least 1.
  ///   - now: The clock.
  init(bytesPerSecond: UInt64, now: @escaping @Sendable () -> ContinuousClock.Instant) {
    self.bytesPerSecond = Double(max(1, bytesPerSecond))
    self.now = now
    state = Mutex((0, now()))
  }

  /// Pays for bytes that passed or are about to.
  ///
  /// - Returns: How long to wait before the next.
  func pay(for count: Int) -> Duration {
    let now = now()
    return state.withLock { state in
      let gap = now - state.at
      let seconds = Double(gap.components.seconds) + Double(gap.components.attoseconds) / 1e18
      state.level = min(bytesPerSecond / 4, state.level + max(0, seconds) * bytesPerSecond)
      state.at = now
      state.level -= Double(count)
      return state.level >= 0 ? .zero : .seconds(-state.level / bytesPerSecond)
    }
  }
}
