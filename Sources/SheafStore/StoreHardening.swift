import CSQLite
import GRDB

/// SQLite's defensive mode, which has no pragma.
enum StoreHardening {
  /// Refuses statements that could corrupt the file on purpose, however they got here.
  static func apply(to db: Database) throws {
    guard sheaf_sqlite_enable_defensive(db.sqliteConnection) == SQLITE_OK else {
      throw StoreError.sqlite("defensive mode is not available")
    }
  }
}
