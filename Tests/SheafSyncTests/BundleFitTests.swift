import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Sound bundles that do not fit a copy")
struct BundleFitTests {
  @Test("Each is refused for what it is, and the copy stays where it was and what it was")
  func misfits() async throws {
    let world = try await SyncWorld()
    for number in 1...3 { try await world.put("edition \(number)\n", at: "a/\(number).md") }
    let clinic = try await world.replica()
    try await world.put("edition 4\n", at: "a/1.md")
    let whole = PullRequest(from: 0, known: 3, depth: .trail, subscription: .all)
    let only = Subscription.only([try CollectionName("a")])
    let cases: [(from: UInt64, to: UInt64, depth: Depth, wanted: PullRequest?, misfit: BundleMisfit)] = [
      (0, 2, .trail, nil, .older(to: 2, own: 3)),
      // Not even where everything was asked for: whoever answers can't take the copy back.
      (0, 2, .trail, whole, .older(to: 2, own: 3)),
      (0, 3, .trail, nil, .nothingNew(3)),
      (2, 4, .trail, nil, .wrongStart(from: 2, own: 3)),
      (3, 4, .heads, nil, .otherKind(depth: .heads, subscription: .all)),
      // It would take the copy's trail away.
      (0, 4, .heads, nil, .otherKind(depth: .heads, subscription: .all)),
      (0, 4, .full, nil, .otherKind(depth: .full, subscription: .all)),
      (0, 4, .heads, whole, .notAskedFor(depth: .heads, subscription: .all)),
      (
        0, 4, .trail, PullRequest(from: 0, known: 3, depth: .trail, subscription: only),
        .notAskedFor(depth: .trail, subscription: .all)
      ),
    ]
    let before = try await clinic.figures()
    for (index, one) in cases.enumerated() {
      let file = world.folder.appending("\(index).sheaf")
      _ = try await world.publisher.makeBundle(from: one.from, to: one.to, depth: one.depth, file: file)
      await #expect(throws: one.misfit, "case \(index)") {
        _ = try await clinic.apply(
          bundle: file, mayChangeDepth: one.wanted != nil, wanted: one.wanted, activity: { _ in })
      }
      #expect(try await clinic.figures() == before)
    }
    #expect(try await clinic.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
    let step = world.folder.appending("step.sheaf")
    _ = try await world.publisher.makeBundle(from: 3, to: 4, depth: .trail, file: step)
    #expect(try await clinic.apply(bundle: step).to == 4)
  }
}
