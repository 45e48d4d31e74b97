import SheafModel
import SheafSync
import SheafTesting
import Synchronization
import Testing

/// Remembers the sizes of what is handed over, and cuts the line once, at the second push.
private final class CutOnce: RelayedRemote {
  let remote: any Remote
  private let state = Mutex<(pushed: [Int], isCut: Bool)>(([], false))
  var pushed: [Int] { state.withLock { $0.pushed } }

  init(_ remote: any Remote) { self.remote = remote }

  func push(
    _ bundle: [UInt8], from member: MemberMark, sent: @escaping TransferProgress
  ) async throws -> PushAnswer {
    try state.withLock { state in
      if state.pushed.count == 1, !state.isCut {
        state.isCut = true
        throw RemoteError.interrupted(address: "cut", detail: "the line was cut")
      }
      state.pushed.append(bundle.count)
    }
    return try await remote.push(bundle, from: member, sent: sent)
  }
}

@Suite("Drafts")
struct DraftTests {
  @Test(
    "Over a line drafts go a few at a time, a cut costs those under way alone, and the plan tells all of them"
  )
  func groups() async throws {
    let world = try await SyncWorld()
    try world.content.write("a", to: "a.md")
    _ = try await world.publish()
    let replica = try await world.replica()
    var random = SplitMix64(seed: 1)
    for name in ["x", "y", "z"] {
      _ = try await replica.put(random.bytes(600_000), at: try DocumentPath("\(name).bin"), reason: "r")
    }
    let plan = try await replica.plan(with: MemoryRemote(service: world.publisher))
    #expect(plan.drafts == 3)
    let line = CutOnce(MemoryRemote(service: world.publisher))
    await #expect(throws: RemoteError.self) { _ = try await replica.sync(with: line) }
    #expect(try await replica.status().drafts.map(\.outcome) == ["waiting", "waiting"])
    let report = try await replica.sync(with: line)
    #expect(report.drafts == 0 && report.isSameAsPublisher)
    #expect(line.pushed.count == 3)
    #expect(line.pushed.reduce(0, +) == Int(plan.uploadInBytes))
  }

  @Test("A chain of drafts is shown at once, and is the log's once it is handed over")
  func chain() async throws {
    let world = try await SyncWorld()
    try world.content.write("a", to: "a.md")
    try world.content.write("b", to: "b.md")
    _ = try await world.publish()
    let replica = try await world.replica()
    func shown(_ path: String) async throws -> String? {
      let documents = try await replica.documents(in: nil)
      guard documents.contains(where: { $0.path == path }) else { return nil }
      return String(
        decoding: try await replica.content(of: try DocumentPath(path), at: .now).bytes, as: UTF8.self)
    }
    let a = try DocumentPath("a.md")
    #expect(try await replica.put(Array("a 2".utf8), at: a, reason: "r").draft != nil)
    _ = try await replica.put(Array("a 3".utf8), at: a, reason: "r")
    _ = try await replica.remove(try DocumentPath("b.md"), reason: "r")
    _ = try await replica.put(Array("b again".utf8), at: try DocumentPath("b.md"), reason: "r")
    _ = try await replica.put(Array("new".utf8), at: try DocumentPath("new.md"), reason: "r")
    _ = try await replica.remove(try DocumentPath("new.md"), reason: "r")
    #expect(try await shown("a.md") == "a 3")
    #expect(try await shown("b.md") == "b again")
    #expect(try await shown("new.md") == nil)
    #expect(try await world.text("a.md", in: replica) == "a")
    #expect(try await world.text("a.md") == "a")

    // A folder's move of a document that only a draft has changed.
    try world.content.write("a 3", to: "moved.md")
    try world.content.write("b again", to: "b.md")
    try world.content.remove("a.md")
    let report = try await replica.publish(folder: world.content.url, reason: "moved")
    #expect(report.draft != nil && report.moved == [.init(from: "a.md", to: "moved.md")])
    #expect(try await shown("a.md") == nil)

    let synced = try await replica.sync(with: MemoryRemote(service: world.publisher))
    #expect(synced.isSameAsPublisher && synced.drafts == 0 && synced.refused == 0)
    #expect(try await world.text("moved.md") == "a 3")
    #expect(try await world.text("a.md") == nil)
    #expect(try await world.text("b.md") == "b again")
    #expect(try await world.text("new.md") == nil)
    #expect(try await world.publisher.figures().conflicts == 0)
  }

  @Test("Of a draft that is sent though it clashes, only what clashes stands against what others did")
  func sentWithAClash() async throws {
    let world = try await SyncWorld()
    try world.content.write(#"{"a": 0, "b": 0, "c": 0}"#, to: "t/a.json")
    _ = try await world.publish()
    let clinic = try await world.replica()
    let path = try DocumentPath("t/a.json")
    _ = try await world.publisher.put(
      Array(#"{"format":1,"collections":{"t":{"reason":"required"}}}"#.utf8),
      at: try DocumentPath("sheaf/settings.json"), reason: "Rules")
    _ = try await world.publisher.put(Array(#"{"a": 9, "b": 0, "c": 9}"#.utf8), at: path, reason: "r")
    // Refused for want of a reason, and the next one with it, since it goes on from that.
    _ = try await clinic.put(Array(#"{"a": 1, "b": 0, "c": 0}"#.utf8), at: path, reason: " ")
    _ = try await clinic.put(Array(#"{"a": 2, "b": 2, "c": 0}"#.utf8), at: path, reason: "Second")
    let remote = MemoryRemote(service: world.publisher)
    #expect(try await clinic.sync(with: remote).refused == 2)
    let second = try #require(try await clinic.drafts().last)
    _ = try await clinic.sendDraft(second.draft)
    #expect(try await clinic.sync(with: remote).pushed.compactMap(\.changeSet).count == 1)
    #expect(try await world.text("t/a.json") == #"{"a": 2, "b": 2, "c": 9}"#)
  }

  @Test("A draft is dropped from the middle of a chain, and the others still find what they go on from")
  func droppedFromTheMiddle() async throws {
    let world = try await SyncWorld()
    try world.content.write("a", to: "a.md")
    try world.content.write("b", to: "b.md")
    _ = try await world.publish()
    let clinic = try await world.replica()
    let (a, b) = (try DocumentPath("a.md"), try DocumentPath("b.md"))
    _ = try await clinic.put(Array("a 2".utf8), at: a, reason: "one")
    let dropped = try #require(try await clinic.put(Array("b 2".utf8), at: b, reason: "two").draft)
    _ = try await clinic.put(Array("a 3".utf8), at: a, reason: "three")
    _ = try await clinic.put(Array("a 4".utf8), at: a, reason: "four")
    let before = try await clinic.drafts()
    #expect(try await clinic.dropDraft(dropped).texts != nil)
    let after = try await clinic.drafts()
    #expect(after.map(\.reason) == ["one", "three", "four"])
    #expect(after.map(\.time) == before.filter { $0.draft != dropped }.map(\.time))
    let synced = try await clinic.sync(with: MemoryRemote(service: world.publisher))
    #expect(synced.pushed.map(\.refusal) == [nil, nil, nil])
    #expect(synced.drafts == 0 && synced.conflicts.isEmpty)
    #expect(try await world.text("a.md") == "a 4")
    #expect(try await world.text("b.md") == "b")
  }

  @Test("A draft that others build on is dropped only after them, and all of them are named")
  func builtOn() async throws {
    let world = try await SyncWorld()
    try world.content.write("a", to: "a.md")
    _ = try await world.publish()
    let clinic = try await world.replica()
    let a = try DocumentPath("a.md")
    var drafts: [String] = []
    for text in ["a 2", "a 3", "a 4"] {
      drafts.append(try #require(try await clinic.put(Array(text.utf8), at: a, reason: text).draft))
    }
    let message =
      "drafts \(drafts[1]), \(drafts[2]) build on draft \(drafts[0]); drop those first, the last one before the others"
    await #expect(throws: LibraryError.draftState(message)) { _ = try await clinic.dropDraft(drafts[0]) }
    #expect(try await clinic.drafts().map(\.draft) == drafts)
    _ = try await clinic.dropDraft(drafts[2])
    #expect(try await clinic.content(of: a, at: .now).bytes == Array("a 3".utf8))
  }

  @Test("An edit that changes nothing, or of nothing, makes no draft")
  func nothing() async throws {
    let world = try await SyncWorld()
    try world.content.write("a", to: "a.md")
    _ = try await world.publish()
    let replica = try await world.replica()
    await #expect(throws: LibraryError.nothingChanged("a.md")) {
      try await replica.put(Array("a".utf8), at: try DocumentPath("a.md"), reason: "r")
    }
    await #expect(throws: LibraryError.noDocument("none.md")) {
      try await replica.remove(try DocumentPath("none.md"), reason: "r")
    }
    #expect(try await replica.status().drafts.isEmpty)
  }
}
