import SheafModel
import SheafSync
import SheafTesting
import Testing

@Suite("Drafts")
struct DraftTests {
  @Test("A chain of drafts is shown at once, and is the log's once it is handed over")
  func chain() async throws {
    let world = try await SyncWorld()
    try world.content.write("a", to: "a.md")
    try world.content.write("b", to: "b.md")
    _ = try await world.publish()
    let replica = try await world.replica()
    func shown(_ path: String) async throws -> String? {
      let documents = try await replica.documents(in: nil)
      guard documents.contains(where: { $0.path == path }) else { return nil }
      return String(
        decoding: try await replica.content(of: try DocumentPath(path), at: .now).bytes, as: UTF8.self)
    }
    let a = try DocumentPath("a.md")
    #expect(try await replica.put(Array("a 2".utf8), at: a, reason: "r").draft != nil)
    _ = try await replica.put(Array("a 3".utf8), at: a, reason: "r")
    _ = try await replica.remove(try DocumentPath("b.md"), reason: "r")
    _ = try await replica.put(Array("b again".utf8), at: try DocumentPath("b.md"), reason: "r")
    _ = try await replica.put(Array("new".utf8), at: try DocumentPath("new.md"), reason: "r")
    _ = try await replica.remove(try DocumentPath("new.md"), reason: "r")
    #expect(try await shown("a.md") == "a 3")
    #expect(try await shown("b.md") == "b again")
    #expect(try await shown("new.md") == nil)
    #expect(try await world.text("a.md", in: replica) == "a")
    #expect(try await world.text("a.md") == "a")

    // A folder's move of a document that only a draft has changed.
    try world.content.write("a 3", to: "moved.md")
    try world.content.write("b again", to: "b.md")
    try world.content.remove("a.md")
    let report = try await replica.publish(folder: world.content.url, reason: "moved")
    #expect(report.draft != nil && report.moved == [.init(from: "a.md", to: "moved.md")])
    #expect(try await shown("a.md") == nil)

    let synced = try await replica.sync(with: MemoryRemote(service: world.publisher))
    #expect(synced.isSameAsPublisher && synced.drafts == 0 && synced.refused == 0)
    #expect(try await world.text("moved.md") == "a 3")
    #expect(try await world.text("a.md") == nil)
    #expect(try await world.text("b.md") == "b again")
    #expect(try await world.text("new.md") == nil)
    #expect(try await world.publisher.figures().conflicts == 0)
  }

  @Test("An edit that changes nothing, or of nothing, makes no draft")
  func nothing() async throws {
    let world = try await SyncWorld()
    try world.content.write("a", to: "a.md")
    _ = try await world.publish()
    let replica = try await world.replica()
    await #expect(throws: LibraryError.nothingChanged("a.md")) {
      try await replica.put(Array("a".utf8), at: try DocumentPath("a.md"), reason: "r")
    }
    await #expect(throws: LibraryError.noDocument("none.md")) {
      try await replica.remove(try DocumentPath("none.md"), reason: "r")
    }
    #expect(try await replica.status().drafts.isEmpty)
  }
}
