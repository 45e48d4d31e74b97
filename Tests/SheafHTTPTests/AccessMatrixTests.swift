import Foundation
import SheafLog
import SheafModel
import SheafServer
import SheafSync
import Synchronization
import Testing

@testable import SheafHTTP

/// Who gets what from a real server: every role at every route, and everything that can be wrong with a credential.
///
/// The tables are `Schemas/requests.md` and `Schemas/members.md` written down once more, as status codes.
@Suite("Who may ask for what")
struct AccessMatrixTests {
  private static let now: UInt64 = 1_795_300_000
  private static let roles: [MemberRole] = [
    .reader, .auditor, .contributor, .editor, .approver, .privacyOfficer, .administrator, .publisher,
  ]
  private static let content = Array("# One\n".utf8)
  private static let film = Array("a film\n".utf8)
  private static let notes = Array("notes\n".utf8)

  /// A route as it is asked for.
  private struct Asking: Sendable {
    var method = "GET"
    var target: String
    var type: String?

    init(_ line: Substring) {
      let parts = line.split(separator: " ")
      method = String(parts[0])
      target = String(parts[1]).replacing("FILM", with: SHA256Hash(hashing: film).hex)
        .replacing("NOTES", with: SHA256Hash(hashing: notes).hex)
      if method == "POST", target == "/enrol" { type = Wire.enrolment }
      if method == "POST", target == "/cosign" { type = Wire.text }
      if method == "POST", target.hasPrefix("/push") || target.hasPrefix("/exchange") { type = Wire.bundle }
    }

    var body: [UInt8] { type == nil ? [] : [1, 2, 3] }
  }

  private struct Row: Sendable {
    var asking: Asking
    var expected: [Int]

    static func parse(_ table: String) -> [Row] {
      table.split(separator: "\n").map { line in
        let sides = line.split(separator: "|")
        return Row(asking: Asking(sides[0]), expected: sides[1].split(separator: " ").compactMap { Int($0) })
      }
    }
  }

  /// What everybody gets, whoever asks and with whatever credential.
  private static let open = Row.parse(
    """
    GET /healthz |200
    GET /readyz |200
    GET /checkpoint |200
    HEAD /checkpoint |200
    POST /enrol |200
    """)

  //                      stranger reader auditor contributor editor approver privacy administrator publisher
  private static let closed = Row.parse(
    """
    GET /bundle?from=1219                  |401 200 200 200 200 200 200 200 200
    HEAD /bundle?from=1219                 |401 200 200 200 200 200 200 200 200
    GET /tile/0/000                        |401 200 200 200 200 200 200 200 200
    GET /receipt/1                         |401 200 200 200 200 200 200 200 200
    GET /documents                         |401 200 200 200 200 200 200 200 200
    GET /documents?in=trials               |401 200 200 200 200 200 200 200 200
    GET /documents/articles/a.md           |401 200 200 200 200 200 200 200 200
    GET /documents/articles/a.md?history   |401 200 200 200 200 200 200 200 200
    GET /assets/FILM                       |401 200 200 200 200 200 200 200 200
    GET /answers?leaf=                     |400 400 400 400 400 400 400 400 400
    GET /answers                           |401 403 200 200 200 200 200 200 200
    GET /parts/FILM                        |401 403 200 200 200 200 200 200 200
    POST /push                             |401 403 200 200 200 200 200 200 200
    POST /exchange?from=1219               |401 403 200 200 200 200 200 200 200
    GET /cosignatures                      |401 200 200 200 200 200 200 200 200
    POST /cosign                           |401 403 403 403 403 403 403 403 403
    POST /session                          |401 200 200 200 200 200 200 200 200
    GET /metrics                           |401 403 200 403 403 403 403 200 200
    """)

  /// The same by members of the collection `articles` only.
  private static let scoped = Row.parse(
    """
    GET /bundle?from=1219                      |401 403 403 403 403 403 403 403 403
    GET /bundle?from=1219&only=articles        |401 200 200 200 200 200 200 200 200
    GET /bundle?from=1219&only=                |401 200 200 200 200 200 200 200 200
    GET /bundle?from=1219&only=trials          |401 403 403 403 403 403 403 403 403
    GET /bundle?from=1219&only=articles,trials |401 403 403 403 403 403 403 403 403
    GET /tile/0/000                            |401 200 200 200 200 200 200 200 200
    GET /documents                             |401 200 200 200 200 200 200 200 200
    GET /documents?in=articles                 |401 200 200 200 200 200 200 200 200
    GET /documents?in=sheaf                    |401 200 200 200 200 200 200 200 200
    GET /documents?in=trials                   |401 403 403 403 403 403 403 403 403
    GET /documents/articles/a.md               |401 200 200 200 200 200 200 200 200
    GET /documents/sheaf/settings.json         |401 200 200 200 200 200 200 200 200
    GET /documents/trials/b.json               |401 404 404 404 404 404 404 404 404
    GET /documents/trials/b.json?history       |401 404 404 404 404 404 404 404 404
    GET /assets/FILM                           |401 200 200 200 200 200 200 200 200
    GET /assets/NOTES                          |401 404 404 404 404 404 404 404 404
    POST /push                                 |401 403 200 200 200 200 200 200 200
    POST /exchange?from=1219                   |401 403 403 403 403 403 403 403 403
    POST /exchange?from=1219&only=articles     |401 403 200 200 200 200 200 200 200
    """)

  private static func library() throws -> FakeLibrary {
    let library = try FakeLibrary()
    library.set { contents in
      contents.tiles["0/000"] = [7]
      contents.enrolment = .success(
        EnrolmentAnswer(
          member: "0011223344556677", name: "New", role: "reader", collections: nil, changeSet: 3))
      for text in ["articles/a.md", "trials/b.json", "sheaf/settings.json"] {
        guard let path = try? DocumentPath(text) else { continue }
        contents.documents[text] = DocumentContent(
          path: path, revision: "1.1", mediaType: MediaType(essence: "text/plain"), bytes: content,
          isConflicted: false)
      }
      for (text, bytes) in [("articles/film.bin", film), ("trials/notes.bin", notes)] {
        guard let path = try? DocumentPath(text) else { continue }
        contents.assets[SHA256Hash(hashing: bytes)] = DocumentContent(
          path: path, revision: "1.1", mediaType: .octetStream, bytes: bytes, isConflicted: false)
      }
    }
    return library
  }

  private static func limits() -> ServerLimits {
    var limits = ServerLimits()
    limits.failedTries = .max
    limits.sessionsPerMember = 1000
    return limits
  }

  /// Asks, as a member or as nobody.
  private static func status(
    _ server: RunningServer, _ asking: Asking, by member: FakeMember?, at time: UInt64 = now,
    of library: LibraryID = FakeLibrary.identity, spoil: @Sendable (String) -> String = { $0 }
  ) async throws -> Int {
    var fields: [String: String] = [:]
    if let type = asking.type { fields["content-type"] = type }
    if let member {
      fields["authorization"] = spoil(
        try member.authorization(
          asking.method, asking.target, at: UInt32(clamping: time), length: asking.body.count,
          library: library))
    }
    return try await ask(server, asking.target, method: asking.method, fields, body: asking.body).status
  }

  private static func members(collections: [String]? = nil) throws -> [FakeMember?] {
    try [nil] + roles.enumerated().map { try FakeMember($1, seed: UInt8($0 + 1), collections: collections) }
  }

  @Test("Every role at every route of a library with members", arguments: [false, true])
  func roles(isScoped: Bool) async throws {
    let members = try Self.members(collections: isScoped ? ["articles"] : nil)
    let library = try Self.library()
    library.set { $0.members = members.compactMap { $0?.member } }
    try await withServer(library, limits: Self.limits(), clock: TestClock(Self.now)) { server in
      for row in isScoped ? Self.scoped : Self.closed {
        #expect(row.expected.count == members.count)
        for (index, member) in members.enumerated() {
          // Each session needs a request of its own.
          let status = try await Self.status(server, row.asking, by: member)
          #expect(
            status == row.expected[index],
            "\(row.asking.method) \(row.asking.target) by \(member.map { $0.member.role.rawValue } ?? "a stranger")"
          )
        }
      }
      for row in Self.open {
        for member in members { #expect(try await Self.status(server, row.asking, by: member) == 200) }
      }
    }
  }

  @Test("A list of documents holds what the member may read and nothing else")
  func list() async throws {
    let reader = try FakeMember(.reader, collections: ["articles"])
    let library = try Self.library()
    library.set { $0.members = [reader.member] }
    try await withServer(library, clock: TestClock(Self.now)) { server in
      let fields = ["authorization": try reader.authorization("GET", "/documents", at: UInt32(Self.now))]
      let reply = try await ask(server, "/documents", fields)
      let paths = try JSONDecoder().decode([DocumentSummary].self, from: Data(reply.body)).map(\.path)
      #expect(paths.sorted() == ["articles/a.md", "sheaf/settings.json"])
    }
  }

  @Test("A credential that is unknown, foreign, altered, late, revoked or unreadable opens nothing")
  func wrongCredentials() async throws {
    let publisher = try FakeMember(.publisher, seed: 1)
    let revoked = try FakeMember(.publisher, seed: 2, revoked: "the laptop was stolen")
    let unknown = try FakeMember(.publisher, seed: 3)
    let foreign = try #require(LibraryID("sheaf/other/00112233445566778899aabbccddeeff"))
    let library = try Self.library()
    library.set { $0.members = [publisher.member, revoked.member] }
    let flipped: @Sendable (String) -> String = {
      $0.dropLast(5) + ($0.hasSuffix("AAAAA") ? "BBBBB" : "AAAAA")
    }
    try await withServer(library, limits: Self.limits(), clock: TestClock(Self.now)) { server in
      for row in Self.closed where row.expected[0] == 401 {
        func status(
          _ member: FakeMember, at time: UInt64 = Self.now, of library: LibraryID = FakeLibrary.identity,
          spoil: @Sendable (String) -> String = { $0 }
        ) async throws -> Int {
          try await Self.status(server, row.asking, by: member, at: time, of: library, spoil: spoil)
        }
        #expect(try await status(unknown) == 401)
        #expect(try await status(publisher, of: foreign) == 401)
        #expect(try await status(publisher, spoil: flipped) == 401)
        #expect(try await status(publisher, at: Self.now - 301) == 401)
        #expect(try await status(publisher, at: Self.now + 301) == 401)
        #expect(try await status(revoked) == 403)
        #expect(try await status(publisher, spoil: { String($0.dropLast()) }) == 401)
        #expect(try await status(publisher, spoil: { "Basic" + $0.dropFirst(5) }) == 401)
        #expect(try await status(publisher, spoil: { "Bearer" + $0.dropFirst(5) }) == 401)
      }
      for row in Self.open {
        #expect(try await Self.status(server, row.asking, by: unknown) == 200)
        #expect(try await Self.status(server, row.asking, by: revoked) == 200)
        #expect(try await Self.status(server, row.asking, by: publisher, spoil: flipped) == 200)
      }
      // A request for one thing is none for another.
      let credential = try publisher.authorization("GET", "/documents", at: UInt32(Self.now))
      #expect(try await ask(server, "/documents?in=trials", ["authorization": credential]).status == 401)
      #expect(
        try await ask(server, "/documents", method: "HEAD", ["authorization": credential]).status == 401)
      #expect(try await ask(server, "/documents", ["authorization": credential]).status == 200)
    }
    #expect(library.contents.withLock { $0.pushed.isEmpty })
  }

  @Test("Where the settings let everybody read, strangers read and hand over nothing")
  func publicLibrary() async throws {
    let members = try Self.members()
    let revoked = try FakeMember(.publisher, seed: 20, revoked: "left")
    let unknown = try FakeMember(.publisher, seed: 21)
    let library = try Self.library()
    library.set {
      $0.members = members.compactMap { $0?.member } + [revoked.member]
      $0.isPublic = true
    }
    try await withServer(library, limits: Self.limits(), clock: TestClock(Self.now)) { server in
      for row in Self.closed where row.expected[0] == 401 {
        let isReading =
          row.expected == [401] + [Int](repeating: 200, count: 8) && row.asking.target != "/session"
        for stranger in [nil, revoked, unknown] {
          let status = try await Self.status(server, row.asking, by: stranger)
          #expect(status == (isReading ? 200 : 401))
        }
        for (index, member) in members.enumerated() where member != nil {
          let status = try await Self.status(server, row.asking, by: member)
          #expect(status == row.expected[index])
        }
        // A signature that is wrong is told even where none is needed.
        let spoilt: @Sendable (String) -> String = {
          $0.dropLast(5) + ($0.hasSuffix("AAAAA") ? "BBBBB" : "AAAAA")
        }
        let status = try await Self.status(server, row.asking, by: members[1], spoil: spoilt)
        #expect(status == 401)
      }
    }
  }

  @Test(
    "In a library without members everybody reads, and hands over drafts only where the server was told so")
  func openLibrary() async throws {
    let somebody = try FakeMember(.publisher)
    let library = try Self.library()
    for takesDrafts in [false, true] {
      try await withServer(
        library, access: AccessRules(takesDraftsFromEverybody: takesDrafts), limits: Self.limits(),
        clock: TestClock(Self.now)
      ) { server in
        for row in Self.closed
        where row.expected[0] == 401 && !["/session", "/cosign"].contains(row.asking.target) {
          let isDrafts = row.asking.type == Wire.bundle || row.asking.target.hasPrefix("/parts")
          for member in [nil, somebody] {
            let expected = isDrafts && !takesDrafts ? 403 : 200
            let status = try await Self.status(server, row.asking, by: member)
            #expect(status == expected)
          }
        }
        let session = try await ask(server, "/session", method: "POST")
        #expect(session.status == 401)
      }
    }
  }

  @Test("Figures are for everybody where the server was told so")
  func metrics() async throws {
    let library = try Self.library()
    library.set { $0.members = [] }
    try await withServer(library, access: AccessRules(showsMetricsToEverybody: true)) { server in
      let figures = try await ask(server, "/metrics")
      let documents = try await ask(server, "/documents")
      #expect(figures.status == 200 && documents.status == 401)
    }
  }
}
