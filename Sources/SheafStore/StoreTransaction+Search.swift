import Foundation
import GRDB
import SheafModel

/// A document as the search index takes it in.
public struct SearchableText: Sendable {
  public var title: String?
  public var text: String

  public init(title: String?, text: String) {
    self.title = title
    self.text = text
  }
}

extension StoreTransaction {
  /// Documents whose heads changed since the index last looked, at most `count`.
  public func staleDocuments(count: Int) throws -> [(
    row: DocumentRow, path: DocumentPath, content: SHA256Hash?
  )] {
    try rows(
      """
      SELECT s.document, d.path, h.content FROM search_stale s JOIN document d ON d.id = s.document
      LEFT JOIN head h ON h.document = s.document AND h.position = 0 LIMIT ?
      """, [count]
    ).map { row in
      (
        DocumentRow(id: row[0]), try DocumentPath(row[1] as String),
        try (row[2] as Data?).map { try SHA256Hash(column: $0, "head") }
      )
    }
  }

  /// How many documents the index has yet to look at.
  public func staleDocumentCount() throws -> Int {
    Int(clamping: try integer("SELECT count(*) FROM search_stale") ?? 0)
  }

  /// Replaces a document's entry in the index; `nil` when there is nothing to find any more.
  public func index(_ document: DocumentRow, _ entry: SearchableText?) throws {
    try execute("DELETE FROM search WHERE rowid = ?", [document.id])
    if let entry {
      try execute(
        "INSERT INTO search (rowid, title, text) VALUES (?, ?, ?)",
        [document.id, entry.title ?? "", entry.text])
    }
    try execute("UPDATE document SET title = ? WHERE id = ?", [entry?.title, document.id])
    try execute("DELETE FROM search_stale WHERE document = ?", [document.id])
  }

  /// Marks every current document for indexing.
  public func markAllStale() throws {
    try db.execute(
      sql: "DELETE FROM search; INSERT OR IGNORE INTO search_stale SELECT DISTINCT document FROM head")
  }

  /// Documents that hold all the words, best first.
  ///
  /// - Parameter words: What a person typed: words, and phrases in double quotes; no query syntax beyond that.
  public func search(_ words: String, limit: Int) throws -> [(
    path: DocumentPath, title: String?, excerpt: String
  )] {
    let query = Self.query(words)
    guard !query.isEmpty else { return [] }
    return try rows(
      """
      SELECT d.path, d.title, snippet(search, 1, char(2), char(3), '…', 24)
      FROM search JOIN document d ON d.id = search.rowid
      WHERE search MATCH ? ORDER BY bm25(search, 8.0, 1.0), d.path LIMIT ?
      """, [query, limit]
    ).map { (try DocumentPath($0[0] as String), $0[1], $0[2]) }
  }

  // Every word becomes a quoted string, so that nothing a person types is taken for FTS5's
  // syntax; the last one also matches as a prefix, for search as one types.
  private static func query(_ words: String) -> String {
    var terms: [String] = []
    for (index, part) in words.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
      let cleaned = String(String.UnicodeScalarView(part.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
      if index % 2 == 1 {
        if cleaned.contains(where: { $0.isLetter || $0.isNumber }) { terms.append("\"\(cleaned)\"") }
      } else {
        for word in cleaned.split(separator: " ") where word.contains(where: { $0.isLetter || $0.isNumber }) {
          terms.append("\"\(word)\"")
        }
      }
    }
    guard let last = terms.last else { return "" }
    return (terms.dropLast() + [last + "*"]).joined(separator: " ")
  }
}
