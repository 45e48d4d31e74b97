import Foundation
import GRDB
import SheafDelta
import SheafModel

/// Moves bodies into packs, inside one transaction.
///
/// Every body that it packs is a delta only against bodies that the same run packed, and a
/// body comes after its base: so no chain can lead in a circle, whatever chains there were.
public struct BodyPacker {
  /// The most bases below a packed body.
  static let longestChain = 32
  /// What the bodies of a chain may come to, so that reading its end stays quick.
  private static let largestChainInBytes = 16 << 20

  private struct Waiting {
    var id: Int64
    var base: Int64?
    var depth: Int
  }

  private let transaction: StoreTransaction
  /// The newest pack from before this run.
  private let run: Int64
  private var builder = BodyPack.Builder()
  private var waiting: [Waiting] = []
  private var waitingIDs: [Int64: Int] = [:]
  /// What has been done, in bytes of bodies; what compresses a pack counts eight times as much as what finds
  /// the differences.
  public private(set) var workInBytes = 0
  public private(set) var count = 0

  /// - Parameter run: `StoreTransaction.newestPack()` at the start of the run.
  public init(_ transaction: StoreTransaction, run: Int64) {
    self.transaction = transaction
    self.run = run
  }

  /// Packs a body, unless this run already did.
  ///
  /// - Parameter bases: What it may be a delta against, the best first; those that this run has not
  ///   packed, and those at the end of a long chain, are passed over.
  public mutating func add(_ hash: SHA256Hash, bases: [SHA256Hash]) throws {
    guard
      let row = try transaction.row(
        "SELECT id, size, pack FROM body WHERE \(StoreTransaction.isBody)", [hash.data])
    else { return }
    let id: Int64 = try row[0]
    let size: Int = try row[1]
    // Larger bodies are kept as they are: a chain of them would take too much memory to read.
    guard size <= BodyDelta.largestBody, waitingIDs[id] == nil, try row[2] as Int64? ?? 0 <= run,
      let bytes = try transaction.body(hash)
    else { return }
    var streams = DeltaStreams()
    var chosen: (id: Int64, depth: Int)?
    for base in bases where base != hash {
      guard let found = try usable(base, for: size), let baseBytes = try transaction.body(base) else {
        continue
      }
      var delta = DeltaStreams()
      DeltaEncoder.encode(base: baseBytes, target: bytes, into: &delta)
      let deltaSize = delta.instructions.count + delta.addresses.count + delta.literals.count
      if deltaSize < bytes.count / 2 {
        (streams, chosen) = (delta, found)
        break
      }
    }
    if chosen == nil { DeltaEncoder.encode(base: [], target: bytes, into: &streams) }
    let weight = BodyPack.Builder.weight(of: streams)
    if !builder.hasRoom(for: streams, weight: weight) { try flush() }
    builder.add(streams, weight: weight)
    workInBytes += size + 8 * (streams.literals.count + streams.instructions.count)
    let depth = chosen.map { $0.depth + 1 } ?? 0
    waitingIDs[id] = depth
    waiting.append(Waiting(id: id, base: chosen?.id, depth: depth))
    count += 1
  }

  private func usable(_ base: SHA256Hash, for size: Int) throws -> (id: Int64, depth: Int)? {
    guard
      let row = try transaction.row(
        "SELECT id, depth, pack, size FROM body WHERE \(StoreTransaction.isBody)", [base.data])
    else { return nil }
    let id: Int64 = try row[0]
    let stored: Int = try row[1]
    let isOfRun = try (row[2] as Int64?).map { $0 > run } ?? false
    guard let depth = waitingIDs[id] ?? (isOfRun ? stored : nil) else { return nil }
    let baseSize: Int = try row[3]
    let largest = max(size, baseSize, 1)
    guard depth < min(Self.longestChain, max(1, Self.largestChainInBytes / largest)),
      baseSize <= max(1 << 16, size * 4)
    else { return nil }
    return (id, depth)
  }

  /// Writes the pack that is being put together.
  public mutating func flush() throws {
    guard builder.count > 0 else { return }
    try transaction.execute(
      "INSERT INTO pack (entries, held, data) VALUES (?1, ?1, ?2)", [waiting.count, Data(builder.finish())])
    let pack = transaction.db.lastInsertedRowID
    for (entry, body) in waiting.enumerated() {
      let old = try transaction.integer("SELECT pack FROM body WHERE id = ?", [body.id])
      try transaction.execute(
        "UPDATE body SET coding = 3, base = ?, depth = ?, pack = ?, entry = ?, data = x'' WHERE id = ?",
        [body.base, body.depth, pack, entry, body.id])
      if let old { try transaction.leavePack(old) }
    }
    builder = BodyPack.Builder()
    waiting.removeAll()
    waitingIDs.removeAll()
  }
}

extension StoreTransaction {
  /// The newest pack; 0 when there is none.
  public func newestPack() throws -> Int64 { try integer("SELECT max(id) FROM pack") ?? 0 }

  /// Notes that an entry of a pack is needed no more; the pack goes with its last one.
  func leavePack(_ pack: Int64) throws {
    try execute("UPDATE pack SET held = held - 1 WHERE id = ?", [pack])
    try execute("DELETE FROM pack WHERE id = ? AND held <= 0", [pack])
    // The newest pack's number is given again once it is gone.
    if db.changesCount > 0 { packCache.remove(pack) }
  }

  /// The contents that a document has had and that are held, the newest first.
  public func contents(of document: DocumentRow) throws -> [SHA256Hash] {
    let found = try rows(
      """
      SELECT content FROM (
        SELECT content, ?2 - position AS place FROM head WHERE document = ?1
        UNION ALL SELECT \(RevisionRows.content), id FROM revision r WHERE document = ?1)
      WHERE content IS NOT NULL AND EXISTS (SELECT 1 FROM body WHERE \(Self.isBody("content"))) ORDER BY place DESC
      """, [document.id, Int64.max])
    var seen: Set<SHA256Hash> = []
    return try found.map { try $0[0] as SHA256Hash }.filter { seen.insert($0).inserted }
  }

  /// Documents in byte order of their paths, those that are gone included.
  public func allDocuments(after: DocumentPath?, count: Int) throws -> [(DocumentPath, DocumentRow)] {
    try rows(
      "SELECT path, id FROM document WHERE ?1 IS NULL OR path > ?1 ORDER BY path LIMIT ?2",
      [after?.text, count]
    ).map { (try $0[0], try $0[1]) }
  }

  /// Bodies that could be packed and are in no pack, or in one up to `pack`; at most `count`.
  public func bodies(notInPacksAfter pack: Int64, count: Int) throws -> [SHA256Hash] {
    try rows(
      """
      SELECT hash FROM body WHERE (pack IS NULL OR pack <= ?) AND size <= ? AND coding <> ?
      ORDER BY pack, entry, id LIMIT ?
      """, [pack, BodyDelta.largestBody, Self.chunkedCoding, count]
    ).map { try $0[0] }
  }

  /// Whether there is a body that is in no pack and could be in one.
  public func hasUnpackedBodies() throws -> Bool {
    try integer(
      "SELECT 1 FROM body WHERE pack IS NULL AND size <= ? AND coding <> ? LIMIT 1",
      [BodyDelta.largestBody, Self.chunkedCoding]) != nil
  }
}

extension LibraryStore {
  /// The size of the database's file, and what of it is free, in bytes.
  public func fileSize() throws -> (total: UInt64, free: UInt64) {
    try readBlocking { transaction in
      func pragma(_ name: String) throws -> UInt64 {
        try transaction.value("PRAGMA \(name)") ?? 0
      }
      let page = try pragma("page_size")
      return (try pragma("page_count") * page, try pragma("freelist_count") * page)
    }
  }

  /// Writes the whole file anew without its free space; stopped at any moment, it is as it was.
  ///
  /// Takes up to twice the file's size of free disk: once in a temporary file, which SQLite puts in
  /// `SQLITE_TMPDIR`, `TMPDIR` or `/var/tmp`, and once in the write-ahead log.
  public func vacuum() async throws {
    try await exclusively(purpose: "sheaf compact") { db in
      try db.execute(sql: "VACUUM")
      _ = try? db.checkpoint(.truncate)
    }
  }
}
