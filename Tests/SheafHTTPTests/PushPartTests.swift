import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafSync
import Synchronization
import Testing

@testable import SheafHTTP
@testable import SheafServer

private let member = MemberMark(publicKey: [1])
private let everything = PullRequest(from: 0, known: 0, depth: .trail, subscription: .all)

/// A large push, and what a library answers to it.
private struct LargePush: Sendable {
  let bytes: [UInt8]
  let leaf = SHA256Hash(hashing: [7])
  var hash: SHA256Hash { SHA256Hash(hashing: bytes) }
  var answers: [DraftAnswer] { [DraftAnswer(leaf: leaf.base64, changeSet: 1220, receipt: "r", refusal: nil)] }

  init(_ count: Int, seed: UInt64 = 1) { bytes = FakeLibrary.bytes(count, seed: seed) }

  func library() throws -> FakeLibrary { try FakeLibrary(.init(answers: answers)) }

  func target(at offset: Int = 0) -> String {
    Route.push(PushPart(hash: hash, offset: UInt64(offset))).target
  }
}

/// Hands over a part as a client would, as a member or as nobody.
private func hand(
  _ server: RunningServer, _ target: String, _ bytes: some Collection<UInt8>, by member: FakeMember? = nil,
  at time: UInt64 = 0
) async throws -> Reply {
  var fields = ["content-type": Wire.bundle]
  if bytes.isEmpty { fields["content-length"] = "0" }
  fields["authorization"] = try member?.authorization(
    "POST", target, at: UInt32(clamping: time), length: bytes.count)
  return try await ask(server, target, method: "POST", fields, body: Array(bytes))
}

/// How much of a push the server says that it has; `nil` when it does not say.
private func held(
  _ server: RunningServer, _ hash: SHA256Hash, by member: FakeMember? = nil, at time: UInt64 = 0
) async throws -> UInt64? {
  let target = Route.part(hash).target
  var fields: [String: String] = [:]
  fields["authorization"] = try member?.authorization("GET", target, at: UInt32(clamping: time))
  let reply = try await ask(server, target, fields)
  return try? JSONDecoder().decode(HeldPart.self, from: Data(reply.body)).held
}

/// Sends the beginning of a part and cuts the line once the server has taken it.
private func begin(
  _ server: RunningServer, _ push: LargePush, upTo count: Int, from offset: Int = 0
) async throws {
  let socket = try Socket.connect(port: server.port)
  socket.send(
    "POST \(push.target(at: offset)) HTTP/1.1\r\nhost: h\r\ncontent-type: \(Wire.bundle)\r\n"
      + "content-length: \(push.bytes.count - offset)\r\n\r\n")
  socket.send(Array(push.bytes[offset..<count]))
  guard try await eventually({ try await held(server, push.hash) == UInt64(count) }) else {
    throw TestError("the server has \(try await held(server, push.hash) ?? 0) bytes")
  }
  socket.shut()
}

/// Waits until the server has taken what is on its way to it.
private func settle(_ server: RunningServer, _ hash: SHA256Hash) async throws {
  var last: UInt64?
  var now: UInt64? = .max
  while now != last {
    last = now
    try await Task.sleep(for: .milliseconds(100))
    now = try await held(server, hash)
  }
}

@Suite("Large pushes over lines that are cut")
struct PushPartTests {
  @Test("A push goes on at the byte, however often it is cut, alone or with the question for what is new")
  func cut() async throws {
    let push = LargePush(1_000_000)
    for isExchange in [false, true] {
      let library = try push.library()
      library.set { $0.bundles[1219] = FakeLibrary.bytes(1_000) }
      try await withServer(library) { server in
        let relay = try CountingRelay(to: server.port, cuttingAfter: 60_000)
        // The server takes what came before the cut.
        let configuration = impatient { $0.sleep = { _ in try await settle(server, push.hash) } }
        try await withRemote(relay.address, configuration: configuration) { remote in
          let told = Mutex<[UInt64]>([])
          let sent: TransferProgress = { taken, _ in told.withLock { $0.append(taken) } }
          if isExchange {
            try await withFolder { folder in
              let both = try await remote.exchange(
                push.bytes, of: [push.leaf], from: member, asking: everything, into: folder, sent: sent,
                progress: { _, _ in })
              guard case .bundle = try both.pull.get() else { throw TestError("no bundle") }
            }
          } else {
            guard case .answered(push.answers) = try await remote.push(push.bytes, from: member, sent: sent)
            else { throw TestError("no answer") }
          }
          #expect(told.withLock { $0.last } == 1_000_000)
        }
        let counts = relay.counts
        #expect(counts.connections > 16 && counts.up <= 1_100_000, "\(counts)")
      }
      #expect(library.contents.withLock { $0.pushed } == [push.bytes])
    }
  }

  @Test("A small push is one request without a word more; a large one is asked about first")
  func requests() async throws {
    let small = [UInt8](repeating: 1, count: Upload.leastInBytes - 1)
    let answer = ScriptedServer.head("200 OK", ["content-type": Wire.json, "content-length": "2"]) + "[]"
    let server = try ScriptedServer({ _, socket in socket.send(answer) })
    try await withRemote(server.address) { _ = try await $0.push(small, from: member) }
    #expect(server.requests.map { $0.prefix { $0 != "\r\n" } } == ["POST /push HTTP/1.1"])

    let large = LargePush(Upload.leastInBytes)
    let other = try ScriptedServer(
      { _, socket in
        socket.send(
          ScriptedServer.head("200 OK", ["content-type": Wire.json, "content-length": "14"])
            + #"{"held":32000}"#)
      }, { _, socket in socket.send(answer) })
    try await withRemote(other.address) { _ = try await $0.push(large.bytes, from: member) }
    #expect(
      other.requests.map { $0.prefix { $0 != "\r\n" } } == [
        "GET /parts/\(large.hash.hex) HTTP/1.1", "POST \(large.target(at: 32_000)) HTTP/1.1",
      ])
    #expect(other.requests.last?.lowercased().contains("\r\ncontent-length: 768\r\n") == true)
  }

  @Test("A server that has more than there is, or says nothing sensible, is no Sheaf library")
  func liar() async throws {
    for body in [#"{"held":40001}"#, #"{"held":-1}"#, "[]"] {
      let server = try ScriptedServer { _, socket in
        socket.send(
          ScriptedServer.head("200 OK", ["content-type": Wire.json, "content-length": "\(body.utf8.count)"])
            + body)
      }
      try await withRemote(server.address) { remote in
        let error = await #expect(throws: RemoteError.self) {
          try await remote.push(FakeLibrary.bytes(40_000), from: member)
        }
        guard case .notSheaf = error else { throw TestError("\(String(describing: error))") }
      }
    }
  }

  @Test("What has come outlives the server; what was judged is answered again without its bytes")
  func outlives() async throws {
    let push = LargePush(200_000)
    let library = try push.library()
    try await withServer(library) { try await begin($0, push, upTo: 150_000) }
    try await withServer(library) { server in
      #expect(try await held(server, push.hash) == 150_000)
      let taken = try await hand(server, push.target(at: 150_000), push.bytes[150_000...])
      #expect(taken.status == 200)
      #expect(try await held(server, push.hash) == 200_000)
      let again = try await hand(server, push.target(at: 200_000), [])
      #expect(again.status == 200 && again.body == taken.body)
    }
    #expect(library.contents.withLock { $0.pushed } == [push.bytes])
    let kept = try FileManager.default.contentsOfDirectory(atPath: library.pushedParts.path)
    #expect(kept.count == 1 && kept.allSatisfy { $0.hasSuffix(".judged") })
    // The library was put back to before these drafts: they come again.
    library.set { $0.answers = [] }
    try await withServer(library) { server in
      let refused = try await hand(server, push.target(at: 200_000), [])
      #expect(refused.problem == .wrongPart)
      #expect(try await held(server, push.hash) == 0)
    }
  }

  @Test("What does not fit what is here is refused, and what is not what its hash says is gone")
  func misfits() async throws {
    let push = LargePush(100_000)
    let library = try push.library()
    var limits = ServerLimits()
    limits.pushBytes = 100_000
    try await withServer(library, limits: limits) { server in
      try await begin(server, push, upTo: 50_000)
      // Beyond what is here.
      let beyond = try await hand(server, push.target(at: 50_001), push.bytes[50_001...])
      #expect(beyond.status == 409 && beyond.problem == .wrongPart)
      // What is here may come again from any place.
      try await begin(server, push, upTo: 60_000, from: 40_000)
      // More than any push.
      let long = try await hand(server, push.target(at: 60_000), [UInt8](repeating: 1, count: 40_001))
      #expect(long.status == 413)
      let huge = try await hand(
        server, Route.push(PushPart(hash: push.hash, offset: .max)).target, [1, 2, 3])
      #expect(huge.status == 413)
      // A length is needed, also of nobody.
      let open = try await blocking {
        let socket = try Socket.connect(port: server.port)
        socket.send(
          "POST \(push.target(at: 60_000)) HTTP/1.1\r\nhost: h\r\ncontent-type: \(Wire.bundle)\r\n"
            + "connection: close\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
        return String(decoding: socket.receiveAll(), as: UTF8.self)
      }
      #expect(open.hasPrefix("HTTP/1.1 400"))
      #expect(try await held(server, push.hash) == 60_000)
      // Not what the hash says.
      let forged = try await hand(server, push.target(at: 60_000), [UInt8](repeating: 1, count: 40_000))
      #expect(forged.status == 409 && forged.problem == .wrongPart)
      #expect(try await held(server, push.hash) == 0)
    }
    #expect(library.contents.withLock { $0.pushed.isEmpty })
  }

  @Test("A push that is damaged, though it came as it was sent, is gone once it was refused")
  func damaged() async throws {
    let push = LargePush(100_000)
    let library = try push.library()
    try await withServer(library) { server in
      for error in [BundleError.notABundle, .malformed(what: "a draft", offset: 7)] {
        library.set { $0.failure = error }
        let refused = try await hand(server, push.target(), push.bytes)
        #expect([400, 422].contains(refused.status))
        #expect(try await held(server, push.hash) == 0)
      }
      // What is no fault of the push's leaves it here.
      library.set { $0.failure = FakeFailure(kind: .failed) }
      #expect(try await hand(server, push.target(), push.bytes).status == 500)
      #expect(try await held(server, push.hash) == 100_000)
    }
  }

  @Test("Where a push finds no room strangers learn no more than that; the log says where and why")
  func noRoom() async throws {
    let push = LargePush(100_000)
    let library = try push.library()
    let place = URL(filePath: "/somewhere/secret")
    let full = #expect(throws: DiskTooSmall.self) {
      try DownloadCheck.checkRoom(missing: 1 << 30, whole: 1 << 30, in: place, free: 1)
    }
    for failure: any SheafFailure in [try #require(full), PushPartError(file: place, code: ENOSPC)] {
      library.set { $0.failure = failure }
      try await withServer(library) { server in
        let reply = try await hand(server, push.target(), push.bytes)
        let problem = try #require(Problem(json: reply.body))
        #expect(problem.kind == .failed && problem.detail == "there is no room for this push here")
        #expect(problem.hint == nil && !reply.text.contains("secret"))
        #expect(
          server.log.lines.contains { $0.contains("request failed") && $0.contains("/somewhere/secret") })
      }
    }
  }

  @Test("A server that starts lets go of what has not grown for a week")
  func old() async throws {
    let push = LargePush(100_000)
    let library = try push.library()
    try await withServer(library) { try await begin($0, push, upTo: 50_000) }
    let file = try #require(
      try FileManager.default.contentsOfDirectory(at: library.pushedParts, includingPropertiesForKeys: nil)
        .first)
    try await withServer(library) { _ in #expect(FileManager.default.fileExists(atPath: file.path)) }
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -8 * 86_400)], ofItemAtPath: file.path)
    try await withServer(library) { _ in #expect(!FileManager.default.fileExists(atPath: file.path)) }
  }

  @Test("Nobody sees, goes on with or takes the place of another's push")
  func owners() async throws {
    let now: UInt64 = 1_795_300_000
    let push = LargePush(100_000)
    let (author, other) = (try FakeMember(.contributor, seed: 1), try FakeMember(.contributor, seed: 2))
    let (reader, stranger) = (try FakeMember(.reader, seed: 3), try FakeMember(.contributor, seed: 4))
    let library = try push.library()
    library.set { $0.members = [author, other, reader].map(\.member) }
    var limits = ServerLimits()
    limits.partsPerMember = 1
    try await withServer(library, limits: limits, clock: TestClock(now)) { [limits] server in
      let target = push.target()
      let socket = try Socket.connect(port: server.port)
      socket.send(
        "POST \(target) HTTP/1.1\r\nhost: h\r\ncontent-type: \(Wire.bundle)\r\ncontent-length: 100000\r\n"
          + "authorization: \(try author.authorization("POST", target, at: UInt32(now), length: 100_000))\r\n\r\n"
      )
      socket.send(Array(push.bytes[..<70_000]))
      #expect(try await eventually { try await held(server, push.hash, by: author, at: now) == 70_000 })
      socket.shut()
      #expect(try await held(server, push.hash, by: other, at: now) == 0)
      let taken = try await hand(server, push.target(at: 70_000), push.bytes[70_000...], by: other, at: now)
      #expect(taken.problem == .wrongPart)
      for (somebody, status) in [(reader, 403), (stranger, 401)] {
        let target = Route.part(push.hash).target
        let asked = try await ask(
          server, target, ["authorization": try somebody.authorization("GET", target, at: UInt32(now))])
        let pushed = try await hand(server, push.target(), push.bytes, by: somebody, at: now)
        #expect(asked.status == status && pushed.status == status)
      }
      #expect(try await ask(server, Route.part(push.hash).target).status == 401)
      // Others' pushes, however many, leave this one alone.
      for seed in 10..<14 {
        let one = LargePush(50_000, seed: UInt64(seed))
        #expect(try await hand(server, one.target(), one.bytes, by: other, at: now).status == 200)
      }
      #expect(try await held(server, push.hash, by: author, at: now) == 70_000)
      let files = try FileManager.default.contentsOfDirectory(atPath: library.pushedParts.path)
      #expect(files.count == 2 * limits.partsPerMember)
      let whole = try await hand(server, push.target(at: 70_000), push.bytes[70_000...], by: author, at: now)
      #expect(whole.status == 200)
    }
    #expect(library.contents.withLock { $0.pushed.last } == push.bytes)
  }

  @Test("Of one address' pushes the newest are kept, of all as much as has room, and none for ever")
  func bounds() async throws {
    var limits = ServerLimits()
    limits.partsPerMember = 3
    limits.partsInBytes = 6_000_000
    limits.strangersPartsInBytes = 3_000_000
    let pushes = (0..<4).map { LargePush(1_200_000, seed: UInt64($0)) }
    let library = try FakeLibrary()
    try await withServer(library, limits: limits) { [limits] server in
      try await begin(server, pushes[0], upTo: 1_000_000)
      try await begin(server, pushes[1], upTo: 1_000_000)
      // There is room for two of these and what is made ahead of a third.
      try await begin(server, pushes[2], upTo: 500_000)
      #expect(try await held(server, pushes[0].hash) == 0)
      #expect(try await held(server, pushes[1].hash) == 1_000_000)
      let files = try FileManager.default.contentsOfDirectory(
        at: library.pushedParts, includingPropertiesForKeys: nil)
      #expect(files.count == 2)
      for file in files {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -Double(limits.partTime) - 60)],
          ofItemAtPath: file.path)
      }
      #expect(try await held(server, pushes[1].hash) == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: library.pushedParts.path).isEmpty)
    }
  }

  @Test("A request that goes on with a push takes it over from one whose line is dead")
  func takenOver() async throws {
    let push = LargePush(100_000)
    let library = try push.library()
    try await withServer(library) { server in
      let dead = try Socket.connect(port: server.port)
      dead.send(
        "POST \(push.target()) HTTP/1.1\r\nhost: h\r\ncontent-type: \(Wire.bundle)\r\n"
          + "content-length: 100000\r\n\r\n")
      dead.send(Array(push.bytes[..<30_000]))
      #expect(try await eventually { try await held(server, push.hash) == 30_000 })
      #expect(try await hand(server, push.target(at: 30_000), push.bytes[30_000...]).status == 200)
      dead.send([UInt8](repeating: 9, count: 70_000))
      let late = try await blocking { dead.receiveHead().head }
      #expect(late.hasPrefix("HTTP/1.1 503"))
      #expect(try await held(server, push.hash) == 100_000)
    }
    #expect(library.contents.withLock { $0.pushed } == [push.bytes])
  }
}
