import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// Each damage leaves all else in agreement, so that one check alone can see it.
@Suite("What one check of what is held alone sees")
struct VerifyHeldTests {
  struct Damage: Sendable, CustomTestStringConvertible {
    var sql: String
    var problem: String
    var testDescription: String { sql }
  }

  private func expect(_ damage: Damage, in library: Library) async throws {
    #expect(try await library.problems() == [])
    try await library.store.write(purpose: "test") { try $0.tamper(damage.sql) }
    let problems = try await library.verify(rebuild: false, activity: { _ in }).problems.map(\.problem)
    #expect(problems == [damage.problem])
  }

  private func published() async throws -> SyncWorld {
    let world = try await SyncWorld()
    for text in ["one", "two", "three"] { try await world.put(text, at: "a/x.md") }
    return world
  }

  // MARK: assets

  private static let assetDamages: [Damage] = [
    .init(
      sql: "UPDATE body SET size = size + 1 WHERE coding = 9",
      problem: "it has another size than it says"),
    .init(
      sql: "UPDATE chunk SET hash = zeroblob(32) WHERE id = 1",
      problem: "its bytes are not those it is named for"),
  ]

  @Test("In an asset", arguments: assetDamages)
  func asset(damage: Damage) async throws {
    let world = try await published()
    var random = SplitMix64(seed: 3)
    let picture = random.bytes(600)
    try await world.publisher.store.write(purpose: "test") { transaction in
      var writer = AssetWriter(transaction)
      for part in [picture.prefix(400), picture.dropFirst(400)] { try writer.add(Array(part)) }
      _ = try writer.finish()
    }
    _ = try await world.publisher.put(picture, at: try DocumentPath("b/picture.png"), reason: "because")
    try await expect(damage, in: world.publisher)
  }

  // MARK: drafts

  private static let otherReason = "its reason is not the one that was signed"
  private static let otherLines = "its lines are not those that were signed"
  private static let otherName = "its name is not the hash of its note"

  private func drafting() async throws -> (world: SyncWorld, replica: Library) {
    let world = try await published()
    let replica = try await world.replica()
    _ = try await replica.put(Array("mine\n".utf8), at: try DocumentPath("a/x.md"), reason: "because")
    return (world, replica)
  }

  private static let draftDamages: [Damage] = [
    .init(sql: "UPDATE draft SET leaf = zeroblob(32)", problem: otherName),
    .init(sql: "UPDATE draft SET reason = x'00'", problem: otherReason),
    .init(sql: "UPDATE draft_line SET path = 'a/y.md'", problem: otherLines),
  ]

  @Test("In a draft", arguments: draftDamages)
  func draft(damage: Damage) async throws {
    let (world, replica) = try await drafting()
    defer { withExtendedLifetime(world) {} }
    try await expect(damage, in: replica)
  }

  /// Puts another note in a draft's place, under the name that it has then.
  private func resign(
    _ library: Library, by seed: [UInt8]? = nil, lineCount: Int? = nil, linesRoot: SHA256Hash? = nil
  ) async throws {
    let key = try KeyFolder.memberKey(seed: try seed ?? library.keys.memberSeed(passphrase: { nil }))
    try await library.store.write(purpose: "test") { transaction in
      let draft: StoredDraft = try #require(try transaction.drafts([.waiting]).first)
      let told = try draft.fields()
      let fields = ChangeSetNote(
        library: told.library, author: told.author, time: told.time, seen: told.seen, after: told.after,
        reason: told.reason, lineCount: lineCount ?? told.lineCount, linesRoot: linesRoot ?? told.linesRoot)
      let note = try key.signedNote(text: fields.text).bytes
      try transaction.replaceNote(of: draft, leaf: MerkleHash.leaf(note), note: note, seed: draft.seed)
    }
  }

  private func expectProblem(_ problem: String, in library: Library) async throws {
    let problems = try await library.verify(rebuild: false, activity: { _ in }).problems
    #expect(problems.map(\.problem) == [problem])
    #expect(problems.allSatisfy { $0.place.hasPrefix("draft ") })
  }

  @Test("A draft that somebody else signed")
  func foreignDraft() async throws {
    let (world, library) = try await drafting()
    defer { withExtendedLifetime(world) {} }
    try await resign(library)
    #expect(try await library.problems() == [])
    try await resign(library, by: [UInt8](repeating: 7, count: 32))
    try await expectProblem("its author did not sign it", in: library)
  }

  @Test("A draft whose author signed another number of lines, or others")
  func otherLines() async throws {
    let (world, library) = try await drafting()
    defer { withExtendedLifetime(world) {} }
    try await resign(library, lineCount: 2)
    try await expectProblem(Self.otherLines, in: library)
    try await resign(library, lineCount: 1, linesRoot: .zero)
    try await expectProblem(Self.otherLines, in: library)
  }

  private static let quarantineDamages: [Damage] = [
    .init(
      sql: """
        PRAGMA defer_foreign_keys = ON; UPDATE quarantine SET leaf = zeroblob(32);
        UPDATE quarantine_body SET leaf = zeroblob(32)
        """, problem: otherName),
    .init(
      sql: "UPDATE quarantine SET author = zeroblob(32)", problem: "it is filed under another author"),
    .init(sql: "UPDATE quarantine SET reason = x'00'", problem: otherReason),
    .init(
      sql: "UPDATE quarantine SET lines = replace(lines, 'a/x.md', 'a/y.md')", problem: otherLines),
  ]

  @Test("In quarantine", arguments: quarantineDamages)
  func quarantine(damage: Damage) async throws {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    let clinic = try await world.member("Hill", .contributor)
    try await world.put("late", "a/x.md", in: clinic)
    _ = try await world.publisher.revoke("Hill", reason: "left")
    #expect(try await clinic.sync(with: world.remote).refused == 1)
    try await expect(damage, in: world.publisher)
  }

  // MARK: what was signed

  @Test("A cosignature of a checkpoint that the log has not come to")
  func cosignatureBeyond() async throws {
    let world = try await published()
    try await expect(
      Damage(
        sql: "UPDATE cosignature SET size = 9 WHERE size = 3",
        problem: "this copy's log is not that long, or nobody made them"),
      in: world.publisher)
  }

  @Test("A signer's record of another position, another root or another log")
  func signerRecord() async throws {
    let world = try await published()
    let publisher = world.publisher
    let root = try await publisher.store.read { try $0.position().root }
    for (size, root) in [(2, root), (3, .zero)] as [(UInt64, SHA256Hash)] {
      try publisher.records.write(
        SignerRecord(Checkpoint(origin: publisher.id.text, size: size, root: root)))
      #expect(
        try await publisher.problems() == ["keys/signed: it does not name checkpoint 3, the newest one"])
    }
    try publisher.records.write(SignerRecord(Checkpoint(origin: "sheaf/other", size: 3, root: root)))
    let problems = try await publisher.problems()
    #expect(problems.count == 1)
    #expect(problems.allSatisfy { $0.hasPrefix("keys/signed: it can't be read") })
    try publisher.records.write(SignerRecord(Checkpoint(origin: publisher.id.text, size: 3, root: root)))
    #expect(try await publisher.problems() == [])
  }

  @Test("A state that waits to be signed and is not what follows from the log")
  func waitingState() async throws {
    let world = try await published()
    try await expect(
      Damage(
        sql: "INSERT INTO unsigned VALUES (3, zeroblob(32))",
        problem: "its root is not the one that waits to be signed"),
      in: world.publisher)
  }

  /// A copy of current documents alone, in which one was left out and everything made anew: what it shows follows
  /// from nothing else that it holds.
  private func lessened() async throws -> (world: SyncWorld, replica: Library) {
    let world = try await published()
    try await world.put("one", at: "a/y.md")
    let replica = try await Library.clone(
      from: MemoryRemote(service: world.publisher), to: world.folder.appending("few"),
      options: CloneOptions(depth: .heads, member: "few"), environment: world.environment
    ).library
    #expect(try await replica.problems() == [])
    try await replica.store.write(purpose: "test") {
      try $0.tamper("DELETE FROM head WHERE document = (SELECT id FROM document WHERE path = 'a/y.md')")
      try $0.rebuildProjections(log: false) { _ in }
    }
    return (world, replica)
  }

  private static let otherState = "state: its root is not the one that was signed at checkpoint 4"

  @Test("A state that is not what was signed")
  func otherState() async throws {
    let (world, replica) = try await lessened()
    defer { withExtendedLifetime(world) {} }
    #expect(try await replica.problems() == [Self.otherState])
  }

  @Test("What waits to be signed stands for a signature on the publisher's copy alone")
  func unsignedReplica() async throws {
    let (world, replica) = try await lessened()
    defer { withExtendedLifetime(world) {} }
    try await replica.store.write(purpose: "test") {
      try $0.insertUnsigned(size: 4, stateRoot: $0.stateRoot())
    }
    #expect(try await replica.problems() == [Self.otherState])
  }

  @Test("A position whose checkpoint is gone, where an older one is left")
  func noCheckpoint() async throws {
    let world = try await published()
    let publisher = world.publisher
    try await publisher.store.write(purpose: "test") {
      try $0.tamper("DELETE FROM checkpoint WHERE size = 3")
    }
    #expect(
      try await publisher.problems().contains("checkpoint 3: this copy's position has no checkpoint"))
  }
}
