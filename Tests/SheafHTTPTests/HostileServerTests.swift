import Foundation
import SheafModel
import SheafSync
import Testing

@testable import SheafHTTP

private let everything = PullRequest(from: 0, known: 0, depth: .trail, subscription: .all)

/// What a pull fails with, when the server follows a script.
private func failure(
  retries: Int = 0, stall: Duration = .seconds(20), _ script: @escaping ScriptedServer.Script
) async throws -> (error: RemoteError?, requests: Int) {
  let server = try ScriptedServer(script)
  let error = try await withRemote(
    server.address,
    configuration: impatient {
      $0.retries = retries
      $0.stallTimeout = stall
    }
  ) { remote in
    try await withFolder { folder in
      await #expect(throws: RemoteError.self) { try await remote.pull(everything, into: folder) { _, _ in } }
    }
  }
  return (error, server.requests.count)
}

@Suite("Servers that can't be trusted")
struct HostileServerTests {
  @Test("A page is not a library")
  func page() async throws {
    let (error, _) = try await failure { _, socket in
      socket.send(
        ScriptedServer.head("200 OK", ["content-type": "text/html", "content-length": "5"]) + "hello")
    }
    guard case .notSheaf = error else { throw TestError("\(String(describing: error))") }
  }

  @Test("What does not speak HTTP is not a library")
  func noHTTP() async throws {
    let (error, _) = try await failure { _, socket in socket.send("220 mail.example.org ESMTP\r\n\r\n") }
    guard case .notSheaf = error else { throw TestError("\(String(describing: error))") }
  }

  @Test("A missing page of another server is not a library, and its text is not shown")
  func foreignNotFound() async throws {
    let (error, _) = try await failure { _, socket in
      socket.send(
        ScriptedServer.head("404 Not Found", ["content-type": "text/html", "content-length": "4"]) + "oops")
    }
    guard case .notSheaf(_, let detail) = error else { throw TestError("\(String(describing: error))") }
    #expect(detail == "it answers with status 404")
  }

  @Test("A redirection is told and never followed")
  func redirect() async throws {
    let target = try ScriptedServer { _, _ in }
    let (error, _) = try await failure { [address = target.address] _, socket in
      socket.send(ScriptedServer.head("302 Found", ["location": address + "/bundle", "content-length": "0"]))
    }
    guard case .redirected(_, let to) = error else { throw TestError("\(String(describing: error))") }
    #expect(to == target.address + "/bundle")
    #expect(target.requests.isEmpty)
  }

  @Test("A declared size above the limit is refused before a byte is stored")
  func declaresTooMuch() async throws {
    let (error, _) = try await failure { _, socket in
      socket.send(head(200, Int(Limits.assetBundleBytes) + 1, "\"a\"", [:]))
    }
    guard case .tooMuch = error else { throw TestError("\(String(describing: error))") }
  }

  @Test("A preview is exact where ranges are not answered, and reads no more than it has to")
  func previewWithoutRanges() async throws {
    let bytes = FakeLibrary.bytes(300_000)
    let server = try ScriptedServer(
      { _, socket in
        socket.send(head(200, 50_000_000, "\"a\"", [:]))
        while socket.send(bytes) {}
      },
      { _, socket in
        socket.send(
          ScriptedServer.head(
            "200 OK", ["content-type": Wire.bundle, "transfer-encoding": "chunked", "etag": "\"a\""]))
        for piece in [bytes, bytes] {
          socket.send(String(piece.count, radix: 16) + "\r\n")
          socket.send(piece)
          socket.send("\r\n")
        }
        socket.send("0\r\n\r\n")
      })
    try await withRemote(server.address, configuration: impatient { $0.retries = 0 }) { remote in
      let folder = FileManager.default.temporaryDirectory.appending(path: "sheaf-\(UUID().uuidString)")
      let declared = try await remote.preview(everything, into: folder)
      #expect(declared == PullPreview(sizeInBytes: 50_000_000, prefix: Array(bytes.prefix(4096))))
      let counted = try await remote.preview(everything, into: folder)
      #expect(counted == PullPreview(sizeInBytes: 600_000, prefix: Array(bytes.prefix(4096))))
    }
  }

  @Test("A bundle above 2 GiB is left as soon as its header does not say that it unpacks to as much")
  func unpacksToLess() async throws {
    let taken = Taken()
    let server = try ScriptedServer { _, socket in
      socket.send(head(200, Int(Limits.bundleBytes) + 1, "\"a\"", [:]))
      while socket.send(FakeLibrary.bytes(4096)) { taken.note(1) }
    }
    try await withRemote(server.address, configuration: impatient { $0.retries = 0 }) { remote in
      try await withFolder { folder in
        await #expect(throws: RemoteError.tooMuch(address: server.address)) {
          try await remote.pull(everything, into: folder) { _, _ in }
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left.isEmpty)
      }
    }
  }

  @Test("A bundle that the disk has no room for is told before any of it is stored, in an exchange too")
  func noRoom() async throws {
    let configuration = impatient {
      $0.retries = 0
      $0.freeSpace = { _ in 30 << 20 }
    }
    for isExchange in [false, true] {
      let server = try ScriptedServer { _, socket in
        if isExchange {
          let reply = ExchangeReply(
            answers: [], rest: .bundle(BundleTag(to: 5, hash: .zero), sizeInBytes: 20 << 20))
          let size = reply.bytes.count + 20 << 20
          socket.send(
            ScriptedServer.head("200 OK", ["content-type": Wire.exchange, "content-length": "\(size)"]))
          socket.send(reply.bytes)
        } else {
          socket.send(head(200, 20 << 20, "\"a\"", [:]))
        }
        socket.send(FakeLibrary.bytes(4096))
        _ = socket.receive()
      }
      try await withRemote(server.address, configuration: configuration) { remote in
        try await withFolder { folder in
          if isExchange {
            let answer = try await remote.exchange(
              [1], of: [], from: MemberMark(publicKey: [1]), asking: everything, into: folder
            ) { _, _ in }
            #expect(throws: DiskTooSmall.self) { try answer.pull.get() }
          } else {
            let error = await #expect(throws: DiskTooSmall.self) {
              try await remote.pull(everything, into: folder) { _, _ in }
            }
            #expect(error?.needed == 60 << 20)
          }
          let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
          #expect(left.isEmpty)
        }
      }
    }
  }

  @Test("A body without a declared size is refused, however long it goes on")
  func endless() async throws {
    let (error, _) = try await failure { _, socket in
      socket.send(
        ScriptedServer.head(
          "200 OK", ["content-type": Wire.bundle, "transfer-encoding": "chunked", "etag": "\"a\""]))
      while socket.send("1000\r\n" + String(repeating: "x", count: 4096) + "\r\n") {}
    }
    guard case .notSheaf = error else { throw TestError("\(String(describing: error))") }
  }

  @Test("A resumed body that goes on beyond its range is stopped there")
  func moreThanDeclared() async throws {
    let taken = Taken()
    let bytes = FakeLibrary.bytes(30_000)
    let server = try ScriptedServer(
      { _, socket in
        socket.sendThenCut(head(200, 40_000, "\"a\"", [:]), bytes, taken: taken)
      },
      { _, socket in
        socket.send(
          ScriptedServer.head(
            "206 Partial Content",
            [
              "content-type": Wire.bundle, "transfer-encoding": "chunked", "etag": "\"a\"",
              "content-range": "bytes 30000-39999/40000",
            ]))
        while socket.send("1000\r\n" + String(repeating: "x", count: 4096) + "\r\n") {}
      })
    try await withRemote(server.address) { remote in
      try await withFolder { folder in
        let error = await #expect(throws: RemoteError.self) {
          try await remote.pull(everything, into: folder) { received, _ in taken.note(received) }
        }
        #expect(error == .tooMuch(address: server.address))
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
          let size = try FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)[
            .size]
          #expect((size as? Int ?? .max) <= 40_000)
        }
      }
    }
  }

  @Test("A checkpoint note without end is stopped at its limit")
  func endlessNote() async throws {
    let (error, _) = try await failure { _, socket in
      socket.send(
        ScriptedServer.head("200 OK", ["content-type": Wire.checkpoint, "transfer-encoding": "chunked"]))
      while socket.send("1000\r\n" + String(repeating: "x", count: 4096) + "\r\n") {}
    }
    guard case .tooMuch = error else { throw TestError("\(String(describing: error))") }
  }

  @Test("A server that falls silent is left after the stall time, and what came is kept")
  func stall() async throws {
    let server = try ScriptedServer { _, socket in
      socket.send(head(200, 50_000, "\"a\"", [:]))
      socket.send(FakeLibrary.bytes(20_000))
      _ = socket.receive()
    }
    try await withRemote(
      server.address,
      configuration: impatient {
        $0.retries = 0
        $0.stallTimeout = .milliseconds(800)
      }
    ) { remote in
      try await withFolder { folder in
        let start = ContinuousClock.now
        let error = await #expect(throws: RemoteError.self) {
          try await remote.pull(everything, into: folder) { _, _ in }
        }
        guard case .interrupted = error else { throw TestError("\(String(describing: error))") }
        #expect(start.duration(to: .now) < .seconds(9))
        let sizes = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
          $0.hasSuffix(".part")
        }
        .map { try Data(contentsOf: folder.appending(path: $0)).count }
        #expect(sizes == [20_000])
      }
    }
  }

  @Test("A server that always cuts is left after the retries")
  func boundedRetries() async throws {
    let (error, requests) = try await failure(retries: 3) { _, socket in
      socket.send(head(200, 50_000, "\"a\"", [:]) + "some")
    }
    guard case .interrupted = error else { throw TestError("\(String(describing: error))") }
    #expect(requests == 4)
  }

  @Test("A busy server is asked again after the wait it asks for")
  func busy() async throws {
    let bytes = FakeLibrary.bytes(10)
    let server = try ScriptedServer(
      { _, socket in
        socket.send(ScriptedServer.head("503 Busy", ["retry-after": "7", "content-length": "0"]))
      },
      { _, socket in
        socket.send(head(200, 10, "\"a\"", [:]))
        socket.send(bytes)
      })
    let waits = Waits()
    try await withRemote(server.address, configuration: impatient { $0.sleep = { await waits.add($0) } }) {
      remote in
      try await withFolder { folder in
        guard case .bundle = try await remote.pull(everything, into: folder, progress: { _, _ in }) else {
          throw TestError("no bundle")
        }
      }
    }
    #expect(await waits.all == [.seconds(7)])
  }

  @Test("Where nobody listens, the failure is told at once")
  func nobody() async throws {
    let port = try Socket.listen().port
    let waits = Waits()
    try await withRemote(
      "http://127.0.0.1:\(port)", configuration: impatient { $0.sleep = { await waits.add($0) } }
    ) { remote in
      let error = await #expect(throws: RemoteError.self) { try await remote.checkpoint() }
      guard case .unreachable = error else { throw TestError("\(String(describing: error))") }
    }
    #expect(await waits.all.isEmpty)
  }

  @Test(
    "Addresses that can't be a remote are refused before anything is sent",
    arguments: [
      "ftp://host/", "host:8080", "https://", "https://user:word@host/", "https://host/?a=b",
      "https://host/#a",
      "https://ho st/", "",
    ])
  func addresses(address: String) {
    #expect(throws: HTTPRemoteError.self) { try HTTPRemote(address: address) }
  }
}

private actor Waits {
  private(set) var all: [Duration] = []
  func add(_ wait: Duration) { all.append(wait) }
}
