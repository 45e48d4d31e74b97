import Foundation
import SheafModel
import SheafServer
import SheafSync
import Synchronization
import Testing

@testable import SheafHTTP

private let everything = PullRequest(from: 0, known: 0, depth: .trail, subscription: .all)
private let member = MemberMark(publicKey: [1])

/// Time that passes only while somebody waits.
private final class SlowClock: Sendable {
  private let state = Mutex((now: ContinuousClock.now, waited: Duration.zero))
  var waited: Duration { state.withLock { $0.waited } }

  func put(into configuration: inout HTTPRemoteConfiguration) {
    configuration.now = { self.state.withLock { $0.now } }
    configuration.sleep = { pause in
      self.state.withLock {
        $0.now = $0.now.advanced(by: pause)
        $0.waited += pause
      }
    }
  }
}

@Suite("Poor lines")
struct BadLineTests {
  @Test("A token bucket lets bytes through at its rate, and saves up a quarter of a second")
  func bucket() {
    let now = Mutex(ContinuousClock.now)
    let bucket = TokenBucket(bytesPerSecond: 1000) { now.withLock { $0 } }
    #expect(bucket.pay(for: 500) == .seconds(0.5))
    #expect(bucket.pay(for: 500) == .seconds(1))
    now.withLock { $0 = $0.advanced(by: .seconds(100)) }
    #expect(bucket.pay(for: 250) == .zero)
    #expect(bucket.pay(for: 100) == .seconds(0.1))
  }

  @Test("A download and an upload share the rate that is allowed")
  func limitedRate() async throws {
    let clock = SlowClock()
    let library = try FakeLibrary()
    library.set { $0.bundles[1219] = FakeLibrary.bytes(100_000) }
    try await withServer(library) { server in
      let configuration = impatient {
        clock.put(into: &$0)
        $0.bytesPerSecond = 10_000
      }
      try await withRemote(server.address, configuration: configuration) { remote in
        try await withFolder { folder in
          guard case .bundle = try await remote.pull(everything, into: folder, progress: { _, _ in }) else {
            throw TestError("no bundle")
          }
          #expect(clock.waited >= .seconds(9) && clock.waited <= .seconds(10.1))
          _ = try await remote.push(FakeLibrary.bytes(50_000), from: member)
          #expect(clock.waited >= .seconds(14) && clock.waited <= .seconds(15.2))
        }
      }
    }
    #expect(library.contents.withLock { $0.pushed } == [FakeLibrary.bytes(50_000)])
  }

  @Test("A body that moves is never given up, however long it takes in all")
  func slowButMoving() async throws {
    let bytes = FakeLibrary.bytes(40)
    let server = try ScriptedServer { _, socket in
      socket.send(head(200, bytes.count, "\"a\"", [:]))
      for byte in bytes {
        Thread.sleep(forTimeInterval: 0.05)
        socket.send([byte])
      }
    }
    // Forty pieces take four times as long as anybody waits for one.
    let configuration = impatient {
      $0.retries = 0
      $0.stallTimeout = .milliseconds(500)
    }
    try await withRemote(server.address, configuration: configuration) { remote in
      try await withFolder { folder in
        guard case .bundle = try await remote.pull(everything, into: folder, progress: { _, _ in }) else {
          throw TestError("no bundle")
        }
      }
    }
  }

  @Test("An upload that nobody takes is given up, and a server that thinks is waited for longer")
  func stalledUpload() async throws {
    let stuck = try ScriptedServer(
      { _, socket in
        socket.send(
          ScriptedServer.head("200 OK", ["content-type": Wire.json, "content-length": "10"]) + #"{"held":0}"#)
      }, { _, _ in Thread.sleep(forTimeInterval: 40) })
    let configuration = impatient {
      $0.retries = 0
      $0.connectTimeout = .seconds(1)
      $0.stallTimeout = .milliseconds(400)
    }
    let start = ContinuousClock.now
    try await withRemote(stuck.address, configuration: configuration) { remote in
      let error = await #expect(throws: RemoteError.self) {
        try await remote.push(FakeLibrary.bytes(30_000_000), from: member)
      }
      guard case .interrupted = error else { throw TestError("\(String(describing: error))") }
    }
    #expect(start.duration(to: .now) < .seconds(35))
    let library = try FakeLibrary()
    library.set { $0.delay = { try await Task.sleep(for: .seconds(1)) } }
    try await withServer(library) { server in
      try await withRemote(server.address, configuration: configuration) { remote in
        guard case .answered = try await remote.push(FakeLibrary.bytes(50_000), from: member) else {
          throw TestError("deposited")
        }
      }
    }
  }

  @Test("Too many requests: the wait that the server asks for is kept, and one beyond reason ends the call")
  func tooMany() async throws {
    let bytes = FakeLibrary.bytes(10)
    for (asked, expected) in [("3", 1), ("86400", 0), ("Sun, 22 Nov 2026 08:00:00 GMT", 1)] {
      let server = try ScriptedServer(
        { _, socket in
          socket.send(
            ScriptedServer.head("429 Too Many Requests", ["retry-after": asked, "content-length": "0"]))
        },
        { _, socket in
          socket.send(head(200, 10, "\"a\"", [:]))
          socket.send(bytes)
        })
      let clock = SlowClock()
      let configuration = impatient {
        clock.put(into: &$0)
        $0.random = { 0 }
      }
      try await withRemote(server.address, configuration: configuration) { remote in
        try await withFolder { folder in
          if expected == 1 {
            _ = try await remote.pull(everything, into: folder, progress: { _, _ in })
            #expect(clock.waited == .seconds(asked == "3" ? 3 : 1))
          } else {
            let error = await #expect(throws: RemoteError.self) {
              try await remote.pull(everything, into: folder, progress: { _, _ in })
            }
            #expect(error?.problem.contains("asks to come back in 86400 s") == true)
            #expect(clock.waited == .zero)
          }
        }
      }
      #expect(server.requests.count == expected + 1)
    }
  }

  @Test(
    "Server errors that pass are asked again, with longer and longer waits; others are told",
    arguments: [500, 502, 503, 504, 501])
  func serverErrors(status: Int) async throws {
    let server = try ScriptedServer { _, socket in
      socket.send(ScriptedServer.head("\(status) Broken", ["content-length": "0"]))
    }
    let clock = SlowClock()
    let configuration = impatient {
      clock.put(into: &$0)
      $0.random = { 0 }
      $0.retries = 3
    }
    try await withRemote(server.address, configuration: configuration) { remote in
      try await withFolder { folder in
        let error = await #expect(throws: RemoteError.self) {
          try await remote.pull(everything, into: folder, progress: { _, _ in })
        }
        switch (status, error) {
        case (502...504, .interrupted): #expect(server.requests.count == 4 && clock.waited == .seconds(7))
        case (500...501, .notSheaf): #expect(server.requests.count == 1 && clock.waited == .zero)
        default: throw TestError("\(status): \(String(describing: error))")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
      }
    }
  }

  @Test("A download that was taken up again may stop short of the newest, and the next pull asks anew")
  func mayStopShort() async throws {
    let taken = Taken()
    let bytes = FakeLibrary.bytes(30_000)
    let tag = BundleTag(to: 1219, hash: SHA256Hash(hashing: bytes)).field
    let server = try ScriptedServer(
      { _, socket in
        socket.sendThenCut(head(200, bytes.count, tag, [:]), Array(bytes[..<10_000]), taken: taken)
      },
      { _, socket in
        socket.send(head(206, 20_000, tag, ["content-range": "bytes 10000-29999/30000"]))
        socket.send(Array(bytes[10_000...]))
      })
    try await withFolder { folder in
      try await withRemote(server.address, configuration: impatient { $0.retries = 0 }) { remote in
        await #expect(throws: RemoteError.self) {
          try await remote.pull(everything, into: folder) { received, _ in taken.note(received) }
        }
        #expect(!remote.mayStopShort)
      }
      // Another process, as it were.
      try await withRemote(server.address) { remote in
        guard case .bundle(_, 20_000) = try await remote.pull(everything, into: folder, progress: { _, _ in })
        else { throw TestError("no bundle") }
        #expect(remote.mayStopShort)
      }
    }
    #expect(server.requests.last?.lowercased().contains("\r\nif-range: ") == true)
  }
}
