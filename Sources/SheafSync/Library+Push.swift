import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// What was handed over so far.
  struct Handover {
    var answers: [DraftAnswer] = []
    var sentInBytes: UInt64 = 0
    /// What came and was put in place between two rounds of drafts.
    var pulled: PullReport?
  }

  /// Hands over the drafts; the last of them together with the question for what is new.
  ///
  /// - Returns: What came of that question; `nil` when there was no draft to go with it.
  func push(
    to remote: any Remote, _ options: SyncOptions, _ handover: inout Handover,
    _ activity: @escaping ActivitySink
  ) async throws -> Result<PullAnswer, any Error>? {
    if remote.answersLater { handover.answers += try await lateAnswers(from: remote) }
    // What a folder was given and nobody has answered is handed over again: the folder may be lost.
    var handedOver: Set<SHA256Hash> = []
    while let bundle = try await draftsBundle(without: handedOver, upTo: Self.together(remote)) {
      handedOver.formUnion(bundle.leaves)
      handover.sentInBytes += UInt64(bundle.bytes.count)
      let answer: PushAnswer
      var asked: (request: PullRequest, pulled: Result<PullAnswer, any Error>)?
      if bundle.isLast {
        let request = try await pullRequest(options)
        let both = try await remote.exchange(
          bundle.bytes, of: bundle.leaves, from: memberMark, asking: request,
          into: incoming(remote), sent: { activity(.sending(sent: $0, total: $1)) },
          progress: { activity(.transferring(received: $0, total: $1)) })
        (answer, asked) = (both.push, (request, both.pull))
      } else {
        answer = try await remote.push(bundle.bytes, from: memberMark) {
          activity(.sending(sent: $0, total: $1))
        }
      }
      try environment.step(.pushed)
      var hasMore = false
      switch answer {
      case .deposited:
        try await store.write(purpose: "sheaf sync") { transaction in
          for leaf in bundle.leaves { try transaction.setOutcome(of: leaf, .deposited) }
        }
      case .answered(let some):
        try await record(some)
        handover.answers += some
        hasMore = try await standAlone()
        // A remote that answers nothing for some draft must not be asked forever.
        let answered = Set(some.map(\.leaf))
        guard bundle.leaves.allSatisfy({ answered.contains($0.base64) }) else {
          throw RemoteError.refused(address: remote.address, detail: "it did not answer every draft")
        }
      }
      try environment.step(.answered)
      // Drafts that were put on what is current go in the same sync, and what is new is asked for behind them.
      if let asked, !hasMore { return asked.pulled }
      // What came is put in place now, or it would come once more behind the drafts that are still to go.
      if let asked, case .success(let answer) = asked.pulled {
        let step = try await take(answer, of: asked.request, from: remote, activity: activity).report
        if var report = handover.pulled {
          if let step { report.add(step) }
          handover.pulled = report
        } else {
          handover.pulled = step
        }
      }
    }
    return nil
  }

  /// Makes sure that drafts which were said to be taken, with their change sets as the only proof, did come.
  func checkTaken(_ answers: [DraftAnswer]) async throws {
    let promised = answers.filter { $0.receipt == nil && $0.changeSet != nil }
    guard !promised.isEmpty else { return }
    try await store.read { transaction in
      for answer in promised {
        guard let leaf = SHA256Hash(base64: answer.leaf), let number = answer.changeSet else { continue }
        // What waits for a decision stays as a draft that knows its change set.
        guard let draft = try transaction.draft(leaf: leaf) else { continue }
        guard draft.changeSet == number else { throw ReceiptMismatch(number: number) }
      }
    }
  }

  /// Writes down what became of drafts, after checking every receipt.
  ///
  /// - Returns: Those that say something new.
  /// - Throws: `ReceiptError` when a receipt proves nothing, `ForgedRefusal`; nothing is written down then.
  @discardableResult
  func record(_ answers: [DraftAnswer]) async throws -> [DraftAnswer] {
    try await store.write(purpose: "sheaf sync") { transaction in
      var news: [DraftAnswer] = []
      for answer in answers {
        guard let leaf = SHA256Hash(base64: answer.leaf), let draft = try transaction.draft(leaf: leaf) else {
          continue
        }
        if let text = answer.receipt, let number = answer.changeSet {
          let receipt = try Receipt(parsing: Array(text.utf8))
          _ = try receipt.verify(leaf: draft.note, key: self.logVerifier, origin: self.id.text)
          guard number > 0, receipt.index == number - 1 else { throw ReceiptMismatch(number: number) }
          if draft.outcome != .logged { news.append(answer) }
          try transaction.setOutcome(of: leaf, .logged, changeSet: number, receipt: text)
        } else if answer.refusal != nil, draft.outcome != .logged {
          guard let refusal = answer.signedRefusal,
            refusal.isTrue(of: leaf, in: self.id, by: self.logVerifier)
          else { throw ForgedRefusal(draft: draft.mark) }
          if draft.refusal != refusal.reason { news.append(answer) }
          try transaction.setOutcome(of: leaf, .refused, refusal: refusal.reason)
        }
      }
      let freed = try transaction.removeLoggedDrafts(upTo: try transaction.position().size)
      try transaction.dropUnneededBodies(freed)
      return news
    }
  }

  /// How many bytes of drafts go together. What goes together is answered together, so on a line it is little; a folder
  /// is copied to in one piece.
  static func together(_ remote: any Remote) -> Int { remote.answersLater ? Limits.pushBytes / 2 : 1 << 20 }

  /// The unanswered drafts as a bundle, as many as go together; `nil` when there is none.
  ///
  /// - Parameter most: The bytes of content that go together; one draft alone may have more.
  func draftsBundle(
    without handedOver: Set<SHA256Hash> = [], upTo most: Int = Limits.pushBytes / 2
  ) async throws -> (bytes: [UInt8], leaves: [SHA256Hash], isLast: Bool)? {
    try await store.read { transaction in
      var chosen: [DraftsBundle.Item] = []
      var isLast = true
      var size: UInt64 = 0
      try transaction.forEachUnanswered { draft in
        guard !handedOver.contains(draft.leaf) else { return true }
        let lines = try transaction.lines(of: draft)
        size += lines.reduce(0) { $0 + $1.sizeInBytes } + 4096
        isLast = chosen.isEmpty || size < UInt64(most) && chosen.count < Limits.pushedChangeSets
        if isLast { chosen.append((draft, lines)) }
        return isLast
      }
      guard !chosen.isEmpty else { return nil }
      let bytes = try DraftsBundle(library: self.id, drafts: chosen).bytes(from: transaction)
      return (bytes, chosen.map(\.draft.leaf), isLast)
    }
  }
}
