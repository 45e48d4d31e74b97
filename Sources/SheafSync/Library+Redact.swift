import Foundation
import SheafModel
import SheafStore

/// What a redaction names: past revisions of one document.
public struct RedactionTarget: Hashable, Sendable {
  public var path: DocumentPath
  public var revisions: [RevisionName]

  public init(path: DocumentPath, revisions: [RevisionName]) {
    self.path = path
    self.revisions = revisions
  }
}

extension RedactionTarget {
  /// Revisions that were found, by document.
  public static func targets(_ found: [FoundRevision]) throws -> [RedactionTarget] {
    try Dictionary(grouping: found, by: \.path).sorted { $0.key < $1.key }.map { path, revisions in
      RedactionTarget(
        path: try DocumentPath(path),
        revisions: revisions.compactMap { RevisionName(parsing: $0.revision) }.sorted())
    }
  }
}

extension Library {
  /// Asks for the content of past revisions to be destroyed, or makes it so where another person asked before.
  ///
  /// At once on the publisher's copy, else as a draft that the next sync hands over. `Schemas/redaction.md` has the
  /// rules.
  ///
  /// - Parameters:
  ///   - targets: Of each document at least one revision.
  ///   - ground: What allows or demands it, such as the article of a law.
  ///   - reason: Why, in words that stay.
  /// - Throws: `LibraryError.needsDepth` in a copy without history, `.noMoment`, `.askedAlready` for what the same
  ///   person asked for before, `AuthorityError`, `LineageError`, `NotFresh` on a replica that is too old to decide;
  ///   the library is as it was.
  public func redact(
    _ targets: [RedactionTarget], ground: String, reason: String
  ) async throws -> RedactionOutcome {
    try await checkFreshness(for: "redact")
    let recorded = try await recordEdits(purpose: "sheaf redact", reason: reason, ground: ground) { desk in
      try MomentView(desk.transaction).needHistory("tell what there is to destroy")
      for target in targets { try desk.redact(target) }
      try desk.check(reason: reason)
    }
    if isPublisher { try await refreshSearchIndex(activity: { _ in }) }
    let names = Set(targets.flatMap(\.revisions))
    return try await store.read { transaction in
      let effective = try names.sorted().filter { name in
        guard let number = recorded.changeSet, let revision = try transaction.revision(name) else {
          return false
        }
        return try transaction.redaction(of: revision.id) == number
      }
      return RedactionOutcome(
        changeSet: recorded.changeSet, draft: recorded.draft, paths: recorded.paths,
        revisions: names.sorted().map(\.description), effective: effective.map(\.description))
    }
  }

  /// What a change set of another person asks for and is not in effect, to be confirmed.
  ///
  /// - Throws: `LibraryError.noMoment` where the change set asks for nothing, `.nothingChanged` where all of that is
  ///   destroyed.
  public func redaction(askedIn number: UInt64) async throws -> (targets: [RedactionTarget], ground: String?)
  {
    try await store.read { transaction in
      try MomentView(transaction).needHistory("look at change set \(number)")
      let targets = try transaction.revisions(inChangeSet: number).compactMap { line -> RedactionTarget? in
        guard line.verb == .redact, case .revisions(let names) = line.base else { return nil }
        return RedactionTarget(
          path: line.path,
          revisions: try names.filter { name in
            try transaction.revision(name).flatMap { try transaction.redaction(of: $0.id) } == nil
          })
      }
      guard !targets.isEmpty, let changeSet = try transaction.changeSet(number) else {
        throw LibraryError.noMoment("change set \(number) that asks for a redaction")
      }
      let open = targets.filter { !$0.revisions.isEmpty }
      guard !open.isEmpty else {
        throw LibraryError.nothingChanged("what change set \(number) asks for, which is destroyed,")
      }
      return (open, changeSet.readReason.ground)
    }
  }

  /// What holds some words: revisions, by path, then by name, those in earlier paths of a document included; change
  /// sets in quarantine; this copy's own drafts.
  ///
  /// Looks at every content that this copy holds, byte for byte, so the words are to be given as they are spelled.
  ///
  /// - Throws: `LibraryError.needsDepth` in a copy that does not hold every content: it could not find them all.
  public func whatHolds(_ words: String) async throws -> FoundWords {
    let needle = Array(words.utf8)
    let own = member.verifierKey.publicKey
    guard !needle.isEmpty else { return FoundWords() }
    return try await store.read { transaction in
      guard try transaction.facts().depth == .full else {
        throw LibraryError.needsDepth(.full, what: "find every revision that holds these words")
      }
      var found = FoundWords()
      var contents: Set<SHA256Hash> = []
      var row: Int64 = .min
      while case let some = try transaction.bodyRows(after: row, count: 256), let last = some.last {
        for body in some {
          guard let hash = SHA256Hash(bytes: body.hash) else { continue }
          var search = ByteSearch(needle)
          _ = try transaction.forEachPiece(of: hash) { search.take($0) }
          guard search.hasFound else { continue }
          contents.insert(hash)
          for (revision, isCurrent) in try transaction.revisions(with: hash) {
            found.revisions.append(
              FoundRevision(
                path: revision.path.text, revision: revision.name.description, isCurrent: isCurrent,
                asked: try transaction.openRequest(revision.id, by: own)))
          }
        }
        row = last.row
      }
      found.revisions.sort { ($0.path, $0.revision) < ($1.path, $1.revision) }
      found.quarantined = try transaction.quarantined(holding: contents, or: needle).map(\.mark)
      found.drafts = try transaction.drafts(holding: contents).map(\.mark)
      return found
    }
  }

  /// Every redaction that was asked for, and for each member the newest position that its copies are known to have
  /// reached.
  public func redactions() async throws -> RedactionsReport {
    let own = member.verifierKey.publicKey
    return try await store.read { transaction in
      try MomentView(transaction).needHistory("list redactions")
      let all = try transaction.redactions().map { redaction in
        RedactionsReport.Redaction(
          path: redaction.path.text, revision: redaction.revision.description,
          requests: try redaction.requests.map { number in
            guard let changeSet = try transaction.changeSet(number) else {
              throw StoreError.damaged("change_set \(number)")
            }
            let signed = try SignedChange(changeSet, in: transaction)
            return .init(
              changeSet: number, by: signed.by, role: signed.role, member: signed.member, time: signed.time,
              ground: changeSet.readReason.ground ?? "", reason: signed.reason)
          }, effective: redaction.effective)
      }
      let newest = all.compactMap(\.effective).max()
      let position = try transaction.position().size
      // What the log's key signed its copy has; this copy has what it holds, whoever signs here.
      let signed = self.isPublisher ? position : try transaction.newestCheckpoint()?.size ?? 0
      let holders = try transaction.members().filter { $0.revoked == nil }
      // Where just one may sign as the publisher, the publisher's copy is that member's.
      let publishers = holders.filter { $0.role == .publisher }.map(\.key)
      let members = try holders.map { member in
        var position = member.key == own ? position : try transaction.newestPosition(of: member)
        if publishers == [member.key] { position = max(position, signed) }
        return RedactionsReport.Holder(
          name: member.name, mark: member.mark.text, position: position,
          hasPassed: newest.map { $0 <= position })
      }
      return RedactionsReport(
        redactions: all, publisher: .init(position: signed, hasPassed: newest.map { $0 <= signed }),
        members: members, isSwept: try transaction.unswept() == nil)
    }
  }
}

extension StoreTransaction {
  /// With which change set a revision's content was destroyed, and on what ground; `nil` when it was not.
  func redactionWords(of revision: Int64) throws -> (number: UInt64, ground: String)? {
    guard let number = try redaction(of: revision) else { return nil }
    return (number, try changeSet(number)?.readReason.ground ?? "no ground is known in this copy")
  }
}
