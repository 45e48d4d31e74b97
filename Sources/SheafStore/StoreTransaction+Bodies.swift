import Foundation
import GRDB
import SheafCompression
import SheafModel

extension StoreTransaction {
  /// Stores content once; storing it again does nothing.
  ///
  /// - Parameters:
  ///   - hash: The SHA-256 of `bytes`, which the caller has just computed.
  ///   - base: Held content that this one is likely to resemble: what it was made from.
  public func storeBody(_ bytes: [UInt8], hash: SHA256Hash, base: SHA256Hash? = nil) throws {
    guard try !holdsBody(hash) else { return }
    if AssetRule.isAsset(sizeInBytes: UInt64(bytes.count), start: bytes.prefix(AssetRule.startSizeInBytes)) {
      var intake = ContentIntake(self)
      try intake.add(bytes)
      _ = try intake.finish()
      return
    }
    defer { bodyCache.insert(bytes, for: hash) }
    if let base, base != hash, bytes.count >= 256, let delta = try delta(of: bytes, against: base) {
      try execute(
        "INSERT INTO body (hash, size, coding, base, depth, data) VALUES (?, ?, 2, ?, ?, ?)",
        [hash.data, bytes.count, delta.base, delta.depth, Data(delta.packed)])
      return
    }
    // Level 1: a first copy writes every body once, and the disk is rarely what is short.
    let packed = bytes.count < 64 || Self.isNoise(bytes) ? [] : Deflate.compress(bytes, level: 1)
    let isPacked = !packed.isEmpty && packed.count < bytes.count - bytes.count / 16
    try execute(
      "INSERT INTO body (hash, size, coding, depth, data) VALUES (?, ?, ?, 0, ?)",
      [hash.data, bytes.count, isPacked ? 1 : 0, Data(isPacked ? packed : bytes)])
  }

  /// Whether a sample says that compressing would be in vain, as with most pictures.
  private static func isNoise(_ bytes: [UInt8]) -> Bool {
    let sampleSize = 4 << 10
    guard bytes.count >= 8 * sampleSize else { return false }
    return [bytes.count / 3, bytes.count * 3 / 4].allSatisfy { start in
      Deflate.compress(Array(bytes[start..<start + sampleSize]), level: 1).count > sampleSize - sampleSize
        / 32
    }
  }

  /// The content as a delta against another body, when that is worth a longer way to read it.
  private func delta(
    of bytes: [UInt8], against base: SHA256Hash
  ) throws -> (base: Int64, depth: Int, packed: [UInt8])? {
    guard let row = try row("SELECT id, depth, size FROM body WHERE \(Self.isBody)", [base.data]) else {
      return nil
    }
    let depth: Int = try row[1]
    let baseSize: Int = try row[2]
    // Reading a body must stay cheap: a bounded chain, and no base much larger than what it helps.
    guard depth < BodyDelta.longestChain, baseSize <= bytes.count * 4, bytes.count <= BodyDelta.largestBody,
      let baseBytes = try body(base)
    else { return nil }
    let packed = BodyDelta.pack(bytes, against: baseBytes)
    guard packed.count < bytes.count / 4 else { return nil }
    return (try row[0], depth + 1, packed)
  }

  /// A condition on a row of `body`: that it is the content of the hash `?1`, by the index of first bytes.
  static let isBody = "substr(hash, 1, 8) = substr(?1, 1, 8) AND hash = ?1"

  /// The same for the hash in a column.
  static func isBody(_ column: String) -> String {
    "substr(body.hash, 1, 8) = substr(\(column), 1, 8) AND body.hash = \(column)"
  }

  /// Whether content is held.
  public func holdsBody(_ hash: SHA256Hash) throws -> Bool {
    try integer("SELECT 1 FROM body WHERE \(Self.isBody)", [hash.data]) != nil
  }

  /// The size of held content in bytes.
  public func bodySize(_ hash: SHA256Hash) throws -> UInt64? {
    try value("SELECT size FROM body WHERE \(Self.isBody)", [hash.data])
  }

  /// Content by its hash, or `nil` when this copy doesn't hold it, or holds it in chunks.
  ///
  /// An asset is never read whole: `forEachPiece(of:_:)` and `bytes(of:from:count:)` read any content.
  ///
  /// - Throws: `StoreError.damaged` when what is stored can't be unpacked.
  public func body(_ hash: SHA256Hash) throws -> [UInt8]? {
    if let cached = bodyCache[hash] { return cached }
    guard
      let row = try row(
        "SELECT size, coding, data, base, pack, entry FROM body WHERE \(Self.isBody)", [hash.data])
    else { return nil }
    if try row[1] as Int == Self.chunkedCoding { return nil }
    // Deltas made one by one stand above packed ones, and a packing that was cut short leaves
    // chains of several runs above each other; the bound only keeps a damaged file from leading in circles.
    let bytes = try unpack(row, place: "body \(hash)", depth: 1024)
    bodyCache.insert(bytes, for: hash)
    return bytes
  }

  /// - Parameter depth: How many bases may still lie below; a damaged file must not lead in circles.
  private func unpack(_ row: StoredRow, place: String, depth: Int) throws -> [UInt8] {
    let size: Int = try row[0]
    let coding: Int = try row[1]
    let data: [UInt8] = try row[2]
    guard size >= 0, size <= Limits.document else { throw StoreError.damaged(place) }
    switch coding {
    case 0:
      guard data.count == size else { throw StoreError.damaged(place) }
      return data
    case 1:
      guard let bytes = try? Deflate.decompress(data, size: size) else {
        throw StoreError.damaged(place)
      }
      return bytes
    case 2:
      guard let base = try base(of: row, place: place, depth: depth),
        let bytes = BodyDelta.unpack(data, against: base, size: size)
      else { throw StoreError.damaged(place) }
      return bytes
    case 3:
      guard let id = try row[4] as Int64?, let entry = try row[5] as Int?,
        let bytes = try pack(id)?.body(
          entry, base: base(of: row, place: place, depth: depth) ?? [], size: size)
      else { throw StoreError.damaged(place) }
      return bytes
    default: throw StoreError.damaged("\(place) has coding \(coding)")
    }
  }

  /// What a body is a delta against; `nil` when it is against nothing.
  private func base(of row: StoredRow, place: String, depth: Int) throws -> [UInt8]? {
    guard let id = try row[3] as Int64? else { return nil }
    guard depth > 0,
      let base = try self.row(
        "SELECT size, coding, data, base, pack, entry, hash FROM body WHERE id = ?", [id])
    else { throw StoreError.damaged(place) }
    let hash: SHA256Hash = try base[6]
    if let cached = bodyCache[hash] { return cached }
    let bytes = try unpack(base, place: place, depth: depth - 1)
    bodyCache.insert(bytes, for: hash)
    return bytes
  }

  private func pack(_ id: Int64) throws -> BodyPack? {
    if let cached = packCache[id] { return cached }
    guard let bytes = try blob("SELECT data FROM pack WHERE id = ?", [id]), let pack = BodyPack(bytes) else {
      return nil
    }
    packCache.insert(pack, for: id)
    return pack
  }

  /// Drops content that no head, conflict, revision, draft or quarantined draft needs any more.
  ///
  /// - Parameter candidates: The hashes to look at.
  public func dropUnneededBodies(_ candidates: Set<SHA256Hash>) throws {
    var remaining = candidates
    try removeReferenced(from: &remaining)
    var isDone = false
    // A base goes only after what is a delta against it, so what was left is looked at again.
    while !isDone {
      isDone = true
      for hash in remaining.sorted() where try dropUnneededBody(hash) {
        remaining.remove(hash)
        isDone = false
      }
    }
  }

  /// Takes out what heads, conflicts, proposals, drafts and quarantined drafts name.
  ///
  /// These tables have no index by content. For few candidates SQLite looks through them quickest; for many, each
  /// is walked once: after a step in which everything changed there are as many candidates as documents.
  private func removeReferenced(from candidates: inout Set<SHA256Hash>) throws {
    if candidates.count <= Self.fewCandidates {
      for hash in candidates where try isReferenced(hash) { candidates.remove(hash) }
      return
    }
    for column in [
      "content FROM head", "base FROM conflict", "content FROM proposal", "hash FROM quarantine_body",
      "content FROM draft_line JOIN draft ON draft.id = draft_line.draft WHERE outcome <> 'logged'",
      "base_content FROM draft_line JOIN draft ON draft.id = draft_line.draft WHERE outcome <> 'logged'",
    ] {
      guard !candidates.isEmpty else { return }
      let rows = try cursor("SELECT \(column)")
      while let row = try rows.next() {
        if let hash = try row[0] as SHA256Hash? { candidates.remove(hash) }
      }
    }
  }

  // A row costs about so many times more to walk here than to compare in SQLite.
  private static let fewCandidates = 32

  /// Whether a head, a conflict, a proposal, a quarantined change set or a draft needs a content.
  func isReferenced(_ hash: SHA256Hash) throws -> Bool {
    try integer(
      """
      SELECT EXISTS (SELECT 1 FROM head WHERE content = ?1) OR EXISTS (SELECT 1 FROM conflict WHERE base = ?1)
        OR EXISTS (SELECT 1 FROM proposal WHERE content = ?1)
        OR EXISTS (SELECT 1 FROM quarantine_body WHERE quarantine_body.hash = ?1)
        OR EXISTS (
          SELECT 1 FROM draft_line JOIN draft ON draft.id = draft_line.draft
          WHERE outcome <> 'logged' AND (content = ?1 OR base_content = ?1))
      """, [hash.data]) == 1
  }

  private func dropUnneededBody(_ hash: SHA256Hash) throws -> Bool {
    bodyCache.remove(hash)
    let pack = try integer("SELECT pack FROM body WHERE \(Self.isBody)", [hash.data])
    try execute(
      """
      DELETE FROM body WHERE \(Self.isBody)
        AND NOT EXISTS (SELECT 1 FROM revision r WHERE \(RevisionRows.content(is: "?1")))
        AND NOT EXISTS (SELECT 1 FROM body AS other WHERE other.base = body.id)
      """, [hash.data])
    guard db.changesCount > 0 else { return false }
    if let pack { try leavePack(pack) }
    return true
  }

  /// Every held content hash, for verification.
  public func bodyHashes() throws -> [SHA256Hash] {
    try rows("SELECT hash FROM body ORDER BY id").map { try $0[0] }
  }
}
