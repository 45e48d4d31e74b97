import AsyncHTTPClient
import Foundation
import NIOCore
import NIOSSL
import SheafModel
import SheafServer
import SheafSync
import Synchronization
import Testing

@testable import SheafHTTP

/// A certificate for localhost and its key, made for these tests and good for nothing else
/// (`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500
/// -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1`).
private let files = TLSFiles(
  certificateChain: fixtures.appending(path: "localhost.crt"),
  privateKey: fixtures.appending(path: "localhost.key"))
private let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

@Suite("TLS")
struct TLSTests {
  /// How a push comes to an end too early.
  enum Cut: CaseIterable {
    case http1, http2, resetStream
  }

  @Test(
    "A push whose line is cut goes on at the byte, and nothing failed in the server", arguments: Cut.allCases)
  func cut(_ cut: Cut) async throws {
    let bytes = FakeLibrary.bytes(1_000_000)
    let hash = SHA256Hash(hashing: bytes)
    let library = try FakeLibrary()
    try await withServer(library, tls: files) { server in
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.additionalTrustRoots = [
        .certificates(try NIOSSLCertificate.fromPEMFile(files.certificateChain.path))
      ]
      var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
      if cut == .http1 { configuration.httpVersion = .http1Only }
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      let execute: @Sendable (HTTPClientRequest) async throws -> HTTPClientResponse = {
        try await client.execute($0, timeout: .seconds(20))
      }
      let held: @Sendable () async throws -> Int = {
        let target = Route.part(hash).target
        let answer = try await execute(.init(url: "https://localhost:\(server.port)\(target)"))
        let body = try await answer.body.collect(upTo: 1 << 10)
        return Int(try JSONDecoder().decode(HeldPart.self, from: Data(body.readableBytesView)).held)
      }
      func push(port: Int, at offset: Int, _ body: HTTPClientRequest.Body) -> HTTPClientRequest {
        let target = Route.push(PushPart(hash: hash, offset: UInt64(offset))).target
        var request = HTTPClientRequest(url: "https://localhost:\(port)\(target)")
        request.method = .POST
        request.headers.add(name: "content-type", value: Wire.bundle)
        request.body = body
        return request
      }
      do {
        if cut == .resetStream {
          // The stream ends once something of it has come.
          let isFirst = Mutex(true)
          let pieces = AsyncThrowingStream<ByteBuffer, any Error> {
            if isFirst.withLock({ first in
              defer { first = false }
              return first
            }) {
              return ByteBuffer(bytes: bytes[..<200_000])
            }
            _ = try await eventually { try await held() > 0 }
            throw TestError("given up")
          }
          _ = try? await execute(
            push(port: server.port, at: 0, .stream(pieces, length: .known(Int64(bytes.count)))))
        } else {
          let relay = try CountingRelay(to: server.port, cuttingAfter: 400_000)
          _ = try? await execute(push(port: relay.port, at: 0, .bytes(bytes)))
        }
        // A request that its connection takes along leaves no line in the log: it is over when no more comes.
        var count = 0
        for _ in 0..<25 {
          let before = count
          try await Task.sleep(for: .milliseconds(200))
          count = try await held()
          if count > 0, count == before { break }
        }
        #expect(count > 0 && count < 500_000)
        let rest = try await execute(push(port: server.port, at: count, .bytes(Array(bytes[count...]))))
        #expect(rest.status == .ok)
        #expect(!server.log.lines.contains { $0.contains("request failed") || $0.contains("status=500") })
      } catch {
        try await client.shutdown()
        throw error
      }
      try await client.shutdown()
    }
    #expect(library.contents.withLock { $0.pushed } == [bytes])
  }

  @Test("A remote that trusts the certificate pulls and pushes over TLS")
  func trusted() async throws {
    let bytes = FakeLibrary.bytes(150_000)
    let library = try FakeLibrary()
    library.set { $0.bundles[1219] = bytes }
    try await withServer(library, tls: files) { server in
      try await withRemote(
        "https://localhost:\(server.port)",
        configuration: impatient { $0.extraCertificates = files.certificateChain }
      ) { remote in
        try await withFolder { folder in
          let request = PullRequest(from: 0, known: 0, depth: .trail, subscription: .all)
          guard
            case .bundle(let file, _) = try await remote.pull(request, into: folder, progress: { _, _ in })
          else {
            throw TestError("no bundle")
          }
          #expect(Array(try Data(contentsOf: file)) == bytes)
        }
        guard case .answered = try await remote.push(bytes, from: MemberMark(publicKey: [1])) else {
          throw TestError("deposited")
        }
      }
    }
    #expect(library.contents.withLock { $0.pushed } == [bytes])
  }

  @Test("Old versions, suites without forward secrecy and suites that can be padded wrong find nobody")
  func versionsAndSuites() async throws {
    let authority = try NIOSSLCertificate.fromPEMFile(files.certificateChain.path)
    let cases: [(oldest: TLSVersion, newest: TLSVersion, suites: [NIOTLSCipher]?, isTaken: Bool)] = [
      (.tlsv1, .tlsv1, nil, false), (.tlsv1, .tlsv11, nil, false), (.tlsv12, .tlsv12, nil, true),
      (.tlsv13, .tlsv13, nil, true), (.tlsv1, .tlsv13, nil, true),
      (.tlsv12, .tlsv12, [.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA], false),
      (.tlsv12, .tlsv12, [.TLS_RSA_WITH_AES_128_GCM_SHA256], false),
      (.tlsv12, .tlsv12, [.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384], true),
    ]
    try await withServer(try FakeLibrary(), tls: files) { server in
      for one in cases {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = one.oldest
        tls.maximumTLSVersion = one.newest
        tls.additionalTrustRoots = [.certificates(authority)]
        if let suites = one.suites { tls.cipherSuiteValues = suites }
        let client = HTTPClient(
          eventLoopGroupProvider: .singleton,
          configuration: HTTPClient.Configuration(
            tlsConfiguration: tls, timeout: .init(connect: .seconds(20))))
        let request = HTTPClientRequest(url: "https://localhost:\(server.port)/healthz")
        let answer = try? await client.execute(request, timeout: .seconds(20))
        #expect((answer?.status == .ok) == one.isTaken, "\(one)")
        try await client.shutdown()
      }
    }
  }

  @Test("Over TLS both ends speak HTTP/2, on one connection for a pull and what follows it")
  func multiplexed() async throws {
    let library = try FakeLibrary()
    library.set { $0.bundles[1219] = FakeLibrary.bytes(200_000) }
    try await withServer(library, tls: files) { server in
      let relay = try CountingRelay(to: server.port)
      let configuration = impatient { $0.extraCertificates = files.certificateChain }
      try await withRemote("https://localhost:\(relay.port)", configuration: configuration) {
        remote in
        var request = HTTPClientRequest(url: "https://localhost:\(relay.port)/healthz")
        request.method = .GET
        #expect(try await remote.client.execute(request, timeout: .seconds(20)).version == .http2)
        try await withFolder { folder in
          let request = PullRequest(from: 0, known: 0, depth: .trail, subscription: .all)
          _ = try await remote.pull(request, into: folder, progress: { _, _ in })
          _ = try await remote.push([1, 2], from: MemberMark(publicKey: [1]))
          _ = try await remote.checkpoint()
        }
      }
      #expect(relay.counts.connections == 1)
    }
  }

  @Test("A certificate that nobody vouches for is refused, and nothing is sent")
  func untrusted() async throws {
    let library = try FakeLibrary()
    try await withServer(library, tls: files) { server in
      try await withRemote("https://localhost:\(server.port)") { remote in
        let error = await #expect(throws: RemoteError.self) {
          try await remote.push([1], from: MemberMark(publicKey: [1]))
        }
        guard case .unreachable(_, let detail) = error else {
          throw TestError("\(String(describing: error))")
        }
        #expect(detail.contains("certificate") || detail.contains("secure"))
      }
    }
    #expect(library.contents.withLock { $0.pushed.isEmpty })
  }

  @Test("A handshake that does not come is cut off after the header time")
  func silentHandshake() async throws {
    var limits = ServerLimits()
    limits.headerTime = .milliseconds(300)
    try await withServer(FakeLibrary(), tls: files, limits: limits) { server in
      let start = ContinuousClock.now
      let answer = try await blocking { try Socket.connect(port: server.port).receiveAll() }
      #expect(answer.isEmpty)
      #expect(start.duration(to: .now) < .seconds(4))
    }
  }

  @Test("A stopping server hands on the whole answer under way over TLS, too")
  func gracefulStop() async throws {
    let bytes = FakeLibrary.bytes(2_000_000)
    let library = try FakeLibrary()
    library.set { $0.bundles[1219] = bytes }
    try await withServer(library, tls: files) { server in
      try await withRemote(
        "https://localhost:\(server.port)",
        configuration: impatient {
          $0.extraCertificates = files.certificateChain
          $0.retries = 0
        }
      ) { remote in
        try await withFolder { folder in
          let request = PullRequest(from: 0, known: 0, depth: .trail, subscription: .all)
          do {
            let answer = try await remote.pull(request, into: folder) { received, _ in
              if received < 100_000 { Task { await server.stop() } }
            }
            guard case .bundle(let file, _) = answer else { throw TestError("no bundle") }
            #expect(Array(try Data(contentsOf: file)) == bytes)
          } catch RemoteError.interrupted {
            // Over HTTP/2 the client drops what it has received but not handed on when the
            // connection closes right behind it; the next pull would go on from there.
          }
        }
      }
      let line = try #require(server.log.lines.first { $0.contains("route=bundle") })
      #expect(line.contains("bytes=2000000") && !line.contains("cut"))
    }
  }

  @Test("Files that are no certificate and key are told before anything listens")
  func wrongFiles() async throws {
    let wrong = TLSFiles(certificateChain: files.privateKey, privateKey: files.certificateChain)
    let server = SheafServer(
      service: try FakeLibrary(), configuration: ServerConfiguration(port: 0, tls: wrong),
      logger: .init(label: "test"))
    await #expect(throws: SheafServerError.tls(wrong)) { try await server.run() }
    #expect(throws: HTTPRemoteError.self) {
      var configuration = HTTPRemoteConfiguration()
      configuration.extraCertificates = files.privateKey
      _ = try HTTPRemote(address: "https://localhost", configuration: configuration)
    }
  }
}
