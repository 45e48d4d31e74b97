import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// `Schemas/revision-list.md`, "Approval", over real copies: Ana publishes, Ben approves.
@Suite("Approval of every edit")
struct ApprovalTests {
  private static let settings = #"{"format":1,"collections":{"a":{"review":"everyone"}}}"#
  private let path: DocumentPath

  init() throws { path = try DocumentPath("a/x.md") }

  private func world(_ text: String = "one") async throws -> (world: MembersWorld, ben: Library) {
    let world = try await MembersWorld()
    try await world.put(text, path.text)
    try await world.put(Self.settings, LibrarySettings.path)
    return (world, try await world.member("Ben", .approver))
  }

  private func sync(_ library: Library, _ world: MembersWorld) async throws {
    #expect(try await library.sync(with: world.remote).isSameAsPublisher)
  }

  @Test("The publisher's own edit waits too, and is in effect once somebody else has approved it")
  func approved() async throws {
    let (world, ben) = try await world()
    let report = try await world.publisher.put(Array("two".utf8), at: path, reason: "Better")
    #expect(report.isProposal)
    #expect(try await world.text(path.text) == "one")
    await #expect(throws: LibraryError.mayNotDecide("a/x.md")) {
      _ = try await world.publisher.accept(path, reason: "I like it")
    }
    try await sync(ben, world)
    _ = try await ben.accept(path, reason: "Checked")
    try await sync(ben, world)
    let few = try await world.clone("few", code: try await world.invite("Few", .reader), depth: .heads)
    for library in [world.publisher, ben, few] {
      #expect(try await world.text(path.text, in: library) == "two")
    }
    let head: HistoryEntry = try #require(try await world.publisher.history(of: path).first)
    let approval: SignatureReport = try #require(head.signatures.first)
    #expect(head.verb == "accept" && approval.isAcceptance && approval.meaning == "approved")
    #expect(approval.by == "Ben" && approval.role == "approver" && approval.remark == "Checked")
    #expect(try await world.publisher.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test("An editor's edit waits for somebody who signs as approved; another editor can't let it in")
  func editors() async throws {
    let (world, ben) = try await world()
    let eve = try await world.member("Eve", .editor)
    let eli = try await world.member("Eli", .editor)
    try await world.put("two", path.text, in: eve)
    try await sync(eve, world)
    try await sync(eli, world)
    #expect(try await world.text(path.text, in: eli) == "one")
    await #expect(throws: LibraryError.mayNotDecide("a/x.md")) {
      _ = try await eli.accept(path, reason: "Fine")
    }
    // An approver's own edit waits for another one.
    try await sync(ben, world)
    _ = try await ben.decline(path, reason: "No")
    try await world.put("three", path.text, in: ben)
    try await sync(ben, world)
    await #expect(throws: LibraryError.mayNotDecide("a/x.md")) {
      _ = try await ben.accept(path, reason: "Fine")
    }
    #expect(try await world.publisher.accept(path, reason: "Fine").changeSet != nil)
    #expect(try await world.text(path.text) == "three")
  }

  @Test("A further edit by the publisher goes on from the one that waits, also when several wait")
  func goesOn() async throws {
    let (world, ben) = try await world()
    let other = try DocumentPath("a/y.md")
    try await world.put("new", other.text)
    try await world.put("two", path.text)
    try await world.put("newer", other.text)
    try await world.put("three", path.text)
    let open = try await world.publisher.proposals()
    #expect(open.map(\.path) == ["a/x.md", "a/y.md"])
    try await sync(ben, world)
    for path in [path, other] { _ = try await ben.accept(path, reason: "Good") }
    try await sync(ben, world)
    #expect(try await world.text(path.text) == "three")
    #expect(try await world.text(other.text) == "newer")
    #expect(try await world.publisher.conflictList().isEmpty)
    // A folder that holds what waits has nothing more to publish.
    try await world.put("four", path.text)
    let folder = try TestFolder()
    try folder.write("four", to: "a/x.md")
    let report = try await world.publisher.publish(folder: folder.url, reason: "Again")
    #expect(report.changeSet == nil && report.unchangedCount == 1)
  }

  @Test(
    "Approved edits that met are not merged: everybody sees the first as it was approved, until a settlement is"
  )
  func met() async throws {
    let (world, ben) = try await world("a\n\nb\n\nc\n")
    let few = try await world.clone("few", code: try await world.invite("Few", .editor), depth: .heads)
    let full = try await world.clone("full", code: try await world.invite("Full", .editor), depth: .full)
    try await world.put("A\n\nb\n\nc\n", path.text, in: full)
    try await world.put("a\n\nb\n\nC\n", path.text, in: few)
    try await sync(full, world)
    try await sync(few, world)
    for proposal in try await world.publisher.proposals(of: path) {
      let name = try #require(RevisionName(parsing: proposal.revision ?? ""))
      _ = try await world.publisher.accept(path, name, reason: "Good")
    }
    let copies = [world.publisher, ben, few, full]
    for copy in copies.dropFirst() { try await sync(copy, world) }
    for copy in copies {
      #expect(try await world.text(path.text, in: copy) == "A\n\nb\n\nc\n")
      #expect(try await copy.conflictList().map(\.path) == ["a/x.md"])
    }
    // What the two come to is there for a person to take, and then for another one to approve.
    let settled = try await world.publisher.resolve(path, with: .proposed, reason: "Both")
    #expect(settled.isProposal)
    #expect(try await world.text(path.text) == "A\n\nb\n\nc\n")
    try await sync(ben, world)
    let open: ProposalReport = try #require(try await ben.proposals(of: path).first { $0.kind == "edit" })
    _ = try await ben.accept(path, RevisionName(parsing: open.revision ?? ""), reason: "Good")
    for copy in copies.dropFirst() { try await sync(copy, world) }
    for copy in copies {
      #expect(try await world.text(path.text, in: copy) == "A\n\nb\n\nC\n")
      #expect(try await copy.conflictList().isEmpty)
    }
    for copy in copies {
      #expect(try await copy.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
    }
  }

  @Test(
    "A settlement names the sides that it leaves something out of, and none that is in it as a whole",
    arguments: [
      ("A\n\nb\n\nC\n", false), ("A\n\nb\n\nc\n", true), ("A\n\nb\n\nanother\n", true),
    ])
  func leavesOut(settled: String, isLeftOut: Bool) async throws {
    let (world, ben) = try await world("a\n\nb\n\nc\n")
    let eve = try await world.member("Eve", .editor)
    try await world.put("a\n\nb\n\nC\n", path.text, in: eve)
    try await world.put("A\n\nb\n\nc\n", path.text)
    let own = try await world.publisher.proposals(of: path).compactMap(\.revision)
    try await sync(eve, world)
    let both = try await world.publisher.proposals(of: path).compactMap(\.revision)
    let theirs: String = try #require(both.first { !own.contains($0) })
    try await sync(ben, world)
    for name in own + [theirs] { _ = try await ben.accept(path, RevisionName(parsing: name), reason: "Good") }
    try await sync(ben, world)
    _ = try await world.publisher.resolve(path, with: .content(Array(settled.utf8)), reason: "Both")
    for library in [world.publisher, ben] {
      if library === ben { try await sync(ben, world) }
      let open = try await library.proposals(of: path).first { $0.kind == "edit" }
      #expect(open?.others.count == (isLeftOut ? 1 : 0))
    }
  }

  @Test("A library without members has nobody to approve its founder's edits, and lets them in")
  func open() async throws {
    let world = try await SyncWorld()
    try world.content.write(Self.settings, to: "sheaf/settings.json")
    try world.content.write("one", to: path.text)
    _ = try await world.publish()
    _ = try await world.publisher.put(Array("two".utf8), at: path, reason: "Mine")
    #expect(try await world.text(path.text) == "two")
  }
}
