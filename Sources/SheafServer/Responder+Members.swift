import HTTPTypes
import HummingbirdCore
import NIOCore
import SheafHTTP
import SheafModel
import SheafSync

extension Responder {
  /// Makes a device a member that was invited.
  func enrol(_ request: Request, from address: String) async throws -> Answer {
    let type = request.headers[.contentType] ?? ""
    guard type.prefix(while: { $0 != ";" }).lowercased() == Wire.enrolment else {
      throw Problem(.wrongType, detail: "a request to become a member is \(Wire.enrolment)")
    }
    let tooLarge = Problem(
      .tooLarge, detail: "a request to become a member is at most \(limits.enrolmentBytes) bytes")
    if let declared = request.headers[.contentLength].flatMap({ Int($0) }), declared > limits.enrolmentBytes {
      throw tooLarge
    }
    var note: [UInt8] = []
    try await request.forEachPiece { piece in
      guard note.count + piece.readableBytes <= limits.enrolmentBytes else { throw tooLarge }
      note.append(contentsOf: piece.readableBytesView)
    }
    do {
      return try Answer(json: try await service.enrol(note))
    } catch EnrolmentError.notInvited {
      gatekeeper.noteFailedTry(address)
      let error = EnrolmentError.notInvited
      throw Problem(.forbidden, detail: error.problem, unchanged: error.unchanged, hint: error.hint)
    }
  }

  /// Begins a session for a browser of a member that signed.
  func session(for caller: Gatekeeper.Caller, _ request: Request) throws -> Answer {
    // Without a member nobody gets here; a credential is there then.
    guard let member = caller.member, case .signed(let signature) = Credential(request.headers) else {
      throw Problem(.unauthorized)
    }
    let token = Base64.encodeForURLs(configuration.random(16))
    guard
      let end = gatekeeper.sessions.begin(
        for: member.mark, credential: signature.credential, token: token, at: configuration.clock())
    else { throw Problem(.busy, detail: "this request has begun a session before, or too many have") }
    var answer = try Answer(json: SessionAnswer(token: token, end: end))
    answer.fields[.cacheControl] = "no-store"
    let attributes = "Path=/; Max-Age=\(limits.sessionTime); HttpOnly; SameSite=Strict"
    answer.fields[.setCookie] =
      "\(Credential.cookie)=\(token); \(attributes)\(configuration.tls == nil ? "" : "; Secure")"
    return answer
  }
}
