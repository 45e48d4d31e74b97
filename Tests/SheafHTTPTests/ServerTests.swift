import Foundation
import SheafModel
import SheafServer
import SheafSync
import Testing

@testable import SheafHTTP

@Suite("The server")
struct ServerTests {
  @Test("Ranges of a bundle are answered as RFC 9110 says")
  func ranges() async throws {
    let bytes = FakeLibrary.bytes(200_000)
    let library = try FakeLibrary()
    library.set { $0.bundles[1219] = bytes }
    let tag = BundleTag(to: 1219, hash: SHA256Hash(hashing: bytes)).field
    try await withServer(library) { server in
      let whole = try await ask(server, "/bundle")
      #expect(whole.status == 200)
      #expect(whole.body == bytes)
      #expect(whole.fields["etag"] == tag)
      #expect(whole.fields["content-type"] == Wire.bundle)
      // On a poor line every field is paid for.
      #expect(whole.fields.keys.sorted() == ["content-length", "content-type", "etag"])

      let head = try await ask(server, "/bundle", method: "HEAD")
      #expect(head.status == 200 && head.body.isEmpty && head.fields["content-length"] == "200000")

      for (range, expected) in [
        ("bytes=0-0", 0..<1), ("bytes=1000-", 1000..<200_000), ("bytes=-5", 199_995..<200_000),
        ("bytes=65535-65536", 65535..<65537), ("bytes=5-900000", 5..<200_000),
      ] {
        let part = try await ask(server, "/bundle", ["range": range])
        #expect(part.status == 206)
        #expect(part.body == Array(bytes[expected]))
        #expect(
          part.fields["content-range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/200000")
        #expect(part.fields["content-length"] == "\(expected.count)")
      }
      for range in ["bytes=0-1,5-6", "bytes=9-3", "lines=1-2"] {
        #expect(try await ask(server, "/bundle", ["range": range]).body == bytes)
      }
      let beyond = try await ask(server, "/bundle", ["range": "bytes=200000-"])
      #expect(beyond.status == 416)
      #expect(beyond.fields["content-range"] == "bytes */200000")

      let same = try await ask(server, "/bundle", ["range": "bytes=9-", "if-range": tag])
      #expect(same.status == 206 && same.body == Array(bytes[9...]))
      for other in ["\"other\"", "W/\(tag)", "Sun, 22 Nov 2026 08:00:00 GMT"] {
        let changed = try await ask(server, "/bundle", ["range": "bytes=9-", "if-range": other])
        #expect(changed.status == 200 && changed.body == bytes)
      }
    }
  }

  @Test("Reading routes answer with what the library holds, and a browser is told to run nothing")
  func reading() async throws {
    let library = try FakeLibrary()
    let path = try DocumentPath("articles/née & co.html")
    library.set {
      $0.tiles["0/000"] = [1, 2, 3]
      $0.documents[path.text] = DocumentContent(
        path: path, revision: "3.1", mediaType: MediaType(essence: "text/html"), bytes: Array("<p>".utf8),
        isConflicted: true)
    }
    try await withServer(library) { server in
      let tile = try await ask(server, "/tile/0/000")
      #expect(tile.body == [1, 2, 3])
      #expect(tile.fields["cache-control"]?.contains("immutable") == true)
      #expect(try await ask(server, "/tile/0/001").status == 404)
      #expect(try await ask(server, "/receipt/7").text == "receipt 7\n")
      let checkpoint = try await ask(server, "/checkpoint")
      #expect(checkpoint.body == FakeLibrary.note(1219))
      #expect(checkpoint.fields["content-type"] == "text/plain; charset=utf-8")
      #expect(checkpoint.fields["cache-control"] == "no-cache")

      let document = try await ask(server, Route.document(path).target)
      #expect(document.text == "<p>")
      #expect(document.fields["content-type"] == "text/html; charset=utf-8")
      #expect(document.fields["x-content-type-options"] == "nosniff")
      #expect(document.fields["content-security-policy"] == "sandbox; default-src 'none'")
      #expect(document.fields["sheaf-revision"] == "3.1")
      #expect(document.fields["sheaf-conflicted"] == "true")

      let list = try await ask(server, "/documents?in=articles")
      #expect(
        try JSONDecoder().decode([DocumentSummary].self, from: Data(list.body)).map(\.path) == [path.text])
      #expect(try await ask(server, "/documents?in=other").text == "[]")
      let history = try await ask(server, Route.history(path).target)
      #expect(
        try JSONDecoder().decode([HistoryEntry].self, from: Data(history.body)).map(\.revision) == ["3.1"])
      #expect(try await ask(server, "/documents/articles/none").problem == .notFound)
      #expect(try await ask(server, "/documents/articles/none?history").problem == .notFound)
    }
  }

  @Test("What is not there is not found, and a method that does not fit is told those that do")
  func absences() async throws {
    let library = try FakeLibrary()
    library.set { $0.failure = LibraryError.noMoment("change set 9") }
    try await withServer(library) { server in
      let absent = try await ask(server, "/receipt/9")
      #expect(absent.status == 404 && absent.problem == .notFound)
      let nothing = try await ask(server, "/bundle?to=0")
      #expect(nothing.status == 404 && nothing.problem == .nothingFits)
      for (method, target, allowed) in [
        ("TRACE", "/answers?leaf=x", "GET, HEAD"), ("DELETE", "/documents/a", "GET, HEAD"),
        ("GET", "/push", "POST"), ("PUT", "/exchange?from=x", "POST"), ("GET", "/session", "POST"),
      ] {
        let reply = try await ask(server, target, method: method)
        #expect(reply.status == 405 && reply.fields["allow"] == allowed)
      }
      let unknown = try await ask(server, "/nothing", method: "TRACE")
      #expect(unknown.status == 404)
    }
  }

  @Test("What can't be answered is a problem document with a stable type")
  func problems() async throws {
    let library = try FakeLibrary()
    try await withServer(library) { server in
      for (target, kind) in [
        ("/nothing", Problem.Kind.notFound), ("/bundle?from=x", .badRequest), ("/push", .methodNotAllowed),
        ("/bundle?from=5", .nothingFits), ("/documents/..", .badRequest),
      ] {
        let reply = try await ask(server, target)
        #expect(reply.status == kind.status)
        #expect(reply.fields["content-type"] == Wire.problem)
        #expect(reply.problem == kind)
      }
      #expect(try await ask(server, "/checkpoint", method: "POST", body: [1]).problem == .methodNotAllowed)
      #expect(try await ask(server, "/checkpoint", body: [1]).problem == .badRequest)
      #expect(try await ask(server, "/checkpoint/").problem == .notFound)

      for (kind, expected) in [
        (FailureKind.usage, Problem.Kind.refused), (.verification, .unverified), (.failed, .failed),
      ] {
        library.set { $0.failure = FakeFailure(kind: kind) }
        let reply = try await ask(server, "/checkpoint")
        #expect(reply.status == expected.status)
        let problem = try #require(Problem(json: reply.body))
        #expect(problem.kind == expected)
        #expect(problem.detail == "the drafts are not in order")
        #expect(problem.hint == "Sort them.")
      }
      library.set { $0.failure = TestError("/secret/library.sqlite is locked") }
      let reply = try await ask(server, "/checkpoint")
      #expect(reply.problem == .failed)
      #expect(!reply.text.contains("secret"))
      #expect(try await ask(server, "/readyz").status == 503)
      #expect(try await ask(server, "/healthz").status == 200)
    }
  }

  @Test("Figures count requests by route and status, and one log line stands for each request")
  func figures() async throws {
    let library = try FakeLibrary()
    library.set { $0.bundles[1219] = FakeLibrary.bytes(70_000) }
    try await withServer(library) { server in
      _ = try await ask(server, "/bundle?only=secret-collection")
      _ = try await ask(server, "/bundle?from=1219")
      _ = try await ask(server, "/nothing")
      var text = ""
      let isThere = try await eventually {
        text = try await ask(server, "/metrics").text
        return text.contains("sheaf_http_requests_total{route=\"bundle\",status=\"200\"} 2\n")
      }
      #expect(isThere)
      #expect(text.contains("sheaf_http_requests_total{route=\"none\",status=\"404\"} 1\n"))
      let sent = 70_000 + FakeLibrary.note(1219).count
      #expect(text.contains("sheaf_http_response_bytes_total{route=\"bundle\"} \(sent)\n"))
      #expect(text.contains("sheaf_http_request_seconds_count{route=\"bundle\"} 2\n"))
      #expect(text.contains("sheaf_change_sets 1219\n"))
      #expect(text.contains("sheaf_conflicts 2\n"))
      let lines = server.log.lines.filter { $0.hasPrefix("request ") }
      let bundles = lines.filter { $0.contains("route=bundle") }
      #expect(bundles.count == 2)
      #expect(bundles.first?.contains("bytes=70000") == true && bundles.first?.contains("status=200") == true)
      #expect(!lines.contains { $0.contains("secret-collection") })
    }
  }

  @Test("Two requests sent at once on one connection are both answered, in order")
  func pipelining() async throws {
    let library = try FakeLibrary()
    try await withServer(library) { server in
      let text = try await blocking {
        let socket = try Socket.connect(port: server.port)
        socket.send(
          "GET /receipt/1 HTTP/1.1\r\nhost: h\r\n\r\nGET /receipt/2 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
        )
        return String(decoding: socket.receiveAll(), as: UTF8.self)
      }
      let parts = text.components(separatedBy: "HTTP/1.1 200 OK")
      #expect(parts.count == 3)
      #expect(parts.dropFirst().first?.contains("receipt 1\n") == true)
      #expect(parts.last?.contains("receipt 2\n") == true)
    }
  }

  @Test("A stopping server completes the answer under way and takes no new connection")
  func gracefulStop() async throws {
    let bytes = FakeLibrary.bytes(4_000_000)
    let library = try FakeLibrary()
    library.set { $0.bundles[1219] = bytes }
    try await withServer(library) { server in
      let reading = try Socket.connect(port: server.port, bufferInBytes: 64 << 10)
      reading.send("GET /bundle HTTP/1.1\r\nhost: h\r\n\r\n")
      let (head, first) = try await blocking { reading.receiveHead() }
      #expect(head.hasPrefix("HTTP/1.1 200"))
      await server.stop()
      let refused = try await eventually { (try? Socket.connect(port: server.port)) == nil }
      #expect(refused)
      // The last bytes are still in the server when it closes, because they are taken slowly.
      let rest = try await blocking {
        var rest: [UInt8] = []
        while true {
          let some = reading.receive(atMost: 256 << 10)
          if some.isEmpty { return rest }
          rest += some
          Thread.sleep(forTimeInterval: 0.01)
        }
      }
      #expect(first + rest == bytes)
    }
  }

  @Test("A stopping server does not wait longer than its stop time for an answer nobody takes")
  func boundedStop() async throws {
    let library = try FakeLibrary()
    library.set { $0.bundles[1219] = FakeLibrary.bytes(9_000_000) }
    var limits = ServerLimits()
    limits.stopTime = .milliseconds(300)
    let start = ContinuousClock.now
    try await withServer(library, limits: limits) { server in
      let stuck = try Socket.connect(port: server.port, bufferInBytes: 4096)
      stuck.send("GET /bundle HTTP/1.1\r\nhost: h\r\n\r\n")
      _ = try await blocking { stuck.receiveHead() }
      await server.stop()
      try await Task.sleep(for: .milliseconds(600))
      withExtendedLifetime(stuck) {}
    }
    #expect(start.duration(to: .now) < .seconds(5))
  }

  @Test("A port that is taken is told with its reason")
  func takenPort() async throws {
    let taken = try Socket.listen()
    let library = try FakeLibrary()
    let server = SheafServer(
      service: library, configuration: ServerConfiguration(port: taken.port), logger: .init(label: "test"))
    let error = await #expect(throws: SheafServerError.self) { try await server.run() }
    guard case .port(_, taken.port, _) = error else { throw TestError("\(String(describing: error))") }
  }
}
