import AsyncHTTPClient
import Foundation
import NIOCore
import SheafModel
import SheafSync

extension HTTPRemote {
  /// Asks for a bundle and goes on with a part that an earlier call left in `folder`.
  ///
  /// While a part is held, the same bundle is asked for again by the log size it leads
  /// to, even if the log has grown since; so a download that takes longer than the time
  /// between two publications still ends. The next pull brings the rest.
  public func pull(
    _ request: PullRequest, into folder: URL, progress: @escaping TransferProgress
  ) async throws -> PullAnswer {
    let key = String(SHA256Hash(hashing: Array(Route.bundle(request).target.utf8)).hex.prefix(32))
    let part = PartFile(folder: folder, key: key)
    let download = Download(remote: self, request: request, part: part, progress: progress)
    try await part.open()
    do {
      let answer = try await download.run()
      if case .unchanged = answer { try await part.discard() }
      return answer
    } catch {
      await part.keep()
      throw error
    }
  }
}

/// One bundle on its way through as many connections as it takes.
private actor Download {
  private let remote: HTTPRemote
  private let request: PullRequest
  private let part: PartFile
  private let progress: TransferProgress
  /// Bytes of bodies that travelled, those that had to be dropped again included.
  private var transferred: UInt64 = 0

  init(remote: HTTPRemote, request: PullRequest, part: PartFile, progress: @escaping TransferProgress) {
    self.remote = remote
    self.request = request
    self.part = part
    self.progress = progress
  }

  func run() async throws -> PullAnswer {
    var failures = 0
    // Only bytes further along than ever before are progress: a server that makes the
    // part start over again and again must not keep this loop alive.
    var furthest = await part.offset
    let configuration = remote.configuration
    while true {
      let cut: Interruption
      do {
        return try await attempt()
      } catch let error as Interruption {
        cut = error
      } catch RemoteError.unreachable(let address, let detail) where transferred > 0 {
        // Unreachable from the start is told at once; in the middle it is a cut like others.
        cut = Interruption(address: address, detail: detail)
      }
      let reached = await part.offset
      if reached >= furthest + configuration.progressInBytes {
        failures = 0
        furthest = reached
      }
      failures += 1
      guard failures <= configuration.retries else { throw cut.asRemoteError }
      try await configuration.sleep(configuration.wait(before: failures, asked: cut.retryAfter))
    }
  }

  /// One connection: from the last byte held to the end, or to the next cut.
  private func attempt() async throws -> PullAnswer {
    var wanted = request
    let held = await part.whole
    let offset = await part.offset
    if let held, offset > 0 {
      if offset == held.sizeInBytes { return try await finished() }
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
    guard size <= Limits.bundleBytes else { throw RemoteError.tooMuch(address: remote.address) }
    guard let tag = response.headers.first(name: "etag"), Self.isStrong(tag) else {
      throw remote.notSheaf("its bundle has no strong entity tag")
    }
    let to = response.headers.first(name: Wire.checkpointField).flatMap(UInt64.init)
    try await part.restart(PartFile.Whole(tag: tag, sizeInBytes: size, to: to))
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
  }

  private func receive(_ response: HTTPClientResponse) async throws {
    do {
      try await withStallWatch(limit: remote.configuration.stallTimeout) { moved in
        for try await chunk in response.body {
          moved()
          try await self.take(chunk)
        }
      }
    } catch { throw remote.remoteError(error) }
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
    progress(offset + UInt64(chunk.readableBytes), whole.sizeInBytes)
  }

  private func finished() async throws -> PullAnswer {
    guard let file = try await part.finish() else {
      throw remote.interrupted("what was received is not what it promised")
    }
    return .bundle(file: file, transferredInBytes: transferred)
  }

  /// A strong entity tag of at most 128 characters (RFC 9110 section 8.8.3).
  private static func isStrong(_ tag: String) -> Bool {
    tag.utf8.count > 2 && tag.utf8.count <= 128 && tag.hasPrefix("\"") && tag.hasSuffix("\"")
      && tag.utf8.dropFirst().dropLast().allSatisfy { $0 == 0x21 || (0x23...0x7e).contains($0) }
  }
}

/// `bytes FIRST-LAST/SIZE` (RFC 9110 section 14.4).
struct ContentRange: Equatable {
  let first: UInt64
  let last: UInt64
  let size: UInt64

  init?(_ text: String) {
    guard text.hasPrefix("bytes ") else { return nil }
    let sides = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard sides.count == 2, let size = UInt64(sides[1]) else { return nil }
    let ends = sides[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = UInt64(ends[0]), let last = UInt64(ends[1]), first <= last, last < size
    else { return nil }
    (self.first, self.last, self.size) = (first, last, size)
  }
}
