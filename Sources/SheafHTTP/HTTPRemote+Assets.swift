import AsyncHTTPClient
import Foundation
import NIOCore
import SheafBundle
import SheafModel
import SheafSync

extension HTTPRemote {
  /// The least and the most bytes asked for at once.
  private static let rangeSizes = (64 << 10)...(8 << 20)

  /// Gets an asset range by range, and goes on with a part that an earlier call left in `folder`.
  ///
  /// A range grows while ranges come quickly and shrinks when one is cut, so that a line which is cut
  /// every half minute gets on as surely as a good one. The bytes are hashed as they come.
  public func asset(
    _ hash: SHA256Hash, sizeInBytes: UInt64, into folder: URL, progress: @escaping TransferProgress
  ) async throws -> (file: URL, transferredInBytes: UInt64)? {
    let part = PartFile(folder: folder, key: String(hash.hex.prefix(32)))
    let whole = PartFile.Whole(tag: "\"\(hash.base64)\"", sizeInBytes: sizeInBytes, to: nil)
    try await part.open()
    do {
      if await part.whole != whole { try await part.restart(whole) }
      guard let transferred = try await receive(hash, whole, part, progress) else {
        try await part.discard()
        return nil
      }
      guard let file = try await part.finish(hash: hash) else { throw AssetMismatch(path: "asset \(hash)") }
      return (file, transferred)
    } catch {
      await part.keep()
      throw error
    }
  }

  /// Asks for contents of one document's past in one answer.
  public func pastContents(
    of path: DocumentPath, upTo size: UInt64, before: RevisionName?
  ) async throws -> [UInt8]? {
    try await retrying {
      let asked = try self.request(.pastContents(path, upTo: size, before: before))
      let response = try await self.send(asked, patience: self.configuration.workTimeout)
      switch response.status.code {
      case 404: return nil
      case 200 where response.essence == Wire.contents:
        return try await self.collect(response, limit: PastContents.sizeLimit)
      case 200: throw self.notSheaf("it answers with \(Self.shown(response.essence))")
      default: throw await self.failure(of: response)
      }
    }
  }

  /// Receives what is missing; `nil` when the server does not hold the asset.
  private func receive(
    _ hash: SHA256Hash, _ whole: PartFile.Whole, _ part: PartFile, _ progress: TransferProgress
  ) async throws -> UInt64? {
    var transferred: UInt64 = 0
    var size = 256 << 10
    var failures = 0
    while true {
      let offset = await part.offset
      guard offset < whole.sizeInBytes else { return transferred }
      let range = offset..<min(whole.sizeInBytes, offset + UInt64(size))
      let started = ContinuousClock.now
      do {
        guard let bytes = try await piece(range, of: hash, whole) else { return nil }
        try await part.append(bytes)
        transferred += UInt64(bytes.count)
        progress(range.upperBound, whole.sizeInBytes)
        failures = 0
        if started.duration(to: .now) < .seconds(2) { size = min(Self.rangeSizes.upperBound, size * 2) }
      } catch {
        let cut = try cut(error)
        failures += 1
        size = max(Self.rangeSizes.lowerBound, size / 4)
        try await pause(before: failures, after: cut)
      }
    }
  }

  private func piece(
    _ range: Range<UInt64>, of hash: SHA256Hash, _ whole: PartFile.Whole
  ) async throws -> [UInt8]? {
    var asked = try request(.asset(hash))
    asked.headers.add(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
    let response = try await send(asked, patience: configuration.workTimeout)
    switch response.status.code {
    case 404: return nil
    case 206:
      let told = response.headers.first(name: "content-range").flatMap(ContentRange.init)
      guard let told, told.first == range.lowerBound, told.last == range.upperBound - 1,
        told.size == whole.sizeInBytes, response.headers.first(name: "etag") == whole.tag
      else { throw notSheaf("it answers with another asset than was asked for") }
    case 200:
      guard range.lowerBound == 0, range.upperBound == whole.sizeInBytes else {
        throw notSheaf("it does not answer ranges")
      }
    default: throw await failure(of: response)
    }
    let bytes = try await collect(response, limit: range.count)
    guard bytes.count == range.count else { throw interrupted("the line was cut") }
    return bytes
  }
}
