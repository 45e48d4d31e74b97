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

  @Test(
    "Destroyed revisions are compared across, told with their two people, and named where they may be the origin"
  )
  func redacted() async throws {
    let world = try await MembersWorld()
    let path = try DocumentPath("a/r.json")
    for text in [
      #"{"kept":1,"was":"old","name":"Maria"}"#, #"{"kept":1,"was":"new","name":"Maria"}"#,
      #"{"kept":1,"was":"new"}"#, #"{"kept":1,"was":"newest"}"#,
    ] { try await world.put(text, path.text) }
    let history = try await world.publisher.history(of: path)
    let names = history.compactMap { RevisionName(parsing: $0.revision) }
    #expect(names.count == 4)
    // Known, destroyed, known, known; the newest first.
    let (first, gone, third, newest) = (names[3], names[2], names[1], names[0])
    let officer = try await world.member("Pia", .privacyOfficer)
    let target = RedactionTarget(path: path, revisions: [gone])
    _ = try await officer.redact([target], ground: "law", reason: "asked")
    _ = try await officer.sync(with: world.remote)
    let done: UInt64 = try #require(
      try await world.publisher.redact([target], ground: "law", reason: "confirmed").changeSet)

    let parts = try await world.publisher.blame(path, at: .now)
    #expect(parts.map { "\($0.place) \($0.revision)" } == ["/kept \(first)", "/was \(newest)"])
    #expect(parts.allSatisfy { $0.redacted == nil })
    let before = try await world.publisher.blame(path, at: .revision(third))
    #expect(before.map { "\($0.place) \($0.revision)" } == ["/kept \(first)", "/was \(third)"])
    #expect(before[0].redacted == nil)
    let redacted: RedactedRevision = try #require(before[1].redacted?.first)
    #expect(redacted.revision == gone.description && redacted.by == "Ana" && redacted.redacted == done)
    #expect(redacted.redactedBy == ["Pia", "Ana"] && redacted.ground == "law")
    await #expect(throws: LibraryError.redacted("\(path) at \(gone)", at: done, ground: "law")) {
      _ = try await world.publisher.blame(path, at: .revision(gone))
    }
    let was = try await world.publisher.history(of: path, part: .field(JSONPointer(tokens: ["was"])))
    #expect(was.map(\.revision) == [newest, third, gone, first].map(\.description))
    #expect(was.map(\.before) == [#""new""#, #""old""#, nil, nil])
    #expect(was.map { $0.redacted?.redacted } == [nil, nil, done, nil])
    // A part that only the destroyed revision may have had is not said never to have been there.
    let name = try await world.publisher.history(of: path, part: .field(JSONPointer(tokens: ["no"])))
    #expect(name.map(\.revision) == [gone.description])
    // The filter of the log names what may have changed, and does not fail.
    var filter = LogFilter()
    filter.field = JSONPointer(tokens: ["was"])
    let log = try await world.publisher.log(filter, newest: 20, before: nil)
    let listed = log.map(\.number)
    #expect(listed == [newest, third, gone, first].map(\.changeSet))
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
