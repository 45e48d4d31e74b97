import Foundation
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// What a disk does to a library's file, and what `sheaf verify` and every other command make of it.
///
/// `Tools/flips` does the same to a log and its bundles on their way.
@Suite("Damage to the library's file")
struct FileFlipTests {
  /// As many as the suite has time for; `SHEAF_FILE_FLIPS=4000` tries more, `7:4000` from another seed.
  private static let draw: (seed: UInt64, count: Int) = {
    let text = ProcessInfo.processInfo.environment["SHEAF_FILE_FLIPS"] ?? "80"
    let numbers = text.split(separator: ":").compactMap { UInt64($0) }
    return (numbers.count > 1 ? numbers[0] : 1, Int(clamping: numbers.last ?? 80))
  }()
  private static let lanes = 2

  /// Shares work out to lanes, each with a copy of the library.
  private static func forEach<Work: Sendable>(
    _ works: [Work], _ body: @escaping @Sendable (DamagedFile, Work) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { root in
      let damaged = try await DamagedFile(in: root.appending(path: "library"))
      let untouched = try await damaged.outcome(of: damaged.bytes)
      #expect(!untouched.isFound && untouched.changed.isEmpty && untouched.refusedCount == 0, "\(untouched)")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for lane in 0..<lanes {
          let own = try damaged.copy(to: root.appending(path: "lane-\(lane)"))
          group.addTask {
            for index in stride(from: lane, to: works.count, by: lanes) { try await body(own, works[index]) }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test(
    "A flipped bit is found or refused, or changes nothing that anybody is told",
    .timeLimit(.minutes(20)))
  func flips() async throws {
    var random = SplitMix64(seed: Self.draw.seed)
    let draws = (0..<Self.draw.count).map { _ in random.next() }
    try await Self.forEach(draws) { damaged, draw in
      var random = SplitMix64(seed: draw)
      // Most of a small library's pages is room; three of four flips hit what is written.
      let byte =
        draw % 4 == 0
        ? Int.random(in: 0..<damaged.bytes.count, using: &random)
        : damaged.bytes.indices.filter { damaged.bytes[$0] != 0 }.randomElement(using: &random) ?? 0
      let bit = UInt8.random(in: 0..<8, using: &random)
      var bytes = damaged.bytes
      bytes[byte] ^= 1 << bit
      do {
        let outcome = try await damaged.outcome(of: bytes, draw: draw >> 8)
        #expect(outcome.isFound || outcome.changed.isEmpty, "bit \(bit) of byte \(byte): \(outcome)")
      } catch {
        Issue.record("bit \(bit) of byte \(byte): \(error)")
      }
    }
  }

  // MARK: cells

  /// One value in all rows of a column.
  private struct Cell: Sendable, CustomStringConvertible {
    var table: String
    var column: String
    var value: String
    /// Whether the table's own rules forbid it.
    var isImpossible: Bool
    var description: String { "\(table).\(column) = \(value)" }
  }

  private static let values = [
    ("NULL", "NULL"), ("TEXT", "'x'"), ("BLOB", "x'00'"), ("BLOB", "zeroblob(32)"), ("INTEGER", "-1"),
    ("INTEGER", "0"), ("INTEGER", "9223372036854775807"), ("INTEGER", "-9223372036854775807 - 1"),
    ("REAL", "0.5"),
  ]

  @Test(
    "A cell that holds what its column can't is found, and ends no command but with an error",
    .timeLimit(.minutes(20)))
  func cells() async throws {
    let count = ProcessInfo.processInfo.environment["SHEAF_CELLS"].flatMap { Int($0) } ?? 40
    try await withTemporaryFolder { root in
      let damaged = try await DamagedFile(in: root.appending(path: "library"))
      let loose = try LooseDatabase(damaged.file)
      // What a list of conflicts tells is found out anew when somebody asks, before anybody verifies.
      var cells = try loose.columns().filter { $0.table != "conflict" }.flatMap { column in
        Self.values.map { type, value in
          Cell(
            table: column.table, column: column.name, value: value,
            isImpossible: type == "NULL" ? column.isNeeded : !column.takes(type))
        }
      }
      var random = SplitMix64(seed: Self.draw.seed)
      cells.shuffle(using: &random)
      var tried = 0
      for cell in cells where tried < count {
        guard
          let bytes = try loose.bytes(
            after: "UPDATE OR IGNORE \(cell.table) SET \(cell.column) = \(cell.value)")
        else { continue }
        tried += 1
        do {
          let outcome = try await damaged.outcome(of: bytes, draw: random.next())
          if cell.isImpossible { #expect(outcome.isFound, "\(cell): \(outcome)") }
          #expect(outcome.isFound || outcome.changed.isEmpty, "\(cell): \(outcome)")
        } catch {
          Issue.record("\(cell): \(error)")
        }
      }
    }
  }
}
