import Foundation
import GRDB
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
  }

  public var id: Int64
  public var leaf: SHA256Hash
  public var note: [UInt8]
  public var seed: Seed
  public var reason: [UInt8]
  public var outcome: Outcome
  public var changeSet: UInt64?
  public var refusal: String?

  init(_ row: Row) throws {
    id = row["id"]
    leaf = try SHA256Hash(column: row["leaf"], "draft")
    note = [UInt8](row["note"] as Data)
    guard let seed = Seed(bytes: [UInt8](row["seed"] as Data)),
      let outcome = Outcome(rawValue: row["outcome"])
    else {
      throw StoreError.damaged("draft \(leaf)")
    }
    self.seed = seed
    reason = [UInt8](row["reason"] as Data)
    self.outcome = outcome
    changeSet = (row["change_set"] as Int64?).map { UInt64(clamping: $0) }
    refusal = row["refusal"]
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

  init(_ row: Row) throws {
    line = UInt32(clamping: row["line"] as Int64)
    path = try DocumentPath(row["path"] as String)
    guard let verb = RevisionVerb(rawValue: row["verb"]) else {
      throw StoreError.damaged("draft line of \(path)")
    }
    self.verb = verb
    base = try RevisionBase(parsing: row["base"] as String)
    sizeInBytes = UInt64(clamping: (row["size"] as Int64?) ?? 0)
    content = try (row["content"] as Data?).map { try SHA256Hash(column: $0, "draft_line") }
    baseContent = try (row["base_content"] as Data?).map { try SHA256Hash(column: $0, "draft_line") }
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

  /// Drafts in the order they were made.
  ///
  /// - Parameter outcomes: Only those of which this became.
  public func drafts(_ outcomes: Set<StoredDraft.Outcome>) throws -> [StoredDraft] {
    try rows("SELECT * FROM draft ORDER BY id").map(StoredDraft.init).filter { outcomes.contains($0.outcome) }
  }

  /// The draft with this leaf hash.
  public func draft(leaf: SHA256Hash) throws -> StoredDraft? {
    try row("SELECT * FROM draft WHERE leaf = ?", [leaf.data]).map(StoredDraft.init)
  }

  /// A draft's lines.
  public func lines(of draft: StoredDraft) throws -> [StoredDraftLine] {
    try rows("SELECT * FROM draft_line WHERE draft = ? ORDER BY line", [draft.id]).map(StoredDraftLine.init)
  }

  /// The newest line about a path among drafts that the log does not show yet.
  public func newestDraftLine(of path: DocumentPath) throws -> StoredDraftLine? {
    try row(
      """
      SELECT l.* FROM draft_line l JOIN draft d ON d.id = l.draft
      WHERE l.path = ? AND d.outcome IN ('waiting', 'deposited', 'logged') ORDER BY d.id DESC LIMIT 1
      """, [path.text]
    ).map(StoredDraftLine.init)
  }

  /// Paths that drafts change which the log does not show yet.
  public func draftedPaths() throws -> Set<DocumentPath> {
    Set(
      try rows(
        """
        SELECT DISTINCT l.path FROM draft_line l JOIN draft d ON d.id = l.draft
        WHERE d.outcome IN ('waiting', 'deposited', 'logged')
        """
      ).map { try DocumentPath($0[0] as String) })
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
      for line in try lines(of: draft) {
        if let content = line.content { freed.insert(content) }
        if let content = line.baseContent { freed.insert(content) }
      }
      try execute("DELETE FROM draft_line WHERE draft = ?", [draft.id])
      try execute("DELETE FROM draft WHERE id = ?", [draft.id])
    }
    return freed
  }

  /// Keeps a draft that can't be taken, whole, with the reason.
  public func quarantine(
    leaf: SHA256Hash, note: [UInt8], seed: Seed, reason: [UInt8], lines: String, bodies: Set<SHA256Hash>,
    refusal: String, time: Timestamp
  ) throws {
    try execute(
      "INSERT OR IGNORE INTO quarantine (leaf, note, seed, reason, lines, refusal, time) VALUES (?, ?, ?, ?, ?, ?, ?)",
      [leaf.data, Data(note), Data(seed.bytes), Data(reason), lines, refusal, time.seconds])
    for body in bodies {
      try execute("INSERT OR IGNORE INTO quarantine_body (leaf, hash) VALUES (?, ?)", [leaf.data, body.data])
    }
  }

  /// Why a draft waits in quarantine; `nil` when it doesn't.
  public func refusal(leaf: SHA256Hash) throws -> String? {
    try row("SELECT refusal FROM quarantine WHERE leaf = ?", [leaf.data])?[0]
  }
}
