import Foundation
import SheafModel
import SheafServer
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Bundles that somebody asked a server for and did not wait for")
struct GivenUpTests {
  /// A publisher whose makings stand still until `release` is signalled: something else is being written.
  private static func scene(
    _ body:
      @escaping @Sendable (_ library: Library, RunningServer, _ release: DispatchSemaphore) async throws
      -> Void
  ) async throws {
    try await withFolder { folder in
      let library = try await Library.create(
        at: folder.appending(path: "publisher"), name: "Slow", member: "Ada",
        environment: TestWorld(seed: 1).environment)
      for number in 0..<3 {
        _ = try await library.put(
          FakeLibrary.bytes(4_000, seed: UInt64(number)), at: DocumentPath("a/\(number).bin"), reason: "Start"
        )
      }
      var limits = ServerLimits()
      limits.bundlesPerAsker = 2
      try await withServer(library, limits: limits) { server in
        let release = DispatchSemaphore(value: 0)
        // Contents that nobody has looked at yet are looked at first, which waits for its turn to write.
        async let held: Void = library.store.write(purpose: "test") { _ in release.wait() }
        do {
          try await body(library, server, release)
        } catch {
          release.signal()
          throw error
        }
        try await held
      }
      try await library.close()
    }
  }

  private static func files(_ library: Library) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: library.folder.appending(path: "cache").path)) ?? []
  }

  private static func ask(_ target: String, _ server: RunningServer) throws -> Socket {
    let socket = try Socket.connect(port: server.port)
    socket.send("GET \(target) HTTP/1.1\r\nhost: h\r\n\r\n")
    return socket
  }

  @Test("What waits is not begun once its client has gone, its place is free, and nothing of it is left")
  func clientGoes() async throws {
    try await Self.scene { library, server, release in
      var begun: Socket? = try Self.ask("/bundle?from=1", server)
      // The folder is made when the first bundle is begun.
      let cache = library.folder.appending(path: "cache").path
      #expect(try await eventually { FileManager.default.fileExists(atPath: cache) })
      var waiting: Socket? = try Self.ask("/bundle?from=2", server)
      #expect(try await eventually { await library.bundleCache.underWay == 2 })
      // The asker has no third place.
      let refused = try Self.ask("/bundle?from=1&depth=heads", server)
      #expect(try await blocking { refused.receiveHead().head.hasPrefix("HTTP/1.1 503") })

      waiting = nil
      #expect(try await eventually { await library.bundleCache.underWay == 1 })
      let third = try Self.ask("/bundle?from=1&depth=heads", server)
      #expect(try await eventually { await library.bundleCache.underWay == 2 })
      begun = nil
      release.signal()
      let (head, rest) = try await blocking { third.receiveHead() }
      #expect(head.hasPrefix("HTTP/1.1 200") && rest.starts(with: Array("Shf".utf8)))
      #expect(waiting == nil && begun == nil)

      // What was begun is finished for whoever asks again; of what was not, there is nothing.
      #expect(try await eventually { await library.bundleCache.underWay == 0 })
      let left = Self.files(library)
      #expect(left.count == 2 && left.allSatisfy { $0.hasSuffix(".sheaf") }, "\(left)")
      #expect(await library.bundleCache.makings == 3)
      for target in ["/bundle?from=1", "/bundle?from=1&depth=heads"] {
        let again = try Self.ask(target, server)
        #expect(try await blocking { again.receiveHead().head.hasPrefix("HTTP/1.1 200") })
      }
      #expect(await library.bundleCache.makings == 3)
    }
  }

  @Test("One that fails while its client is gone leaves nothing, and the next is made")
  func failing() async throws {
    try await Self.scene { library, server, release in
      var begun: Socket? = try Self.ask("/bundle?from=1", server)
      let cache = library.folder.appending(path: "cache").path
      #expect(try await eventually { FileManager.default.fileExists(atPath: cache) })
      begun = nil
      #expect(begun == nil)
      try await blocking {
        try FileManager.default.removeItem(atPath: cache)
        // Nothing can be made where a file is in the folder's place.
        try Data().write(to: URL(fileURLWithPath: cache))
      }
      release.signal()
      #expect(try await eventually { await library.bundleCache.underWay == 0 })
      try FileManager.default.removeItem(atPath: cache)
      let next = try Self.ask("/bundle?from=1", server)
      #expect(try await blocking { next.receiveHead().head.hasPrefix("HTTP/1.1 200") })
      #expect(Self.files(library).count == 1)
    }
  }
}
