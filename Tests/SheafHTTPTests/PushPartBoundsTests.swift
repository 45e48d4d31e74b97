import Foundation
import NIOPosix
import SheafModel
import Testing

@testable import SheafHTTP
@testable import SheafServer

private let bytes = FakeLibrary.bytes(2_000_000)

/// The name of the push of as many bytes: a member's, or a stranger's at an address.
private func name(
  _ owner: String, at address: String? = nil, _ count: Int = 2_000_000
) -> PushParts.Name {
  let mark = address == nil ? MemberMark(publicKey: Array(owner.utf8)) : nil
  let asker = Responder.Asker(
    mark, address: address ?? "", gone: MultiThreadedEventLoopGroup.singleton.next().makeSucceededVoidFuture()
  )
  return PushParts.Name(asker, hash: SHA256Hash(hashing: Array(bytes[..<count])))
}

private typealias Limiting = (inout ServerLimits) -> Void

private func withParts(
  _ change: Limiting = { _ in }, _ body: (PushParts, URL) async throws -> Void
) async throws {
  var limits = ServerLimits()
  change(&limits)
  try await withFolder { folder in try await body(PushParts(folder: folder, limits: limits), folder) }
}

/// Hands over the beginning of a push, and lets go of it.
private func begin(_ parts: PushParts, _ name: PushParts.Name, _ count: Int = 1) async throws {
  weak var seen: PushParts.Writer?
  do {
    let writer = try parts.writer(of: name, at: 0, missing: 2_000_000)
    seen = writer
    try await writer.append(Array(bytes[..<count]))
  }
  // The thread that wrote lets go of it a moment later; and files have times of their own only some apart.
  repeat { try await Task.sleep(for: .milliseconds(20)) } while seen != nil
}

/// The kind of problem that some work ends with.
private func problem(of work: () async throws -> Void) async -> Problem.Kind? {
  do { try await work() } catch { return (error as? Problem)?.kind }
  return nil
}

@Suite("What is kept of large pushes")
struct PushPartBoundsTests {
  @Test("A head alone takes nothing of a push, and bytes that come again lose none of those behind them")
  func lateHead() async throws {
    try await withParts { parts, _ in
      let name = name("a", 100_000)
      let first = try parts.writer(of: name, at: 0, missing: 100_000)
      try await first.append(Array(bytes[..<60_000]))
      let late = try parts.writer(of: name, at: 10, missing: 99_990)
      try await late.append([])
      #expect(try await parts.held(name) == 60_000)
      // It is still the first one's turn.
      try await first.append(Array(bytes[60_000..<70_000]))
      try await late.append(Array(bytes[10..<20]))
      #expect(try await parts.held(name) == 70_000)
      #expect(await problem { try await first.append([1]) } == .busy)
      let last = try parts.writer(of: name, at: 70_000, missing: 30_000)
      try await last.append(Array(bytes[70_000..<100_000]))
      #expect(Array(try Data(contentsOf: try await last.finish())) == Array(bytes[..<100_000]))
    }
  }

  @Test("What lies behind the end of the whole is cut off when that is here")
  func shorter() async throws {
    try await withParts { parts, _ in
      let name = name("a", 80_000)
      try await parts.writer(of: name, at: 0, missing: 100_000).append(Array(bytes[..<90_000]))
      let whole = try parts.writer(of: name, at: 80_000, missing: 0)
      #expect(try Data(contentsOf: try await whole.finish()).count == 80_000)
    }
  }

  @Test("Room that was granted counts before it is filled")
  func grantedRoom() async throws {
    let limits1: Limiting = { $0.partsInBytes = 3_000_000 }
    try await withParts(limits1) { parts, _ in
      var writers: [PushParts.Writer] = []
      for owner in ["a", "b", "c"] {
        let writer = try parts.writer(of: name(owner), at: 0, missing: 2_000_000)
        writers.append(writer)
        let refusal = await problem { try await writer.append([bytes[0]]) }
        #expect(refusal == (owner == "c" ? .busy : nil))
      }
    }
  }

  @Test("However many begin at once, there are no more than may be")
  func atOnce() async throws {
    let limits2: Limiting = { $0.parts = 4 }
    try await withParts(limits2) { parts, folder in
      let writers = try (0..<24).map { try parts.writer(of: name("\($0)"), at: 0, missing: 2_000_000) }
      let taken = try await withThrowingTaskGroup(of: Bool.self) { tasks in
        for writer in writers {
          tasks.addTask {
            do {
              try await writer.append([bytes[0]])
              return true
            } catch let problem as Problem where problem.kind == .busy { return false }
          }
        }
        return try await tasks.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(taken == 4)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 4)
      withExtendedLifetime(writers) {}
    }
  }

  @Test("Strangers let go of strangers' pushes alone, and have a share of the places and the room")
  func strangers() async throws {
    func held(_ parts: PushParts, _ names: [PushParts.Name]) async throws -> [UInt64] {
      var held: [UInt64] = []
      for name in names { held.append(try await parts.held(name)) }
      return held
    }
    let members = ["a", "b", "c"].map { name($0) }
    let others = (1...3).map { name("", at: "192.0.2.\($0)") }
    let limits3: Limiting = {
      $0.parts = 4
      $0.strangersParts = 2
    }
    try await withParts(limits3) { parts, _ in
      for name in [members[0], members[1], others[0], others[1], others[2]] { try await begin(parts, name) }
      #expect(try await held(parts, members + others) == [1, 1, 0, 0, 1, 1])
      // A stranger's goes for a member's, though the member's others are older.
      try await begin(parts, members[2])
      #expect(try await held(parts, members + others) == [1, 1, 1, 0, 0, 1])
    }
    let limits4: Limiting = {
      $0.partsInBytes = 5_000_000
      $0.strangersPartsInBytes = 2_500_000
    }
    try await withParts(limits4) { parts, _ in
      try await begin(parts, members[0], 2_000_000)
      for other in others { try await begin(parts, other, 1_000_000) }
      #expect(try await held(parts, members + others) == [2_000_000, 0, 0, 0, 0, 1_000_000])
    }
    let limits5: Limiting = {
      $0.parts = 2
      $0.strangersParts = 2
    }
    try await withParts(limits5) { parts, _ in
      for name in members[..<2] { try await begin(parts, name) }
      #expect(await problem { try await begin(parts, others[0]) } == .busy)
      #expect(try await held(parts, members) == [1, 1, 0])
    }
  }

  @Test("Whoever has a network of IPv6 is one stranger, with as many pushes as any")
  func network() async throws {
    try await withParts { parts, folder in
      for last in 1...5 {
        try await begin(parts, name("", at: "2001:db8:0:1::\(last)", 1_000_000 + last))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    }
  }
}
