import HummingbirdCore
import NIOCore
import SheafBundle
import SheafHTTP
import SheafModel
import SheafSync

extension Responder {
  /// Receives and judges drafts.
  func receive(
    _ request: Request, _ part: PushPart?, from caller: Gatekeeper.Caller, as asker: Asker
  ) async throws -> [DraftAnswer] {
    let type = request.headers[.contentType] ?? ""
    guard type.prefix(while: { $0 != ";" }).lowercased() == Wire.bundle else {
      throw Problem(.wrongType, detail: "a push is a bundle, \(Wire.bundle)")
    }
    let declared = request.headers[.contentLength].flatMap { UInt64($0) }
    if let declared, declared > UInt64(limits.pushBytes) { throw Problem.tooLarge(limits) }
    do {
      guard let part else { return try await receiveWhole(request, from: caller) }
      let name = PushParts.Name(asker, hash: part.hash)
      return try await receive(request, name, at: part.offset, declared: declared, from: caller)
    } catch let error as BundleError where error.kind == .failed {
      // The sender's fault, not the server's.
      throw Problem(.badRequest, detail: error.problem, unchanged: error.unchanged)
    }
  }

  /// Receives drafts into memory.
  ///
  /// One push is up to `pushBytes`. What is here of large ones is counted together, so one that comes
  /// slowly takes no more room than it has filled, and small ones need none.
  private func receiveWhole(
    _ request: Request, from caller: Gatekeeper.Caller
  ) async throws -> [DraftAnswer] {
    let busy = Problem(.busy, detail: "other pushes are being received")
    guard let hold = pushes.take(0) else { throw busy }
    defer { withExtendedLifetime(hold) {} }
    var bytes: [UInt8] = []
    try await request.forEachPiece { piece in
      let count = bytes.count + piece.readableBytes
      guard count <= limits.pushBytes else { throw Problem.tooLarge(limits) }
      let counted = min(piece.readableBytes, count - limits.uncountedBytes)
      guard counted <= 0 || hold.add(counted) else { throw busy }
      bytes.append(contentsOf: piece.readableBytesView)
    }
    return try await service.receive(push: bytes, from: caller.member?.mark)
  }

  /// Receives what was missing of a push that may have been cut before, and judges it once it is whole.
  ///
  /// What was judged already is answered again, without its bytes.
  private func receive(
    _ request: Request, _ name: PushParts.Name, at offset: UInt64, declared: UInt64?,
    from caller: Gatekeeper.Caller
  ) async throws -> [DraftAnswer] {
    if let leaves = try await parts.judged(name) {
      let answers = try await service.answers(to: leaves)
      if answers.count == leaves.count { return answers }
      // The library was put back to before these drafts.
      await parts.forget(name)
      throw Problem(.wrongPart, detail: "the drafts are not here any more")
    }
    guard let declared else {
      throw Problem(.badRequest, detail: "a part of a push declares the length of its body")
    }
    let writer = try parts.writer(of: name, at: offset, missing: declared)
    try await request.forEachPiece { try await writer.append(Array($0.readableBytesView)) }
    let answers: [DraftAnswer]
    do {
      answers = try await service.receive(pushed: try await writer.finish(), from: caller.member?.mark)
    } catch let error as BundleError {
      // It would be refused each time.
      await writer.discard()
      throw error
    } catch is UnreadableBundle {
      throw Problem(.wrongPart, detail: "what came of the push is not here any more")
    }
    await writer.note(answers)
    return answers
  }
}

extension Problem {
  /// A push that is larger than any may be.
  static func tooLarge(_ limits: ServerLimits) -> Problem {
    Problem(.tooLarge, detail: "a push is at most \(limits.pushBytes) bytes")
  }
}
