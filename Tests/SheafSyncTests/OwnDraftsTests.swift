import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("What a copy handed over does not come back")
struct OwnDraftsTests {
  private static func replica(_ world: SyncWorld, _ depth: Depth) async throws -> Library {
    try await Library.clone(
      from: MemoryRemote(service: world.publisher), to: world.folder.appending("clinic"),
      options: CloneOptions(depth: depth, member: "clinic"), environment: world.environment
    ).library
  }

  @Test(
    "Neither a new document, nor a photo, nor an edit, whatever the copy keeps", arguments: Depth.allCases)
  func own(depth: Depth) async throws {
    let world = try await SyncWorld()
    try world.content.write("one\n", to: "a.md")
    _ = try await world.publish()
    let replica = try await Self.replica(world, depth)
    var random = SplitMix64(seed: 4)
    let photo = random.bytes(1_300_000)
    let text = Hexadecimal.encode(random.bytes(30_000))
    let a = try DocumentPath("a.md")
    _ = try await replica.put(Array("one\n\(text)\n".utf8), at: a, reason: "r")
    _ = try await replica.put(Array(("one\n\(text)\nagain\n").utf8), at: a, reason: "r")
    _ = try await replica.put(random.bytes(200_000), at: try DocumentPath("media/new.bin"), reason: "r")
    let file = world.folder.appending("photo")
    try Data(photo).write(to: file)
    _ = try await replica.put(contentsOf: file, at: try DocumentPath("media/photo.bin"), reason: "r")
    let remote = MemoryRemote(service: world.publisher)
    let report = try await replica.sync(with: remote)
    #expect(report.isSameAsPublisher && report.drafts == 0 && report.refused == 0)
    #expect((report.pulled?.transferredInBytes ?? .max) < 4_000, "\(report.pulled?.transferredInBytes ?? 0)")
    #expect(try await world.text("a.md", in: replica)?.hasSuffix("again\n") == true)
    #expect(try await replica.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
    #expect(try await replica.status().absent == 0)
    // The next step builds on what did not come.
    try await world.put("one\n\(text)\nand more\n", at: "a.md")
    let next = try await replica.sync(with: remote)
    #expect(next.isSameAsPublisher && (next.pulled?.transferredInBytes ?? .max) < 2_000)
    #expect(try await world.text("a.md", in: replica)?.hasSuffix("and more\n") == true)
  }

  @Test(
    "A small edit travels as what it changes, which is less than its hash; what is new to the copy's position does not",
    arguments: Depth.allCases)
  func smallEdit(depth: Depth) async throws {
    let world = try await SyncWorld()
    let text = (1...60).map { "Line \($0) about what is done on the ward.\n" }.joined()
    for name in ["a.md", "b.md"] { try world.content.write(text, to: name) }
    _ = try await world.publish()
    let replica = try await Self.replica(world, depth)
    var random = SplitMix64(seed: 4)
    let long = text + Hexadecimal.encode(random.bytes(2_000)) + "\n"
    for (name, edit) in [
      ("a.md", text.replacing("Line 7 ", with: "LINE 7 ")), ("b.md", long), ("b.md", long + "more\n"),
    ] {
      _ = try await replica.put(Array(edit.utf8), at: try DocumentPath(name), reason: "r")
    }
    let bundle = try #require(try await replica.draftsBundle()).bytes
    #expect(try await world.publisher.receive(push: bundle).count == 3)
    func size(_ holds: ClosedRange<UInt64>?) async throws -> UInt64 {
      let request = PullRequest(
        from: 1, known: 1, depth: depth, subscription: .all,
        holds: ChangeSetRanges(holds.map(Array.init) ?? []))
      guard case .bundle(let bundle) = try await world.publisher.offer(request) else { return 0 }
      return bundle.sizeInBytes
    }
    let whole = try await size(nil)
    #expect(try await size(2...2) == whole)
    #expect(try await size(2...4) < whole - 1_800)
    let report = try await replica.sync(with: MemoryRemote(service: world.publisher))
    #expect(report.isSameAsPublisher)
    #expect(try await replica.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test("What was merged with it comes, as what it adds to what is held", arguments: Depth.allCases)
  func merged(depth: Depth) async throws {
    let world = try await SyncWorld()
    try world.content.write("one\n\ntwo\n\nthree\n", to: "a.md")
    _ = try await world.publish()
    let replica = try await Self.replica(world, depth)
    var random = SplitMix64(seed: 4)
    let text = Hexadecimal.encode(random.bytes(20_000))
    try await world.put("one\n\ntwo\n\nTHREE\n", at: "a.md")
    _ = try await replica.put(
      Array("one \(text)\n\ntwo\n\nthree\n".utf8), at: try DocumentPath("a.md"), reason: "r")
    let report = try await replica.sync(with: MemoryRemote(service: world.publisher))
    #expect(report.isSameAsPublisher && report.conflicts.isEmpty)
    #expect(try await world.text("a.md", in: replica) == "one \(text)\n\ntwo\n\nTHREE\n")
    #expect(try await replica.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test("Drafts of an earlier push whose answers came and whose change sets did not are held too")
  func later() async throws {
    let world = try await SyncWorld()
    try world.content.write("one\n", to: "a.md")
    _ = try await world.publish()
    let replica = try await Self.replica(world, .trail)
    var random = SplitMix64(seed: 4)
    _ = try await replica.put(random.bytes(200_000), at: try DocumentPath("media/x.bin"), reason: "r")
    let faulty = MemoryRemote(service: world.publisher, fault: { $0 == .pull ? .lostReply : nil })
    await #expect(throws: RemoteError.self) { _ = try await replica.sync(with: faulty) }
    #expect(try await replica.status().size == 1)
    let report = try await replica.sync(with: MemoryRemote(service: world.publisher))
    #expect(report.isSameAsPublisher && (report.pulled?.transferredInBytes ?? .max) < 2_000)
    #expect(try await replica.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test("An asset that was moved unseen is fetched where its new place wants it")
  func movedUnseen() async throws {
    let world = try await SyncWorld()
    let settings = #"{"format": 1, "collections": {"images": {"assets": "lazy"}}}"#
    try world.content.write(settings, to: "sheaf/settings.json")
    var random = SplitMix64(seed: 4)
    let film = random.bytes(1_300_000)
    try world.content.write(film, to: "images/film.bin")
    try world.content.write("one\n", to: "docs/a.md")
    _ = try await world.publish()
    let replica = try await Self.replica(world, .trail)
    #expect(try await replica.status().absent == 1)
    let folder = try TestFolder()
    try folder.write(film, to: "docs/film.bin")
    try folder.write("one\n", to: "docs/a.md")
    let moved = try await replica.publish(
      folder: folder.url, reason: "r", options: PublishOptions(prunes: true))
    #expect(moved.moved.count == 1)
    let report = try await replica.sync(with: MemoryRemote(service: world.publisher))
    #expect(report.isSameAsPublisher && report.drafts == 0)
    #expect(try await replica.status().absent == 0)
    #expect(try await replica.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }
}
