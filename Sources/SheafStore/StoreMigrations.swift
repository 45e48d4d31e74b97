import Foundation
import GRDB
import SheafModel

/// The store's formats, one step each. A step that has shipped is never edited.
///
/// The number of the newest step is SQLite's `user_version`. `Schemas/store.sql`
/// shows the outcome of all steps; a test compares the two.
enum StoreMigrations {
  /// The newest format.
  static var latest: Int { steps.count }

  private static let steps: [String] = [
    // 1: the main job, end to end.
    """
      CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value BLOB NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE document (
        id INTEGER PRIMARY KEY,
        path TEXT NOT NULL UNIQUE,
        folded INTEGER NOT NULL,
        title TEXT,
        collection TEXT NOT NULL
          AS (iif(instr(path, '/') > 0, substr(path, 1, instr(path, '/') - 1), '.')) VIRTUAL
      ) STRICT;
      CREATE INDEX document_by_folded ON document (folded);

      CREATE TABLE pack (
        id INTEGER PRIMARY KEY,
        entries INTEGER NOT NULL,
        held INTEGER NOT NULL,
        data BLOB NOT NULL
      ) STRICT;
      CREATE TABLE body (
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        size INTEGER NOT NULL,
        coding INTEGER NOT NULL,
        base INTEGER REFERENCES body (id),
        depth INTEGER NOT NULL,
        pack INTEGER REFERENCES pack (id),
        entry INTEGER,
        data BLOB NOT NULL
      ) STRICT;
      CREATE INDEX body_by_hash ON body (substr(hash, 1, 8));
      CREATE INDEX body_by_base ON body (base) WHERE base IS NOT NULL;

      CREATE TABLE chunk (
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
        size INTEGER NOT NULL,
        coding INTEGER NOT NULL,
        data BLOB NOT NULL
      ) STRICT;
      CREATE TABLE asset_chunk (
        body INTEGER NOT NULL REFERENCES body (id) ON DELETE CASCADE,
        start INTEGER NOT NULL,
        chunk INTEGER NOT NULL REFERENCES chunk (id),
        PRIMARY KEY (body, start)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX asset_chunk_by_chunk ON asset_chunk (chunk);
      CREATE TRIGGER asset_chunk_gone AFTER DELETE ON asset_chunk
      WHEN NOT EXISTS (SELECT 1 FROM asset_chunk WHERE chunk = OLD.chunk)
      BEGIN
        DELETE FROM chunk WHERE id = OLD.chunk;
      END;
      CREATE TABLE absent_asset (
        hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
        size INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE author (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE
      ) STRICT;
      CREATE TABLE change_set (
        number INTEGER PRIMARY KEY,
        leaf BLOB NOT NULL CHECK (length(leaf) = 8),
        note BLOB,
        signature BLOB,
        seen_root BLOB,
        lines_root BLOB,
        reason_seal BLOB,
        seed BLOB,
        reason BLOB,
        author INTEGER NOT NULL REFERENCES author (id),
        after_leaf BLOB,
        seen INTEGER NOT NULL,
        time INTEGER NOT NULL,
        effective_time INTEGER NOT NULL,
        line_count INTEGER NOT NULL,
        proof BLOB
      ) STRICT;
      CREATE INDEX change_set_by_leaf ON change_set (leaf);
      CREATE INDEX change_set_by_author ON change_set (author);
      CREATE INDEX change_set_by_time ON change_set (effective_time);
      CREATE TABLE reasons (
        span INTEGER PRIMARY KEY,
        data BLOB NOT NULL
      ) STRICT;

      CREATE TABLE revision (
        id INTEGER PRIMARY KEY,
        document INTEGER NOT NULL REFERENCES document (id),
        verb TEXT NOT NULL,
        base ANY NOT NULL,
        size INTEGER,
        content ANY,
        commitment BLOB,
        change_set INTEGER NOT NULL AS (id >> 17) VIRTUAL,
        line INTEGER NOT NULL AS (id & 131071) VIRTUAL
      ) STRICT;
      CREATE INDEX revision_by_document ON revision (document);
      CREATE INDEX revision_by_content ON revision (iif(typeof(content) = 'blob', substr(content, 1, 8), content))
        WHERE content IS NOT NULL;
      CREATE INDEX revision_by_verb ON revision (verb) WHERE verb NOT IN ('put', 'move', 'delete');

      CREATE TABLE salt (
        change_set INTEGER NOT NULL,
        line INTEGER NOT NULL,
        salt BLOB NOT NULL CHECK (length(salt) = 16),
        PRIMARY KEY (change_set, line)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE sketch (
        value INTEGER NOT NULL,
        revision INTEGER NOT NULL REFERENCES revision (id),
        PRIMARY KEY (value, revision)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE log_node (
        level INTEGER NOT NULL,
        position INTEGER NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (level, position)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE checkpoint (
        size INTEGER PRIMARY KEY,
        root BLOB,
        signature BLOB,
        state_root BLOB,
        state_signature BLOB,
        note BLOB,
        state_note BLOB
      ) STRICT;

      CREATE TABLE unsigned (
        size INTEGER PRIMARY KEY,
        state_root BLOB NOT NULL CHECK (length(state_root) = 32)
      ) STRICT;

      CREATE TABLE cosigner (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        key BLOB NOT NULL CHECK (length(key) = 32),
        UNIQUE (name, key)
      ) STRICT;
      CREATE TABLE cosignature (
        size INTEGER NOT NULL,
        cosigner INTEGER NOT NULL REFERENCES cosigner (id),
        time INTEGER NOT NULL,
        signature BLOB NOT NULL CHECK (length(signature) = 64),
        PRIMARY KEY (size, cosigner, time)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX cosignature_by_cosigner ON cosignature (cosigner, time);
      CREATE INDEX cosignature_by_size ON cosignature (cosigner, size, time);
      CREATE TABLE time_key (
        generation INTEGER PRIMARY KEY,
        note BLOB NOT NULL
      ) STRICT;
      CREATE TABLE split_view (
        theirs BLOB PRIMARY KEY,
        own BLOB NOT NULL,
        size INTEGER NOT NULL,
        place TEXT NOT NULL,
        time INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE draft (
        id INTEGER PRIMARY KEY,
        leaf BLOB NOT NULL UNIQUE,
        note BLOB NOT NULL,
        seed BLOB NOT NULL,
        reason BLOB NOT NULL,
        outcome TEXT NOT NULL CHECK (
          outcome IN ('waiting', 'deposited', 'logged', 'refused', 'proposed', 'accepted', 'declined', 'decided')),
        change_set INTEGER,
        receipt TEXT,
        refusal TEXT
      ) STRICT;
      CREATE INDEX draft_unanswered ON draft (id) WHERE outcome IN ('waiting', 'deposited');
      CREATE TABLE draft_line (
        draft INTEGER NOT NULL REFERENCES draft (id),
        line INTEGER NOT NULL,
        path TEXT NOT NULL,
        verb TEXT NOT NULL,
        base TEXT NOT NULL,
        size INTEGER,
        content BLOB,
        base_content BLOB,
        PRIMARY KEY (draft, line)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX draft_line_by_path ON draft_line (path);

      CREATE TABLE quarantine (
        leaf BLOB PRIMARY KEY,
        note BLOB NOT NULL,
        seed BLOB NOT NULL,
        reason BLOB NOT NULL,
        lines TEXT NOT NULL,
        refusal TEXT NOT NULL,
        time INTEGER NOT NULL,
        author BLOB NOT NULL,
        carrier BLOB NOT NULL,
        size INTEGER NOT NULL,
        change_set INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX quarantine_by_carrier ON quarantine (carrier, time, size);
      CREATE TABLE quarantine_body (
        leaf BLOB NOT NULL REFERENCES quarantine (leaf),
        hash BLOB NOT NULL,
        PRIMARY KEY (leaf, hash)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE invitation (
        id BLOB PRIMARY KEY CHECK (length(id) = 4),
        key BLOB NOT NULL CHECK (length(key) = 32),
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        site TEXT,
        collections TEXT,
        expires INTEGER NOT NULL,
        used_by BLOB,
        change_set INTEGER
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE lineage (
        revision INTEGER PRIMARY KEY REFERENCES revision (id),
        parents ANY NOT NULL,
        rank INTEGER NOT NULL,
        superseded INTEGER,
        proposed INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE head (
        document INTEGER NOT NULL REFERENCES document (id),
        position INTEGER NOT NULL,
        revision INTEGER,
        content BLOB,
        size INTEGER,
        PRIMARY KEY (document, position)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE conflict (
        document INTEGER PRIMARY KEY REFERENCES document (id),
        base BLOB,
        severity INTEGER,
        parts INTEGER,
        place TEXT
      ) STRICT;

      CREATE TABLE proposal (
        document INTEGER NOT NULL REFERENCES document (id),
        change_set INTEGER NOT NULL,
        line INTEGER NOT NULL,
        revision INTEGER,
        content BLOB,
        size INTEGER,
        PRIMARY KEY (document, change_set, line)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE signature (
        revision INTEGER PRIMARY KEY REFERENCES revision (id),
        signed INTEGER NOT NULL REFERENCES revision (id),
        author INTEGER NOT NULL REFERENCES author (id),
        withdrawn INTEGER
      ) STRICT;
      CREATE INDEX signature_by_signed ON signature (signed);

      CREATE TABLE redaction (
        revision INTEGER PRIMARY KEY REFERENCES revision (id),
        change_set INTEGER NOT NULL,
        asked INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX redaction_by_change_set ON redaction (change_set);
      CREATE TABLE redaction_request (
        revision INTEGER NOT NULL REFERENCES revision (id),
        author INTEGER NOT NULL REFERENCES author (id),
        change_set INTEGER NOT NULL,
        PRIMARY KEY (revision, author)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE state_leaf (
        collection TEXT NOT NULL,
        key BLOB NOT NULL,
        leaf BLOB NOT NULL,
        PRIMARY KEY (collection, key)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE state_node (
        collection TEXT NOT NULL,
        prefix BLOB NOT NULL,
        count INTEGER NOT NULL,
        digest BLOB NOT NULL,
        PRIMARY KEY (collection, prefix)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE state_collection (
        collection TEXT PRIMARY KEY,
        count INTEGER NOT NULL,
        root BLOB NOT NULL,
        held INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE VIRTUAL TABLE search USING fts5 (
        text, content = '', columnsize = 0, detail = none, tokenize = 'unicode61 remove_diacritics 2'
      );
      CREATE TABLE search_row (
        id INTEGER PRIMARY KEY,
        document INTEGER UNIQUE
      ) STRICT;
      CREATE TABLE search_stale (
        document INTEGER PRIMARY KEY
      ) STRICT;

      CREATE VIRTUAL TABLE reason_search USING fts5 (
        who, why, content = '', columnsize = 0, detail = column, tokenize = 'unicode61 remove_diacritics 2'
      );
    """
  ]

  /// The projections, which can be dropped and rebuilt from the log.
  static let projections = [
    "lineage", "head", "conflict", "proposal", "signature", "redaction", "redaction_request", "state_leaf",
    "state_node", "state_collection", "search_stale",
  ]

  /// The format of a file, read without opening it as a database; 0 when there is no file yet.
  ///
  /// - Throws: `StoreError.damaged` when the file is something else.
  static func format(ofFileAt path: String) throws -> Int {
    guard let handle = FileHandle(forReadingAtPath: path) else { return 0 }
    defer { try? handle.close() }
    let header = [UInt8](try handle.read(upToCount: 100) ?? Data())
    if header.isEmpty { return 0 }
    guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else {
      throw StoreError.damaged("\(path) is not a database")
    }
    // Bytes 60 to 63 hold user_version (sqlite.org/fileformat2.html section 1.3). While a
    // migration sits in the write-ahead log the file lags; `migrate` looks again.
    return header[60..<64].reduce(0) { $0 << 8 | Int($1) }
  }

  /// Takes the steps that the file has not taken yet.
  static func migrate(_ db: Database) throws {
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard found <= latest else { throw StoreError.newerFormat(found: found, supported: latest) }
    for (index, step) in steps.enumerated() where index >= found {
      try db.execute(sql: step)
      try db.execute(sql: "PRAGMA user_version = \(index + 1)")
    }
  }

  /// How a file's tables and indexes are defined, by name.
  static func definitions(_ db: Database) throws -> [String: String] {
    var definitions: [String: String] = [:]
    for row in try StoreTransaction(db: db).rows(
      "SELECT name, ifnull(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'")
    {
      definitions[try row[0]] = try row[1] as String
    }
    return definitions
  }

  /// The same as the migrations make them.
  static func expectedDefinitions() throws -> [String: String] {
    try DatabaseQueue().write { db in
      try migrate(db)
      return try definitions(db)
    }
  }
}
