import AsyncHTTPClient
import Foundation
import NIOCore
import SheafBundle
import SheafModel
import SheafSync

extension HTTPRemote {
  /// Gets an asset, over as many connections as it takes, and goes on with a part that an earlier call left in
  /// `folder`.
  ///
  /// What came before a cut stays, to the byte, so that a line which is cut every half minute gets on as surely as a
  /// good one. The bytes are hashed as they come.
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
    _ hash: SHA256Hash, _ whole: PartFile.Whole, _ part: PartFile, _ progress: @escaping TransferProgress
  ) async throws -> UInt64? {
    let start = await part.offset
    guard start < whole.sizeInBytes else { return 0 }
    let isThere = try await goingOn(with: part) {
      try await self.rest(of: hash, whole, part, from: part.offset, progress)
    }
    return isThere ? whole.sizeInBytes - start : nil
  }

  /// One connection: from the first byte that is missing to the end, or to the next cut.
  ///
  /// - Returns: Whether the server holds the asset.
  private func rest(
    of hash: SHA256Hash, _ whole: PartFile.Whole, _ part: PartFile, from offset: UInt64,
    _ progress: @escaping TransferProgress
  ) async throws -> Bool {
    var asked = try request(.asset(hash))
    if offset > 0 { asked.headers.add(name: "range", value: "bytes=\(offset)-") }
    let response = try await send(asked, patience: configuration.workTimeout)
    switch response.status.code {
    case 404: return false
    case 206:
      let told = response.headers.first(name: "content-range").flatMap(ContentRange.init)
      guard let told, told.first == offset, told.last == whole.sizeInBytes - 1,
        told.size == whole.sizeInBytes, response.headers.first(name: "etag") == whole.tag
      else { throw notSheaf("it answers with another asset than was asked for") }
    case 200:
      // Something on the way may not know of ranges; then what is held comes once more.
      if offset > 0 { try await part.restart(whole) }
    default: throw await failure(of: response)
    }
    try await forEachPiece(of: response) { [address] piece in
      let held = await part.offset
      guard UInt64(piece.readableBytes) <= whole.sizeInBytes - held else {
        throw RemoteError.tooMuch(address: address)
      }
      try await part.append(Array(piece.readableBytesView))
      progress(held + UInt64(piece.readableBytes), whole.sizeInBytes)
    }
    guard await part.offset == whole.sizeInBytes else { throw interrupted("the line was cut") }
    return true
  }
}
