import CSQLite
import Foundation
import Synchronization

/// Tells whether anybody changed a store since, at a small part of what reading it costs.
///
/// SQLite's `PRAGMA data_version` on a connection of its own: it never writes, so the changes of every other
/// connection count, those of other processes too. It is made when it is first asked.
final class StoreVersion: Sendable {
  private struct Connection {
    let database: OpaquePointer
    let question: OpaquePointer
  }
  private enum State {
    case unopened
    case open(Connection)
    /// Closed, or of no use: nothing can be told any more.
    case closed
  }

  private let path: String
  private let state = Mutex(State.unopened)

  init(path: String) { self.path = path }

  /// A number that is another one as soon as anything was committed; `nil` when it can't be told.
  func current() -> Int64? {
    state.withLock { state in
      if case .unopened = state { state = Self.connect(path).map(State.open) ?? .closed }
      guard case .open(let connection) = state else { return nil }
      // Ends the read, so that what others wrote can be moved into the file.
      defer { sqlite3_reset(connection.question) }
      guard sqlite3_step(connection.question) == SQLITE_ROW else { return nil }
      return sqlite3_column_int64(connection.question, 0)
    }
  }

  /// Ends the connection.
  func close() {
    state.withLock { state in
      if case .open(let connection) = state {
        sqlite3_finalize(connection.question)
        sqlite3_close(connection.database)
      }
      state = .closed
    }
  }

  private static func connect(_ path: String) -> Connection? {
    var database: OpaquePointer?
    var question: OpaquePointer?
    // The lock around the connection is what SQLite's own mutex would be.
    guard sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK,
      let database, sqlite3_prepare_v2(database, "PRAGMA data_version", -1, &question, nil) == SQLITE_OK,
      let question
    else {
      sqlite3_close(database)
      return nil
    }
    return Connection(database: database, question: question)
  }

  deinit { close() }
}
