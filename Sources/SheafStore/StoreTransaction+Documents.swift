import Foundation
import GRDB
import SheafModel

/// A document's row number in this copy; means nothing outside it.
public struct DocumentRow: Hashable, Sendable {
  public let id: Int64
}

/// Paths that one transaction has checked: what holds of a path is looked at once and not for each of its
/// revisions.
final class PathCache {
  private static let capacity = 50_000
  private var paths: [Int64: DocumentPath] = [:]

  /// A document's path, as its row names it.
  func path(of document: DocumentRow, named text: String) throws -> DocumentPath {
    if let path = paths[document.id], path.text == text { return path }
    let path = try DocumentPath(text)
    if paths.count >= Self.capacity { paths.removeAll() }
    paths[document.id] = path
    return path
  }
}

/// A current head of a document.
public struct StoredHead: Hashable, Sendable {
  /// The revision's row, where this copy holds lines.
  public var revision: Int64?
  /// The content's hash; `nil` for a tombstone, and of a past head for content that was destroyed.
  public var content: SHA256Hash?
  /// The content's size in bytes; 0 for a tombstone.
  public var sizeInBytes: UInt64
  /// Whether it has content, known or destroyed; otherwise it is a tombstone.
  public var hasContent: Bool

  public init(revision: Int64?, content: SHA256Hash?, sizeInBytes: UInt64, hasContent: Bool? = nil) {
    self.revision = revision
    self.content = content
    self.sizeInBytes = sizeInBytes
    self.hasContent = hasContent ?? (content != nil)
  }
}

extension StoreTransaction {
  /// The row of a document, made when it is new.
  public func documentRow(_ path: DocumentPath) throws -> DocumentRow {
    if let row = try existingDocumentRow(path) { return row }
    try execute(
      "INSERT INTO document (path, folded) VALUES (?, ?)", [path.text, Self.diskKey(path)])
    return DocumentRow(id: db.lastInsertedRowID)
  }

  /// The row of a document that this copy has heard of.
  public func existingDocumentRow(_ path: DocumentPath) throws -> DocumentRow? {
    try value("SELECT id FROM document WHERE path = ?", [path.text])
  }

  /// The path of a document.
  public func path(_ document: DocumentRow) throws -> DocumentPath {
    guard let row = try row("SELECT path FROM document WHERE id = ?", [document.id]) else {
      throw StoreError.damaged("document \(document.id) is missing")
    }
    return try row[0]
  }

  /// The current heads of a document, the one published first in front.
  public func heads(_ document: DocumentRow) throws -> [StoredHead] {
    try rows("SELECT revision, content, size FROM head WHERE document = ? ORDER BY position", [document.id])
      .map { row in
        StoredHead(
          revision: try row[0],
          content: try row[1],
          sizeInBytes: try row[2] as UInt64? ?? 0, hasContent: try row[2] as UInt64? != nil)
      }
  }

  /// The current heads of a path; none when it was never heard of.
  public func heads(of path: DocumentPath) throws -> [StoredHead] {
    try existingDocumentRow(path).map(heads) ?? []
  }

  /// The content that everybody sees under a path: that of the head published first.
  public func currentContent(of path: DocumentPath) throws -> SHA256Hash? {
    try heads(of: path).first { _ in true }?.content
  }

  /// The heads' common ancestor in a conflict; `nil` when there is none or it is a tombstone.
  public func conflictBase(_ document: DocumentRow) throws -> SHA256Hash? {
    try value("SELECT base FROM conflict WHERE document = ?", [document.id])
  }

  /// Paths of current documents that share a disk name with `path` and aren't it.
  public func collisions(with path: DocumentPath) throws -> [DocumentPath] {
    try rows(
      """
      SELECT path FROM document WHERE folded = ? AND path <> ?
        AND EXISTS (SELECT 1 FROM head WHERE head.document = document.id AND content IS NOT NULL)
      """, [Self.diskKey(path), path.text]
    ).map { try $0[0] as DocumentPath }.filter { Self.diskName($0) == Self.diskName(path) }
  }

  // SQLite compares bytes, so what a disk takes for one name must be spelled one way.
  private static func diskName(_ path: DocumentPath) -> String {
    path.foldedForDisks.precomposedStringWithCanonicalMapping
  }

  /// What a document is filed under, to find others that a careless disk takes for it: 4 bytes of the hash
  /// of its name there, which take less room than the name.
  public static func diskKey(_ path: DocumentPath) -> Int64 {
    SHA256Hash(hashing: Array(diskName(path).utf8)).bytes.prefix(4).reduce(0) { $0 << 8 | Int64($1) }
  }

  /// One current document in a listing.
  public struct Listed: Hashable, Sendable {
    public var path: DocumentPath
    public var content: SHA256Hash?
    public var sizeInBytes: UInt64
    public var title: String?
    public var revision: RevisionName?
    public var headCount: Int
    /// Whether what stood there was destroyed since.
    public var isDestroyed = false
  }

  /// Current documents in byte order of their paths, those in conflict included.
  ///
  /// - Parameters:
  ///   - collection: Only this collection's, or everything.
  ///   - after: Only paths after this one, so that a long list is read in steps.
  ///   - count: The most to return.
  public func documents(in collection: CollectionName?, after: DocumentPath?, count: Int) throws -> [Listed] {
    // Documents of a folder lie between its name with a slash and with the character after a slash.
    let bounds = collection.flatMap { $0.text == "." ? nil : (lower: $0.text + "/", upper: $0.text + "0") }
    return try rows(
      """
      SELECT d.path, h.content, h.size, d.title, r.change_set, r.line,
        (SELECT count(*) FROM head WHERE head.document = d.id) AS heads
      FROM document d JOIN head h ON h.document = d.id AND h.position = 0
      LEFT JOIN revision r ON r.id = h.revision
      WHERE (?1 IS NULL OR d.collection = ?1) AND (?2 IS NULL OR d.path > ?2)
        AND (?4 IS NULL OR d.path > ?4 AND d.path < ?5)
        AND (h.content IS NOT NULL OR EXISTS (SELECT 1 FROM conflict c WHERE c.document = d.id))
      ORDER BY d.path LIMIT ?3
      """, [collection?.text, after?.text, count, bounds?.lower, bounds?.upper]
    ).map { row in
      Listed(
        path: try row[0],
        content: try row[1],
        sizeInBytes: try row[2] as UInt64? ?? 0,
        title: try row[3],
        revision: try (row[4] as UInt64?).map { RevisionName(changeSet: $0, line: try row[5]) },
        headCount: try row[6])
    }
  }

  /// Documents with more than one head, in byte order of their paths.
  public func conflictedDocuments() throws -> [(path: DocumentPath, row: DocumentRow)] {
    try rows("SELECT d.path, d.id FROM conflict c JOIN document d ON d.id = c.document ORDER BY d.path")
      .map { (try $0[0], try $0[1]) }
  }

  /// How many documents are current, in conflict, and how many drafts wait in quarantine.
  public func counts() throws -> (documents: UInt64, conflicts: UInt64, quarantined: UInt64) {
    func count(_ sql: String) throws -> UInt64 { try value(sql) ?? 0 }
    return (
      try count("SELECT count(*) FROM head WHERE position = 0 AND content IS NOT NULL"),
      try count("SELECT count(*) FROM conflict"),
      try count("SELECT count(*) FROM quarantine WHERE change_set IS NULL")
    )
  }
}
