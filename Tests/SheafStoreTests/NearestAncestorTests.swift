import SheafTesting
import Testing

@testable import SheafStore

/// The rule of `Schemas/revision-list.md`, "Conflict", over histories that are written down here.
@Suite("The base of a conflict")
struct NearestAncestorTests {
  /// Finds it, and counts the rows that were read.
  private func nearest(_ history: [Int64: [Int64]], _ heads: [Int64]) throws -> (row: Int64?, read: Int) {
    var read = 0
    var search = NearestAncestor { row in
      read += 1
      return history[row] ?? []
    }
    return (try search.ofAll(heads), read)
  }

  /// The rule word by word: all common ancestors, without the ancestors of others.
  private func plain(_ history: [Int64: [Int64]], _ heads: [Int64]) -> Int64? {
    func ancestors(_ row: Int64) -> Set<Int64> {
      var found: Set<Int64> = [row]
      var waiting = [row]
      while let next = waiting.popLast() {
        for parent in history[next] ?? [] where found.insert(parent).inserted { waiting.append(parent) }
      }
      return found
    }
    var nearest = Set(heads)
    repeat {
      let common = nearest.map(ancestors).reduce(nil as Set<Int64>?) { $0?.intersection($1) ?? $1 } ?? []
      nearest = common.filter { row in !common.contains { $0 != row && ancestors($0).contains(row) } }
    } while nearest.count > 1
    return nearest.first
  }

  @Test("In a long history only what lies between the heads is read")
  func readsBetweenHeads() throws {
    // 20,000 edits one after the other; two people go on from the last but ten, one of them eight times.
    var history: [Int64: [Int64]] = [:]
    for row in Int64(2)...20_000 { history[row] = [row - 1] }
    history[20_001] = [19_990]
    for row in Int64(20_002)...20_008 { history[row] = [row - 1] }
    let found = try nearest(history, [20_000, 20_008])
    #expect(found.row == 19_990)
    #expect(found.read <= 20)
    // A merge of a merge long ago changes nothing for those who met since.
    for row in stride(from: Int64(3), to: 19_000, by: 2) { history[row] = [row - 1, row - 2] }
    #expect(try nearest(history, [20_000, 20_008]).read <= 20)
  }

  @Test("Where two are nearest, it is the nearest of both, found without the history below")
  func crissCross() throws {
    var history: [Int64: [Int64]] = [:]
    for row in Int64(2)...5_000 { history[row] = [row - 1] }
    (history[5_001], history[5_002]) = ([5_000], [5_000])
    (history[5_003], history[5_004]) = ([5_001, 5_002], [5_001, 5_002])
    let found = try nearest(history, [5_003, 5_004])
    #expect(found.row == 5_000)
    #expect(found.read <= 6)
    #expect(try nearest([2: [], 3: []], [2, 3]).row == nil)
    #expect(try nearest([2: [1], 3: [2]], [3, 2]).row == 2)
  }

  @Test("It is what the rule says in any history of edits and merges", arguments: UInt64(0)..<20)
  func agreesWithRule(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<40 {
      var history: [Int64: [Int64]] = [:]
      let size = Int64.random(in: 2...24, using: &random)
      for row in Int64(2)...size {
        let count = Int.random(in: 0...9, using: &random)
        // Mostly near, so that lines cross.
        let parents = (0..<(count == 0 ? 0 : count < 5 ? 1 : 2)).map { _ in
          Int64.random(in: max(1, row - 5)..<row, using: &random)
        }
        history[row] = Array(Set(parents)).sorted()
      }
      let heads = [Int64.random(in: 1...size, using: &random), Int64.random(in: 1...size, using: &random)]
      let found = try nearest(history, heads)
      #expect(found.row == plain(history, heads), "\(heads) in \(history.sorted { $0.key < $1.key })")
      #expect(found.read <= Int(size))
    }
  }
}
