import Foundation
import GRDB
import SheafLog
import SheafModel

/// A cosignature as it is stored: who vouched for the checkpoint of a size, and when.
public struct StoredCosignature: Hashable, Sendable {
  /// The checkpoint's size.
  public var size: UInt64
  /// The cosigner's key.
  public var cosigner: VerifierKey
  /// The signed time, seconds since 1970.
  public var time: UInt64
  /// The Ed25519 signature, 64 bytes.
  public var signature: [UInt8]

  /// - Returns: `nil` unless the line is a cosignature of this key, as its form goes.
  public init?(size: UInt64, cosigner: VerifierKey, line: NoteSignature) {
    let bytes = line.signature
    guard cosigner.matches(line), bytes.count == 72 else { return nil }
    let time = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard time <= UInt64(Int64.max) else { return nil }
    self.size = size
    self.cosigner = cosigner
    self.time = time
    signature = Array(bytes.suffix(64))
  }

  init(_ row: StoredRow) throws {
    size = try row["size"]
    cosigner = try VerifierKey(cosigner: row)
    time = try row["time"]
    signature = try row["signature"]
  }

  /// The signature line.
  public var line: NoteSignature {
    get throws {
      try NoteSignature(
        name: cosigner.name, keyID: cosigner.keyID,
        signature: withUnsafeBytes(of: time.bigEndian) { Array($0) } + signature)
    }
  }
}

extension VerifierKey {
  /// Reads a cosigner's key from a row with its columns.
  init(cosigner row: StoredRow) throws {
    let (name, publicKey): (String, [UInt8]) = (try row["name"], try row["key"])
    do {
      try self.init(name: name, algorithm: .cosignature, publicKey: publicKey)
    } catch {
      throw StoreError.damaged("cosigner \(name)")
    }
  }
}

extension StoreTransaction {
  private static let columns =
    "SELECT s.size, c.name, c.key, s.time, s.signature FROM cosignature s JOIN cosigner c ON c.id = s.cosigner"

  /// Keeps a cosignature that was verified; of one checkpoint and cosigner the first and the last time stay.
  public func insert(_ cosignature: StoredCosignature) throws {
    let key = cosignature.cosigner
    try execute("INSERT OR IGNORE INTO cosigner (name, key) VALUES (?, ?)", [key.name, Data(key.publicKey)])
    guard
      let row = try integer(
        "SELECT id FROM cosigner WHERE name = ? AND key = ?", [key.name, Data(key.publicKey)])
    else { throw StoreError.damaged("cosigner \(key.name)") }
    try execute(
      "INSERT OR IGNORE INTO cosignature (size, cosigner, time, signature) VALUES (?, ?, ?, ?)",
      [Int64(clamping: cosignature.size), row, Int64(cosignature.time), Data(cosignature.signature)])
    try execute(
      """
      DELETE FROM cosignature WHERE size = ?1 AND cosigner = ?2
        AND time > (SELECT min(time) FROM cosignature WHERE size = ?1 AND cosigner = ?2)
        AND time < (SELECT max(time) FROM cosignature WHERE size = ?1 AND cosigner = ?2)
      """, [Int64(clamping: cosignature.size), row])
  }

  /// All cosignatures of the checkpoint of a size, the publisher's clock first, then by name and time.
  public func cosignatures(size: UInt64) throws -> [StoredCosignature] {
    try rows(
      Self.columns + " WHERE s.size = ? ORDER BY length(c.name), c.name, s.time", [Int64(clamping: size)]
    )
    .map { try StoredCosignature($0) }
  }

  /// Sizes of checkpoints whose cosignatures are beyond the log of this copy, or by nobody; for verification.
  public func strayCosignatures(limit: Int) throws -> [Int64] {
    try rows(
      """
      SELECT DISTINCT size FROM cosignature
      WHERE size < 1 OR size > ? OR cosigner NOT IN (SELECT id FROM cosigner) ORDER BY size LIMIT ?
      """, [Int64(clamping: try position().size), limit]
    ).map { try $0[0] }
  }

  /// The sizes of checkpoints that have cosignatures, beyond a size, in order.
  public func cosignedSizes(after size: UInt64) throws -> [UInt64] {
    try rows("SELECT DISTINCT size FROM cosignature WHERE size > ? ORDER BY size", [Int64(clamping: size)])
      .map { try $0[0] }
  }

  /// The newest time by a cosigner's key, of whatever checkpoint.
  public func newestCosignature(by key: VerifierKey) throws -> StoredCosignature? {
    try row(
      Self.columns + " WHERE c.name = ? AND c.key = ? ORDER BY s.time DESC, s.size DESC LIMIT 1",
      [key.name, Data(key.publicKey)]
    ).map { try StoredCosignature($0) }
  }

  /// Forgets checkpoints beyond a size and their cosignatures: before another log takes their place.
  public func removeCheckpoints(after size: UInt64) throws {
    try execute("DELETE FROM checkpoint WHERE size > ?", [Int64(clamping: size)])
    try execute("DELETE FROM cosignature WHERE size > ?", [Int64(clamping: size)])
  }

  /// How many cosignatures are held.
  public func cosignatureCount() throws -> UInt64 {
    try value("SELECT count(*) FROM cosignature") ?? 0
  }

  /// The largest time of the publisher's that was ever seen.
  public func timeFloor() throws -> Timestamp? {
    try number("time-floor").map { Timestamp(seconds: Int64(clamping: $0)) }
  }

  /// Lifts the floor; a smaller time changes nothing.
  public func raiseTimeFloor(to time: UInt64) throws {
    if try number("time-floor") ?? 0 < time { try set("time-floor", time) }
  }

  /// Forgets the floor, when another key of the publisher's clock begins.
  public func resetTimeFloor() throws { try execute("DELETE FROM meta WHERE key = 'time-floor'") }

  /// The size of this copy's last own cosignature that was handed over.
  public func witnessedSize() throws -> UInt64 { try number("witnessed") ?? 0 }

  /// Notes that an own cosignature was handed over.
  public func setWitnessedSize(_ size: UInt64) throws { try set("witnessed", size) }

  private func number(_ key: String) throws -> UInt64? {
    try blob("SELECT value FROM meta WHERE key = ?", [key]).flatMap {
      UInt64(String(decoding: $0, as: UTF8.self))
    }
  }

  private func set(_ key: String, _ number: UInt64) throws {
    try execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [key, Data(String(number).utf8)])
  }
}
