import Foundation
import GRDB
import SheafLog
import SheafModel

/// A key that cosigned, as a row says; whose it is, is for the reader to find out.
public struct StoredCosigner: Hashable, Sendable {
  /// Its row, by which its cosignatures are looked up.
  public var row: Int64
  public var key: VerifierKey
}

/// Which cosignature: there is one for a checkpoint, a cosigner and a time.
public struct CosignaturePlace: Hashable, Sendable {
  /// The checkpoint's size.
  public var size: UInt64
  /// The cosigner's row.
  public var cosigner: Int64
  /// The signed time, seconds since 1970.
  public var time: UInt64
}

extension StoreTransaction {
  private static let columns =
    "SELECT s.size, c.name, c.key, s.time, s.signature FROM cosignature s JOIN cosigner c ON c.id = s.cosigner"

  /// Everybody of whom a cosignature is held or was; those whose name no key can have are left out.
  public func cosigners() throws -> [StoredCosigner] {
    try rows("SELECT id, name, key FROM cosigner ORDER BY id").map { row in
      StoredCosigner(row: try row["id"], key: try VerifierKey(cosigner: row))
    }
  }

  /// A cosigner's next cosignature in the order of sizes and times.
  ///
  /// - Parameters:
  ///   - size: Only those of larger checkpoints, or of this one at a later time.
  ///   - time: `nil` for none of this one.
  public func cosignature(
    by cosigner: Int64, after size: UInt64, _ time: UInt64? = nil
  ) throws -> StoredCosignature? {
    try row(
      Self.columns + " WHERE s.cosigner = ? AND (s.size, s.time) > (?, ?) ORDER BY s.size, s.time LIMIT 1",
      [cosigner, Int64(clamping: size), time.map { Int64(clamping: $0) } ?? .max]
    ).map { try StoredCosignature($0) }
  }

  /// The first time of a cosigner's for the largest checkpoint of less than `size` leaves that it cosigned.
  public func lastCosignature(by cosigner: Int64, below size: UInt64) throws -> StoredCosignature? {
    try row(
      Self.columns + " WHERE s.cosigner = ? AND s.size < ? ORDER BY s.size DESC, s.time LIMIT 1",
      [cosigner, Int64(clamping: size)]
    ).map { try StoredCosignature($0) }
  }

  /// A cosigner's smallest time, of whatever checkpoint.
  public func earliestCosignature(by cosigner: Int64) throws -> StoredCosignature? {
    try row(Self.columns + " WHERE s.cosigner = ? ORDER BY s.time, s.size LIMIT 1", [cosigner])
      .map { try StoredCosignature($0) }
  }

  /// One cosignature; `nil` where it is not held.
  public func cosignature(at place: CosignaturePlace) throws -> StoredCosignature? {
    try row(
      Self.columns + " WHERE s.size = ? AND s.cosigner = ? AND s.time = ?",
      [Int64(clamping: place.size), place.cosigner, Int64(clamping: place.time)]
    ).map { try StoredCosignature($0) }
  }

  /// Where all cosignatures are, by size, cosigner and time.
  public func cosignaturePlaces() throws -> [CosignaturePlace] {
    try rows("SELECT size, cosigner, time FROM cosignature ORDER BY size, cosigner, time").map {
      CosignaturePlace(
        size: try $0[0], cosigner: try $0[1], time: try $0[2])
    }
  }

  // MARK: whose keys they are

  /// The note that binds the publisher's newest clock to the library; `nil` before one was seen.
  public func timeKeyNote() throws -> [UInt8]? {
    try blob("SELECT note FROM time_key ORDER BY generation DESC LIMIT 1")
  }

  /// The notes of all its clocks that were seen, the first generation first.
  public func timeKeyNotes() throws -> [(generation: UInt64, note: [UInt8])] {
    try rows("SELECT generation, note FROM time_key ORDER BY generation").map {
      (try $0[0], try $0[1])
    }
  }

  /// Keeps a verified key note beside those before it, by which older times are verified.
  public func insertTimeKeyNote(_ note: [UInt8], generation: UInt64) throws {
    try execute(
      "INSERT OR REPLACE INTO time_key (generation, note) VALUES (?, ?)",
      [Int64(clamping: generation), Data(note)])
  }

  /// Every key that the document of a member has named as its witness's, in any revision that was no mere proposal.
  ///
  /// Content that is not held names nobody.
  public func witnessKeys(at path: DocumentPath) throws -> Set<[UInt8]> {
    guard let document = try existingDocumentRow(path) else { return [] }
    var contents = Set(try heads(document).compactMap(\.content))
    for revision in try revisions(of: document) {
      guard let content = revision.content, try !wasHeld(revision.id) else { continue }
      contents.insert(content)
    }
    return Set(contents.compactMap { (try? member(content: $0, at: path))?.witness })
  }
}
