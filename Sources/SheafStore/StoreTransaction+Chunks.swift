import Foundation
import GRDB
import SheafCompression
import SheafModel

/// A chunk in this copy; its row number means nothing outside it.
public struct StoredChunk: Hashable, Sendable {
  /// Its row.
  public let id: Int64
  /// Its size in bytes.
  public let sizeInBytes: Int

  public init(id: Int64, sizeInBytes: Int) {
    self.id = id
    self.sizeInBytes = sizeInBytes
  }
}

/// How a chunk is kept, and how it travels.
public struct PackedChunk: Sendable {
  /// Whether the bytes are one raw deflate stream.
  public let isDeflated: Bool
  public let bytes: [UInt8]

  /// Packs a chunk where that saves at least a sixteenth of it.
  ///
  /// Most assets are compressed already: the first 16 KiB tell at a small price.
  init(_ bytes: [UInt8]) {
    let start = Array(bytes.prefix(16 << 10))
    if Deflate.compress(start, level: 1).count <= start.count - start.count / 16 {
      let packed = Deflate.compress(bytes, level: 6)
      if packed.count <= bytes.count - bytes.count / 16 {
        (isDeflated, self.bytes) = (true, packed)
        return
      }
    }
    (isDeflated, self.bytes) = (false, bytes)
  }

  init(isDeflated: Bool, bytes: [UInt8]) { (self.isDeflated, self.bytes) = (isDeflated, bytes) }
}

extension StoreTransaction {
  /// The coding of a body that is kept in chunks.
  static let chunkedCoding = 9

  /// The size of an asset that is held, in bytes; `nil` for what is not held or is held whole.
  public func assetSize(_ hash: SHA256Hash) throws -> UInt64? {
    try value(
      "SELECT size FROM body WHERE \(Self.isBody) AND coding = ?2", [hash.data, Self.chunkedCoding]
    )
  }

  /// The size of an asset that this copy knows of without holding it; `nil` for everything else.
  public func absentSize(_ hash: SHA256Hash) throws -> UInt64? {
    try value("SELECT size FROM absent_asset WHERE hash = ?", [hash.data])
  }

  /// Takes note of an asset that did not come; one that is held stays.
  public func noteAbsent(_ hash: SHA256Hash, sizeInBytes: UInt64) throws {
    guard try !holdsBody(hash) else { return }
    try execute(
      "INSERT OR REPLACE INTO absent_asset VALUES (?, ?)", [hash.data, Int64(clamping: sizeInBytes)])
  }

  /// The chunks of an asset that is held, in order; `nil` when it is not.
  public func chunks(of hash: SHA256Hash) throws -> [StoredChunk]? {
    guard let body = try assetRow(hash) else { return nil }
    return try chunks(ofBody: body, from: 0, count: .max)
  }

  /// One chunk.
  ///
  /// - Throws: `StoreError.damaged` when it is not there or can't be unpacked.
  public func bytes(of chunk: StoredChunk) throws -> [UInt8] {
    let packed = try self.packed(chunk)
    guard packed.isDeflated else {
      guard packed.bytes.count == chunk.sizeInBytes else { throw StoreError.damaged("chunk \(chunk.id)") }
      return packed.bytes
    }
    guard let bytes = try? Deflate.decompress(packed.bytes, size: chunk.sizeInBytes) else {
      throw StoreError.damaged("chunk \(chunk.id)")
    }
    return bytes
  }

  /// One chunk as it is kept.
  public func packed(_ chunk: StoredChunk) throws -> PackedChunk {
    guard let row = try row("SELECT coding, data FROM chunk WHERE id = ?", [chunk.id]) else {
      throw StoreError.damaged("chunk \(chunk.id)")
    }
    let coding: Int = try row[0]
    guard (0...1).contains(coding) else { throw StoreError.damaged("chunk \(chunk.id) has coding \(coding)") }
    return PackedChunk(isDeflated: coding == 1, bytes: try row[1])
  }

  /// A part of any content, whether it is kept whole or in chunks.
  ///
  /// - Returns: At most `count` bytes from `offset` on, none behind the end; `nil` when the content is not held.
  public func bytes(of hash: SHA256Hash, from offset: UInt64, count: Int) throws -> [UInt8]? {
    guard let row = try assetRow(hash) else {
      guard let whole = try body(hash) else { return nil }
      let start = min(Int(clamping: offset), whole.count)
      return Array(whole[start..<min(whole.count, start + max(0, count))])
    }
    var bytes: [UInt8] = []
    var position = Int64(clamping: offset)
    while bytes.count < count, let (start, chunk) = try self.chunk(at: position, ofBody: row) {
      let part = try self.bytes(of: chunk)
      let skipped = Int(position - start)
      guard skipped < part.count else { break }
      let taken = min(part.count - skipped, count - bytes.count)
      bytes.append(contentsOf: part[skipped..<skipped + taken])
      position += Int64(taken)
    }
    return bytes
  }

  /// Gives out any content piece by piece, whether it is kept whole or in chunks.
  ///
  /// - Returns: Whether it is held.
  public func forEachPiece(of hash: SHA256Hash, _ body: ([UInt8]) throws -> Void) throws -> Bool {
    guard let row = try assetRow(hash) else {
      guard let whole = try self.body(hash) else { return false }
      try body(whole)
      return true
    }
    var start: Int64 = 0
    while true {
      let some = try chunks(ofBody: row, from: start, count: 256)
      guard !some.isEmpty else { return true }
      for chunk in some {
        try body(try bytes(of: chunk))
        start += Int64(chunk.sizeInBytes)
      }
    }
  }

  /// Chunks by row, a few at a time, with what each is filed under.
  public func chunkRows(after row: Int64, count: Int) throws -> [(chunk: StoredChunk, hash: [UInt8])] {
    try rows("SELECT id, size, hash FROM chunk WHERE id > ? ORDER BY id LIMIT ?", [row, count]).map {
      (StoredChunk(id: try $0[0], sizeInBytes: try $0[1]), try $0[2])
    }
  }

  /// Whether a revision of the log has this content.
  public func isPublished(_ hash: SHA256Hash) throws -> Bool {
    try integer(
      """
      SELECT 1 FROM revision r WHERE \(RevisionRows.content(is: "?1")) LIMIT 1
      """, [hash.data]) != nil
  }

  /// The paths that had this content at some time up to a position, in byte order.
  public func paths(of hash: SHA256Hash, upTo size: UInt64, count: Int) throws -> [DocumentPath] {
    try rows(
      """
      SELECT DISTINCT d.path FROM revision r JOIN document d ON d.id = r.document
      WHERE \(RevisionRows.content(is: "?1"))
        AND r.change_set <= ?2 ORDER BY d.path LIMIT ?3
      """, [hash.data, Int64(clamping: size), count]
    ).map { try $0[0] }
  }

  /// The paths whose heads, open proposals or conflict's base have this content now, in byte order.
  ///
  /// - Complexity: Looks through all heads.
  public func paths(showing hash: SHA256Hash, count: Int) throws -> [DocumentPath] {
    try rows(
      """
      SELECT path FROM document WHERE id IN (
        SELECT document FROM head WHERE content = ?1 UNION SELECT document FROM proposal WHERE content = ?1
        UNION SELECT document FROM conflict WHERE base = ?1) ORDER BY path LIMIT ?2
      """, [hash.data, count]
    ).map { try $0[0] }
  }

  /// A path in some collections that had this content at some time.
  ///
  /// - Parameter collections: `nil` for all.
  public func path(of hash: SHA256Hash, in collections: Set<CollectionName>?) throws -> DocumentPath? {
    guard let collections else { return try paths(of: hash, upTo: .max, count: 1).first }
    let sought = collections.map(\.text) + ["schemas", "sheaf"]
    return try rows(
      """
      SELECT d.path FROM revision r JOIN document d ON d.id = r.document
      WHERE \(RevisionRows.content(is: "?1"))
        AND d.collection IN (SELECT value FROM json_each(?2))
      ORDER BY d.path LIMIT 1
      """, [hash.data, String(decoding: try JSONEncoder().encode(sought), as: UTF8.self)]
    ).first.map { try $0[0] }
  }

  /// Documents one of whose current contents is an asset that is not held, once for each such asset.
  ///
  /// - Parameters:
  ///   - after: Only what stands behind this one; a document's several heads may have an asset each.
  ///   - count: The most to return.
  public func absentDocuments(
    after: (path: DocumentPath, content: SHA256Hash)?, count: Int
  ) throws -> [(path: DocumentPath, content: SHA256Hash, sizeInBytes: UInt64)] {
    try rows(
      """
      SELECT DISTINCT d.path, a.hash, a.size FROM absent_asset a JOIN head h ON h.content = a.hash
      JOIN document d ON d.id = h.document
      WHERE ?1 IS NULL OR (d.path, a.hash) > (?1, ?2) ORDER BY d.path, a.hash LIMIT ?3
      """, [after?.path.text, after?.content.data, count]
    ).map {
      (
        try $0[0], try $0[1],
        try $0[2]
      )
    }
  }

  /// The same for everything that is current: heads, open proposals, and what conflicts are about.
  public func absentContents(
    after: (path: DocumentPath, content: SHA256Hash)?, count: Int
  ) throws -> [(path: DocumentPath, content: SHA256Hash)] {
    guard try integer("SELECT 1 FROM absent_asset LIMIT 1") != nil else { return [] }
    return try rows(
      """
      SELECT d.path, c.content FROM (
        SELECT document, content FROM head UNION SELECT document, content FROM proposal
        UNION SELECT document, base FROM conflict) c
      JOIN absent_asset a ON a.hash = c.content JOIN document d ON d.id = c.document
      WHERE ?1 IS NULL OR (d.path, a.hash) > (?1, ?2) ORDER BY d.path, a.hash LIMIT ?3
      """, [after?.path.text, after?.content.data, count]
    ).map { (try $0[0], try $0[1]) }
  }

  /// How many documents show an asset that is not held, and what those assets come to.
  public func absentCount() throws -> (documents: UInt64, sizeInBytes: UInt64) {
    guard try integer("SELECT 1 FROM absent_asset LIMIT 1") != nil,
      let row = try row(
        """
        SELECT (SELECT count(DISTINCT document) FROM head WHERE content IN (SELECT hash FROM absent_asset)),
          (SELECT ifnull(sum(size), 0) FROM absent_asset WHERE hash IN (SELECT content FROM head))
        """)
    else { return (0, 0) }
    return (try row[0], try row[1])
  }

  /// Forgets what is noted of absent assets that nothing names any more.
  public func dropUnneededAbsent() throws {
    guard try integer("SELECT 1 FROM absent_asset LIMIT 1") != nil else { return }
    try execute(
      """
      DELETE FROM absent_asset WHERE hash NOT IN (SELECT content FROM head WHERE content IS NOT NULL)
        AND hash NOT IN (SELECT base FROM conflict WHERE base IS NOT NULL)
        AND hash NOT IN (SELECT content FROM proposal WHERE content IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM revision r WHERE \(RevisionRows.content(is: "absent_asset.hash")))
      """)
  }

  /// Lets go of an asset's bytes and keeps what is known of it.
  ///
  /// - Returns: The bytes that no other asset shares; `nil` when it was not held, or a draft needs it.
  public func evict(_ hash: SHA256Hash) throws -> UInt64? {
    guard let size = try assetSize(hash),
      try integer(
        """
        SELECT 1 FROM draft_line WHERE content = ?1 OR base_content = ?1
        UNION ALL SELECT 1 FROM quarantine_body WHERE hash = ?1 LIMIT 1
        """, [hash.data]) == nil
    else { return nil }
    let before = try heldSize()
    try execute("DELETE FROM body WHERE \(Self.isBody)", [hash.data])
    try noteAbsent(hash, sizeInBytes: size)
    return before - min(before, try heldSize())
  }

  private func heldSize() throws -> UInt64 { try value("SELECT sum(size) FROM chunk") ?? 0 }

  private func assetRow(_ hash: SHA256Hash) throws -> Int64? {
    try integer("SELECT id FROM body WHERE \(Self.isBody) AND coding = ?2", [hash.data, Self.chunkedCoding])
  }

  private func chunks(ofBody body: Int64, from start: Int64, count: Int) throws -> [StoredChunk] {
    var end = start
    return try rows(
      """
      SELECT a.start, c.id, c.size FROM asset_chunk a JOIN chunk c ON c.id = a.chunk
      WHERE a.body = ? AND a.start >= ? ORDER BY a.start LIMIT ?
      """, [body, start, count]
    ).map { row in
      let (found, chunk) = try placedChunk(row)
      guard found == end else {
        throw StoreError.damaged("a chunk that starts at \(found) instead of \(end)")
      }
      end += Int64(chunk.sizeInBytes)
      return chunk
    }
  }

  private func chunk(at offset: Int64, ofBody body: Int64) throws -> (start: Int64, chunk: StoredChunk)? {
    try row(
      """
      SELECT a.start, c.id, c.size FROM asset_chunk a JOIN chunk c ON c.id = a.chunk
      WHERE a.body = ? AND a.start <= ? ORDER BY a.start DESC LIMIT 1
      """, [body, offset]
    ).map(placedChunk)
  }

  /// Reads a chunk and where it starts in its asset.
  private func placedChunk(_ row: StoredRow) throws -> (start: Int64, chunk: StoredChunk) {
    let (start, size): (Int64, Int) = (try row[0], try row[2])
    guard start >= 0, size > 0, size <= AssetWriter.largestChunk else {
      throw StoreError.damaged("a chunk of \(size) bytes at \(start)")
    }
    return (start, StoredChunk(id: try row[1], sizeInBytes: size))
  }
}
