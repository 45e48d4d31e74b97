import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SheafLog
import SheafModel
import SheafSync
import Synchronization

/// A library that a Sheaf server holds, over HTTP.
///
/// It owns one client with its connections; call `shutdown()` when done with it. TLS is
/// always verified, redirections are never followed, and nothing is trusted: what is
/// received is bounded here and verified by the caller. Requests are signed once somebody
/// was introduced (`Schemas/requests.md`); no secret ever travels.
public final class HTTPRemote: Remote {
  public let address: String
  let configuration: HTTPRemoteConfiguration
  let client: HTTPClient
  private let base: String
  private let bucket: TokenBucket?
  private let hasGoneOn = Mutex(false)
  private let hasAnswered = Mutex(false)
  private let introduced = Mutex<(library: LibraryID, floor: Timestamp?, sign: RequestSigner)?>(nil)
  /// How far in the future a server may have its clock before nothing is signed for its time, in seconds.
  private static let aheadLimit: Int64 = 86_400
  /// The same where this computer's clock is known to be wrong: how far after the copy's time floor, in seconds.
  private static let aheadOfFloorLimit: Int64 = 366 * 86_400
  /// How far the server's clock is ahead of this computer's, once it said so.
  private let serverAhead = Mutex<Int64?>(nil)
  /// The newest cosignatures that came along with an answer, until somebody asks for them.
  private let cosignaturesAlong = Mutex<[UInt8]?>(nil)

  /// Prepares a remote; nothing is sent yet.
  ///
  /// - Parameter address: `http://` or `https://`, a host, and perhaps a port and a path that all
  ///   targets stand below.
  /// - Throws: `HTTPRemoteError`.
  public init(address: String, configuration: HTTPRemoteConfiguration = HTTPRemoteConfiguration()) throws {
    _ = try Self.checked(address)
    var trimmed = address
    while trimmed.hasSuffix("/") { trimmed.removeLast() }
    self.address = address
    self.configuration = configuration
    base = trimmed
    bucket = configuration.bytesPerSecond.map { TokenBucket(bytesPerSecond: $0, now: configuration.now) }
    client = HTTPClient(
      eventLoopGroupProvider: .singleton, configuration: try Self.clientConfiguration(configuration))
  }

  /// Closes the client's connections. Calls under way fail as interrupted.
  public func shutdown() async throws {
    try await client.shutdown()
  }

  /// A download that was taken up again leads to where the log was then.
  public var mayStopShort: Bool { hasGoneOn.withLock { $0 } }

  func noteGoingOn() { hasGoneOn.withLock { $0 = true } }

  public func checkpoint() async throws -> [UInt8] {
    let answer = try await retrying {
      try await self.exchange(
        .checkpoint, limit: Limits.checkpointNote, patience: self.configuration.answerTimeout)
    }
    guard answer.type == "text/plain" else { throw notSheaf("it answers with \(answer.type)") }
    return answer.body
  }

  public func cosignatures(
    after size: UInt64, handing own: [UInt8]?, from member: MemberMark
  ) async throws -> [UInt8]? {
    let along = cosignaturesAlong.withLock { $0.take() }
    if let along, own == nil { return along }
    let answer = try await retrying {
      try await self.exchange(
        own == nil ? .cosignatures(after: size) : .cosign(after: size),
        body: own.map { (Wire.text, $0[...]) },
        limit: CosignatureList.maximumSize,
        patience: self.configuration.answerTimeout)
    }
    guard answer.type == "text/plain" else { throw notSheaf("it answers with \(Self.shown(answer.type))") }
    return answer.body
  }

  public func leave(position: PullRequest, from member: MemberMark) async throws {
    // A server answers whoever asks; it needs no word left behind.
  }

  public func introduce(_ library: LibraryID, floor: Timestamp?, signer: @escaping RequestSigner) {
    introduced.withLock { $0 = (library, floor, signer) }
  }

  /// Host and port as requests are signed for them and as the server is told them.
  private var authority: String { Self.authority(of: base) }

  /// - Parameter address: One that `checked` has taken.
  static func authority(of address: String) -> String {
    let parts = address.lowercased().split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { return "" }
    let authority = String(parts[2].prefix { $0 != "/" })
    let port = parts[0] == "https:" ? ":443" : ":80"
    return authority.hasSuffix(port) ? String(authority.dropLast(port.count)) : authority
  }

  public var clockIsBehind: Duration? { serverAhead.withLock { $0.map { .seconds($0) } } }

  /// The `Authorization` of a request; `nil` where nobody was introduced or nobody asks who it is.
  private func authorization(_ request: HTTPClientRequest, lengthInBytes: Int) throws -> String? {
    let target = String(request.url.dropFirst(base.count))
    guard let (library, _, sign) = introduced.withLock({ $0 }),
      (try? Route(target: target))?.isForEverybody != true
    else { return nil }
    let ahead = serverAhead.withLock { $0 } ?? 0
    let time = UInt32(
      clamping: Int64(clamping: configuration.time()).addingReportingOverflow(ahead).partialValue)
    let text = RequestText(
      library: library, authority: authority, method: request.method.rawValue, target: target,
      lengthInBytes: UInt64(lengthInBytes))
    return "Sheaf " + (try sign(text, time)).credential
  }

  /// Takes note of the server's time from its refusal of a request for being signed at another.
  ///
  /// A server that is not what it says could gather signatures for times to come with it. So it is believed as far as
  /// a day ahead, and further only where the copy knows that this computer's clock is behind.
  ///
  /// - Throws: Why the request was refused, when that was for something else, or that no such time is believed.
  private func noteTime(_ response: HTTPClientResponse) async throws {
    guard response.essence == Wire.problem,
      let body = try? await collect(response, limit: Problem.sizeLimit), let problem = Problem(json: body),
      problem.kind == .wrongTime, let time = problem.time
    else { throw RemoteError.unauthorized(address: address) }
    let own = Int64(clamping: configuration.time())
    let floor = introduced.withLock { $0?.floor?.seconds }
    let latest =
      floor.map { own < $0 ? $0 + Self.aheadOfFloorLimit : own + Self.aheadLimit } ?? own + Self.aheadLimit
    guard Int64(clamping: time) <= latest else {
      throw RemoteError.refused(
        address: address,
        detail:
          "its clock says \(Timestamp(seconds: Int64(clamping: time))), which is not believed; set this computer's clock if that is right"
      )
    }
    let ahead = Int64(clamping: time).subtractingReportingOverflow(Int64(clamping: configuration.time()))
    serverAhead.withLock { $0 = ahead.partialValue }
  }

  // MARK: Small exchanges

  /// An answer that was read whole.
  struct Answer: Sendable {
    var type: String
    var body: [UInt8]
  }

  /// What a request brings.
  typealias Body = (type: String, bytes: ArraySlice<UInt8>)

  /// Sends a request and reads a bounded answer with status 200.
  ///
  /// - Throws: `RemoteError`.
  func exchange(
    _ route: Route, body: Body? = nil, limit: Int, patience: Duration,
    sent: @escaping TransferProgress = { _, _ in }
  ) async throws -> Answer {
    let response = try await send(try request(route), body: body, patience: patience, sent: sent)
    guard response.status == .ok else { throw await failure(of: response) }
    return Answer(type: response.essence, body: try await collect(response, limit: limit))
  }

  /// Makes a request with no header but those it can't do without: on a poor line each is paid for.
  func request(_ route: Route) throws -> HTTPClientRequest {
    let target = route.target
    guard target.utf8.count <= Wire.targetBytes else {
      throw RemoteError.refused(
        address: address, detail: "the subscription names more collections than fit into one request")
    }
    var request = HTTPClientRequest(url: base + target)
    request.headers.add(name: "host", value: authority)
    if route.isPost { request.method = .POST }
    return request
  }

  /// Sends a request, signed where that is asked for, and waits for the head of the answer.
  ///
  /// A server whose clock is another says what time it has, once, and the request is made again for that.
  ///
  /// - Parameters:
  ///   - body: What to send with it, by POST; it may take as long as it needs while it moves.
  ///   - patience: How long the remote may think once it has the whole request.
  ///   - sent: Told how much of a body that goes in pieces the line has taken.
  func send(
    _ request: HTTPClientRequest, body: Body? = nil, patience: Duration,
    sent: @escaping TransferProgress = { _, _ in }
  ) async throws -> HTTPClientResponse {
    let authorization = try authorization(request, lengthInBytes: body?.bytes.count ?? 0)
    let response = try await send(request, as: authorization, body: body, patience: patience, sent: sent)
    guard response.status == .unauthorized, authorization != nil else { return response }
    try await noteTime(response)
    let corrected = try self.authorization(request, lengthInBytes: body?.bytes.count ?? 0)
    return try await send(request, as: corrected, body: body, patience: patience, sent: sent)
  }

  private func send(
    _ request: HTTPClientRequest, as authorization: String?, body: Body?, patience: Duration,
    sent: @escaping TransferProgress
  ) async throws -> HTTPClientResponse {
    var request = request
    var deadline: MovingDeadline?
    if let authorization { request.headers.add(name: "authorization", value: authorization) }
    if let body {
      request.headers.add(name: "content-type", value: body.type)
      if body.bytes.count <= UploadedBytes.pieceSizeInBytes, bucket == nil {
        request.body = .bytes(ByteBuffer(bytes: body.bytes))
      } else {
        let moving = MovingDeadline(in: configuration.connectTimeout + configuration.stallTimeout)
        deadline = moving
        request.body = .stream(
          UploadedBytes(
            bytes: body.bytes, pay: { self.bucket?.pay(for: $0) ?? .zero },
            moved: { [stall = configuration.stallTimeout, total = UInt64(body.bytes.count)] pause, taken in
              moving.move(taken == total ? patience : stall, after: pause)
              sent(taken, total)
            }, sleep: configuration.sleep),
          length: .known(Int64(body.bytes.count)))
      }
    }
    do {
      let response: HTTPClientResponse
      if let deadline {
        let (client, whole) = (client, request)
        response = try await deadline.watch { try await client.execute(whole, deadline: .distantFuture) }
      } else {
        response = try await client.execute(
          request, deadline: .now() + TimeAmount(configuration.connectTimeout + patience))
      }
      hasAnswered.withLock { $0 = true }
      if let field = response.headers.first(name: Wire.cosignatures), let list = Base64.decode(field) {
        cosignaturesAlong.withLock { $0 = list }
      }
      // The connection stays for the next request only once the answer's end was read.
      if response.status == .noContent { for try await _ in response.body {} }
      return response
    } catch { throw remoteError(error) }
  }

  /// Reads a body to its end, piece by piece, at no more than the rate that is allowed.
  func forEachPiece(
    of response: HTTPClientResponse, _ take: @escaping @Sendable (ByteBuffer) async throws -> Void
  ) async throws {
    let deadline = MovingDeadline(in: configuration.stallTimeout)
    do {
      try await deadline.watch { [configuration, bucket] in
        for try await piece in response.body {
          let count = piece.readableBytes
          try await take(piece)
          let pause = bucket?.pay(for: count) ?? .zero
          deadline.move(configuration.stallTimeout, after: pause)
          if pause > .zero { try await configuration.sleep(pause) }
        }
      }
    } catch { throw remoteError(error) }
  }

  /// Reads a body of at most `limit` bytes.
  func collect(_ response: HTTPClientResponse, limit: Int) async throws -> [UInt8] {
    if let length = response.headers.first(name: "content-length").flatMap(Int.init), length > limit {
      throw RemoteError.tooMuch(address: address)
    }
    let bytes = Mutex<[UInt8]>([])
    try await forEachPiece(of: response) { [address] piece in
      try bytes.withLock { bytes in
        guard bytes.count + piece.readableBytes <= limit else { throw RemoteError.tooMuch(address: address) }
        bytes.append(contentsOf: piece.readableBytesView)
      }
    }
    return bytes.withLock { $0 }
  }

  /// Goes on over as many connections as it takes, as long as it gets further.
  ///
  /// Only bytes further along than ever before are progress: a server that makes a transfer start over again and again
  /// must not keep this alive.
  ///
  /// - Parameters:
  ///   - transfer: What is under way; `nil` where nothing stays of an attempt that failed.
  ///   - failures: How often it failed before.
  func goingOn<Result: Sendable>(
    with transfer: (any Transfer)?, failures: Int = 0, isolation: isolated (any Actor)? = #isolation,
    _ attempt: () async throws -> Result
  ) async throws -> Result {
    var failures = failures
    var furthest = await transfer?.offset ?? 0
    while true {
      let cut: Interruption
      do { return try await attempt() } catch { cut = try self.cut(error) }
      let reached = await transfer?.offset ?? 0
      if reached >= furthest + configuration.progressInBytes {
        failures = 0
        furthest = reached
      }
      failures += 1
      try await pause(before: failures, after: cut)
    }
  }

  /// Repeats what is safe to repeat after a cut, a bounded number of times.
  func retrying<Result: Sendable>(_ attempt: () async throws -> Result) async throws -> Result {
    try await goingOn(with: nil, attempt)
  }

  /// What an error is when it only cuts what was under way.
  ///
  /// Who can't be reached from the start is told of at once; once there was an answer, it is a cut like others.
  ///
  /// - Throws: The error, when trying again would change nothing.
  func cut(_ error: any Error) throws -> Interruption {
    if let cut = error as? Interruption { return cut }
    guard case RemoteError.unreachable(let address, let detail) = error, hasAnswered.withLock({ $0 }) else {
      throw error
    }
    return Interruption(address: address, detail: detail)
  }

  /// Waits before another try.
  ///
  /// - Throws: `RemoteError.interrupted` when there were enough tries, or the server asks for too much patience.
  func pause(before attempt: Int, after cut: Interruption) async throws {
    guard attempt <= configuration.retries,
      let wait = configuration.wait(before: attempt, asked: cut.retryAfter)
    else { throw cut.asRemoteError }
    try await configuration.sleep(wait)
  }

  // MARK: Addresses and clients

  private static func checked(_ address: String) throws -> URL {
    func refuse(_ rule: String) -> HTTPRemoteError { .address(address, rule: rule) }
    guard address.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), let url = URL(string: address) else {
      throw refuse("it is not a URL")
    }
    guard url.scheme == "http" || url.scheme == "https" else {
      throw refuse("it is neither http:// nor https://")
    }
    guard let host = url.host(), !host.isEmpty else { throw refuse("it names no host") }
    guard url.user == nil, url.password == nil else { throw refuse("it holds a user name or password") }
    guard url.query == nil, url.fragment == nil else { throw refuse("it holds a query or fragment") }
    return url
  }

  private static func clientConfiguration(
    _ configuration: HTTPRemoteConfiguration
  ) throws -> HTTPClient.Configuration {
    var tls = TLSConfiguration.makeClientConfiguration()
    SecureTransport.harden(&tls)
    if let file = configuration.extraCertificates {
      guard let certificates = try? NIOSSLCertificate.fromPEMFile(file.path), !certificates.isEmpty else {
        throw HTTPRemoteError.certificates(file.path)
      }
      tls.additionalTrustRoots = [.certificates(certificates)]
    }
    var client = HTTPClient.Configuration(
      tlsConfiguration: tls,
      redirectConfiguration: .disallow,
      timeout: .init(connect: TimeAmount(configuration.connectTimeout)),
      decompression: .disabled)
    // The client would otherwise go on trying to connect until the deadline for the answer.
    client.connectionPool.retryConnectionEstablishment = false
    return client
  }
}

extension HTTPClientResponse {
  /// The media type without parameters, in lower case; empty when there is none.
  var essence: String {
    let type = headers.first(name: "content-type") ?? ""
    return type.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
  }
}
