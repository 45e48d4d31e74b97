import Foundation
import SheafTesting
import Testing

/// Any schedule of edits, meetings and crashes ends with equal copies and nothing lost.
///
/// A failing seed reruns alone, step for step: `SHEAF_FLEET_SEEDS=17 swift test --filter FleetTests`;
/// `1000..<9000` tries others than those of the suite.
@Suite struct FleetTests {
  static let stepCount = 15

  static var seeds: Range<UInt64> {
    let text = ProcessInfo.processInfo.environment["SHEAF_FLEET_SEEDS"] ?? "0..<500"
    let bounds = text.split(separator: "..<").compactMap { UInt64($0) }
    guard let first = bounds.first else { return 0..<500 }
    return first..<max(first + 1, bounds.last ?? 0)
  }

  @Test("Any schedule of edits, meetings and crashes ends with equal copies", arguments: seeds)
  func settles(seed: UInt64) async throws {
    await Self.gate.enter()
    do { try await run(seed) } catch { Issue.record("seed \(seed): \(error)") }
    await Self.gate.leave()
  }

  @Test(
    "With members, signatures and an approval of every edit too",
    arguments: seeds.prefix(max(1, seeds.count / 10)))
  func settlesWithApprovals(seed: UInt64) async throws {
    await Self.gate.enter()
    do { try await run(seed, rule: .approvals) } catch { Issue.record("seed \(seed): \(error)") }
    await Self.gate.leave()
  }

  @Test(
    "With members too, whose roles and keys change and who are shut out",
    arguments: seeds.prefix(max(1, seeds.count / 10)))
  func settlesWithMembers(seed: UInt64) async throws {
    await Self.gate.enter()
    do { try await run(seed, rule: .members) } catch { Issue.record("seed \(seed): \(error)") }
    await Self.gate.leave()
  }

  // Three as a rule; every eighth fleet has four, every sixteenth five, because they cost more.
  private static func replicas(of seed: UInt64) -> Int { seed % 16 == 7 ? 5 : seed % 8 == 3 ? 4 : 3 }

  private func run(_ seed: UInt64, rule: Fleet.Rule = .open) async throws {
    try await withTemporaryFolder { folder in
      let fleet = try await Fleet(
        seed: seed, replicas: Self.replicas(of: seed), rule: rule, in: folder)
      do {
        for _ in 0..<Self.stepCount { try await fleet.step() }
        let broken = try await fleet.settle()
        if !broken.isEmpty {
          Issue.record("seed \(seed):\n\((fleet.trail + broken).joined(separator: "\n"))")
        }
      } catch {
        Issue.record("seed \(seed):\n\(fleet.trail.joined(separator: "\n"))\n\(error)")
        try? await fleet.close()
      }
    }
  }

  /// As many fleets at a time as keep two cores busy, whatever the runner starts at once.
  private static let gate = Gate(width: 4)

  private actor Gate {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(width: Int) { free = width }

    func enter() async {
      guard free == 0 else {
        free -= 1
        return
      }
      await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
      if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
  }
}
