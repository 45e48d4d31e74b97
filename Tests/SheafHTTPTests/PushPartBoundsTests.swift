import Foundation
import SheafModel
import Testing

@testable import SheafHTTP
@testable import SheafServer

private let bytes = FakeLibrary.bytes(2_000_000)

/// The name of the push of as many bytes.
private func name(_ owner: String, _ count: Int = 2_000_000) -> PushParts.Name {
  PushParts.Name(owner: owner, hash: SHA256Hash(hashing: Array(bytes[..<count])))
}

private func withParts(
  _ change: (inout ServerLimits) -> Void = { _ in }, _ body: (PushParts, URL) async throws -> Void
) async throws {
  var limits = ServerLimits()
  change(&limits)
  try await withFolder { folder in try await body(PushParts(folder: folder, limits: limits), folder) }
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
    try await withParts({ $0.partsInBytes = 3_000_000 }) { parts, _ in
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
    try await withParts({ $0.parts = 4 }) { parts, folder in
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
}
