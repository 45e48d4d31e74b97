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
        try row[0], try row[1],
        try row[2]
      )
    }
  }

  /// How many documents the index has yet to look at.
  public func staleDocumentCount() throws -> Int {
    try value("SELECT count(*) FROM search_stale") ?? 0
  }

  /// Replaces a document's entry in the index; `nil` when there is nothing to find any more.
  public func index(_ document: DocumentRow, _ entry: SearchableText?) throws {
    // The index holds no text, so it could not be told which words to forget: a worn row stays without a
    // document until the index is made anew.
    try execute("UPDATE search_row SET document = NULL WHERE document = ?", [document.id])
    if let entry {
      try execute("INSERT INTO search_row (document) VALUES (?)", [document.id])
      try execute(
        "INSERT INTO search (rowid, text) VALUES (?, ?)", [db.lastInsertedRowID, SearchWords.indexed(entry)])
    }
    try execute("UPDATE document SET title = ? WHERE id = ?", [entry?.title, document.id])
    try execute("DELETE FROM search_stale WHERE document = ?", [document.id])
  }

  /// Marks every current document for indexing, and empties the index.
  public func markAllStale() throws {
    try emptySearch()
    try db.execute(sql: "INSERT OR IGNORE INTO search_stale SELECT DISTINCT document FROM head")
  }

  /// Whether more of the index is worn than is of use.
  public func isSearchWorn() throws -> Bool {
    let rows = try integer("SELECT count(*) FROM search_row") ?? 0
    let live = try integer("SELECT count(document) FROM search_row") ?? 0
    return rows - live > max(1_000, live)
  }

  func emptySearch() throws {
    try db.execute(sql: "INSERT INTO search (search) VALUES ('delete-all'); DELETE FROM search_row")
  }

  /// Joins what the index wrote piece by piece, so that it is smallest.
  public func optimizeSearch() throws {
    try db.execute(sql: "INSERT INTO search (search) VALUES ('optimize')")
  }

  /// A document that holds all the words.
  public struct SearchCandidate: Sendable {
    public var path: DocumentPath
    public var title: String?
    public var content: SHA256Hash?
  }

  /// Documents that hold all the words, best first; phrases are only taken for their words here.
  ///
  /// A word counts for more in a title, and where it stands often in a document, and the more so the
  /// fewer documents are like that. At most 20,000 are looked at.
  public func search(_ words: SearchWords) throws -> [SearchCandidate] {
    var terms = words.terms
    let matching = "SELECT rowid FROM search WHERE search MATCH ? LIMIT ?"
    func rows(matching query: String, limit: Int) throws -> [Int64] {
      guard !query.isEmpty else { return [] }
      return try Int64.fetchAll(db.cachedStatement(sql: matching), arguments: [query, limit])
    }
    var found: [Int64]
    do {
      found = try rows(matching: SearchWords.query(terms), limit: 20_000)
    } catch is DatabaseError {
      // SQLite takes some letters for marks that stand between words, and knows no phrases here.
      terms = terms.filter { (try? rows(matching: SearchWords.query([$0]), limit: 1)) != nil }
      found = try rows(matching: SearchWords.query(terms), limit: 20_000)
    }
    let total = Double(try integer("SELECT count(document) FROM search_row") ?? 0)
    var scores: [Int64: Double] = [:]
    for term in terms {
      let often = try rows(matching: SearchWords.often(term), limit: 20_000)
      let weight = log(1 + total / Double(1 + often.count))
      for row in often { scores[row, default: 0] += weight }
    }
    let source = """
      SELECT d.path, d.title, h.content FROM search_row s JOIN document d ON d.id = s.document
      JOIN head h ON h.document = d.id AND h.position = 0 WHERE s.id = ?
      """
    var ranked: [(candidate: SearchCandidate, score: Double)] = []
    for id in found {
      guard let row = try row(source, [id]) else { continue }
      let candidate = SearchCandidate(
        path: try row[0], title: try row[1],
        content: try row[2])
      let score = (scores[id] ?? 0) + 8 * Double(words.countInTitle(candidate.title ?? ""))
      ranked.append((candidate, score))
    }
    return ranked.sorted { ($1.score, $0.candidate.path) < ($0.score, $1.candidate.path) }.map(\.candidate)
  }
}
