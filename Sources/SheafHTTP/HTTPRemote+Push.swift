import Foundation
import SheafModel
import SheafSync

extension HTTPRemote {
  /// The most bytes of answers that are read: ten thousand with their receipts.
  private static let answersLimit = 128 << 20

  public func push(
    _ bundle: [UInt8], from member: MemberMark, sent: @escaping TransferProgress
  ) async throws -> PushAnswer {
    try checkPush(bundle)
    let upload = Upload(bundle)
    // Pushing again changes nothing, so a push whose answer was lost is simply repeated.
    let answer = try await goingOn(with: upload) {
      let part = try await self.next(of: upload)
      return try await self.exchange(
        .push(part), body: upload.body, limit: Self.answersLimit, patience: self.configuration.workTimeout,
        sent: upload.telling(sent))
    }
    return .answered(try draftAnswers(answer))
  }

  /// Finds out what of an upload is still to be sent; `nil` for a small one, which is sent whole.
  func next(of upload: Upload) async throws -> PushPart? {
    guard let hash = upload.hash else { return nil }
    let answer = try await exchange(.part(hash), limit: 1 << 10, patience: configuration.answerTimeout)
    guard answer.type == Wire.json,
      let held = try? JSONDecoder().decode(HeldPart.self, from: Data(answer.body)).held,
      held <= UInt64(upload.bundle.count)
    else { throw notSheaf("it does not say how much of the drafts it has") }
    upload.note(held: held)
    return PushPart(hash: hash, offset: held)
  }

  /// Refuses drafts that no server takes.
  func checkPush(_ bundle: [UInt8]) throws {
    guard bundle.count <= Limits.pushBytes else {
      throw RemoteError.refused(address: address, detail: "a push is at most \(Limits.pushBytes) bytes")
    }
  }

  public func answers(to leaves: [SHA256Hash], from member: MemberMark) async throws -> [DraftAnswer] {
    var answers: [DraftAnswer] = []
    var rest = leaves[...]
    while !rest.isEmpty {
      let some = Array(rest.prefix(Route.answersAtOnce))
      rest = rest.dropFirst(some.count)
      let answer = try await retrying {
        try await self.exchange(
          .answers(some), limit: Self.answersLimit, patience: self.configuration.answerTimeout)
      }
      answers += try draftAnswers(answer)
    }
    return answers
  }

  private func draftAnswers(_ answer: Answer) throws -> [DraftAnswer] {
    guard answer.type == Wire.json else { throw notSheaf("it answers with \(Self.shown(answer.type))") }
    guard let answers = try? JSONDecoder().decode([DraftAnswer].self, from: Data(answer.body)) else {
      throw notSheaf("its answers to drafts can't be read")
    }
    return answers
  }
}
