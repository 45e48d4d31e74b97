import Foundation
import SheafModel
import SheafSync

/// How an `HTTPRemote` behaves: trust, patience and persistence.
public struct HTTPRemoteConfiguration: Sendable {
  /// A PEM file of certificates to trust beside the system's.
  public var extraCertificates: URL?
  /// How long a connection may take to be made: on a lossy line its first packets are sent again after 1, 3 and 7 s.
  public var connectTimeout: Duration = .seconds(20)
  /// How long the remote may think before it answers a small question.
  public var answerTimeout: Duration = .seconds(60)
  /// How long the remote may think before it answers a pull or a push; it may have to make a bundle.
  public var workTimeout: Duration = .seconds(600)
  /// How long a body may stand still, either way. Nothing limits how long it takes in all.
  public var stallTimeout: Duration = .seconds(60)
  /// How often one call tries again after a cut that brought nothing new; a cut after
  /// at least `progressInBytes` starts the count again.
  public var retries = 4
  /// What counts as progress between two cuts.
  public var progressInBytes: UInt64 = 16 << 10
  /// The wait before the first new try; it doubles each time, up to `longestWait`.
  public var firstWait: Duration = .seconds(1)
  /// The longest wait between two tries.
  public var longestWait: Duration = .seconds(30)
  /// The longest wait that a server may ask for; one that asks for more is left for now.
  public var longestAsked: Duration = .seconds(120)
  /// The most bytes of bodies a second, both directions together; `nil` for as many as the line carries.
  public var bytesPerSecond: UInt64?
  /// The bytes that are free where a folder is; `nil` when nobody can say.
  public var freeSpace: @Sendable (URL) -> UInt64? = { DownloadCheck.freeSpace(in: $0) }
  /// A number from 0 up to 1, by which replicas that were cut together come back apart.
  public var random: @Sendable () -> Double = { Double.random(in: 0..<1) }
  /// The time in seconds since 1970, at which requests are signed.
  public var time: @Sendable () -> UInt64 = { UInt64(max(0, Date().timeIntervalSince1970)) }
  /// The clock of the cap on bandwidth.
  public var now: @Sendable () -> ContinuousClock.Instant = { .now }
  /// How waiting is done; tests put their own here.
  public var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

  public init() {}

  /// Gives the remote this long wherever it would be waited for shorter or longer: `--timeout`.
  public mutating func setPatience(_ patience: Duration) {
    connectTimeout = patience
    answerTimeout = patience
    stallTimeout = patience
    workTimeout = max(patience, workTimeout)
  }

  /// The wait before try number `attempt`, counted from 1: it doubles, and chance takes away up to a half of it.
  ///
  /// - Returns: `nil` when the server asked for more than anybody waits.
  func wait(before attempt: Int, asked: Duration?) -> Duration? {
    if let asked, asked > longestAsked { return nil }
    var wait = firstWait
    for _ in 1..<min(max(attempt, 1), 16) { wait = min(wait * 2, longestWait) }
    wait = min(wait, longestWait)
    return max(wait * (1 - random() / 2), asked ?? .zero)
  }
}

/// Why an address can't be used as an HTTP remote. Nothing was sent.
public enum HTTPRemoteError: SheafFailure, Equatable {
  /// The address is not `http://` or `https://` with a host, or holds more than a path.
  case address(String, rule: String)
  /// The file of extra certificates can't be read.
  case certificates(String)

  public var problem: String {
    switch self {
    case .address(let text, let rule): "\(text) can't be used as a remote: \(rule)"
    case .certificates(let file): "no certificates can be read from \(file)"
    }
  }
  public var hint: String? {
    switch self {
    case .address: "Give it as https://HOST[:PORT][/PATH]."
    case .certificates: "Give a PEM file."
    }
  }
  public var kind: FailureKind { .usage }
}
