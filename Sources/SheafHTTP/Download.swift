import AsyncHTTPClient
import NIOCore
import SheafModel
import SheafSync

/// One bundle on its way through as many connections as it takes.
actor Download {
  private let remote: HTTPRemote
  private var request: PullRequest
  private let part: PartFile
  private let progress: TransferProgress
  /// Bytes of bodies that travelled, those that had to be dropped again included.
  private var transferred: UInt64 = 0
  /// The beginning of an exchange's reply while it comes.
  private var beginning: [UInt8] = []
  /// The reply, once its beginning is here.
  private var reply: ExchangeReply?
  /// What an exchange brought that needs no more download.
  private var answer: PullAnswer?
  /// Whether the size of what comes was compared with what its header says.
  private var isJudged = false
  /// Why an exchange brought no bundle.
  private var refusal: (any Error)?

  init(remote: HTTPRemote, request: PullRequest, part: PartFile, progress: @escaping TransferProgress) {
    self.remote = remote
    self.request = request
    self.part = part
    self.progress = progress
  }

  /// Whether an earlier call left a beginning.
  var isBegun: Bool { get async { await part.offset > 0 } }

  /// Takes note of drafts that were taken: what they brought need not come back.
  func note(_ answers: [DraftAnswer]) { request = request.holding(answers) }

  /// Downloads to the end, over as many connections as it takes.
  ///
  /// - Parameter cut: How an exchange ended that brought the beginning.
  func run(after cut: Interruption? = nil) async throws -> PullAnswer {
    if let answer { return answer }
    if let refusal { throw refusal }
    var failures = 0
    if let cut {
      failures = 1
      try await remote.pause(before: failures, after: cut)
    }
    return try await remote.goingOn(with: part, failures: failures) { try await self.attempt() }
  }

  /// One connection: from the last byte held to the end, or to the next cut.
  private func attempt() async throws -> PullAnswer {
    var wanted = request
    let held = await part.whole
    let offset = await part.offset
    if let held, offset > 0 {
      if offset == held.sizeInBytes { return try await finished() }
      wanted = wanted.ofBundle
      wanted.to = held.to ?? request.to
    }
    var asked = try remote.request(.bundle(wanted))
    if let held, offset > 0 {
      asked.headers.add(name: "range", value: "bytes=\(offset)-")
      asked.headers.add(name: "if-range", value: held.tag)
    }
    let response = try await remote.send(asked, patience: remote.configuration.workTimeout)
    switch response.status.code {
    case 200 where response.essence == Wire.checkpoint:
      return .unchanged(checkpoint: try await remote.collect(response, limit: Limits.checkpointNote))
    case 204 where wanted.held != nil:
      return .same
    case 200:
      try await start(response)
    case 206:
      try await goOn(response, held: held, offset: offset)
    case 416:
      // What is held reaches beyond what the server has: it is of no use.
      try await part.restart(nil)
      throw remote.interrupted("it no longer has the bundle whose beginning is held")
    default:
      let failure = await remote.failure(of: response)
      guard case RemoteError.nothingFits = failure else { throw failure }
      if held != nil, offset > 0, wanted.to != request.to {
        try await part.restart(nil)
        throw remote.interrupted("it no longer has the bundle whose beginning is held")
      }
      throw RemoteError.nothingFits(address: remote.address, position: request.from)
    }
    try await receive(response)
    return try await finished()
  }

  /// Takes the head of a whole bundle.
  private func start(_ response: HTTPClientResponse) async throws {
    guard response.essence == Wire.bundle else {
      throw remote.notSheaf("it answers with \(HTTPRemote.shown(response.essence))")
    }
    // Without a declared size there would be nothing to hold it to.
    guard let size = response.headers.first(name: "content-length").flatMap(UInt64.init) else {
      throw remote.notSheaf("it does not say how much it sends")
    }
    guard let tag = response.headers.first(name: "etag").flatMap(BundleTag.init(field:)) else {
      throw remote.notSheaf("its bundle has no strong entity tag")
    }
    try await start(tag, sizeInBytes: size)
  }

  private func start(_ tag: BundleTag, sizeInBytes size: UInt64) async throws {
    try DownloadCheck.check(sizeInBytes: size, address: remote.address)
    try await checkRoom(missing: size, whole: size)
    isJudged = false
    try await part.restart(PartFile.Whole(tag: tag.field, sizeInBytes: size, to: tag.to))
  }

  /// Refuses what the disk has no room for, before hours are spent on it.
  private func checkRoom(missing: UInt64, whole: UInt64) async throws {
    try DownloadCheck.checkRoom(
      missing: missing, whole: whole, in: part.folder, free: remote.configuration.freeSpace(part.folder))
  }

  /// Refuses a bundle as soon as its header is here: one above the limit, unless the header says that it unpacks to
  /// as much, and one that leads elsewhere than its tag says, which would pass an older one for the newest.
  private func judge(_ whole: PartFile.Whole, held: UInt64) async throws {
    guard !isJudged, held >= min(UInt64(DownloadCheck.startSizeInBytes), whole.sizeInBytes) else { return }
    isJudged = true
    do {
      let start = try await part.start(count: DownloadCheck.startSizeInBytes)
      try DownloadCheck.check(sizeInBytes: whole.sizeInBytes, start: start, address: remote.address)
      if let promised = whole.to, let end = DownloadCheck.end(start: start), end != promised {
        throw remote.notSheaf("its bundle leads to \(end), and its tag says \(promised)")
      }
    } catch {
      try await part.restart(nil)
      throw error
    }
  }

  /// Takes the head of the rest of a bundle; anything that does not fit what is held drops that.
  private func goOn(_ response: HTTPClientResponse, held: PartFile.Whole?, offset: UInt64) async throws {
    let range = response.headers.first(name: "content-range").flatMap(ContentRange.init)
    guard let held, let range, response.essence == Wire.bundle,
      response.headers.first(name: "etag") == held.tag,
      range.first == offset, range.size == held.sizeInBytes, range.last == held.sizeInBytes - 1
    else {
      try await part.restart(nil)
      throw remote.interrupted("it goes on with something else than what is held")
    }
    try await checkRoom(missing: held.sizeInBytes - offset, whole: held.sizeInBytes)
  }

  private func receive(_ response: HTTPClientResponse) async throws {
    try await remote.forEachPiece(of: response) { try await self.take($0) }
    guard let whole = await part.whole, await part.offset == whole.sizeInBytes else {
      throw remote.interrupted("the line was cut")
    }
  }

  private func take(_ chunk: ByteBuffer) async throws {
    guard let whole = await part.whole else { return }
    let offset = await part.offset
    transferred += UInt64(chunk.readableBytes)
    guard UInt64(chunk.readableBytes) <= whole.sizeInBytes - offset else {
      try await part.restart(nil)
      throw RemoteError.tooMuch(address: remote.address)
    }
    try await part.append(Array(chunk.readableBytesView))
    try await judge(whole, held: offset + UInt64(chunk.readableBytes))
    progress(offset + UInt64(chunk.readableBytes), whole.sizeInBytes)
  }

  private func finished() async throws -> PullAnswer {
    guard let file = try await part.finish() else {
      throw remote.interrupted("what was received is not what it promised")
    }
    return .bundle(file: file, transferredInBytes: transferred)
  }

  // MARK: Exchanges

  /// Sends drafts and takes the reply: its beginning whole, of a bundle behind it as much as comes.
  ///
  /// - Returns: The answers to the drafts, and what cut the bundle; `run(after:)` goes on from there.
  /// - Throws: When the answers did not come, however often it was tried; repeating changes nothing there.
  func handOver(
    _ bundle: [UInt8], of leaves: [SHA256Hash], sent: @escaping TransferProgress
  ) async throws -> (answers: [DraftAnswer], cut: Interruption?) {
    let upload = Upload(bundle)
    var (reply, cut) = try await remote.goingOn(with: upload) {
      var cut: Interruption?
      do {
        try await self.exchange(upload, sent: sent)
      } catch let error as DiskTooSmall where self.reply != nil {
        // The drafts were judged all the same.
        self.refusal = error
      } catch { cut = try self.remote.cut(error) }
      guard let reply = self.reply else { throw cut ?? self.remote.interrupted("the line was cut") }
      return (reply, cut)
    }
    let answers = reply.answers(to: leaves)
    request = request.holding(answers)
    try await conclude(reply)
    if case .problem(let problem) = reply.rest, problem.kind == .busy {
      // The drafts are in; what is new is asked for again without them.
      refusal = nil
      cut = remote.interrupted("it is busy")
      cut?.retryAfter = .seconds(5)
    }
    return (answers, cut)
  }

  private func exchange(_ upload: Upload, sent: @escaping TransferProgress) async throws {
    beginning = []
    let part = try await remote.next(of: upload)
    let response = try await remote.send(
      try remote.request(.exchange(request, part)), body: upload.body,
      patience: remote.configuration.workTimeout, sent: upload.telling(sent))
    guard response.status == .ok else { throw await remote.failure(of: response) }
    guard response.essence == Wire.exchange else {
      throw remote.notSheaf("it answers with \(HTTPRemote.shown(response.essence))")
    }
    try await remote.forEachPiece(of: response) { try await self.takeReply($0) }
  }

  private func takeReply(_ piece: ByteBuffer) async throws {
    guard reply == nil else { return try await take(piece) }
    beginning.append(contentsOf: piece.readableBytesView)
    var offset = 0
    do throws(ExchangeReply.Damage) {
      reply = try ExchangeReply(parsing: beginning, offset: &offset)
    } catch {
      guard case .malformed(let rule) = error else { return }
      throw remote.notSheaf("its answer to the drafts can't be read: \(rule)")
    }
    let rest = Array(beginning[offset...])
    beginning = []
    if case .bundle(let tag, let size) = reply?.rest { try await start(tag, sizeInBytes: size) }
    if !rest.isEmpty { try await take(ByteBuffer(bytes: rest)) }
  }

  /// Turns what stands behind the answers into the answer of a pull, unless a bundle is still to come.
  private func conclude(_ reply: ExchangeReply) async throws {
    switch reply.rest {
    case .same:
      guard request.held != nil else { throw remote.notSheaf("it names no checkpoint") }
      answer = .same
    case .unchanged(let note): answer = .unchanged(checkpoint: note)
    case .bundle where refusal != nil: break
    case .bundle:
      if let whole = await part.whole, await part.offset == whole.sizeInBytes {
        answer = try await finished()
      }
    case .problem(let problem): refusal = remote.failure(of: problem, position: request.from)
    }
  }
}
