import Hummingbird
import NIOCore

/// What a request came with beside its bytes: the address that it came from.
struct AddressedContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The peer's address; behind a proxy that is the proxy's.
  let address: String

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    address = source.channel.remoteAddress?.ipAddress ?? "unknown"
  }
}
