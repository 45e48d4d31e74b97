import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Publishing a folder")
struct PublishTests {
  @Test("New, changed, moved and missing files become one change set; nothing changed makes none")
  func publish() async throws {
    let world = try await SyncWorld()
    for name in ["a", "b", "c", "d"] { try world.content.write("text \(name)", to: "articles/\(name).md") }
    let first = try await world.publish()
    #expect(first.changeSet == 1)
    #expect(first.added.count == 4 && first.sizeInBytes == 24)
    let again = try await world.publish()
    #expect(again.changeSet == nil && again.unchangedCount == 4)
    #expect(try await world.size() == 1)

    try world.content.write("text b 2", to: "articles/b.md")
    try world.content.write("text c", to: "moved/c.md")
    try world.content.remove("articles/c.md")
    try world.content.remove("articles/d.md")
    let before = try await world.publisher.checkpointNote()
    let plan = try await world.publish(isDryRun: true)
    #expect(try await world.publisher.checkpointNote() == before)
    #expect(try await world.text("articles/b.md") == "text b")
    var second = try await world.publish()
    #expect(second.changeSet == 2)
    #expect(second.changed == ["articles/b.md"])
    #expect(second.moved == [.init(from: "articles/c.md", to: "moved/c.md")])
    #expect(second.missing == ["articles/d.md"] && second.removed.isEmpty)
    second.changeSet = nil
    #expect(plan == second)
    #expect(try await world.text("articles/c.md") == nil)
    #expect(try await world.text("moved/c.md") == "text c")
    #expect(try await world.text("articles/d.md") == "text d")

    let third = try await world.publish(prunes: true)
    #expect(third.removed == ["articles/d.md"] && third.missing.isEmpty)
    #expect(try await world.text("articles/d.md") == nil)
  }

  @Test("A document moved to where one was deleted is no conflict")
  func moveOntoTombstone() async throws {
    let world = try await SyncWorld()
    try world.content.write("a", to: "a.md")
    try world.content.write("b", to: "b.md")
    _ = try await world.publish()
    try world.content.remove("a.md")
    _ = try await world.publish(prunes: true)
    try world.content.write("b", to: "a.md")
    try world.content.remove("b.md")
    _ = try await world.publish()
    #expect(try await world.text("a.md") == "b")
    #expect(try await world.publisher.figures().conflicts == 0)
  }

  @Test("A broken schema rule is named with file, place and rule, and nothing is published")
  func schema() async throws {
    let world = try await SyncWorld()
    // The schema comes with the documents, and holds for them already.
    try world.content.write(
      #"{"type": "object", "properties": {"phase": {"type": "integer"}}, "required": ["phase"]}"#,
      to: "schemas/trials.json")
    try world.content.write(#"{"phase": 2}"#, to: "trials/good.json")
    try world.content.write(#"{"phase": "two"}"#, to: "trials/bad.json")
    let refusal = await #expect(throws: ContentRefusal.self) { _ = try await world.publish() }
    #expect(refusal?.violations.map(\.path) == ["trials/bad.json"])
    #expect(refusal?.violations.first?.place == "/phase")
    #expect(refusal?.problem.contains("integer") == true)
    #expect(try await world.size() == 0)
    #expect(try await world.text("trials/good.json") == nil)
    try world.content.write(#"{"phase": 3}"#, to: "trials/bad.json")
    #expect(try await world.publish().changeSet == 1)
  }

  @Test("Two files that would be one on a careless disk are refused, now and later")
  func collision() async throws {
    let world = try await SyncWorld()
    try world.content.write("1", to: "Caf\u{e9}.md")
    _ = try await world.publish()
    try world.content.write("2", to: "CAFE\u{301}.md")
    await #expect(throws: PathCollision.self) { _ = try await world.publish() }
    #expect(try await world.size() == 1)
  }

  @Test(
    "A new document whose name no disk holds is refused, by the publisher too when another program drafts it")
  func longNames() async throws {
    let world = try await SyncWorld()
    let longest = String(repeating: "é", count: 127) + "a"
    let put = { (path: String, library: Library) in
      _ = try await library.put(Array("x\n".utf8), at: DocumentPath(path), reason: "r")
    }
    try await put("\(longest)/\(longest)", world.publisher)
    let target = world.folder.appending("out")
    _ = try await world.publisher.export(to: target, at: .now, activity: { _ in })
    #expect(FileManager.default.fileExists(atPath: target.path + "/\(longest)/\(longest)"))

    let clinic = try await world.replica()
    for path in ["\(longest)b", "\(longest)b/x", "a/\(longest)b/x.md"] {
      for library in [world.publisher, clinic] {
        await #expect(throws: NameTooLongForDisks(path: path)) { try await put(path, library) }
      }
    }
    try await clinic.store.write(purpose: "test") { transaction in
      var desk = try EditDesk(transaction: transaction, library: clinic)
      let bytes = Array("x\n".utf8)
      try desk.put(bytes, hash: SHA256Hash(hashing: bytes), at: DocumentPath("\(longest)b"))
      _ = try desk.storeDraft(reason: "r")
    }
    let synced = try await clinic.sync(with: MemoryRemote(service: world.publisher))
    #expect(synced.refused == 1)
    #expect(try await clinic.drafts().first?.refusal?.contains("longer than 255 bytes") == true)
    #expect(try await world.size() == 1)
  }

  @Test("A file that changes while the folder is read publishes nothing")
  func changing() async throws {
    let world = try await SyncWorld()
    try world.content.write("a", to: "a.md")
    try world.content.write("b", to: "b.md")
    let content = world.content
    let refusal = await #expect(throws: FolderRefusal.self) {
      _ = try await world.publish(activity: { activity in
        if case .reading(2, _) = activity { try? content.write("other", to: "a.md") }
      })
    }
    #expect(refusal?.problems == [.init(path: "a.md", problem: "it changed while it was read")])
    #expect(try await world.size() == 0)
  }
}
