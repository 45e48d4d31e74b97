import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Importing a git history")
struct GitImportTests {
  /// A git repository that a test makes commits in.
  private struct Repository {
    let folder: URL

    init(in root: URL) throws {
      folder = root.appending(path: "repository")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try git("init", "-q", "-b", "main")
    }

    @discardableResult
    func git(_ arguments: String..., time: Int = 1_000_000) throws -> String {
      let said = folder.deletingLastPathComponent().appending(path: "git-said")
      try Data().write(to: said)
      let output = try FileHandle(forWritingTo: said)
      let nowhere = FileHandle.nullDevice
      let code = ChildProcess.run(
        [
          "/usr/bin/env", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_COMMITTER_NAME=C",
          "GIT_COMMITTER_EMAIL=c@d", "GIT_AUTHOR_DATE=@\(time) +0200",
          "GIT_COMMITTER_DATE=@\(time + 5) +0000",
          "GIT_CONFIG_GLOBAL=/dev/null", "git", "-C", folder.path,
        ] + arguments,
        streams: [nowhere.fileDescriptor, output.fileDescriptor, nowhere.fileDescriptor])
      #expect(code == 0, "git \(arguments)")
      return String(decoding: try Data(contentsOf: said), as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func write(_ text: String, to path: String) throws {
      let file = folder.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }

    func commit(_ message: String, time: Int = 1_000_000) throws {
      try git("add", "-A")
      try git("commit", "-q", "--allow-empty", "-m", message, time: time)
    }
  }

  private func importAll(_ world: ReadingWorld, _ repository: Repository, branch: String = "main")
    async throws
    -> ImportReport
  {
    try await world.library.importGit(repository: repository.folder, branch: branch, activity: { _ in })
  }

  @Test("Each first-parent commit becomes a change set with its author, time, name and message")
  func history() async throws {
    let world = try await ReadingWorld()
    let repository = try Repository(in: world.root)
    try repository.write("one\n", to: "a/file with space é.md")
    try repository.write("k\n", to: "keep.txt")
    try repository.commit("First\n\nwith: a body\n:100644 not a change", time: 1_000)
    try repository.commit("Nothing", time: 2_000)
    try repository.git("checkout", "-q", "-b", "side")
    try repository.write("side\n", to: "b/side.md")
    try repository.commit("On the side")
    try repository.git("checkout", "-q", "main")
    try repository.write("two\n", to: "a/file with space é.md")
    try repository.commit("Second", time: 3_000)
    try repository.git("merge", "-q", "--no-ff", "-m", "Merge side", "side", time: 4_000)
    let report = try await importAll(world, repository)
    #expect(report.changeSets == 4)
    #expect(report.revisions == 4)
    #expect(report.size == 4)
    #expect(report.alreadyThere == 0)
    #expect(report.warnings == [])
    let log = try await world.library.log(newest: 10, before: nil)
    #expect(
      log.map(\.reason) == [
        "Merge side\n", "Second\n", "Nothing\n", "First\n\nwith: a body\n:100644 not a change\n",
      ])
    #expect(log.map(\.lineCount) == [1, 1, 0, 2])
    #expect(log.allSatisfy { $0.author == "Ada <ada@example.org>" && $0.by == "editor" })
    #expect(log.map(\.claimedTime).last == "1970-01-01T00:16:40Z")
    #expect(log.first?.source == "git " + (try repository.git("rev-parse", "main")))
    #expect(try await world.text("b/side.md") == "side\n")
    #expect(try await world.text("a/file with space é.md", at: .time(Timestamp(seconds: 2_500))) == "one\n")
    #expect(try await world.library.verify(rebuild: false, activity: { _ in }).problems == [])
  }

  @Test("A second import goes on where the first one stopped")
  func goesOn() async throws {
    let world = try await ReadingWorld()
    let repository = try Repository(in: world.root)
    try repository.write("one\n", to: "a.md")
    try repository.commit("1")
    _ = try await importAll(world, repository)
    // What an editor published in between is no hindrance.
    _ = try await world.library.put(Array("mine\n".utf8), at: world.path("mine.md"), reason: "own")
    #expect(try await importAll(world, repository).changeSets == 0)
    try repository.write("two\n", to: "a.md")
    try repository.commit("2")
    try repository.commit("3")
    let report = try await importAll(world, repository)
    #expect(report.changeSets == 2)
    #expect(report.alreadyThere == 1)
    #expect(report.size == 4)
    #expect(try await world.text("a.md") == "two\n")
    #expect(try await world.text("mine.md") == "mine\n")
  }

  @Test("Where every edit needs an approval an imported history waits for one, and goes on while it does")
  func everyoneReviewed() async throws {
    let world = try await MembersWorld()
    try await world.put("before\n", "a/x.md")
    try await world.put(
      #"{"format":1,"collections":{"a":{"review":"everyone"}}}"#, LibrarySettings.path)
    let ben = try await world.member("Ben", .approver)
    let repository = try Repository(in: world.folder.url)
    func take() async throws -> ImportReport {
      try await world.publisher.importGit(
        repository: repository.folder, branch: "main", activity: { _ in })
    }
    func waiting() async throws -> [String] {
      try await world.publisher.proposals(changes: false).map(\.path)
    }
    func approve(_ path: String) async throws {
      _ = try await ben.sync(with: world.remote)
      _ = try await ben.accept(try DocumentPath(path), reason: "Checked")
      #expect(try await ben.sync(with: world.remote).isSameAsPublisher)
    }
    try repository.write("one\n", to: "a/x.md")
    try repository.write("new\n", to: "a/n.md")
    try repository.write("free\n", to: "b/y.md")
    try repository.commit("1")
    try repository.write("two\n", to: "a/x.md")
    try repository.commit("2")
    #expect(try await take().changeSets == 2)
    #expect(try await world.text("a/x.md") == "before\n")
    #expect(try await world.text("b/y.md") == "free\n")
    #expect(try await waiting() == ["a/n.md", "a/x.md"])
    // Who imports approves none of it.
    await #expect(throws: LibraryError.mayNotDecide("a/x.md")) {
      _ = try await world.publisher.accept(try DocumentPath("a/x.md"), reason: "Mine")
    }
    try await approve("a/x.md")
    #expect(try await world.text("a/x.md") == "two\n")
    try repository.write("three\n", to: "a/x.md")
    try repository.git("rm", "-q", "a/n.md")
    try repository.commit("3")
    let more = try await take()
    #expect(more.changeSets == 1 && more.alreadyThere == 2)
    #expect(try await world.text("a/x.md") == "two\n")
    #expect(try await waiting() == ["a/n.md", "a/x.md"])
    try await approve("a/x.md")
    #expect(try await world.text("a/x.md") == "three\n")
    #expect(try await world.publisher.documents(in: nil).allSatisfy { $0.path != "a/n.md" })
    #expect(try await world.publisher.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test("A history that was rewritten, or another branch, is refused and changes nothing")
  func anotherHistory() async throws {
    let world = try await ReadingWorld()
    let repository = try Repository(in: world.root)
    try repository.write("one\n", to: "a.md")
    try repository.commit("1")
    try repository.git("checkout", "-q", "-b", "side")
    try repository.write("side\n", to: "b.md")
    try repository.commit("side")
    _ = try await importAll(world, repository, branch: "side")
    let imported = try repository.git("rev-parse", "side")
    try repository.git("checkout", "-q", "main")
    try repository.write("other\n", to: "c.md")
    try repository.commit("2")
    await #expect(throws: GitError.anotherHistory(imported: imported, branch: "main")) {
      try await importAll(world, repository)
    }
    // Merged, the imported commit is an ancestor, but not on the main line.
    try repository.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    await #expect(throws: GitError.anotherHistory(imported: imported, branch: "main")) {
      try await importAll(world, repository)
    }
    #expect(try await world.library.status().size == 2)
  }

  @Test("Links, submodules and paths that break our rules are left out, with a warning each")
  func leftOut() async throws {
    let world = try await ReadingWorld()
    let repository = try Repository(in: world.root)
    try repository.write("one\n", to: "a.md")
    try repository.write("x\n", to: "back\\slash.md")
    try FileManager.default.createSymbolicLink(
      atPath: repository.folder.path + "/link.md", withDestinationPath: "a.md")
    try repository.git(
      "update-index", "--add", "--cacheinfo", "160000,0123456789012345678901234567890123456789,module")
    try repository.git("add", "a.md", "link.md", "back\\slash.md")
    try repository.git("commit", "-q", "-m", "1")
    try repository.git("rm", "-q", "-r", "--cached", "link.md", "module", "back\\slash.md")
    try repository.git("commit", "-q", "-m", "2")
    // A file that becomes a link is gone as a document.
    try FileManager.default.removeItem(at: repository.folder.appending(path: "a.md"))
    try FileManager.default.createSymbolicLink(
      atPath: repository.folder.path + "/a.md", withDestinationPath: "nowhere")
    try repository.git("add", "a.md")
    try repository.git("commit", "-q", "-m", "3")
    let report = try await importAll(world, repository)
    #expect(report.changeSets == 3)
    #expect(report.revisions == 2)
    #expect(report.warnings.count == 4)
    #expect(try await world.library.documents(in: nil).isEmpty)
    #expect(try await world.text("a.md", at: .checkpoint(2)) == "one\n")
  }

  @Test("A file found again under another path is a move; a mode is no change")
  func moves() async throws {
    let world = try await ReadingWorld()
    let repository = try Repository(in: world.root)
    try repository.write("same\n", to: "old.md")
    try repository.write("run\n", to: "run.sh")
    try repository.commit("1")
    try repository.git("mv", "old.md", "new.md")
    try repository.git("update-index", "--chmod=+x", "run.sh")
    try repository.git("commit", "-q", "-m", "2")
    _ = try await importAll(world, repository)
    #expect(try await world.library.history(of: world.path("new.md")).map(\.verb) == ["move", "put"])
    #expect(try await world.library.log(newest: 1, before: nil).first?.lineCount == 2)
  }

  @Test("History is not refused for breaking rules; what the tip breaks is a warning")
  func warnings() async throws {
    let world = try await ReadingWorld()
    let repository = try Repository(in: world.root)
    try repository.write("{", to: "r/was-bad.json")
    try repository.commit("1")
    try repository.write("{}", to: "r/was-bad.json")
    try repository.write("[1,", to: "r/bad.json")
    try repository.write(#"{"type": 5}"#, to: "schemas/r.json")
    try repository.commit("2")
    let report = try await importAll(world, repository)
    #expect(report.warnings.count == 3)
    #expect(report.warnings.first?.hasPrefix("r/bad.json: line 1, column 4: ") == true)
    #expect(report.warnings[1].hasPrefix("schemas/r.json: the document: "))
  }

  @Test("A large commit and a long history stream through, message cut to its limit at a character")
  func large() async throws {
    let world = try await ReadingWorld()
    let repository = try Repository(in: world.root)
    var random = SplitMix64(seed: 7)
    for number in 0..<40 {
      try Data(random.bytes(20_000)).write(to: repository.folder.appending(path: "bin-\(number).dat"))
    }
    try repository.commit(String(repeating: "é", count: 40_000))
    for number in 0..<150 { try repository.commit("empty \(number)") }
    let report = try await importAll(world, repository)
    #expect(report.changeSets == 151)
    #expect(report.revisions == 40)
    let first = try await world.library.log(newest: 1, before: 2)
    #expect(first.first?.reason.allSatisfy { $0 == "é" } == true)
    #expect((30_000...32_768).contains(first.first?.reason.count ?? 0))
  }

  @Test("A folder without a repository, a bundle, and a missing branch are told apart")
  func refusals() async throws {
    let world = try await ReadingWorld()
    func failure(_ place: URL, _ branch: String) async -> GitError? {
      do {
        _ = try await world.library.importGit(repository: place, branch: branch, activity: { _ in })
        return nil
      } catch {
        return error as? GitError
      }
    }
    let empty = world.root.appending(path: "empty")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    guard case .noRepository = await failure(empty, "main") else {
      Issue.record("an empty folder passed for a repository")
      return
    }
    let bundle = world.root.appending(path: "x.bundle")
    try Data("# v2 git bundle\n".utf8).write(to: bundle)
    #expect(await failure(bundle, "main")?.hint?.contains("git clone --bare") == true)
    let repository = try Repository(in: world.root)
    try repository.commit("1")
    #expect(await failure(repository.folder, "nowhere") == .noBranch("nowhere"))
    #expect(await failure(repository.folder, "--output=/tmp/x") == .noBranch("--output=/tmp/x"))
    #expect(try await world.library.status().size == 0)
  }

  @Test("A commit object is read whatever stands in it")
  func commits() {
    func parse(_ text: String) -> GitHistory.Commit {
      GitHistory.parse(Array(text.utf8), name: "n", changes: [])
    }
    let signed = parse(
      "tree t\nparent p\nparent q\nauthor A > B <a@b> -5 +0000\ncommitter C <c> 1 +0\ngpgsig x\n author no\n \n end\n\nmessage\n"
    )
    #expect(signed.firstParent == "p")
    #expect(signed.author == "A > B <a@b>")
    #expect(signed.time == Timestamp(seconds: 0))
    #expect(signed.message == "message\n")
    #expect(parse("").author == "")
    #expect(parse("author").message == "author")
    let latin = Array("author \u{4a}".utf8) + [0xe9, 0x20, 0x3c, 0x3e, 0x20, 0x39, 0x0a]
    let commit = GitHistory.parse(
      latin + Array("encoding ISO-8859-1\n\n".utf8) + [0xe9], name: "n", changes: [])
    #expect(commit.author == "Jé <>")
    #expect(commit.message == "é")
    #expect(commit.time == Timestamp(seconds: 9))
  }

  @Test("A file whose name no disk holds is left out, with a warning")
  func longNames() async throws {
    let world = try await ReadingWorld()
    let repository = try Repository(in: world.root)
    try repository.write("text\n", to: "a.md")
    try repository.commit("First")
    let object = try repository.git("rev-parse", "HEAD:a.md")
    let long = String(repeating: "n", count: 256)
    // Git's own trees hold what no work tree does.
    try repository.git("update-index", "--add", "--cacheinfo", "100644,\(object),b/\(long)")
    try repository.git("commit", "-q", "-m", "Second", time: 2_000)
    let report = try await importAll(world, repository)
    #expect(report.changeSets == 2 && report.revisions == 1)
    #expect(
      report.warnings.count == 1 && report.warnings[0].contains("longer than 255 bytes"))
    #expect(try await world.library.documents(in: nil).map(\.path) == ["a.md"])
  }
}
