import Foundation
import SheafModel
import SheafServer
import SheafSync
import SheafTesting
import Testing

@testable import SheafHTTP

@Suite("The publisher's time along with a pull")
struct TimesAlongTests {
  private static let list = Array("a list of cosignatures".utf8)

  /// A pull, the question for cosignatures after it, and the requests that both took.
  private static func pullAndAsk(
    _ library: FakeLibrary, size: UInt64 = 1219, timesAfter: UInt64? = 1200, as member: FakeMember? = nil,
    handing own: [UInt8]? = nil
  ) async throws -> (list: [UInt8]?, requests: Int) {
    try await withServer(library) { server in
      let list = try await withRemote(server.address, as: member) { remote in
        try await withFolder { folder in
          let request = PullRequest(
            from: size, known: size, depth: .trail, subscription: .all,
            held: CheckpointMark(note: FakeLibrary.note(size)), timesAfter: timesAfter)
          _ = try await remote.pull(request, into: folder, progress: { _, _ in })
          return try await remote.cosignatures(after: 1200, handing: own, from: MemberMark(publicKey: [1]))
        }
      }
      return (list, server.log.lines.filter { $0.contains("method=") }.count)
    }
  }

  @Test("It comes with the word that nothing is new, with a bundle, and with the note")
  func along() async throws {
    let library = try FakeLibrary()
    library.set {
      $0.bundles[1219] = FakeLibrary.bytes(400)
      $0.cosignatures = Self.list
    }
    for size: UInt64 in [1218, 1219] {
      let answer = try await Self.pullAndAsk(library, size: size)
      #expect(answer.list == Self.list && answer.requests == 1, "from \(size)")
    }
  }

  @Test("Who did not ask for it asks by itself")
  func apart() async throws {
    let library = try FakeLibrary()
    library.set { $0.cosignatures = Self.list }
    #expect(try await Self.pullAndAsk(library, timesAfter: nil).requests == 2)
  }

  @Test("A member gets it when nothing is new, and behind a bundle by handing over its own")
  func member() async throws {
    let reader = try {
      var reader = try FakeMember(.reader)
      reader.member.witness = [UInt8](repeating: 1, count: 32)
      return reader
    }()
    let library = try FakeLibrary()
    library.set {
      $0.bundles[1219] = FakeLibrary.bytes(400)
      $0.cosignatures = Self.list
      $0.members = [reader.member]
    }
    #expect(try await Self.pullAndAsk(library, size: 1219, as: reader).requests == 1)
    #expect(try await Self.pullAndAsk(library, size: 1218, as: reader).requests == 2)
    #expect(try await Self.pullAndAsk(library, size: 1219, as: reader, handing: [1]).requests == 2)
  }

  @Test("A long list is asked for by itself")
  func long() async throws {
    let library = try FakeLibrary()
    library.set { $0.cosignatures = FakeLibrary.bytes(Wire.cosignaturesAlong + 1) }
    let answer = try await Self.pullAndAsk(library)
    #expect(answer.list?.count == Wire.cosignaturesAlong + 1 && answer.requests == 2)
  }

  @Test("It comes with the answers to drafts too")
  func exchange() async throws {
    let library = try FakeLibrary()
    library.set {
      $0.bundles[1219] = FakeLibrary.bytes(400)
      $0.cosignatures = Self.list
    }
    try await withServer(library) { server in
      try await withRemote(server.address) { remote in
        try await withFolder { folder in
          for size: UInt64 in [1218, 1219] {
            let request = PullRequest(
              from: size, known: size, depth: .trail, subscription: .all,
              held: CheckpointMark(note: FakeLibrary.note(size)), timesAfter: 0)
            let mark = MemberMark(publicKey: [1])
            _ = try await remote.exchange(
              [1], of: [], from: mark, asking: request, into: folder, progress: { _, _ in })
            #expect(try await remote.cosignatures(after: 0, handing: nil, from: mark) == Self.list)
          }
        }
      }
      #expect(server.log.lines.filter { $0.contains("method=") }.count == 2)
    }
  }

  @Test("A real copy whose time is old learns the new one in the one request of its sync")
  func realCopy() async throws {
    try await withFolder { folder in
      let clock = SteadyClock()
      let environment = {
        var environment = TestWorld(seed: 1).environment
        environment.clock = { clock.now }
        return environment
      }()
      let publisher = try await Library.create(
        at: folder.appending(path: "publisher"), name: "Clinics", member: "Ada",
        environment: environment)
      _ = try await publisher.put([1], at: DocumentPath("articles/a.md"), reason: "Start")
      try await withServer(publisher, access: AccessRules()) { server in
        try await withRemote(server.address) { remote in
          let clinic = try await Library.clone(
            from: remote, to: folder.appending(path: "clinic"),
            options: CloneOptions(depth: .heads, member: "Hill"), environment: environment
          ).library
          let before = server.log.lines.filter { $0.contains("method=") }.count
          clock.advance(days: 3)
          for _ in 0..<2 { #expect(try await clinic.sync(with: remote).freshness?.ageInSeconds == 0) }
          #expect(server.log.lines.filter { $0.contains("method=") }.count == before + 2)
          try await clinic.close()
        }
      }
      try await publisher.close()
    }
  }
}
