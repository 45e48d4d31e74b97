import SheafModel
import SheafSync
import SheafTesting
import Testing

@Suite("Edits under review")
struct ReviewTests {
  private static let settings = #"{"format":1,"collections":{"r":{"review":"required"}}}"#
  private let path: DocumentPath

  init() throws { path = try DocumentPath("r/a.md") }

  private func world() async throws -> SyncWorld {
    let world = try await SyncWorld()
    try world.content.write("one\n\ntwo\n\nthree\n", to: "r/a.md")
    try world.content.write(Self.settings, to: "sheaf/settings.json")
    _ = try await world.publish()
    return world
  }

  private func replica(_ world: SyncWorld, _ name: String, depth: Depth = .trail) async throws -> Library {
    try await Library.clone(
      from: MemoryRemote(service: world.publisher), to: world.folder.appending(name),
      options: CloneOptions(depth: depth, member: name), environment: world.environment
    ).library
  }

  @Test(
    "An edit waits, is accepted with what came meanwhile, and its author learns it", arguments: Depth.allCases
  )
  func accepted(depth: Depth) async throws {
    let world = try await world()
    let clinic = try await replica(world, "clinic", depth: depth)
    let remote = MemoryRemote(service: world.publisher)
    _ = try await clinic.put(Array("ONE\n\ntwo\n\nthree\n".utf8), at: path, reason: "Louder")
    let first = try await clinic.sync(with: remote)
    #expect(first.isSameAsPublisher && first.refused == 0 && first.drafts == 0)
    #expect(try await world.text("r/a.md") == "one\n\ntwo\n\nthree\n")
    #expect(try await world.text("r/a.md", in: clinic) == "one\n\ntwo\n\nthree\n")
    #expect(try await clinic.drafts().map(\.outcome) == ["proposed"])
    let open = try await world.publisher.proposals()
    #expect(open.map(\.path) == ["r/a.md"] && open.first?.by == ["clinic"] && open.first?.reason == "Louder")
    #expect(open.first?.change?.words?.contains { $0.kind == "added" && $0.text.hasPrefix("ONE") } == true)

    _ = try await world.publisher.put(Array("one\n\ntwo\n\nTHREE\n".utf8), at: path, reason: "Mine")
    #expect(try await world.publisher.accept(path, reason: "Good").changeSet != nil)
    #expect(try await world.text("r/a.md") == "ONE\n\ntwo\n\nTHREE\n")
    let second = try await clinic.sync(with: remote)
    #expect(second.isSameAsPublisher && second.conflicts.isEmpty)
    #expect(try await world.text("r/a.md", in: clinic) == "ONE\n\ntwo\n\nTHREE\n")
    #expect(second.decisions.count == 1)
    if depth > .heads {
      #expect(second.decisions.first?.outcome == "accepted" && second.decisions.first?.reason == "Good")
    }
    #expect(try await clinic.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
    #expect(try await world.publisher.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test("A declined edit stays with its author, with the reason, and can be sent again")
  func declined() async throws {
    let world = try await world()
    let clinic = try await replica(world, "clinic")
    let remote = MemoryRemote(service: world.publisher)
    _ = try await clinic.put(Array("ONE\n".utf8), at: path, reason: "Shorter")
    _ = try await clinic.sync(with: remote)
    _ = try await world.publisher.decline(path, reason: "Too short")
    let synced = try await clinic.sync(with: remote)
    #expect(synced.decisions.first?.outcome == "declined" && synced.decisions.first?.by == "Ana")
    let draft = try #require(try await clinic.drafts().first)
    #expect(draft.outcome == "declined" && draft.refusal == "Ana: Too short")
    #expect(try await clinic.draft(draft.draft).changes.first?.words?.isEmpty == false)
    _ = try await clinic.sendDraft(String(draft.draft.prefix(6)))
    #expect(try await clinic.drafts().map(\.outcome) == ["waiting"])
    _ = try await clinic.sync(with: remote)
    #expect(try await world.publisher.proposals().count == 1)
    #expect(try await world.text("r/a.md") == "one\n\ntwo\n\nthree\n")
  }

  @Test(
    "Further edits of an open proposal are one with it, and all that its author wrote is accepted at once")
  func carriedOn() async throws {
    let world = try await world()
    let clinic = try await replica(world, "clinic")
    let remote = MemoryRemote(service: world.publisher)
    _ = try await clinic.put(Array("ONE\n\ntwo\n\nthree\n".utf8), at: path, reason: "First")
    _ = try await clinic.sync(with: remote)
    #expect(try await clinic.editable(path).bytes == Array("ONE\n\ntwo\n\nthree\n".utf8))
    _ = try await clinic.put(Array("ONE\n\ntwo\n\nTHREE\n".utf8), at: path, reason: "Second")
    _ = try await clinic.sync(with: remote)
    let open = try await world.publisher.proposals()
    #expect(open.count == 1 && open.first?.reason == "Second")
    _ = try await world.publisher.accept(path, reason: "Yes")
    #expect(try await world.text("r/a.md") == "ONE\n\ntwo\n\nTHREE\n")
    _ = try await clinic.sync(with: remote)
    #expect(try await clinic.status().drafts.map(\.outcome) == ["accepted"])
  }

  @Test("A folder that is committed again goes on from its member's own open proposal")
  func committedAgain() async throws {
    let world = try await world()
    let clinic = try await replica(world, "clinic")
    let remote = MemoryRemote(service: world.publisher)
    let work = try TestFolder()
    try work.write(Self.settings, to: "sheaf/settings.json")
    try work.write("ONE\n\ntwo\n\nthree\n", to: "r/a.md")
    #expect(try await clinic.publish(folder: work.url, reason: "First").changed == ["r/a.md"])
    _ = try await clinic.sync(with: remote)
    #expect(try await clinic.publish(folder: work.url, reason: "Nothing").draft == nil)
    try work.write("ONE\n\ntwo\n\nTHREE\n", to: "r/a.md")
    let again = try await clinic.publish(folder: work.url, reason: "Second")
    #expect(again.changed == ["r/a.md"] && again.merged.isEmpty && again.behind.isEmpty)
    _ = try await clinic.sync(with: remote)
    #expect(try await world.publisher.proposals().map(\.reason) == ["Second"])
    _ = try await world.publisher.accept(path, reason: "Yes")
    #expect(try await world.text("r/a.md") == "ONE\n\ntwo\n\nTHREE\n")
  }

  @Test("The editor's folder undoes nothing that was accepted since, and takes nothing that is only proposed")
  func editorsFolder() async throws {
    let world = try await world()
    let clinic = try await replica(world, "clinic")
    let remote = MemoryRemote(service: world.publisher)
    _ = try await clinic.put(Array("ONE\n\ntwo\n\nthree\n".utf8), at: path, reason: "Louder")
    _ = try await clinic.sync(with: remote)
    try world.content.write("one\n\ntwo\n\nTHREE\n", to: "r/a.md")
    #expect(try await world.publish().changed == ["r/a.md"])
    #expect(try await world.text("r/a.md") == "one\n\ntwo\n\nTHREE\n")
    _ = try await world.publisher.accept(path, reason: "Good")
    #expect(try await world.text("r/a.md") == "ONE\n\ntwo\n\nTHREE\n")
    try world.content.write("new", to: "x/b.md")
    #expect(try await world.publish().behind == ["r/a.md"])
    #expect(try await world.text("r/a.md") == "ONE\n\ntwo\n\nTHREE\n")
  }

  @Test("A move between a collection under review and one that is not is refused here, and by the publisher")
  func movedAcross() async throws {
    let world = try await world()
    let clinic = try await replica(world, "clinic")
    let work = try TestFolder()
    try work.write(Self.settings, to: "sheaf/settings.json")
    try work.write("one\n\ntwo\n\nthree\n", to: "x/a.md")
    await #expect(throws: LibraryError.moveAcrossReview("r/a.md", to: "x/a.md")) {
      _ = try await clinic.publish(folder: work.url, reason: "Elsewhere")
    }
    #expect(try await clinic.drafts().isEmpty)
    // A clinic that does not know yet that the collection is reviewed by now.
    _ = try await world.publisher.put(
      Array(#"{"format":1}"#.utf8), at: try DocumentPath("sheaf/settings.json"), reason: "Free")
    let remote = MemoryRemote(service: world.publisher)
    _ = try await clinic.sync(with: remote)
    try work.write(#"{"format":1}"#, to: "sheaf/settings.json")
    #expect(try await clinic.publish(folder: work.url, reason: "Elsewhere").moved.count == 1)
    _ = try await world.publisher.put(
      Array(Self.settings.utf8), at: try DocumentPath("sheaf/settings.json"), reason: "Rules")
    let synced = try await clinic.sync(with: remote)
    #expect(synced.refused == 1 && synced.isSameAsPublisher)
    #expect(try await world.text("r/a.md") == "one\n\ntwo\n\nthree\n")
    #expect(try await world.publisher.proposals().isEmpty)
    #expect(try await clinic.drafts().first?.refusal?.contains("between a collection under review") == true)
  }

  @Test(
    "A copy that keeps heads says no more of its proposal than it can know, and learns the rest when it keeps more"
  )
  func unknownDecision() async throws {
    let world = try await world()
    let clinic = try await replica(world, "clinic", depth: .heads)
    let remote = MemoryRemote(service: world.publisher)
    _ = try await clinic.put(Array("ONE\n\ntwo\n\nthree\n".utf8), at: path, reason: "Louder")
    _ = try await clinic.sync(with: remote)
    _ = try await world.publisher.put(Array("one\n\ntwo\n\nTHREE\n".utf8), at: path, reason: "Mine")
    _ = try await world.publisher.accept(path, reason: "Good")
    #expect(try await clinic.sync(with: remote).decisions.map(\.outcome) == ["decided"])
    #expect(try await clinic.drafts().map(\.outcome) == ["decided"])
    #expect(try await clinic.sync(with: remote).decisions.isEmpty)
    let deeper = try await clinic.sync(with: remote, options: SyncOptions(depth: .trail))
    #expect(deeper.decisions.map(\.outcome) == ["accepted"] && deeper.decisions.first?.reason == "Good")
  }

  @Test("A deletion that was accepted is known for one where only heads are kept")
  func acceptedDeletion() async throws {
    let world = try await world()
    let clinic = try await replica(world, "clinic", depth: .heads)
    let remote = MemoryRemote(service: world.publisher)
    _ = try await clinic.remove(path, reason: "Old")
    _ = try await clinic.sync(with: remote)
    _ = try await world.publisher.accept(path, reason: "Yes")
    #expect(try await clinic.sync(with: remote).decisions.map(\.outcome) == ["accepted"])
  }

  @Test("A contributor can't decide, in any depth", arguments: Depth.allCases)
  func mayNot(depth: Depth) async throws {
    let world = try await world()
    let clinic = try await replica(world, "clinic", depth: depth)
    _ = try await clinic.put(Array("ONE\n".utf8), at: path, reason: "r")
    _ = try await clinic.sync(with: MemoryRemote(service: world.publisher))
    await #expect(throws: LibraryError.mayNotDecide("r/a.md")) {
      _ = try await clinic.accept(path, reason: "Mine")
    }
    #expect(try await clinic.proposals().count == 1)
  }

  @Test("A copy of one collection, and one that deepens, hold the same proposals")
  func otherCopies() async throws {
    let world = try await world()
    let clinic = try await replica(world, "clinic", depth: .heads)
    _ = try await clinic.put(Array("new\n".utf8), at: try DocumentPath("r/new.md"), reason: "r")
    _ = try await clinic.remove(path, reason: "r")
    let remote = MemoryRemote(service: world.publisher)
    #expect(try await clinic.sync(with: remote).isSameAsPublisher)
    #expect(try await clinic.proposals().map(\.path) == ["r/a.md", "r/new.md"])
    #expect(try await clinic.sync(with: remote, options: SyncOptions(depth: .full)).isSameAsPublisher)
    #expect(try await clinic.proposals().map(\.verb) == ["delete", "put"])
    _ = try await world.publisher.accept(path, reason: "r")
    _ = try await world.publisher.accept(try DocumentPath("r/new.md"), reason: "r")
    #expect(try await world.text("r/a.md") == nil)
    #expect(try await world.text("r/new.md") == "new\n")
    #expect(
      try await clinic.sync(with: remote, options: SyncOptions(subscription: .only([]))).isSameAsPublisher)
  }
}
