import Foundation
import SheafModel
import SheafTesting
import Synchronization
import Testing

@testable import SheafSync

@Suite("Quarantine")
struct QuarantineTests {
  private let path: DocumentPath

  init() throws { path = try DocumentPath("a/x.md") }

  /// A revoked clinic whose late edit waits, and who revoked it.
  ///
  /// - Parameter late: What else it had drafted, and why.
  private func world(
    revokedBy admin: Bool, late: (text: String, reason: String)? = nil
  ) async throws -> (world: MembersWorld, clinic: Library) {
    let world = try await MembersWorld()
    try await world.put("one\n\ntwo\n", "a/x.md")
    let clinic = try await world.member("Hill", .contributor)
    try await world.put("ONE\n\ntwo\n", "a/x.md", in: clinic)
    if let late { _ = try await clinic.put(Array(late.text.utf8), at: path, reason: late.reason) }
    if admin {
      let admin = try await world.member("Ada", .administrator)
      _ = try await admin.revoke("Hill", reason: "lost")
      _ = try await admin.sync(with: world.remote)
    } else {
      _ = try await world.publisher.revoke("Hill", reason: "lost")
    }
    #expect(try await clinic.sync(with: world.remote).refused == (late == nil ? 1 : 2))
    return (world, clinic)
  }

  @Test("What a revoked key signed late is taken over by another person than who revoked it, and merges")
  func released() async throws {
    let (world, clinic) = try await world(revokedBy: true)
    let waiting = try #require(try await world.publisher.quarantine().first)
    #expect(waiting.by == "Hill" && waiting.paths == ["a/x.md"])
    #expect(waiting.refusal == AuthorityError.Rule.revoked.rawValue)
    let shown = try await world.publisher.quarantined(String(waiting.draft.prefix(6)))
    #expect(shown.changes.map(\.path) == ["a/x.md"])
    try await world.put("one\n\nTWO\n", "a/x.md")
    let report = try await world.publisher.release(waiting.draft, reason: "Dr. Hill confirmed it by phone")
    #expect(try await world.text("a/x.md") == "ONE\n\nTWO\n")
    #expect(try await world.publisher.quarantine().isEmpty)
    #expect(try await world.publisher.figures().quarantined == 0)
    let entry = try await world.publisher.history(of: path).first { $0.author != nil }
    #expect(entry?.author == "Hill (\(waiting.member))" && entry?.source == "draft \(waiting.draft)")
    #expect(entry?.revision == report.changeSet.map { "\($0).1" })
    let leaf = try #require(try await world.publisher.answers(to: clinic.refusedLeaves()).first)
    #expect(leaf.refusal?.contains("took it over in change set") == true)
    await #expect(throws: LibraryError.notInQuarantine(waiting.draft)) {
      _ = try await world.publisher.release(waiting.draft, reason: "again")
    }
    #expect(try await world.publisher.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
  }

  @Test(
    "What a quarantined draft says is found by its words and destroyed, to the last byte; its author is answered"
  )
  func dropped() async throws {
    let words = "Quirinus Zeisig"
    let (world, clinic) = try await world(
      revokedBy: true, late: ("ONE\n\n\(words) was here\n", "\(words) asked for it"))
    let publisher = world.publisher
    let found = try await publisher.whatHolds(words)
    #expect(found.revisions.isEmpty && found.drafts.isEmpty && found.quarantined.count == 1)
    #expect(try await clinic.refusedLeaves().count == 2)
    let mark: String = try #require(found.quarantined.first)
    let dropped = try await publisher.drop(quarantined: mark, reason: "Names a patient")
    #expect(dropped.draft == mark && dropped.by == "Hill")
    #expect(try await publisher.quarantine().count == 1)
    #expect(try await publisher.whatHolds(words) == FoundWords())
    #expect(try await publisher.unsweptContent() == nil)
    let files = FileManager.default.enumerator(at: publisher.folder, includingPropertiesForKeys: nil)
    while let file = files?.nextObject() as? URL {
      let bytes = [UInt8]((try? Data(contentsOf: file)) ?? Data())
      #expect(!ByteSearch.finds(Array(words.utf8), in: bytes), "\(file.lastPathComponent)")
    }
    let answers = try await publisher.answers(to: clinic.refusedLeaves())
    #expect(answers.compactMap(\.refusal).contains("Ana destroyed it unpublished: Names a patient"))
    // Its author had heard the refusal before, and hears once what became of it since, beside what is new.
    let remote = MemoryRemote(service: publisher)
    #expect(try await clinic.sync(with: remote).pushed.isEmpty)
    #expect(remote.traffic.requests == 1)
    try await world.put("news", "a/news.md", in: publisher)
    let told = try await clinic.sync(with: world.remote).pushed.compactMap(\.refusal)
    #expect(told == ["Ana destroyed it unpublished: Names a patient"])
    #expect(try await clinic.sync(with: world.remote).pushed.isEmpty)
    #expect(try await publisher.verify(rebuild: true, activity: { _ in }).problems.isEmpty)
    await #expect(throws: LibraryError.notInQuarantine(mark)) {
      _ = try await publisher.drop(quarantined: mark, reason: "again")
    }
  }

  @Test("Of a member without rights nothing is handed over again and again, and it can drop what waits")
  func withoutRights() async throws {
    let world = try await MembersWorld()
    try await world.put("one", "a/x.md")
    let clinic = try await world.member("Hill", .editor)
    try await world.put("two", "a/x.md", in: clinic)
    let stickFolder = try TestFolder()
    let stick = FolderRemote(folder: stickFolder.url)
    _ = try await world.publisher.exchange(with: stick)
    #expect(try await clinic.sync(with: stick).deposited == 1)
    _ = try await world.publisher.alter("Hill", .init(role: .reader), reason: "left the ward")
    // A server refuses at the door what such a member hands over; its drafts are answered by the log all the same.
    let closed = ClosedDoor(world.remote)
    let report = try await clinic.sync(with: closed)
    #expect(report.isSameAsPublisher && report.drafts == 0 && report.refused == 1)
    #expect(report.pushed.compactMap(\.refusal).allSatisfy { $0.contains("role is reader now") })
    #expect(closed.pushes.withLock { $0 } == 1)
    #expect(try await clinic.sync(with: closed).pushed.isEmpty)
    #expect(closed.pushes.withLock { $0 } == 1)
    let draft = try #require(try await clinic.drafts().first)
    #expect(try await clinic.dropDraft(draft.draft).texts != nil)
    #expect(try await clinic.sync(with: closed).refused == 0)
    // What lay on the stick was judged by its signature, and nobody waits for the answer any more.
    _ = try await world.publisher.exchange(with: stick)
    #expect(try await world.text("a/x.md") == "one")
    #expect(try await clinic.sync(with: stick).isSameAsPublisher)
  }

  @Test("Who revoked a key does not take over alone what it signed")
  func sameHand() async throws {
    let (world, _) = try await world(revokedBy: false)
    let waiting = try #require(try await world.publisher.quarantine().first)
    await #expect(throws: LibraryError.mayNotRelease(waiting.draft)) {
      _ = try await world.publisher.release(waiting.draft, reason: "alone")
    }
    #expect(try await world.publisher.quarantine().count == 1)
    #expect(try await world.text("a/x.md") == "one\n\ntwo\n")
  }
}

/// A server that takes no drafts and tells no answers, and has everything else.
private final class ClosedDoor: RelayedRemote {
  let remote: any Remote
  let pushes = Mutex(0)

  init(_ remote: any Remote) { self.remote = remote }

  private var refusal: RemoteError {
    .forbidden(address: address, detail: "a member with the role reader hands over nothing")
  }

  func push(
    _ bundle: [UInt8], from member: MemberMark, sent: @escaping TransferProgress
  ) async throws -> PushAnswer {
    pushes.withLock { $0 += 1 }
    throw refusal
  }

  func exchange(
    _ bundle: [UInt8], of leaves: [SHA256Hash], from member: MemberMark, asking request: PullRequest,
    into folder: URL, sent: @escaping TransferProgress, progress: @escaping TransferProgress
  ) async throws -> ExchangeAnswer {
    pushes.withLock { $0 += 1 }
    throw refusal
  }

  func answers(to leaves: [SHA256Hash], from member: MemberMark) async throws -> [DraftAnswer] {
    throw refusal
  }
}

extension Library {
  fileprivate func refusedLeaves() async throws -> [SHA256Hash] {
    try await store.read { try $0.drafts([.refused]).map(\.leaf) }
  }
}
