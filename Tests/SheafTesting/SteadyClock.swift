import SheafModel
import Synchronization

/// A clock that stands still until it is moved.
public final class SteadyClock: Sendable {
  private let seconds = Mutex<Int64>(1_780_000_000)

  public init() {}

  public var now: Timestamp { Timestamp(seconds: seconds.withLock { $0 }) }

  public func advance(days: Int64 = 0, hours: Int64 = 0) {
    seconds.withLock { $0 += days * 86_400 + hours * 3_600 }
  }
}
