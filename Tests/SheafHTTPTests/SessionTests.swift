import Foundation
import SheafModel
import SheafSync
import Synchronization
import Testing

@testable import SheafHTTP
@testable import SheafServer

@Suite("Failures, sessions and clocks")
struct SessionTests {
  private static let start: UInt64 = 1_795_300_000

  private static func session(
    _ server: RunningServer, _ member: FakeMember, at time: UInt64
  ) async throws -> Reply {
    try await ask(
      server, "/session", method: "POST",
      ["authorization": try member.authorization("POST", "/session", at: UInt32(time))])
  }

  @Test("A session reads as its member for half an hour, hands over nothing, and ends with the key")
  func sessions() async throws {
    let clock = TestClock(Self.start)
    let editor = try FakeMember(.editor, collections: ["articles"])
    let library = try FakeLibrary()
    library.set { $0.members = [editor.member] }
    try await withServer(library, clock: clock) { server in
      let reply = try await Self.session(server, editor, at: clock.now)
      #expect(reply.status == 200 && reply.fields["cache-control"] == "no-store")
      let answer = try JSONDecoder().decode(SessionAnswer.self, from: Data(reply.body))
      #expect(answer.token.utf8.count == 22 && answer.end == Self.start + 1800)
      #expect(
        reply.fields["set-cookie"]
          == "sheaf-session=\(answer.token); Path=/; Max-Age=1800; HttpOnly; SameSite=Strict")
      let bearer = ["authorization": "Bearer \(answer.token)"]
      let cookie = ["cookie": "theme=dark; sheaf-session=\(answer.token)"]
      for fields in [bearer, cookie] {
        #expect(try await ask(server, "/documents", fields).status == 200)
        #expect(try await ask(server, "/documents?in=trials", fields).status == 403)
        let drafts = fields.merging(["content-type": Wire.bundle]) { $1 }
        #expect(try await ask(server, "/push", method: "POST", drafts, body: [1]).status == 403)
        #expect(try await ask(server, "/session", method: "POST", fields).status == 403)
      }
      // The same request again, as somebody would send it who had recorded it.
      #expect(try await Self.session(server, editor, at: Self.start).status == 503)
      #expect(try await ask(server, "/documents", ["cookie": "sheaf-session=\(answer.token)x"]).status == 401)
      clock.advance(by: 1799)
      #expect(try await ask(server, "/documents", bearer).status == 200)
      clock.advance(by: 1)
      #expect(try await ask(server, "/documents", bearer).status == 401)

      let second = try JSONDecoder().decode(
        SessionAnswer.self, from: Data(try await Self.session(server, editor, at: clock.now).body))
      #expect(second.token != answer.token)
      let again = ["authorization": "Bearer \(second.token)"]
      #expect(try await ask(server, "/documents", again).status == 200)
      library.set { $0.members?[0].revoked = "lost" }
      #expect(try await ask(server, "/documents", again).status == 401)
      let shown = server.log.lines.joined() + "\(answer)" + String(reflecting: answer)
      #expect(!shown.contains(answer.token) && !shown.contains("Sheaf ") && !shown.contains("Bearer"))
    }
  }

  @Test("A request that was signed for another server is worth nothing at one that knows its names")
  func authority() async throws {
    let clock = TestClock(Self.start)
    let editor = try FakeMember(.editor, collections: nil)
    let library = try FakeLibrary()
    library.set { $0.members = [editor.member] }
    @Sendable func statuses(_ server: RunningServer, _ authorities: [String]) async throws -> [Int] {
      var found: [Int] = []
      for authority in authorities {
        let credential = try editor.authorization(
          "GET", "/documents", at: UInt32(clock.now), authority: authority)
        found.append(try await ask(server, "/documents", ["authorization": credential]).status)
      }
      return found
    }
    // A request by hand says that the host is `h`.
    let unnamed = try await withServer(library, clock: clock) {
      try await statuses($0, ["h", "evil.example"])
    }
    #expect(unnamed == [200, 401])
    let named = try await withServer(library, clock: clock, names: ["Sheaf.example", "10.0.0.1:8428"]) {
      try await statuses($0, ["sheaf.example", "10.0.0.1:8428", "h"])
    }
    #expect(named == [200, 200, 401])
  }

  @Test(
    "Requests are signed for host and port as they are addressed",
    arguments: [
      ("http://Sheaf.Example", "sheaf.example"), ("http://a:80/x", "a"), ("https://a:80", "a:80"),
      ("https://a:443/lib/", "a"), ("http://[::1]:8428", "[::1]:8428"), ("http://[::1]/x", "[::1]"),
    ])
  func addressed(address: String, authority: String) {
    #expect(HTTPRemote.authority(of: address) == authority)
  }

  @Test("A server that says it is years later gets no signature for then")
  func farFuture() async throws {
    let clock = TestClock(Self.start)
    let editor = try FakeMember(.editor, collections: nil)
    let library = try FakeLibrary()
    library.set { $0.members = [editor.member] }
    let own = Int64(Self.start)
    try await withServer(library, clock: clock) { server in
      /// Whether a member whose clock and floor say so gets through when the server is so many days ahead.
      func asks(_ days: Int64, floor: Int64?) async throws -> Bool {
        clock.set(UInt64(own + days * 86_400 - 60))
        var configuration = impatient()
        configuration.time = { UInt64(own) }
        return try await withRemote(server.address, configuration: configuration) { remote in
          remote.introduce(
            FakeLibrary.identity, floor: floor.map { Timestamp(seconds: own + $0 * 86_400) },
            signer: editor.signer)
          do {
            _ = try await remote.beginSession()
            return true
          } catch RemoteError.refused { return false }
        }
      }
      // A floor before the clock says nothing; one behind it says that the clock is wrong.
      let cases: [(days: Int64, floor: Int64?, isBelieved: Bool)] = [
        (1, nil, true), (2, nil, false), (3650, nil, false), (-3650, nil, true), (30, -1, false),
        (30, 1, true),
        (367, 1, true), (368, 1, false),
      ]
      for (days, floor, isBelieved) in cases {
        let isTaken = try await asks(days, floor: floor)
        #expect(isTaken == isBelieved, "\(days) \(floor ?? 0)")
      }
    }
  }

  @Test("Sessions are bounded: a member's oldest gives way first, then the oldest of all")
  func bounded() throws {
    var limits = ServerLimits()
    limits.sessions = 4
    limits.sessionsPerMember = 2
    limits.sessionsBegunPerMember = 3
    let sessions = Sessions(limits: limits)
    let members = (0..<5).map { MemberMark(publicKey: [UInt8($0)]) }
    func begin(_ member: Int, _ token: String, at now: UInt64 = 0) -> UInt64? {
      sessions.begin(for: members[member], credential: token, token: token, at: now)
    }
    #expect(begin(0, "a") == 1800 && begin(0, "b") == 1800 && begin(0, "c") == 1800)
    #expect(sessions.member(of: "a", at: 0) == nil)
    #expect(sessions.member(of: "b", at: 0) == members[0])
    #expect(sessions.count == 2)
    // A member begins so many within ten minutes, and keeps no other from it.
    #expect(begin(0, "x") == nil)
    #expect(begin(1, "d") != nil && begin(2, "e") == 1800)
    #expect(begin(3, "f", at: 602) != nil)
    #expect(sessions.count == 4)
    #expect(sessions.member(of: "b", at: 602) == nil)
    #expect(sessions.member(of: "c", at: 602) == members[0])
    #expect(sessions.count <= 4)
  }

  @Test(
    "Twenty failed tries in ten minutes make an address wait, but no member that signs and nothing that is public"
  )
  func lockOut() async throws {
    let clock = TestClock(Self.start)
    let reader = try FakeMember(.reader)
    let library = try FakeLibrary()
    library.set {
      $0.members = [reader.member]
      $0.enrolment = .failure(.notInvited)
    }
    try await withServer(library, clock: clock) { server in
      func signed(_ target: String) throws -> [String: String] {
        ["authorization": try reader.authorization("GET", target, at: UInt32(clock.now))]
      }
      let wrong = ["authorization": "Bearer wrong"]
      let code = ["content-type": Wire.enrolment]
      for _ in 0..<10 { #expect(try await ask(server, "/documents", wrong).problem == .unauthorized) }
      for _ in 0..<9 {
        #expect(try await ask(server, "/enrol", method: "POST", code, body: [1]).problem == .forbidden)
      }
      // No credential is no try.
      for _ in 0..<5 { #expect(try await ask(server, "/documents").problem == .unauthorized) }
      #expect(try await ask(server, "/documents", wrong).problem == .unauthorized)

      for (target, method, fields, body) in [
        ("/documents", "GET", wrong, []), ("/documents", "GET", [:], []), ("/enrol", "POST", code, [1]),
      ] as [(String, String, [String: String], [UInt8])] {
        let reply = try await ask(server, target, method: method, fields, body: body)
        #expect(reply.status == 429 && reply.problem == .tooManyTries)
        #expect(reply.fields["retry-after"] == "600")
      }
      #expect(library.contents.withLock { $0.enrolled.count } == 9)
      #expect(try await ask(server, "/checkpoint").status == 200)
      #expect(try await ask(server, "/healthz", wrong).status == 200)
      #expect(try await ask(server, "/documents", signed("/documents")).status == 200)
      clock.advance(by: 599)
      #expect(try await ask(server, "/documents").status == 429)
      clock.advance(by: 1)
      #expect(try await ask(server, "/documents", wrong).status == 401)
      // A client does not wait that long, and says why.
      for _ in 0..<19 { _ = try await ask(server, "/documents", wrong) }
      library.set { $0.members = [] }
      try await withRemote(server.address) { remote in
        await #expect(
          throws: RemoteError.interrupted(
            address: server.address, detail: "it answers with status 429 and asks to come back in 600 s")
        ) { try await remote.answers(to: [.zero], from: reader.member.mark) }
      }
    }
  }

  @Test("Failed tries are remembered of a bounded number of addresses, the newest")
  func boundedTries() {
    var limits = ServerLimits()
    limits.failedTries = 2
    limits.failedTriesAddresses = 100
    let tries = FailedTries(limits: limits)
    for index in 0..<1000 {
      tries.note("10.0.\(index / 256).\(index % 256)", at: UInt64(index))
      #expect(tries.count <= 100)
    }
    tries.note("10.0.3.231", at: 1000)
    #expect(tries.wait(of: "10.0.3.231", at: 1000) == 600)
    tries.note("10.0.0.0", at: 1000)
    #expect(tries.wait(of: "10.0.0.0", at: 1000) == nil)
    // Tries that lie further apart than the window do not add up.
    tries.note("10.9.9.9", at: 2000)
    tries.note("10.9.9.9", at: 2600)
    #expect(tries.wait(of: "10.9.9.9", at: 2600) == nil)
  }

  @Test(
    "Of an IPv6 address its first 64 bits count",
    arguments: [
      ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"),
      ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
      ("2001:db8:1:2::9", "2001:db8:1:2::"), ("2001:db8::9", "2001:db8:0:0::"), ("::1", "0:0:0:0::"),
      ("fe80::1%eth0", "fe80:0:0:0::"), ("unknown", "unknown"),
    ])
  func addressKeys(address: String, key: String) { #expect(FailedTries.key(of: address) == key) }

  @Test("A copy whose clock is off asks once more with the server's time, and knows by how much")
  func wrongClock() async throws {
    let reader = try FakeMember(.reader)
    let library = try FakeLibrary()
    library.set { $0.members = [reader.member] }
    for (offset, behind) in [(-86_400, 86_400), (315_360_000, -315_360_000)] as [(Int64, Int64)] {
      try await withServer(library, clock: TestClock(Self.start)) { server in
        let configuration = impatient { $0.time = { UInt64(Int64(Self.start) + offset) } }
        try await withRemote(server.address, as: reader, configuration: configuration) { remote in
          #expect(try await remote.checkpoint() == FakeLibrary.note(1219))
          #expect(remote.clockIsBehind == nil)
          #expect(try await remote.answers(to: [], from: reader.member.mark).isEmpty)
          let request = PullRequest(from: 1219, known: 1219, depth: .trail, subscription: .all)
          for _ in 0..<2 {
            try await withFolder { folder in
              guard case .unchanged = try await remote.pull(request, into: folder, progress: { _, _ in })
              else {
                throw TestError("more came")
              }
            }
          }
          #expect(remote.clockIsBehind == .seconds(behind))
        }
        // One refusal, then only answers.
        #expect(
          server.log.lines.filter { $0.contains("route=bundle") && $0.contains("status=401") }.count == 1)
        #expect(
          server.log.lines.filter { $0.contains("route=bundle") && $0.contains("status=200") }.count == 2)
      }
    }
  }

  @Test("A server that never likes the time is asked twice and no more")
  func neverTheRightTime() async throws {
    var problem = Problem(.wrongTime)
    problem.time = 5
    let json = problem.json
    let answer =
      "HTTP/1.1 401 U\r\nconnection: close\r\ncontent-type: \(Wire.problem)\r\ncontent-length: \(json.count)\r\n\r\n"
    let server = try ScriptedServer(
      { _, socket in socket.send(Array(answer.utf8) + json) },
      { _, socket in socket.send(Array(answer.utf8) + json) })
    try await withRemote(server.address, as: try FakeMember(.reader)) { remote in
      await #expect(throws: RemoteError.unauthorized(address: server.address)) {
        try await remote.beginSession()
      }
    }
    #expect(server.requests.count == 2)
  }

  @Test("A device that was invited is told what it became; one that was not, no more than that")
  func enrolment() async throws {
    let library = try FakeLibrary()
    let told = EnrolmentAnswer(
      member: "0011223344556677", name: "Hill", role: "contributor", collections: ["articles"], changeSet: 9)
    library.set {
      $0.members = []
      $0.enrolment = .success(told)
    }
    try await withServer(library) { server in
      try await withRemote(server.address) { remote in
        let answer = try await remote.enrol([1, 2], from: MemberMark(publicKey: [1]))
        #expect(answer == told)
        library.set { $0.enrolment = .failure(.notInvited) }
        await #expect(
          throws: RemoteError.forbidden(
            address: server.address,
            detail: "the invitation is not known, was used, is void or is too old",
            hint: "Compare the code letter by letter, or ask for a new invitation.")
        ) { try await remote.enrol([1, 2], from: MemberMark(publicKey: [1])) }
        let body = [UInt8](repeating: 1, count: 4097)
        let type = ["content-type": Wire.enrolment]
        #expect(try await ask(server, "/enrol", method: "POST", type, body: body).status == 413)
        #expect(try await ask(server, "/enrol", method: "POST", body: [1]).status == 415)
        #expect(try await ask(server, "/enrol").status == 405)
      }
    }
    #expect(library.contents.withLock { $0.enrolled } == [[1, 2], [1, 2]])
  }
}
