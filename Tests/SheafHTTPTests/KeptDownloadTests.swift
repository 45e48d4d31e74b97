import Foundation
import SheafModel
import SheafServer
import SheafStore
import SheafSync
import SheafTesting
import Synchronization
import Testing

@testable import SheafHTTP

@Suite("What came whole and could not be stored")
struct KeptDownloadTests {
  /// A publisher behind a real server, with an asset that replicas get when they ask for it.
  private static func scene(
    _ body: @escaping @Sendable (_ publisher: Library, RunningServer, _ folder: URL) async throws -> Void
  ) async throws {
    try await withFolder { folder in
      let publisher = try await Library.create(
        at: folder.appending(path: "publisher"), name: "Clinics", member: "Ada",
        environment: TestWorld(seed: 1).environment)
      let settings = #"{"format": 1, "collections": {"media": {"assets": "lazy"}}}"#
      let film = FakeLibrary.bytes(1_300_000)
      for (path, bytes) in [(LibrarySettings.path, Array(settings.utf8)), ("media/film.bin", film)] {
        _ = try await publisher.put(bytes, at: DocumentPath(path), reason: "Start")
      }
      try await withServer(publisher) { try await body(publisher, $0, folder) }
      try await publisher.close()
    }
  }

  private static func clone(
    _ server: RunningServer, to folder: URL, environment: LibraryEnvironment
  ) async throws -> (library: Library, report: PullReport) {
    try await withRemote(server.address) { remote in
      try await Library.clone(
        from: remote, to: folder.appending(path: "clinic"), options: CloneOptions(member: "Hill"),
        environment: environment)
    }
  }

  @Test("A bundle is applied later without being received again, and then everything that came goes")
  func bundle() async throws {
    try await Self.scene { publisher, server, folder in
      let world = TestWorld(seed: 2)
      world.crash(afterSteps: 1)
      await #expect(throws: TestWorld.Crash.self) {
        _ = try await Self.clone(server, to: folder, environment: world.environment)
      }
      let (clinic, report) = try await Self.clone(server, to: folder, environment: world.environment)
      #expect(report.transferredInBytes == 0 && report.changeSets == 2)
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: ".clinic.incoming").path))

      _ = try await publisher.put(FakeLibrary.bytes(9_000), at: DocumentPath("images/a.bin"), reason: "More")
      let mark = SHA256Hash(hashing: Array(server.address.utf8)).hex.prefix(16)
      let incoming = clinic.folder.appending(path: "incoming").appending(path: String(mark))
      try FileManager.default.createDirectory(at: incoming, withIntermediateDirectories: true)
      try Data([1, 2, 3]).write(to: incoming.appending(path: "older.part"))
      world.crash(afterSteps: 1)
      await #expect(throws: TestWorld.Crash.self) {
        _ = try await withRemote(server.address) { try await clinic.sync(with: $0) }
      }
      // The log grows before the next try, which still takes what is here first.
      _ = try await publisher.put(Array("later\n".utf8), at: DocumentPath("b.md"), reason: "More")
      let synced = try await withRemote(server.address) { try await clinic.sync(with: $0) }
      #expect(synced.pulled?.changeSets == 2 && synced.isSameAsPublisher)
      #expect((1..<9_000).contains(synced.pulled?.transferredInBytes ?? 0))
      #expect(((try? FileManager.default.contentsOfDirectory(atPath: incoming.path)) ?? []).isEmpty)
      try await clinic.close()
    }
  }

  @Test("A plan says what a sync takes that goes on with a beginning, although the log has grown since")
  func plan() async throws {
    try await Self.scene { publisher, server, folder in
      let world = TestWorld(seed: 2)
      let clinic = try await Self.clone(server, to: folder, environment: world.environment).library
      _ = try await publisher.put(FakeLibrary.bytes(9_000), at: DocumentPath("images/a.bin"), reason: "More")
      world.crash(afterSteps: 1)
      await #expect(throws: TestWorld.Crash.self) {
        _ = try await withRemote(server.address) { try await clinic.sync(with: $0) }
      }
      let mark = SHA256Hash(hashing: Array(server.address.utf8)).hex.prefix(16)
      let incoming = clinic.folder.appending(path: "incoming").appending(path: String(mark))
      let names = try FileManager.default.contentsOfDirectory(atPath: incoming.path)
      let part = incoming.appending(path: try #require(names.first { $0.hasSuffix(".part") } as String?))
      let whole = try Data(contentsOf: part)
      try whole.prefix(5_000).write(to: part)
      let rest = UInt64(whole.count) - 5_000
      let before = try await withRemote(server.address) { try await clinic.plan(with: $0) }
      #expect(before.downloadInBytes == rest && before.changeSets == 1 && before.to == 3)

      _ = try await publisher.put(FakeLibrary.bytes(800, seed: 4), at: DocumentPath("b.bin"), reason: "More")
      let plan = try await withRemote(server.address) { try await clinic.plan(with: $0) }
      #expect(plan.downloadInBytes > rest + 800 && plan.changeSets == 2 && plan.to == 4)
      #expect(try Data(contentsOf: part).count == 5_000)
      let synced = try await withRemote(server.address) { try await clinic.sync(with: $0) }
      #expect(synced.pulled?.transferredInBytes == plan.downloadInBytes)
      #expect(synced.pulled?.changeSets == 2 && synced.isSameAsPublisher)
      let after = try await withRemote(server.address) { try await clinic.plan(with: $0) }
      #expect(after.downloadInBytes == 0 && after.to == 4)
      try await clinic.close()
    }
  }

  @Test("An asset is stored later without being fetched again")
  func asset() async throws {
    try await Self.scene { _, server, folder in
      let world = TestWorld(seed: 2)
      let clinic = try await Self.clone(server, to: folder, environment: world.environment).library
      try await clinic.close()
      var full = world.environment
      full.storeOptions.maximumPageCount = 1
      let cramped = try await Library.open(at: clinic.folder, environment: full)
      await #expect(throws: StoreError.diskFull) {
        _ = try await withRemote(server.address) { try await cramped.fetch(nil, from: $0) }
      }
      try await cramped.close()
      let again = try await Library.open(at: clinic.folder, environment: world.environment)
      let report = try await withRemote(server.address) { try await again.fetch(nil, from: $0) }
      #expect(report.fetched == ["media/film.bin"] && report.transferredInBytes == 0)
      #expect(try await again.status().absent == 0)
      let left = again.folder.appending(path: "incoming").appending(path: "assets")
      #expect(!FileManager.default.fileExists(atPath: left.path))
      try await again.close()
    }
  }

  @Test("A server that is away for a moment in the middle is waited for; one that was never there is not")
  func awayForAMoment() async throws {
    let bytes = FakeLibrary.bytes(300_000)
    let hash = SHA256Hash(hashing: bytes)
    let servers = Mutex<[ScriptedServer]>([])
    let waits = Mutex(0)
    let asked = Mutex<[String]>([])
    // What is missing, as far as a place.
    @Sendable func rest(upTo end: Int) -> ScriptedServer.Script {
      { head, socket in
        let field = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("range: bytes=") }
        let start = field.flatMap { Int($0.dropFirst("range: bytes=".count).dropLast()) } ?? 0
        asked.withLock { $0.append(field.map(String.init) ?? "") }
        socket.send(
          ScriptedServer.head(
            start == 0 ? "200 OK" : "206 Partial Content",
            [
              "content-range": "bytes \(start)-\(bytes.count - 1)/\(bytes.count)",
              "content-length": "\(bytes.count - start)", "etag": "\"\(hash.base64)\"",
            ]))
        socket.send(Array(bytes[start..<end]))
      }
    }
    // Nothing else holds it, so that it is gone when it is taken away.
    let (port, address) = try servers.withLock { servers in
      let first = try ScriptedServer(rest(upTo: 123_457))
      servers = [first]
      return (first.port, first.address)
    }
    let configuration = impatient {
      $0.sleep = { _ in
        waits.withLock { $0 += 1 }
        let second = try ScriptedServer(port: port, rest(upTo: bytes.count))
        servers.withLock { $0 = [second] }
      }
    }
    try await withRemote(address, configuration: configuration) { remote in
      try await withFolder { folder in
        let came = try await remote.asset(hash, sizeInBytes: UInt64(bytes.count), into: folder) { _, _ in
          // The server goes once it has given something.
          if waits.withLock({ $0 }) == 0 { servers.withLock { $0 = [] } }
        }
        #expect(try came.map { Array(try Data(contentsOf: $0.file)) } == bytes)
        #expect(came?.transferredInBytes == UInt64(bytes.count))
      }
    }
    #expect(waits.withLock { $0 } == 1)
    // It goes on within what the first connection was to bring, and asks for nothing twice.
    let ranges = asked.withLock { $0 }
    #expect(ranges.count == 2 && ranges.last?.hasPrefix("range: bytes=") == true)
    servers.withLock { $0 = [] }
    try await withRemote(address, configuration: configuration) { remote in
      await #expect(throws: RemoteError.unreachable(address: address, detail: "connection refused")) {
        _ = try await remote.checkpoint()
      }
    }
    #expect(waits.withLock { $0 } == 1)
  }
}
