import Foundation
import GRDB
import SheafLog
import SheafModel

/// A draft of this copy as it is stored.
public struct StoredDraft: Hashable, Sendable {
  /// What became of a draft.
  public enum Outcome: String, Sendable {
    /// Not handed over yet.
    case waiting
    /// Left in a folder; no answer yet.
    case deposited
    /// In the log; kept until the copy has pulled it.
    case logged
    /// Refused by the publisher, with the reason.
    case refused
    /// In the log, where it waits for somebody to accept or decline it.
    case proposed
    /// A proposal that was accepted; kept until the next change of this copy.
    case accepted
    /// A proposal that was declined, with the reason; kept until its author drops it.
    case declined
    /// A proposal that is not open any more, and this copy keeps too little to tell what was decided; kept
    /// until its author drops it or the copy keeps more.
    case decided
  }

  public var id: Int64
  public var leaf: SHA256Hash
  public var note: [UInt8]
  public var seed: Seed
  public var reason: [UInt8]
  public var outcome: Outcome
  public var changeSet: UInt64?
  public var refusal: String?

  init(_ row: StoredRow) throws {
    id = try row["id"]
    leaf = try row["leaf"]
    note = try row["note"]
    seed = try row["seed"]
    reason = try row["reason"]
    outcome = try row["outcome"]
    changeSet = try row["change_set"]
    refusal = try row["refusal"]
  }
}

/// A line of a draft.
public struct StoredDraftLine: Hashable, Sendable {
  public var line: UInt32
  public var path: DocumentPath
  public var verb: RevisionVerb
  public var base: RevisionBase
  public var sizeInBytes: UInt64
  /// `nil` for a tombstone.
  public var content: SHA256Hash?
  /// The content it was made from, kept while the draft waits.
  public var baseContent: SHA256Hash?

  public init(
    line: UInt32, path: DocumentPath, verb: RevisionVerb, base: RevisionBase, sizeInBytes: UInt64,
    content: SHA256Hash?, baseContent: SHA256Hash?
  ) {
    self.line = line
    self.path = path
    self.verb = verb
    self.base = base
    self.sizeInBytes = sizeInBytes
    self.content = content
    self.baseContent = baseContent
  }

  init(_ row: StoredRow) throws {
    line = try row["line"]
    path = try row["path"]
    verb = try row["verb"]
    base = try row["base"]
    sizeInBytes = try row["size"] as UInt64? ?? 0
    content = try row["content"]
    baseContent = try row["base_content"]
  }

  /// The line as it is signed under the draft's seed.
  public func signedLine(seed: Seed) -> RevisionLine {
    RevisionLine(
      verb: verb, path: path, base: base,
      content: content.map {
        .init(sizeInBytes: sizeInBytes, commitment: Commitment(content: $0, seed: seed, line: line))
      })
  }
}

extension StoreTransaction {
  /// Adds a draft and its lines; their bodies are stored by the caller.
  public func insertDraft(
    leaf: SHA256Hash, note: [UInt8], seed: Seed, reason: [UInt8], lines: [StoredDraftLine]
  ) throws {
    try execute(
      "INSERT INTO draft (leaf, note, seed, reason, outcome) VALUES (?, ?, ?, ?, 'waiting')",
      [leaf.data, Data(note), Data(seed.bytes), Data(reason)])
    let id = db.lastInsertedRowID
    for line in lines {
      try execute(
        """
        INSERT INTO draft_line (draft, line, path, verb, base, size, content, base_content)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          id, Int64(line.line), line.path.text, line.verb.rawValue, line.base.text,
          line.content == nil ? nil : Int64(clamping: line.sizeInBytes), line.content?.data,
          line.baseContent?.data,
        ])
    }
  }

  /// Replaces what a draft was signed as; its lines and its place among the drafts stay.
  public func replaceNote(of draft: StoredDraft, leaf: SHA256Hash, note: [UInt8], seed: Seed) throws {
    try execute(
      "UPDATE draft SET leaf = ?, note = ?, seed = ? WHERE id = ?",
      [leaf.data, Data(note), Data(seed.bytes), draft.id])
  }

  /// Drafts in the order they were made.
  ///
  /// - Parameter outcomes: Only those of which this became.
  public func drafts(_ outcomes: Set<StoredDraft.Outcome>) throws -> [StoredDraft] {
    try rows("SELECT * FROM draft ORDER BY id").map(StoredDraft.init).filter { outcomes.contains($0.outcome) }
  }

  /// Hands each draft that nobody has answered to `body`, in the order they were made, until that returns false.
  public func forEachUnanswered(_ body: (StoredDraft) throws -> Bool) throws {
    let drafts = try cursor(
      "SELECT * FROM draft WHERE outcome IN ('waiting', 'deposited') ORDER BY id")
    while let row = try drafts.next(), try body(StoredDraft(row)) {}
  }

  /// The draft with this leaf hash.
  public func draft(leaf: SHA256Hash) throws -> StoredDraft? {
    try row("SELECT * FROM draft WHERE leaf = ?", [leaf.data]).map(StoredDraft.init)
  }

  /// A draft's lines.
  public func lines(of draft: StoredDraft) throws -> [StoredDraftLine] {
    try rows("SELECT * FROM draft_line WHERE draft = ? ORDER BY line", [draft.id]).map(StoredDraftLine.init)
  }

  /// The newest edit of a path among drafts that the log does not show yet.
  public func newestDraftLine(of path: DocumentPath) throws -> StoredDraftLine? {
    try row(
      """
      SELECT l.* FROM draft_line l JOIN draft d ON d.id = l.draft
      WHERE l.path = ? AND d.outcome IN ('waiting', 'deposited', 'logged')
        AND l.verb NOT IN (\(Self.remarks)) ORDER BY d.id DESC LIMIT 1
      """, [path.text]
    ).map(StoredDraftLine.init)
  }

  /// Paths that drafts change which the log does not show yet.
  public func draftedPaths() throws -> Set<DocumentPath> {
    Set(
      try rows(
        """
        SELECT DISTINCT l.path FROM draft_line l JOIN draft d ON d.id = l.draft
        WHERE d.outcome IN ('waiting', 'deposited', 'logged') AND l.verb NOT IN (\(Self.remarks))
        """
      ).map { try $0[0] })
  }

  /// Paths that this copy's own proposals change, open ones and perhaps others.
  public func proposedPaths() throws -> Set<DocumentPath> {
    Set(
      try rows(
        "SELECT DISTINCT l.path FROM draft_line l JOIN draft d ON d.id = l.draft WHERE d.outcome = 'proposed'"
      ).map { try $0[0] })
  }

  /// Writes down what became of a draft.
  public func setOutcome(
    of leaf: SHA256Hash, _ outcome: StoredDraft.Outcome, changeSet: UInt64? = nil, receipt: String? = nil,
    refusal: String? = nil
  ) throws {
    try execute(
      """
      UPDATE draft SET outcome = ?, change_set = ifnull(?, change_set), receipt = ifnull(?, receipt), refusal = ?
      WHERE leaf = ?
      """,
      [outcome.rawValue, changeSet.map { Int64(clamping: $0) }, receipt, refusal, leaf.data])
  }

  /// Forgets drafts whose change sets this copy now holds.
  ///
  /// - Returns: Content that the drafts no longer need.
  public func removeLoggedDrafts(upTo size: UInt64) throws -> Set<SHA256Hash> {
    var freed: Set<SHA256Hash> = []
    for draft in try drafts([.logged]) {
      guard let number = draft.changeSet, number <= size else { continue }
      if try wasProposed(draft, number) {
        try setOutcome(of: draft.leaf, .proposed)
      } else {
        freed.formUnion(try remove(draft))
      }
    }
    return freed
  }

  /// Forgets a draft.
  ///
  /// - Returns: Content that it no longer needs.
  public func remove(_ draft: StoredDraft) throws -> Set<SHA256Hash> {
    var freed: Set<SHA256Hash> = []
    for line in try lines(of: draft) {
      if let content = line.content { freed.insert(content) }
      if let content = line.baseContent { freed.insert(content) }
    }
    try execute("DELETE FROM draft_line WHERE draft = ?", [draft.id])
    try execute("DELETE FROM draft WHERE id = ?", [draft.id])
    return freed
  }

  /// Whether a logged draft was a proposal, open or not.
  private func wasProposed(_ draft: StoredDraft, _ number: UInt64) throws -> Bool {
    let holdsLines = try changeSet(number) != nil
    let rule = holdsLines ? nil : try author(of: draft).map { try authority(of: $0) }
    let settings = holdsLines ? nil : try currentSettings()
    let subscription = try facts().subscription
    return try lines(of: draft).contains { line in
      // What this copy no longer holds, it can't follow either.
      guard subscription.holds(line.path.collection) else { return false }
      let name = RevisionName(changeSet: number, line: line.line)
      if try isOpenProposal(name) { return true }
      guard line.verb.edits else { return false }
      // Without lines only the settings tell, as they stand now.
      if let rule, rule.isClosed { return rule.holds(line.verb, at: line.path) }
      if let settings { return settings.collections[line.path.collection]?.requiresReview ?? false }
      return try decision(on: name) != nil
    }
  }

  private func author(of draft: StoredDraft) -> [UInt8]? {
    let note = try? SignedNote(
      parsing: draft.note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures)
    return note.flatMap { try? ChangeSetNote(parsing: $0.text) }?.author
  }

  private func isOpenProposal(_ name: RevisionName) throws -> Bool {
    try integer(
      "SELECT 1 FROM proposal WHERE change_set = ? AND line = ?",
      [Int64(clamping: name.changeSet), Int64(name.line)]) != nil
  }

  /// This copy's own open proposal about a path, the newest, which a further edit goes on from.
  public func ownProposalLine(of path: DocumentPath) throws -> StoredDraftLine? {
    for row in try rows(
      """
      SELECT l.*, d.change_set FROM draft_line l JOIN draft d ON d.id = l.draft
      WHERE l.path = ? AND d.outcome = 'proposed' ORDER BY d.id DESC
      """, [path.text])
    {
      let line = try StoredDraftLine(row)
      guard let number = try row["change_set"] as UInt64?,
        try isOpenProposal(RevisionName(changeSet: number, line: line.line))
      else { continue }
      return line
    }
    return nil
  }

  /// What became of a draft that was a proposal.
  public struct FollowedProposal: Sendable {
    public var draft: StoredDraft
    public var paths: [DocumentPath]
    /// `accepted`, `declined`, or `decided` where this copy can't tell.
    public var outcome: StoredDraft.Outcome
    /// Who decided and why; `nil` where this copy keeps too little to say.
    public var reason: Reason?
  }

  /// Writes down what was decided about this copy's own proposals.
  ///
  /// What was accepted before and has been told is forgotten.
  public func followProposals() throws -> [FollowedProposal] {
    for draft in try drafts([.accepted]) { try dropUnneededBodies(try remove(draft)) }
    var found: [FollowedProposal] = []
    let subscription = try facts().subscription
    for draft in try drafts([.proposed, .decided]) {
      guard let number = draft.changeSet else { continue }
      let lines = try lines(of: draft)
      var isOpen = false
      var isDeclined = false
      var isAccepted = false
      var isUnknown = false
      var reason: Reason?
      for line in lines where subscription.holds(line.path.collection) {
        let name = RevisionName(changeSet: number, line: line.line)
        if try isOpenProposal(name) {
          isOpen = true
          break
        }
        switch try decision(on: name) {
        case .decided(let revision)?:
          if revision.verb == .decline { isDeclined = true } else { isAccepted = true }
          if reason == nil || revision.verb == .decline {
            reason = try changeSet(revision.name.changeSet).map { try namedReason(of: $0) }
          }
        case .unknown?:
          // Without lines what is current tells one thing: what stands there was not turned down. Anything
          // else may be a decline, or an edit that came behind or was merged.
          let heads = try heads(of: line.path)
          let isTaken =
            line.content == nil
            ? heads.allSatisfy { $0.content == nil } : heads.contains { $0.content == line.content }
          if isTaken { isAccepted = true } else { isUnknown = true }
        case .open?, .carriedOn?, nil: continue
        }
      }
      if isOpen { continue }
      guard isDeclined || isAccepted || isUnknown else {
        // It went on in a later draft, which is followed itself, or is about what is no longer held.
        try dropUnneededBodies(try remove(draft))
        continue
      }
      let outcome: StoredDraft.Outcome = isDeclined ? .declined : isUnknown ? .decided : .accepted
      // Told once, until it is known.
      guard outcome != draft.outcome else { continue }
      var words: String?
      if isDeclined { words = reason.map { "\($0.by): \($0.message)" } }
      if outcome == .decided { words = Self.unknownDecision }
      try setOutcome(of: draft.leaf, outcome, refusal: words)
      found.append(
        FollowedProposal(draft: draft, paths: lines.map(\.path), outcome: outcome, reason: reason))
    }
    return found
  }

  private static let unknownDecision =
    "it was decided; this copy keeps too little history to say how (`sheaf sync --keep trail` brings it)"
}
