import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Reading a library")
struct ReadingTests {
  private static let article = "---\ntitle: What is ALS?\n---\n\n# Heading\n\nMotor neurons die slowly.\n"

  @Test("A document is shown as it stood at a revision, a checkpoint and a time")
  func moments() async throws {
    let world = try await ReadingWorld()
    world.set(time: 1_000)
    try await world.publish(["a/x.md": "one\n"])
    world.set(time: 2_000)
    try await world.publish(["a/x.md": "two\n", "a/y.md": "y\n"])
    world.set(time: 3_000)
    try await world.publish(["a/y.md": "y\n"])
    #expect(try await world.text("a/x.md", at: .checkpoint(1)) == "one\n")
    #expect(try await world.text("a/x.md", at: .checkpoint(2)) == "two\n")
    #expect(try await world.text("a/x.md", at: .revision(RevisionName(changeSet: 1, line: 1))) == "one\n")
    #expect(try await world.text("a/x.md", at: .time(Timestamp(seconds: 1_999))) == "one\n")
    #expect(try await world.text("a/x.md", at: .time(Timestamp(seconds: 2_000))) == "two\n")
    #expect(try await world.text("a/y.md") == "y\n")
    await #expect(throws: LibraryError.noDocument("a/x.md")) { try await world.text("a/x.md") }
    await #expect(throws: LibraryError.noDocument("a/x.md")) {
      try await world.text("a/x.md", at: .revision(RevisionName(changeSet: 3, line: 1)))
    }
    await #expect(throws: LibraryError.noMoment("checkpoint 4")) {
      try await world.text("a/x.md", at: .checkpoint(4))
    }
    await #expect(throws: LibraryError.self) {
      try await world.text("a/x.md", at: .time(Timestamp(seconds: 999)))
    }
    // A revision of another document is none of this one.
    await #expect(throws: LibraryError.self) {
      try await world.text("a/x.md", at: .revision(RevisionName(changeSet: 2, line: 2)))
    }
  }

  @Test("A list has titles, sizes and revisions, in byte order")
  func list() async throws {
    let world = try await ReadingWorld()
    try await world.publish([
      "b/z.txt": "z", "a/x.md": Self.article, "B/data.json": "{\"n\": 1}", "a/Y.md": "# Y\n",
    ])
    let all = try await world.library.documents(in: nil)
    #expect(all.map(\.path) == ["B/data.json", "a/Y.md", "a/x.md", "b/z.txt"])
    #expect(all.map(\.title) == ["data.json", "Y", "What is ALS?", "z.txt"])
    #expect(all.map(\.revision) == ["1.1", "1.2", "1.3", "1.4"])
    #expect(all[3].sizeInBytes == 1)
    let one = try await world.library.documents(in: CollectionName("a"))
    #expect(one.map(\.path) == ["a/Y.md", "a/x.md"])
  }

  @Test("History is newest first and goes on under the path before a move")
  func history() async throws {
    let world = try await ReadingWorld()
    try await world.publish(["a/old.md": "one\n"], reason: "first")
    try await world.publish(["a/old.md": "two\n"], reason: "second")
    try await world.publish(["b/new.md": "two\n"], reason: "moved")
    try await world.publish(["b/new.md": "three\n", "a/old.md": "another\n"], reason: "edited")
    let entries = try await world.library.history(of: world.path("b/new.md"))
    #expect(entries.map(\.verb) == ["put", "move", "put", "put"])
    #expect(entries.map(\.path) == ["b/new.md", "b/new.md", "a/old.md", "a/old.md"])
    #expect(entries.map(\.reason) == ["edited", "moved", "second", "first"])
    #expect(
      entries.map(\.parents) == [[entries[1].revision], [entries[2].revision], [entries[3].revision], []])
    #expect(entries.allSatisfy { $0.by == "editor" && $0.isHeld })
    // The old path's own story has the deletion in it, and what came there later.
    let old = try await world.library.history(of: world.path("a/old.md"))
    #expect(old.map(\.verb) == ["put", "delete", "put", "put"])
    #expect(try await world.text("b/new.md", at: .revision(RevisionName(changeSet: 1, line: 1))) == "one\n")
    await #expect(throws: LibraryError.noDocument("c/none.md")) {
      try await world.library.history(of: world.path("c/none.md"))
    }
  }

  @Test("The log is told newest first, in steps")
  func log() async throws {
    let world = try await ReadingWorld()
    for number in 1...5 { try await world.publish(["a/x.md": "\(number)\n"], reason: "change \(number)") }
    let newest = try await world.library.log(newest: 2, before: nil)
    #expect(newest.map(\.number) == [5, 4])
    #expect(newest.map(\.reason) == ["change 5", "change 4"])
    #expect(newest[0].revisions == [.init(revision: "5.1", verb: "put", path: "a/x.md")])
    #expect(try await world.library.log(newest: 10, before: 3).map(\.number) == [2, 1])
    #expect(try await world.library.log(newest: 0, before: nil).isEmpty)
  }

  @Test("Search finds title, text, declared fields and path, and follows edits and settings")
  func search() async throws {
    let world = try await ReadingWorld()
    var files = [
      "a/x.md": Self.article,
      "r/NCT1.json": #"{"t": "Mesenchymal trial", "c": ["Sclérose", {"k": "deep"}], "hidden": "zebra"}"#,
      "w/page.html": "<title>Page &amp; more</title><script>var giraffe</script><p>Ele<b>phant</b> herd</p>",
      "i/pic.bin": "\u{0}\u{1}quokka",
    ]
    try await world.publish(files)
    func found(_ words: String) async throws -> [String] {
      try await world.library.search(words, limit: 10).map(\.path)
    }
    #expect(try await found("motor neurons") == ["a/x.md"])
    #expect(try await found("sclerose") == ["r/NCT1.json"])
    #expect(try await found("zebra") == ["r/NCT1.json"])
    #expect(try await found("NCT1") == ["r/NCT1.json"])
    #expect(try await found("herd") == ["w/page.html"])
    #expect(try await found("giraffe").isEmpty)
    #expect(try await found("quokka").isEmpty)
    #expect(try await found("pic") == ["i/pic.bin"])
    #expect(try await world.library.search("herd", limit: 10).first?.title == "Page & more")
    files["sheaf/settings.json"] =
      #"{"format": 1, "collections": {"r": {"title": "/t", "search": ["/c"]}}}"#
    try await world.publish(files)
    // Only the settings changed, and every document follows them.
    #expect(try await found("zebra").isEmpty)
    #expect(try await found("deep") == ["r/NCT1.json"])
    #expect(try await world.library.search("deep", limit: 10).first?.title == "Mesenchymal trial")
    files["a/x.md"] = nil
    try await world.publish(files)
    #expect(try await found("motor neurons").isEmpty)
  }

  @Test("Search ranks titles and frequent words first, finds phrases, and shows where the words stand")
  func searchOrder() async throws {
    let world = try await ReadingWorld()
    let filler = (0..<60).map { "word\($0)" }.joined(separator: " ")
    try await world.publish([
      "a.md": "# Other\n\n\(filler) one zebra by the way \(filler)\n",
      "b.md": "# Other\n\nzebra zebra zebra zebra zebra\n", "c.md": "# The zebra\n\na cell stem\n",
      "d.md": "# Stem-cell d'été\n\nthe cell of a stem, Ähre\n", "e.md": "# Cells\n\nno stem cell here\n",
    ])
    func found(_ words: String) async throws -> [String] {
      try await world.library.search(words, limit: 10).map(\.path)
    }
    #expect(try await found("zebra") == ["c.md", "b.md", "a.md"])
    #expect(try await found("\"stem cell\"") == ["d.md", "e.md"])
    #expect(try await found("stem-cell") == ["d.md", "e.md", "c.md"])
    #expect(try await found("ete ahre") == ["d.md"])
    #expect(try await found("d'ete \u{301} -- \" *") == ["d.md"])
    #expect(try await found("\"\"").isEmpty)
    #expect(try await found("zeb").count == 3)
    #expect(try await found("zeb ").count == 3)
    #expect(try await found("\"zeb\"").isEmpty)
    let excerpt = try #require(try await world.library.search("zebra", limit: 10).last?.excerpt)
    #expect(excerpt.contains("one \u{2}zebra\u{3} by the way") && excerpt.hasPrefix("…"))
    // Many edits wear the index; it is made anew and finds the same.
    for round in 0..<3 { try await world.publish(["b.md": "# B\n\nround \(round) of zebra\n"]) }
    #expect(try await found("round 2") == ["b.md"])
    #expect(try await found("round 1").isEmpty)
  }

  @Test("A diff tells words of text, fields of records and sizes of the rest")
  func diff() async throws {
    let world = try await ReadingWorld()
    try await world.publish([
      "a/x.md": "one two three\n", "r/t.json": #"{"n": 1, "s": "x"}"#, "same.txt": "s",
    ])
    try await world.publish([
      "a/x.md": "one 2 three\n", "r/t.json": #"{"n": 2, "s": "x", "k": [true]}"#, "same.txt": "s",
      "new.bin": "\u{0}1",
    ])
    let all = try await world.library.diff(nil, from: .checkpoint(1), to: .now)
    #expect(all.map(\.path) == ["a/x.md", "new.bin", "r/t.json"])
    #expect(
      all[0].words == [
        .init(kind: "same", text: "one "), .init(kind: "removed", text: "two"),
        .init(kind: "added", text: "2"),
        .init(kind: "same", text: " three\n"),
      ])
    #expect(all[1].sizes == .init(before: nil, after: 2))
    #expect(all[1].from == "nothing")
    #expect(
      all[2].fields == [
        .init(pointer: "/n", before: "1", after: "2"), .init(pointer: "/k", before: nil, after: "[true]"),
      ]
    )
    #expect(all[2].from == "1.2")
    let back = try await world.library.diff(world.path("r/t.json"), from: .now, to: .checkpoint(1))
    #expect(back.first?.fields?.first == .init(pointer: "/n", before: "2", after: "1"))
    #expect(try await world.library.diff(world.path("same.txt"), from: .checkpoint(1), to: .now).isEmpty)
    await #expect(throws: LibraryError.noDocument("none")) {
      try await world.library.diff(world.path("none"), from: .checkpoint(1), to: .now)
    }
  }

  @Test("An export is the library at a moment, byte for byte, and only into an empty folder")
  func export() async throws {
    let world = try await ReadingWorld()
    try await world.publish(["a/x.md": "one\r\n", "top.txt": ""])
    try await world.publish(["a/x.md": "two\n", "a/b/y.txt": "y"])
    let target = world.root.appending(path: "out/deep")
    let report = try await world.library.export(to: target, at: .checkpoint(1), activity: { _ in })
    #expect(report.documents == 2)
    #expect(report.size == 1)
    #expect(try Data(contentsOf: target.appending(path: "a/x.md")) == Data("one\r\n".utf8))
    #expect(try Data(contentsOf: target.appending(path: "top.txt")).isEmpty)
    await #expect(throws: LibraryError.folderNotEmpty(target.path)) {
      try await world.library.export(to: target, at: .now, activity: { _ in })
    }
    let link = world.root.appending(path: "link")
    try FileManager.default.createDirectory(
      at: world.root.appending(path: "elsewhere"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      at: link, withDestinationURL: world.root.appending(path: "elsewhere"))
    await #expect(throws: ExportError.notAFolder(link.path)) {
      try await world.library.export(to: link, at: .now, activity: { _ in })
    }
    // Published again it is the same library: nothing changed.
    let again = world.root.appending(path: "again")
    _ = try await world.library.export(to: again, at: .now, activity: { _ in })
    let published = try await world.library.publish(folder: again, reason: "same")
    #expect(published.changeSet == nil)
    #expect(published.unchangedCount == 2)
  }

  @Test("A path that the target's system does not take is told as that, and nothing stays")
  func longExport() async throws {
    let world = try await ReadingWorld()
    let name = String(repeating: "a", count: 250)
    try await world.publish(["first.md": "one\n", "\(name)/\(name)": "deep\n"])
    // Each step is short enough; the whole reaches beyond 4,096 bytes with the document alone.
    var target = world.root
    while target.path.utf8.count < 3_450 { target.append(path: name) }
    target.append(path: String(repeating: "b", count: max(1, 3_690 - target.path.utf8.count)))
    let place = target
    await #expect(throws: ExportError.nameTooLong("\(name)/\(name)")) {
      try await world.library.export(to: place, at: .now, activity: { _ in })
    }
    #expect(!FileManager.default.fileExists(atPath: place.path))
  }

  @Test("A failed export takes away what it wrote")
  func failedExport() async throws {
    let world = try await ReadingWorld()
    try await world.publish(["a/x.md": "one\n", "b/y.md": "gone\n"])
    let hash = SHA256Hash(hashing: Array("gone\n".utf8))
    try await world.library.store.write(purpose: "test") { try $0.remove(body: hash) }
    let target = world.root.appending(path: "out")
    await #expect(throws: LibraryError.notHeld("b/y.md at 1.2")) {
      try await world.library.export(to: target, at: .now, activity: { _ in })
    }
    #expect(!FileManager.default.fileExists(atPath: target.path))
  }

  @Test("Status warns when the clock is behind the log")
  func status() async throws {
    let world = try await ReadingWorld()
    world.set(time: 2_000)
    try await world.publish(["a/x.md": "one\n", "sheaf/settings.json": #"{"format": 1, "name": "Named"}"#])
    var status = try await world.library.status()
    #expect(status.warnings.isEmpty)
    #expect(status.name == "Named")
    #expect(status.size == 1)
    #expect(status.documents == 2)
    #expect(status.isPublisher)
    #expect(status.newestChange == "1970-01-01T00:33:20Z")
    #expect(status.sizeInBytes > 4_096)
    world.set(time: 1_999)
    status = try await world.library.status()
    #expect(status.warnings.count == 1)
    #expect(status.warnings.first?.contains("clock") == true)
  }
}
