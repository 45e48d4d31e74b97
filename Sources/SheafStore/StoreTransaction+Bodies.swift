import Foundation
import GRDB
import SheafCompression
import SheafModel

extension StoreTransaction {
  /// Stores content once; storing it again does nothing.
  ///
  /// - Parameter hash: The SHA-256 of `bytes`, which the caller has just computed.
  public func storeBody(_ bytes: [UInt8], hash: SHA256Hash) throws {
    guard try !holdsBody(hash) else { return }
    // Level 1: a first copy writes every body once, and the disk is rarely what is short.
    let packed = bytes.count < 64 ? [] : Deflate.compress(bytes, level: 1)
    let isPacked = !packed.isEmpty && packed.count < bytes.count - bytes.count / 16
    try execute(
      "INSERT INTO body (hash, size, coding, data) VALUES (?, ?, ?, ?)",
      [hash.data, bytes.count, isPacked ? 1 : 0, Data(isPacked ? packed : bytes)])
  }

  /// Whether content is held.
  public func holdsBody(_ hash: SHA256Hash) throws -> Bool {
    try integer("SELECT 1 FROM body WHERE hash = ?", [hash.data]) != nil
  }

  /// The size of held content in bytes.
  public func bodySize(_ hash: SHA256Hash) throws -> UInt64? {
    try integer("SELECT size FROM body WHERE hash = ?", [hash.data]).map { UInt64(clamping: $0) }
  }

  /// Content by its hash, or `nil` when this copy doesn't hold it.
  ///
  /// - Throws: `StoreError.damaged` when what is stored can't be unpacked.
  public func body(_ hash: SHA256Hash) throws -> [UInt8]? {
    guard let row = try row("SELECT size, coding, data FROM body WHERE hash = ?", [hash.data]) else {
      return nil
    }
    return try Self.unpack(row, hash: hash)
  }

  private static func unpack(_ row: Row, hash: SHA256Hash) throws -> [UInt8] {
    let size: Int = row[0]
    let coding: Int = row[1]
    let data: Data = row[2]
    switch coding {
    case 0:
      guard data.count == size else { throw StoreError.damaged("body \(hash)") }
      return [UInt8](data)
    case 1:
      guard size >= 0, size <= Limits.document, let bytes = try? Deflate.decompress([UInt8](data), size: size)
      else {
        throw StoreError.damaged("body \(hash)")
      }
      return bytes
    default: throw StoreError.damaged("body \(hash) has coding \(coding)")
    }
  }

  /// Drops content that no head, conflict, revision, draft or quarantined draft needs any more.
  ///
  /// - Parameter candidates: The hashes to look at.
  public func dropUnneededBodies(_ candidates: Set<SHA256Hash>) throws {
    for hash in candidates.sorted() {
      try execute(
        """
        DELETE FROM body WHERE hash = ?1
          AND NOT EXISTS (SELECT 1 FROM head WHERE content = ?1)
          AND NOT EXISTS (SELECT 1 FROM conflict WHERE base = ?1)
          AND NOT EXISTS (SELECT 1 FROM revision WHERE content = ?1)
          AND NOT EXISTS (
            SELECT 1 FROM draft_line JOIN draft ON draft.id = draft_line.draft
            WHERE outcome <> 'logged' AND (content = ?1 OR base_content = ?1))
          AND NOT EXISTS (SELECT 1 FROM quarantine_body WHERE quarantine_body.hash = ?1)
        """, [hash.data])
    }
  }

  /// Every held content hash, for verification.
  public func bodyHashes() throws -> [SHA256Hash] {
    try rows("SELECT hash FROM body ORDER BY id").map { try SHA256Hash(column: $0[0], "body") }
  }
}
