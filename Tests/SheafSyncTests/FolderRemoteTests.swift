import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

/// What only a folder can get wrong: names, links, damage, space, and who was there when.
@Suite struct FolderRemoteTests {
  /// A publisher with one document, a replica, and a stick that both have met.
  private struct Scene {
    var publisher: Library
    var replica: Library
    var stick: URL
    var remote: FolderRemote { FolderRemote(folder: stick) }

    func files(_ folder: String) -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: stick.appending(path: folder).path)) ?? [])
        .sorted()
    }

    func put(_ text: String, at path: String = "articles/a.md", on library: Library) async throws {
      _ = try await library.put(Array(text.utf8), at: DocumentPath(path), reason: "Change")
    }
  }

  private func withScene(_ body: (Scene) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let publisher = try await Library.create(
        at: folder.appending(path: "publisher"), name: "Stick", member: "publisher",
        environment: TestWorld(seed: 1).environment)
      _ = try await publisher.put(
        Array("# A\n\nfirst\n".utf8), at: DocumentPath("articles/a.md"), reason: "Start")
      let stick = folder.appending(path: "stick", directoryHint: .isDirectory)
      try FileManager.default.createDirectory(at: stick, withIntermediateDirectories: true)
      _ = try await publisher.exchange(with: FolderRemote(folder: stick))
      let replica = try await Library.clone(
        from: FolderRemote(folder: stick), to: folder.appending(path: "replica"),
        options: CloneOptions(member: "clinic"), environment: TestWorld(seed: 2).environment
      ).library
      try await body(Scene(publisher: publisher, replica: replica, stick: stick))
      try await replica.close()
      try await publisher.close()
    }
  }

  @Test("A position never moves past a bundle that is not there")
  func missingBundle() async throws {
    try await withScene { scene in
      try await scene.put("# A\n\nsecond\n", on: scene.publisher)
      _ = try await scene.publisher.exchange(with: scene.remote)
      #expect(scene.files("bundles").contains("1-2-trail.sheaf"))
      try FileManager.default.removeItem(at: scene.stick.appending(path: "bundles/1-2-trail.sheaf"))
      await #expect(throws: RemoteError.nothingFits(address: scene.stick.path, position: 1)) {
        try await scene.replica.sync(with: scene.remote)
      }
      #expect(try await scene.replica.status().size == 1)
      _ = try await scene.publisher.exchange(with: scene.remote)
      let report = try await scene.replica.sync(with: scene.remote)
      #expect(report.size == 2 && report.isSameAsPublisher)
    }
  }

  @Test("Where nothing leads on, drafts are left all the same, and what could not be had is told")
  func draftsOnly() async throws {
    try await withScene { scene in
      try await scene.put("# A\n\nsecond\n", on: scene.publisher)
      _ = try await scene.publisher.exchange(with: scene.remote)
      try FileManager.default.removeItem(at: scene.stick.appending(path: "bundles/1-2-trail.sheaf"))
      try await scene.put("# B\n", at: "articles/b.md", on: scene.replica)
      let report = try await scene.replica.sync(with: scene.remote)
      #expect(report.deposited == 1 && !report.isSameAsPublisher && report.pulled == nil)
      #expect(report.problems.count == 1 && report.problems[0].contains("nothing that leads on"))
      #expect(try await scene.publisher.exchange(with: scene.remote).pushed.count == 1)
      let next = try await scene.replica.sync(with: scene.remote)
      #expect(next.isSameAsPublisher && next.problems.isEmpty && next.drafts == 0)
    }
  }

  @Test("Bundles that nobody needs any more leave the stick; others' files stay")
  func stickSpace() async throws {
    try await withScene { scene in
      try Data("mine".utf8).write(to: scene.stick.appending(path: "bundles/holiday.jpg"))
      for text in ["second", "third"] {
        try await scene.put("# A\n\n\(text)\n", on: scene.publisher)
        _ = try await scene.publisher.exchange(with: scene.remote)
      }
      // The first copy is small here, so each step made it anew.
      #expect(scene.files("bundles") == ["0-3-trail.sheaf", "1-3-trail.sheaf", "holiday.jpg"])
      _ = try await scene.replica.sync(with: scene.remote)
      let report = try await scene.publisher.exchange(with: scene.remote)
      #expect(scene.files("bundles") == ["0-3-trail.sheaf", "holiday.jpg"])
      #expect(report.bundlesWritten == 0)
    }
  }

  @Test("A large first copy stays while the step behind it is small, and a clone takes both")
  func firstCopyStays() async throws {
    try await withScene { scene in
      var random = SplitMix64(seed: 3)
      _ = try await scene.publisher.put(
        random.bytes(60_000), at: DocumentPath("images/large.bin"), reason: "Large")
      _ = try await scene.publisher.exchange(with: scene.remote)
      try await scene.put("# A\n\nthird\n", on: scene.publisher)
      _ = try await scene.publisher.exchange(with: scene.remote)
      #expect(scene.files("bundles").contains("0-2-trail.sheaf"))
      let folder = scene.stick.deletingLastPathComponent().appending(path: "late")
      let late = try await Library.clone(
        from: scene.remote, to: folder, options: CloneOptions(member: "late"),
        environment: TestWorld(seed: 4).environment
      ).library
      #expect(try await late.figures().changeSets == 3)
      let report = try await late.sync(with: scene.remote)
      #expect(report.pulled == nil && report.isSameAsPublisher)
      try await late.close()
      // Without the step the copy is made all the same, and says that the stick is further.
      try FileManager.default.removeItem(at: scene.stick.appending(path: "bundles/2-3-trail.sheaf"))
      let made = try await Library.clone(
        from: scene.remote, to: scene.stick.deletingLastPathComponent().appending(path: "short"),
        options: CloneOptions(member: "short"), environment: TestWorld(seed: 5).environment)
      #expect(made.report.to == 2)
      #expect(
        made.report.stopsShort
          == RemoteError.nothingFits(address: scene.remote.address, position: 2).problem)
      try await made.library.close()
    }
  }

  @Test("Where steps end too early, what they brought is told, and the publisher leads on from there")
  func stepsEndEarly() async throws {
    try await withScene { scene in
      let bundles = scene.stick.appending(path: "bundles")
      let place = scene.stick.deletingLastPathComponent()
      let kept = place.appending(path: "kept")
      try FileManager.default.copyItem(at: bundles, to: kept)
      try await scene.put("# A\n\nsecond\n", on: scene.publisher)
      _ = try await scene.publisher.exchange(with: scene.remote)
      let step = "1-2-trail.sheaf"
      try FileManager.default.copyItem(at: bundles.appending(path: step), to: kept.appending(path: step))
      try await scene.put("# A\n\nthird\n", on: scene.publisher)
      _ = try await scene.publisher.exchange(with: scene.remote)
      try FileManager.default.removeItem(at: bundles)
      try FileManager.default.moveItem(at: kept, to: bundles)
      #expect(scene.files("bundles") == ["0-1-trail.sheaf", step])

      let made = try await Library.clone(
        from: scene.remote, to: place.appending(path: "late"), options: CloneOptions(member: "late"),
        environment: TestWorld(seed: 4).environment)
      let short = RemoteError.nothingFits(address: scene.remote.address, position: 2).problem
      #expect(made.report.to == 2 && made.report.stopsShort == short)
      let report = try await scene.replica.sync(with: scene.remote)
      #expect(report.pulled?.to == 2 && !report.isSameAsPublisher)
      #expect(report.problems.count == 1 && report.problems[0].hasPrefix(short))
      await #expect(throws: RemoteError.nothingFits(address: scene.remote.address, position: 2)) {
        try await scene.replica.sync(with: scene.remote)
      }

      for library in [made.library, scene.replica] {
        let mark = scene.stick.appending(path: "replicas/\(library.memberMark)")
        let position = try #require(FolderPosition([UInt8](Data(contentsOf: mark))))
        #expect(position.request.from == 2)
      }
      _ = try await scene.publisher.exchange(with: scene.remote)
      for library in [made.library, scene.replica] {
        #expect(try await library.sync(with: scene.remote).isSameAsPublisher)
      }
      try await made.library.close()
    }
  }

  @Test("Damaged drafts are reported and left, block nobody else, and come again")
  func damagedDrafts() async throws {
    try await withScene { scene in
      try await scene.put("# A\n\nclinic\n", on: scene.replica)
      _ = try await scene.replica.sync(with: scene.remote)
      let own = "drafts/\(scene.replica.memberMark)"
      let name = try #require(scene.files(own).first)
      let file = scene.stick.appending(path: own).appending(path: name)
      var bytes = try Data(contentsOf: file)
      bytes[bytes.count - 1] ^= 1
      try bytes.write(to: file)

      let other = try await Library.clone(
        from: scene.remote, to: scene.stick.deletingLastPathComponent().appending(path: "other"),
        options: CloneOptions(member: "other"), environment: TestWorld(seed: 5).environment
      ).library
      try await scene.put("# B\n\nother\n", at: "articles/b.md", on: other)
      _ = try await other.sync(with: scene.remote)

      var report = try await scene.publisher.exchange(with: scene.remote)
      #expect(report.problems.count == 1 && report.problems[0].contains(name))
      #expect(report.pushed.count == 1)
      #expect(scene.files(own) == [name])
      _ = try await scene.replica.sync(with: scene.remote)
      report = try await scene.publisher.exchange(with: scene.remote)
      #expect(report.problems.isEmpty && report.pushed.count == 1)
      let synced = try await scene.replica.sync(with: scene.remote)
      #expect(synced.drafts == 0 && synced.isSameAsPublisher)
      try await other.close()
    }
  }

  @Test("A lost stick loses no draft: it goes to the next remote")
  func lostStick() async throws {
    try await withScene { scene in
      try await scene.put("# A\n\nclinic\n", on: scene.replica)
      let deposited = try await scene.replica.sync(with: scene.remote)
      #expect(deposited.deposited == 1)
      try await scene.put("# A\n\nclinic again\n", on: scene.replica)
      let report = try await scene.replica.sync(with: MemoryRemote(service: scene.publisher))
      #expect(report.pushed.count == 2 && report.drafts == 0 && report.refused == 0)
      let content = try await scene.publisher.content(of: DocumentPath("articles/a.md"))
      #expect(content?.bytes == Array("# A\n\nclinic again\n".utf8))
    }
  }

  @Test(
    "A refusal that somebody wrote on the stick, or altered there, is not believed, and the draft still goes")
  func forgedRefusal() async throws {
    try await withScene { scene in
      try await scene.put("# A\n\nclinic\n", on: scene.replica)
      _ = try await scene.replica.sync(with: scene.remote)
      let draft = try await scene.replica.store.read { try #require(try $0.drafts([.deposited]).first) }
      let own = scene.stick.appending(path: "answers/\(scene.replica.memberMark)")
      try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
      let stranger = try SigningKey(name: scene.publisher.id.text, seed: [UInt8](repeating: 9, count: 32))
      let forged = try Refusal(of: draft.leaf, in: scene.publisher.id, reason: "not now", by: stranger)
      for answer in [
        DraftAnswer(leaf: draft.leaf.base64, forged),
        DraftAnswer(leaf: draft.leaf.base64, changeSet: nil, receipt: nil, refusal: "not now"),
      ] {
        try JSONEncoder().encode(answer).write(to: own.appending(path: FolderLayout.answerName(draft.leaf)))
        await #expect(throws: ForgedRefusal(draft: draft.mark)) {
          _ = try await scene.replica.sync(with: scene.remote)
        }
        #expect(try await scene.replica.status().drafts.map(\.outcome) == ["deposited"])
      }
      let report = try await scene.replica.sync(with: MemoryRemote(service: scene.publisher))
      #expect(report.pushed.count == 1 && report.refused == 0 && report.drafts == 0)
    }
  }

  @Test("Links on a stick lead nowhere", arguments: ["bundles", "drafts", "replicas", "answers"])
  func links(folder: String) async throws {
    try await withScene { scene in
      let outside = scene.stick.deletingLastPathComponent().appending(path: "outside")
      try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
      let target = scene.stick.appending(path: folder)
      try? FileManager.default.removeItem(at: target)
      try FileManager.default.createSymbolicLink(at: target, withDestinationURL: outside)
      try await scene.put("# A\n\nsecond\n", on: scene.publisher)
      try await scene.put("# B\n\nclinic\n", at: "articles/b.md", on: scene.replica)
      _ = try? await scene.publisher.exchange(with: scene.remote)
      _ = try? await scene.replica.sync(with: scene.remote)
      _ = try? await scene.publisher.exchange(with: scene.remote)
      #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path).isEmpty)
    }
  }

  @Test("A linked file is not read as a bundle")
  func linkedBundle() async throws {
    try await withScene { scene in
      try await scene.put("# A\n\nsecond\n", on: scene.publisher)
      _ = try await scene.publisher.exchange(with: scene.remote)
      let file = scene.stick.appending(path: "bundles/1-2-trail.sheaf")
      let outside = scene.stick.deletingLastPathComponent().appending(path: "outside.sheaf")
      try FileManager.default.moveItem(at: file, to: outside)
      try FileManager.default.createSymbolicLink(at: file, withDestinationURL: outside)
      await #expect(throws: RemoteError.nothingFits(address: scene.stick.path, position: 1)) {
        try await scene.replica.sync(with: scene.remote)
      }
    }
  }

  @Test("A bundle whose name lies about its start is passed over")
  func lyingName() async throws {
    try await withScene { scene in
      try await scene.put("# A\n\nsecond\n", on: scene.publisher)
      _ = try await scene.publisher.exchange(with: scene.remote)
      let bundles = scene.stick.appending(path: "bundles")
      try FileManager.default.copyItem(
        at: bundles.appending(path: "0-2-trail.sheaf"), to: bundles.appending(path: "1-9-trail.sheaf"))
      let report = try await scene.replica.sync(with: scene.remote)
      #expect(report.size == 2)
    }
  }

  @Test("A folder of another library, or of a later state, is left alone by the publisher")
  func foreignFolder() async throws {
    try await withScene { scene in
      let other = try await Library.create(
        at: scene.stick.deletingLastPathComponent().appending(path: "other"), name: "Other",
        member: "publisher",
        environment: TestWorld(seed: 9).environment)
      _ = try await other.put(Array("# O\n".utf8), at: DocumentPath("articles/o.md"), reason: "Start")
      let before = try FileManager.default.subpathsOfDirectory(atPath: scene.stick.path).sorted()
      await #expect(throws: RemoteError.self) { try await other.exchange(with: scene.remote) }
      #expect(try FileManager.default.subpathsOfDirectory(atPath: scene.stick.path).sorted() == before)
      try await other.close()

      let backup = scene.stick.deletingLastPathComponent().appending(path: "backup")
      try FileManager.default.createDirectory(at: backup, withIntermediateDirectories: true)
      let restored = try await Library.create(
        at: backup, name: "Stick", member: "publisher", environment: TestWorld(seed: 1).environment)
      _ = try await restored.put(
        Array("# A\n\nfirst\n".utf8), at: DocumentPath("articles/a.md"), reason: "Start")
      try await scene.put("# A\n\nsecond\n", on: scene.publisher)
      _ = try await scene.publisher.exchange(with: scene.remote)
      await #expect(throws: RemoteError.self) { try await restored.exchange(with: scene.remote) }
      try await restored.close()
    }
  }

  @Test("A stick that is not there is said to be unreachable, and no folder is made in its place")
  func missingStick() async throws {
    try await withScene { scene in
      let gone = FolderRemote(folder: scene.stick.appending(path: "gone"))
      await #expect {
        try await scene.replica.sync(with: gone)
      } throws: { error in
        guard case RemoteError.unreachable = error else { return false }
        return (error as? RemoteError)?.hint != nil
      }
      await #expect(throws: RemoteError.self) { try await scene.publisher.exchange(with: gone) }
      #expect(!FileManager.default.fileExists(atPath: gone.folder.path))
    }
  }

  @Test("Too large a file is refused before it is read")
  func sizeLimits() async throws {
    try await withScene { scene in
      let mark = MemberMark(publicKey: [7])
      let own = scene.stick.appending(path: "drafts/\(mark)")
      try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
      let file = own.appending(path: "1-0123456789abcdef.sheaf")
      #expect(FileManager.default.createFile(atPath: file.path, contents: nil))
      // A hole: it has the size and takes no space.
      #expect(truncate(file.path, off_t(Limits.pushBytes) + 1) == 0)
      let report = try await scene.publisher.exchange(with: scene.remote)
      #expect(
        report.problems == [
          "drafts/\(mark)/1-0123456789abcdef.sheaf is larger than a push may be; it was taken away"
        ])
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }

  @Test("A stick pulled out while it was written leaves the old files, and the leftovers go")
  func leftovers() async throws {
    try await withScene { scene in
      let leftover = scene.stick.appending(path: "bundles/1-2-trail.sheaf.new")
      try Data("half".utf8).write(to: leftover)
      try await scene.put("# A\n\nsecond\n", on: scene.publisher)
      let before = try await scene.replica.sync(with: scene.remote)
      #expect(before.size == 1)
      _ = try await scene.publisher.exchange(with: scene.remote)
      #expect(!FileManager.default.fileExists(atPath: leftover.path))
      #expect(try await scene.replica.sync(with: scene.remote).size == 2)
    }
  }

  @Test("Positions are bounded: those written longest ago go, and bundles are made for those written last")
  func manyPositions() async throws {
    try await withScene { scene in
      try await scene.put("# A\n\nsecond\n", on: scene.publisher)
      let folder = scene.stick.appending(path: "replicas")
      let library = scene.publisher.id.text
      for number in 0..<(FolderLayout.positionsKept + 20) {
        // Each wants collections that no other does, so each would be a bundle of its own.
        let wanted = Subscription.only([try CollectionName("c\(number)")])
        let request = PullRequest(from: 1, known: 1, depth: .heads, subscription: wanted)
        let file = folder.appending(path: MemberMark(publicKey: Array("\(number)".utf8)).text)
        try Data(FolderPosition(library: library, request: request).text.utf8).write(to: file)
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSince1970: 1_000_000 + Double(number) * 60)],
          ofItemAtPath: file.path)
      }
      let report = try await scene.publisher.exchange(with: scene.remote)
      #expect(scene.files("replicas").count == FolderLayout.positionsKept)
      #expect(report.problems.contains { $0.contains("positions were written before") })
      let oldest = MemberMark(publicKey: Array("0".utf8)).text
      #expect(!scene.files("replicas").contains(oldest))
      let heads = scene.files("bundles").filter { $0.contains("heads") }
      #expect(heads.count <= FolderLayout.bundlesPrepared && heads.count > 200)
    }
  }

  @Test("A checkpoint too large to be one is replaced, and not read whole")
  func hugeCheckpoint() async throws {
    try await withScene { scene in
      let file = scene.stick.appending(path: "checkpoint")
      let handle = try FileHandle(forWritingTo: file)
      try handle.truncate(atOffset: 1 << 33)
      try handle.close()
      _ = try await scene.publisher.exchange(with: scene.remote)
      #expect(try Data(contentsOf: file) == Data(try await scene.publisher.cosignedCheckpoint()))
    }
  }

  @Test("Drafts that are numbered to the end are told, and nothing is left under a name that nobody reads")
  func lastOrdinal() async throws {
    try await withScene { scene in
      try await scene.put("# A\n\nmine\n", on: scene.replica)
      let own = scene.stick.appending(path: "drafts/\(scene.replica.memberMark)")
      try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
      let last = DraftsName(ordinal: DraftsName.lastOrdinal, bytes: [7])
      try Data([7]).write(to: own.appending(path: last.text))
      let error = await #expect(throws: RemoteError.self) { try await scene.replica.sync(with: scene.remote) }
      guard case .refused = error else { throw error ?? .tooMuch(address: "") }
      #expect(scene.files("drafts/\(scene.replica.memberMark)") == [last.text])
      #expect(try await scene.replica.status().drafts.map(\.outcome) == ["waiting"])
    }
  }

  @Test(
    "A step that takes most documents away is left as everything current where that is smaller, and is taken")
  func wholeForStep() async throws {
    try await withScene { scene in
      let names = (0..<40).map { "articles/chapter-\($0 * 7919 % 40)-\($0 * 104_729).md" }
      for name in names { try await scene.put("# \(name)\n", at: name, on: scene.publisher) }
      let tablet = try await Library.clone(
        from: MemoryRemote(service: scene.publisher), to: scene.stick.appending(path: "../tablet"),
        options: CloneOptions(depth: .heads, member: "tablet"), environment: TestWorld(seed: 3).environment
      ).library
      let size = try await tablet.status().size
      _ = try await tablet.sync(with: scene.remote)
      let folder = scene.stick.appending(path: "../content")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data("# The only one\n".utf8).write(to: folder.appending(path: "b.md"))
      _ = try await scene.publisher.publish(
        folder: folder, reason: "Less", options: PublishOptions(isDryRun: false, prunes: true))
      _ = try await scene.publisher.exchange(with: scene.remote)
      let name = "\(size)-\(size + 1)-heads.sheaf"
      let bytes = try Data(contentsOf: scene.stick.appending(path: "bundles").appending(path: name))
      var rest = Array(bytes)[...]
      let header = try BundleReader { count in
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }.readHeader()
      #expect(header.from == 0 && header.known == size)
      let report = try await tablet.sync(with: scene.remote)
      #expect(report.size == size + 1)
      #expect(try await tablet.documents(in: nil).map(\.path) == ["b.md"])
      try await tablet.close()
    }
  }

  @Test("Names are read strictly and written back alike")
  func names() throws {
    for text in [
      "0-16-trail.sheaf", "12-19-full.sheaf", "0k7-19-heads.sheaf", "0h7-19-trail.sheaf", "0h7-7-full.sheaf",
      "17-19-heads-906c7ff47cd7c682.sheaf",
    ] {
      #expect(BundleName(text)?.text == text)
    }
    for text in [
      "", ".sheaf", "1-2.sheaf", "01-2-trail.sheaf", "+1-2-trail.sheaf", "1-2-drafts.sheaf",
      "1-2-trail-.sheaf",
      "1-2-trail-../../../etc/pa.sheaf", "1-2-trail.sheaf.new", "1k1-2-heads.sheaf", "1k-2-heads.sheaf",
      "1-99999999999999999999-trail.sheaf", "1-2-trail-906c7ff47cd7c682-x.sheaf",
      "0h7-19-heads.sheaf", "0h0-19-full.sheaf", "7h7-19-trail.sheaf", "7h9-19-trail.sheaf",
      "h7-19-trail.sheaf",
      "0h7k7-19-trail.sheaf", "0h-19-trail.sheaf",
    ] {
      #expect(BundleName(text) == nil, "\(text)")
    }
    #expect(DraftsName("3-906c7ff47cd7c682.sheaf")?.text == "3-906c7ff47cd7c682.sheaf")
    for text in ["-906c7ff47cd7c682.sheaf", "03-906c7ff47cd7c682.sheaf", "3-906c.sheaf", "3.sheaf"] {
      #expect(DraftsName(text) == nil, "\(text)")
    }
  }

  @Test("A position line is read exactly as it is written")
  func positions() throws {
    let articles = Subscription.only([try CollectionName("articles")])
    let position = FolderPosition(
      library: "sheaf/x/y", request: PullRequest(from: 12, known: 12, depth: .heads, subscription: articles))
    #expect(position.text == "sheaf/position/v1 sheaf/x/y 12 12 heads articles\n")
    #expect(FolderPosition(Array(position.text.utf8)) == position)
    let deeper = FolderPosition(
      library: "sheaf/x/y",
      request: PullRequest(from: 0, known: 12, depth: .full, subscription: .all, holdsCurrent: true))
    #expect(deeper.text == "sheaf/position/v1 sheaf/x/y 0h 12 full *\n")
    #expect(FolderPosition(Array(deeper.text.utf8)) == deeper)
    for text in [
      "sheaf/position/v1 sheaf/x/y h 12 full *\n", "sheaf/position/v1 sheaf/x/y 12h 12 full *\n",
      "sheaf/position/v1 sheaf/x/y 0h 0 full *\n", "sheaf/position/v1 sheaf/x/y 0h 12 heads *\n",
      "sheaf/position/v1 sheaf/x/y 0k 12 full *\n",
      "", "\n", "sheaf/position/v1 sheaf/x/y 12 12 heads articles",
      "sheaf/position/v1 sheaf/x/y 11 12 heads *\n",
      "sheaf/position/v1 sheaf/x/y 012 12 heads *\n", "sheaf/position/v2 sheaf/x/y 12 12 heads *\n",
      "sheaf/position/v1 sheaf/x/y 12 12 drafts *\n", "sheaf/position/v1 sheaf/x/y 12 12 heads\n",
    ] {
      #expect(FolderPosition(Array(text.utf8)) == nil, "\(text)")
    }
  }
}
