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
    try await RemoteConformance.check(sentence) { publisher, _ in
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
}

/// A library that counts what it is asked: each pull, push and question about drafts asks it once.
private final class CountedService: LibraryService {
  private let library: Library
  private let count = Mutex(0)
  var requests: Int { count.withLock { $0 } }

  init(_ library: Library) { self.library = library }

  private func counted() -> Library {
    count.withLock { $0 += 1 }
    return library
  }

  var id: LibraryID { library.id }
  func standing(of mark: MemberMark?) async throws -> Standing { try await library.standing(of: mark) }
  var name: String { get async throws { try await library.name } }
  func checkpointNote() async throws -> [UInt8] { try await library.checkpointNote() }
  func cosignedCheckpoint() async throws -> [UInt8] { try await library.cosignedCheckpoint() }
  func cosignatures(after size: UInt64) async throws -> [UInt8] {
    try await counted().cosignatures(after: size)
  }
  func cosign(_ handed: [UInt8], after size: UInt64) async throws -> [UInt8] {
    try await counted().cosign(handed, after: size)
  }
  func offer(_ request: PullRequest) async throws -> Offer { try await counted().offer(request) }
  func receive(push bundle: [UInt8], from carrier: MemberMark?) async throws -> [DraftAnswer] {
    try await counted().receive(push: bundle, from: carrier)
  }
  func receive(pushed file: URL, from carrier: MemberMark?) async throws -> [DraftAnswer] {
    try await counted().receive(pushed: file, from: carrier)
  }
  var pushedParts: URL { library.pushedParts }
  func answers(to leaves: [SHA256Hash]) async throws -> [DraftAnswer] {
    try await counted().answers(to: leaves)
  }
  func receipt(changeSet: UInt64) async throws -> String { try await counted().receipt(changeSet: changeSet) }
  func tile(_ path: String) async throws -> [UInt8]? { try await counted().tile(path) }
  func documents(in collection: CollectionName?) async throws -> [DocumentSummary] {
    try await counted().documents(in: collection)
  }
  func content(of path: DocumentPath) async throws -> DocumentContent? {
    try await counted().content(of: path)
  }
  func history(of path: DocumentPath) async throws -> [HistoryEntry] {
    try await counted().history(of: path)
  }
  func figures() async throws -> ServiceFigures { try await counted().figures() }
}
