import HTTPTypes
import HummingbirdCore
import NIOCore
import SheafBundle
import SheafHTTP
import SheafLog
import SheafModel
import SheafSync
import Synchronization

extension Responder {
  /// What a pull is answered with.
  enum Found {
    /// Nothing new; `same` when the asker holds the very note.
    case unchanged([UInt8], isSame: Bool)
    case bundle(ServedFile, sizeInBytes: UInt64, BundleTag)
  }

  /// Who asks, as far as waiting and room go.
  struct Asker: Sendable {
    let name: String
    /// Whether nobody knows who it is: its address stands for it then.
    let isStranger: Bool
    /// Ends with the connection.
    let gone: EventLoopFuture<Void>

    init(_ member: MemberMark?, address: String, gone: EventLoopFuture<Void>) {
      name = member.map { "member \($0)" } ?? "address \(FailedTries.key(of: address))"
      isStranger = member == nil
      self.gone = gone
    }
  }

  /// Looks for what leads on from a position.
  ///
  /// It may have to be made. One asker waits for a few different bundles at most, and nothing is begun any more for
  /// one that has gone.
  private func find(_ wanted: PullRequest, for asker: Asker) async throws -> Found {
    if let note = try await service.nothingNew(for: wanted) { return Self.unchanged(note, held: wanted.held) }
    let target = Route.bundle(wanted.ofBundle).target
    guard askers.begin(asker.name, target) else {
      throw Problem(.busy, detail: "it waits for \(limits.bundlesPerAsker) other bundles already")
    }
    defer { askers.end(asker.name, target) }
    let waiting = Waiting(Task { try await find(wanted) })
    asker.gone.whenComplete { _ in waiting.cancel() }
    defer { waiting.forget() }
    return try await waiting.value
  }

  private func find(_ wanted: PullRequest) async throws -> Found {
    guard wanted.to != 0 else { throw RemoteError.nothingFits(address: "", position: wanted.known) }
    let held = wanted.held
    var wanted = wanted.ofBundle
    // The answer is pinned to one position, and its tag says which: whoever takes a cut download
    // up later can ask for the same bytes although the log has grown.
    // Who is ahead of this log gets no position: the library answers with its checkpoint, and
    // the asker compares.
    let size = Self.size(ofCheckpoint: try await service.checkpointNote())
    if wanted.to == nil, let size, wanted.known <= size { wanted.to = size }
    switch try await service.offer(wanted) {
    case .unchanged(let note): return Self.unchanged(note, held: held)
    case .bundle(let bundle):
      let file = try await ServedFile.open(bundle.file, size: bundle.sizeInBytes)
      let tag = BundleTag(to: wanted.to ?? size ?? 0, hash: bundle.hash)
      return .bundle(file, sizeInBytes: bundle.sizeInBytes, tag)
    }
  }

  private static func unchanged(_ note: [UInt8], held: CheckpointMark?) -> Found {
    .unchanged(note, isSame: held.map { $0 == CheckpointMark(note: note) } ?? false)
  }

  /// Answers a pull: nothing or the checkpoint note when nothing is new, else the bundle or a range of it.
  func bundle(
    _ wanted: PullRequest, _ request: Request, from caller: Gatekeeper.Caller, as asker: Asker
  ) async throws -> Answer {
    let found = try await find(wanted, for: asker)
    var fields = await cosignatures(along: found, wanted, from: caller)
    switch found {
    case .unchanged(_, isSame: true): return Answer(status: 204, fields: fields, body: .bytes([]))
    case .unchanged(let note, _):
      fields[.contentType] = Wire.checkpoint
      return Answer(fields: fields, body: .bytes(note))
    case .bundle(let file, let size, let tag):
      fields[.contentType] = Wire.bundle
      fields[.eTag] = tag.field
      // If-Range compares strongly; a date or another tag means: the whole, please.
      let isSame = request.headers[.ifRange].map { $0 == tag.field } ?? true
      switch ByteRange(isSame ? request.headers[.range] : nil, size: size) {
      case .whole:
        return Answer(fields: fields, body: try await Self.body(file, 0..<size))
      case .part(let range):
        fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
        return Answer(status: 206, fields: fields, body: try await Self.body(file, range))
      case .unsatisfiable:
        var answer = Answer(Problem(.badRequest, detail: "the range holds no byte of the bundle"))
        answer.status = 416
        answer.fields[.contentRange] = "bytes */\(size)"
        return answer
      }
    }
  }

  /// The field with the cosignatures that were asked for along with a pull; none where they are better had, or as well,
  /// by a request of their own.
  private func cosignatures(
    along found: Found, _ wanted: PullRequest, from caller: Gatekeeper.Caller
  ) async -> HTTPFields {
    guard let size = wanted.timesAfter, let name = HTTPField.Name(Wire.cosignatures) else { return [:] }
    // A member cosigns what it takes, hands that over, and is answered with all there are.
    if case .bundle = found, caller.member != nil { return [:] }
    guard let list = try? await service.cosignatures(after: size), list.count <= Wire.cosignaturesAlong else {
      return [:]
    }
    return [name: Base64.encode(list)]
  }

  /// A part of a file behind some bytes; a short one is read now, so that it leaves in one packet with its head.
  private static func body(
    _ file: ServedFile, _ range: Range<UInt64>, after before: [UInt8] = []
  ) async throws -> Answer.Body {
    if let bytes = try await file.small(range, after: before) { return .bytes(bytes) }
    return .file(file, range, after: before)
  }

  /// Takes a witness' own cosignatures, and answers with those after a size.
  func cosign(after size: UInt64, _ request: Request) async throws -> Answer {
    var handed: [UInt8] = []
    try await request.forEachPiece { piece in
      guard handed.count + piece.readableBytes <= CosignatureList.maximumHandedSize else {
        throw Problem(
          .tooLarge, detail: "a witness hands over at most \(CosignatureList.maximumHandedSize) bytes")
      }
      handed.append(contentsOf: piece.readableBytesView)
    }
    return Answer.list(try await service.cosign(handed, after: size))
  }

  /// Takes drafts, and answers with what became of them and what leads on from a position (`Schemas/exchange.md`).
  func exchange(
    _ wanted: PullRequest, _ request: Request, _ part: PushPart?, from caller: Gatekeeper.Caller,
    as asker: Asker, id: UInt64
  ) async throws -> Answer {
    var answers = try await receive(request, part, from: caller, as: asker)
    let found: Found
    do {
      // What it handed over need not come back.
      found = try await find(wanted.holding(answers), for: asker)
    } catch let error as CancellationError {
      throw error
    } catch {
      // The drafts are in all the same, and their author must learn it.
      let reply = ExchangeReply(answers: answers, rest: .problem(problem(for: error, id: id)))
      return Answer(Wire.exchange, reply.bytes)
    }
    var fields = await cosignatures(along: found, wanted, from: caller)
    fields[.contentType] = Wire.exchange
    switch found {
    case .unchanged(let note, let isSame):
      let reply = ExchangeReply(answers: answers, rest: isSame ? .same : .unchanged(checkpoint: note))
      return Answer(fields: fields, body: .bytes(reply.bytes))
    case .bundle(let file, let size, let tag):
      // A copy that keeps the trail gets the change sets themselves, which prove more than receipts do.
      if wanted.depth > .heads, let to = tag.to {
        answers = answers.map { answer in
          guard let number = answer.changeSet, number > wanted.from, number <= to else { return answer }
          var answer = answer
          answer.receipt = nil
          return answer
        }
      }
      let reply = ExchangeReply(answers: answers, rest: .bundle(tag, sizeInBytes: size))
      return Answer(
        fields: fields, body: try await Self.body(file, 0..<size, after: reply.bytes))
    }
  }

  /// The log size in a checkpoint note: its second line (C2SP tlog-checkpoint).
  private static func size(ofCheckpoint note: [UInt8]) -> UInt64? {
    let lines = note.prefix(Limits.checkpointNote).split(
      separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
    return lines.count == 3 ? UInt64(String(decoding: lines[1], as: UTF8.self)) : nil
  }
}

/// Work that somebody waits for and that can be given up, as long as it lasts.
private final class Waiting: Sendable {
  private let task: Mutex<Task<Responder.Found, any Error>?>

  init(_ task: Task<Responder.Found, any Error>) { self.task = Mutex(task) }

  var value: Responder.Found {
    get async throws {
      guard let task = task.withLock({ $0 }) else { throw CancellationError() }
      return try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
    }
  }

  func cancel() { task.withLock { $0 }?.cancel() }

  /// Lets go of the work, so that a connection which lasts keeps nothing of what is done.
  func forget() { task.withLock { $0 = nil } }
}

/// A bounded number of places; who finds none is told to come back.
final class Places: Sendable {
  private let free: Mutex<Int>

  init(_ count: Int) { free = Mutex(count) }

  func take() -> Bool {
    free.withLock { free in
      guard free > 0 else { return false }
      free -= 1
      return true
    }
  }

  func giveBack() { free.withLock { $0 += 1 } }
}
