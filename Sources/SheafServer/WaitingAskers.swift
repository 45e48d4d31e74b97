import Synchronization

/// Which bundles each asker waits for, so that nobody makes a server work for them alone.
final class WaitingAskers: Sendable {
  private let limit: Int
  private let waiting = Mutex<[String: [String: Int]]>([:])

  /// - Parameter limit: How many different bundles one asker may wait for at once.
  init(limit: Int) { self.limit = limit }

  /// Notes that somebody begins to wait; the same bundle waited for twice counts once.
  ///
  /// - Parameters:
  ///   - asker: A member's mark, or an address.
  ///   - target: What names the bundle.
  /// - Returns: `false` when the asker waits for too many others; nothing is noted then.
  func begin(_ asker: String, _ target: String) -> Bool {
    waiting.withLock { waiting in
      var own = waiting[asker] ?? [:]
      guard own[target] != nil || own.count < limit else { return false }
      own[target, default: 0] += 1
      waiting[asker] = own
      return true
    }
  }

  func end(_ asker: String, _ target: String) {
    waiting.withLock { waiting in
      guard var own = waiting[asker], let count = own[target] else { return }
      own[target] = count > 1 ? count - 1 : nil
      waiting[asker] = own.isEmpty ? nil : own
    }
  }
}
