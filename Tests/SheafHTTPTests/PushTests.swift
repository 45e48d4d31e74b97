import Foundation
import SheafModel
import SheafServer
import SheafSync
import Synchronization
import Testing

@testable import SheafHTTP

private let member = MemberMark(publicKey: [1])

@Suite("Pushing to a server")
struct PushTests {
  @Test("A push arrives byte for byte, and the answers come back")
  func push() async throws {
    let library = try FakeLibrary()
    let leaf = SHA256Hash(hashing: [7]).base64
    let answers = [
      DraftAnswer(leaf: leaf, changeSet: 1220, receipt: "receipt", refusal: nil),
      DraftAnswer(leaf: SHA256Hash.zero.base64, changeSet: nil, receipt: nil, refusal: "not \"yours\""),
    ]
    library.set { $0.answers = answers }
    let bytes = FakeLibrary.bytes(300_000)
    try await withServer(library) { server in
      try await withRemote(server.address) { remote in
        guard case .answered(let got) = try await remote.push(bytes, from: member) else {
          throw TestError("deposited")
        }
        #expect(got == answers)
      }
    }
    #expect(library.contents.withLock { $0.pushed } == [bytes])
  }

  @Test("A push tells how much of it has gone, up to the last byte")
  func uploadProgress() async throws {
    try await withServer(try FakeLibrary()) { server in
      try await withRemote(server.address) { remote in
        let told = Mutex<[UInt64]>([])
        _ = try await remote.push(FakeLibrary.bytes(100_000), from: member) { sent, total in
          told.withLock { $0.append(sent) }
          #expect(total == 100_000)
        }
        let seen = told.withLock { $0 }
        #expect(seen.count > 4 && seen == seen.sorted() && seen.last == 100_000)
      }
    }
  }

  @Test("Answers to many drafts are asked for in as many requests as it takes")
  func manyAnswers() async throws {
    let library = try FakeLibrary()
    let leaves = (0..<Route.answersAtOnce * 2 + 5).map { SHA256Hash(hashing: Array("\($0)".utf8)) }
    let answers = leaves.map { DraftAnswer(leaf: $0.base64, changeSet: 1, receipt: nil, refusal: nil) }
    library.set { $0.answers = answers }
    try await withServer(library) { server in
      try await withRemote(server.address) { remote in
        let got = try await remote.answers(to: leaves, from: member)
        let unknown = try await remote.answers(to: [SHA256Hash(hashing: [0])], from: member)
        let none = try await remote.answers(to: [], from: member)
        #expect(got == answers)
        #expect(unknown.isEmpty && none.isEmpty)
      }
    }
  }

  @Test("A push whose answer is lost is sent again")
  func repeated() async throws {
    let server = try ScriptedServer(
      { _, _ in },
      { _, socket in
        socket.send(ScriptedServer.head("200 OK", ["content-type": Wire.json, "content-length": "2"]) + "[]")
      })
    try await withRemote(server.address) { remote in
      guard case .answered(let answers) = try await remote.push([1, 2], from: member) else {
        throw TestError("deposited")
      }
      #expect(answers.isEmpty)
    }
    #expect(server.requests.count == 2)
  }

  @Test("A server that refuses a push is quoted")
  func refused() async throws {
    let library = try FakeLibrary()
    library.set { $0.failure = FakeFailure(kind: .usage) }
    try await withServer(library) { server in
      try await withRemote(server.address) { remote in
        await #expect(
          throws: RemoteError.refused(address: server.address, detail: "the drafts are not in order")
        ) { try await remote.push([1], from: member) }
      }
    }
  }

  @Test("A push above the limit is refused, declared or not, and the answer arrives")
  func tooLarge() async throws {
    let library = try FakeLibrary()
    var limits = ServerLimits()
    limits.pushBytes = 100_000
    try await withServer(library, limits: limits) { server in
      let fields = "host: h\r\nauthorization: Bearer write\r\ncontent-type: \(Wire.bundle)\r\n"
      let declared = try await blocking {
        let socket = try Socket.connect(port: server.port)
        socket.send("POST /push HTTP/1.1\r\n\(fields)content-length: 3000000\r\n\r\n")
        // The client goes on sending, as most do.
        for _ in 0..<40 where socket.send([UInt8](repeating: 1, count: 50_000)) {}
        return String(decoding: socket.receiveAll(), as: UTF8.self)
      }
      #expect(declared.hasPrefix("HTTP/1.1 413"))
      #expect(declared.contains("urn:sheaf:problem:too-large"))
      let chunked = try await blocking {
        let socket = try Socket.connect(port: server.port)
        socket.send("POST /push HTTP/1.1\r\n\(fields)transfer-encoding: chunked\r\n\r\n")
        let chunk = Array("4000\r\n".utf8) + [UInt8](repeating: 1, count: 0x4000) + Array("\r\n".utf8)
        for _ in 0..<64 { guard socket.send(chunk) else { break } }
        return String(decoding: socket.receiveAll(), as: UTF8.self)
      }
      #expect(chunked.hasPrefix("HTTP/1.1 413"))
      try await withRemote(server.address) { remote in
        let error = await #expect(throws: RemoteError.self) {
          try await remote.push([UInt8](repeating: 1, count: 100_001), from: member)
        }
        guard case .refused = error else { throw TestError("\(String(describing: error))") }
        guard case .answered = try await remote.push([UInt8](repeating: 1, count: 100_000), from: member)
        else {
          throw TestError("deposited")
        }
      }
    }
    #expect(library.contents.withLock { $0.pushed.map(\.count) } == [100_000])
  }

  @Test("A push of another media type is refused")
  func wrongType() async throws {
    let library = try FakeLibrary()
    try await withServer(library) { server in
      let text = try await blocking {
        let socket = try Socket.connect(port: server.port)
        socket.send(
          "POST /push HTTP/1.1\r\nhost: h\r\nauthorization: Bearer write\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi"
        )
        return String(decoding: socket.receiveAll(), as: UTF8.self)
      }
      #expect(text.hasPrefix("HTTP/1.1 415"))
    }
    #expect(library.contents.withLock { $0.pushed.isEmpty })
  }

  @Test("Only so many pushes are held in memory; the next is told to come back")
  func busy() async throws {
    let library = try FakeLibrary()
    let gate = AsyncStream.makeStream(of: Void.self)
    let begun = Mutex(false)
    library.set {
      $0.delay = {
        begun.withLock { $0 = true }
        for await _ in gate.stream { return }
      }
    }
    var limits = ServerLimits()
    limits.pushedBytesInMemory = 50_000
    let (first, second) = (FakeLibrary.bytes(300_000, seed: 1), FakeLibrary.bytes(300_000, seed: 2))
    try await withServer(library, limits: limits) { server in
      @Sendable func push(_ bytes: [UInt8]) async throws -> Reply {
        try await ask(server, "/push", method: "POST", ["content-type": Wire.bundle], body: bytes)
      }
      async let held = push(first)
      #expect(try await eventually { begun.withLock { $0 } })
      let refused = try await push(second)
      #expect(refused.status == 503 && refused.problem == .busy && refused.fields["retry-after"] == "5")
      gate.continuation.finish()
      #expect(try await held.status == 200)
      #expect(try await push(second).status == 200)
    }
    #expect(library.contents.withLock { $0.pushed == [first, second] })
  }

  @Test("Pushes that come slowly keep nobody else from pushing, large or small")
  func slowPushes() async throws {
    let library = try FakeLibrary()
    try await withServer(library) { server in
      let slow = try (0..<8).map { _ in
        let socket = try Socket.connect(port: server.port)
        socket.send(
          "POST /push HTTP/1.1\r\nhost: h\r\ncontent-type: \(Wire.bundle)\r\n"
            + "content-length: \(Limits.pushBytes)\r\n\r\n")
        socket.send([UInt8](repeating: 7, count: 9_000))
        return socket
      }
      try await withRemote(server.address, configuration: impatient { $0.retries = 0 }) { remote in
        _ = try await remote.push([1], from: member)
        _ = try await remote.push(FakeLibrary.bytes(2_000_000), from: member)
      }
      #expect(library.contents.withLock { $0.pushed.count } == 2)
      withExtendedLifetime(slow) {}
    }
  }
}
