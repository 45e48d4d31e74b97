import SheafLog
import SheafMerge
import SheafModel
import SheafStore

/// A change set in quarantine as lists show it.
public struct QuarantineReport: Hashable, Sendable, Codable {
  /// The first 16 hexadecimal digits of its leaf hash.
  public var draft: String
  /// Who signed it: the member's name, else the name that it claims.
  public var by: String
  /// The mark of the signer's key.
  public var member: String
  /// When it came, RFC 3339.
  public var time: String
  /// When its author says it was made, RFC 3339.
  public var claimedTime: String
  /// Why it was refused.
  public var refusal: String
  /// Why it was made.
  public var reason: String
  /// The documents that it is about.
  public var paths: [String]
  public var sizeInBytes: UInt64
}

extension Library {
  /// What waits in quarantine on the publisher's copy, oldest first.
  public func quarantine() async throws -> [QuarantineReport] {
    guard isPublisher else { throw LibraryError.onlyPublisher("show its quarantine") }
    return try await store.read { transaction in
      try transaction.quarantine().map { try Self.report($0, transaction) }
    }
  }

  /// One change set in quarantine with what it would change, against what is current.
  ///
  /// - Parameter mark: Its mark or the first characters.
  /// - Throws: `LibraryError.notInQuarantine`.
  public func quarantined(_ mark: String) async throws -> (
    report: QuarantineReport, changes: [DocumentDiff]
  ) {
    guard isPublisher else { throw LibraryError.onlyPublisher("show its quarantine") }
    return try await store.read { transaction in
      let waiting = try Self.quarantined(mark, transaction)
      let changes = try Self.lines(of: waiting, transaction).map { line in
        Self.difference(
          line.line.path, from: "current", to: "quarantine",
          old: try transaction.currentBytes(of: line.line.path),
          new: try line.content.flatMap { try transaction.body($0) })
      }
      return (try Self.report(waiting, transaction), changes)
    }
  }

  /// Takes the content of a change set in quarantine over, in the name of this copy's member.
  ///
  /// It enters the log as what its author had seen was edited, so that what others did since is merged and not
  /// undone; the reason's claims name the author and the draft. Of a revoked member, only somebody else than who
  /// revoked it may do so: two people look at what comes from a key that is not trusted.
  ///
  /// - Throws: `LibraryError.notInQuarantine`, `.mayNotRelease`, `AuthorityError`, `ContentRefusal`; the library is as it was.
  public func release(_ mark: String, reason: String) async throws -> DraftReport {
    let released = try await append(purpose: "sheaf quarantine release") { sequencer in
      let transaction = sequencer.transaction
      let waiting = try Self.quarantined(mark, transaction)
      try self.checkMayRelease(waiting, transaction)
      let report = try Self.report(waiting, transaction)
      let fields = try waiting.fields()
      let lines = try Self.lines(of: waiting, transaction)
      let claims = Reason.Claims(
        author: "\(report.by) (\(report.member))", time: fields.time, source: "draft \(waiting.mark)")
      let before = sequencer
      var number: UInt64 = 0
      do {
        sequencer = try transaction.attempt {
          var attempt = before
          number = try attempt.append(
            try self.edits(asMade: lines, transaction), message: reason, claims: claims, seen: fields.seen)
          return attempt
        }
      } catch is LineageError {
        sequencer = before
        number = try sequencer.append(
          try self.edits(asThingsStand: lines, transaction), message: reason, claims: claims)
      } catch is SequencerRefusal {
        sequencer = before
        number = try sequencer.append(
          try self.edits(asThingsStand: lines, transaction), message: reason, claims: claims)
      }
      let name = try transaction.facts().member
      try transaction.release(
        waiting.leaf, into: number,
        refusal: "\(waiting.refusal); \(name) took it over in change set \(number)")
      return (number, lines.map(\.line.path.text))
    }
    try await refreshSearchIndex(activity: { _ in })
    return DraftReport(changeSet: released.0, draft: nil, paths: released.1)
  }

  /// Destroys what a change set in quarantine brought: its content, lines and reason. Its author is answered still.
  ///
  /// It is in no log, so one person is enough, whom the library trusts with members or with erasures.
  ///
  /// - Parameter reason: Why; its author reads it.
  /// - Throws: `LibraryError.notInQuarantine`, `AuthorityError`; it waits as before. Files that can't be swept now are no
  ///   failure: `unsweptContent` tells of them.
  public func drop(quarantined mark: String, reason: String) async throws -> QuarantineReport {
    guard isPublisher else { throw LibraryError.onlyPublisher("empty its quarantine") }
    let own = member.verifierKey.publicKey
    let dropped = try await store.write(purpose: "sheaf quarantine drop") { transaction in
      let waiting = try Self.quarantined(mark, transaction)
      let rule = try transaction.authority(of: own)
      let mayErase = try rule.role.map { $0.governs || $0 == .privacyOfficer } ?? !transaction.isClosed()
      guard mayErase else { throw AuthorityError(.mayNotChangeMembers, at: nil) }
      let report = try Self.report(waiting, transaction)
      let name = try transaction.facts().member
      // Why it was refused may quote it.
      try transaction.destroyQuarantined(waiting.leaf, refusal: "\(name) destroyed it unpublished: \(reason)")
      return report
    }
    do {
      try await sweepDestroyed(atOnce: true)
    } catch is any SheafFailure {
      // It is destroyed in the rows and stays so; what is left in files is due, and `unsweptContent` tells.
    }
    return dropped
  }

  private func checkMayRelease(_ waiting: QuarantinedChangeSet, _ transaction: StoreTransaction) throws {
    let own = member.verifierKey.publicKey
    let rule = try transaction.authority(of: own)
    guard rule.role?.governs ?? false else { throw AuthorityError(.mayNotChangeMembers, at: nil) }
    guard
      try transaction.member(of: waiting.author)?.revoked == nil
        || !transaction.revokers(of: waiting.author).contains(where: {
          try transaction.isSamePerson(own, as: $0)
        })
    else { throw LibraryError.mayNotRelease(waiting.mark) }
  }

  /// The edits as they were signed; a line that went on from a draft has nothing to go on from.
  private func edits(asMade lines: [QuarantinedLine], _ transaction: StoreTransaction) throws -> [Edit] {
    guard !lines.contains(where: { $0.line.base == .draft }) else {
      return try edits(asThingsStand: lines, transaction)
    }
    return try checked(
      lines.map { line in
        Edit(
          verb: line.line.verb, path: line.line.path, base: line.line.base, content: line.reference,
          baseContent: nil)
      }, transaction)
  }

  /// The edits made of what is current.
  private func edits(
    asThingsStand lines: [QuarantinedLine], _ transaction: StoreTransaction
  ) throws -> [Edit] {
    var desk = try EditDesk(transaction: transaction, library: self)
    for line in lines {
      if let content = line.reference {
        try desk.put(stored: (content.hash, content.sizeInBytes), at: line.line.path)
      } else {
        try desk.remove(line.line.path)
      }
    }
    try desk.check(reason: "taken over")
    return desk.edits
  }

  private func checked(_ edits: [Edit], _ transaction: StoreTransaction) throws -> [Edit] {
    var desk = try EditDesk(transaction: transaction, library: self)
    for edit in edits { desk.add(edit) }
    try desk.check(reason: "taken over")
    return edits
  }

  // MARK: reading

  /// A line in quarantine with the content that it committed to.
  private struct QuarantinedLine {
    var line: RevisionLine
    var content: SHA256Hash?

    var reference: Edit.Content? {
      content.flatMap { hash in
        line.content.map { Edit.Content(hash: hash, sizeInBytes: $0.sizeInBytes) }
      }
    }
  }

  private static func quarantined(
    _ mark: String, _ transaction: StoreTransaction
  ) throws -> QuarantinedChangeSet {
    guard !mark.isEmpty, mark.utf8.allSatisfy({ $0 != UInt8(ascii: "%") }) else {
      throw LibraryError.notInQuarantine(mark)
    }
    let found = try transaction.quarantine(prefix: mark, count: 2)
    guard let waiting = found.first, found.count == 1 else { throw LibraryError.notInQuarantine(mark) }
    return waiting
  }

  private static func lines(
    of waiting: QuarantinedChangeSet, _ transaction: StoreTransaction
  ) throws -> [QuarantinedLine] {
    let list = try RevisionList(parsing: waiting.lines)
    let bodies = try transaction.quarantinedBodies(waiting.leaf)
    return try list.lines.enumerated().map { index, line in
      guard line.verb.edits, !Member.isMemberPath(line.path) else {
        throw LibraryError.draftState(
          "draft \(waiting.mark) decides something or changes members, which nobody takes over")
      }
      guard let sealed = line.content?.commitment else { return QuarantinedLine(line: line, content: nil) }
      let content = bodies.first {
        sealed == Commitment(content: $0, seed: waiting.seed, line: UInt32(index + 1))
      }
      guard let content else { throw LibraryError.notHeld(line.path.text) }
      return QuarantinedLine(line: line, content: content)
    }
  }

  private static func report(
    _ waiting: QuarantinedChangeSet, _ transaction: StoreTransaction
  ) throws -> QuarantineReport {
    let reason = (try? Reason(parsing: waiting.reason)) ?? Reason(by: "", message: "")
    let list = try RevisionList(parsing: waiting.lines)
    return QuarantineReport(
      draft: waiting.mark, by: try transaction.member(of: waiting.author)?.name ?? reason.by,
      member: MemberMark(publicKey: waiting.author).text, time: waiting.time.description,
      claimedTime: try waiting.fields().time.description, refusal: waiting.refusal, reason: reason.message,
      paths: list.lines.map(\.path.text), sizeInBytes: waiting.sizeInBytes)
  }
}

extension QuarantinedChangeSet {
  /// What its note says.
  func fields() throws -> ChangeSetNote {
    let note = try SignedNote(
      parsing: note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures)
    return try ChangeSetNote(parsing: note.text)
  }
}
