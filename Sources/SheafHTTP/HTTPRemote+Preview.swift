import AsyncHTTPClient
import SheafModel
import SheafSync

extension HTTPRemote {
  /// Asks for the first bytes of the bundle that a pull would bring.
  public func preview(_ request: PullRequest) async throws -> PullPreview? {
    var asked = try self.request(.bundle(request))
    asked.headers.add(name: "range", value: "bytes=0-\(PullPreview.prefixSizeInBytes - 1)")
    let response = try await send(asked, patience: configuration.workTimeout)
    switch response.status.code {
    case 200 where response.essence == Wire.checkpoint: return nil
    case 204 where request.held != nil: return nil
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
}
