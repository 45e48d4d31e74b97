import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

/// The attacks that The Update Framework lists, by whoever holds the folder between a publisher and a clinic: a stick, a
/// mirror, a web server. What must come of each: the clinic's copy is one that the publisher signed, never older than it
/// was, and a good mirror serves it afterwards.
///
/// Those of a server are in `Tests/SheafHTTPTests/ServerAttackTests.swift`; damage of every bit in `BundleApplyTests`;
/// what limits stop in `Tests/SheafHTTPTests/LimitsTests.swift`; what a carrier can do with names and links in `FolderRemoteTests`.
@Suite("Attacks")
struct AttackTests {
  private struct Scene {
    let publisher: Library
    let clinic: Library
    /// The publisher's own folder.
    let good: URL
    /// The attacker's.
    let bad: URL
    let folder: URL

    func publish(_ text: String, at path: String = "articles/a.md") async throws {
      _ = try await publisher.put(Array(text.utf8), at: DocumentPath(path), reason: "Change")
      _ = try await publisher.exchange(with: FolderRemote(folder: good))
    }

    /// Gives the attacker's folder what another has.
    func imitate(_ other: URL) throws {
      try? FileManager.default.removeItem(at: bad)
      try FileManager.default.copyItem(at: other, to: bad)
    }

    /// What the clinic holds: its position, its article, and whether everything in it verifies.
    func state() async throws -> [String] {
      let text = try await clinic.content(of: DocumentPath("articles/a.md")).map {
        String(decoding: $0.bytes, as: UTF8.self)
      }
      let problems = try await clinic.verify(rebuild: false, activity: { _ in }).problems.count
      return ["\(try await clinic.status().size)", text ?? "none", "\(problems) problems"]
    }

    /// Syncs with the attacker, who must get nowhere, and then with the publisher.
    func attackFails(sourceLocation: SourceLocation = #_sourceLocation) async throws {
      let before = try await state()
      let failed = await failure(of: { try await clinic.sync(with: FolderRemote(folder: bad)) })
      #expect(failed != nil, sourceLocation: sourceLocation)
      #expect(try await state() == before, sourceLocation: sourceLocation)
      try await goodMirrorServes(sourceLocation: sourceLocation)
    }

    func goodMirrorServes(sourceLocation: SourceLocation = #_sourceLocation) async throws {
      let report = try await clinic.sync(with: FolderRemote(folder: good))
      #expect(report.isSameAsPublisher, sourceLocation: sourceLocation)
      let size = try await publisher.status().size
      #expect(report.size == size, sourceLocation: sourceLocation)
      #expect(try await state().last == "0 problems", sourceLocation: sourceLocation)
    }
  }

  private static func library(_ folder: URL, seed: UInt64) async throws -> Library {
    try await Library.create(
      at: folder, name: "Clinics", member: "publisher", environment: TestWorld(seed: seed).environment)
  }

  /// A clinic at the first of the publisher's change sets.
  private func withScene(_ body: (Scene) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let good = folder.appending(path: "good", directoryHint: .isDirectory)
      let bad = folder.appending(path: "bad", directoryHint: .isDirectory)
      for place in [good, bad] {
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      }
      let publisher = try await Self.library(folder.appending(path: "publisher"), seed: 1)
      _ = try await publisher.put(Array("first\n".utf8), at: DocumentPath("articles/a.md"), reason: "Start")
      _ = try await publisher.exchange(with: FolderRemote(folder: good))
      let clinic = try await Library.clone(
        from: FolderRemote(folder: good), to: folder.appending(path: "clinic"),
        options: CloneOptions(member: "clinic"), environment: TestWorld(seed: 2).environment
      ).library
      try await body(Scene(publisher: publisher, clinic: clinic, good: good, bad: bad, folder: folder))
      try await clinic.close()
      // One test has closed it.
      try? await publisher.close()
    }
  }

  @Test("Arbitrary content: a library of the attacker's own under this one's name")
  func arbitraryContent() async throws {
    try await withScene { scene in
      let other = try await Self.library(scene.folder.appending(path: "other"), seed: 9)
      for text in ["first\n", "drink bleach\n"] {
        _ = try await other.put(Array(text.utf8), at: DocumentPath("articles/a.md"), reason: "Change")
        _ = try await other.exchange(with: FolderRemote(folder: scene.bad))
      }
      try await other.close()
      try await scene.attackFails()
      // Its bundle beside the true checkpoint, under the name that the clinic looks for.
      try await scene.publish("second\n")
      let name = "bundles/1-2-trail.sheaf"
      let forged = try Data(contentsOf: scene.bad.appending(path: "bundles/0-2-trail.sheaf"))
      try scene.imitate(scene.good)
      try forged.write(to: scene.bad.appending(path: name))
      try await scene.attackFails()
    }
  }

  @Test("Rollback: a state that the clinic has gone beyond")
  func rollback() async throws {
    try await withScene { scene in
      try scene.imitate(scene.good)
      try await scene.publish("second, with a warning\n")
      try await scene.goodMirrorServes()
      let before = try await scene.state()
      let report = try? await scene.clinic.sync(with: FolderRemote(folder: scene.bad))
      #expect(report?.isSameAsPublisher != true)
      #expect(try await scene.state() == before)
      // Nor does a clone that is told what to expect take a step back later.
      try await scene.goodMirrorServes()
    }
  }

  @Test("Freeze: a mirror that stands still never makes the clinic believe that it is newer than it is")
  func freeze() async throws {
    try await withScene { scene in
      try scene.imitate(scene.good)
      try await scene.publish("second\n")
      let frozen = try await scene.clinic.sync(with: FolderRemote(folder: scene.bad))
      #expect(frozen.size == 1)
      let signed = try await scene.clinic.status().newestChange
      #expect(frozen.newestChange == signed)
      // It gets old, and says so: nothing newer has the publisher's time on it.
      let ages: [(days: Int64, state: Freshness.State)] = [(1, .fresh), (10, .stale), (100, .expired)]
      for (days, state) in ages {
        var late = scene.clinic.environment
        let clock = late.clock
        late.clock = { Timestamp(seconds: clock().seconds + days * 86_400) }
        let opened = try await Library.open(at: scene.clinic.folder, environment: late)
        let freshness = try await opened.status().freshness
        try await opened.close()
        #expect(freshness?.state == state)
      }
      try await scene.goodMirrorServes()
    }
  }

  @Test("Mix-and-match: parts of several true states in one")
  func mixAndMatch() async throws {
    try await withScene { scene in
      try await scene.publish("second\n")
      let second = try Data(contentsOf: scene.good.appending(path: "bundles/1-2-trail.sheaf"))
      try await scene.publish("third\n")
      let third = try Data(contentsOf: scene.good.appending(path: "bundles/1-3-trail.sheaf"))
      // The older bundle under the newer name leads no further than what it holds.
      try scene.imitate(scene.good)
      try second.write(to: scene.bad.appending(path: "bundles/1-3-trail.sheaf"))
      let report = try? await scene.clinic.sync(with: FolderRemote(folder: scene.bad))
      #expect(report?.isSameAsPublisher != true)
      let state = try await scene.state()
      #expect([["1", "first\n", "0 problems"], ["2", "second\n", "0 problems"]].contains(state))
      // The beginning of one and the end of the other, cut anywhere.
      for share in 1..<8 where state[0] == "1" {
        let cut = second.count * share / 8
        let tail = third.suffix(max(0, third.count - cut))
        try (second.prefix(cut) + tail).write(to: scene.bad.appending(path: "bundles/1-3-trail.sheaf"))
        #expect(
          await failure(of: { try await scene.clinic.sync(with: FolderRemote(folder: scene.bad)) }) != nil)
        #expect(try await scene.state() == state)
      }
      try await scene.goodMirrorServes()
    }
  }

  @Test("Endless data: files larger than anything allowed, which cost their sender nothing")
  func endlessData() async throws {
    try await withScene { scene in
      try await scene.publish("second\n")
      for name in ["bundles/1-2-trail.sheaf", "checkpoint"] {
        try scene.imitate(scene.good)
        let file = scene.bad.appending(path: name)
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 100 << 30)
        try handle.close()
        let before = try await scene.state()
        let start = ContinuousClock.now
        #expect(
          await failure(of: { try await scene.clinic.sync(with: FolderRemote(folder: scene.bad)) }) != nil)
        #expect(start.duration(to: .now) < .seconds(20))
        #expect(try await scene.state() == before)
      }
      try await scene.goodMirrorServes()
    }
  }

  @Test("Fast-forward: a position so far ahead that nothing true could follow it")
  func fastForward() async throws {
    try await withScene { scene in
      try await scene.publish("second\n")
      try scene.imitate(scene.good)
      let file = scene.bad.appending(path: "checkpoint")
      let note = try String(contentsOf: file, encoding: .utf8)
      let size = (UInt64(1) << 62).description
      let lines = note.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
      try Data("\(lines[0])\n\(size)\n\(lines[2])".utf8).write(to: file)
      let bundle = scene.bad.appending(path: "bundles")
      try FileManager.default.moveItem(
        at: bundle.appending(path: "1-2-trail.sheaf"), to: bundle.appending(path: "1-\(size)-trail.sheaf"))
      let before = try await scene.state()
      let report = try? await scene.clinic.sync(with: FolderRemote(folder: scene.bad))
      #expect(report?.isSameAsPublisher != true)
      let state = try await scene.state()
      // At most it went where the bundle truly leads.
      #expect(state == before || state == ["2", "second\n", "0 problems"])
      try await scene.publish("third\n")
      try await scene.goodMirrorServes()
    }
  }

  @Test("Wrong document: a true bundle for something else than was asked for")
  func wrongDocument() async throws {
    try await withScene { scene in
      let asked = Subscription.only([try CollectionName("articles")])
      try await scene.publish("{\"phase\": 1}\n", at: "trials/t.json")
      let reader = try await Library.clone(
        from: MemoryRemote(service: scene.publisher), to: scene.folder.appending(path: "reader"),
        options: CloneOptions(subscription: asked, member: "reader"),
        environment: TestWorld(seed: 3).environment
      ).library
      try await scene.publish("second\n")
      try scene.imitate(scene.good)
      // Of the whole library, and of another collection, under the name of what the reader holds.
      let wanted = PullRequest(from: 2, known: 2, depth: .trail, subscription: asked)
      let name = BundleName(wanted, to: 3).text
      for given in [Subscription.all, .only([try CollectionName("trials")])] {
        var request = wanted
        request.subscription = given
        guard case .bundle(let bundle) = try await scene.publisher.offer(request) else {
          Issue.record("no bundle")
          return
        }
        let file = scene.bad.appending(path: "bundles").appending(path: name)
        try? FileManager.default.removeItem(at: file)
        try FileManager.default.copyItem(at: bundle.file, to: file)
        #expect(await failure(of: { try await reader.sync(with: FolderRemote(folder: scene.bad)) }) != nil)
        #expect(try await reader.status().size == 2)
        #expect(try await reader.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
      }
      #expect(try await reader.sync(with: MemoryRemote(service: scene.publisher)).isSameAsPublisher)
      try await reader.close()
    }
  }

  @Test("Key compromise: what a revoked key signs waits in quarantine, and what it signed before stays true")
  func keyCompromise() async throws {
    try await withScene { scene in
      func admit(_ library: Library, _ role: MemberRole, revoked: String? = nil) async throws {
        let articles = try CollectionName("articles")
        let member = Member(
          key: library.memberKey, name: role.rawValue, role: role,
          collections: role == .publisher ? nil : [articles], revoked: revoked)
        let path = try #require(Member.path(of: member.mark))
        _ = try await scene.publisher.put(member.bytes, at: path, reason: "Members")
      }
      func leave(_ text: String, at path: String) async throws -> [DraftAnswer] {
        _ = try await scene.clinic.put(Array(text.utf8), at: DocumentPath(path), reason: "Clinic")
        _ = try await scene.clinic.sync(with: FolderRemote(folder: scene.good))
        _ = try await scene.publisher.exchange(with: FolderRemote(folder: scene.good))
        return try await scene.clinic.sync(with: FolderRemote(folder: scene.good)).pushed
      }
      try await admit(scene.publisher, .publisher)
      try await admit(scene.clinic, .contributor)
      _ = try await scene.publisher.exchange(with: FolderRemote(folder: scene.good))
      try await scene.goodMirrorServes()
      let taken = try #require(try await leave("ours\n", at: "articles/b.md").first)
      #expect(taken.changeSet != nil)
      _ = try await scene.publisher.exchange(with: FolderRemote(folder: scene.good))
      try await scene.goodMirrorServes()
      try await admit(scene.clinic, .contributor, revoked: "the laptop was stolen")
      // The thief's copy does not know it yet.
      let late = try #require(try await leave("theirs\n", at: "articles/b.md").last)
      #expect(late.changeSet == nil)
      #expect(late.refusal?.isEmpty == false)
      let kept = try await scene.publisher.content(of: DocumentPath("articles/b.md"))?.bytes
      #expect(kept == Array("ours\n".utf8))
      #expect(try await scene.publisher.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
      #expect(try await scene.publisher.receipt(changeSet: taken.changeSet ?? 0).isEmpty == false)
    }
  }

  @Test(
    "An insider with the database and the log's key: history written anew is seen by whoever knew the old one"
  )
  func insider() async throws {
    try await withScene { scene in
      // The publisher's folder as it was at the first change set, keys and all.
      let fork = scene.folder.appending(path: "fork")
      try await scene.publisher.close()
      try FileManager.default.copyItem(at: scene.publisher.folder, to: fork)
      let publisher = try await Library.open(
        at: scene.publisher.folder, environment: TestWorld(seed: 11).environment)
      _ = try await publisher.put(Array("second\n".utf8), at: DocumentPath("articles/a.md"), reason: "Change")
      _ = try await publisher.exchange(with: FolderRemote(folder: scene.good))
      _ = try await scene.clinic.sync(with: FolderRemote(folder: scene.good))
      let insider = try await Library.open(at: fork, environment: TestWorld(seed: 12).environment)
      for text in ["never happened\n", "nor this\n"] {
        _ = try await insider.put(Array(text.utf8), at: DocumentPath("articles/a.md"), reason: "Change")
        _ = try await insider.exchange(with: FolderRemote(folder: scene.bad))
        let before = try await scene.state()
        let failed = await failure(of: { try await scene.clinic.sync(with: FolderRemote(folder: scene.bad)) })
        #expect(failed != nil)
        // Beside what it held it has kept the two checkpoints that contradict each other, as evidence.
        if case .nothingFits? = failed as? RemoteError {} else { #expect(failed?.kind == .verification) }
        #expect(try await scene.state().prefix(2) == before.prefix(2))
      }
      try await insider.close()
      try await publisher.close()
    }
  }

  @Test("A malicious stick: a path is never a file's name nor part of a statement")
  func pathsAreNames() async throws {
    try await withScene { scene in
      let paths = [
        "articles/a'; DROP TABLE head; --.md", "articles/\u{202e}txt.exe", "articles/$(reboot).md",
        "articles/%2e%2e%2fkeys.md", "sheaf.sqlite", "keys/member.key",
      ]
      var taken: [String] = []
      for path in paths where (try? DocumentPath(path)) != nil {
        try await scene.publish("x\(path)", at: path)
        taken.append(path)
      }
      #expect(taken.count >= 4)
      let keys = try FileManager.default.contentsOfDirectory(
        atPath: scene.clinic.folder.appending(path: "keys").path)
      try await scene.goodMirrorServes()
      for path in taken {
        #expect(try await scene.clinic.content(of: DocumentPath(path))?.bytes == Array("x\(path)".utf8))
      }
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: scene.clinic.folder.appending(path: "keys").path) == keys)
      for path in ["../outside.md", "articles/../../outside.md", "/etc/passwd", "articles\\..\\x", "a/./b"] {
        #expect(throws: PathError.self) { try DocumentPath(path) }
      }
    }
  }
}

/// What a person is told when some work fails; `nil` when it does not.
private func failure<Value>(of work: () async throws -> Value) async -> (any SheafFailure)? {
  do {
    _ = try await work()
    return nil
  } catch {
    if error as? any SheafFailure == nil { Issue.record(error, "it has no words for a person") }
    return error as? any SheafFailure
  }
}
