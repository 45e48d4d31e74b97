import NIOCore
import Synchronization

/// Counts connections, in all and by address, and knows those that are open.
final class ConnectionGate: Sendable {
  private struct State {
    var byAddress: [String: Int] = [:]
    var open: [ObjectIdentifier: any Channel] = [:]
    var refused = 0
  }

  private let state = Mutex(State())
  private let total: Int
  private let perAddress: Int

  init(total: Int, perAddress: Int) {
    self.total = total
    self.perAddress = perAddress
  }

  /// How many connections are open, and how many were refused since the start.
  var counts: (open: Int, refused: Int) { state.withLock { ($0.open.count, $0.refused) } }

  /// Lets a connection in, or refuses it. One that is let in is counted until it closes.
  func admit(_ channel: any Channel) -> Bool {
    let address = channel.remoteAddress?.ipAddress ?? "unknown"
    let id = ObjectIdentifier(channel)
    let admitted = state.withLock { state in
      guard state.open.count < total, state.byAddress[address, default: 0] < perAddress else {
        state.refused += 1
        return false
      }
      state.byAddress[address, default: 0] += 1
      state.open[id] = channel
      return true
    }
    guard admitted else { return false }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { state in
        state.open[id] = nil
        let count = state.byAddress[address, default: 0] - 1
        state.byAddress[address] = count > 0 ? count : nil
      }
    }
    return true
  }

  /// Closes every connection at once, answers under way included.
  func closeAll() {
    for channel in state.withLock({ Array($0.open.values) }) {
      channel.eventLoop.execute {
        try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).closeNow()
      }
    }
  }
}
