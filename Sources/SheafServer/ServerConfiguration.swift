import Foundation
import SheafModel

/// Where and how a server listens, and what it allows.
public struct ServerConfiguration: Sendable {
  /// The name or address to listen on.
  public var host: String
  /// The port to listen on; 0 lets the system choose, see `SheafServer.init`.
  public var port: Int
  /// Who may do what.
  public var tokens: AccessTokens
  /// The server's certificate and key; without them it speaks plain HTTP.
  public var tls: TLSFiles?
  /// What is refused before memory or time is spent on it.
  public var limits: ServerLimits

  public init(
    host: String = "127.0.0.1", port: Int = 8080, tokens: AccessTokens = AccessTokens(), tls: TLSFiles? = nil,
    limits: ServerLimits = ServerLimits()
  ) {
    self.host = host
    self.port = port
    self.tokens = tokens
    self.tls = tls
    self.limits = limits
  }
}

/// The PEM files that make a server speak TLS.
public struct TLSFiles: Sendable, Hashable {
  /// The certificate, followed by those that lead to a trusted one.
  public var certificateChain: URL
  /// The certificate's private key.
  public var privateKey: URL

  public init(certificateChain: URL, privateKey: URL) {
    self.certificateChain = certificateChain
    self.privateKey = privateKey
  }
}

/// What a connection and a request may cost.
public struct ServerLimits: Sendable {
  /// The longest request line in bytes.
  public var requestLineBytes = 4 << 10
  /// The longest header field in bytes, name and value.
  public var headerFieldBytes = 8 << 10
  /// All header fields of a request together, in bytes.
  public var headerListBytes = 16 << 10
  /// The most header fields in a request.
  public var headerFields = 64
  /// The largest push in bytes.
  public var pushBytes = Limits.pushBytes
  /// How many pushes are received and judged at once; each may hold `pushBytes` in memory.
  public var pushesAtOnce = 4
  /// How long a connection may take to deliver a whole request head, a TLS handshake included.
  public var headerTime: Duration = .seconds(10)
  /// The slowest that a request body may arrive, in bytes a second, once `headerTime` has passed.
  public var slowestBodyInBytesPerSecond = 1 << 10
  /// How long a whole request may take to arrive: the largest push takes more than an hour on a poor line.
  public var requestTime: Duration = .seconds(7200)
  /// How long an answer may stand still because nobody takes it.
  public var stalledAnswerTime: Duration = .seconds(120)
  /// How long a connection may be kept without a request.
  public var idleTime: Duration = .seconds(60)
  /// Connections in all.
  public var connections = 1024
  /// Connections from one address; behind a proxy that is the proxy's.
  public var connectionsPerAddress = 64
  /// How long answers under way may take to complete when the server is told to stop.
  public var stopTime: Duration = .seconds(30)

  public init() {}
}
