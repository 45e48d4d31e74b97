import Foundation
import SheafModel
import SheafSync
import Synchronization
import Testing

extension RemoteConformance {
  /// A small world for one sentence: a publisher with two documents behind a remote.
  actor Scene {
    nonisolated let publisher: Library
    nonisolated let stage: Stage
    private let folder: URL
    private let factory: Factory
    private(set) var replicas: [Library] = []
    private var others: [(library: Library, stage: Stage)] = []

    init(folder: URL, factory: @escaping Factory) async throws {
      self.folder = folder
      self.factory = factory
      publisher = try await Self.library(
        at: folder.appending(path: "publisher"), named: "Conformance", seed: 1)
      stage = try await factory(publisher, try Self.fresh(folder, "remote"))
      try await stage.exchange()
    }

    private static func fresh(_ folder: URL, _ name: String) throws -> URL {
      let url = folder.appending(path: name, directoryHint: .isDirectory)
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      return url
    }

    private static func library(at folder: URL, named name: String, seed: UInt64) async throws -> Library {
      let library = try await Library.create(
        at: folder, name: name, member: "publisher", environment: TestWorld(seed: seed).environment)
      let source = folder.deletingLastPathComponent().appending(path: "\(folder.lastPathComponent)-source")
      for (path, text) in [("articles/a.md", "# A\n\nfirst\n"), ("trials/t.json", "{\"phase\": 1}\n")] {
        let file = source.appending(path: path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      _ = try await library.publish(folder: source, reason: "Start")
      return library
    }

    func close() async throws {
      try await stage.close()
      for other in others { try await other.stage.close() }
      for library in replicas + others.map(\.library) + [publisher] { try await library.close() }
    }

    /// A copy from the remote. What a folder was not asked for before comes at the second attempt.
    func clone(depth: Depth = .trail, subscription: Subscription = .all) async throws -> Library {
      let number = replicas.count + 1
      let environment = TestWorld(seed: UInt64(100 + number)).environment
      let target = folder.appending(path: "replica-\(number)")
      let options = CloneOptions(depth: depth, subscription: subscription, member: "replica-\(number)")
      do {
        let made = try await Library.clone(
          from: stage.remote, to: target, options: options, environment: environment)
        replicas.append(made.library)
        return made.library
      } catch RemoteError.nothingFits where stage.remote.mayStopShort {
        let mark = MemberMark(publicKey: [UInt8(number)])
        try await stage.remote.leave(
          position: PullRequest(from: 0, known: 0, depth: depth, subscription: subscription), from: mark)
        try await stage.exchange()
        let made = try await Library.clone(
          from: stage.remote, to: target, options: options, environment: environment)
        replicas.append(made.library)
        return made.library
      }
    }

    /// Syncs with other options. A folder hears what is wanted and has it after the publisher met it.
    func ask(_ replica: Library, _ options: SyncOptions) async throws {
      do {
        _ = try await replica.sync(with: stage.remote, options: options)
      } catch RemoteError.nothingFits where stage.remote.mayStopShort {
        try await stage.exchange()
        _ = try await replica.sync(with: stage.remote, options: options)
      }
    }

    func publish(_ path: String, _ text: String) async throws {
      try await publish(path, bytes: Array(text.utf8))
    }

    func publish(_ path: String, bytes: [UInt8]) async throws {
      _ = try await publisher.put(bytes, at: DocumentPath(path), reason: "Change")
      try await stage.exchange()
    }

    /// Publishes what the remote does not hear of, where it is not the publisher itself.
    func publishUnseen(_ path: String, _ text: String) async throws {
      _ = try await publisher.put(Array(text.utf8), at: DocumentPath(path), reason: "Change")
    }

    func expectSame(_ replica: Library) async throws {
      let facts = try await replica.facts()
      let own = try await replica.documents(in: nil)
      let published = try await publisher.documents(in: nil).filter {
        facts.subscription.holds(try DocumentPath($0.path).collection)
      }
      #expect(own.map(\.path) == published.map(\.path))
      for document in own {
        let path = try DocumentPath(document.path)
        #expect(try await replica.content(of: path)?.bytes == publisher.content(of: path)?.bytes)
      }
      #expect(try await replica.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
    }

    /// Another publisher's library behind a remote of the same kind.
    func another(named name: String) async throws -> (library: Library, stage: Stage) {
      let library = try await Self.library(at: folder.appending(path: name), named: name, seed: 2)
      let stage = try await factory(library, try Self.fresh(folder, name + "-remote"))
      try await stage.exchange()
      others.append((library, stage))
      return (library, stage)
    }

    /// The same publisher, set back to its first change set and going on differently: keys, log and all.
    func fork() async throws -> Stage {
      let copy = folder.appending(path: "fork")
      let library = try await Self.library(at: copy, named: "Conformance", seed: 1)
      for text in ["second telling", "and more"] {
        _ = try await library.put(
          Array("# B\n\n\(text)\n".utf8), at: DocumentPath("articles/b.md"), reason: "Change")
      }
      let stage = try await factory(library, try Self.fresh(folder, "fork-remote"))
      try await stage.exchange()
      others.append((library, stage))
      return stage
    }

    /// The same library as it was at its start, behind a remote of the same kind.
    func behind() async throws -> any Remote {
      let library = try await Self.library(
        at: folder.appending(path: "behind"), named: "Conformance", seed: 1)
      let stage = try await factory(library, try Self.fresh(folder, "behind-remote"))
      try await stage.exchange()
      others.append((library, stage))
      return stage.remote
    }
  }

  /// A remote that remembers what was handed over through it.
  final class RecordingRemote: RelayedRemote {
    let remote: any Remote
    private let bundles = Mutex<[[UInt8]]>([])
    var pushed: [[UInt8]] { bundles.withLock { $0 } }
    var mayStopShort: Bool { remote.mayStopShort }
    var answersLater: Bool { remote.answersLater }

    init(_ remote: any Remote) { self.remote = remote }

    func push(
      _ bundle: [UInt8], from member: MemberMark, sent: @escaping TransferProgress
    ) async throws -> PushAnswer {
      bundles.withLock { $0.append(bundle) }
      return try await remote.push(bundle, from: member, sent: sent)
    }
  }
}
