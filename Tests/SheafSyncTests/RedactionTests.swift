import Foundation
import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafStore
@testable import SheafSync

/// A secret that two people have destroyed, looked for afterwards in every byte of every copy.
@Suite("Redaction")
struct RedactionTests {
  /// Short enough to be stored as it is, and long enough to be deflated.
  private static let words = "Maria Lopez Quintanilla"
  private static let short = "Patient Maria Lopez Quintanilla."
  private static let long = (0..<40).map { "Line \($0): seen by \(words), ward \($0 * 7).\n" }.joined()

  /// A closed library with a publisher, Ana, and a privacy officer, Pia; the words stand in past revisions.
  private struct Scene {
    var world: MembersWorld
    var officer: Library

    init(seed: UInt64 = 1) async throws {
      world = try await MembersWorld(seed: seed)
      officer = try await world.member("Pia", .privacyOfficer)
      try await world.put("# About\n", "a/about.md")
      try await world.put(RedactionTests.short, "a/short.md")
      try await world.put(RedactionTests.long, "a/long.md")
      try await world.put(RedactionTests.long + "More.\n", "a/long.md")
      _ = try await world.publisher.put(
        Array("kept\n".utf8), at: try DocumentPath("a/kept.md"), reason: "because")
    }

    /// Replaces what is current, so that the words are past.
    func clean() async throws {
      try await world.put("clean", "a/short.md")
      try await world.put("clean too\n", "a/long.md")
    }

    /// Every revision that holds the words, asked for by the officer, without the second person.
    func ask() async throws -> [RedactionTarget] {
      let found = try await world.publisher.whatHolds(RedactionTests.words).revisions
      #expect(found.count >= 3 && found.allSatisfy { !$0.isCurrent })
      let targets = try RedactionTarget.targets(found)
      _ = try await officer.sync(with: world.remote)
      let asked = try await officer.redact(targets, ground: "GDPR 17(1)(b)", reason: "Consent withdrawn")
      #expect(asked.draft != nil)
      let sync = try await officer.sync(with: world.remote)
      #expect(sync.pushed.map(\.refusal) == [nil])
      return targets
    }

    func confirm(_ targets: [RedactionTarget], in library: Library? = nil) async throws -> RedactionOutcome {
      try await (library ?? world.publisher).redact(targets, ground: "GDPR 17(1)(b)", reason: "Confirmed")
    }
  }

  /// What of the words lies in the files of a folder, in words: as they are, or as the store had packed them.
  private static func traces(in folder: URL, blobs: Set<[UInt8]>) throws -> [String] {
    var found: [String] = []
    let needles = [Array(words.utf8)] + blobs.sorted { $0.lexicographicallyPrecedes($1) }
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
    while let file = files?.nextObject() as? URL {
      guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
      let bytes = [UInt8](try Data(contentsOf: file))
      for (index, needle) in needles.enumerated() {
        var search = ByteSearch(needle)
        search.take(bytes)
        if search.hasFound {
          found.append("\(file.lastPathComponent): \(index == 0 ? "the words" : "packed")")
        }
      }
    }
    return found
  }

  /// The first bytes of every blob in which a copy keeps the words, packed or not.
  private static func blobs(in library: Library) async throws -> Set<[UInt8]> {
    try await library.store.read { transaction in
      var blobs: Set<[UInt8]> = []
      for hash in try transaction.bodyHashes() {
        guard let bytes = try transaction.body(hash), String(decoding: bytes, as: UTF8.self).contains(words)
        else { continue }
        let row = try transaction.row("SELECT data, pack FROM body WHERE hash = ?", [hash.data])
        let pack: Int64? = try row?[1]
        let data =
          try pack.flatMap { try transaction.blob("SELECT data FROM pack WHERE id = ?", [$0]) }
          ?? row?[0] ?? []
        // A large blob goes over several pages: its beginning is on the first of them.
        if data.count >= 24 { blobs.insert(Array(data.prefix(48))) }
      }
      return blobs
    }
  }

  private static func expectGone(
    from libraries: [Library], blobs: Set<[UInt8]>, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    for library in libraries {
      #expect(try await library.unsweptContent() == nil, sourceLocation: sourceLocation)
      let traces = try traces(in: library.folder, blobs: blobs)
      #expect(traces.isEmpty, "\(library.folder.lastPathComponent)", sourceLocation: sourceLocation)
      try await library.store.read { transaction in
        for hash in try transaction.bodyHashes() {
          let text = try transaction.body(hash).map { String(decoding: $0, as: UTF8.self) } ?? ""
          #expect(!text.contains(words), sourceLocation: sourceLocation)
        }
        // What is left of packs has no entry that nothing names any more.
        let worn = try transaction.integer(
          "SELECT count(*) FROM pack WHERE entries <> held OR held <> (SELECT count(*) FROM body WHERE pack = pack.id)"
        )
        #expect(worn == 0, sourceLocation: sourceLocation)
      }
      let report = try await library.verify(rebuild: false, activity: { _ in })
      #expect(report.problems.isEmpty, sourceLocation: sourceLocation)
    }
  }

  @Test(
    "The words are in no file of any copy of any depth, and every old proof still holds",
    arguments: [false, true])
  func everywhere(isCompacted: Bool) async throws {
    let scene = try await Scene()
    let world = scene.world
    var copies = [world.publisher, scene.officer]
    for depth in Depth.allCases {
      let code = try await world.invite("\(depth)", .reader)
      copies.append(try await world.clone("\(depth)", code: code, depth: depth))
    }
    let heads = copies[2]
    #expect(try await heads.facts().depth == .heads)
    // What somebody edits from the words keeps them as its base.
    let editor = try await world.member("Eva", .editor)
    _ = try await editor.put(Array("own words".utf8), at: try DocumentPath("a/short.md"), reason: "why")
    try await scene.clean()
    let receipt = try await world.publisher.receipt(changeSet: 4)
    var blobs: Set<[UInt8]> = []
    for copy in copies + [editor] { blobs.formUnion(try await Self.blobs(in: copy)) }
    if isCompacted {
      for copy in copies { _ = try await copy.compact(activity: { _ in }) }
      for copy in copies { blobs.formUnion(try await Self.blobs(in: copy)) }
    }
    #expect(blobs.count >= 2)
    let targets = try await scene.ask()
    for copy in copies.dropFirst() { _ = try await copy.sync(with: world.remote) }
    #expect(try await world.publisher.redactions().redactions.allSatisfy { $0.effective == nil })
    #expect(try !Self.traces(in: world.publisher.folder, blobs: blobs).isEmpty)
    #expect(try !Self.traces(in: heads.folder, blobs: blobs).isEmpty)
    let done = try await scene.confirm(targets)
    #expect(done.effective.count == done.revisions.count)
    try await Self.expectGone(from: [world.publisher], blobs: blobs)
    for copy in copies.dropFirst() { _ = try await copy.sync(with: world.remote) }
    _ = try await editor.sync(with: world.remote)
    try await Self.expectGone(from: copies + [editor], blobs: blobs)

    // The receipt of one of the change sets proves it as it did.
    let parsed = try Receipt(parsing: Array(receipt.utf8))
    let note: [UInt8] = try #require(
      try await world.publisher.store.read { try $0.changeSet(4)?.note })
    _ = try parsed.verify(leaf: note, key: world.publisher.logVerifier, origin: world.publisher.id.text)
    // A new copy of each depth gets the marks and the salts, and verifies.
    for depth in Depth.allCases {
      let code = try await world.invite("late \(depth)", .reader)
      let late = try await world.clone("late-\(depth)", code: code, depth: depth)
      try await Self.expectGone(from: [late], blobs: blobs)
    }
    #expect(try await world.text("a/kept.md") == "kept\n")
    let report = try await scene.officer.redactions()
    #expect(report.isSwept && report.redactions.allSatisfy { $0.effective == done.changeSet })
    #expect(report.members.first { $0.name == "Ana" }?.hasPassed != nil)
  }

  @Test("A death at any step loses nothing and hides nothing: the next opening goes on", arguments: 0..<9)
  func deaths(steps: Int) async throws {
    let scene = try await Scene()
    let world = scene.world
    try await scene.clean()
    var blobs = try await Self.blobs(in: world.publisher)
    blobs.formUnion(try await Self.blobs(in: scene.officer))
    let targets = try await scene.ask()
    world.world.crash(afterSteps: steps)
    do { _ = try await scene.confirm(targets) } catch is TestWorld.Crash {}
    world.world.crash(afterSteps: nil)
    let hasDied = world.world.takeHasCrashed()
    try await world.publisher.close()
    let again = try await Library.open(at: world.publisher.folder, environment: world.environment)
    if try await again.redactions().redactions.allSatisfy({ $0.effective == nil }) {
      // Nothing had been committed.
      #expect(hasDied && steps == 0)
      _ = try await scene.confirm(targets, in: again)
    }
    try await Self.expectGone(from: [again], blobs: blobs)
    #expect(hasDied == (steps < 7))

    let remote = MemoryRemote(service: again)
    world.world.crash(afterSteps: steps)
    do { _ = try await scene.officer.sync(with: remote) } catch is TestWorld.Crash {}
    world.world.crash(afterSteps: nil)
    try await scene.officer.close()
    let officer = try await Library.open(at: scene.officer.folder, environment: world.environment)
    _ = try await officer.sync(with: remote)
    try await Self.expectGone(from: [officer], blobs: blobs)
    try await again.close()
    try await officer.close()
  }

  @Test("A stick holds the words no more once its publisher has been there, and whoever syncs by it is clean")
  func stick() async throws {
    let scene = try await Scene()
    let world = scene.world
    let stick = world.folder.appending("stick")
    try FileManager.default.createDirectory(at: stick, withIntermediateDirectories: true)
    let remote = FolderRemote(folder: stick)
    _ = try await world.publisher.exchange(with: remote)
    let reader = try await world.clone("reader", code: nil, remote: remote)
    try await scene.clean()
    let blobs = try await Self.blobs(in: reader)
    let targets = try await scene.ask()
    _ = try await world.publisher.exchange(with: remote)
    _ = try await reader.sync(with: remote)
    let before = try FileManager.default.contentsOfDirectory(atPath: stick.appending(path: "bundles").path)
    _ = try await scene.confirm(targets)
    _ = try await world.publisher.exchange(with: remote)
    let after = try FileManager.default.contentsOfDirectory(atPath: stick.appending(path: "bundles").path)
    #expect(!before.isEmpty && Set(before).isDisjoint(with: after))
    #expect(try Self.traces(in: stick, blobs: blobs).isEmpty)
    _ = try await reader.sync(with: remote)
    try await Self.expectGone(from: [reader], blobs: blobs)
    let late = try await world.clone("late", code: nil, depth: .trail, remote: remote)
    try await Self.expectGone(from: [late], blobs: blobs)
  }

  @Test("Of an asset go the chunks that no other has")
  func asset() async throws {
    let scene = try await Scene()
    let world = scene.world
    var random = SplitMix64(seed: 9)
    let noise = random.bytes(1_600_000)
    let path = try DocumentPath("a/scan.bin")
    let marked = Array(noise[..<700_000]) + Array(Self.words.utf8) + Array(noise[700_000...])
    _ = try await world.publisher.put(marked, at: path, reason: "scan")
    _ = try await world.publisher.put(noise, at: path, reason: "scan without the name")
    try await scene.clean()
    let found = try await world.publisher.whatHolds(Self.words).revisions
    #expect(found.contains { $0.path == path.text && !$0.isCurrent })
    let targets = try await scene.ask()
    _ = try await scene.confirm(targets)
    try await Self.expectGone(from: [world.publisher], blobs: [])
    let kept = try await world.publisher.store.read {
      try $0.bytes(of: SHA256Hash(hashing: noise), from: 0, count: noise.count)
    }
    #expect(kept == noise)
  }

  @Test("What was destroyed is told as redacted, with change set and ground, wherever somebody asks for it")
  func told() async throws {
    let scene = try await Scene()
    let world = scene.world
    try await scene.clean()
    let targets = try await scene.ask()
    let done = try await scene.confirm(targets)
    let number: UInt64 = try #require(done.changeSet)
    let short = try DocumentPath("a/short.md")
    let old: RevisionName = try #require(targets.first { $0.path == short }?.revisions.first)
    let publisher = world.publisher
    await #expect(throws: LibraryError.redacted("a/short.md at \(old)", at: number, ground: "GDPR 17(1)(b)"))
    {
      _ = try await publisher.content(of: short, at: .revision(old))
    }
    let entry: HistoryEntry = try #require(
      try await publisher.history(of: short).first { $0.revision == old.description })
    #expect(entry.redacted == number && entry.ground == "GDPR 17(1)(b)" && !entry.isHeld)
    let diffs = try await publisher.diff(nil, from: .checkpoint(4), to: .now)
    #expect(
      diffs.contains {
        $0.path == "a/short.md" && $0.from.contains("redacted at \(number) (20")
          && $0.from.hasSuffix(") by Pia and Ana: GDPR 17(1)(b)")
      })
    let report = try await publisher.export(
      to: world.folder.appending("export"), at: .checkpoint(4), activity: { _ in })
    #expect(report.redacted.count == 1 && report.documents > 0)
    let verified = try await publisher.verify(rebuild: true, activity: { _ in })
    #expect(verified.problems.isEmpty && verified.redacted == UInt64(done.revisions.count))
    let log = try await publisher.log(newest: 1, before: nil)
    #expect(log.first?.ground == "GDPR 17(1)(b)")
    // Lost is another thing than redacted.
    try await publisher.store.write(purpose: "test") {
      try $0.tamper("UPDATE revision SET content = NULL, commitment = zeroblob(32) WHERE change_set = 3")
    }
    let damaged = try await publisher.verify(rebuild: false, activity: { _ in })
    #expect(
      damaged.problems.contains { $0.problem == "its content is missing, and no redaction is about it" })
  }

  @Test("What is current can't be named, and the first person alone destroys nothing")
  func refusals() async throws {
    let scene = try await Scene()
    let world = scene.world
    _ = try await scene.officer.sync(with: world.remote)
    let found = try await world.publisher.whatHolds(Self.words).revisions
    #expect(found.filter(\.isCurrent).map(\.path) == ["a/long.md", "a/short.md"])
    let current: FoundRevision = try #require(found.first { $0.isCurrent })
    let target = RedactionTarget(
      path: try DocumentPath(current.path), revisions: [try #require(RevisionName(parsing: current.revision))]
    )
    for library in [world.publisher, scene.officer] {
      await #expect(throws: LineageError.self) {
        _ = try await library.redact([target], ground: "law", reason: "why")
      }
    }
    try await scene.clean()
    let targets = try await scene.ask()
    await #expect(throws: LibraryError.self) {
      _ = try await scene.officer.redact(targets, ground: "law", reason: "again")
    }
    #expect(try await world.publisher.redactions().redactions.allSatisfy { $0.effective == nil })
    #expect(try !Self.traces(in: world.publisher.folder, blobs: []).isEmpty)
    let editor = try await world.member("Eva", .editor)
    await #expect(throws: AuthorityError.self) {
      _ = try await editor.redact(targets, ground: "law", reason: "why")
    }
  }

  @Test("A mirror that hides as redacted what nobody redacted is refused, and the copy is as it was")
  func lyingMirror() async throws {
    let scene = try await Scene()
    let world = scene.world
    try await scene.clean()
    let code = try await world.invite("mirror", .reader)
    let mirror = try await world.clone("mirror", code: code, depth: .full)
    // The mirror forgets a content, and says that this is as it should be.
    try await mirror.store.write(purpose: "test") { transaction in
      try transaction.tamper(
        """
        UPDATE revision SET content = NULL, commitment = zeroblob(32) WHERE change_set = 4 AND line = 1;
        INSERT INTO redaction SELECT id, 5, 5 FROM revision WHERE change_set = 4 AND line = 1;
        """)
      let changeSet = try transaction.changeSet(4)
      let line = try transaction.revisions(inChangeSet: 4)[0]
      let seed: Seed = try #require(changeSet?.seed)
      let hash = SHA256Hash(hashing: Array(Self.short.utf8))
      #expect(try transaction.revisions(with: hash).isEmpty)
      let sealed = Commitment(content: hash, seed: seed, line: line.name.line)
      try transaction.tamper(
        "UPDATE revision SET commitment = x'\(sealed.hash.hex)' WHERE change_set = 4 AND line = 1")
    }
    await #expect(throws: BundleMisfit.notRedacted(try DocumentPath("a/short.md"))) {
      _ = try await world.clone("late", code: nil, depth: .full, remote: MemoryRemote(service: mirror))
    }
  }

  @Test("Who holds the words of a redaction that came late destroys them on arrival")
  func contentSentAgain() async throws {
    let scene = try await Scene()
    let world = scene.world
    let code = try await world.invite("mirror", .reader)
    let mirror = try await world.clone("mirror", code: code, depth: .full)
    try await scene.clean()
    let targets = try await scene.ask()
    _ = try await scene.confirm(targets)
    // The mirror is at a position from before, and its whole is still good to clone from; the step behind it brings
    // the redaction.
    let copy = try await world.clone("late", code: nil, depth: .full, remote: MemoryRemote(service: mirror))
    #expect(try !Self.traces(in: copy.folder, blobs: []).isEmpty)
    let blobs = try await Self.blobs(in: copy)
    _ = try await copy.sync(with: world.remote)
    try await Self.expectGone(from: [copy], blobs: blobs)
  }
}
