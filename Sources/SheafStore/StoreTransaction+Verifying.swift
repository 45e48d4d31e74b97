import Foundation
import GRDB
import SheafModel

extension StoreTransaction {
  /// What SQLite finds wrong with the file itself; empty when nothing is.
  public func integrityProblems(limit: Int) throws -> [String] {
    guard try StoreMigrations.definitions(db) == StoreMigrations.expectedDefinitions() else {
      return ["its tables or indexes are not defined as they were made"]
    }
    // Not quick_check: what an index lacks, nobody finds.
    return try String.fetchAll(db, sql: "PRAGMA integrity_check(\(max(1, limit)))").filter { $0 != "ok" }
  }

  /// Stored bodies by row, a few at a time: what each is filed under.
  public func bodyRows(after row: Int64, count: Int) throws -> [(
    row: Int64, hash: [UInt8], sizeInBytes: Int64
  )] {
    try rows("SELECT id, hash, size FROM body WHERE id > ? ORDER BY id LIMIT ?", [row, count]).map {
      (try $0[0], try $0[1], try $0[2])
    }
  }

  /// How many hashes of the log's tree are kept.
  public func nodeCount() throws -> UInt64 {
    try value("SELECT count(*) FROM log_node") ?? 0
  }

  /// Documents by row, a few at a time, with what is filed beside their paths.
  public func documentRows(after row: Int64, count: Int) throws
    -> [(row: Int64, path: String, folded: Int64)]
  {
    try rows(
      "SELECT id, path, folded FROM document WHERE id > ? ORDER BY id LIMIT ?", [row, count]
    ).map { (try $0[0], try $0[1], try $0[2]) }
  }

  /// Change sets that own lines without being in the log, or lines that own none.
  public func strayLines(limit: Int) throws -> [String] {
    try rows(
      """
      SELECT change_set, line FROM revision
      WHERE change_set NOT IN (SELECT number FROM change_set) OR document NOT IN (SELECT id FROM document) LIMIT ?
      """, [limit]
    ).map { "\(try $0[0] as Int64).\(try $0[1] as Int64)" }
  }

  /// Content that should be held and is not, as the places that need it.
  ///
  /// - Parameters:
  ///   - bases: Whether what conflicts are about should be held; a trail may begin after it was superseded.
  ///   - revisions: Whether every revision's content should be held, and not only what is current.
  public func missingContent(bases: Bool, revisions: Bool, limit: Int) throws -> [String] {
    var places = try rows(
      """
      SELECT d.path FROM head h JOIN document d ON d.id = h.document
      WHERE h.content IS NOT NULL AND NOT EXISTS (SELECT 1 FROM body WHERE \(Self.isBody("h.content")))
        AND NOT EXISTS (SELECT 1 FROM absent_asset a WHERE a.hash = h.content)
      UNION
      SELECT d.path FROM conflict c JOIN document d ON d.id = c.document
      WHERE ? AND c.base IS NOT NULL AND NOT EXISTS (SELECT 1 FROM body WHERE \(Self.isBody("c.base")))
        AND NOT EXISTS (SELECT 1 FROM absent_asset a WHERE a.hash = c.base)
      UNION
      SELECT d.path FROM proposal p JOIN document d ON d.id = p.document
      WHERE p.content IS NOT NULL AND NOT EXISTS (SELECT 1 FROM body WHERE \(Self.isBody("p.content")))
        AND NOT EXISTS (SELECT 1 FROM absent_asset a WHERE a.hash = p.content)
      LIMIT ?
      """, [bases, limit]
    ).map { "document \(try $0[0] as String)" }
    if revisions {
      places += try rows(
        """
        SELECT r.change_set, r.line FROM revision r WHERE r.size IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM redaction x WHERE x.revision = r.id)
          AND (r.content IS NULL OR NOT EXISTS (SELECT 1 FROM body WHERE \(Self.isBody(RevisionRows.content)))) LIMIT ?
        """, [limit]
      ).map { "revision \(try $0[0] as Int64).\(try $0[1] as Int64)" }
    }
    places += try rows(
      """
      SELECT DISTINCT d.leaf FROM draft d JOIN draft_line l ON l.draft = d.id
      WHERE l.content IS NOT NULL AND NOT EXISTS (SELECT 1 FROM body WHERE \(Self.isBody("l.content"))) LIMIT ?
      """, [limit]
    ).map { "draft \(Hexadecimal.encode(try $0[0] as [UInt8]).prefix(16))" }
    return places
  }

  /// The newest change set all of which can be opened, its first line's content too; `nil` for none.
  public func newestOpenChangeSet(upTo size: UInt64) throws -> UInt64? {
    try value(
      """
      SELECT number FROM change_set c WHERE number <= ? AND seed IS NOT NULL AND proof IS NULL AND EXISTS (
        SELECT 1 FROM revision r JOIN body ON \(Self.isBody(RevisionRows.content))
        WHERE r.id = (c.number << 17) + 1)
      ORDER BY number DESC LIMIT 1
      """, [Int64(clamping: size)]
    )
  }

  /// Drafts in quarantine: the hash each is filed under and its note.
  public func quarantined(limit: Int) throws -> [(leaf: [UInt8], note: [UInt8])] {
    try rows("SELECT leaf, note FROM quarantine ORDER BY leaf LIMIT ?", [limit]).map {
      (try $0[0], try $0[1])
    }
  }

  /// Revisions of whose content not even the hash is known though no redaction is in effect, by name.
  public func unlawfullyMissing(limit: Int) throws -> [String] {
    try rows(
      """
      SELECT change_set, line FROM revision r WHERE size IS NOT NULL AND content IS NULL
        AND NOT EXISTS (SELECT 1 FROM redaction x WHERE x.revision = r.id) LIMIT ?
      """, [limit]
    ).map { "\(try $0[0] as Int64).\(try $0[1] as Int64)" }
  }

  /// Revisions whose redaction is in effect and of which something is left, by name.
  public func undestroyed(limit: Int) throws -> [String] {
    try rows(
      """
      SELECT r.change_set, r.line FROM redaction x JOIN revision r ON r.id = x.revision
      JOIN change_set c ON c.number = r.change_set
      WHERE r.content IS NOT NULL OR c.seed IS NOT NULL
        OR EXISTS (SELECT 1 FROM salt s WHERE s.change_set = r.change_set AND s.line = r.line) LIMIT ?
      """, [limit]
    ).map { "\(try $0[0] as Int64).\(try $0[1] as Int64)" }
  }

  /// Builds the projections anew, and tells which rows then differ from those that were there.
  ///
  /// Everything it changes stays changed: the caller throws the transaction away. The rows
  /// from before are kept in temporary tables, so that memory stays bounded.
  ///
  /// - Parameters:
  ///   - log: Whether lines are held and heads follow from them; otherwise only the state tree is built.
  ///   - limit: The most places told for each table.
  /// - Returns: The places, in words.
  public func differencesFromRebuilt(log: Bool, limit: Int, progress: (UInt64) -> Void) throws -> [String] {
    let kept = Self.compared.filter { log || !$0.followsFromLog }
    for table in kept {
      try db.execute(
        sql: "CREATE TEMP TABLE verified_\(table.name) AS SELECT \(table.columns) FROM \(table.name)")
    }
    if log {
      try db.execute(
        sql: """
          DELETE FROM redaction_request; DELETE FROM redaction; DELETE FROM signature; DELETE FROM lineage;
          DELETE FROM head; DELETE FROM conflict; DELETE FROM proposal
          """)
      memberCache.removeAll()
      _ = try project(after: 0, progress: progress)
    }
    try rebuildState()
    var places: [String] = []
    for table in kept {
      let differing = """
        SELECT DISTINCT key FROM (
          SELECT \(table.key) AS key FROM
            (SELECT \(table.columns) FROM temp.verified_\(table.name)
             EXCEPT SELECT \(table.columns) FROM main.\(table.name))
          UNION ALL
          SELECT \(table.key) AS key FROM
            (SELECT \(table.columns) FROM main.\(table.name)
             EXCEPT SELECT \(table.columns) FROM temp.verified_\(table.name))
        ) ORDER BY key LIMIT \(limit)
        """
      for row in try rows(differing) {
        places.append("\(table.noun) \(try row[0] as String? ?? "without a name")")
      }
    }
    return places
  }

  private struct ComparedTable {
    var name: String
    var columns: String
    /// An expression that names a row to a person.
    var key: String
    var noun: String
    var followsFromLog: Bool
  }

  private static let revisionName =
    "ifnull((SELECT r.change_set || '.' || r.line FROM revision r WHERE r.id = revision), 'row ' || revision)"
  private static let documentName =
    "ifnull((SELECT path FROM document d WHERE d.id = document), 'row ' || document)"

  private static let compared: [ComparedTable] = [
    .init(
      name: "lineage", columns: "revision, parents, rank, superseded, proposed",
      key: revisionName,
      noun: "lineage of revision", followsFromLog: true),
    .init(
      name: "head", columns: "document, position, revision, content, size",
      key: documentName,
      noun: "head of document", followsFromLog: true),
    .init(
      name: "conflict", columns: "document, base",
      key: documentName,
      noun: "conflict in document", followsFromLog: true),
    .init(
      name: "proposal", columns: "document, change_set, line, revision, content, size",
      key: documentName,
      noun: "proposal for document", followsFromLog: true),
    .init(
      name: "signature", columns: "revision, signed, author, withdrawn",
      key: revisionName,
      noun: "signature", followsFromLog: true),
    .init(
      name: "redaction", columns: "revision, change_set, asked",
      key: revisionName,
      noun: "redaction of revision", followsFromLog: true),
    .init(
      name: "redaction_request", columns: "revision, author, change_set",
      key: revisionName,
      noun: "request to redact revision", followsFromLog: true),
    .init(
      name: "state_leaf", columns: "collection, key, leaf", key: "collection || '/' || lower(hex(key))",
      noun: "state leaf", followsFromLog: false),
    .init(
      name: "state_node", columns: "collection, prefix, count, digest",
      key: "collection || '/' || lower(hex(prefix))", noun: "state node", followsFromLog: false),
    .init(
      name: "state_collection", columns: "collection, count, root, held", key: "collection",
      noun: "state of collection", followsFromLog: false),
  ]

  /// Builds the projections anew for good.
  ///
  /// - Parameter log: Whether lines are held; otherwise heads stay, and only the state tree and the marks
  ///   for the search index are made anew.
  public func rebuildProjections(log: Bool, progress: (UInt64) -> Void) throws {
    // What is known of collections outside the subscription came with a bundle and follows from nothing here.
    let foreign = try collectionRoots().filter { !$0.isHeld }
    if log {
      try dropProjections()
      _ = try project(after: 0, progress: progress)
    }
    try rebuildState()
    try setForeignCollections(foreign.map { ($0.name, $0.root, $0.count) })
    try markAllStale()
  }
}
