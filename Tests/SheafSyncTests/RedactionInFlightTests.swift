import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// Copies that had the words in every place where content waits, was left over, or follows from other content.
@Suite("Redaction of what is in flight")
struct RedactionInFlightTests {
  private static let words = "Maria Lopez Quintanilla"
  /// One word as the full-text index spells it.
  private static let token = "quintanilla"
  private static let text = "Patient Maria Lopez Quintanilla, ward seven.\n"

  /// The files below a folder, hidden ones too, that hold the words or the index's token.
  private static func traces(in folder: URL) throws -> [String] {
    var found: [String] = []
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
    while let file = files?.nextObject() as? URL {
      guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
      let bytes = [UInt8](try Data(contentsOf: file))
      for needle in [words, token] {
        var search = ByteSearch(Array(needle.utf8))
        search.take(bytes)
        if search.hasFound { found.append("\(file.path.dropFirst(folder.path.count)): \(needle)") }
      }
    }
    return found
  }

  private static func left(_ text: String, at file: URL) throws {
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  @Test("Nothing that waited, was left over or was derived has the words once each copy has passed")
  func everyPlace() async throws {
    let world = try await MembersWorld()
    let publisher = world.publisher
    let path = try DocumentPath("r/x.md")
    try await world.put(
      #"{"format":1,"collections":{"r":{"review":"required"}}}"#, "sheaf/settings.json")
    let officer = try await world.member("Pia", .privacyOfficer)
    let student = try await world.member("Sam", .contributor)
    let editor = try await world.member("Eva", .editor)
    try await world.put("first\n", path.text)
    try await world.put("# \(Self.words)\n\n\(Self.text)", "a/title.md")
    try await world.put(Self.text, "a/base.md")

    // A proposal with the words, declined, and dropped by its author.
    _ = try await student.sync(with: world.remote)
    try await world.put(Self.text, path.text, in: student)
    _ = try await student.sync(with: world.remote)
    _ = try await publisher.decline(path, reason: "no names")
    _ = try await student.sync(with: world.remote)
    let draft: String = try #require(try await student.status().drafts.first?.draft)
    #expect(try await student.dropDraft(draft).texts != nil)

    // Copies of every depth, one by a stick with bundles from several places, and a mirror that has made bundles.
    let stick = world.folder.appending("stick")
    try FileManager.default.createDirectory(at: stick, withIntermediateDirectories: true)
    let folder = FolderRemote(folder: stick)
    _ = try await publisher.exchange(with: folder)
    let walker = try await world.clone("walker", code: nil, remote: folder)
    let heads = try await world.clone("heads", code: try await world.invite("Hal", .reader), depth: .heads)
    let mirror = try await world.clone("mirror", code: try await world.invite("Mo", .reader), depth: .full)
    _ = try await publisher.exchange(with: folder)

    // A conflict about the words, which every copy holds as its base and then sees settled.
    _ = try await editor.sync(with: world.remote)
    try await world.put("Patient M., ward seven.\n", "a/base.md", in: editor)
    try await world.put("Patient, ward eight.\n", "a/base.md")
    _ = try await editor.sync(with: world.remote)
    for copy in [heads, mirror, editor] { _ = try await copy.sync(with: world.remote) }
    _ = try await publisher.exchange(with: folder)
    _ = try await walker.sync(with: folder)
    try await world.put("# Patient\n\nGone.\n", "a/title.md")
    #expect(try await !publisher.conflicts().isEmpty)
    _ = try await publisher.resolve(
      DocumentPath("a/base.md"), with: .content(Array("Patient, ward seven.\n".utf8)), reason: "settled")
    // Every word that stands anywhere is in an index that was asked.
    for copy in [publisher, mirror, heads, editor] { _ = try await copy.search(Self.token, limit: 10) }
    _ = try await publisher.log(LogFilter(), newest: 5, before: nil)
    for request in [
      PullRequest(from: 0, known: 0, depth: .full, subscription: .all),
      PullRequest(from: 3, known: 3, depth: .full, subscription: .all),
      PullRequest(from: 5, known: 5, depth: .trail, subscription: .all),
    ] {
      _ = try await publisher.offer(request)
      _ = try await mirror.offer(request)
    }
    _ = try await publisher.exchange(with: folder)

    // What downloads and writes left that were cut short.
    for copy in [publisher, mirror, heads, walker] {
      try Self.left(Self.text, at: copy.folder.appending(path: "incoming/0123456789abcdef/part"))
    }
    try Self.left(Self.text, at: world.folder.appending(".heads.incoming/part"))
    try Self.left(Self.text, at: stick.appending(path: "bundles/0-9-full.sheaf.new"))
    try Self.left(
      Self.text, at: stick.appending(path: "drafts/\(editor.memberMark.text)/1-0123456789abcdef.sheaf.new"))

    #expect(try Self.traces(in: world.folder.url).count > 10)

    let found = try await publisher.whatHolds(Self.words).revisions
    #expect(found.count >= 3 && found.allSatisfy { !$0.isCurrent })
    let targets = try RedactionTarget.targets(found)
    _ = try await officer.sync(with: world.remote)
    _ = try await officer.redact(targets, ground: "law", reason: "asked")
    _ = try await officer.sync(with: world.remote)
    let done = try await publisher.redact(targets, ground: "law", reason: "confirmed")
    #expect(done.effective.count == found.count)
    _ = try await publisher.exchange(with: folder)
    for copy in [officer, student, editor, heads, mirror] {
      _ = try await copy.sync(with: world.remote)
    }
    _ = try await walker.sync(with: folder)
    for copy in [publisher, officer, student, editor, heads, mirror, walker] {
      #expect(try await copy.unsweptContent() == nil)
      let problems = try await copy.verify(rebuild: false, activity: { _ in }).problems
      #expect(problems.isEmpty)
    }
    #expect(try Self.traces(in: world.folder.url) == [])
  }

  @Test("A refusal does not say what an immutable field said, and so carries it nowhere")
  func refusals() async throws {
    let world = try await MembersWorld()
    try await world.put(
      #"{"type": "object", "properties": {"name": {"type": "string", "x-merge": "immutable"}}}"#,
      "schemas/r.json")
    try await world.put(
      #"{"format":1,"collections":{"r":{"schema":"schemas/r.json"}}}"#, "sheaf/settings.json")
    let editor = try await world.member("Eva", .editor)
    try await world.put(#"{"name":"\#(Self.words)"}"#, "r/x.json")
    do {
      try await world.put(#"{"name":"another"}"#, "r/x.json")
      Issue.record("the field was changed")
    } catch let refusal as ContentRefusal {
      #expect(refusal.problem.contains("/name: must not change"))
      #expect(!refusal.problem.contains(Self.words))
    }
    try await editor.close()
  }
}
