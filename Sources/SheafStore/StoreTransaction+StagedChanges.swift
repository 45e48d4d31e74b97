import Foundation
import GRDB
import SheafLog
import SheafModel

/// State changes that wait for the end of a bundle, on the disk: nothing has verified yet how many there may be.
extension StoreTransaction {
  /// Begins a list; an older one goes.
  public func beginStagedChanges() throws {
    try endStagedChanges()
    try db.execute(
      sql: "CREATE TEMP TABLE staged_change (id INTEGER PRIMARY KEY, path TEXT NOT NULL, value BLOB) STRICT")
  }

  /// Adds a change at the end; `nil` is a document that goes.
  public func stage(_ path: DocumentPath, _ value: StateEntry.Value?) throws {
    try execute(
      "INSERT INTO temp.staged_change (path, value) VALUES (?, ?)", [path.text, value.map { Data($0.bytes) }])
  }

  /// The changes in their order, some at a time.
  ///
  /// - Parameter after: The number of the last that was read; 0 for the start.
  public func stagedChanges(
    after: Int64, count: Int
  ) throws -> [(number: Int64, path: DocumentPath, value: StateEntry.Value?)] {
    try rows(
      "SELECT id, path, value FROM temp.staged_change WHERE id > ? ORDER BY id LIMIT ?", [after, count]
    ).map { row in
      let bytes: [UInt8]? = try row[2]
      let value = bytes.flatMap { StateEntry.Value(bytes: $0) }
      guard (bytes == nil) == (value == nil) else { throw StoreError.damaged("a staged change") }
      return (try row[0], try row[1], value)
    }
  }

  /// Lets the list go.
  public func endStagedChanges() throws { try db.execute(sql: "DROP TABLE IF EXISTS temp.staged_change") }
}
