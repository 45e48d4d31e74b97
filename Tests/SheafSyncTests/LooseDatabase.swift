import CSQLite
import Foundation
import SheafStore

/// A database whose tables take any value in any column for a while, as only damage could bring it there.
struct LooseDatabase {
  struct Problem: Error {
    var message: String
  }

  struct Column {
    var table: String
    var name: String
    var type: String
    /// Whether it may not be NULL.
    var isNeeded: Bool

    /// Whether a value of a type may stand there; SQLite makes a text of a number.
    func takes(_ value: String) -> Bool {
      type == "ANY" || type == value || type == "TEXT" && value != "BLOB"
    }
  }

  private let bytes: [UInt8]
  private let file: URL

  init(_ file: URL) throws {
    self.file = file
    bytes = [UInt8](try Data(contentsOf: file))
  }

  /// The columns that hold something of their own, of tables that are no index.
  func columns() throws -> [Column] {
    try withConnection { connection in
      try Self.rows(
        """
        SELECT t.name, c.name, c.type, c."notnull" OR (c.pk AND t.wr) FROM pragma_table_list t, pragma_table_xinfo(t.name) c
        WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND c.hidden = 0
          AND NOT (c.pk AND c.type = 'INTEGER' AND NOT t.wr) ORDER BY 1, 2
        """, connection
      ).map { Column(table: $0[0], name: $0[1], type: $0[2], isNeeded: $0[3] == "1") }
    }
  }

  /// The file after a statement that the tables' rules would have stopped.
  ///
  /// - Returns: `nil` when the statement changed nothing.
  func bytes(after statement: String) throws -> [UInt8]? {
    let changed = try withConnection { connection in
      try Self.rows(
        """
        PRAGMA ignore_check_constraints = ON; PRAGMA writable_schema = ON;
        CREATE TEMP TABLE strict AS SELECT name, sql FROM sqlite_master;
        UPDATE sqlite_master SET sql = replace(replace(replace(sql, ' STRICT, WITHOUT', ' WITHOUT'), ' STRICT', ''),
          ' NOT NULL', '') WHERE type = 'table' AND sql LIKE '% STRICT%';
        PRAGMA writable_schema = RESET
        """, connection)
      _ = try? Self.rows(statement, connection)
      let changed = sqlite3_changes(connection)
      try Self.rows(
        """
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = (SELECT s.sql FROM temp.strict s WHERE s.name = sqlite_master.name)
          WHERE type = 'table';
        PRAGMA wal_checkpoint(TRUNCATE)
        """, connection)
      return changed
    }
    return changed > 0 ? [UInt8](try Data(contentsOf: file)) : nil
  }

  private func withConnection<Value>(_ body: (OpaquePointer) throws -> Value) throws -> Value {
    for ending in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + ending) }
    try Data(bytes).write(to: file)
    var opened: OpaquePointer?
    guard sqlite3_open(file.path, &opened) == SQLITE_OK, let connection = opened else {
      throw Problem(message: "can't open \(file.path)")
    }
    defer { sqlite3_close(connection) }
    return try body(connection)
  }

  /// Runs statements; the rows of the last one, as text.
  @discardableResult
  private static func rows(_ statements: String, _ connection: OpaquePointer) throws -> [[String]] {
    var rows: [[String]] = []
    for sql in statements.split(separator: ";") {
      rows = []
      var prepared: OpaquePointer?
      guard sqlite3_prepare_v2(connection, String(sql), -1, &prepared, nil) == SQLITE_OK else {
        throw Problem(message: String(cString: sqlite3_errmsg(connection)))
      }
      defer { sqlite3_finalize(prepared) }
      var state = sqlite3_step(prepared)
      while state == SQLITE_ROW {
        rows.append(
          (0..<sqlite3_column_count(prepared)).map {
            sqlite3_column_text(prepared, $0).map { String(cString: $0) } ?? ""
          })
        state = sqlite3_step(prepared)
      }
      guard state == SQLITE_DONE else { throw Problem(message: String(cString: sqlite3_errmsg(connection))) }
    }
    return rows
  }
}
