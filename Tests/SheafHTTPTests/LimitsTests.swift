import Foundation
import SheafModel
import SheafServer
import SheafSync
import SheafTesting
import Synchronization
import Testing

@testable import SheafHTTP

/// Sends bytes on a connection of its own and reads until the server closes it.
private func answer(to text: String, on server: RunningServer) async throws -> (text: String, after: Duration)
{
  try await blocking { [port = server.port] in
    let start = ContinuousClock.now
    let socket = try Socket.connect(port: port)
    socket.send(text)
    let answer = String(decoding: socket.receiveAll(), as: UTF8.self)
    return (answer, start.duration(to: .now))
  }
}

@Suite("Limits of the server")
struct LimitsTests {
  @Test("A server's limits are those of Schemas/limits.md, each of them")
  func page() throws {
    let page = String(
      decoding: try Data(contentsOf: schemasFolder.appending(path: "limits.md")), as: UTF8.self)
    let start = try #require(page.firstRange(of: "`ServerLimits`:"))
    let rows = page[start.upperBound...].split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
    let values = rows.compactMap { row -> Int? in
      let cells = row.split(separator: "|")
      return cells.count == 2 ? Int(cells[1].filter(\.isNumber)) : nil
    }
    let limits = ServerLimits()
    #expect(
      values == [
        limits.requestLineBytes, limits.headerFieldBytes, limits.headerListBytes, limits.headerFields,
        Int(limits.headerTime.components.seconds), limits.slowestBodyInBytesPerSecond,
        Int(limits.requestTime.components.seconds), Int(limits.stalledAnswerTime.components.seconds),
        Int(limits.idleTime.components.seconds), limits.connections, limits.waitingConnections,
        limits.connectionsPerAddress,
        limits.pushedBytesInMemory, limits.partsPerMember, limits.parts, limits.partsInBytes,
        limits.strangersParts, limits.strangersPartsInBytes, Int(limits.partTime), limits.sentBytesInMemory,
        limits.uncountedBytes, limits.bundlesPerAsker,
        limits.enrolmentBytes, limits.failedTries, Int(limits.failedTriesWindow),
        limits.failedTriesAddresses, limits.sessions, limits.sessionsPerMember, Int(limits.sessionTime),
      ])
  }

  @Test("A request line above 4 KiB is refused")
  func requestLine() async throws {
    try await withServer(FakeLibrary()) { server in
      let long = "/bundle?only=" + String(repeating: "a", count: 4 << 10)
      let refused = try await answer(to: "GET \(long) HTTP/1.1\r\nhost: h\r\n\r\n", on: server)
      #expect(refused.text.hasPrefix("HTTP/1.1 414"))
      #expect(refused.text.contains("urn:sheaf:problem:bad-request"))
      let longer = "/bundle?only=" + String(repeating: "a", count: 100 << 10)
      let cut = try await answer(to: "GET \(longer) HTTP/1.1\r\nhost: h\r\n\r\n", on: server)
      #expect(cut.text.hasPrefix("HTTP/1.1 431"))
    }
  }

  @Test("A header field above 8 KiB, a list above 16 KiB and too many fields are refused")
  func headers() async throws {
    try await withServer(FakeLibrary()) { server in
      let field = "x: " + String(repeating: "a", count: 9 << 10) + "\r\n"
      let list = (0..<20).map { "x\($0): " + String(repeating: "a", count: 1 << 10) + "\r\n" }.joined()
      let many = (0..<100).map { "x\($0): a\r\n" }.joined()
      for fields in [field, list, many] {
        let refused = try await answer(to: "GET /healthz HTTP/1.1\r\nhost: h\r\n\(fields)\r\n", on: server)
        #expect(refused.text.hasPrefix("HTTP/1.1 431"))
      }
      let allowed = (0..<14).map { "x\($0): " + String(repeating: "a", count: 1 << 10) + "\r\n" }.joined()
      let fine = try await answer(
        to: "GET /healthz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\(allowed)\r\n", on: server)
      #expect(fine.text.hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test("What is not HTTP is refused and the connection closed")
  func noHTTP() async throws {
    try await withServer(FakeLibrary()) { server in
      let refused = try await answer(to: "\u{16}\u{3}\u{1} not http\r\n\r\n", on: server)
      #expect(refused.text.hasPrefix("HTTP/1.1 400"))
    }
  }

  @Test("A head that comes drop by drop is cut off after the header time")
  func slowLoris() async throws {
    var limits = ServerLimits()
    limits.headerTime = .milliseconds(400)
    try await withServer(FakeLibrary(), limits: limits) { server in
      let duration = try await blocking {
        let start = ContinuousClock.now
        let socket = try Socket.connect(port: server.port)
        socket.send("GET /healthz HTTP/1.1\r\n")
        var drops = 0
        while socket.send("x\(drops): a\r\n"), drops < 100 {
          drops += 1
          Thread.sleep(forTimeInterval: 0.05)
        }
        #expect(drops < 100)
        return start.duration(to: .now)
      }
      #expect(duration >= .milliseconds(300) && duration < .seconds(4))
      // A connection that says nothing at all is cut off as well.
      let silent = try await answer(to: "", on: server)
      #expect(silent.text.isEmpty && silent.after < .seconds(4))
    }
  }

  @Test("A second head that comes drop by drop is cut off as well")
  func slowSecondHead() async throws {
    var limits = ServerLimits()
    limits.headerTime = .milliseconds(400)
    try await withServer(FakeLibrary(), limits: limits) { server in
      let duration = try await blocking {
        let socket = try Socket.connect(port: server.port)
        socket.send("GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n")
        _ = socket.receive()
        // Idle time between requests is no part of the second head.
        Thread.sleep(forTimeInterval: 0.6)
        socket.send("GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n")
        #expect(!socket.receive().isEmpty)
        let start = ContinuousClock.now
        socket.send("GET /hea")
        #expect(socket.receive().isEmpty)
        return start.duration(to: .now)
      }
      #expect(duration >= .milliseconds(300) && duration < .seconds(4))
    }
  }

  @Test("A body slower than the slowest pace is refused, one that keeps pace is not")
  func slowBody() async throws {
    var limits = ServerLimits()
    limits.headerTime = .milliseconds(200)
    limits.slowestBodyInBytesPerSecond = 1000
    let library = try FakeLibrary()
    try await withServer(library, limits: limits) { server in
      let head =
        "POST /push HTTP/1.1\r\nhost: h\r\nauthorization: Bearer write\r\nconnection: close\r\ncontent-type: \(Wire.bundle)\r\ncontent-length: "
      let (slow, paced) = try await blocking {
        let slow = try Socket.connect(port: server.port)
        slow.send(head + "5000\r\n\r\n")
        var drops = 0
        while drops < 200, slow.send("x") {
          drops += 1
          Thread.sleep(forTimeInterval: 0.02)
        }
        #expect(drops < 200)
        let paced = try Socket.connect(port: server.port)
        paced.send(head + "5000\r\n\r\n")
        for _ in 0..<10 {
          paced.send([UInt8](repeating: 1, count: 500))
          Thread.sleep(forTimeInterval: 0.05)
        }
        return (
          String(decoding: slow.receiveAll(), as: UTF8.self),
          String(decoding: paced.receiveAll(), as: UTF8.self)
        )
      }
      #expect(slow.isEmpty || slow.hasPrefix("HTTP/1.1 408"))
      #expect(paced.hasPrefix("HTTP/1.1 200"))
    }
    #expect(library.contents.withLock { $0.pushed.map(\.count) } == [5000])
  }

  @Test("A body that never ends is cut off after the request time, although it keeps pace")
  func endlessBody() async throws {
    var limits = ServerLimits()
    limits.requestTime = .milliseconds(500)
    limits.headerTime = .milliseconds(200)
    let library = try FakeLibrary()
    try await withServer(library, limits: limits) { server in
      let (text, duration) = try await blocking {
        let start = ContinuousClock.now
        let socket = try Socket.connect(port: server.port)
        socket.send(
          "POST /push HTTP/1.1\r\nhost: h\r\nauthorization: Bearer write\r\ncontent-type: \(Wire.bundle)\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        while start.duration(to: .now) < .milliseconds(900),
          socket.send("400\r\n" + String(repeating: "x", count: 1024) + "\r\n")
        {
          Thread.sleep(forTimeInterval: 0.02)
        }
        return (String(decoding: socket.receiveAll(), as: UTF8.self), start.duration(to: .now))
      }
      #expect(text.hasPrefix("HTTP/1.1 408"))
      #expect(duration < .seconds(5))
    }
    #expect(library.contents.withLock { $0.pushed.isEmpty })
  }

  @Test("One address gets only so many connections, and room again when they close")
  func connectionsPerAddress() async throws {
    var limits = ServerLimits()
    limits.connectionsPerAddress = 3
    try await withServer(FakeLibrary(), limits: limits) { server in
      var held: [Socket] = []
      for _ in 0..<3 {
        let socket = try Socket.connect(port: server.port)
        socket.send("GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n")
        #expect(try await blocking { !socket.receive().isEmpty })
        held.append(socket)
      }
      let request = "GET /healthz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
      #expect(try await answer(to: request, on: server).text.isEmpty)
      held.removeAll()
      let isOpen = try await eventually {
        try await answer(to: request, on: server).text.hasPrefix("HTTP/1.1 200")
      }
      #expect(isOpen)
    }
  }

  #if canImport(Glibc)
    @Test("As many connections as the limits say wait to be taken, where the system allows it")
    func waitingConnections() async throws {
      let text = try String(contentsOfFile: "/proc/sys/net/core/somaxconn", encoding: .utf8)
      let allowed = try #require(Int(text.filter(\.isNumber)) as Int?)
      for count in [7, ServerLimits().waitingConnections] {
        var limits = ServerLimits()
        limits.waitingConnections = count
        try await withServer(FakeLibrary(), limits: limits) { server in
          #expect(Socket.longestQueue(ofListenerAt: server.port) == min(count, allowed))
        }
      }
    }
  #endif

  @Test("One asker waits for so many bundles; what nobody waits for any more is given up")
  func waitingForBundles() async throws {
    var limits = ServerLimits()
    limits.bundlesPerAsker = 1
    let library = try FakeLibrary()
    let begun = Mutex(0)
    let ended = Mutex(0)
    library.set {
      $0.bundles[1219] = [1, 2, 3]
      $0.delay = {
        begun.withLock { $0 += 1 }
        defer { ended.withLock { $0 += 1 } }
        try await Task.sleep(for: .seconds(60))
      }
    }
    try await withServer(library, limits: limits) { server in
      var waiting: [Socket] = []
      for number in 1...2 {
        waiting.append(try Socket.connect(port: server.port))
        waiting.last?.send("GET /bundle?from=7 HTTP/1.1\r\nhost: h\r\n\r\n")
        #expect(try await eventually { begun.withLock { $0 } == number })
      }
      let refused = try await ask(server, "/bundle?from=8")
      #expect(refused.status == 503 && refused.fields["retry-after"] == "5" && refused.problem == .busy)
      waiting = []
      #expect(try await eventually { ended.withLock { $0 } == 2 })
      library.set { $0.delay = nil }
      #expect(try await eventually { try await ask(server, "/bundle?from=8").status == 200 })
    }
  }

  @Test("Large contents that are taken slowly are counted, ranges by their own size")
  func heldContents() async throws {
    var limits = ServerLimits()
    limits.sentBytesInMemory = 30 << 20
    let bytes = FakeLibrary.bytes(20 << 20)
    let hash = SHA256Hash(hashing: bytes)
    let content = DocumentContent(
      path: try DocumentPath("a.bin"), revision: nil, mediaType: .octetStream, bytes: bytes,
      isConflicted: false)
    let library = try FakeLibrary(.init(assets: [hash: content]))
    try await withServer(library, limits: limits) { server in
      let target = Route.asset(hash).target
      var slow: Socket? = try Socket.connect(port: server.port, bufferInBytes: 4096)
      slow?.send("GET \(target) HTTP/1.1\r\nhost: h\r\n\r\n")
      #expect(slow?.receive(atMost: 12).isEmpty == false)
      let refused = try await ask(server, target)
      #expect(refused.status == 503 && refused.fields["retry-after"] == "5")
      let range = try await ask(server, target, ["range": "bytes=5-1000004"])
      #expect(range.status == 206 && range.body == Array(bytes[5..<1_000_005]))
      slow = nil
      #expect(try await eventually { try await ask(server, target).body == bytes })
    }
  }

  @Test("An answer that nobody takes is given up")
  func stalledAnswer() async throws {
    var limits = ServerLimits()
    limits.stalledAnswerTime = .milliseconds(300)
    let library = try FakeLibrary()
    library.set { $0.bundles[1219] = FakeLibrary.bytes(9_000_000) }
    try await withServer(library, limits: limits) { server in
      let stuck = try Socket.connect(port: server.port, bufferInBytes: 4096)
      stuck.send("GET /bundle HTTP/1.1\r\nhost: h\r\n\r\n")
      let isCut = try await eventually { server.log.lines.contains { $0.contains("cut=true") } }
      #expect(isCut)
      withExtendedLifetime(stuck) {}
    }
  }
}
