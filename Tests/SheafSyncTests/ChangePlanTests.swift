import SheafModel
import Testing

@testable import SheafSync

@Suite("What a folder would change")
struct ChangePlanTests {
  private func plan(_ current: [String: String], _ folder: [String: String]) throws -> ChangePlan {
    func hashed(_ files: [String: String]) throws -> [DocumentPath: SHA256Hash] {
      var all: [DocumentPath: SHA256Hash] = [:]
      for (path, text) in files { all[try DocumentPath(path)] = SHA256Hash(hashing: Array(text.utf8)) }
      return all
    }
    return ChangePlan(current: try hashed(current), folder: try hashed(folder))
  }

  @Test("New, changed, missing and unchanged are told apart")
  func kinds() throws {
    let plan = try plan(["a": "1", "b": "2", "c": "3"], ["a": "1", "b": "new", "d": "4"])
    #expect(plan.added.map(\.text) == ["d"])
    #expect(plan.changed.map(\.text) == ["b"])
    #expect(plan.missing.map(\.text) == ["c"])
    #expect(plan.moved.isEmpty && plan.unchangedCount == 1)
    #expect(!plan.isEmpty(prunes: false))
  }

  @Test("The same content under another path has moved, paired in the order of paths")
  func moves() throws {
    let plan = try plan(["a": "same", "b": "same", "c": "same"], ["x": "same", "y": "same", "c": "same"])
    #expect(plan.moved.map(\.from.text) == ["a", "b"])
    #expect(plan.moved.map(\.to.text) == ["x", "y"])
    #expect(plan.added.isEmpty && plan.missing.isEmpty)
  }

  @Test("A copy beside its original is new, not moved")
  func copies() throws {
    let plan = try plan(["a": "same"], ["a": "same", "b": "same"])
    #expect(plan.moved.isEmpty)
    #expect(plan.added.map(\.text) == ["b"])
  }

  @Test("Missing documents alone are a change only when they are pruned")
  func empty() throws {
    let plan = try plan(["a": "1", "b": "2"], ["a": "1"])
    #expect(plan.isEmpty(prunes: false))
    #expect(!plan.isEmpty(prunes: true))
  }
}
