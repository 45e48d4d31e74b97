import Foundation
import GRDB
import SheafModel

/// A change set that a publisher was handed and could not take, kept whole.
public struct QuarantinedChangeSet: Hashable, Sendable {
  public var leaf: SHA256Hash
  public var note: [UInt8]
  public var seed: Seed
  public var reason: [UInt8]
  /// The revision list as it was signed.
  public var lines: String
  /// Why it was refused, as its author reads it.
  public var refusal: String
  /// When it came.
  public var time: Timestamp
  /// The author's public key, 32 bytes.
  public var author: [UInt8]
  /// The key of whose share of the quarantine it takes; empty for what strangers share.
  public var carrier: [UInt8]
  /// The size of all of it in bytes, contents included.
  public var sizeInBytes: UInt64
  /// The change set that took its content over; `nil` while nobody has.
  public var changeSet: UInt64?

  init(_ row: StoredRow) throws {
    leaf = try row["leaf"]
    note = try row["note"]
    seed = try row["seed"]
    reason = try row["reason"]
    lines = try row["lines"]
    refusal = try row["refusal"]
    time = try row["time"]
    author = try row["author"]
    carrier = try row["carrier"]
    sizeInBytes = try row["size"]
    changeSet = try row["change_set"]
  }

  /// The first 16 hexadecimal digits of the leaf hash, by which people name it.
  public var mark: String { String(leaf.hex.prefix(16)) }
}

extension StoreTransaction {
  /// What waits in quarantine, oldest first.
  ///
  /// - Parameter prefix: Only what is named so, in hexadecimal digits.
  public func quarantine(
    prefix: String = "", includesReleased: Bool = false, count: Int = .max
  ) throws -> [QuarantinedChangeSet] {
    try rows(
      """
      SELECT * FROM quarantine WHERE (?1 OR change_set IS NULL) AND substr(lower(hex(leaf)), 1, ?2) = ?3
      ORDER BY time, leaf LIMIT ?4
      """, [includesReleased, prefix.utf8.count, prefix, count]
    ).map(QuarantinedChangeSet.init)
  }

  /// The contents that a quarantined change set brought.
  public func quarantinedBodies(_ leaf: SHA256Hash) throws -> [SHA256Hash] {
    try rows("SELECT hash FROM quarantine_body WHERE leaf = ?", [leaf.data]).map {
      try $0[0]
    }
  }

  /// Writes down that somebody took a quarantined change set's content over; its author reads the new words.
  public func release(_ leaf: SHA256Hash, into changeSet: UInt64, refusal: String) throws {
    try execute(
      "UPDATE quarantine SET change_set = ?, refusal = ? WHERE leaf = ?",
      [Int64(clamping: changeSet), refusal, leaf.data])
  }

  /// The authors of the change sets by which a member was revoked, as it now is, its former keys included: a
  /// revocation that met a rotation ends the new key as well.
  public func revokers(of key: [UInt8]) throws -> Set<[UInt8]> {
    try keys(ofPerson: key).reduce(into: Set()) { found, mark in
      guard let path = Member.path(of: mark) else { return }
      found.formUnion(try revokers(at: path))
    }
  }

  private func revokers(at path: DocumentPath) throws -> Set<[UInt8]> {
    guard let document = try existingDocumentRow(path) else { return [] }
    var authors: Set<[UInt8]> = []
    for revision in try revisions(of: document).sorted(by: { $1.name < $0.name }) {
      let bytes = try revision.content.flatMap { try body($0) }
      // A member that was revoked before and trusted again since is another matter.
      guard let bytes, (try? Member(parsing: bytes, at: path))?.revoked != nil else {
        if !authors.isEmpty { break }
        continue
      }
      if let author = try changeSet(revision.name.changeSet)?.author { authors.insert(author) }
    }
    return authors
  }
}
