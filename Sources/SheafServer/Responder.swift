import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import SheafHTTP
import SheafModel
import SheafSync
import Synchronization

/// Answers requests: reads the target, judges access, asks the library, and leaves one
/// log line and its figures for each.
struct Responder: HTTPResponder {
  typealias Context = AddressedContext

  let service: any LibraryService
  let gatekeeper: Gatekeeper
  let limits: ServerLimits
  let configuration: ServerConfiguration
  let gate: ConnectionGate
  let logger: Logger
  let metrics = ServerMetrics()
  let pushes: ByteBudget
  let parts: PushParts
  /// Contents that were read whole and are being sent.
  let contents: ByteBudget
  /// Who waits for bundles to be made.
  let askers: WaitingAskers
  /// Coding contents takes time and memory, so few of them are coded at once.
  let pastContents = Places(2)
  private let ids = RequestIDs()

  init(
    service: any LibraryService, configuration: ServerConfiguration, gate: ConnectionGate, logger: Logger
  ) {
    self.service = service
    self.configuration = configuration
    gatekeeper = Gatekeeper(directory: service, configuration: configuration)
    limits = configuration.limits
    self.gate = gate
    self.logger = logger
    pushes = ByteBudget(limits.pushedBytesInMemory)
    parts = PushParts(folder: service.pushedParts, limits: limits)
    contents = ByteBudget(limits.sentBytesInMemory)
    askers = WaitingAskers(limit: limits.bundlesPerAsker)
  }

  func respond(to request: Request, context: AddressedContext) async throws -> Response {
    let record = Record(
      id: ids.next(), method: request.method,
      // What is declared may be anything; no more than a push is ever read.
      received: min(request.headers[.contentLength].flatMap { Int($0) } ?? 0, Limits.pushBytes))
    var route = "none"
    var member: MemberMark?
    var answer: Answer
    do {
      let wanted = try Self.route(of: request)
      route = wanted.name
      try check(request, for: wanted)
      let asked = Self.asked(request, from: context.address)
      let caller = try await gatekeeper.admit(asked, to: wanted)
      member = caller.member?.mark
      let asker = Asker(member, address: context.address, gone: context.gone)
      answer = try await self.answer(wanted, to: caller, asked, request, as: asker, id: record.id)
    } catch let error as CancellationError {
      throw error
    } catch {
      answer = Answer(problem(for: error, id: record.id))
      // RFC 9110 section 15.5.6.
      if answer.status == 405 {
        answer.fields[.allow] = Route.isPost(target: request.head.path ?? "") ? "POST" : "GET, HEAD"
      }
    }
    return response(answer, isHead: request.method == .head) {
      [route, member, status = answer.status] sent, isWhole in
      leave(record, route: route, member: member, status: status, sent: sent, isWhole: isWhole)
    }
  }

  // MARK: Access and form

  private static func asked(_ request: Request, from address: String) -> Gatekeeper.Asked {
    let isChunked = request.headers[.transferEncoding] != nil
    return Gatekeeper.Asked(
      authority: request.head.authority ?? "", method: request.method.rawValue,
      target: request.head.path ?? "",
      lengthInBytes: isChunked ? nil : request.headers[.contentLength].map { UInt64($0) } ?? 0,
      credential: Credential(request.headers), address: address)
  }

  /// Reads what is asked for. Whether the method fits is told first, except of what is not there at all.
  private static func route(of request: Request) throws -> Route {
    let target = request.head.path ?? ""
    let isPost = Route.isPost(target: target)
    let fits = isPost ? request.method == .post : request.method == .get || request.method == .head
    let notAllowed = Problem(
      .methodNotAllowed, detail: "this is asked for with \(isPost ? "POST" : "GET or HEAD")")
    do {
      let route = try Route(target: target)
      guard fits else { throw notAllowed }
      return route
    } catch RouteError.malformed where !fits { throw notAllowed }
  }

  private func check(_ request: Request, for route: Route) throws {
    // A body where none belongs would only be read to be thrown away.
    let hasBody =
      request.headers[.transferEncoding] != nil || (request.headers[.contentLength] ?? "0") != "0"
    if !route.hasBody, hasBody { throw Problem(.badRequest, detail: "a request of this kind has no body") }
  }

  private func answer(
    _ route: Route, to caller: Gatekeeper.Caller, _ asked: Gatekeeper.Asked, _ request: Request,
    as asker: Asker, id: UInt64
  ) async throws -> Answer {
    switch route {
    case .checkpoint:
      var answer = Answer(Wire.text, try await service.cosignedCheckpoint())
      answer.fields[.cacheControl] = "no-cache"
      return answer
    case .tile(let path):
      guard let tile = try await service.tile(path) else { throw Problem(.notFound) }
      // A tile never changes once the log has reached it.
      var answer = Answer("application/octet-stream", tile)
      answer.fields[.cacheControl] = "max-age=31536000, immutable"
      return answer
    case .cosignatures(let size): return Answer.list(try await service.cosignatures(after: size))
    case .cosign(let size): return try await cosign(after: size, request)
    case .bundle(let wanted): return try await bundle(wanted, request, from: caller, as: asker)
    case .push(let part): return try Answer(json: try await receive(request, part, from: caller, as: asker))
    case .exchange(let wanted, let part):
      return try await exchange(wanted, request, part, from: caller, as: asker, id: id)
    case .part(let hash):
      return try Answer(json: HeldPart(held: try await parts.held(.init(asker, hash: hash))))
    case .answers(let leaves): return try Answer(json: try await service.answers(to: leaves))
    case .receipt(let number):
      return Answer(Wire.text, Array(try await service.receipt(changeSet: number).utf8))
    case .documents(let collection):
      let documents = try await service.documents(in: collection)
      return try Answer(
        json: caller.collections == nil
          ? documents
          : documents.filter { (try? DocumentPath($0.path)).map { caller.reaches($0.collection) } ?? false })
    case .document(let path): return try await document(path, request)
    case .asset(let hash): return try await asset(hash, to: caller, request)
    case .history(let path):
      // A document may have come from a collection that the member does not read.
      let history = try await service.history(of: path).filter { entry in
        caller.collections == nil
          || (try? DocumentPath(entry.path)).map { caller.reaches($0.collection) } ?? false
      }
      guard !history.isEmpty else { throw Problem(.notFound, detail: "there is no document \(path)") }
      return try Answer(json: history)
    case .enrol: return try await enrol(request, from: asked.address)
    case .session: return try session(for: caller, request)
    case .pastContents(let path, let size, let before):
      guard pastContents.take() else { throw Problem(.busy, detail: "other histories are being read") }
      defer { pastContents.giveBack() }
      guard
        let contents = try await service.pastContents(
          of: path, upTo: size, before: before, in: caller.collections)
      else {
        throw Problem(.notFound, detail: "there are no contents of \(path)")
      }
      var answer = Answer(Wire.contents, contents)
      answer.hold = try hold(contents.count)
      return answer
    case .health: return Answer(Wire.text, Array("ok\n".utf8))
    case .ready:
      do {
        _ = try await service.checkpointNote()
      } catch { throw Problem(.busy, detail: "the library can't be read") }
      return Answer(Wire.text, Array("ready\n".utf8))
    case .metrics:
      let figures = try? await service.figures()
      return Answer(
        "text/plain; version=0.0.4; charset=utf-8",
        Array(metrics.text(figures: figures, connections: gate.counts).utf8))
    }
  }

  // MARK: Problems

  /// Says an error to strangers; what went wrong inside goes to the log.
  func problem(for error: any Error, id: UInt64) -> Problem {
    switch error {
    case let problem as Problem: return problem
    case RouteError.unknown: return Problem(.notFound)
    case let error as RouteError: return Problem(.badRequest, detail: error.problem)
    case RemoteError.nothingFits(_, let position):
      return Problem(.nothingFits, detail: "nothing here leads on from checkpoint \(position)")
    case is TooManyMakings: return Problem(.busy, detail: "other bundles are being made")
    case LibraryError.noDocument, LibraryError.noMoment, LibraryError.empty:
      // The words for a person at a terminal name commands; who asks here has none.
      return Problem(.notFound, detail: (error as? LibraryError)?.problem)
    case let failure as any SheafFailure where failure is DiskTooSmall || failure is PushPartError:
      // Only pushes are kept on disk. Where, and what is free there, is nobody else's business.
      logger.error("request failed", metadata: ["id": "\(id)", "problem": "\(failure.problem)"])
      return Problem(.failed, detail: "there is no room for this push here", unchanged: failure.unchanged)
    case let failure as any SheafFailure:
      let kind: Problem.Kind =
        switch failure.kind {
        case .usage: .refused
        case .verification: .unverified
        case .failed: .failed
        }
      if kind == .failed {
        logger.error("request failed", metadata: ["id": "\(id)", "problem": "\(failure.problem)"])
      }
      return Problem(kind, detail: failure.problem, unchanged: failure.unchanged, hint: failure.hint)
    default:
      logger.error("request failed", metadata: ["id": "\(id)", "error": "\(String(reflecting: error))"])
      return Problem(.failed)
    }
  }

  // MARK: Records

  /// What a log line says about a request before its answer is known.
  private struct Record: Sendable {
    let id: UInt64
    let method: HTTPRequest.Method
    let received: Int
    let start = ContinuousClock.now
  }

  /// Leaves the log line and the figures of a finished request.
  private func leave(
    _ record: Record, route: String, member: MemberMark?, status: Int, sent: UInt64, isWhole: Bool
  ) {
    let duration = record.start.duration(to: .now)
    metrics.count(
      route: route, status: status, receivedBytes: record.received, sentBytes: sent, duration: duration)
    // Nothing of the line is put together where nobody reads it.
    func metadata() -> Logger.Metadata {
      var metadata: Logger.Metadata = [
        "id": "\(record.id)", "method": "\(record.method)", "route": "\(route)", "status": "\(status)",
        "bytes": "\(sent)", "ms": "\(Int(duration / .milliseconds(1)))",
      ]
      if let member { metadata["member"] = "\(member)" }
      if !isWhole { metadata["cut"] = "true" }
      return metadata
    }
    logger.info("request", metadata: metadata())
  }

  /// Turns an answer into the framework's, and calls `finished` once its last byte was handed on or that failed.
  private func response(
    _ answer: Answer, isHead: Bool, finished: @escaping @Sendable (_ sent: UInt64, _ isWhole: Bool) -> Void
  ) -> Response {
    var fields = answer.fields
    // An answer without content has no length either (RFC 9110 section 8.6).
    if answer.status != 204 { fields[.contentLength] = "\(answer.body.sizeInBytes)" }
    let status = HTTPResponse.Status(code: answer.status)
    switch answer.body {
    case _ where isHead:
      finished(0, true)
      return Response(status: status, headers: fields)
    case .bytes(let bytes) where bytes.isEmpty:
      finished(0, true)
      return Response(status: status, headers: fields)
    case .bytes(let bytes) where answer.hold != nil:
      let body = ByteBuffer(bytes: bytes)
      return Response(
        status: status, headers: fields,
        body: Self.body(
          0..<UInt64(bytes.count), hold: answer.hold, read: { body.piece($0) }, finished: finished)
      )
    case .bytes(let bytes):
      finished(UInt64(bytes.count), true)
      return Response(
        status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    case .file(let file, let range, let before):
      return Response(
        status: status, headers: fields,
        body: Self.body(range, after: before, read: file.read, finished: finished))
    case .content(let reading, let range):
      return Response(
        status: status, headers: fields,
        body: Self.body(range, hold: answer.hold, read: reading.piece, finished: finished))
    }
  }

  /// A body that is read piece by piece as it is sent, behind some bytes.
  ///
  /// - Parameter hold: What is counted until it is sent.
  private static func body(
    _ range: Range<UInt64>, after before: [UInt8] = [], hold: ByteBudget.Hold? = nil,
    read: @escaping @Sendable (Range<UInt64>) async throws -> ByteBuffer,
    finished: @escaping @Sendable (_ sent: UInt64, _ isWhole: Bool) -> Void
  ) -> ResponseBody {
    let size = range.upperBound - range.lowerBound + UInt64(before.count)
    return ResponseBody(contentLength: Int(clamping: size)) { writer in
      defer { withExtendedLifetime(hold) {} }
      var at = range.lowerBound
      do {
        if !before.isEmpty { try await writer.write(ByteBuffer(bytes: before)) }
        while at < range.upperBound {
          let chunk = try await read(at..<range.upperBound)
          try await writer.write(chunk)
          at += UInt64(chunk.readableBytes)
        }
        try await writer.finish(nil)
      } catch {
        finished(at - range.lowerBound, false)
        throw error
      }
      finished(at - range.lowerBound, true)
    }
  }
}

/// Numbers requests from 1, so that the lines about one of them are found together.
private final class RequestIDs: Sendable {
  private let last = Mutex<UInt64>(0)

  func next() -> UInt64 {
    last.withLock { last in
      last &+= 1
      return last
    }
  }
}
