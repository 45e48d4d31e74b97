import Foundation
import GRDB
import SheafModel

/// Which change sets are looked for; everything that is said must hold.
public struct ChangeSetQuery: Sendable {
  /// Only by these authors, by row.
  public var authors: [Int64]?
  /// Words that the name must hold which the reason claims, together with the authors who need none.
  public var claimedName: (words: SearchWords, exempt: [Int64])?
  /// Words that the reason must hold.
  public var reason: SearchWords?
  /// With a line about this document.
  public var document: DocumentRow?
  /// With a line about a document of this collection.
  public var collection: CollectionName?
  /// With a line that does this.
  public var verb: RevisionVerb?
  /// Found by this time or a later one.
  public var since: Timestamp?
  /// Found by this time or an earlier one.
  public var until: Timestamp?

  public init() {}
}

extension StoreTransaction {
  private static let reasonStep = 2_000

  /// Authors of change sets that this copy holds.
  public func authors() throws -> [(row: Int64, key: [UInt8])] {
    try rows("SELECT id, key FROM author ORDER BY id").map { (try $0[0], try $0[1]) }
  }

  /// Numbers of the change sets that a query asks for, newest first.
  ///
  /// - Parameters:
  ///   - before: Only change sets before this one.
  ///   - count: The most to return.
  public func changeSets(matching query: ChangeSetQuery, before: UInt64?, count: Int) throws -> [UInt64] {
    var conditions = ["c.number < ?"]
    var arguments: [(any DatabaseValueConvertible)?] = [Int64(clamping: before ?? UInt64(Int64.max))]
    func need(_ sql: String, _ values: (any DatabaseValueConvertible)?...) {
      conditions.append(sql)
      arguments += values
    }
    func list(_ ids: [Int64]) -> String { ids.map(String.init).joined(separator: ",") }
    if let authors = query.authors { need("c.author IN (\(list(authors)))") }
    // The index of words gives its rows out newest first, so where it alone decides it comes first and is
    // read no further than needed.
    var words: [String] = []
    if let (name, exempt) = query.claimedName, let match = try searchable(name, in: "who") {
      if exempt.isEmpty {
        words.append(match)
      } else {
        need(
          """
          (c.author IN (\(list(exempt)))
            OR c.number IN (SELECT rowid FROM reason_search WHERE reason_search MATCH ?))
          """, match)
      }
    }
    if let match = try query.reason.flatMap({ try searchable($0, in: "why") }) { words.append(match) }
    if !words.isEmpty {
      need("reason_search MATCH ?", words.joined(separator: " AND "))
      need("reason_search.rowid < ?", Int64(clamping: before ?? UInt64(Int64.max)))
    }
    if let since = query.since { need("c.effective_time >= ?", since.seconds) }
    if let until = query.until { need("c.effective_time <= ?", until.seconds) }
    let isByTime = conditions.count == 1 + (query.since == nil ? 0 : 1) + (query.until == nil ? 0 : 1)

    // The verb stands in the text of the statement, so that SQLite knows the index of rare ones will do.
    let isFrequent = query.verb.map(RevisionRows.frequent.contains) ?? false
    let verb = query.verb.map { verb in
      " AND r.verb = '\(verb.rawValue)'" + (isFrequent ? "" : " AND \(RevisionRows.isRare)")
    }
    if let document = query.document {
      need(
        "c.number IN (SELECT r.change_set FROM revision r WHERE r.document = ?\(verb ?? ""))", document.id)
    } else if let collection = query.collection {
      let lines = """
        SELECT r.change_set FROM document d JOIN revision r ON r.document = d.id
        WHERE d.collection = ?\(verb ?? "")
        """
      // Where a collection is a good part of the library, the newest change sets soon show enough of it.
      if try isSmall(collection) {
        need("c.number IN (\(lines))", collection.text)
      } else {
        need(
          """
          EXISTS (SELECT 1 FROM revision r JOIN document d ON d.id = r.document
            WHERE \(RevisionRows.ofChangeSet) AND d.collection = ?\(verb ?? ""))
          """, collection.text)
      }
    } else if let verb {
      if isFrequent {
        need("EXISTS (SELECT 1 FROM revision r WHERE \(RevisionRows.ofChangeSet)\(verb))")
      } else {
        need("c.number IN (SELECT r.change_set FROM revision r WHERE 1\(verb))")
      }
    }
    arguments.append(max(0, count))
    // Rows are large and entries of the index of times small: a time alone is looked up there.
    let isIndexed =
      isByTime && query.document == nil && query.collection == nil && verb == nil
      && (query.since != nil || query.until != nil)
    let source =
      words.isEmpty
      ? "change_set c\(isIndexed ? " INDEXED BY change_set_by_time" : "")"
      : "reason_search CROSS JOIN change_set c ON c.number = reason_search.rowid"
    let sql = """
      SELECT c.number FROM \(source) WHERE \(conditions.joined(separator: " AND "))
      ORDER BY \(words.isEmpty ? "c.number" : "reason_search.rowid") DESC LIMIT ?
      """
    return try rows(sql, StatementArguments(arguments)).map { try $0[0] }
  }

  private func isSmall(_ collection: CollectionName) throws -> Bool {
    let row = try row(
      "SELECT count(*) FILTER (WHERE collection = ?), count(*) FROM document", [collection.text])
    let (part, whole): (Int64, Int64) = (try row?[0] ?? 0, try row?[1] ?? 0)
    return part * 8 < whole
  }

  /// FTS5's query for all the words in a column; `nil` where SQLite finds no word in them.
  private func searchable(_ words: SearchWords, in column: String) throws -> String? {
    let terms = words.terms.filter { term in
      let query = "\(column) : (\(SearchWords.query([term])))"
      return (try? row("SELECT rowid FROM reason_search WHERE reason_search MATCH ? LIMIT 1", [query])) != nil
        || (try? rows("SELECT rowid FROM reason_search WHERE reason_search MATCH ? LIMIT 1", [query])) != nil
    }
    return terms.isEmpty ? nil : "\(column) : (\(SearchWords.query(terms)))"
  }

  /// Up to which change set the reasons can be searched.
  public func searchableReasons() throws -> UInt64 {
    try value(
      "SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM meta WHERE key = 'reasons-searched'") ?? 0
  }

  /// Takes the next reasons into the index.
  ///
  /// - Returns: Whether there were any.
  public func indexReasons() throws -> Bool {
    let done = try searchableReasons()
    let next = try rows(
      "SELECT number, reason FROM change_set WHERE number > ? ORDER BY number LIMIT ?",
      [Int64(clamping: done), Self.reasonStep])
    guard let last = next.last else { return false }
    for row in next {
      guard let bytes = try reason(try row[0], in: row), let reason = try? Reason(parsing: bytes) else {
        continue
      }
      let who = [reason.by, reason.claims.author].compactMap { $0 }.joined(separator: "\n")
      let why = [reason.message, reason.claims.source].compactMap { $0 }.joined(separator: "\n")
      try execute(
        "INSERT INTO reason_search (rowid, who, why) VALUES (?, ?, ?)", [row[0] as Int64, who, why])
    }
    try execute(
      "INSERT OR REPLACE INTO meta (key, value) VALUES ('reasons-searched', ?)",
      [Data(String(last[0] as Int64).utf8)])
    return true
  }

  /// Empties the index of reasons: before other change sets take these numbers, or when a reason must go.
  public func emptyReasonSearch() throws {
    try db.execute(
      sql:
        "INSERT INTO reason_search (reason_search) VALUES ('delete-all'); DELETE FROM meta WHERE key = 'reasons-searched'"
    )
  }
}
