import Foundation
import SheafBundle
import SheafLog
import SheafMerge
import SheafModel
import SheafStore

extension Library {
  /// Judges the drafts of a drafts bundle, one by one, and appends those that are right.
  ///
  /// One bad draft never blocks the others: it goes into quarantine with the reason.
  /// A draft that was judged before is answered again and changes nothing.
  ///
  /// - Parameter carrier: The member that hands them over, where somebody knows that.
  /// - Throws: `BundleError` when the bundle itself is damaged, `DiskTooSmall`, `RemoteError.tooMuch`: nothing of it
  ///   is taken then.
  public func receive(push bundle: [UInt8], from carrier: MemberMark?) async throws -> [DraftAnswer] {
    try await receive(.bytes(bundle), from: carrier)
  }

  public func receive(pushed file: URL, from carrier: MemberMark?) async throws -> [DraftAnswer] {
    try await receive(.file(file), from: carrier)
  }

  private func receive(_ push: PushedBundle, from carrier: MemberMark?) async throws -> [DraftAnswer] {
    guard isPublisher else { throw LibraryError.onlyPublisher("append to the log") }
    // Unpacked before the transaction, so that nobody who writes waits for it.
    let stage = try await Blocking.run { [store, environment] in
      try PushStage(unpacking: push, for: store, from: carrier, freeSpace: environment.freeSpace)
    }
    let leaves = try await append(purpose: "sheaf (taking drafts)") { sequencer in
      try DraftCourt(library: self, time: self.environment.clock(), carrier: carrier)
        .judge(stage, sequencer: &sequencer)
    }
    let answers = try await answers(to: leaves)
    try await refreshSearchIndex(activity: { _ in })
    return answers
  }

  /// Answers to drafts that were received; unknown ones are left out.
  public func answers(to leaves: [SHA256Hash]) async throws -> [DraftAnswer] {
    typealias Found = (leaf: SHA256Hash, taken: DraftAnswer?, reason: String?)
    let found = try await store.read { transaction in
      try leaves.prefix(Limits.pushedChangeSets).compactMap { leaf -> Found? in
        if let changeSet = try transaction.changeSet(leaf: leaf) {
          guard let receipt = try Self.receipt(changeSet.number, transaction) else { return nil }
          let taken = DraftAnswer(
            leaf: leaf.base64, changeSet: changeSet.number, receipt: receipt, refusal: nil)
          return (leaf, taken, nil)
        }
        return try transaction.refusal(leaf: leaf).map { (leaf, nil, $0) }
      }
    }
    // Only the publisher refuses, and so holds the key.
    guard isPublisher, found.contains(where: { $0.reason != nil }) else { return found.compactMap(\.taken) }
    let key = try await Blocking.run { [keys, id] in try keys.logKey(origin: id) }
    return try found.compactMap { answer in
      guard let reason = answer.reason else { return answer.taken }
      return DraftAnswer(
        leaf: answer.leaf.base64, try Refusal(of: answer.leaf, in: id, reason: reason, by: key))
    }
  }

  /// The receipt of a change set: the proof that it is in the log (`Schemas/log.md`).
  public func receipt(changeSet number: UInt64) async throws -> String {
    let receipt = try await store.read { transaction in
      guard try transaction.changeSet(number) != nil else {
        throw LibraryError.noMoment("change set \(number)")
      }
      return try Self.receipt(number, transaction, isCosigned: true)
    }
    guard let receipt else { throw LibraryError.noMoment("checkpoint over change set \(number)") }
    return receipt
  }

  /// `nil` while no signed checkpoint covers the change set.
  ///
  /// - Parameter isCosigned: Whether times and witnesses go with it; an answer to a draft does without.
  static func receipt(
    _ number: UInt64, _ transaction: StoreTransaction, isCosigned: Bool = false
  ) throws -> String? {
    guard let newest = try transaction.newestCheckpoint(), newest.size >= number, number > 0 else {
      return nil
    }
    let checkpoint =
      isCosigned ? try cosigned(newest, transaction) : try SignedCheckpoint(parsing: newest.note)
    let receipt = try Receipt.make(index: number - 1, checkpoint: checkpoint, nodes: transaction.node)
    return String(decoding: receipt.bytes, as: UTF8.self)
  }
}

/// Judges drafts: whether each may enter the log as it stands.
private struct DraftCourt {
  let library: Library
  let time: Timestamp
  let carrier: MemberMark?

  /// Takes what a push brought; every draft of it is either appended or quarantined.
  ///
  /// - Returns: The leaf hashes of all drafts, in order.
  func judge(_ stage: PushStage, sequencer: inout Sequencer) throws -> [SHA256Hash] {
    let transaction = sequencer.transaction
    var leaves: [SHA256Hash] = []
    for step in stage.steps {
      switch step {
      case .body(let hash, let piece, let base):
        try transaction.storeBody(try stage.bytes(of: piece), hash: hash, base: base)
      case .asset(let hash, let parts):
        var assets = AssetStager(transaction)
        for part in parts {
          switch part {
          case .fresh(let piece): try assets.take(.chunk(try stage.bytes(of: piece)))
          case .held(let chunk):
            let stored = StoredChunk(id: chunk.id, sizeInBytes: chunk.sizeInBytes)
            try assets.take(.copied(chunk, try transaction.bytes(of: stored)))
          }
        }
        try assets.finish(hash)
      case .changeSet(let changeSet):
        leaves.append(changeSet.leafHash)
        try judge(changeSet, of: stage, sequencer: &sequencer)
      }
    }
    return leaves
  }

  private func judge(
    _ received: ReceivedChangeSet, of stage: PushStage, sequencer: inout Sequencer
  ) throws {
    let transaction = sequencer.transaction
    let isKnown =
      try transaction.changeSet(leaf: received.leafHash) != nil
      || transaction.refusal(leaf: received.leafHash) != nil
    guard !isKnown else { return }
    guard let seed = received.seed, let reason = received.reason, received.lines.count == received.totalLines
    else {
      throw BundleMisfit.noEnd
    }
    let before = sequencer
    do {
      sequencer = try transaction.attempt {
        var attempt = before
        // The author of change set 1 decides about everything: nobody but the publisher may be that.
        guard before.position.size > 0 else { throw LibraryError.empty }
        try check(received, of: stage, reason: reason, transaction: transaction)
        _ = try attempt.append(
          ComposedChangeSet(
            note: received.note, fields: received.fields, leaf: received.leafHash, seed: seed, reason: reason,
            lines: received.lines.map { .init(line: $0.line, content: $0.content, baseContent: nil) }))
        return attempt
      }
    } catch let refusal as any SheafFailure where !(refusal is StoreError) {
      sequencer = before
      // What its author only names is not kept for it: whoever takes it over would publish it unseen.
      let contents = try received.lines.compactMap(\.content).filter {
        try mayName($0, received, of: stage, transaction)
      }
      try transaction.quarantine(
        leaf: received.leafHash, author: received.fields.author,
        carrier: try payer(of: received.fields.author, transaction), note: received.note.bytes, seed: seed,
        reason: reason, lines: received.lines.map(\.line.text).joined(), bodies: Set(contents),
        refusal: refusal.problem, time: time)
    }
  }

  /// Whose share of the quarantine a draft takes: who handed it over, since keys of authors cost nothing.
  ///
  /// On a stick nobody knows who brought it. There it is the author, where that is a member; all others share one.
  private func payer(of author: [UInt8], _ transaction: StoreTransaction) throws -> [UInt8] {
    let member = try carrier.flatMap { Member.path(of: $0) }.flatMap { try transaction.member(at: $0) }
    if let member { return member.key }
    guard try transaction.isClosed() else { return author }
    return try transaction.member(of: author)?.key ?? []
  }

  /// Whether an author may say that a content is this one: because it came along, or because the author can read it.
  private func mayName(
    _ content: SHA256Hash, _ received: ReceivedChangeSet, of stage: PushStage, _ transaction: StoreTransaction
  ) throws -> Bool {
    if stage.brings(content) { return true }
    let readable = try transaction.readable(
      by: MemberMark(publicKey: received.fields.author), at: received.fields.seen.size)
    return try transaction.path(of: content, in: readable.names) != nil
  }

  /// What stood there before a line, which a field that never changes is held to.
  private func before(
    _ line: RevisionLine, _ fields: ChangeSetNote, _ transaction: StoreTransaction
  ) throws -> [UInt8]? {
    switch line.base {
    case .headOf(let old): return try transaction.currentBytes(of: old)
    case .draft:
      // What goes on from a proposal may be about a path that has nothing current yet.
      return try transaction.currentBytes(of: line.path)
        ?? transaction.draftContent(of: line.path, after: fields.after, author: fields.author).flatMap {
          try transaction.body($0)
        }
    case .none, .head, .firstTwo, .revisions: return try transaction.currentBytes(of: line.path)
    }
  }

  private func check(
    _ received: ReceivedChangeSet, of stage: PushStage, reason: [UInt8], transaction: StoreTransaction
  ) throws {
    try transaction.authority(of: received.fields.author).checkAdmission()
    var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
    var violations: [ContentRefusal.Violation] = []
    let message = try Reason(parsing: reason).message
    let gone = Set(received.lines.filter { $0.line.verb.isDeletion }.map(\.line.path))
    // Few lines share a folded name with any other, so looking through them all again is for these only.
    var names: [String: Int] = [:]
    for line in received.lines where line.line.verb.hasContent {
      names[line.line.path.foldedForDisks, default: 0] += 1
    }
    let put = received.lines.map(\.line.path).filter {
      names[$0.foldedForDisks, default: 0] > 1 && !gone.contains($0)
    }
    for line in received.lines {
      guard line.line.verb != .merge else { throw SequencerRefusal.reservedVerb(line.line.verb.rawValue) }
      if message.allSatisfy(\.isWhitespace), rules.requiresReason(line.line.path.collection) {
        throw ReasonMissing(collection: line.line.path.collection.text)
      }
      guard line.line.verb.hasContent else { continue }
      let old = try before(line.line, received.fields, transaction)
      guard let content = line.content, try mayName(content, received, of: stage, transaction),
        let found = try rules.violations(
          of: line.line.path, content: content, replacing: old, in: transaction)
      else { throw LibraryError.notHeld(line.line.path.text) }
      violations += found.map {
        .init(path: line.line.path.text, place: $0.place.description, rule: $0.rule)
      }
      if line.line.path.isTooLongForDisks, try transaction.currentContent(of: line.line.path) == nil {
        throw NameTooLongForDisks(path: line.line.path.text)
      }
      let others = try transaction.collisions(with: line.line.path).filter { !gone.contains($0) }
      let own = put.filter { $0 != line.line.path && $0.foldedForDisks == line.line.path.foldedForDisks }
      if let other = (others + own).first {
        throw PathCollision(first: other.text, second: line.line.path.text)
      }
    }
    guard violations.isEmpty else { throw ContentRefusal(violations: violations) }
  }
}
