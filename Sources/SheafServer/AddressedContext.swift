import Hummingbird
import NIOCore

/// What a request came with beside its bytes: the address that it came from.
struct AddressedContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The peer's address; behind a proxy that is the proxy's.
  let address: String
  /// Ends with the connection, or the HTTP/2 stream.
  let gone: EventLoopFuture<Void>

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    gone = source.channel.closeFuture
    address = source.channel.remoteAddress?.ipAddress ?? "unknown"
  }
}
