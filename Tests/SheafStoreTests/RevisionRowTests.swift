import SheafModel
import SheafTesting
import Testing

@testable import SheafStore

@Suite("Rows of revisions")
struct RevisionRowTests {
  @Test("A row tells change set and line, and names that no line can have have none")
  func rows() throws {
    #expect(RevisionRows.row(of: RevisionName(changeSet: 1, line: 1)) == 131_073)
    #expect(RevisionRows.row(of: RevisionName(changeSet: 2, line: 100_000)) == 362_144)
    for name in [
      RevisionName(changeSet: .max, line: 1), RevisionName(changeSet: 1 << 46, line: 1),
      RevisionName(changeSet: 1, line: 131_072), RevisionName(changeSet: 1, line: .max),
    ] { #expect(RevisionRows.row(of: name) == nil) }
    #expect(RevisionRows.lines(of: 1) == (131_072, 262_143))
    #expect(RevisionRows.end(1) == 262_144)
    for size in [UInt64.max, 1 << 63, 1 << 46] {
      #expect(RevisionRows.end(size) > RevisionRows.end(1 << 45))
      #expect(RevisionRows.lines(of: size).first > RevisionRows.end(1 << 45))
    }
  }

  @Test("A move keeps the row of the document that it came from, and says its path")
  func move() throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url, options: .quick)
    defer { try? store.close() }
    try store.writeBlocking(purpose: "test") { transaction in
      var log = TestLog(transaction)
      try log.append([.init(.put, "a/long-name.md", "-", "text")])
      try log.append([
        .init(.move, "b/name.md", "@a/long-name.md", "text"), .init(.delete, "a/long-name.md", "@"),
      ])
      #expect(try transaction.integer("SELECT base FROM revision WHERE verb = 'move'") == 1)
      let moved = try #require(
        try transaction.revision(RevisionName(changeSet: 2, line: 2)) as StoredRevision?)
      #expect(moved.base == .headOf(try DocumentPath("a/long-name.md")))
      let origin = try transaction.moveOrigin(of: moved.document, after: 1, to: 2)
      #expect(origin?.text == "a/long-name.md")
      #expect(try transaction.parents(of: moved.id) == [131_073])
      // What this copy has no document for stands as it is.
      let line = RevisionLine(
        verb: .move, path: try DocumentPath("b/other.md"), base: .headOf(try DocumentPath("c/far.md")),
        content: .init(sizeInBytes: 4, commitment: Commitment(hash: .zero)))
      let row = try transaction.insertRevision(
        RevisionName(changeSet: 3, line: 1), line: line, document: try transaction.documentRow(line.path),
        content: nil, commitmentIsNeeded: true)
      #expect(try transaction.revision(row: row).base == line.base)
    }
  }

  @Test("Reasons packed together come back, and damaged ones do not pass")
  func reasons() throws {
    var reasons = [[UInt8]?](repeating: nil, count: 64)
    reasons[1] = []
    reasons[5] = Array("by Bench\n\nTypo".utf8)
    reasons[63] = [UInt8](repeating: 65, count: 64 << 10)
    let packed = StoreTransaction.packReasons(reasons)
    #expect(StoreTransaction.unpackReasons(packed) == reasons)
    #expect(StoreTransaction.unpackReasons(StoreTransaction.packReasons(Array(reasons.dropLast()))) == nil)
    #expect(StoreTransaction.unpackReasons(StoreTransaction.packReasons(reasons + [[1]])) == nil)
    #expect(StoreTransaction.unpackReasons([]) == nil)
    #expect(StoreTransaction.unpackReasons([255, 255, 255, 255] + packed.dropFirst(4)) == nil)
    #expect(StoreTransaction.unpackReasons(packed.dropLast(3)) == nil)
  }
}
