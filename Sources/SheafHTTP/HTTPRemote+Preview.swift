import AsyncHTTPClient
import Foundation
import SheafModel
import SheafSync
import Synchronization

extension HTTPRemote {
  /// Asks for the first bytes of the bundle that a pull would bring.
  public func preview(_ request: PullRequest, into folder: URL) async throws -> PullPreview? {
    // A pull goes on with what is held, to where that leads, and asks for what is newer behind it.
    if let held = await PartFile(folder: folder, key: Self.partKey(of: request)).left(), let to = held.to {
      var older = request
      older.to = to
      older.held = nil
      let wanted = older
      do {
        if let preview = try await retrying({ try await self.previewOnce(wanted) }) {
          noteGoingOn()
          return preview
        }
      } catch RemoteError.nothingFits {
        // It no longer has the bundle: a pull starts over.
      }
    }
    return try await retrying { try await self.previewOnce(request) }
  }

  private func previewOnce(_ request: PullRequest) async throws -> PullPreview? {
    var request = request
    request.timesAfter = nil
    var asked = try self.request(.bundle(request))
    asked.headers.add(name: "range", value: "bytes=0-\(PullPreview.prefixSizeInBytes - 1)")
    let response = try await send(asked, patience: configuration.workTimeout)
    switch response.status.code {
    case 200 where response.essence == Wire.checkpoint: return nil
    case 204 where request.held != nil: return nil
    case 200 where response.essence == Wire.bundle:
      // Something on the way answers no ranges: the beginning is read, and the rest left.
      return try await beginning(of: response)
    case 206 where response.essence == Wire.bundle:
      guard let range = response.headers.first(name: "content-range").flatMap(ContentRange.init),
        range.first == 0
      else {
        throw notSheaf("it answers with another part than was asked for")
      }
      let prefix = try await collect(response, limit: PullPreview.prefixSizeInBytes)
      return PullPreview(sizeInBytes: range.size, prefix: prefix)
    default: throw await failure(of: response)
    }
  }

  /// Reads the first bytes of a whole bundle and, where its size was not declared, counts the others.
  private func beginning(of response: HTTPClientResponse) async throws -> PullPreview {
    let declared = response.headers.first(name: "content-length").flatMap(UInt64.init)
    let read = Mutex<(prefix: [UInt8], size: UInt64)>(([], 0))
    do {
      try await forEachPiece(of: response) { piece in
        let isEnough = read.withLock { read in
          let wanted = PullPreview.prefixSizeInBytes - read.prefix.count
          read.prefix.append(contentsOf: piece.readableBytesView.prefix(wanted))
          read.size += UInt64(piece.readableBytes)
          return declared != nil && read.prefix.count == PullPreview.prefixSizeInBytes
        }
        if isEnough { throw EnoughRead() }
      }
    } catch is EnoughRead {}
    let (prefix, size) = read.withLock { $0 }
    return PullPreview(sizeInBytes: declared ?? size, prefix: prefix)
  }
}

/// What was wanted of a body is here.
struct EnoughRead: Error {}
