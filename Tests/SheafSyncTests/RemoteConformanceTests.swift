import Foundation
import SheafTesting
import Synchronization
import Testing

@testable import SheafSync

/// What is true of every remote, for the two that need no network.
@Suite struct RemoteConformanceTests {
  @Test("Memory", arguments: RemoteConformance.sentences)
  func memory(sentence: String) async throws {
    try await RemoteConformance.check(sentence) { publisher, _ in
      let faults = Faults()
      let remote = MemoryRemote(service: publisher) {
        $0 == .pull ? faults.take().map { .cut(afterBytes: $0) } : nil
      }
      return .init(
        remote: remote, requestCount: { remote.traffic.requests }, cut: { faults.arm(afterBytes: $0) })
    }
  }

  @Test("Folder", arguments: RemoteConformance.sentences)
  func folder(sentence: String) async throws {
    try await RemoteConformance.check(sentence) { publisher, folder in
      let faults = Faults()
      var remote = FolderRemote(folder: folder)
      remote.allowance = { faults.take() }
      let shared = remote
      return .init(
        remote: shared, exchange: { _ = try await publisher.exchange(with: shared) },
        cut: { faults.arm(afterBytes: $0) })
    }
  }

  /// Cuts the next transfer once.
  private final class Faults: Sendable {
    private let armed = Mutex<UInt64?>(nil)

    func arm(afterBytes count: UInt64) { armed.withLock { $0 = count } }

    func take() -> UInt64? {
      armed.withLock { armed in
        let count = armed
        armed = nil
        return count
      }
    }
  }
}
