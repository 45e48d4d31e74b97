import HTTPTypes
import HummingbirdCore
import SheafHTTP
import SheafModel

extension Responder {
  /// Answers with a document's current content, as it was published.
  ///
  /// Content is written by contributors and may be a page with scripts. A browser is told
  /// to take the media type as given and to run nothing.
  func document(_ path: DocumentPath, _ request: Request) async throws -> Answer {
    guard let content = try await service.open(path) else {
      throw Problem(.notFound, detail: "there is no document \(path)")
    }
    var answer = try await self.content(content, tag: "\"\(content.hash.base64)\"", request)
    guard answer.status < 400 else { return answer }
    answer.fields[.contentType] =
      content.mediaType.isText ? content.mediaType.essence + "; charset=utf-8" : content.mediaType.essence
    answer.fields[.xContentTypeOptions] = "nosniff"
    answer.fields[.contentSecurityPolicy] = "sandbox; default-src 'none'"
    if let revision = content.revision, let name = HTTPField.Name("sheaf-revision") {
      answer.fields[name] = revision
    }
    if content.isConflicted, let name = HTTPField.Name("sheaf-conflicted") { answer.fields[name] = "true" }
    return answer
  }
}
