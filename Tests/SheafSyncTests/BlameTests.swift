import SheafMerge
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Asking a library who wrote what")
struct BlameTests {
  @Test("Blame names revision, person, role and reason of every part, across a move and a merge")
  func blame() async throws {
    let world = try await AuditWorld()
    let article = try await world.clinic.blame(DocumentPath("articles/b.md"), at: .now)
    #expect(article.map(\.revision) == ["1.1", "1.1", "1.1", "5.1", "1.1"])
    #expect(article.map(\.place) == ["/title", "block 1.1", "block 2.1", "block 2.2", "block 3.1"])
    #expect(article[3].reason == "=Beta moved" && article[3].by == "Ana" && article[3].role == "publisher")
    #expect(article[3].line == 6)
    let record = try await world.publisher.blame(DocumentPath(AuditWorld.record), at: .now)
    #expect(
      record.map { "\($0.place) \($0.text) \($0.revision) \($0.by) \($0.role ?? "")" } == [
        "/status \"closed\" 3.1 Hill clinic contributor", "/phase 2 2.1 Ana publisher",
        "/sites/0 \"south\" 1.3 Ana publisher",
      ])
    let before = try await world.publisher.blame(DocumentPath(AuditWorld.record), at: .checkpoint(2))
    #expect(before.map(\.revision) == ["1.3", "2.1", "1.3"])
  }

  @Test("A field's history tells old and new values, and which side of a merge it came from")
  func fieldHistory() async throws {
    let world = try await AuditWorld()
    let path = try DocumentPath(AuditWorld.record)
    let status = try await world.clinic.history(of: path, part: .field(JSONPointer(tokens: ["status"])))
    #expect(status.map(\.revision) == ["4.1", "3.1", "1.3"])
    #expect(status.map(\.after) == [#""closed""#, #""closed""#, #""open""#])
    #expect(status.map(\.before) == [#""open""#, #""open""#, nil])
    #expect(status.map(\.takenFrom) == [["3.1"], [], []])
    #expect(status[1].by == "Hill clinic" && status[1].reason == "Closed for good")
    let beta = try await world.clinic.history(of: DocumentPath("articles/b.md"), part: .quote("moved there"))
    #expect(beta.map(\.revision) == ["5.1", "1.1"])
    #expect(beta.first?.before == "Beta stands there.")
    await #expect(throws: LibraryError.noPart("a field /nothing", AuditWorld.record)) {
      try await world.clinic.history(of: path, part: .field(JSONPointer(tokens: ["nothing"])))
    }
  }

  @Test("A copy that keeps too little says how to deepen it")
  func depth() async throws {
    let world = try await AuditWorld()
    let trail = try await Library.clone(
      from: MemoryRemote(service: world.publisher), to: world.folder.appending("trail"),
      options: CloneOptions(depth: .trail, member: "Tablet"), environment: world.environment
    ).library
    let path = try DocumentPath(AuditWorld.record)
    do {
      _ = try await trail.blame(path, at: .now)
      Issue.record("a copy of trail told who wrote what")
    } catch let error as LibraryError {
      #expect(error.hint == "Run `sheaf sync --keep full` first.")
    }
    await #expect(throws: LibraryError.self) { try await trail.history(of: path, part: .quote("x")) }
    #expect(try await trail.log(newest: 1, before: nil).first?.role == "publisher")
  }
}

@Suite("Filtering the log")
struct LogFilterTests {
  private func numbers(
    _ library: Library, newest: Int = 100, before: UInt64? = nil, _ change: (inout LogFilter) throws -> Void
  ) async throws -> [UInt64] {
    var filter = LogFilter()
    try change(&filter)
    return try await library.log(filter, newest: newest, before: before).map(\.number)
  }

  @Test("By person, role, collection, document, action, time and words, alone and together")
  func filters() async throws {
    let world = try await AuditWorld()
    let clinic = world.clinic
    #expect(try await numbers(clinic) { _ in } == [7, 6, 5, 4, 3, 2, 1])
    #expect(try await numbers(clinic) { $0.by = "hill" } == [3])
    #expect(try await numbers(clinic) { $0.by = "Hill Ana" } == [])
    #expect(try await numbers(clinic) { $0.by = clinic.memberMark.text } == [3])
    #expect(try await numbers(clinic) { $0.role = "contributor" } == [3])
    #expect(try await numbers(clinic) { $0.role = "publisher" } == [7, 6, 5, 4, 2, 1])
    #expect(try await numbers(clinic) { $0.site = "nowhere" } == [])
    #expect(try await numbers(clinic) { $0.collection = try CollectionName("trials") } == [4, 3, 2, 1])
    #expect(try await numbers(clinic) { $0.document = try DocumentPath("articles/a.md") } == [6, 5, 1])
    #expect(try await numbers(clinic) { $0.verb = .merge } == [4])
    #expect(try await numbers(clinic) { $0.verb = .put } == [5, 3, 2, 1])
    #expect(try await numbers(clinic) { $0.reason = "BETTER name" } == [6])
    #expect(try await numbers(clinic) { $0.reason = "edit" } == [1])
    #expect(try await numbers(clinic) { $0.field = JSONPointer(tokens: ["status"]) } == [4, 3, 1])
    #expect(
      try await numbers(clinic) {
        $0.by = "ana"
        $0.collection = try CollectionName("trials")
        $0.verb = .put
        $0.reason = "phase"
      } == [2])
    let all = try await clinic.log(newest: 100, before: nil)
    let third = try #require(Timestamp(parsing: all[4].time))
    #expect(try await numbers(clinic) { $0.until = third }.contains(3))
    #expect(try await numbers(clinic) { $0.since = Timestamp(seconds: 0) }.count == 7)
    #expect(try await numbers(clinic) { $0.until = Timestamp(seconds: 0) }.isEmpty)
    #expect(try await numbers(clinic, newest: 2, before: 6) { $0.role = "publisher" } == [5, 4])
  }

  @Test("Reasons that came since the last question are found too")
  func growing() async throws {
    let world = try await AuditWorld()
    #expect(try await numbers(world.publisher) { $0.reason = "quixotic" } == [])
    _ = try await world.publisher.put(Array("x".utf8), at: DocumentPath("x.txt"), reason: "A quixotic thing")
    #expect(try await numbers(world.publisher) { $0.reason = "quixotic" } == [8])
    #expect(try await numbers(world.publisher) { $0.reason = "*\" OR why:" } == [])
    #expect(try await world.publisher.verify(rebuild: true) { _ in }.problems.isEmpty)
    #expect(try await numbers(world.publisher) { $0.reason = "quixotic" } == [8])
  }
}
