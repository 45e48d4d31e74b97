import Foundation
import GRDB
import SheafCompression
import SheafModel

/// What a redaction destroys in the rows of a copy (`Schemas/redaction.md`, "What is destroyed").
extension StoreTransaction {
  /// The newest redaction whose content is gone from this copy's rows; 0 for none.
  public func redactedSize() throws -> UInt64 { try number("redacted") }

  func number(_ key: String) throws -> UInt64 {
    try value(
      "SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM meta WHERE key = ?", [key]) ?? 0
  }

  private func set(_ key: String, _ number: UInt64) throws {
    try execute(
      "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [key, Data(String(number).utf8)])
  }

  /// Destroys the content of every revision whose redaction is in effect, and all that follows from it in rows.
  ///
  /// Runs in the transaction that brought the redaction. What stays to be swept out of free pages and files is
  /// noted, so that it goes on however this process ends. Where nothing is due, nothing happens.
  ///
  /// - Parameters:
  ///   - told: The newest redaction in effect as a copy without lines was told; it then lets go of all that is not
  ///     current, what its drafts have yet to say excepted.
  ///   - isWhole: Whether all lines came anew, so that what they no longer name can't be told from them.
  ///   - isNew: Whether the copy held nothing before: there is nothing to sweep out then.
  ///   - elsewhere: Destroys what stands outside of the store: it is given what tells whether a content was destroyed.
  /// - Returns: Whether anything was due.
  @discardableResult
  public func eraseRedacted(
    told: UInt64 = 0, isWhole: Bool = false, isNew: Bool = false,
    elsewhere: (_ isDestroyed: (SHA256Hash) throws -> Bool) throws -> Void = { _ in }
  ) throws -> Bool {
    let newest = max(told, try value("SELECT max(change_set) FROM redaction") ?? 0)
    let done = try redactedSize()
    // What was destroyed comes back with all lines anew and in no other way, so it is not looked at each time.
    let targets = try rows(
      """
      SELECT r.id, r.change_set, r.line, \(RevisionRows.content) FROM redaction x JOIN revision r ON r.id = x.revision
      JOIN change_set c ON c.number = r.change_set
      WHERE x.change_set > ? AND (r.content IS NOT NULL OR c.seed IS NOT NULL) ORDER BY r.id
      """, [isWhole ? 0 : Int64(clamping: done)])
    guard !targets.isEmpty || newest > done else { return false }
    try db.execute(sql: "PRAGMA secure_delete = ON")
    var contents: Set<SHA256Hash> = []
    for number in Set(try targets.map { try $0[1] as Int64 }) { try keepSalts(ofChangeSet: number) }
    for target in targets {
      if let content = try target[3] as SHA256Hash? { contents.insert(content) }
      try execute("UPDATE revision SET content = NULL WHERE id = ?", [target[0] as Int64])
      try execute(
        "DELETE FROM salt WHERE change_set = ? AND line = ?", [target[1] as Int64, target[2] as Int64])
      try execute("DELETE FROM sketch WHERE revision = ?", [target[0] as Int64])
    }
    for content in contents.sorted() where try !isCurrentOrPublished(content) {
      try forgetInDrafts(content)
      try forgetInQuarantine(content)
      try destroyBody(content)
    }
    let cannotTell = told > 0 || isWhole
    try elsewhere { try (cannotTell || contents.contains($0)) && !isCurrentOrPublished($0) }
    if cannotTell {
      try dropAnsweredDrafts()
      try dropPastDraftBases()
    }
    try dissolveWornPacks()
    try dropUnneededAbsent()
    // Neither index could be told which words to forget.
    try markAllStale()
    try emptyReasonSearch()
    try db.execute(sql: "UPDATE document SET title = NULL")
    try set("redacted", max(newest, done))
    if !isNew || !targets.isEmpty { try set("unswept", max(newest, 1)) }
    return true
  }

  /// Puts the salts of a change set's lines in the place of its seed, which would open all of them.
  private func keepSalts(ofChangeSet number: Int64) throws {
    guard let seed = try value("SELECT seed FROM change_set WHERE number = ?", [number]) as Seed?
    else { return }
    func keep(_ line: UInt32) throws {
      try execute(
        "INSERT OR REPLACE INTO salt (change_set, line, salt) VALUES (?, ?, ?)",
        [number, Int64(line), Data(seed.salt(line: line))])
    }
    try keep(0)
    for revision in try revisions(inChangeSet: UInt64(clamping: number)) where revision.verb.hasContent {
      guard let sealed = try revision.line(seed: seed).content?.commitment else { continue }
      try execute(
        "UPDATE revision SET commitment = ? WHERE id = ?", [sealed.hash.data, revision.id])
      if revision.content != nil { try keep(revision.name.line) }
    }
    try keepReasonSeal(ofChangeSet: number)
    try execute("UPDATE change_set SET seed = NULL WHERE number = ?", [number])
  }

  /// The salts that a change set keeps in the place of its seed; none while it has the seed.
  func salts(ofChangeSet number: Int64) throws -> [UInt32: [UInt8]] {
    var salts: [UInt32: [UInt8]] = [:]
    for row in try rows("SELECT line, salt FROM salt WHERE change_set = ?", [number]) {
      salts[try row[0] as UInt32] = try row[1]
    }
    return salts
  }

  private func isCurrentOrPublished(_ hash: SHA256Hash) throws -> Bool {
    if try isPublished(hash) { return true }
    return try integer(
      """
      SELECT EXISTS (SELECT 1 FROM head WHERE content = ?1) OR EXISTS (SELECT 1 FROM conflict WHERE base = ?1)
        OR EXISTS (SELECT 1 FROM proposal WHERE content = ?1)
      """, [hash.data]) == 1
  }

  /// Drafts let go of a base, and those that the log answered go with their content. What its author has yet to
  /// hand over stays: it is nobody else's to destroy.
  private func forgetInDrafts(_ hash: SHA256Hash) throws {
    try execute("UPDATE draft_line SET base_content = NULL WHERE base_content = ?", [hash.data])
    for draft in try drafts([.logged, .proposed, .accepted, .declined, .decided])
    where try lines(of: draft).contains(where: { $0.content == hash }) {
      try dropUnneededBodies(try remove(draft))
    }
  }

  /// Of a quarantined change set that brought the content stays what answers its author.
  private func forgetInQuarantine(_ hash: SHA256Hash) throws {
    for row in try rows("SELECT leaf FROM quarantine_body WHERE hash = ?", [hash.data]) {
      let leaf: SHA256Hash = try row[0]
      try dropUnneededBodies(try emptyQuarantined(leaf).subtracting([hash]))
    }
  }

  /// - Returns: The contents that it brought.
  private func emptyQuarantined(_ leaf: SHA256Hash) throws -> Set<SHA256Hash> {
    let bodies = Set(try quarantinedBodies(leaf))
    try execute("DELETE FROM quarantine_body WHERE leaf = ?", [leaf.data])
    try execute(
      """
      UPDATE quarantine SET seed = zeroblob(16), reason = ?, lines = '', size = 0,
        change_set = ifnull(change_set, 0) WHERE leaf = ?
      """, [Data(Reason(by: "", message: "").bytes), leaf.data])
    return bodies
  }

  /// Destroys what a quarantined change set brought: its contents, as far as nothing else needs them, its lines and
  /// its reason. What answers its author stays, with these words. A sweep is due then.
  public func destroyQuarantined(_ leaf: SHA256Hash, refusal: String) throws {
    let bodies = try emptyQuarantined(leaf)
    try execute("UPDATE quarantine SET refusal = ? WHERE leaf = ?", [refusal, leaf.data])
    // Others may be coded against them.
    for hash in bodies where try !isReferenced(hash) && !isPublished(hash) { try destroyBody(hash) }
    try dissolveWornPacks()
    try set("unswept", max(try redactedSize(), 1))
  }

  /// Change sets in quarantine that hold one of these contents, or words in their lines or reasons.
  public func quarantined(holding contents: Set<SHA256Hash>, or words: [UInt8]) throws
    -> [QuarantinedChangeSet]
  {
    try quarantine().filter { waiting in
      try ByteSearch.finds(words, in: waiting.reason)
        || ByteSearch.finds(words, in: Array(waiting.lines.utf8))
        || quarantinedBodies(waiting.leaf).contains(where: contents.contains)
    }
  }

  /// This copy's drafts that hold one of these contents, or were made from one.
  public func drafts(holding contents: Set<SHA256Hash>) throws -> [StoredDraft] {
    try drafts([.waiting, .deposited, .refused]).filter { draft in
      try lines(of: draft).contains { line in
        line.content.map(contents.contains) ?? false || line.baseContent.map(contents.contains) ?? false
      }
    }
  }

  /// Such a copy can't tell either which contents of drafts that the log has answered were destroyed.
  private func dropAnsweredDrafts() throws {
    for draft in try drafts([.proposed, .accepted, .declined, .decided]) {
      let contents = try lines(of: draft).compactMap(\.content)
      guard try contents.contains(where: { try !isCurrentOrPublished($0) }) else { continue }
      try dropUnneededBodies(try remove(draft))
    }
  }

  /// A copy without lines can't tell which of its drafts' bases were destroyed: it keeps those that are current.
  private func dropPastDraftBases() throws {
    let past = try rows("SELECT DISTINCT base_content FROM draft_line WHERE base_content IS NOT NULL").map {
      try $0[0] as SHA256Hash
    }.filter { try !isCurrentOrPublished($0) }
    for hash in past {
      try execute("UPDATE draft_line SET base_content = NULL WHERE base_content = ?", [hash.data])
    }
    try dropUnneededBodies(Set(past))
  }

  /// Removes a body that nothing but a draft of this copy's author may still need; what is a delta against it is
  /// written whole first.
  private func destroyBody(_ hash: SHA256Hash) throws {
    guard let row = try row("SELECT id FROM body WHERE \(Self.isBody)", [hash.data]) else { return }
    let id: Int64 = try row[0]
    for other in try rows("SELECT hash FROM body WHERE base = ?", [id]) {
      try writeWhole(try other[0])
    }
    try dropUnneededBodies([hash])
  }

  /// Packs of which an entry is needed no more hold its bytes all the same: what else is in them moves out.
  private func dissolveWornPacks() throws {
    // Nothing finds a pack's bodies but a look at all: one is enough.
    let bodies = try rows(
      "SELECT hash FROM body WHERE pack IN (SELECT id FROM pack WHERE entries <> held) ORDER BY pack, entry")
    let worn = try rows("SELECT id FROM pack WHERE entries <> held")
    for body in bodies { try writeWhole(try body[0]) }
    for row in worn { try execute("DELETE FROM pack WHERE id = ?", [row[0] as Int64]) }
    packCache.removeAll()
  }

  /// Writes a body as it would be without any other.
  private func writeWhole(_ hash: SHA256Hash) throws {
    guard let id = try integer("SELECT id FROM body WHERE \(Self.isBody)", [hash.data]),
      let bytes = try body(hash)
    else { throw StoreError.damaged("body \(hash)") }
    let packed = Deflate.compress(bytes, level: 1)
    let isPacked = packed.count < bytes.count - bytes.count / 16
    let pack = try integer("SELECT pack FROM body WHERE id = ?", [id])
    try execute(
      "UPDATE body SET coding = ?, base = NULL, depth = 0, pack = NULL, entry = NULL, data = ? WHERE id = ?",
      [isPacked ? 1 : 0, Data(isPacked ? packed : bytes), id])
    if let pack { try leavePack(pack) }
    // What is made from it has as many bases fewer.
    var above: [(id: Int64, depth: Int)] = [(id, 0)]
    while let (base, depth) = above.popLast() {
      for row in try rows("SELECT id FROM body WHERE base = ?", [base]) {
        try execute("UPDATE body SET depth = ? WHERE id = ?", [depth + 1, row[0] as Int64])
        above.append((try row[0], depth + 1))
      }
    }
  }
}
