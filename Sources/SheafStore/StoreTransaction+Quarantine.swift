import Foundation
import GRDB
import SheafModel

extension StoreTransaction {
  /// Keeps a draft that can't be taken, whole, with the reason.
  ///
  /// Of what one carrier brought at most so many and so many bytes are kept; the oldest give way, and their author's
  /// copy has them still. The newest stays, whatever its size.
  ///
  /// - Parameters:
  ///   - carrier: The key of whose share it takes; the author's when `nil`.
  ///   - mostChangeSets: How many of one carrier are kept.
  ///   - mostBytes: How many bytes of one carrier are kept, contents included.
  public func quarantine(
    leaf: SHA256Hash, author: [UInt8], carrier: [UInt8]? = nil, note: [UInt8], seed: Seed, reason: [UInt8],
    lines: String,
    bodies: Set<SHA256Hash>, refusal: String, time: Timestamp,
    mostChangeSets: Int = Limits.quarantinedChangeSets, mostBytes: Int = Limits.quarantinedBytes
  ) throws {
    guard try self.refusal(leaf: leaf) == nil else { return }
    let bodySize = try bodies.reduce(UInt64(0)) { sum, body in
      let (total, isTooLarge) = sum.addingReportingOverflow(try self.bodySize(body) ?? 0)
      return isTooLarge ? .max : total
    }
    let size = Int64(clamping: bodySize).addingReportingOverflow(
      Int64(note.count + reason.count + lines.utf8.count))
    try execute(
      """
      INSERT INTO quarantine (leaf, note, seed, reason, lines, refusal, time, author, carrier, size)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        leaf.data, Data(note), Data(seed.bytes), Data(reason), lines, refusal, time.seconds, Data(author),
        Data(carrier ?? author), size.overflow ? Int64.max : size.partialValue,
      ])
    for body in bodies {
      try execute("INSERT OR IGNORE INTO quarantine_body (leaf, hash) VALUES (?, ?)", [leaf.data, body.data])
    }
    try dropOldestQuarantined(
      of: carrier ?? author, except: leaf, mostChangeSets: Int64(mostChangeSets), mostBytes: Int64(mostBytes))
  }

  private func dropOldestQuarantined(
    of carrier: [UInt8], except newest: SHA256Hash, mostChangeSets: Int64, mostBytes: Int64
  ) throws {
    var freed: Set<SHA256Hash> = []
    while let totals = try row(
      "SELECT count(*), ifnull(sum(min(size, ?2)), 0) FROM quarantine WHERE carrier = ?1",
      [Data(carrier), mostBytes &+ (mostBytes < .max ? 1 : 0)]),
      try totals[0] as Int64 > mostChangeSets || totals[1] as Int64 > mostBytes,
      let oldest = try row(
        "SELECT leaf FROM quarantine WHERE carrier = ? AND leaf <> ? ORDER BY time, leaf LIMIT 1",
        [Data(carrier), newest.data])
    {
      let leaf: SHA256Hash = try oldest[0]
      for row in try rows("SELECT hash FROM quarantine_body WHERE leaf = ?", [leaf.data]) {
        freed.insert(try row[0])
      }
      try execute("DELETE FROM quarantine_body WHERE leaf = ?", [leaf.data])
      try execute("DELETE FROM quarantine WHERE leaf = ?", [leaf.data])
      // In a damaged file what a search finds may not be found again, and would be looked for forever.
      guard db.changesCount > 0 else { throw StoreError.damaged("quarantine \(leaf)") }
    }
    try dropUnneededBodies(freed)
  }

  /// Why a draft waits in quarantine; `nil` when it doesn't.
  public func refusal(leaf: SHA256Hash) throws -> String? {
    try row("SELECT refusal FROM quarantine WHERE leaf = ?", [leaf.data]).flatMap { try $0[0] }
  }
}
