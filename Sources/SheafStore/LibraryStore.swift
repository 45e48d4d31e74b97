import Foundation
import GRDB
import SheafModel

/// How surely a commit is on the disk when it returns.
public enum Durability: Sendable {
  /// `synchronous=FULL`: survives a power cut. The only choice for a real library.
  case full
  /// No waiting for the disk: for simulations that never lose power.
  case none
}

/// A library's one SQLite file: a single writer, many readers.
///
/// Turns values into rows and never meets a socket. All work happens in `read` and
/// `write` closures, each one transaction, on threads of the store's own: the
/// cooperative pool never waits for a disk. `Schemas/store.md` explains the tables.
public final class LibraryStore: Sendable {
  /// The name of the database in a library's folder.
  public static let fileName = "library.sqlite"
  /// Half of what SQLite takes by itself: a library has some sixty tables and indexes, most of them small.
  private static let pageSizeInBytes = 2048
  /// A write-ahead log larger than this is moved into the file when the store is closed.
  private static let largeLogInBytes = 1 << 20
  /// The newest store format that this code reads and writes.
  public static let format = StoreMigrations.latest

  /// The library's folder.
  public let folder: URL
  private let pool: DatabasePool
  private let storeVersion: StoreVersion
  private let lockPatience: Duration
  /// How long SQLite waits for another connection.
  static let busyInSeconds = 10
  /// How long a change waits for another process, for SQLite.
  var patienceInMilliseconds: Int64 {
    let (seconds, rest) = lockPatience.components
    return min(max(seconds, 0), 3_600) * 1_000 + rest / 1_000_000_000_000_000
  }
  private let writing = DispatchQueue(label: "sheaf.store.write")
  private let reading = DispatchQueue(label: "sheaf.store.read", attributes: .concurrent)

  /// Options that tests and special circumstances need.
  public struct Options: Sendable {
    public var durability: Durability = .full
    /// How long a change waits for another process.
    public var lockPatience: Duration = .seconds(10)
    /// The most pages the file may have; `nil` for no limit but the disk's.
    public var maximumPageCount: Int?

    public init() {}
  }

  private init(folder: URL, pool: DatabasePool, lockPatience: Duration) {
    self.folder = folder
    self.pool = pool
    storeVersion = StoreVersion(path: folder.appending(path: Self.fileName).path)
    self.lockPatience = lockPatience
  }

  /// Makes the file of a new library.
  ///
  /// - Throws: `StoreError.alreadyThere` when there is one; the folder is untouched then.
  public static func create(in folder: URL, options: Options = Options()) throws -> LibraryStore {
    let file = folder.appending(path: fileName)
    guard !FileManager.default.fileExists(atPath: file.path) else {
      throw StoreError.alreadyThere(folder.path)
    }
    return try connect(folder, options: options)
  }

  /// Opens the file of an existing library and brings it to the newest format.
  ///
  /// - Throws: `StoreError.noLibrary`, `.newerFormat` or `.damaged`; nothing was changed.
  public static func open(in folder: URL, options: Options = Options()) throws -> LibraryStore {
    let file = folder.appending(path: fileName)
    guard FileManager.default.fileExists(atPath: file.path) else { throw StoreError.noLibrary(folder.path) }
    return try connect(folder, options: options)
  }

  private static func connect(_ folder: URL, options: Options) throws -> LibraryStore {
    var configuration = Configuration()
    configuration.label = "sheaf.library"
    configuration.foreignKeysEnabled = true
    // Two bundles and two histories may be read at length in a server; short reads wait for none of them.
    configuration.maximumReaderCount = 12
    configuration.busyMode = .timeout(TimeInterval(busyInSeconds))
    let durability = options.durability
    let maximumPageCount = options.maximumPageCount
    configuration.prepareDatabase { db in
      // Counts for a new file alone.
      try db.execute(sql: "PRAGMA page_size = \(pageSizeInBytes)")
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
      // Every reader keeps its cache for as long as the process lives, so theirs are small.
      try db.execute(sql: "PRAGMA cache_size = \(db.configuration.readonly ? -2048 : -16384)")
      try db.execute(sql: "PRAGMA cell_size_check = ON")
      try StoreHardening.apply(to: db)
      if let maximumPageCount { try db.execute(sql: "PRAGMA max_page_count = \(maximumPageCount)") }
    }
    do {
      let path = folder.appending(path: fileName).path
      // Looked at before the pool is made: opening in WAL mode already writes.
      let found = try StoreMigrations.format(ofFileAt: path)
      guard found <= StoreMigrations.latest else {
        throw StoreError.newerFormat(found: found, supported: StoreMigrations.latest)
      }
      // Made before SQLite does it: the write-ahead log and its index get the file's mode.
      let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      if descriptor >= 0 {
        fchmod(descriptor, 0o600)
        Foundation.close(descriptor)
      }
      let pool = try DatabasePool(path: path, configuration: configuration)
      let store = LibraryStore(folder: folder, pool: pool, lockPatience: options.lockPatience)
      // GRDB sets NORMAL on its writer as it turns to WAL mode, so this has to come after.
      try pool.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA synchronous = \(durability == .full ? "FULL" : "OFF")")
      }
      // Looked at again: a newer Sheaf may have left its step in the write-ahead log alone.
      let current = try pool.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
      guard current <= StoreMigrations.latest else {
        throw StoreError.newerFormat(found: current, supported: StoreMigrations.latest)
      }
      if current < StoreMigrations.latest {
        try store.writeBlocking(purpose: "sheaf (bringing the format up to date)") { transaction in
          try StoreMigrations.migrate(transaction.db)
        }
      }
      return store
    } catch {
      throw StoreError.translating(error)
    }
  }

  /// Ends all connections. The store must not be used afterwards.
  public func close() throws {
    storeVersion.close()
    let log = folder.appending(path: Self.fileName + "-wal").path
    let size = (try? FileManager.default.attributesOfItem(atPath: log)[.size] as? Int) ?? 0
    if size > Self.largeLogInBytes {
      try? pool.writeWithoutTransaction { db in
        // Nobody is waited for: what another process still reads, it moves over itself.
        try db.execute(sql: "PRAGMA busy_timeout = 0")
        _ = try db.checkpoint(.truncate)
      }
    }
    try pool.close()
  }

  /// Tells two states of the store apart, at a small part of what a read costs, and without waiting.
  ///
  /// Another number than before says that something was committed meanwhile, by this process or another. What is read
  /// after a number was asked for is at least as new as it.
  ///
  /// - Returns: `nil` when it can't be told; what is kept must be read again then.
  public func version() -> Int64? { storeVersion.current() }

  /// Runs a read in a consistent snapshot.
  public func read<Value: Sendable>(
    _ body: @escaping @Sendable (StoreTransaction) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      reading.async {
        continuation.resume(with: Result { try self.readBlocking(body) })
      }
    }
  }

  /// Runs a change in one transaction: all of it or, when `body` throws, nothing.
  ///
  /// - Parameter purpose: What the lock says of this process to another that waits.
  public func write<Value: Sendable>(
    purpose: String, _ body: @escaping @Sendable (StoreTransaction) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      writing.async {
        continuation.resume(with: Result { try self.writeBlocking(purpose: purpose, body) })
      }
    }
  }

  /// `read` for a caller that is on a thread of its own.
  public func readBlocking<Value>(_ body: (StoreTransaction) throws -> Value) throws -> Value {
    do {
      return try pool.read { try body(StoreTransaction(db: $0)) }
    } catch {
      throw StoreError.translating(error)
    }
  }

  /// `write` for a caller that is on a thread of its own.
  public func writeBlocking<Value>(purpose: String, _ body: (StoreTransaction) throws -> Value) throws
    -> Value
  {
    let lockFile = folder.appending(path: "library.lock").path
    let lock = try ProcessLock(file: lockFile, purpose: purpose, patience: lockPatience)
    defer { lock.release() }
    // SQLite keeps to itself why the system refused a commit; GRDB runs it on this thread.
    errno = 0
    do {
      return try pool.write { try body(StoreTransaction(db: $0)) }
    } catch {
      throw StoreError.translating(error, systemError: errno)
    }
  }

  /// Runs a statement that SQLite wants outside of any transaction, under the lock of a change.
  func exclusively(purpose: String, _ body: @escaping @Sendable (Database) throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      writing.async {
        continuation.resume(
          with: Result {
            let lockFile = self.folder.appending(path: "library.lock").path
            let lock = try ProcessLock(file: lockFile, purpose: purpose, patience: self.lockPatience)
            defer { lock.release() }
            do {
              try self.pool.writeWithoutTransaction(body)
            } catch {
              throw StoreError.translating(error)
            }
          })
      }
    }
  }

  /// Moves the write-ahead log into the file, so that the file alone is the library.
  public func checkpointFile() throws {
    try pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
  }
}

/// One transaction on the store: what every read and change goes through.
///
/// Valid only inside the closure it was handed to.
public struct StoreTransaction {
  let db: Database
  let bodyCache = BodyCache()
  let packCache = PackCache()
  let noteCache = NoteCache()
  let reasonCache = ReasonCache()
  let draftChains = DraftChains()
  let pathCache = PathCache()
  let memberCache = MemberCache()

  init(db: Database) { self.db = db }

  /// Runs a statement that is prepared once a connection.
  func execute(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
    try db.cachedStatement(sql: sql).execute(arguments: arguments)
  }

  func rows(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> [StoredRow] {
    let statement = try db.cachedStatement(sql: sql)
    let source = StoredRow.Source(sql: sql, columns: statement.columnNames)
    return try Row.fetchAll(statement, arguments: arguments).map { StoredRow($0, of: source) }
  }

  func row(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> StoredRow? {
    let statement = try db.cachedStatement(sql: sql)
    return try Row.fetchOne(statement, arguments: arguments).map {
      StoredRow($0, of: .init(sql: sql, columns: statement.columnNames))
    }
  }

  /// Rows one by one, each of which is gone with the next.
  func cursor(
    _ sql: String, _ arguments: StatementArguments = StatementArguments()
  ) throws -> MapCursor<RowCursor, StoredRow> {
    let statement = try db.cachedStatement(sql: sql)
    let source = StoredRow.Source(sql: sql, columns: statement.columnNames)
    return try Row.fetchCursor(statement, arguments: arguments).map { StoredRow($0, of: source) }
  }

  /// The first column of the first row; `nil` where there is none, or NULL.
  func value<Value: ColumnValue>(
    _ sql: String, _ arguments: StatementArguments = StatementArguments()
  ) throws -> Value? {
    guard
      let found = try DatabaseValue.fetchOne(db.cachedStatement(sql: sql), arguments: arguments),
      !found.isNull
    else { return nil }
    guard let value = Value(column: found.storage) else {
      throw StoredRow.damage(in: nil, of: sql, holding: found.storage)
    }
    return value
  }

  func integer(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Int64? {
    try value(sql, arguments)
  }

  func blob(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> [UInt8]? {
    try value(sql, arguments)
  }
}
