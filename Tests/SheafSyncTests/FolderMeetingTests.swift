import Foundation
import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("A folder that meets what others edited since")
struct FolderMeetingTests {
  private static let text = "# One\n\nFirst.\n\n\nSecond.\n\n\nThird.\n"

  /// A library whose one article a clinic has edited since the editor's folder published it.
  private func editedByClinic() async throws -> SyncWorld {
    let world = try await SyncWorld()
    try world.content.write(Self.text, to: "articles/a.md")
    try world.content.write("b", to: "articles/b.md")
    _ = try await world.publish()
    let clinic = try await world.replica()
    let edited = Self.text.replacing("First.", with: "First, corrected.")
    _ = try await clinic.put(Array(edited.utf8), at: try DocumentPath("articles/a.md"), reason: "corrected")
    _ = try await clinic.sync(with: MemoryRemote(service: world.publisher))
    #expect(try await world.text("articles/a.md")?.contains("corrected") == true)
    return world
  }

  @Test("A file that is as it was published before an edit leaves the edit alone, and is told")
  func behind() async throws {
    let world = try await editedByClinic()
    try world.content.write("b 2", to: "articles/b.md")
    let report = try await world.publish()
    #expect(report.behind == ["articles/a.md"])
    #expect(report.changed == ["articles/b.md"])
    #expect(try await world.text("articles/a.md")?.contains("corrected") == true)
  }

  @Test("Whose key was rotated since is still the one whose folder it is")
  func rotated() async throws {
    let world = try await MembersWorld()
    let content = try TestFolder()
    func publish() async throws -> PublishReport {
      try await world.publisher.publish(
        folder: content.url, reason: "r", options: PublishOptions(), activity: { _ in })
    }
    let paths = ["articles/a.md", "articles/b.md", "articles/c.md"]
    for path in paths { try content.write(Self.text, to: path) }
    _ = try await publish()
    let clinic = try await world.member("Dale", .contributor)
    _ = try await clinic.sync(with: world.remote)
    for path in paths {
      let edited = Self.text.replacing("First.", with: "First, corrected.")
      _ = try await clinic.put(Array(edited.utf8), at: try DocumentPath(path), reason: "corrected")
    }
    _ = try await clinic.sync(with: world.remote)
    _ = try await world.publisher.rotate(reason: "yearly")

    try content.write(Self.text.replacing("Third.", with: "Third, longer."), to: paths[1])
    let report = try await publish()
    #expect(report.behind == [paths[0], paths[2]])
    let merged = try await world.publisher.content(of: try DocumentPath(paths[1]))?.bytes
    let text = String(decoding: try #require(merged), as: UTF8.self)
    #expect(text.contains("First, corrected.") && text.contains("Third, longer."))
    try content.write(Self.text.replacing("First.", with: "First, otherwise."), to: paths[2])
    await #expect(throws: FolderClash(paths: [paths[2]])) { _ = try await publish() }
  }

  @Test("A file that was edited elsewhere is merged with the edit")
  func merged() async throws {
    let world = try await editedByClinic()
    try world.content.write(Self.text.replacing("Third.", with: "Third, longer."), to: "articles/a.md")
    let report = try await world.publish()
    #expect(report.merged == ["articles/a.md"] && report.behind.isEmpty)
    let text = try #require(try await world.text("articles/a.md"))
    #expect(text.contains("First, corrected.") && text.contains("Third, longer."))
  }

  @Test("A file that was edited in the same place is refused, and nothing is published")
  func clash() async throws {
    let world = try await editedByClinic()
    let size = try await world.size()
    try world.content.write(Self.text.replacing("First.", with: "At first."), to: "articles/a.md")
    try world.content.write("b 2", to: "articles/b.md")
    await #expect(throws: FolderClash(paths: ["articles/a.md"])) { _ = try await world.publish() }
    #expect(try await world.size() == size)
    #expect(try await world.text("articles/b.md") == "b")
  }

  @Test("A file that can't be read as what it is named is told so, and not that it clashes")
  func unreadable() async throws {
    let world = try await SyncWorld()
    try world.content.write(#"{"a": 1}"#, to: "t/a.json")
    _ = try await world.publish()
    let clinic = try await world.replica()
    _ = try await clinic.put(Array(#"{"a": 2}"#.utf8), at: try DocumentPath("t/a.json"), reason: "two")
    _ = try await clinic.sync(with: MemoryRemote(service: world.publisher))
    try world.content.write(#"{"a": "#, to: "t/a.json")
    let error = await #expect(throws: ContentRefusal.self) { _ = try await world.publish() }
    #expect(error?.violations.map(\.path) == ["t/a.json"])
    try world.content.write(#"{"a": 3}"#, to: "t/a.json")
    await #expect(throws: FolderClash(paths: ["t/a.json"])) { _ = try await world.publish() }
  }

  @Test("A clinic's folder, exported, edited and committed, is a draft of what it edited")
  func exported() async throws {
    let world = try await editedByClinic()
    let clinic = try await world.replica("other")
    let work = try TestFolder()
    try work.write(Self.text.replacing("First.", with: "First, corrected twice."), to: "articles/a.md")
    try work.write("b", to: "articles/b.md")
    let report = try await clinic.publish(folder: work.url, reason: "again")
    #expect(report.changed == ["articles/a.md"] && report.draft != nil)
    try work.write("third time", to: "articles/a.md")
    #expect(try await clinic.publish(folder: work.url, reason: "more").changed == ["articles/a.md"])
  }

  @Test("What the editor alone has changed can be changed back")
  func ownRevert() async throws {
    let world = try await SyncWorld()
    for text in ["one", "two", "one"] {
      try world.content.write(text, to: "a.md")
      _ = try await world.publish()
      #expect(try await world.text("a.md") == text)
    }
  }

  @Test("A folder that holds a library is refused: its keys are no content")
  func library() async throws {
    let world = try await SyncWorld()
    try world.content.write("a", to: "a.md")
    try world.content.write("not really one", to: "inner/library.sqlite")
    let refusal = try await #require(throws: FolderRefusal.self) { _ = try await world.publish() }
    #expect(refusal.problems.map(\.path) == ["inner"])
  }

  @Test("A bundle of another depth than was asked for does not narrow a copy")
  func notAskedFor() async throws {
    let world = try await editedByClinic()
    let clinic = try await world.replica("other")
    let before = try await clinic.facts()
    let file = world.content.url.deletingLastPathComponent().appending(path: "heads.sheaf")
    _ = try await world.publisher.makeBundle(from: 0, to: nil, depth: .heads, file: file)
    let request = PullRequest(from: 0, known: 0, depth: .full, subscription: .all)
    await #expect(throws: BundleMisfit.notAskedFor(depth: .heads, subscription: .all)) {
      _ = try await clinic.apply(bundle: file, mayChangeDepth: true, wanted: request, activity: { _ in })
    }
    #expect(try await clinic.facts() == before)
    #expect(try await clinic.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
  }

  @Test("A log that was signed and has lost the signer's record is not signed again")
  func lostRecord() async throws {
    let world = try await SyncWorld()
    try world.content.write("a", to: "a.md")
    _ = try await world.publish()
    try FileManager.default.removeItem(at: world.publisher.folder.appending(path: "keys/signed"))
    try world.content.write("b", to: "a.md")
    await #expect(throws: SignerRefusal.missingRecord) { _ = try await world.publish() }
    #expect(try await world.size() == 1)
  }
}
