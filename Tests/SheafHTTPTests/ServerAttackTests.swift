import Foundation
import SheafModel
import SheafSync
import SheafTesting
import Synchronization
import Testing

@testable import SheafHTTP

/// The attacks that The Update Framework lists, by whoever runs a server or stands before it: a real server that lies,
/// over HTTP. What must come of each: the clinic's copy is one that the publisher signed, never older than it was, and
/// the same server serves it once it tells the truth.
///
/// Endless data and what else breaks the protocol is in `HostileServerTests`, rewritten history in `RemoteConformance`.
@Suite("Attacks by a server")
struct ServerAttackTests {
  /// A library behind a server, or what an attacker says in its place.
  private final class LyingService: RelayedService {
    struct Lies: Sendable {
      /// Who answers instead.
      var library: Library?
      var note: (@Sendable ([UInt8]) -> [UInt8])?
      var offer: (@Sendable (PullRequest) async throws -> Offer)?
    }
    private let library: Library
    private let lies = Mutex(Lies())

    init(_ library: Library) { self.library = library }

    func tell(_ change: @Sendable (inout Lies) -> Void) {
      lies.withLock {
        $0 = Lies()
        change(&$0)
      }
    }

    var id: LibraryID { library.id }
    var relayed: any LibraryService { lies.withLock { $0.library } ?? library }

    func checkpointNote() async throws -> [UInt8] {
      let note = try await relayed.checkpointNote()
      return lies.withLock { $0.note }?(note) ?? note
    }

    func cosignedCheckpoint() async throws -> [UInt8] { try await checkpointNote() }

    func offer(_ request: PullRequest) async throws -> Offer {
      if let offer = lies.withLock({ $0.offer }) { return try await offer(request) }
      let offer = try await relayed.offer(request)
      guard case .unchanged(let note) = offer, let lie = lies.withLock({ $0.note }) else { return offer }
      return .unchanged(checkpoint: lie(note))
    }
  }

  private struct Scene {
    let publisher: Library
    let clinic: Library
    let service: LyingService
    let server: RunningServer
    let folder: URL

    func publish(_ text: String, at path: String = "articles/a.md") async throws {
      _ = try await publisher.put(Array(text.utf8), at: DocumentPath(path), reason: "Change")
    }

    func sync(_ library: Library? = nil) async throws -> SyncReport {
      try await withRemote(server.address) { try await (library ?? clinic).sync(with: $0) }
    }

    /// What the clinic holds: its position, its article, and whether everything in it verifies.
    func state() async throws -> [String] {
      let text = try await clinic.content(of: DocumentPath("articles/a.md")).map {
        String(decoding: $0.bytes, as: UTF8.self)
      }
      let problems = try await clinic.verify(rebuild: false, activity: { _ in }).problems.count
      return ["\(try await clinic.status().size)", text ?? "none", "\(problems) problems"]
    }

    /// Syncs with a server that lies, which gets nowhere.
    func attackFails(sourceLocation: SourceLocation = #_sourceLocation) async throws {
      let before = try await state()
      await expectFailure(sourceLocation: sourceLocation)
      #expect(try await state() == before, sourceLocation: sourceLocation)
    }

    func expectFailure(
      _ library: Library? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async {
      await #expect(sourceLocation: sourceLocation) {
        try await sync(library)
      } throws: {
        $0 is any SheafFailure
      }
    }

    func truthServes(sourceLocation: SourceLocation = #_sourceLocation) async throws {
      service.tell { _ in }
      let report = try await sync()
      #expect(report.isSameAsPublisher, sourceLocation: sourceLocation)
      let size = try await publisher.status().size
      #expect(report.size == size, sourceLocation: sourceLocation)
      #expect(try await state().last == "0 problems", sourceLocation: sourceLocation)
    }

    /// The library's bundle for a request, as a file that may be changed.
    func bundle(_ request: PullRequest, by library: Library? = nil) async throws -> [UInt8] {
      guard case .bundle(let bundle) = try await (library ?? publisher).offer(request) else {
        throw TestError("no bundle")
      }
      return [UInt8](try Data(contentsOf: bundle.file))
    }

    /// Answers every pull with these bytes.
    func offer(_ bytes: [UInt8]) throws {
      let file = folder.appending(path: UUID().uuidString)
      try Data(bytes).write(to: file)
      let bundle = BundleFile(
        file: file, sizeInBytes: UInt64(bytes.count), hash: SHA256Hash(hashing: bytes))
      service.tell { $0.offer = { _ in .bundle(bundle) } }
    }
  }

  /// A publisher's library with one change set: of one seed, always the same, keys and all.
  private static func library(_ folder: URL, seed: UInt64 = 1) async throws -> Library {
    let library = try await Library.create(
      at: folder, name: "Clinics", member: "publisher", environment: TestWorld(seed: seed).environment)
    _ = try await library.put(Array("first\n".utf8), at: DocumentPath("articles/a.md"), reason: "Start")
    return library
  }

  private func withScene(_ body: @escaping @Sendable (Scene) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let publisher = try await Self.library(folder.appending(path: "publisher"))
      let service = LyingService(publisher)
      try await withServer(service) { server in
        let clinic = try await withRemote(server.address) { remote in
          try await Library.clone(
            from: remote, to: folder.appending(path: "clinic"), options: CloneOptions(member: "clinic"),
            environment: TestWorld(seed: 2).environment
          ).library
        }
        try await body(
          Scene(publisher: publisher, clinic: clinic, service: service, server: server, folder: folder))
        try await clinic.close()
      }
      try await publisher.close()
    }
  }

  private static let next = PullRequest(from: 1, known: 1, depth: .trail, subscription: .all)

  @Test("Arbitrary content: a library of the attacker's own under this one's name")
  func arbitraryContent() async throws {
    try await withScene { scene in
      let other = try await Self.library(scene.folder.appending(path: "other"), seed: 9)
      for text in ["drink bleach\n", "drink more\n"] {
        _ = try await other.put(Array(text.utf8), at: DocumentPath("articles/a.md"), reason: "Change")
      }
      scene.service.tell { $0.library = other }
      try await scene.attackFails()
      // Its bundle beside the true checkpoint.
      try await scene.publish("second\n")
      try scene.offer(try await scene.bundle(Self.next, by: other))
      try await scene.attackFails()
      try await scene.truthServes()
      try await other.close()
    }
  }

  @Test("Rollback: a state that the clinic has gone beyond")
  func rollback() async throws {
    try await withScene { scene in
      let past = try await Self.library(scene.folder.appending(path: "past"))
      try await scene.publish("second, with a warning\n")
      try await scene.truthServes()
      let before = try await scene.state()
      scene.service.tell { $0.library = past }
      #expect(try await scene.sync().isSameAsPublisher == false)
      #expect(try await scene.state() == before)
      try await scene.truthServes()
      try await past.close()
    }
  }

  @Test("Freeze: a server that stands still never makes the clinic believe that it is newer than it is")
  func freeze() async throws {
    try await withScene { scene in
      let past = try await Self.library(scene.folder.appending(path: "past"))
      try await scene.publish("second\n")
      scene.service.tell { $0.library = past }
      let frozen = try await scene.sync()
      #expect(frozen.size == 1)
      let signed = try await scene.clinic.status().newestChange
      #expect(frozen.newestChange == signed)
      // It gets old, and says so: nothing newer has the publisher's time on it.
      var late = TestWorld(seed: 4).environment
      let clock = late.clock
      late.clock = { Timestamp(seconds: clock().seconds + 100 * 86_400) }
      let opened = try await Library.open(at: scene.clinic.folder, environment: late)
      #expect(try await scene.sync(opened).size == 1)
      #expect(try await opened.status().freshness?.state == .expired)
      try await opened.close()
      try await scene.truthServes()
      try await past.close()
    }
  }

  @Test("Mix-and-match: parts of several true states in one")
  func mixAndMatch() async throws {
    try await withScene { scene in
      try await scene.publish("second\n")
      let second = try await scene.bundle(Self.next)
      try await scene.publish("third\n")
      let third = try await scene.bundle(Self.next)
      for share in 1..<8 {
        let cut = second.count * share / 8
        try scene.offer(Array(second.prefix(cut) + third.suffix(max(0, third.count - cut))))
        try await scene.attackFails()
      }
      // The older bundle under the newer one's tag, whole and in order, would make the clinic believe that it is done.
      try scene.offer(second)
      try await scene.attackFails()
      await #expect(
        throws: RemoteError.notSheaf(
          address: scene.server.address, detail: "its bundle leads to 2, and its tag says 3")
      ) { try await scene.sync() }
      let incoming = scene.clinic.folder.appending(path: "incoming").path
      let left = FileManager.default.enumerator(atPath: incoming)?.allObjects as? [String] ?? []
      #expect(!left.contains { $0.hasSuffix(".part") || $0.hasSuffix(".json") })
      try await scene.truthServes()
    }
  }

  @Test("Fast-forward: a position so far ahead that nothing true could follow it")
  func fastForward() async throws {
    try await withScene { scene in
      for isNew in [false, true] {
        if isNew { try await scene.publish("second\n") }
        let before = try await scene.state()
        scene.service.tell {
          $0.note = { note in
            var lines = String(decoding: note, as: UTF8.self).split(
              separator: "\n", omittingEmptySubsequences: false)
            lines[1] = "\(UInt64(1) << 62)"
            return Array(lines.joined(separator: "\n").utf8)
          }
        }
        let report = try? await scene.sync()
        // At most it went where the bundle truly leads.
        let state = try await scene.state()
        #expect(state == before || isNew && state == ["2", "second\n", "0 problems"])
        #expect(report.map { $0.size <= 2 } ?? true)
      }
      try await scene.publish("third\n")
      try await scene.truthServes()
    }
  }

  @Test("Wrong document: a true bundle for something else than was asked for")
  func wrongDocument() async throws {
    try await withScene { scene in
      let asked = Subscription.only([try CollectionName("articles")])
      try await scene.publish("{\"phase\": 1}\n", at: "trials/t.json")
      let reader = try await withRemote(scene.server.address) { remote in
        try await Library.clone(
          from: remote, to: scene.folder.appending(path: "reader"),
          options: CloneOptions(subscription: asked, member: "reader"),
          environment: TestWorld(seed: 3).environment
        ).library
      }
      try await scene.publish("second\n")
      for given in [Subscription.all, .only([try CollectionName("trials")])] {
        try scene.offer(
          try await scene.bundle(PullRequest(from: 2, known: 2, depth: .trail, subscription: given)))
        await scene.expectFailure(reader)
        #expect(try await reader.status().size == 2)
        #expect(try await reader.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
      }
      scene.service.tell { _ in }
      #expect(try await scene.sync(reader).isSameAsPublisher)
      try await reader.close()
    }
  }

  @Test("Key compromise: a revoked key is answered no more, and what it signed before stays true")
  func keyCompromise() async throws {
    try await withScene { scene in
      func admit(_ library: Library, _ role: MemberRole, revoked: String? = nil) async throws {
        let member = Member(key: library.memberKey, name: role.rawValue, role: role, revoked: revoked)
        let path = try #require(Member.path(of: member.mark))
        _ = try await scene.publisher.put(member.bytes, at: path, reason: "Members")
      }
      try await admit(scene.publisher, .publisher)
      try await admit(scene.clinic, .contributor)
      let path = try DocumentPath("articles/b.md")
      _ = try await scene.clinic.put(Array("ours\n".utf8), at: path, reason: "Clinic")
      let taken = try #require(try await scene.sync().pushed.first?.changeSet)
      try await admit(scene.clinic, .contributor, revoked: "the laptop was stolen")
      // The thief's copy does not know it yet.
      _ = try await scene.clinic.put(Array("theirs\n".utf8), at: path, reason: "Clinic")
      await #expect(
        throws: RemoteError.forbidden(
          address: scene.server.address,
          detail: "the key of contributor was revoked: the laptop was stolen",
          hint: "Ask an administrator for a new invitation; `sheaf drafts` still has your work.")
      ) { try await scene.sync() }
      #expect(try await scene.publisher.content(of: path)?.bytes == Array("ours\n".utf8))
      #expect(try await scene.publisher.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
      #expect(try await scene.publisher.receipt(changeSet: taken).isEmpty == false)
    }
  }
}
