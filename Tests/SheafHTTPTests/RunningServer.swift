import Foundation
import Logging
import NIOCore
import ServiceLifecycle
import SheafModel
import SheafServer
import SheafSync
import Synchronization

@testable import SheafHTTP

/// A real server on a port of its own, for the time of a test's body.
struct RunningServer: Sendable {
  let port: Int
  let log: LogLines
  let trigger: ServiceGroup

  var address: String { "http://127.0.0.1:\(port)" }

  /// Tells the server to stop, as a signal would.
  func stop() async { await trigger.triggerGracefulShutdown() }
}

/// Runs `body` against a server, then stops it and waits for its end.
@discardableResult
func withServer<Result: Sendable>(
  _ library: any LibraryService, access: AccessRules = AccessRules(takesDraftsFromEverybody: true),
  tls: TLSFiles? = nil, limits: ServerLimits = ServerLimits(), clock: TestClock? = nil,
  names: [String] = [],
  _ body: @escaping @Sendable (RunningServer) async throws -> Result
) async throws -> Result {
  let log = LogLines()
  var logger = Logger(label: "test") { _ in log }
  logger.logLevel = .info
  let (ports, port) = AsyncStream.makeStream(of: Int.self)
  var configuration = ServerConfiguration(port: 0, access: access, tls: tls, limits: limits)
  configuration.names = names
  if let clock { configuration.clock = { clock.now } }
  let server = SheafServer(
    service: library, configuration: configuration,
    logger: logger, onListening: { port.yield($0) })
  let group = ServiceGroup(
    configuration: .init(
      services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)], logger: logger
    ))
  return try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask {
      defer { port.finish() }
      try await group.run()
    }
    var iterator = ports.makeAsyncIterator()
    guard let bound = await iterator.next() else {
      try await tasks.next()
      throw TestError("the server ended before it listened")
    }
    do {
      let result = try await body(RunningServer(port: bound, log: log, trigger: group))
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      return result
    } catch {
      await group.triggerGracefulShutdown()
      try? await tasks.waitForAll()
      throw error
    }
  }
}

/// A server's clock that a test turns; seconds since 1970.
final class TestClock: Sendable {
  private let time: Mutex<UInt64>

  init(_ start: UInt64) { time = Mutex(start) }

  var now: UInt64 { time.withLock { $0 } }
  func set(_ seconds: UInt64) { time.withLock { $0 = seconds } }
  func advance(by seconds: UInt64) { time.withLock { $0 += seconds } }
}

/// Short patience, waits that take no time, and what a test changes of it.
func impatient(_ change: (inout HTTPRemoteConfiguration) -> Void = { _ in }) -> HTTPRemoteConfiguration {
  var configuration = HTTPRemoteConfiguration()
  configuration.connectTimeout = .seconds(20)
  configuration.answerTimeout = .seconds(20)
  configuration.workTimeout = .seconds(20)
  configuration.stallTimeout = .seconds(20)
  configuration.sleep = { _ in }
  change(&configuration)
  return configuration
}

/// A remote for the time of a test's body, shut down at its end.
@discardableResult
func withRemote<Result>(
  _ address: String, as member: FakeMember? = nil, configuration: HTTPRemoteConfiguration = impatient(),
  _ body: (HTTPRemote) async throws -> Result
) async throws -> Result {
  let remote = try HTTPRemote(address: address, configuration: configuration)
  if let member { remote.introduce(FakeLibrary.identity, signer: member.signer) }
  do {
    let result = try await body(remote)
    try await remote.shutdown()
    return result
  } catch {
    try await remote.shutdown()
    throw error
  }
}

/// A folder that lives as long as a test's body.
func withFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "sheaf-http-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

/// Keeps what is logged.
final class LogLines: LogHandler {
  private let kept = Mutex<[String]>([])

  var lines: [String] { kept.withLock { $0 } }

  var logLevel: Logger.Level {
    get { .info }
    set {}
  }
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    let pairs = (event.metadata ?? [:]).map { "\($0)=\($1)" }.sorted()
    kept.withLock { $0.append(([event.message.description] + pairs).joined(separator: " ")) }
  }
}

/// Waits until something holds, for at most ten seconds.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
  for _ in 0..<1000 {
    if try await condition() { return true }
    try await Task.sleep(for: .milliseconds(10))
  }
  return false
}
