import Foundation
import SheafModel
import SheafSync
import SheafTesting
import Testing

@Suite("The life of a conflict")
struct ConflictLifeTests {
  private let path: DocumentPath

  init() throws { path = try DocumentPath("a.json") }

  /// A conflict at `/a`: "x" everywhere, then the publisher's 1 and the clinic's 2, each with another field beside it.
  private func conflicted() async throws -> (world: SyncWorld, clinic: Library, remote: MemoryRemote) {
    let world = try await SyncWorld()
    try world.content.write(#"{"a": 0, "b": 0, "c": 0, "d": 0}"#, to: "a.json")
    _ = try await world.publish()
    let clinic = try await world.replica()
    _ = try await world.publisher.put(
      Array(#"{"a": 1, "b": 1, "c": 0, "d": 0}"#.utf8), at: path, reason: "Ours")
    _ = try await clinic.put(Array(#"{"a": 2, "b": 0, "c": 2, "d": 0}"#.utf8), at: path, reason: "Theirs")
    let remote = MemoryRemote(service: world.publisher)
    #expect(try await clinic.sync(with: remote).conflicts == ["a.json"])
    return (world, clinic, remote)
  }

  @Test(
    "Everybody sees the merge, with the clashing part as it was published first", arguments: Depth.allCases)
  func shown(depth: Depth) async throws {
    let (world, clinic, remote) = try await conflicted()
    _ = try await clinic.sync(with: remote, options: SyncOptions(depth: depth))
    for library in [world.publisher, clinic] {
      let content = try await library.content(of: path, at: .now)
      #expect(content.isConflicted)
      #expect(String(decoding: content.bytes, as: UTF8.self) == #"{"a": 1, "b": 1, "c": 2, "d": 0}"#)
      let list = try await library.conflictList()
      #expect(list.map(\.severity) == ["blocked"] && list.first?.parts == 1 && list.first?.place == "/a")
    }
    let report = try await clinic.conflict(of: path).report
    #expect(report.parts.map(\.place) == ["/a"] && report.parts.first?.theirs == "2")
    #expect(report.sides.map(\.by) == (depth == .heads ? ["", ""] : ["Ana", "clinic"]))
    #expect(try await clinic.status().conflicts == 1)
  }

  @Test(
    "An edit of what is shown keeps the conflict to what clashes; one that agrees dissolves it, with a record"
  )
  func dissolves() async throws {
    let (world, clinic, remote) = try await conflicted()
    _ = try await clinic.put(Array(#"{"a": 1, "b": 1, "c": 2, "d": 4}"#.utf8), at: path, reason: "d")
    #expect(try await clinic.sync(with: remote).conflicts == ["a.json"])
    #expect(try await clinic.conflict(of: path).report.parts.map(\.place) == ["/a"])
    #expect(
      try await String(decoding: world.publisher.content(of: path, at: .now).bytes, as: UTF8.self)
        == #"{"a": 1, "b": 1, "c": 2, "d": 4}"#)
    _ = try await world.publisher.put(
      Array(#"{"a": 2, "b": 1, "c": 2, "d": 4}"#.utf8), at: path, reason: "Agreed")
    #expect(try await world.publisher.conflictList().isEmpty)
    #expect(try await world.publisher.log(newest: 1, before: nil).first?.revisions.map(\.verb) == ["merge"])
    #expect(try await world.text("a.json") == #"{"a": 2, "b": 1, "c": 2, "d": 4}"#)
    #expect(try await clinic.sync(with: remote).conflicts.isEmpty)
  }

  @Test(
    "A choice for each part makes the document, and what was settled stays settled when a late edit comes")
  func settled() async throws {
    let (world, clinic, remote) = try await conflicted()
    let late = try await world.replica("late")
    let settlement = try await clinic.conflict(of: path)
    #expect(settlement.content(taking: [.theirs]) == Array(#"{"a": 2, "b": 1, "c": 2, "d": 0}"#.utf8))
    _ = try await clinic.resolve(
      path, with: .parts([.text(Array("3".utf8))]), of: settlement, reason: "Between")
    #expect(try await !clinic.content(of: path, at: .now).isConflicted)
    #expect(try await clinic.sync(with: remote).conflicts.isEmpty)
    #expect(try await world.text("a.json") == #"{"a": 3, "b": 1, "c": 2, "d": 0}"#)
    // The late clinic edits what it was shown while the conflict stood.
    _ = try await late.put(Array(#"{"a": 1, "b": 1, "c": 2, "d": 9}"#.utf8), at: path, reason: "Late")
    #expect(try await late.sync(with: remote).conflicts.isEmpty)
    #expect(try await world.text("a.json") == #"{"a": 3, "b": 1, "c": 2, "d": 9}"#)
  }

  @Test(
    "Criss-cross history: two people who settled one conflict differently are asked again, and neither is lost",
    arguments: [(PartChoice.ours, PartChoice.theirs), (.theirs, .ours)], Depth.allCases)
  func crissCross(choices: (PartChoice, PartChoice), depth: Depth) async throws {
    let (world, clinic, remote) = try await conflicted()
    let late = try await world.replica("late")
    for (library, choice) in [(clinic, choices.0), (late, choices.1)] {
      _ = try await library.sync(with: remote, options: SyncOptions(depth: depth))
      let conflict = try await library.conflict(of: path)
      _ = try await library.resolve(path, with: .parts([choice]), of: conflict, reason: "Settled")
    }
    #expect(try await clinic.sync(with: remote).conflicts.isEmpty)
    #expect(try await late.sync(with: remote).conflicts == ["a.json"])
    for library in [world.publisher, late] {
      let parts = try await library.conflict(of: path).report.parts
      // Either edit as the base would make the settlement that kept it look like no change at all.
      #expect(parts.map(\.place) == ["/a"] && parts.map(\.base) == ["0"])
      #expect(Set(parts.flatMap { [$0.ours, $0.theirs] }) == ["1", "2"])
    }
    let once = try await late.conflict(of: path)
    _ = try await late.resolve(path, with: .parts([.theirs]), of: once, reason: "Agreed")
    #expect(try await late.sync(with: remote).conflicts.isEmpty)
    #expect(try await clinic.sync(with: remote).conflicts.isEmpty)
    #expect(try await world.publisher.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test(
    "A trail that came after what a conflict is about was past gets it, once, and shows what all show")
  func lackedBase() async throws {
    let world = try await SyncWorld()
    try world.content.write(#"{"a": 0, "b": 0, "c": 0}"#, to: "a.json")
    _ = try await world.publish()
    let lagging = try await world.replica("lagging")
    _ = try await world.publisher.put(Array(#"{"a": 1, "b": 1, "c": 0}"#.utf8), at: path, reason: "r")
    let young = try await world.replica("young")
    _ = try await young.sync(
      with: MemoryRemote(service: world.publisher), options: SyncOptions(depth: .trail))
    _ = try await lagging.put(Array(#"{"a": 2, "b": 0, "c": 2}"#.utf8), at: path, reason: "Late")
    _ = try await lagging.sync(with: MemoryRemote(service: world.publisher))
    let remote = MemoryRemote(service: world.publisher)
    #expect(try await young.sync(with: remote).isSameAsPublisher)
    // One pull of what is new: the base comes alone, by its hash.
    #expect(remote.traffic.requests == 1)
    let shown = try await young.content(of: path, at: .now)
    #expect(String(decoding: shown.bytes, as: UTF8.self) == #"{"a": 1, "b": 1, "c": 2}"#)
    #expect(try await young.conflict(of: path).report.parts.map(\.base) == ["0"])
    _ = try await young.sync(with: remote)
    #expect(remote.traffic.requests == 2)
  }

  /// Three edits of one field, each of which also changed a field of its own.
  private func threefold() async throws -> (world: SyncWorld, clinic: Library, remote: MemoryRemote) {
    let (world, clinic, remote) = try await conflicted()
    let late = try await world.replica("late")
    // The late one goes on from what it was shown, after the clinic and the publisher both edited theirs.
    _ = try await late.put(Array(#"{"a": 3, "b": 1, "c": 2, "d": 3}"#.utf8), at: path, reason: "Third")
    _ = try await world.publisher.put(
      Array(#"{"a": 4, "b": 1, "c": 2, "d": 0}"#.utf8), at: path, reason: "Fourth")
    _ = try await late.sync(with: remote)
    #expect(try await world.publisher.conflict(of: path).report.sides.count == 3)
    return (world, clinic, remote)
  }

  @Test("Three edits that clash are settled two at a time, by anybody, and none is dropped unseen")
  func threeEdits() async throws {
    let (world, clinic, remote) = try await threefold()
    _ = try await clinic.sync(with: remote, options: SyncOptions(depth: .heads))
    // The first step on a copy that doesn't even know the names of the heads.
    let first = try await clinic.conflict(of: path)
    #expect(first.report.parts.map(\.ours) == ["4"] && first.report.parts.map(\.theirs) == ["2"])
    _ = try await clinic.resolve(path, with: .parts([.theirs]), of: first, reason: "Two")
    #expect(try await clinic.content(of: path, at: .now).isConflicted)
    #expect(try await clinic.sync(with: remote).conflicts == ["a.json"])
    let second = try await world.publisher.conflict(of: path)
    #expect(second.report.sides.map(\.by) == ["clinic", "late"])
    #expect(second.report.parts.map(\.ours) == ["2"] && second.report.parts.map(\.theirs) == ["3"])
    #expect(try await world.text("a.json") == #"{"a": 2, "b": 1, "c": 2, "d": 3}"#)
    _ = try await world.publisher.resolve(path, with: .parts([.theirs]), of: second, reason: "Three")
    #expect(try await world.publisher.conflictList().isEmpty)
    #expect(try await world.text("a.json") == #"{"a": 3, "b": 1, "c": 2, "d": 3}"#)
    #expect(try await clinic.sync(with: remote).conflicts.isEmpty)
    #expect(try await world.publisher.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test("A side of three is taken over one other; a content of one's own is for all")
  func threeEditsByFile() async throws {
    let (world, _, _) = try await threefold()
    _ = try await world.publisher.resolve(path, with: .ours, reason: "First")
    #expect(try await world.publisher.conflict(of: path).report.sides.map(\.by) == ["Ana", "late"])
    let (other, _, _) = try await threefold()
    _ = try await other.publisher.resolve(path, with: .content(Array(#"{"a": 9}"#.utf8)), reason: "All")
    #expect(try await other.publisher.conflictList().isEmpty)
    #expect(try await other.text("a.json") == #"{"a": 9}"#)
  }

  @Test("The past shows a conflict as it was shown then, by the schema of that time")
  func past() async throws {
    let (world, clinic, remote) = try await conflicted()
    let size = try await world.size()
    let shown = #"{"a": 1, "b": 1, "c": 2, "d": 0}"#
    _ = try await clinic.resolve(path, with: .content(Array(#"{"a": 7}"#.utf8)), reason: "Settled")
    _ = try await clinic.sync(with: remote)
    let then = try await world.publisher.content(of: path, at: .checkpoint(size))
    #expect(String(decoding: then.bytes, as: UTF8.self) == shown && then.isConflicted)
    let target = world.folder.appending("past")
    #expect(
      try await world.publisher.export(to: target, at: .checkpoint(size), activity: { _ in }).conflicts
        == ["a.json"])
    #expect(try String(contentsOf: target.appending(path: "a.json"), encoding: .utf8) == shown)
    #expect(try await world.text("a.json") == #"{"a": 7}"#)
  }

  private static let schema =
    #"{"type": "object", "properties": {"a": {"x-merge": RULE}, "b": {}, "c": {}, "d": {}}}"#

  /// The publisher sets `a` to 1, then the clinic, who has not seen that, to 2.
  private func met(by rule: String, bothAreContributors: Bool = false) async throws -> (
    world: SyncWorld, text: String?, conflicts: [String], choices: [AutomaticChoice]
  ) {
    let world = try await SyncWorld()
    let record = try DocumentPath("t/a.json")
    try world.content.write(
      #"{"format":1,"collections":{"t":{"schema":"schemas/t.json"}}}"#, to: "sheaf/settings.json")
    try world.content.write(
      Self.schema.replacingOccurrences(of: "RULE", with: rule), to: "schemas/t.json")
    try world.content.write(#"{"a": 0, "b": 0}"#, to: record.text)
    _ = try await world.publish()
    let clinic = try await world.replica()
    let first = bothAreContributors ? try await world.replica("hospital") : world.publisher
    _ = try await first.put(Array(#"{"a": 1, "b": 0}"#.utf8), at: record, reason: "First")
    if bothAreContributors { _ = try await first.sync(with: MemoryRemote(service: world.publisher)) }
    _ = try await clinic.put(Array(#"{"a": 2, "b": 0}"#.utf8), at: record, reason: "Second")
    let synced = try await clinic.sync(with: MemoryRemote(service: world.publisher))
    return (
      world, try await world.text(record.text), synced.conflicts,
      try await world.publisher.automaticChoices(newest: 10, before: nil)
    )
  }

  @Test(
    "A field that belongs to a role keeps what its owner wrote, whoever came first, and the log tells both values",
    arguments: [("publisher", 1, 2), ("contributor", 2, 1)])
  func owner(role: String, kept: Int, other: Int) async throws {
    let met = try await met(by: #"{"owner": "\#(role)"}"#)
    #expect(met.text == #"{"a": \#(kept), "b": 0}"#)
    #expect(met.conflicts.isEmpty)
    let choice = try #require(met.choices.first)
    #expect(met.choices.count == 1 && choice.isHeld && choice.strategy == "owner" && choice.place == "/a")
    #expect(choice.kept == "\(kept)" && choice.other == "\(other)")
    #expect(choice.by == ["Ana", "clinic"] && choice.loser == choice.merged[role == "publisher" ? 1 : 0])
  }

  @Test("Two who have the role, or have it not, are asked", arguments: ["publisher", "contributor"])
  func severalOwners(role: String) async throws {
    let met = try await met(by: #"{"owner": "\#(role)"}"#, bothAreContributors: true)
    #expect(met.conflicts == ["t/a.json"] && met.choices.isEmpty)
    #expect(met.text == #"{"a": 1, "b": 0}"#)
  }

  @Test("Of a field that takes the latest, the one later in the log is kept, and the log tells both values")
  func latest() async throws {
    let met = try await met(by: #""latest""#)
    #expect(met.text == #"{"a": 2, "b": 0}"#)
    #expect(met.conflicts.isEmpty)
    let choice = try #require(met.choices.first)
    #expect(choice.strategy == "latest" && choice.kept == "2" && choice.other == "1")
    #expect(choice.loser == choice.merged.first)
  }

  @Test("A field that takes the latest knows which edit was later also when the first head was edited since")
  func latestAfterAnEdit() async throws {
    let world = try await SyncWorld()
    try world.content.write(
      #"{"format": 1, "collections": {"t": {"schema": "schemas/t.json"}}}"#, to: "sheaf/settings.json")
    try world.content.write(#"{"properties": {"at": {"x-merge": "latest"}}}"#, to: "schemas/t.json")
    try world.content.write(#"{"t": 0, "at": 0}"#, to: "t/a.json")
    _ = try await world.publish()
    let path = try DocumentPath("t/a.json")
    let clinic = try await world.replica()
    let remote = MemoryRemote(service: world.publisher)
    _ = try await world.publisher.put(Array(#"{"t": 1, "at": 1}"#.utf8), at: path, reason: "Ours")
    _ = try await clinic.put(Array(#"{"t": 2, "at": 2}"#.utf8), at: path, reason: "Theirs")
    _ = try await clinic.sync(with: remote, options: SyncOptions(depth: .heads))
    // While another field clashes nobody can tell, since a copy of heads does not know where they stand in the log.
    for library in [world.publisher, clinic] {
      #expect(try await library.conflict(of: path).report.parts.map(\.place) == ["/t", "/at"])
    }
    // The first head agrees on the other field, and is the later one now.
    _ = try await world.publisher.put(Array(#"{"t": 2, "at": 4}"#.utf8), at: path, reason: "Agreed")
    #expect(try await world.publisher.conflictList().isEmpty)
    #expect(try await world.text("t/a.json") == #"{"t": 2, "at": 4}"#)
    let choices = try await world.publisher.automaticChoices(newest: 10, before: nil)
    #expect(choices.map(\.kept) == ["4"] && choices.map(\.other) == ["2"])
  }

  @Test(
    "An edit of a document in conflict that takes back what the other side did is refused, not undone unseen")
  func takenBack() async throws {
    let world = try await SyncWorld()
    try world.content.write(
      #"{"format": 1, "collections": {"t": {"schema": "schemas/t.json"}}}"#, to: "sheaf/settings.json")
    try world.content.write(
      #"{"properties": {"tags": {"type": "array", "x-merge": "set"}, "n": {"x-merge": {"derived": {"count": "/tags"}}}}}"#,
      to: "schemas/t.json")
    try world.content.write(#"{"t": "B", "tags": ["a"], "n": 1}"#, to: "t/a.json")
    _ = try await world.publish()
    let path = try DocumentPath("t/a.json")
    let clinic = try await world.replica()
    let remote = MemoryRemote(service: world.publisher)
    _ = try await world.publisher.put(
      Array(#"{"t": "X", "tags": ["a"], "n": 1}"#.utf8), at: path, reason: "Ours")
    _ = try await clinic.put(
      Array(#"{"t": "Y", "tags": ["a", "b"], "n": 2}"#.utf8), at: path, reason: "Theirs")
    _ = try await clinic.sync(with: remote)
    #expect(try await world.text("t/a.json") == #"{"t": "X", "tags": ["a", "b"], "n": 2}"#)
    let without = Array(#"{"t": "X", "tags": ["a"], "n": 1}"#.utf8)
    for library in [world.publisher, clinic] {
      await #expect(throws: LibraryError.takenBack("t/a.json")) {
        _ = try await library.put(without, at: path, reason: "Without b")
      }
    }
    // What agrees with the other side is an edit like any other, in another order and layout too; and a draft of it goes on.
    _ = try await clinic.put(Array(#"{"t":"X","tags":["c","b","a"],"n":0}"#.utf8), at: path, reason: "With c")
    await #expect(throws: LibraryError.takenBack("t/a.json")) {
      _ = try await clinic.put(
        Array(#"{"t":"X","tags":["c","a"],"n":0}"#.utf8), at: path, reason: "Without b")
    }
    _ = try await clinic.sync(with: remote)
    let conflict = try await clinic.conflict(of: path)
    #expect(conflict.report.parts.map(\.place) == ["/t"])
    // Settling says so for both heads, and nothing comes back.
    _ = try await clinic.resolve(path, with: .content(without), of: conflict, reason: "Without b")
    #expect(try await clinic.sync(with: remote).conflicts.isEmpty)
    #expect(try await world.text("t/a.json") == #"{"t": "X", "tags": ["a"], "n": 1}"#)
  }

  @Test(
    "Where the other side moved a counter, no edit beside it would stand as it is, so it settles the conflict"
  )
  func counterInConflict() async throws {
    let world = try await SyncWorld()
    try world.content.write(
      #"{"format": 1, "collections": {"t": {"schema": "schemas/t.json"}}}"#, to: "sheaf/settings.json")
    try world.content.write(#"{"properties": {"n": {"x-merge": "counter"}}}"#, to: "schemas/t.json")
    try world.content.write(#"{"t": "B", "n": 10}"#, to: "t/a.json")
    _ = try await world.publish()
    let path = try DocumentPath("t/a.json")
    let clinic = try await world.replica()
    let remote = MemoryRemote(service: world.publisher)
    _ = try await world.publisher.put(Array(#"{"t": "X", "n": 11}"#.utf8), at: path, reason: "Ours")
    _ = try await clinic.put(Array(#"{"t": "Y", "n": 12}"#.utf8), at: path, reason: "Theirs")
    _ = try await clinic.sync(with: remote)
    #expect(try await world.text("t/a.json") == #"{"t": "X", "n": 13}"#)
    // An edit of what is shown: the merge would add the two of the other side once more.
    for text in [#"{"t": "X", "n": 13, "u": 1}"#, #"{"t": "X", "n": 14}"#] {
      for library in [world.publisher, clinic] {
        await #expect(throws: LibraryError.takenBack("t/a.json")) {
          _ = try await library.put(Array(text.utf8), at: path, reason: "Further")
        }
      }
    }
    let settled = #"{"t": "X", "n": 14, "u": 1}"#
    _ = try await world.publisher.resolve(path, with: .content(Array(settled.utf8)), reason: "All of it")
    #expect(try await clinic.sync(with: remote).conflicts.isEmpty)
    #expect(try await world.text("t/a.json") == settled)
  }

  @Test("A file that holds what is shown of a conflict changes nothing")
  func shownFromFile() async throws {
    let (world, _, _) = try await conflicted()
    let file = world.content.url.appending(path: "shown.json")
    try Data(#"{"a": 1, "b": 1, "c": 2, "d": 0}"#.utf8).write(to: file)
    await #expect(throws: LibraryError.nothingChanged("a.json")) {
      _ = try await world.publisher.put(contentsOf: file, at: path, reason: "r")
    }
    // The first head alone is another text, which would take the other side's edit back.
    try Data(#"{"a": 1, "b": 1, "c": 0, "d": 0}"#.utf8).write(to: file)
    await #expect(throws: LibraryError.takenBack("a.json")) {
      _ = try await world.publisher.put(contentsOf: file, at: path, reason: "r")
    }
  }

  @Test("Settling is refused when the sides are others than those that were looked at")
  func changedMeanwhile() async throws {
    let (world, clinic, remote) = try await conflicted()
    let settlement = try await clinic.conflict(of: path)
    _ = try await world.publisher.put(Array(#"{"a": 7, "b": 1, "c": 2, "d": 0}"#.utf8), at: path, reason: "r")
    _ = try await clinic.sync(with: remote)
    await #expect(throws: LibraryError.changedMeanwhile("a.json")) {
      _ = try await clinic.resolve(path, with: .parts([.theirs]), of: settlement, reason: "r")
    }
  }

  @Test("Deleting against editing always asks, and a folder made from what is shown changes nothing")
  func deletionAndFolder() async throws {
    let (world, clinic, remote) = try await conflicted()
    try world.content.write(#"{"a": 1, "b": 1, "c": 2, "d": 0}"#, to: "a.json")
    #expect(try await world.publish().changeSet == nil)
    _ = try await clinic.resolve(path, with: .ours, reason: "r")
    _ = try await clinic.sync(with: remote)
    _ = try await world.publisher.remove(path, reason: "Gone")
    _ = try await clinic.put(Array(#"{"a": 5}"#.utf8), at: path, reason: "Edit")
    #expect(try await clinic.sync(with: remote).conflicts == ["a.json"])
    #expect(try await clinic.conflict(of: path).report.sides.map(\.isDeletion) == [true, false])
  }

  @Test("What a conflict is about comes alone, not with everything, to a copy that never had it")
  func missingBase() async throws {
    let world = try await SyncWorld()
    var random = SplitMix64(seed: 9)
    try world.content.write(random.bytes(300_000), to: "images/large.bin")
    try world.content.write("one\n", to: "t/a.md")
    _ = try await world.publish()
    let clinic = try await world.replica()
    for text in ["two\n", "three\n"] {
      try world.content.write(text, to: "t/a.md")
      _ = try await world.publish()
    }
    let late = try await world.replica("late")
    let path = try DocumentPath("t/a.md")
    _ = try await clinic.put(Array("four\n".utf8), at: path, reason: "Edit")
    let remote = MemoryRemote(service: world.publisher)
    #expect(try await clinic.sync(with: remote).conflicts == ["t/a.md"])
    let before = remote.traffic.received
    let synced = try await late.sync(with: remote)
    #expect(synced.conflicts == ["t/a.md"] && synced.isSameAsPublisher)
    let received = remote.traffic.received
    #expect(received - before < 20_000)
    _ = try await late.sync(with: remote)
    #expect(remote.traffic.received == received)
    let told = try await late.conflict(of: path).report
    #expect(try await told == world.publisher.conflict(of: path).report)
  }

  @Test("A draft after a refused one is put on what is current, when it can stand alone")
  func standsAlone() async throws {
    let world = try await SyncWorld()
    try world.content.write("one\n\ntwo\n\nthree\n", to: "t/a.md")
    _ = try await world.publish()
    let clinic = try await world.replica()
    let text = try DocumentPath("t/a.md")
    // The first draft breaks a rule that the clinic does not know yet.
    _ = try await world.publisher.put(
      Array(#"{"format":1,"collections":{"t":{"reason":"required"}}}"#.utf8),
      at: try DocumentPath("sheaf/settings.json"), reason: "Rules")
    _ = try await clinic.put(Array("ONE\n\ntwo\n\nthree\n".utf8), at: text, reason: " ")
    _ = try await clinic.put(Array("ONE\n\ntwo\n\nTHREE\n".utf8), at: text, reason: "A reason")
    let remote = MemoryRemote(service: world.publisher)
    let synced = try await clinic.sync(with: remote)
    #expect(synced.refused == 1 && synced.isSameAsPublisher)
    // What came with the first answer was put in place, and did not come again with the second.
    #expect(synced.pulled?.changeSets == 2)
    #expect(synced.pulled?.transferredInBytes == remote.traffic.received)
    #expect(try await world.text("t/a.md") == "one\n\ntwo\n\nTHREE\n")
    let refused = try #require(try await clinic.drafts().first)
    #expect(refused.outcome == "refused")
    let folder = try #require(try await clinic.dropDraft(refused.draft).texts)
    #expect(try String(contentsOf: folder.appending(path: "t/a.md"), encoding: .utf8).hasPrefix("ONE"))
    #expect(try await clinic.drafts().isEmpty)
  }
}
