import Foundation
import Logging
import ServiceLifecycle
import SheafHTTP
import SheafModel
import SheafServer
import SheafSync
import SheafTesting
import Synchronization
import Testing

/// What is true of every remote, for a real library behind a real server.
@Suite("HTTP is a remote like the others", .serialized)
struct HTTPConformanceTests {
  @Test("HTTP", arguments: RemoteConformance.sentences)
  func http(sentence: String) async throws {
    try await RemoteConformance.check(sentence) { publisher, _ in try await Self.stage(publisher) }
  }

  @Test("Wrong clocks over HTTP", arguments: WrongClocks.Sentence.allCases, WrongClocks.offsets)
  func clocks(sentence: WrongClocks.Sentence, hours: Int64) async throws {
    try await WrongClocks.check(sentence, hours: hours) { publisher, _ in try await Self.stage(publisher) }
  }

  /// A server of its own before a publisher's library.
  private static func stage(_ publisher: Library) async throws -> RemoteConformance.Stage {
    let service = CountedService(publisher)
    let log = LogLines()
    var logger = Logger(label: "test") { _ in log }
    logger.logLevel = .info
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let server = SheafServer(
      service: service,
      configuration: ServerConfiguration(port: 0, access: AccessRules(takesDraftsFromEverybody: true)),
      logger: logger, onListening: { listening.yield($0) })
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
        logger: logger))
    let running = Task {
      defer { listening.finish() }
      try await group.run()
    }
    var iterator = ports.makeAsyncIterator()
    guard let port = await iterator.next() else { throw TestError("the server ended before it listened") }
    // Cut lines are told at once, so that the sentence itself decides when to go on.
    let remote = try HTTPRemote(
      address: "http://127.0.0.1:\(port)", configuration: impatient { $0.retries = 0 })
    return .init(
      remote: remote,
      requestCount: { service.requests },
      close: {
        try await remote.shutdown()
        await group.triggerGracefulShutdown()
        try await running.value
      })
  }
}

/// A library that counts what it is asked: each pull, push and question about drafts asks it once.
private final class CountedService: RelayedService {
  private let library: Library
  private let count = Mutex(0)
  var requests: Int { count.withLock { $0 } }

  init(_ library: Library) { self.library = library }

  var relayed: any LibraryService {
    count.withLock { $0 += 1 }
    return library
  }

  // What a server asks on its own.
  var id: LibraryID { library.id }
  var name: String { get async throws { try await library.name } }
  func standing(of mark: MemberMark?) async throws -> Standing { try await library.standing(of: mark) }
  func checkpointNote() async throws -> [UInt8] { try await library.checkpointNote() }
  func cosignedCheckpoint() async throws -> [UInt8] { try await library.cosignedCheckpoint() }
}
