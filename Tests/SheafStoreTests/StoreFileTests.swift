import Foundation
import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafStore

@Suite("The store's file")
struct StoreFileTests {
  static let facts = CopyFacts(
    library: LibraryID(name: "test", logKey: [UInt8](repeating: 1, count: 32)), name: "Test",
    logKey: [UInt8](repeating: 1, count: 32), isPublisher: true, depth: .full, subscription: .all,
    member: "Ana",
    remote: "")

  private func make(_ folder: TestFolder) throws -> LibraryStore {
    let store = try LibraryStore.create(in: folder.url, options: .quick)
    try store.writeBlocking(purpose: "test") { try $0.setFacts(Self.facts) }
    return store
  }

  @Test("What is written is there when the file is opened again")
  func createAndOpen() throws {
    let folder = try TestFolder()
    var range = CompactRange()
    for number in UInt64(1)...11 { range.append(leaf: TestLog.leaf(number)) }
    let store = try make(folder)
    try store.writeBlocking(purpose: "test") { [range] in try $0.setPosition(range) }
    try store.close()
    let again = try LibraryStore.open(in: folder.url, options: .quick)
    defer { try? again.close() }
    #expect(try again.readBlocking { try $0.facts() } == Self.facts)
    #expect(try again.readBlocking { try $0.position() } == range)
  }

  @Test("Opening an empty folder makes nothing there")
  func noLibrary() throws {
    let folder = try TestFolder()
    #expect(throws: StoreError.noLibrary(folder.url.path)) { try LibraryStore.open(in: folder.url) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test("A library is not started over another")
  func alreadyThere() throws {
    let folder = try TestFolder()
    try make(folder).close()
    let before = try Data(contentsOf: folder.appending("library.sqlite"))
    #expect(throws: StoreError.alreadyThere(folder.url.path)) { try LibraryStore.create(in: folder.url) }
    #expect(try Data(contentsOf: folder.appending("library.sqlite")) == before)
  }

  @Test("A library of a newer format is refused, and no byte of it changes")
  func newerFormat() throws {
    let folder = try TestFolder()
    let store = try make(folder)
    try store.checkpointFile()
    try store.close()
    let file = folder.appending("library.sqlite")
    var bytes = try Data(contentsOf: file)
    bytes[63] = UInt8(LibraryStore.format + 1)
    try bytes.write(to: file)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    #expect(throws: StoreError.newerFormat(found: LibraryStore.format + 1, supported: LibraryStore.format)) {
      try LibraryStore.open(in: folder.url)
    }
    #expect(try Data(contentsOf: file) == bytes)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == names)
  }

  @Test("A newer format that only the write-ahead log knows of is refused too")
  func newerFormatInLog() throws {
    let folder = try TestFolder()
    let store = try make(folder)
    defer { try? store.close() }
    try store.checkpointFile()
    try store.writeBlocking(purpose: "test") { try $0.execute("PRAGMA user_version = 99") }
    #expect(throws: StoreError.newerFormat(found: 99, supported: LibraryStore.format)) {
      try LibraryStore.open(in: folder.url)
    }
  }

  @Test("A file that is something else is called damaged, and left alone")
  func garbage() throws {
    let sqlite = Array("SQLite format 3\0".utf8)
    let files: [[UInt8]] = [
      Array("not a database".utf8), [UInt8](repeating: 0x20, count: 5000), sqlite,
      sqlite + [UInt8](repeating: 0xff, count: 44) + [0, 0, 0, 1] + [UInt8](repeating: 0xff, count: 5000),
    ]
    for bytes in files {
      let folder = try TestFolder()
      try folder.write(bytes, to: "library.sqlite")
      let error = #expect(throws: StoreError.self) { _ = try LibraryStore.open(in: folder.url) }
      if case .damaged = error {} else { Issue.record("\(String(describing: error))") }
      #expect(try Array(Data(contentsOf: folder.appending("library.sqlite"))) == bytes)
    }
  }

  @Test("Nobody but the owner can read any file of the store")
  func modes() throws {
    let folder = try TestFolder()
    let store = try make(folder)
    defer { try? store.close() }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(Set(names).isSuperset(of: ["library.sqlite", "library.sqlite-wal", "library.lock"]))
    for name in names {
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.appending(name).path)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
    }
  }

  @Test("A new store has the schema of Schemas/store.sql and no other")
  func schema() throws {
    let folder = try TestFolder()
    let store = try make(folder)
    defer { try? store.close() }
    let shadows = Set(
      ["search", "reason_search"].flatMap { table in
        ["data", "idx", "content", "docsize", "config"].map { "\(table)_\($0)" }
      })
    let found = try store.readBlocking { (transaction) throws in
      try transaction.rows("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").compactMap { row in
        shadows.contains(try row[0]) ? nil : Self.normalized(try row[1])
      }
    }
    let text = try String(contentsOf: schemasFolder.appending(path: "store.sql"), encoding: .utf8)
    let bare = text.split(separator: "\n").filter { !$0.hasPrefix("--") }.joined(separator: "\n")
    // A trigger's body has a semicolon of its own.
    let wanted = bare.replacing("chunk;\nEND;", with: "chunk# END;").split(separator: ";").map {
      Self.normalized(String($0).replacing("#", with: ";"))
    }.filter { !$0.isEmpty }
    #expect(found.sorted() == wanted.sorted())
  }

  private static func normalized(_ sql: String) -> String {
    sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  @Test("The connection is as Schemas/store.md says")
  func settings() throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url)
    defer { try? store.close() }
    try store.writeBlocking(purpose: "test") { (transaction) throws in
      func pragma(_ name: String) throws -> Int64? { try transaction.integer("PRAGMA \(name)") }
      #expect(try transaction.row("PRAGMA journal_mode")?[0] as String? == "wal")
      #expect(try pragma("synchronous") == 2)
      #expect(try pragma("foreign_keys") == 1)
      #expect(try pragma("trusted_schema") == 0)
      #expect(try pragma("user_version") == Int64(LibraryStore.format))
      // Defensive mode: the schema's own table can't be written.
      #expect(throws: (any Error).self) {
        try transaction.execute("PRAGMA writable_schema = ON")
        try transaction.execute("UPDATE sqlite_master SET sql = 'x' WHERE name = 'head'")
      }
    }
    // Readers are held to the same, and write nothing at all.
    try store.readBlocking { (transaction) throws in
      func pragma(_ name: String) throws -> Int64? { try transaction.integer("PRAGMA \(name)") }
      #expect(try pragma("trusted_schema") == 0)
      #expect(try pragma("cell_size_check") == 1)
      #expect(throws: (any Error).self) { try transaction.execute("DELETE FROM head") }
      for sql in ["SELECT load_extension('/tmp/none')", "ATTACH '/tmp/none.sqlite' AS other"] {
        #expect(throws: (any Error).self) { try transaction.execute(sql) }
      }
    }
  }

  @Test("A change that throws leaves nothing, and a part that throws leaves the rest")
  func rollback() throws {
    struct Stop: Error {}
    let folder = try TestFolder()
    let store = try make(folder)
    defer { try? store.close() }
    let body = Array("content".utf8)
    let hash = SHA256Hash(hashing: body)
    #expect(throws: Stop.self) {
      try store.writeBlocking(purpose: "test") { (transaction) throws in
        try transaction.storeBody(body, hash: hash)
        var log = TestLog(transaction)
        try log.append([.init(.put, "a.md", "-", "text")])
        throw Stop()
      }
    }
    try store.readBlocking { (transaction) throws in
      #expect(try !transaction.holdsBody(hash))
      #expect(try transaction.changeSet(1) == nil)
      #expect(try transaction.heads(of: DocumentPath("a.md")).isEmpty)
      #expect(try transaction.existingDocumentRow(DocumentPath("a.md")) == nil)
    }
    try store.writeBlocking(purpose: "test") { (transaction) throws in
      #expect(throws: Stop.self) {
        try transaction.attempt {
          try transaction.storeBody(body, hash: hash)
          throw Stop()
        }
      }
      try transaction.storeBody(Array("other".utf8), hash: SHA256Hash(hashing: Array("other".utf8)))
    }
    try store.readBlocking { (transaction) throws in
      #expect(try transaction.bodyHashes() == [SHA256Hash(hashing: Array("other".utf8))])
    }
  }

  @Test("A full disk, a quota and a file system with a limit are told apart; anything else is about the file")
  func lackOfRoom() {
    #expect(StoreError.ofWriting(ENOSPC) == .diskFull && StoreError.ofWriting(EDQUOT) == .diskFull)
    #expect(StoreError.ofWriting(EFBIG) == .fileTooLarge && StoreError.ofWriting(EACCES) == nil)
    #expect(StoreError.fileTooLarge.hint?.contains("another file system") == true)
  }

  @Test("When the disk is full the change is refused, and the store is as it was and works")
  func diskFull() throws {
    var options = LibraryStore.Options.quick
    options.maximumPageCount = 100
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url, options: options)
    defer { try? store.close() }
    let small = Array("small".utf8)
    try store.writeBlocking(purpose: "test") { try $0.storeBody(small, hash: SHA256Hash(hashing: small)) }
    var random = SplitMix64(seed: 1)
    let large = random.bytes(1 << 20)
    #expect(throws: StoreError.diskFull) {
      try store.writeBlocking(purpose: "test") { (transaction) throws in
        try transaction.storeBody(Array("half".utf8), hash: SHA256Hash(hashing: Array("half".utf8)))
        try transaction.storeBody(large, hash: SHA256Hash(hashing: large))
      }
    }
    #expect(try store.readBlocking { try $0.bodyHashes() } == [SHA256Hash(hashing: small)])
    try store.writeBlocking(purpose: "test") { try $0.setFacts(Self.facts) }
    #expect(try store.readBlocking { try $0.facts() } == Self.facts)
  }
}
