import Foundation
import GRDB
import SheafDelta
import SheafModel

/// Files an asset chunk by chunk, inside one transaction.
///
/// Holds 16 bytes for each chunk and never the content. Nothing counts before `finish`; whoever gives
/// up before that ends the transaction or calls `abandon`.
public struct AssetWriter {
  static let largestChunk = ContentChunker.largest

  private let transaction: StoreTransaction
  private var parts: [(start: Int64, chunk: Int64)] = []
  private var hasher = SHA256Hash.Hasher()
  /// How many bytes there are so far.
  public private(set) var sizeInBytes: UInt64 = 0

  public init(_ transaction: StoreTransaction) { self.transaction = transaction }

  /// Adds a chunk's bytes, which are stored unless they are held already.
  public mutating func add(_ bytes: [UInt8]) throws {
    let hash = SHA256Hash(hashing: bytes)
    let id: Int64
    if let held = try transaction.integer("SELECT id FROM chunk WHERE hash = ?", [hash.data]) {
      id = held
    } else {
      let packed = PackedChunk(bytes)
      try transaction.execute(
        "INSERT INTO chunk (hash, size, coding, data) VALUES (?, ?, ?, ?)",
        [hash.data, bytes.count, packed.isDeflated ? 1 : 0, Data(packed.bytes)])
      id = transaction.db.lastInsertedRowID
    }
    try add(StoredChunk(id: id, sizeInBytes: bytes.count), bytes: bytes)
  }

  /// Adds a chunk that is held, whose bytes are these.
  public mutating func add(_ chunk: StoredChunk, bytes: [UInt8]) throws {
    let (sum, overflows) = sizeInBytes.addingReportingOverflow(UInt64(bytes.count))
    guard !overflows, sum <= Limits.asset else { throw AssetTooLarge() }
    parts.append((Int64(sizeInBytes), chunk.id))
    hasher.update(bytes)
    sizeInBytes = sum
  }

  /// Files the asset under the hash of all its bytes; one that is held already stays as it is.
  ///
  /// - Returns: That hash.
  public mutating func finish() throws -> SHA256Hash {
    let hash = hasher.finalize()
    guard try !transaction.holdsBody(hash) else {
      try abandon()
      return hash
    }
    try transaction.execute(
      "INSERT INTO body (hash, size, coding, depth, data) VALUES (?, ?, ?, 0, ?)",
      [hash.data, Int64(sizeInBytes), StoreTransaction.chunkedCoding, Data()])
    let body = transaction.db.lastInsertedRowID
    for part in parts {
      try transaction.execute(
        "INSERT INTO asset_chunk (body, start, chunk) VALUES (?, ?, ?)", [body, part.start, part.chunk])
    }
    try transaction.execute("DELETE FROM absent_asset WHERE hash = ?", [hash.data])
    return hash
  }

  /// Drops the chunks that were stored for this asset and that no other has.
  public func abandon() throws {
    for chunk in Set(parts.map(\.chunk)) {
      try transaction.execute(
        "DELETE FROM chunk WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM asset_chunk WHERE chunk = ?1)", [chunk]
      )
    }
  }
}

/// Takes content of any size in pieces and stores it: whole, or in chunks when it is an asset.
///
/// Holds at most what a document may have, and of an asset little more than one chunk.
public struct ContentIntake {
  private let transaction: StoreTransaction
  private var held: [UInt8] = []
  private var asset: (writer: AssetWriter, chunker: ContentChunker)?

  public init(_ transaction: StoreTransaction) { self.transaction = transaction }

  /// Adds the next bytes.
  ///
  /// - Throws: `AssetTooLarge` above 16 GiB.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) throws {
    if asset == nil {
      held.append(contentsOf: bytes)
      guard AssetRule.isAsset(sizeInBytes: UInt64(held.count), start: held.prefix(AssetRule.startSizeInBytes))
      else { return }
      asset = (AssetWriter(transaction), ContentChunker())
      let first = held
      held = []
      try first.withUnsafeBytes { try cut($0) }
    } else {
      try cut(bytes)
    }
  }

  /// Adds the next bytes.
  public mutating func add(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try add($0) } }

  private mutating func cut(_ bytes: UnsafeRawBufferPointer) throws {
    guard var (writer, chunker) = asset else { return }
    // Moved out while they are worked on, so that what they hold is never copied.
    asset = nil
    try chunker.add(bytes) { try writer.add(Array($0)) }
    asset = (writer, chunker)
  }

  /// Stores the content; storing it again does nothing.
  ///
  /// - Parameter base: Held content that it was made from, where there is any.
  public mutating func finish(base: SHA256Hash? = nil) throws -> (hash: SHA256Hash, sizeInBytes: UInt64) {
    guard var (writer, chunker) = asset else {
      let hash = SHA256Hash(hashing: held)
      try transaction.storeBody(held, hash: hash, base: base)
      return (hash, UInt64(held.count))
    }
    asset = nil
    try chunker.finish { try writer.add(Array($0)) }
    return (try writer.finish(), writer.sizeInBytes)
  }
}

/// Content above the limit. Nothing was stored.
public struct AssetTooLarge: SheafFailure, Equatable {
  public init() {}
  public var problem: String { "it is larger than \(Limits.asset >> 30) GiB" }
  public var unchanged: String { "the library is as it was" }
}
