import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafStore

@Suite("Rows of a damaged file")
struct StoredRowTests {
  private func withTransaction(_ body: (StoreTransaction) throws -> Void) throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url)
    defer { try? store.close() }
    try store.readBlocking(body)
  }

  private func damage<Value>(_ read: () throws -> Value) -> String? {
    #expect(throws: StoreError.self) { try read() }.flatMap {
      if case .damaged(let place) = $0 { place } else { nil }
    }
  }

  @Test("A column is read as what was written, by its place or name, and as nothing else")
  func types() throws {
    try withTransaction { transaction in
      let row = try #require(
        try transaction.row(
          "SELECT 7 AS number, -1 AS negative, 'a/b' AS text, x'0102' AS blob, 0.5 AS fraction, NULL AS missing"
        ))
      #expect(try row[0] as Int64 == 7 && row["number"] as UInt64 == 7 && row[0] as Int? == 7)
      #expect(try row["text"] as String == "a/b" && (row[2] as DocumentPath).text == "a/b")
      #expect(
        try row["blob"] as [UInt8] == [1, 2] && row[5] as String? == nil && row["missing"] as Int64? == nil)
      // Neither SQLite nor GRDB makes one of the other.
      #expect(damage { try row[2] as Int64 } == "column text holds a text of 3 bytes")
      #expect(damage { try row[0] as String } == "column number holds the number 7")
      #expect(damage { try row["blob"] as String } == "column blob holds 2 bytes")
      #expect(damage { try row[2] as [UInt8] } != nil)
      #expect(damage { try row["fraction"] as Int64 } == "column fraction holds a fraction")
      #expect(damage { try row["missing"] as Int64 } == "column missing holds NULL")
      #expect(damage { try row[2] as Int64? } != nil)
      // What is out of a type's range, or of its form.
      #expect(damage { try row["negative"] as UInt64 } == "column negative holds the number -1")
      #expect(damage { try row["negative"] as Timestamp } != nil)
      #expect(damage { try row["blob"] as SHA256Hash? } != nil)
      #expect(damage { try row["blob"] as Seed } != nil)
      #expect(damage { try row["text"] as RevisionVerb } != nil)
      #expect(damage { try row["text"] as CollectionName } != nil)
      #expect(damage { try row["none"] as Int64? } == "there is no column none")
    }
  }

  @Test("Where it was found is told: the statement's table, and the column where one is named")
  func places() throws {
    try withTransaction { transaction in
      let row = try #require(
        try transaction.row("SELECT 'x' AS size, (SELECT 1 FROM body) FROM (SELECT 1) LEFT JOIN head"))
      #expect(damage { try row[0] as Int64 } == "column size holds a text of 1 bytes")
      let page = try #require(try transaction.row("SELECT rootpage, name FROM sqlite_master LIMIT 1"))
      #expect(
        damage { try page[0] as String }?.hasPrefix("column rootpage of table sqlite_master holds") == true)
      let value: () throws -> Int64? = { try transaction.integer("SELECT name FROM sqlite_master LIMIT 1") }
      #expect(damage(value)?.hasPrefix("table sqlite_master holds a text of") == true)
      #expect(try transaction.integer("SELECT 1 WHERE 0") == nil)
      #expect(try transaction.integer("SELECT NULL") == nil)
    }
  }

  @Test("A file whose tables are defined otherwise is told of")
  func definitions() throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url)
    defer { try? store.close() }
    #expect(try store.readBlocking { try $0.integrityProblems(limit: 9) }.isEmpty)
    try store.writeBlocking(purpose: "test") { try $0.db.execute(sql: "DROP INDEX signature_by_signed") }
    #expect(try store.readBlocking { try $0.integrityProblems(limit: 9) }.count == 1)
  }
}
