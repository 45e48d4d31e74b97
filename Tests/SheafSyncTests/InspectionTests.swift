import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

/// The copy for inspection, verified with OpenSSL, a shell and Python alone.
@Suite("A copy for inspection")
struct InspectionTests {
  private func copy(_ world: AuditWorld, of library: Library? = nil) async throws -> InspectionFolder {
    try await InspectionFolder(of: library ?? world.clinic, in: world.folder)
  }

  /// The commands of the page's steps, each step's paragraphs apart.
  private func steps(_ folder: InspectionFolder) throws -> [[String]] {
    let text = try String(contentsOf: folder.url.appending(path: "VERIFY.txt"), encoding: .utf8)
      .replacing("/tmp/", with: folder.url.path + "-")
    let sections = text.components(separatedBy: "\n\n").reduce(into: [[String]]()) { sections, paragraph in
      if paragraph.first?.isNumber ?? false, paragraph.dropFirst().hasPrefix(". ") {
        sections.append([])
      } else if !sections.isEmpty {
        sections[sections.count - 1].append(paragraph)
      }
    }
    let starts = ["openssl ", "sed ", "h() ", "l=", "s=", "c=", "t=", "for ", "grep -", "python3 "]
    return sections.map { $0.filter { paragraph in starts.contains { paragraph.hasPrefix($0) } } }
  }

  /// Whether a step of the page, counted from 1, comes out as the page says.
  private func holdsByHand(_ step: Int, in folder: InspectionFolder) throws -> Bool {
    let steps = try steps(folder)
    #expect(steps.map(\.count) == [1, 1, 2, 1, 1, 1, 2, 3, 1])
    let define = steps[4][0].components(separatedBy: "\n")[0] + "\n"
    let salt = steps[6][0].components(separatedBy: "\n").prefix(3).joined(separator: "\n") + "\n"
    func output(_ script: String) throws -> String { try folder.run(script).text }
    /// A step that prints one line twice.
    func agrees(_ script: String) throws -> Bool {
      let lines = try output(script).split(separator: "\n")
      return lines.count == 2 && lines[0] == lines[1]
    }
    switch step {
    case 1:
      let checkpoint = try String(contentsOf: folder.url.appending(path: "checkpoint"), encoding: .utf8)
      let key = try output(steps[0][0]).trimmingCharacters(in: .whitespacesAndNewlines)
      return key.count == 32 && checkpoint.components(separatedBy: "\n")[0].hasSuffix("/" + key)
    case 2: return try output(steps[1][0]).contains("Verified Successfully")
    case 3:
      let bound = try output(steps[2][0]).split(separator: "\n")
      let timed = try output(steps[2][1])
      return bound.count == 3 && bound[0].contains("Verified Successfully") && bound[1] == bound[2]
        && timed.contains("Verified Successfully") && timed.contains(" 2026")
    case 4:
      let author = try output(steps[3][0])
      let note = try String(contentsOf: folder.url.appending(path: "trail/000/000007.note"), encoding: .utf8)
      let last = author.split(separator: "\n").last ?? "-"
      return author.contains("Verified Successfully") && note.contains("author \(last)\n")
    case 5: return try agrees(steps[4][0])
    case 6: return try agrees(define + steps[5][0])
    case 7: return try agrees(define + steps[6][0]) && agrees(define + salt + steps[6][1])
    default:
      // Nothing is left out or redacted, and the first document is the newest that any line names.
      let current = try output("head -n 1 current.tsv").split(separator: "\t")
      return try output(steps[7][0]).isEmpty && output(steps[7][1]).isEmpty
        && output(steps[7][2]).split(separator: "\n").last?.split(separator: "\t").dropFirst().first
          == current[0]
    }
  }

  @Test("Every step of the page comes out, and the script says that all holds")
  func good() async throws {
    let world = try await AuditWorld()
    // A last change set with several lines of which the first has content.
    let folder = try await copyWithSeveralLines(world)
    for step in 1...8 { #expect(try holdsByHand(step, in: folder), "step \(step)") }
    let said = try folder.verify()
    #expect(said.code == 0 && said.text.contains("7 change sets hold"), "\(said.text)")
    for words in ["WRONG", "MISSING", "ABSENT", "LOOK"] {
      #expect(!said.text.contains(words), "\(said.text)")
    }
    #expect(said.text.contains("/time says that checkpoint 7 was there at 2026-"), "\(said.text)")
    let root = try folder.verify("--root 7").text
    let checkpoint = try String(contentsOf: folder.url.appending(path: "checkpoint"), encoding: .utf8)
    #expect(checkpoint.components(separatedBy: "\n")[2] + "\n" == root)
    for secret in ["log.key", "member.key", "time.key"] {
      let key = try String(contentsOf: world.folder.appending("publisher/keys/\(secret)"), encoding: .utf8)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      #expect(try folder.run("grep -rF -- '\(key)' .").code == 1)
    }
    let page = try String(contentsOf: folder.url.appending(path: "audit.html"), encoding: .utf8)
    #expect(page.contains("Everything below that could be verified holds."))
    #expect(try folder.run("cat 'documents/a b.md'").text == "é\n")
  }

  // The world's change set 7 deletes; the page's example is the newest, so another world is made for it.
  private func copyWithSeveralLines(_ world: AuditWorld) async throws -> InspectionFolder {
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
      ("another log key", "cp keys/time.pem keys/log.pem", 1),
      ("the checkpoint's size", "sed -i '2s/7/8/' checkpoint", 2),
      ("the clock's key", "cp keys/log.pem keys/time.pem", 3),
      ("the time in a note", "sed -i 's/^time 2/time 3/' trail/000/000007.note", 4),
      ("another change set's proof", "cp receipts/000/000006.tlog-proof receipts/000/000007.tlog-proof", 5),
      ("a line's path", "sed -i '1s/a b/a c/' trail/000/000007.lines", 6),
      ("the reason", "sed -i 's/Several/Few/' trail/000/000007.reason", 7),
      (
        "a document",
        "printf 'e\\n' > 'documents/a b.md'; cp 'documents/a b.md' \"$(of 7.1 | cut -f 3 | tail -n 1)\"",
        7
      ),
      ("a content that is left out", "drop 3.1", 8),
    ]
    for damage in damages {
      let folder = try whole.damaged(damage.script)
      #expect(try !holdsByHand(damage.step, in: folder), "\(damage.name)")
      let script = try folder.verify()
      #expect(script.code == 1, "\(damage.name): \(script.text)")
    }
  }

  @Test("Behind a redaction, a signature and a declined proposal nothing is newer; an open proposal is told")
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
    let copy = try await InspectionFolder(of: world.publisher, in: world.folder)
    // The steps are shown with a change set of which everything is there.
    #expect(try holdsByHand(7, in: copy))
    let said = try copy.verify()
    #expect(said.code == 0 && !said.text.contains("documents/a/x.md"), "\(said.text)")
    try await world.put("open", "a/x.md", in: student)
    _ = try await student.sync(with: world.remote)
    let open = try await InspectionFolder(of: world.publisher, in: world.folder).verify()
    #expect(open.code == 0 && open.text.contains("LOOK     documents/a/x.md: revision"), "\(open.text)")
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
    let good = try folder.verify()
    #expect(good.code == 0, "\(good.text)")
    #expect(
      good.text.contains("LOOK     collections: a copy of schemas, sheaf, trials alone; of 4 change sets"))
    let names = try folder.run("ls trail/000").text
    #expect(names.contains("000001.some-lines") && names.contains("000007.no-lines"))
    for damage in [
      "sed -i 's/trials.t/trials\\/u/' trail/000/000001.some-lines", "rm collections",
      "sed -i '/trials/d' collections", "rm trail/000/000001.proof", "echo > trail/000/000007.no-lines",
      "sed -i 's/elsewhere\\t1/elsewhere\\t2/' current.tsv", "sed -i '/elsewhere/d' current.tsv",
    ] {
      #expect(try folder.damaged(damage).verify().code == 1, "\(damage)")
    }
  }

  @Test(
    "Whatever fleets did, their copies hold and lead to the signed state: conflicts, proposals, approvals, parts",
    arguments: [1, 2, 3] as [UInt64], [false, true])
  func fleets(seed: UInt64, approves: Bool) async throws {
    try await withTemporaryFolder { folder in
      let fleet = try await Fleet(seed: seed, replicas: 2, rule: approves ? .approvals : .open, in: folder)
      for _ in 0..<12 { try await fleet.step() }
      try await fleet.close()
      let place = try TestFolder()
      for name in ["publisher", "replica-1", "replica-2"] {
        let library = try await Library.open(
          at: folder.appending(path: name), environment: TestWorld(seed: seed).environment)
        guard try await library.store.read({ try $0.facts().depth }) >= .trail else { continue }
        let said = try await InspectionFolder(of: library, in: place).verify()
        #expect(said.code == 0, "\(name): \(said.text)\n\(fleet.trail.joined(separator: "\n"))")
        try await library.close()
      }
    }
  }

  @Test("A witness' time is there, and its key is bound by its member's document")
  func witness() async throws {
    let world = try await MembersWorld()
    let clinic = try await world.member("Hill", .editor)
    try await world.put("text", "a.md")
    _ = try await clinic.sync(with: world.remote)
    let copy = try await InspectionFolder(of: world.publisher, in: world.folder)
    let said = try copy.verify()
    #expect(said.code == 0 && said.text.contains("/witness/"), "\(said.text)")
    let other = try copy.damaged("for f in keys/witness-*.vkey; do cp keys/time.vkey $f; done")
    #expect(try other.verify().code == 1)
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
