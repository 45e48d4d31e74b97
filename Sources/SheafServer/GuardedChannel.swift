import HummingbirdCore
import Logging
import NIOCore

/// A connection that passes the gate and is guarded before anything else sees it.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
  typealias Value = Base.Value

  let base: Base
  let gate: ConnectionGate
  let limits: ServerLimits

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    guard gate.admit(channel) else {
      channel.close(promise: nil)
      return channel.eventLoop.makeFailedFuture(ConnectionRefused())
    }
    do {
      try channel.pipeline.syncOperations.addHandler(ConnectionGuard(limits: limits))
    } catch {
      return channel.eventLoop.makeFailedFuture(error)
    }
    return base.setup(channel: channel, logger: logger)
  }

  func handle(value: Base.Value, logger: Logger) async {
    await base.handle(value: value, logger: logger)
  }
}

/// This connection is one too many.
private struct ConnectionRefused: Error {}
