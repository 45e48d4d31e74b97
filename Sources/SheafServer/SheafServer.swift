import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import SheafHTTP
import SheafModel
import SheafSync

/// The publishing server: a library's sync, reading and operating routes over HTTP.
///
/// A `ServiceLifecycle` service. On a graceful shutdown it takes no new connection,
/// completes the answers under way within `ServerLimits.stopTime`, and returns.
/// `Schemas/http.yaml` describes every route.
public struct SheafServer: Service {
  private let service: any LibraryService
  private let configuration: ServerConfiguration
  private let logger: Logger
  private let onListening: @Sendable (Int) async -> Void

  /// Prepares a server; it listens once `run()` is called.
  ///
  /// - Parameters:
  ///   - service: The library.
  ///   - logger: Gets one line for each request, without credentials and queries.
  ///   - onListening: Called once with the port that the server listens on.
  public init(
    service: any LibraryService, configuration: ServerConfiguration, logger: Logger,
    onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) {
    self.service = service
    self.configuration = configuration
    self.logger = logger
    self.onListening = onListening
  }

  /// Serves until a graceful shutdown, or until the task is cancelled.
  ///
  /// - Throws: `SheafServerError` when a TLS file can't be used or the port can't be had.
  public func run() async throws {
    let limits = configuration.limits
    let gate = ConnectionGate(total: limits.connections, perAddress: limits.connectionsPerAddress)
    let responder = Responder(service: service, configuration: configuration, gate: gate, logger: logger)
    // Nobody may ask for a push for long.
    try await responder.parts.removeOld()
    // The framework's own lines tell a person nothing; only its warnings pass.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    let application = Application(
      responder: responder, server: try builder(gate: gate),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port), backlog: limits.waitingConnections),
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
      logger: quiet)
    let stopTime = limits.stopTime
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          try await application.run()
        } catch let error as IOError {
          throw SheafServerError.port(
            host: configuration.host, port: configuration.port,
            reason: String(cString: strerror(error.errnoCode)))
        }
      }
      group.addTask {
        do {
          try await gracefulShutdown()
          try await Task.sleep(for: stopTime)
          gate.closeAll()
        } catch is CancellationError {
          // The server ended first.
        }
      }
      try await group.next()
      group.cancelAll()
    }
  }

  private func builder(gate: ConnectionGate) throws -> HTTPServerBuilder {
    let limits = configuration.limits
    let http1 = HTTP1Channel.Configuration(
      additionalChannelHandlers: [RequestGuard(limits: limits)], idleTimeout: TimeAmount(limits.idleTime),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: limits.headerFieldBytes,
        maxHeaderListSize: limits.headerListBytes + limits.requestLineBytes,
        maxHeaderFieldCount: limits.headerFields))
    guard let files = configuration.tls else {
      return HTTPServerBuilder { responder in
        GuardedChannel(
          base: HTTP1Channel(responder: responder, configuration: http1), gate: gate, limits: limits)
      }
    }
    let tls = try Self.tlsConfiguration(files)
    let http2 = HTTP2UpgradeChannel.Configuration(
      idleTimeout: limits.idleTime, gracefulCloseTimeout: limits.stopTime, streamConfiguration: http1)
    return HTTPServerBuilder { responder in
      GuardedChannel(
        base: try HTTP2UpgradeChannel(tlsConfiguration: tls, configuration: http2, responder: responder),
        gate: gate, limits: limits)
    }
  }

  private static func tlsConfiguration(_ files: TLSFiles) throws -> TLSConfiguration {
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(files.certificateChain.path)
      let key = try NIOSSLPrivateKey(file: files.privateKey.path, format: .pem)
      var tls = TLSConfiguration.makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
      SecureTransport.harden(&tls)
      // Finds out now, not at the first connection, whether the two belong together.
      _ = try NIOSSLContext(configuration: tls)
      return tls
    } catch { throw SheafServerError.tls(files) }
  }
}

/// Why a server can't start. Nothing listens.
public enum SheafServerError: SheafFailure, Equatable {
  /// The certificate or key can't be read, or they do not belong together.
  case tls(TLSFiles)
  /// The address can't be listened on.
  case port(host: String, port: Int, reason: String)

  public var problem: String {
    switch self {
    case .tls(let files):
      "no TLS with \(files.certificateChain.path) and \(files.privateKey.path): they can't be read or do not belong together"
    case .port(let host, let port, let reason): "can't listen on \(host) port \(port): \(reason)"
    }
  }
  public var unchanged: String { "the library is as it was, and nothing listens" }
  public var hint: String? {
    switch self {
    case .tls: "Give a PEM certificate chain and its unencrypted PEM key."
    case .port: "Choose another port, or stop what uses this one."
    }
  }
}
