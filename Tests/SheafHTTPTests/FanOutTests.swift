import Foundation
import Logging
import ServiceLifecycle
import SheafHTTP
import SheafModel
import SheafServer
import SheafSync
import SheafTesting
import Testing

@Suite("Many replicas at once", .serialized)
struct FanOutTests {
  @Test("Two hundred replicas that ask for the same update cost one making, and none after a restart")
  func oneMaking() async throws {
    try await withFolder { folder in
      let home = folder.appending(path: "publisher")
      let environment = TestWorld(seed: 5).environment
      var library = try await Library.create(
        at: home, name: "Fan", member: "publisher", environment: environment)
      var random = SplitMix64(seed: 8)
      for number in 0..<3 {
        _ = try await library.put(
          random.bytes(40_000), at: DocumentPath("images/\(number).bin"), reason: "Image")
      }
      let first = try await download(200, "/bundle?from=1", from: library)
      #expect(first.count == 1)
      #expect(first.first.map { $0.count > 80_000 } == true)
      #expect(try await library.figures().bundlesMade == 1)
      try await library.close()

      library = try await Library.open(at: home, environment: environment)
      #expect(try await download(3, "/bundle?from=1", from: library) == first)
      #expect(try await library.figures().bundlesMade == 0)
      // Another depth is another bundle.
      #expect(try await download(3, "/bundle?from=1&depth=heads", from: library).count == 1)
      #expect(try await library.figures().bundlesMade == 1)
      // A file that was cut or taken away is made anew.
      let cache = home.appending(path: "cache")
      for name in try FileManager.default.contentsOfDirectory(atPath: cache.path) {
        try Data([1, 2, 3]).write(to: cache.appending(path: name))
      }
      #expect(try await download(1, "/bundle?from=1", from: library) == first)
      #expect(try await library.figures().bundlesMade == 2)
      try await library.close()
    }
  }

  /// The different bodies that so many connections at once get.
  private func download(_ count: Int, _ target: String, from library: Library) async throws -> Set<[UInt8]> {
    var limits = ServerLimits()
    limits.connectionsPerAddress = 256
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let server = SheafServer(
      service: library, configuration: ServerConfiguration(port: 0, limits: limits),
      logger: Logger(label: "test") { _ in LogLines() }, onListening: { listening.yield($0) })
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
        logger: Logger(label: "test") { _ in LogLines() }))
    let running = Task {
      defer { listening.finish() }
      try await group.run()
    }
    var iterator = ports.makeAsyncIterator()
    guard let port = await iterator.next() else { throw TestError("the server ended before it listened") }
    let bodies = try await blocking {
      // All ask before any is answered.
      let sockets = try (0..<count).map { _ in try Socket.connect(port: port) }
      for socket in sockets { socket.send("GET \(target) HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n") }
      return Set(
        sockets.map { socket in
          let (head, rest) = socket.receiveHead()
          return head.hasPrefix("HTTP/1.1 200") ? rest + socket.receiveAll() : []
        })
    }
    await group.triggerGracefulShutdown()
    try await running.value
    return bodies
  }
}
