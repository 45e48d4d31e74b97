import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SheafModel
import SheafSync

/// A failure after which the same request may be sent again.
struct Interruption: Error {
  var address: String
  var detail: String
  /// How long the server asked to wait.
  var retryAfter: Duration?

  var asRemoteError: RemoteError {
    let more = retryAfter.map { " and asks to come back in \($0.components.seconds) s" } ?? ""
    return .interrupted(address: address, detail: detail + more)
  }
}

extension HTTPRemote {
  func interrupted(_ detail: String) -> Interruption { Interruption(address: address, detail: detail) }

  func notSheaf(_ detail: String) -> RemoteError { .notSheaf(address: address, detail: detail) }

  /// Reads why an answer is not the one that was asked for.
  func failure(of response: HTTPClientResponse) async -> any Error {
    let status = response.status.code
    switch status {
    case 300..<400:
      return RemoteError.redirected(
        address: address, to: Self.shown(response.headers.first(name: "location") ?? "an unnamed place"))
    case 401: return RemoteError.unauthorized(address: address)
    case 408, 409, 429, 502, 503, 504:
      var cut = interrupted("it answers with status \(status)")
      let seconds = response.headers.first(name: "retry-after").flatMap { UInt32($0) }
      cut.retryAfter = seconds.map { .seconds(Int64($0)) }
      return cut
    default: break
    }
    guard response.essence == Wire.problem,
      let body = try? await collect(response, limit: Problem.sizeLimit), let problem = Problem(json: body),
      problem.kind != nil
    else { return notSheaf("it answers with status \(status)") }
    return failure(of: problem, position: 0)
  }

  /// Says in the words of `RemoteError` what a problem document says.
  ///
  /// - Parameter position: Where the asker stands.
  func failure(of problem: Problem, position: UInt64) -> RemoteError {
    let detail = Self.shown(problem.detail ?? problem.title)
    switch problem.kind {
    case .nothingFits: return .nothingFits(address: address, position: position)
    case .forbidden:
      return .forbidden(address: address, detail: detail, hint: problem.hint.map(Self.shown))
    default: return .refused(address: address, detail: detail)
    }
  }

  /// Says in the words of `RemoteError` what the client says in its own.
  func remoteError(_ error: any Error) -> any Error {
    switch error {
    // What is ours says itself what failed: a disk that is too small, a file that can't be written.
    case is any SheafFailure, is Interruption, is CancellationError: return error
    case let error as Stalled: return interrupted("nothing moved for \(error.limit)")
    case let error as NIOConnectionError:
      return RemoteError.unreachable(address: address, detail: Self.reason(of: error))
    case let error as IOError where Self.isUnreachable(error.errnoCode):
      return RemoteError.unreachable(
        address: address, detail: String(cString: strerror(error.errnoCode)).lowercased())
    case let error as NIOSSLError:
      if case .uncleanShutdown = error { return interrupted("the line was cut") }
      return RemoteError.unreachable(
        address: address, detail: "no secure connection: \(Self.shown("\(error)"))")
    case is BoringSSLError, is NIOSSLExtraError:
      return RemoteError.unreachable(address: address, detail: "its certificate is not accepted")
    case let error as HTTPParserError:
      if error == .invalidEOFState { return interrupted("the line was cut") }
      return notSheaf("it does not speak HTTP")
    case let error as HTTPClientError: return clientError(error)
    case is EnoughRead: return error
    default: return interrupted(Self.shown("\(error)"))
    }
  }

  private func clientError(_ error: HTTPClientError) -> any Error {
    switch error {
    case .cancelled: return CancellationError()
    case .connectTimeout, .tlsHandshakeTimeout:
      return RemoteError.unreachable(address: address, detail: "no answer")
    case .deadlineExceeded, .readTimeout, .writeTimeout: return interrupted("no answer in time")
    case .remoteConnectionClosed: return interrupted("the line was cut")
    default: return interrupted(error.description)
    }
  }

  private static func reason(of error: NIOConnectionError) -> String {
    if error.connectionErrors.isEmpty { return "its name is not known" }
    let refused = error.connectionErrors.contains { ($0.error as? IOError)?.errnoCode == ECONNREFUSED }
    return refused ? "connection refused" : "no connection"
  }

  /// Whether a system call failed because nobody could be reached, not because a line was cut.
  private static func isUnreachable(_ code: CInt) -> Bool {
    [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, EADDRNOTAVAIL].contains(code)
  }

  /// Text of a stranger, short and without control characters, fit for a terminal.
  static func shown(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(300).filter { $0.properties.generalCategory != .control }))
  }
}
