import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

/// The copy for inspection, verified with OpenSSL, a shell and Python alone.
@Suite("A copy for inspection")
struct InspectionTests {
  private func copy(_ world: AuditWorld, of library: Library? = nil) async throws -> URL {
    let folder = world.folder.appending("inspection-\(UUID().uuidString)")
    let report = try await (library ?? world.clinic).copyForInspection(to: folder) { _ in }
    #expect(report.size == 7 && report.unverified.isEmpty)
    return folder
  }

  /// Runs a script in a folder; its output and exit code.
  private func run(_ script: String, in folder: URL) throws -> (output: String, code: Int32) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = folder
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (String(decoding: output, as: UTF8.self), process.terminationStatus)
  }

  /// The commands of the page's steps, each step's paragraphs apart.
  private func steps(_ folder: URL) throws -> [[String]] {
    let text = try String(contentsOf: folder.appending(path: "VERIFY.txt"), encoding: .utf8)
      .replacing("/tmp/", with: folder.path + "-")
    let sections = text.components(separatedBy: "\n\n").reduce(into: [[String]]()) { sections, paragraph in
      if paragraph.first?.isNumber ?? false, paragraph.dropFirst().hasPrefix(". ") {
        sections.append([])
      } else if !sections.isEmpty {
        sections[sections.count - 1].append(paragraph)
      }
    }
    let starts = ["openssl ", "sed ", "h() ", "l=", "s=", "c=", "python3 "]
    return sections.map { $0.filter { paragraph in starts.contains { paragraph.hasPrefix($0) } } }
  }

  /// Whether a step of the page, counted from 0, comes out as the page says; the two halves of step 6 count as two.
  private func holdsByHand(_ step: Int, in folder: URL) throws -> Bool {
    let steps = try steps(folder)
    #expect(steps.count == 7 && steps.map(\.count) == [1, 1, 1, 1, 1, 2, 1])
    let define = steps[3][0].components(separatedBy: "\n")[0] + "\n"
    let salt = steps[5][0].components(separatedBy: "\n").prefix(3).joined(separator: "\n") + "\n"
    func output(_ script: String) throws -> String { try run(script, in: folder).output }
    /// A step that prints one line twice.
    func agrees(_ script: String) throws -> Bool {
      let lines = try output(script).split(separator: "\n")
      return lines.count == 2 && lines[0] == lines[1]
    }
    switch step {
    case 0:
      let checkpoint = try String(contentsOf: folder.appending(path: "checkpoint"), encoding: .utf8)
      let key = try output(steps[0][0]).trimmingCharacters(in: .whitespacesAndNewlines)
      return key.count == 32 && checkpoint.components(separatedBy: "\n")[0].hasSuffix("/" + key)
    case 1: return try output(steps[1][0]).contains("Verified Successfully")
    case 2:
      let author = try output(steps[2][0])
      let note = try String(contentsOf: folder.appending(path: "trail/000/000007.note"), encoding: .utf8)
      let last = author.split(separator: "\n").last ?? "-"
      return author.contains("Verified Successfully") && note.contains("author \(last)\n")
    case 3: return try agrees(steps[3][0])
    case 4: return try agrees(define + steps[4][0])
    case 5: return try agrees(define + steps[5][0])
    default: return try agrees(define + salt + steps[5][1])
    }
  }

  @Test("Every step of the page comes out, and the script says that all holds")
  func good() async throws {
    let world = try await AuditWorld()
    // A last change set with several lines of which the first has content.
    let folder = try await copyWithSeveralLines(world)
    for step in 0..<7 { #expect(try holdsByHand(step, in: folder), "step \(step)") }
    let (said, code) = try run("python3 verify.py", in: folder)
    #expect(code == 0 && said.contains("7 change sets hold"), "\(said)")
    let root = try run("python3 verify.py --root 7", in: folder).output
    let checkpoint = try String(contentsOf: folder.appending(path: "checkpoint"), encoding: .utf8)
    #expect(checkpoint.components(separatedBy: "\n")[2] + "\n" == root)
    for secret in ["log.key", "member.key"] {
      let key = try String(contentsOf: world.folder.appending("publisher/keys/\(secret)"), encoding: .utf8)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      #expect(try run("grep -rF -- '\(key)' .", in: folder).code == 1)
    }
    let page = try String(contentsOf: folder.appending(path: "audit.html"), encoding: .utf8)
    #expect(page.contains("Everything below that could be verified holds."))
    #expect(try run("cat 'documents/a b.md'", in: folder).output == "é\n")
  }

  // The world's change set 7 deletes; the page's example is the newest, so another world is made for it.
  private func copyWithSeveralLines(_ world: AuditWorld) async throws -> URL {
    let library = try await Library.create(
      at: world.folder.appending("other"), name: "Other", member: "Zoë", environment: world.environment)
    for number in 1...6 {
      _ = try await library.put(
        Array("\(number)\n".utf8), at: DocumentPath("n\(number).txt"), reason: "Number \(number)\n\nwith more"
      )
    }
    try world.folder.write("é\n", to: "several/a b.md")
    try world.folder.write("{}\n", to: "several/c.json")
    try world.folder.write("x\n", to: "several/d-e.txt")
    _ = try await library.publish(
      folder: world.folder.appending("several"), reason: "Several",
      options: PublishOptions(isDryRun: false, prunes: false))
    return try await copy(world, of: library)
  }

  @Test("An asset that stands among the documents is not missing, and one of the past counts once")
  func assets() async throws {
    var assets = try await AssetWorld()
    let place = assets.world.folder.appending("first")
    let first = try await assets.publisher.copyForInspection(to: place) { _ in }
    #expect(first.absentContents == 0 && first.documents == 2)
    #expect(Array(try Data(contentsOf: place.appending(path: "documents/\(AssetWorld.path)"))) == assets.film)
    let old = assets.film
    try await assets.change { $0[0] ^= 1 }
    try await assets.change { $0 = old + [1] }
    try await assets.change { $0 = old }
    let again = try await assets.publisher.copyForInspection(
      to: assets.world.folder.appending("again")
    ) { _ in }
    // Two states of it are past, and the first stands again.
    #expect(again.absentContents == 2)
  }

  @Test("Each kind of damage makes a step and the script fail")
  func damaged() async throws {
    let world = try await AuditWorld()
    let whole = try await copyWithSeveralLines(world)
    let damages: [(name: String, script: String, step: Int)] = [
      (
        "another log key",
        "cp \"$(ls keys/*.pem | head -n 1)\" keys/log.pem", 0
      ),
      ("the checkpoint's size", "sed -i '2s/7/8/' checkpoint", 1),
      ("the time in a note", "sed -i 's/^time 2/time 3/' trail/000/000007.note", 2),
      ("another change set's proof", "cp receipts/000/000006.tlog-proof receipts/000/000007.tlog-proof", 3),
      ("a line's path", "sed -i '1s/a b/a c/' trail/000/000007.lines", 4),
      ("the reason", "sed -i 's/Several/Few/' trail/000/000007.reason", 5),
      (
        "a document",
        "printf 'e\\n' > 'documents/a b.md'; cp 'documents/a b.md' \"$(grep '^7.1\t' contents.tsv | cut -f 3 | tail -n 1)\"",
        6
      ),
    ]
    for damage in damages {
      let folder = world.folder.appending("damaged-\(damage.step)")
      try FileManager.default.copyItem(at: whole, to: folder)
      #expect(try run(damage.script, in: folder).code == 0, "\(damage.name)")
      #expect(try !holdsByHand(damage.step, in: folder), "\(damage.name)")
      // A proof that was exchanged is of no use to who has the whole log.
      let script = try run("python3 verify.py", in: folder)
      #expect((script.code == 1) == (damage.step != 3), "\(damage.name): \(script.output)")
    }
  }

  @Test("A document under another name, one that nothing vouches for, and an older one are told")
  func misplaced() async throws {
    let world = try await AuditWorld()
    let folder = try await copy(world)
    #expect(try run("python3 verify.py", in: folder).code == 0)
    func said(_ damage: String) throws -> (output: String, code: Int32) {
      let place = world.folder.appending("misplaced-\(UUID().uuidString)")
      try FileManager.default.copyItem(at: folder, to: place)
      #expect(try run(damage, in: place).code == 0)
      return try run("python3 verify.py", in: place)
    }
    let unlisted = try said("cp documents/articles/b.md documents/articles/c.md")
    #expect(
      unlisted.code == 1 && unlisted.output.contains("documents/articles/c.md: nothing says which revision"))
    let renamed = try said(
      "mv documents/articles/b.md documents/articles/c.md; sed -i 's,documents/articles/b,documents/articles/c,' contents.tsv"
    )
    #expect(renamed.code == 1 && renamed.output.contains("is of another document"))
    let older = try said(
      """
      old=$(grep '^1.3\t' contents.tsv); cp "$(echo "$old" | cut -f 3)" documents/trials/t.json
      sed -i "s,^.*documents/trials/t.json$,$(echo "$old" | cut -f 1,2)\tdocuments/trials/t.json," contents.tsv
      """)
    #expect(
      older.output.contains("LOOK   documents/trials/t.json: it is of revision 1.3, and 4.1 is newer"),
      "\(older.output)")
  }

  @Test("Behind a redaction, a signature and a declined proposal the script finds nothing to look at")
  func remarks() async throws {
    let world = try await MembersWorld()
    try await world.put(#"{"format":1,"collections":{"a":{"review":"required"}}}"#, "sheaf/settings.json")
    try await world.put("Maria", "a/x.md")
    try await world.put("clean", "a/x.md")
    let path = try DocumentPath("a/x.md")
    let gone: HistoryEntry = try #require(try await world.publisher.history(of: path).last)
    let name: RevisionName = try #require(RevisionName(parsing: gone.revision))
    let target = RedactionTarget(path: path, revisions: [name])
    let officer = try await world.member("Pia", .privacyOfficer)
    _ = try await officer.redact([target], ground: "law", reason: "asked")
    _ = try await officer.sync(with: world.remote)
    let student = try await world.member("Sam", .contributor)
    try await world.put("declined", "a/x.md", in: student)
    _ = try await student.sync(with: world.remote)
    _ = try await world.publisher.decline(path, reason: "no")
    _ = try await world.publisher.redact([target], ground: "law", reason: "confirmed")
    func said() async throws -> (output: String, code: Int32) {
      let folder = world.folder.appending("inspection-\(UUID().uuidString)")
      _ = try await world.publisher.copyForInspection(to: folder) { _ in }
      // The steps are shown with a change set of which everything is there.
      #expect(try holdsByHand(6, in: folder))
      return try run("python3 verify.py", in: folder)
    }
    let (output, code) = try await said()
    #expect(code == 0 && !output.contains("LOOK"), "\(output)")
    #expect(output.contains("asks to destroy what \(name) said; it changes nothing here"), "\(output)")
    #expect(output.contains("was proposed and declined by"), "\(output)")
    // What is open is still told.
    try await world.put("open", "a/x.md", in: student)
    _ = try await student.sync(with: world.remote)
    #expect(try await said().output.contains("LOOK   documents/a/x.md: it is of revision"))
  }

  @Test("A copy of some collections proves its lines against the rest")
  func part() async throws {
    let world = try await AuditWorld()
    let some = try await Library.clone(
      from: MemoryRemote(service: world.publisher), to: world.folder.appending("some"),
      options: CloneOptions(depth: .full, subscription: .only([CollectionName("trials")]), member: "Tablet"),
      environment: world.environment
    ).library
    let folder = try await copy(world, of: some)
    #expect(
      FileManager.default.fileExists(atPath: folder.appending(path: "trail/000/000001.some-lines").path))
    #expect(try run("python3 verify.py", in: folder).code == 0)
    _ = try run("sed -i 's/trials.t/trials\\/u/' trail/000/000001.some-lines", in: folder)
    #expect(try run("python3 verify.py", in: folder).code == 1)
  }

  @Test("A folder that holds something is refused, and a library without history says so")
  func refused() async throws {
    let world = try await AuditWorld()
    try world.folder.write("x", to: "taken/file")
    await #expect(throws: LibraryError.self) {
      try await world.clinic.copyForInspection(to: world.folder.appending("taken")) { _ in }
    }
    let empty = try await Library.create(
      at: world.folder.appending("empty"), name: "E", member: "E", environment: world.environment)
    await #expect(throws: LibraryError.empty) {
      try await empty.copyForInspection(to: world.folder.appending("new")) { _ in }
    }
    #expect(!FileManager.default.fileExists(atPath: world.folder.appending("new").path))
  }
}
