import Foundation
import SheafLog
import SheafModel
import SheafSync
import Testing

/// The sentences that are true of every remote: memory, folder and HTTP run the same ones.
public enum RemoteConformance {
  /// A remote under test and the publisher's library behind it.
  public struct Stage: Sendable {
    /// What replicas talk to.
    public var remote: any Remote
    /// What the publisher does so that what it holds reaches the remote, and what lies there reaches it.
    public var exchange: @Sendable () async throws -> Void
    /// Requests made so far, where they can be counted.
    public var requestCount: @Sendable () -> Int?
    /// Lets the next transfer of a bundle be cut after this many bytes; `nil` where no line can be cut.
    public var cut: (@Sendable (_ afterBytes: UInt64) async throws -> Void)?
    /// Ends what serves the remote.
    public var close: @Sendable () async throws -> Void

    public init(
      remote: any Remote, exchange: @escaping @Sendable () async throws -> Void = {},
      requestCount: @escaping @Sendable () -> Int? = { nil },
      cut: (@Sendable (_ afterBytes: UInt64) async throws -> Void)? = nil,
      close: @escaping @Sendable () async throws -> Void = {}
    ) {
      self.remote = remote
      self.exchange = exchange
      self.requestCount = requestCount
      self.cut = cut
      self.close = close
    }
  }

  /// Puts a remote in front of a publisher's library; `folder` is empty and the remote's own.
  public typealias Factory = @Sendable (_ publisher: Library, _ folder: URL) async throws -> Stage

  /// Every sentence, by name, to be the arguments of a test.
  public static let sentences: [String] = all.map(\.name)

  /// Runs one sentence against the remote that `factory` makes.
  public static func check(_ sentence: String, _ factory: @escaping Factory) async throws {
    guard let entry = all.first(where: { $0.name == sentence }) else {
      Issue.record("there is no sentence \(sentence)")
      return
    }
    try await withTemporaryFolder { folder in
      let scene = try await Scene(folder: folder, factory: factory)
      do { try await entry.body(scene) } catch { Issue.record("\(sentence): \(error)") }
      try await scene.close()
    }
  }

  private static let all: [(name: String, body: @Sendable (Scene) async throws -> Void)] = [
    (
      "A first copy shows the publisher's documents",
      { scene in
        for depth in Depth.allCases {
          let replica = try await scene.clone(depth: depth)
          try await scene.expectSame(replica)
        }
      }
    ),
    (
      "Nothing new is one small request",
      { scene in
        let replica = try await scene.clone()
        let before = scene.stage.requestCount()
        let report = try await replica.sync(with: scene.stage.remote)
        #expect(report.pulled == nil && report.isSameAsPublisher)
        if let before, let after = scene.stage.requestCount() { #expect(after - before == 1) }
      }
    ),
    (
      "One change comes, and only it",
      { scene in
        let replica = try await scene.clone()
        try await scene.publish("articles/b.md", "# B\n\nnew words\n")
        let report = try await replica.sync(with: scene.stage.remote)
        #expect(report.pulled?.changeSets == 1 && report.pulled?.revisions == 1)
        #expect(report.isSameAsPublisher)
        try await scene.expectSame(replica)
      }
    ),
    (
      "A draft is handed over, answered with a receipt, and comes back in the log",
      { scene in
        let replica = try await scene.clone()
        let path = try DocumentPath("articles/a.md")
        _ = try await replica.put(Array("# A\n\nfrom the clinic\n".utf8), at: path, reason: "Local")
        var report = try await replica.sync(with: scene.stage.remote)
        try await scene.stage.exchange()
        report = try await replica.sync(with: scene.stage.remote)
        #expect(report.drafts == 0 && report.refused == 0 && report.isSameAsPublisher)
        #expect(try await scene.publisher.content(of: path)?.bytes == Array("# A\n\nfrom the clinic\n".utf8))
        try await scene.expectSame(replica)
      }
    ),
    (
      "A draft handed over again has no further effect",
      { scene in
        let replica = try await scene.clone()
        let path = try DocumentPath("articles/a.md")
        _ = try await replica.put(Array("# A\n\nonce\n".utf8), at: path, reason: "Local")
        let recorder = RecordingRemote(scene.stage.remote)
        _ = try await replica.sync(with: recorder)
        for bundle in recorder.pushed {
          _ = try await scene.stage.remote.push(bundle, from: replica.memberMark)
        }
        try await scene.stage.exchange()
        for bundle in recorder.pushed {
          _ = try await scene.stage.remote.push(bundle, from: replica.memberMark)
        }
        try await scene.stage.exchange()
        #expect(recorder.pushed.count == 1)
        #expect(try await scene.publisher.figures().changeSets == 2)
      }
    ),
    (
      "A draft that breaks a rule is refused with the reason, and does not block the next",
      { scene in
        let replica = try await scene.clone()
        // The rule is published after the replica looked, so it could not know.
        let settings = #"{"format": 1, "collections": {"articles": {"reason": "required"}}}"#
        try await scene.publish("sheaf/settings.json", settings)
        _ = try await replica.put(Array("# A\n\nwhy\n".utf8), at: DocumentPath("articles/a.md"), reason: "")
        _ = try await replica.put(
          Array("# C\n\nbecause\n".utf8), at: DocumentPath("articles/c.md"), reason: "New")
        _ = try await replica.sync(with: scene.stage.remote)
        try await scene.stage.exchange()
        let report = try await replica.sync(with: scene.stage.remote)
        #expect(report.refused == 1 && report.drafts == 0)
        let drafts = try await replica.status().drafts
        #expect(drafts.map(\.outcome) == ["refused"])
        #expect(drafts.first?.refusal?.contains("need a reason") == true)
        #expect(try await scene.publisher.content(of: DocumentPath("articles/c.md")) != nil)
      }
    ),
    (
      "An interrupted pull goes on after the last byte",
      { scene in
        guard let cut = scene.stage.cut else { return }
        let replica = try await scene.clone()
        var random = SplitMix64(seed: 7)
        try await scene.publish("images/large.bin", bytes: random.bytes(40_000))
        try await cut(10_000)
        await #expect(throws: RemoteError.self) { try await replica.sync(with: scene.stage.remote) }
        let report = try await replica.sync(with: scene.stage.remote)
        let pulled = try #require(report.pulled)
        #expect(pulled.sizeInBytes > 40_000)
        #expect(pulled.transferredInBytes == pulled.sizeInBytes - 10_000)
        try await scene.expectSame(replica)
      }
    ),
    (
      "A copy of one collection gets that and no other",
      { scene in
        let articles = Subscription.only([try CollectionName("articles")])
        for depth in Depth.allCases {
          let replica = try await scene.clone(depth: depth, subscription: articles)
          #expect(try await replica.documents(in: nil).map(\.path) == ["articles/a.md"])
        }
        try await scene.publish("trials/t.json", "{\"phase\": 2}\n")
        for replica in await scene.replicas {
          let report = try await replica.sync(with: scene.stage.remote)
          #expect(report.isSameAsPublisher)
          #expect(try await replica.documents(in: nil).map(\.path) == ["articles/a.md"])
        }
      }
    ),
    (
      "A copy becomes deeper, and its past content can be read",
      { scene in
        let replica = try await scene.clone(depth: .heads)
        try await scene.publish("articles/a.md", "# A\n\nsecond\n")
        _ = try await replica.sync(with: scene.stage.remote)
        try await scene.ask(replica, SyncOptions(depth: .full))
        #expect(try await replica.facts().depth == .full)
        let old = try await replica.content(of: DocumentPath("articles/a.md"), at: .checkpoint(1))
        #expect(old.bytes == Array("# A\n\nfirst\n".utf8))
        try await scene.expectSame(replica)
      }
    ),
    (
      "A copy becomes wider",
      { scene in
        let replica = try await scene.clone(
          depth: .heads, subscription: .only([try CollectionName("articles")]))
        try await scene.publish("trials/t.json", "{\"phase\": 2}\n")
        _ = try await replica.sync(with: scene.stage.remote)
        try await scene.ask(replica, SyncOptions(subscription: .all))
        try await scene.expectSame(replica)
      }
    ),
    (
      "The publisher's time comes along, and a witness's word goes back and on to others",
      { scene in
        let clinic = try await scene.clone()
        #expect(try await clinic.status().freshness?.state == .fresh)
        // Whoever made a copy before there were members goes on reading.
        try await scene.publish(LibrarySettings.path, #"{"format": 1, "access": "public"}"#)
        for member in [
          Member(key: scene.publisher.memberKey, name: "Ana", role: .publisher),
          Member(
            key: clinic.memberKey, name: "Clinic", role: .contributor, witness: try clinic.witnessKey()),
        ] {
          try await scene.publish(
            try #require(Member.path(of: member.mark)).text, String(decoding: member.bytes, as: UTF8.self))
        }
        #expect(try await clinic.sync(with: scene.stage.remote).problems.isEmpty)
        try await scene.stage.exchange()
        let name = "\(scene.publisher.id)/witness/\(clinic.memberMark)"
        let other = try await scene.clone()
        for library in [scene.publisher, other] {
          let note = try SignedCheckpoint(parsing: try await library.cosignedCheckpoint()).note
          #expect(note.signatures.map(\.name).contains(name))
        }
        #expect(try await other.times(ofChangeSet: 1).witness == name)
      }
    ),
    (
      "A remote that is behind is not taken for the same as the publisher",
      { scene in
        let replica = try await scene.clone()
        try await scene.publishUnseen("articles/b.md", "# B\n\nahead\n")
        _ = try await replica.sync(with: MemoryRemote(service: scene.publisher))
        let report = try await replica.sync(with: scene.behind())
        #expect(report.pulled == nil && !report.isSameAsPublisher)
        #expect(report.size == 2)
      }
    ),
    (
      "Another library's remote is refused",
      { scene in
        let other = try await scene.another(named: "Other")
        let replica = try await scene.clone()
        _ = try await replica.put(
          Array("# A\n\nmine\n".utf8), at: DocumentPath("articles/a.md"), reason: "Local")
        await #expect(throws: (any Error).self) { try await replica.sync(with: other.stage.remote) }
        let drafts = try await replica.status().drafts
        #expect(drafts.map(\.outcome) == ["waiting"])
        #expect(try await replica.status().size == 1)
        #expect(try await other.library.figures().quarantined == 0)
      }
    ),
    (
      "A rewritten history is refused",
      { scene in
        let replica = try await scene.clone()
        try await scene.publish("articles/b.md", "# B\n\nfirst telling\n")
        _ = try await replica.sync(with: scene.stage.remote)
        let forked = try await scene.fork()
        if forked.remote.mayStopShort {
          // A folder that has not met this copy yet holds no step for it.
          await #expect(throws: RemoteError.self) { try await replica.sync(with: forked.remote) }
          try await forked.exchange()
        }
        await #expect {
          try await replica.sync(with: forked.remote)
        } throws: {
          ($0 as? any SheafFailure)?.kind == .verification
        }
        #expect(
          try await replica.content(of: DocumentPath("articles/b.md"))?.bytes
            == Array("# B\n\nfirst telling\n".utf8))
      }
    ),
  ]
}
