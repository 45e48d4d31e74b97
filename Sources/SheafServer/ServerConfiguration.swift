import Foundation
import SheafModel

/// Where and how a server listens, and what it allows.
public struct ServerConfiguration: Sendable {
  /// The name or address to listen on.
  public var host: String
  /// The port to listen on; 0 lets the system choose, see `SheafServer.init`.
  public var port: Int
  /// The names by which clients address the server, each `host` or `host:port`; a request that was signed for another
  /// server is worth nothing here. Without any, it is whichever name the client says.
  public var names: [String] = []
  /// What is allowed beside what the library's members may do.
  public var access: AccessRules
  /// The server's certificate and key; without them it speaks plain HTTP.
  public var tls: TLSFiles?
  /// What is refused before memory or time is spent on it.
  public var limits: ServerLimits
  /// The time in seconds since 1970.
  public var clock: @Sendable () -> UInt64 = { UInt64(max(0, Date().timeIntervalSince1970)) }
  /// As many unpredictable bytes as asked for, for the tokens of sessions.
  public var random: @Sendable (_ count: Int) -> [UInt8] = { count in
    var random = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  }

  public init(
    host: String = "127.0.0.1", port: Int = 8080, access: AccessRules = AccessRules(), tls: TLSFiles? = nil,
    limits: ServerLimits = ServerLimits()
  ) {
    self.host = host
    self.port = port
    self.access = access
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
  /// The bytes of pushes held in memory at once, those received slowly as far as they are here.
  public var pushedBytesInMemory = 4 * Limits.pushBytes
  /// How many large pushes of one member, or address where nobody is known (of IPv6 its first 64 bits), are kept as far as
  /// they came.
  public var partsPerMember = 2
  /// The same of all.
  public var parts = 256
  /// The bytes of all of them on disk.
  public var partsInBytes = 1 << 30
  /// How many of them may be strangers'.
  public var strangersParts = 128
  /// The bytes of strangers' on disk.
  public var strangersPartsInBytes = 512 << 20
  /// How long one is kept that does not grow, in seconds.
  public var partTime: Int64 = 7 * 86_400
  /// The bytes of large contents held in memory at once while they are sent.
  public var sentBytesInMemory = 512 << 20
  /// What of each push, and of each content, is not counted: small ones never wait for large ones.
  public var uncountedBytes = 256 << 10
  /// How many different bundles one member, or one address where nobody is known, may wait for at once.
  public var bundlesPerAsker = 8
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
  /// Connections that wait to be taken: when the queue is full, a client's next try is a second later. The system may allow
  /// fewer (`net.core.somaxconn`).
  public var waitingConnections = 4096
  /// Connections from one address; behind a proxy that is the proxy's.
  public var connectionsPerAddress = 64
  /// After how many failed tries within `failedTriesWindow` an address has to wait.
  public var failedTries = 20
  /// In how many seconds failed tries are counted together, and how long an address with too many waits.
  public var failedTriesWindow: UInt64 = 600
  /// How many addresses failed tries are remembered of.
  public var failedTriesAddresses = 10_000
  /// Sessions in all.
  public var sessions = 1_000
  /// Sessions of one member.
  public var sessionsPerMember = 16
  /// How many sessions one member may begin while a request that begins one could be repeated: ten minutes.
  public var sessionsBegunPerMember = 64
  /// How long a session lasts, in seconds.
  public var sessionTime: UInt64 = 1_800
  /// The largest request to become a member, in bytes.
  public var enrolmentBytes = 4 << 10
  /// How long answers under way may take to complete when the server is told to stop.
  public var stopTime: Duration = .seconds(30)

  public init() {}
}
