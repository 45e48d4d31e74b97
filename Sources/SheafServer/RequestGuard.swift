import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import SheafHTTP

/// Watches the requests of one connection, or of one HTTP/2 stream: heads must be small,
/// bodies must arrive at a pace, and an answer that comes before the end of its request
/// ends the connection without losing the answer.
///
/// Stands between the HTTP decoder and the server.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private enum State {
    /// Between requests.
    case idle
    /// Head seen, end not yet.
    case receiving
    /// The request is complete, the answer is not.
    case answering
    /// Refused, or answered early: what still arrives is dropped until the connection closes.
    case draining
  }

  private let limits: ServerLimits
  private var state = State.idle
  private var isMultiplexed = false
  private var connection: ConnectionGuard?
  private var receivedBodyBytes = 0
  private var started = NIODeadline.now()
  private var paceTimer: Scheduled<Void>?
  private var answerStarted = false
  /// Parts of a next request that came before the answer to this one was complete, at
  /// most one read from the socket; nothing more is read until they were passed on.
  private var held: [HTTPRequestPart] = []
  private var wantsRead = false

  init(limits: ServerLimits) {
    self.limits = limits
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if let own = try? context.pipeline.syncOperations.handler(type: ConnectionGuard.self) {
      connection = own
    } else {
      // An HTTP/2 stream; it shares its event loop with its connection.
      isMultiplexed = true
      connection = try? context.channel.parent?.pipeline.syncOperations.handler(type: ConnectionGuard.self)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    paceTimer?.cancel()
    connection = nil
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    pass(context, unwrapInboundIn(data))
  }

  private func pass(_ context: ChannelHandlerContext, _ part: HTTPRequestPart) {
    switch (state, part) {
    case (.draining, _): return
    case (.answering, _):
      connection?.headArrived(isMultiplexed: isMultiplexed)
      held.append(part)
      return
    default: break
    }
    switch part {
    case .head(let head):
      connection?.headArrived(isMultiplexed: isMultiplexed)
      state = .receiving
      answerStarted = false
      receivedBodyBytes = 0
      started = .now()
      if let status = refusal(of: head) { return refuse(context, status) }
      startPaceTimer(context)
    case .body(let bytes):
      receivedBodyBytes += bytes.readableBytes
    case .end:
      paceTimer?.cancel()
      paceTimer = nil
      state = .answering
      connection?.requestEnded()
    }
    context.fireChannelRead(wrapInboundOut(part))
  }

  /// Whoever closes its side before the answer has begun does not wait for it.
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed, case .answering = state, !answerStarted {
      context.close(promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func read(context: ChannelHandlerContext) {
    if held.isEmpty { context.read() } else { wantsRead = true }
  }

  /// Passes on what came too early, once its turn has come.
  private func release(_ context: ChannelHandlerContext) {
    guard !held.isEmpty else { return }
    let parts = held
    held = []
    for part in parts { pass(context, part) }
    context.fireChannelReadComplete()
    if held.isEmpty, wantsRead {
      wantsRead = false
      context.read()
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // In the middle of an answer there is nothing left that could be said.
    guard let error = error as? HTTPParserError, case .idle = state else {
      return context.fireErrorCaught(error)
    }
    refuse(context, error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest)
  }

  private func refusal(of head: HTTPRequest) -> HTTPResponse.Status? {
    let line = head.method.rawValue.utf8.count + (head.path?.utf8.count ?? 0) + " HTTP/1.1 ".utf8.count
    if line > limits.requestLineBytes { return .uriTooLong }
    var list = 0
    for field in head.headerFields {
      let size = field.name.rawName.utf8.count + field.value.utf8.count
      list += size
      if size > limits.headerFieldBytes || list > limits.headerListBytes {
        return .requestHeaderFieldsTooLarge
      }
    }
    return nil
  }

  /// Looks at the pace of a body from time to time.
  private func startPaceTimer(_ context: ChannelHandlerContext) {
    let headerTime = TimeAmount(limits.headerTime)
    let interval = TimeAmount.nanoseconds(max(10_000_000, min(1_000_000_000, headerTime.nanoseconds / 4)))
    paceTimer?.cancel()
    paceTimer = context.eventLoop.assumeIsolated().scheduleTask(in: interval) {
      guard case .receiving = self.state else { return }
      if self.isTooSlow(headerTime) {
        self.refuse(context, .requestTimeout)
      } else {
        self.startPaceTimer(context)
      }
    }
  }

  private func isTooSlow(_ headerTime: TimeAmount) -> Bool {
    let elapsed = NIODeadline.now() - started
    let paced = max(0, Double((elapsed - headerTime).nanoseconds) / 1e9)
    return elapsed > TimeAmount(limits.requestTime)
      || Double(receivedBodyBytes) < paced * Double(limits.slowestBodyInBytesPerSecond)
  }

  // MARK: Answers

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .draining = state {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    switch unwrapOutboundIn(data) {
    case .head(var head):
      answerStarted = head.status.kind != .informational
      if case .receiving = state, answerStarted, !isMultiplexed { head.headerFields[.connection] = "close" }
      // Whoever keeps such an answer dates it on arrival (RFC 9110 section 6.6.1); replicas keep none, and
      // on a poor line they pay for the field.
      if Self.isSync(head) { head.headerFields[.date] = nil }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
      return
    case .body: break
    case .end:
      if case .receiving = state {
        context.writeAndFlush(data, promise: promise)
        return drain(context)
      }
      state = .idle
      context.write(data, promise: promise)
      return release(context)
    }
    context.write(data, promise: promise)
  }

  /// Whether an answer is one that only replicas ask for.
  private static func isSync(_ head: HTTPResponse) -> Bool {
    head.status == .noContent
      || [Wire.bundle, Wire.checkpoint, Wire.exchange].contains(head.headerFields[.contentType])
  }

  /// Answers in the server's place and lets nothing more through.
  private func refuse(_ context: ChannelHandlerContext, _ status: HTTPResponse.Status) {
    guard !answerStarted else {
      // Half of another answer is out; a second head would be read as its body.
      state = .draining
      paceTimer?.cancel()
      context.close(promise: nil)
      return
    }
    let kind: Problem.Kind = status == .requestTimeout ? .timedOut : .badRequest
    var problem = Problem(kind)
    problem.status = status.code
    if status != .requestTimeout { problem.title = status.reasonPhrase }
    let body = ByteBuffer(bytes: problem.json)
    var fields: HTTPFields = [.contentType: Wire.problem, .contentLength: "\(body.readableBytes)"]
    if !isMultiplexed { fields[.connection] = "close" }
    context.write(wrapOutboundOut(.head(HTTPResponse(status: status, headerFields: fields))), promise: nil)
    context.write(wrapOutboundOut(.body(body)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    drain(context)
  }

  /// Closes after a moment in which what arrives is dropped: closing at once would make
  /// the system reset the connection, and the peer could lose the answer.
  private func drain(_ context: ChannelHandlerContext) {
    state = .draining
    paceTimer?.cancel()
    paceTimer = nil
    if !isMultiplexed { context.close(mode: .output, promise: nil) }
    context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(isMultiplexed ? 0 : 1)) {
      context.close(promise: nil)
    }
  }

  /// While draining nobody else asks for bytes.
  func channelReadComplete(context: ChannelHandlerContext) {
    if case .draining = state { context.read() }
    context.fireChannelReadComplete()
  }
}
