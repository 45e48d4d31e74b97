import Foundation
import GRDB
import SheafModel

/// What follows from other rows and need not stand twice (`Schemas/store.md`, "What compact leaves out").
extension StoreTransaction {
  /// What seals a reason, where it can be computed.
  static func seal(of reason: [UInt8]?, seed: Seed?) -> SHA256Hash? {
    guard let reason, let seed else { return nil }
    return Commitment(reason: SHA256Hash(hashing: reason), seed: seed).hash
  }

  /// Leaves out of some change sets and their lines what follows from other rows.
  ///
  /// - Parameters:
  ///   - number: Only change sets after this one.
  ///   - count: The most change sets to do.
  /// - Returns: The last of them; `nil` when there are none.
  public func leaveOutWhatFollows(after number: UInt64, count: UInt64) throws -> UInt64? {
    let size = try position().size
    guard number < size else { return nil }
    let last = min(size, number + count)
    let (first, end) = (Int64(clamping: number + 1), Int64(clamping: last))
    try execute(
      """
      UPDATE change_set SET seen_root = NULL WHERE number BETWEEN ? AND ?
        AND seen_root = (SELECT root FROM checkpoint c WHERE c.size = change_set.seen)
      """, [first, end])
    let sealed = try rows(
      """
      SELECT number, reason, seed, reason_seal FROM change_set
      WHERE number BETWEEN ? AND ? AND reason_seal IS NOT NULL AND seed IS NOT NULL
      """, [first, end])
    for row in sealed
    where try Self.seal(of: reason(row[0], in: row), seed: row[2])
      == row[3]
    {
      try execute("UPDATE change_set SET reason_seal = NULL WHERE number = ?", [row[0] as Int64])
    }
    // An asset may be let go of while its revisions stay, so they keep its hash.
    try execute(
      """
      UPDATE revision SET content = b.id FROM body b
      WHERE revision.id BETWEEN ? AND ? AND typeof(revision.content) = 'blob' AND b.coding <> ?
        AND substr(b.hash, 1, 8) = substr(revision.content, 1, 8) AND b.hash = revision.content
      """,
      [RevisionRows.lines(of: number + 1).first, RevisionRows.lines(of: last).last, Self.chunkedCoding])
    return last
  }

  /// Writes down what seals a change set's reason, which nothing tells any more once the seed is gone.
  func keepReasonSeal(ofChangeSet number: Int64) throws {
    guard
      let row = try row(
        "SELECT reason, seed FROM change_set WHERE number = ? AND note IS NULL AND reason_seal IS NULL",
        [number]),
      let seed = try row[1] as Seed?,
      let seal = Self.seal(of: try reason(number, in: row), seed: seed)
    else { return }
    try execute("UPDATE change_set SET reason_seal = ? WHERE number = ?", [seal.data, number])
  }
}
