import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Reading a replica")
struct ReplicaReadingTests {
  private static let article = "# Title\n\nfirst line\n\nsecond line\n\nthird line\n"

  /// A publisher whose library has an edit, a move and a deletion behind it.
  private func world() async throws -> ReadingWorld {
    let world = try await ReadingWorld()
    try await world.publish(["a/x.md": "old\n", "a/gone.md": "gone\n", "b/z.txt": "z\n"], reason: "first")
    try await world.publish(["a/x.md": Self.article, "b/z.txt": "z\n"], reason: "second")
    try await world.publish(
      ["a/x.md": Self.article, "a/moved.txt": "z\n", "b/y.txt": "y\n"], reason: "third")
    return world
  }

  private func replica(
    of world: ReadingWorld, depth: Depth, only collections: [String]? = nil
  ) async throws -> Library {
    let file = world.root.appending(path: "first-\(UUID().uuidString).sheaf")
    let subscription =
      try collections.map { Subscription.only(Set(try $0.map { try CollectionName($0) })) } ?? .all
    _ = try await world.library.makeBundle(
      from: 0, to: nil, depth: depth, subscription: subscription, file: file)
    return try await Library.clone(
      fromBundle: file, to: world.root.appending(path: "replica-\(UUID().uuidString)"),
      options: CloneOptions(depth: depth, subscription: subscription, member: "clinic"),
      environment: world.environment
    ).library
  }

  private func update(_ replica: Library, from world: ReadingWorld, depth: Depth) async throws {
    let position = try await replica.status().size
    let file = world.root.appending(path: "next-\(UUID().uuidString).sheaf")
    _ = try await world.library.makeBundle(from: position, to: nil, depth: depth, file: file)
    _ = try await replica.apply(bundle: file)
  }

  @Test(
    "A copy of any depth and subscription holds, before and after a rebuild", arguments: Depth.allCases,
    [nil, ["a"], ["b"]] as [[String]?])
  func verifies(depth: Depth, collections: [String]?) async throws {
    let world = try await world()
    let replica = try await replica(of: world, depth: depth, only: collections)
    let report = try await replica.verify(rebuild: false, activity: { _ in })
    #expect(report.problems == [])
    #expect(report.changeSets == (depth == .heads ? 0 : 3))
    let rebuilt = try await replica.verify(rebuild: true, activity: { _ in })
    #expect(rebuilt.problems == [])
    #expect(rebuilt.stateRoot == report.stateRoot)
  }

  @Test("A copy without history says which depth a question takes")
  func depths() async throws {
    let world = try await world()
    let heads = try await replica(of: world, depth: .heads)
    let path = try world.path("a/x.md")
    #expect(try await heads.content(of: path, at: .now).bytes == Array(Self.article.utf8))
    #expect(try await heads.content(of: path, at: .checkpoint(3)).bytes == Array(Self.article.utf8))
    #expect(try await heads.documents(in: nil).map(\.path) == ["a/moved.txt", "a/x.md", "b/y.txt"])
    #expect(try await heads.search("third", limit: 5).map(\.path) == ["a/x.md"])
    func needs(_ body: () async throws -> Void) async -> Depth? {
      do {
        try await body()
        return nil
      } catch {
        if case .needsDepth(let depth, _)? = error as? LibraryError { return depth }
        return nil
      }
    }
    #expect(await needs { _ = try await heads.history(of: path) } == .trail)
    #expect(await needs { _ = try await heads.log(newest: 1, before: nil) } == .trail)
    #expect(await needs { _ = try await heads.content(of: path, at: .checkpoint(1)) } == .trail)
    #expect(await needs { _ = try await heads.content(of: path, at: .time(Timestamp(seconds: 5))) } == .trail)
    let trail = try await replica(of: world, depth: .trail)
    #expect(try await trail.history(of: path).map(\.isHeld) == [true, false])
    #expect(try await trail.log(newest: 9, before: nil).count == 3)
    await #expect(throws: LibraryError.notHeld("a/x.md at 1.2")) {
      try await trail.content(of: path, at: .checkpoint(1))
    }
    #expect(await needs { _ = try await trail.diff(nil, from: .checkpoint(1), to: .now) } == .full)
    let full = try await replica(of: world, depth: .full)
    #expect(try await full.content(of: path, at: .checkpoint(1)).bytes == Array("old\n".utf8))
    #expect(
      try await full.diff(nil, from: .checkpoint(1), to: .checkpoint(2)).map(\.path) == [
        "a/gone.md", "a/x.md",
      ])
  }

  @Test("Outside its subscription a copy says so, and does not claim that nothing is there")
  func subscription() async throws {
    let world = try await world()
    let replica = try await replica(of: world, depth: .trail, only: ["a"])
    await #expect(throws: LibraryError.notSubscribed("b/y.txt")) {
      try await replica.content(of: world.path("b/y.txt"), at: .now)
    }
    await #expect(throws: LibraryError.notSubscribed("b")) {
      try await replica.documents(in: CollectionName("b"))
    }
    #expect(try await replica.documents(in: nil).map(\.path) == ["a/moved.txt", "a/x.md"])
  }

  @Test("Drafts show in lists, content, history, status and exports until the log has them")
  func drafts() async throws {
    let world = try await world()
    let replica = try await replica(of: world, depth: .trail)
    _ = try await replica.put(Array("draft\n".utf8), at: world.path("a/x.md"), reason: "mine")
    _ = try await replica.put(Array("new\n".utf8), at: world.path("a/new.md"), reason: "mine")
    _ = try await replica.remove(world.path("b/y.txt"), reason: "away")
    let list = try await replica.documents(in: nil)
    #expect(list.map(\.path) == ["a/moved.txt", "a/new.md", "a/x.md"])
    #expect(list.map(\.hasDraft) == [false, true, true])
    #expect(list.map(\.revision) == ["3.1", nil, "2.2"])
    let shown = try await replica.content(of: world.path("a/x.md"), at: .now)
    #expect(shown.bytes == Array("draft\n".utf8))
    #expect(shown.revision == "draft")
    #expect(try await replica.content(of: world.path("a/x.md"))?.bytes == Array(Self.article.utf8))
    await #expect(throws: LibraryError.noDocument("b/y.txt")) {
      try await replica.content(of: world.path("b/y.txt"), at: .now)
    }
    let history = try await replica.history(of: world.path("a/x.md"))
    #expect(history.map(\.revision) == ["draft", "2.2", "1.2"])
    #expect(history[0].by == "clinic")
    let status = try await replica.status()
    #expect(status.drafts.map(\.paths) == [["a/x.md"], ["a/new.md"], ["b/y.txt"]])
    #expect(status.drafts.map(\.reason) == ["mine", "mine", "away"])
    #expect(
      try await replica.diff(nil, from: .checkpoint(3), to: .now).map { "\($0.path) \($0.from) \($0.to)" }
        == ["a/new.md nothing draft", "a/x.md 2.2 draft", "b/y.txt 3.2 nothing"])
    let target = world.root.appending(path: "out")
    let report = try await replica.export(to: target, at: .now, activity: { _ in })
    #expect(report.documents == 3)
    #expect(try Data(contentsOf: target.appending(path: "a/x.md")) == Data("draft\n".utf8))
    #expect(try await replica.verify(rebuild: false, activity: { _ in }).problems == [])
  }

  @Test("Where the log moved on, a draft shows what the publisher's merge will come to")
  func preview() async throws {
    let world = try await world()
    let replica = try await replica(of: world, depth: .trail)
    let path = try world.path("a/x.md")
    let ours = Self.article.replacing("first line", with: "first line, ours")
    _ = try await replica.put(Array(ours.utf8), at: path, reason: "step one")
    // A second draft on top of the first: the merge's base is what the log had, not the first draft.
    let further = ours.replacing("second line", with: "second line, ours")
    _ = try await replica.put(Array(further.utf8), at: path, reason: "step two")
    let theirs = Self.article.replacing("third line", with: "third line, theirs")
    _ = try await world.library.put(Array(theirs.utf8), at: path, reason: "upstream")
    try await update(replica, from: world, depth: .trail)
    let shown = try await replica.content(of: path, at: .now)
    let merged = further.replacing("third line", with: "third line, theirs")
    #expect(String(decoding: shown.bytes, as: UTF8.self) == merged)
    #expect(shown.revision == "draft")
    #expect(
      try await replica.documents(in: nil).first { $0.path == "a/x.md" }?.sizeInBytes
        == UInt64(merged.utf8.count))
    // An edit that clashes shows the draft as it is.
    let clash = theirs.replacing("first line", with: "first line, theirs")
    _ = try await world.library.put(Array(clash.utf8), at: path, reason: "upstream again")
    try await update(replica, from: world, depth: .trail)
    #expect(try await replica.content(of: path, at: .now).bytes == Array(further.utf8))
  }

  @Test("A draft that was tampered with is found")
  func tamperedDraft() async throws {
    let world = try await world()
    let replica = try await replica(of: world, depth: .heads)
    let made = try await replica.put(Array("draft\n".utf8), at: world.path("a/x.md"), reason: "mine")
    try await replica.store.write(purpose: "test") {
      try $0.tamper("UPDATE draft_line SET path = 'a/other.md'")
    }
    let report = try await replica.verify(rebuild: false, activity: { _ in })
    #expect(report.problems.map(\.place) == ["draft \(made.draft ?? "")"])
  }
}
