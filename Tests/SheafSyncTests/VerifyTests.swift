import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Verifying what a copy holds")
struct VerifyTests {
  /// Three change sets: two articles, an edit with a reason, a move and a deletion.
  private func world() async throws -> ReadingWorld {
    let world = try await ReadingWorld()
    try await world.publish([
      "a/x.md": "one\n", "a/y.md": String(repeating: "why ", count: 100), "b/z.txt": "z",
    ])
    try await world.publish([
      "a/x.md": "two\n", "a/y.md": String(repeating: "why ", count: 100), "b/z.txt": "z",
    ])
    try await world.publish(["a/x.md": "two\n", "c/moved.txt": "z"])
    return world
  }

  @Test("A library that nobody touched holds, rebuilt or not")
  func sound() async throws {
    let world = try await world()
    let report = try await world.library.verify(rebuild: false, activity: { _ in })
    #expect(report.problems == [])
    #expect(report.size == 3)
    #expect(report.changeSets == 3)
    #expect(report.checkpoints > 0)
    #expect(report.signatures == 3 + 2 * report.checkpoints)
    #expect(report.revisions == 7)
    #expect(report.bodies == 4)
    #expect(report.documents == 2)
    #expect(!report.isRebuilt)
    let rebuilt = try await world.library.verify(rebuild: true, activity: { _ in })
    #expect(rebuilt.problems == [])
    #expect(rebuilt.isRebuilt)
    #expect(rebuilt.stateRoot == report.stateRoot)
    #expect(try await world.library.search("two", limit: 5).map(\.path) == ["a/x.md"])
    // Looking leaves nothing behind: the second look sees what the first saw.
    #expect(try await world.library.verify(rebuild: false, activity: { _ in }) == report)
  }

  @Test("An empty library holds")
  func empty() async throws {
    let world = try await ReadingWorld()
    let report = try await world.library.verify(rebuild: false, activity: { _ in })
    #expect(report.problems == [])
  }

  struct Tampering: Sendable, CustomTestStringConvertible {
    var sql: String
    var place: String
    var testDescription: String { sql }
  }

  private static let tamperings: [Tampering] = [
    .init(sql: "UPDATE body SET data = x'00' WHERE size = 4 AND id = 1", place: "body "),
    .init(sql: "UPDATE body SET size = size + 1 WHERE coding = 1", place: "body "),
    .init(sql: "DELETE FROM body WHERE size = 1", place: "document c/moved.txt"),
    .init(sql: "DELETE FROM body WHERE id = 1", place: "revision 1.1"),
    .init(sql: "UPDATE change_set SET signature = zeroblob(64) WHERE number = 2", place: "change set 2"),
    .init(sql: "UPDATE change_set SET signature = NULL WHERE number = 2", place: "log"),
    .init(sql: "UPDATE change_set SET seen_root = zeroblob(32) WHERE number = 2", place: "change set 2"),
    .init(sql: "UPDATE change_set SET lines_root = zeroblob(32) WHERE number = 2", place: "change set 2"),
    .init(sql: "UPDATE change_set SET reason_seal = zeroblob(32) WHERE number = 2", place: "change set 2"),
    .init(sql: "UPDATE change_set SET note = x'00' WHERE number = 2", place: "change set 2"),
    .init(sql: "UPDATE change_set SET leaf = zeroblob(8) WHERE number = 2", place: "change set 2"),
    .init(sql: "UPDATE change_set SET seed = zeroblob(16) WHERE number = 2", place: "change set 2"),
    .init(sql: "UPDATE change_set SET reason = NULL WHERE number = 2", place: "change set 2"),
    .init(
      sql:
        "UPDATE change_set SET reason = CAST(replace(CAST(reason AS TEXT), 'a reason', 'another') AS BLOB) WHERE number = 3",
      place: "change set 3"),
    .init(sql: "UPDATE author SET key = zeroblob(32)", place: "change set 1"),
    .init(sql: "UPDATE change_set SET seen = 0 WHERE number = 3", place: "change set 3"),
    .init(sql: "UPDATE change_set SET time = 5 WHERE number = 1", place: "change set 1"),
    .init(sql: "UPDATE change_set SET effective_time = 5 WHERE number = 1", place: "change set 1"),
    .init(sql: "UPDATE change_set SET line_count = 9 WHERE number = 1", place: "change set 1"),
    .init(sql: "UPDATE revision SET verb = 'put' WHERE verb = 'move'", place: "revision 3.3"),
    .init(sql: "UPDATE revision SET verb = 'nonsense' WHERE change_set = 2", place: "change set 2"),
    .init(sql: "UPDATE revision SET size = 5 WHERE change_set = 2", place: "change set 2"),
    .init(sql: "UPDATE revision SET content = zeroblob(32) WHERE change_set = 2", place: "change set 2"),
    .init(
      sql: """
        PRAGMA defer_foreign_keys = ON; UPDATE revision SET id = id + 10 WHERE change_set = 1 AND line = 3;
        UPDATE lineage SET revision = revision + 10 WHERE revision = (1 << 17) + 3
        """, place: "change set 1"),
    .init(
      sql:
        "UPDATE revision SET document = (SELECT id FROM document WHERE path = 'b/z.txt') WHERE change_set = 2",
      place: "change set 2"),
    .init(sql: "UPDATE log_node SET hash = zeroblob(32) WHERE position = 1", place: "log node 0/1"),
    .init(sql: "DELETE FROM log_node WHERE level = 0 AND position = 2", place: "log node 0/2"),
    .init(sql: "INSERT INTO log_node VALUES (9, 9, zeroblob(32))", place: "log"),
    .init(sql: "UPDATE checkpoint SET root = zeroblob(32)", place: "checkpoint 3"),
    .init(sql: "UPDATE checkpoint SET signature = state_signature", place: "checkpoint 3"),
    .init(sql: "UPDATE checkpoint SET state_signature = x'00' WHERE size = 3", place: "checkpoint 3"),
    .init(sql: "UPDATE checkpoint SET state_root = root WHERE size = 3", place: "checkpoint 3"),
    .init(sql: "DELETE FROM checkpoint WHERE size = 3", place: "checkpoint 3"),
    .init(sql: "UPDATE checkpoint SET size = 7 WHERE size = 3", place: "checkpoint 7"),
    .init(
      sql: "UPDATE lineage SET rank = 99 WHERE revision = (1 << 17) + 1", place: "lineage of revision 1.1"),
    .init(
      sql: "UPDATE lineage SET superseded = NULL WHERE revision = (1 << 17) + 1",
      place: "lineage of revision 1.1"),
    .init(
      sql: "UPDATE head SET content = (SELECT hash FROM body WHERE id = 1) WHERE size = 4",
      place: "head of document a/x.md"),
    .init(sql: "DELETE FROM head WHERE size = 4", place: "head of document a/x.md"),
    .init(
      sql: "INSERT INTO conflict (document, base) SELECT id, NULL FROM document WHERE path = 'a/x.md'",
      place: "conflict in document a/x.md"),
    .init(sql: "UPDATE state_leaf SET leaf = zeroblob(8) WHERE collection = 'c'", place: "state leaf c/"),
    .init(sql: "UPDATE state_node SET count = 3 WHERE collection = 'c'", place: "state node c/"),
    .init(
      sql: "UPDATE state_collection SET root = zeroblob(32) WHERE collection = 'c'",
      place: "state of collection c"),
    .init(sql: "UPDATE state_collection SET held = 0 WHERE collection = 'c'", place: "state of collection c"),
    .init(
      sql: "INSERT INTO state_collection VALUES ('foreign', 1, zeroblob(32), 0)", place: "state"),
    .init(sql: "UPDATE document SET folded = folded + 1 WHERE path = 'a/x.md'", place: "document a/x.md"),
    .init(sql: "UPDATE document SET path = 'a/w.md' WHERE path = 'a/x.md'", place: "change set 1"),
    .init(
      sql:
        "UPDATE meta SET value = CAST('sheaf/test/00000000000000000000000000000000' AS BLOB) WHERE key = 'library'",
      place: "this copy's facts"),
    .init(sql: "UPDATE meta SET value = zeroblob(72) WHERE key = 'edge'", place: "this copy's facts"),
  ]

  @Test("What was tampered with is found, with its place", arguments: tamperings)
  func tampered(tampering: Tampering) async throws {
    try await tampered(tampering, in: world())
  }

  private func tampered(_ tampering: Tampering, in world: ReadingWorld) async throws {
    try await world.library.store.write(purpose: "test") { try $0.tamper(tampering.sql) }
    let report = try await world.library.verify(rebuild: false, activity: { _ in })
    #expect(!report.problems.isEmpty)
    #expect(
      report.problems.contains { $0.place.hasPrefix(tampering.place) }, "\(report.problems)")
    #expect(report.problems.allSatisfy { !$0.problem.isEmpty })
  }

  static let compactTamperings: [Tampering] = [
    .init(sql: "DELETE FROM body WHERE size = 4", place: "revision "),
    .init(sql: "UPDATE revision SET content = 99 WHERE change_set = 1", place: "change set 1"),
    .init(
      sql: "UPDATE revision SET content = (SELECT max(id) FROM body) WHERE change_set = 1",
      place: "change set 1"),
    .init(sql: "UPDATE revision SET content = -1 WHERE change_set = 2", place: "revision 2."),
    .init(sql: "UPDATE checkpoint SET root = zeroblob(32) WHERE size = 1", place: "change set 2"),
    .init(sql: "UPDATE change_set SET seed = zeroblob(16) WHERE number = 2", place: "change set 2"),
    .init(sql: "UPDATE change_set SET seed = NULL WHERE number = 2", place: "log"),
    .init(sql: "DELETE FROM reasons; UPDATE change_set SET reason = x'00'", place: "change set 2"),
  ]

  @Test("So is it in a packed copy, where rows follow from others", arguments: compactTamperings)
  func tamperedPacked(tampering: Tampering) async throws {
    let world = try await world()
    _ = try await world.library.compact(activity: { _ in })
    try await self.tampered(tampering, in: world)
  }

  @Test("A signer's record that names another position is found")
  func signerRecord() async throws {
    let world = try await world()
    let file = world.root.appending(path: "library/keys/signed")
    try FileManager.default.removeItem(at: file)
    let report = try await world.library.verify(rebuild: false, activity: { _ in })
    #expect(report.problems.map(\.place) == ["keys/signed"])
  }

  @Test("Rebuilding mends projections that were tampered with, and nothing else")
  func rebuild() async throws {
    let world = try await world()
    try await world.library.store.write(purpose: "test") {
      try $0.tamper(
        "DELETE FROM head; UPDATE lineage SET rank = 7; DELETE FROM state_node; DELETE FROM search_row")
      try $0.tamper("UPDATE change_set SET reason = NULL WHERE number = 1")
    }
    let report = try await world.library.verify(rebuild: true, activity: { _ in })
    #expect(report.isRebuilt)
    #expect(report.problems.map(\.place) == ["change set 1"])
    #expect(try await world.text("a/x.md") == "two\n")
    #expect(try await world.library.search("two", limit: 5).map(\.path) == ["a/x.md"])
  }

  @Test("At most a thousand problems are told")
  func cap() async throws {
    let world = try await ReadingWorld()
    let files = Dictionary(uniqueKeysWithValues: (0..<1_100).map { ("a/\($0).txt", "text number \($0)\n") })
    try await world.publish(files)
    try await world.library.store.write(purpose: "test") {
      try $0.tamper("UPDATE body SET data = zeroblob(size)")
    }
    let report = try await world.library.verify(rebuild: false, activity: { _ in })
    #expect(report.problems.count == 1_000)
  }
}
