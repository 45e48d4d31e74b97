import SheafModel
import SheafStore

extension Library {
  /// What became since of drafts that were left in a folder, and of those that were refused: what waits in
  /// quarantine may be taken over or destroyed, and its author shall read by whom and why.
  ///
  /// A server is asked in a sync that brought or handed over something: one with nothing new stays one request.
  ///
  /// - Returns: The answers that say something new, which are written down.
  /// - Throws: What `record` throws.
  func lateAnswers(from remote: any Remote) async throws -> [DraftAnswer] {
    let outcomes: Set<StoredDraft.Outcome> = remote.answersLater ? [.deposited, .refused] : [.refused]
    let asked = try await store.read { try $0.drafts(outcomes).map(\.leaf) }
    guard !asked.isEmpty else { return [] }
    do {
      return try await record(try await remote.answers(to: asked, from: memberMark))
    } catch let error as RemoteError where error.concernsDraftsOnly && !remote.answersLater {
      // Who may hand over nothing any more is told nothing either, and is still brought up to date.
      return []
    }
  }

  /// Takes the drafts out of the way that this copy's member may not hand over any more, as the log says.
  ///
  /// Nobody would take them; handed over again each time they would only make every sync fail. They stay with their
  /// texts as refused ones, until their author drops them or, with rights again, sends them.
  ///
  /// - Returns: What their author is told.
  func refuseWhatMayNotGo() async throws -> [DraftAnswer] {
    let key = member.verifierKey.publicKey
    let lost = try await store.read { transaction -> String? in
      guard try !transaction.drafts([.waiting, .deposited]).isEmpty else { return nil }
      return try transaction.member(of: key).flatMap(Self.whyNothingIsTaken)
    }
    guard let lost else { return [] }
    return try await store.write(purpose: "sheaf sync") { transaction in
      try transaction.drafts([.waiting, .deposited]).map { draft in
        try transaction.setOutcome(of: draft.leaf, .refused, refusal: lost)
        return DraftAnswer(leaf: draft.leaf.base64, changeSet: nil, receipt: nil, refusal: lost)
      }
    }
  }

  /// Why nothing of a member's is taken, whatever it is, and what is left to do; `nil` where that is not so.
  private static func whyNothingIsTaken(of member: Member) -> String? {
    if let reason = member.revoked {
      return "its author's key was revoked: \(reason); drop it, or ask an administrator for an invitation"
    }
    guard !member.role.writes else { return nil }
    return "its author's role is \(member.role.rawValue) now, which hands over nothing; "
      + "drop it, or ask an editor to make the change"
  }
}
