import NIOCore

/// Watches the bytes of one connection, below TLS and HTTP: a request head must be
/// complete in time, and an answer must be taken.
///
/// Stands first in the pipeline, so that a slow TLS handshake counts as well. It learns
/// from `RequestGuard` when a head is complete; both run on the connection's event loop.
final class ConnectionGuard: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let headerTime: TimeAmount
  private let stalledAnswerTime: TimeAmount
  private var headTimer: Scheduled<Void>?
  private var stallTimer: Scheduled<Void>?
  private var writesPending = 0
  private var lastProgress = NIODeadline.now()
  private var context: ChannelHandlerContext?
  /// A close that waits for the bytes written before it.
  private var heldClose: EventLoopPromise<Void>?
  /// Whether bytes that arrive now begin a request head.
  private var awaitsHead = true
  /// HTTP/2 frames arrive at any time and mean no new request; its own limits apply there.
  private var isMultiplexed = false

  init(limits: ServerLimits) {
    headerTime = TimeAmount(limits.headerTime)
    stalledAnswerTime = TimeAmount(limits.stalledAnswerTime)
  }

  // MARK: Heads

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    startHeadTimer(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    headTimer?.cancel()
    stallTimer?.cancel()
    heldClose?.succeed()
    heldClose = nil
    self.context = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if awaitsHead, headTimer == nil, !isMultiplexed { startHeadTimer(context) }
    context.fireChannelRead(data)
  }

  /// A request head is complete.
  func headArrived(isMultiplexed: Bool) {
    self.isMultiplexed = self.isMultiplexed || isMultiplexed
    awaitsHead = false
    headTimer?.cancel()
    headTimer = nil
  }

  /// A request is complete; the next bytes begin another.
  func requestEnded() {
    awaitsHead = true
  }

  private func startHeadTimer(_ context: ChannelHandlerContext) {
    headTimer = context.eventLoop.assumeIsolated().scheduleTask(in: headerTime) {
      context.close(promise: nil)
    }
  }

  // MARK: Answers

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if writesPending == 0 {
      lastProgress = .now()
      startStallTimer(context, in: stalledAnswerTime)
    }
    writesPending += 1
    let written = promise ?? context.eventLoop.makePromise()
    written.futureResult.assumeIsolated().whenComplete { _ in
      self.writesPending -= 1
      self.lastProgress = .now()
      if self.writesPending == 0 {
        self.stallTimer?.cancel()
        self.stallTimer = nil
        if let held = self.heldClose {
          self.heldClose = nil
          self.context?.close(promise: held)
        }
      }
    }
    context.write(data, promise: written)
  }

  private func startStallTimer(_ context: ChannelHandlerContext, in time: TimeAmount) {
    stallTimer = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
      let rest = self.lastProgress + self.stalledAnswerTime - .now()
      if rest <= .zero { context.close(promise: nil) } else { self.startStallTimer(context, in: rest) }
    }
  }

  // MARK: Closing

  /// Lets the bytes that were written go out first: a channel that is closed drops what the
  /// system has not taken yet, and a stopping server closes right after its last answer.
  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .all, writesPending > 0 else { return context.close(mode: mode, promise: promise) }
    let held = heldClose ?? context.eventLoop.makePromise()
    heldClose = held
    held.futureResult.cascade(to: promise)
  }

  /// Closes whether or not everything went out.
  func closeNow() {
    context?.close(promise: nil)
  }
}
