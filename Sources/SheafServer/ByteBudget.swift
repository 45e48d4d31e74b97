import Synchronization

/// The bytes that requests and answers may hold in memory together; who finds no room is told to come back.
final class ByteBudget: Sendable {
  private let limit: Int
  private let used = Mutex(0)

  init(_ limit: Int) { self.limit = limit }

  /// Counts bytes for as long as what is returned lives.
  ///
  /// - Returns: `nil` when there is no room for so many.
  func take(_ count: Int) -> Hold? {
    let hold = Hold(self)
    return hold.add(count) ? hold : nil
  }

  private func add(_ count: Int) -> Bool {
    used.withLock { used in
      guard count <= limit - used else { return false }
      used += count
      return true
    }
  }

  /// Bytes of one request or answer, given back when it is let go of, however that ends.
  final class Hold: Sendable {
    private let budget: ByteBudget
    private let size = Mutex(0)

    fileprivate init(_ budget: ByteBudget) { self.budget = budget }

    deinit {
      let size = size.withLock { $0 }
      budget.used.withLock { $0 -= size }
    }

    /// Counts more bytes; `false` when there is no room for so many.
    func add(_ count: Int) -> Bool {
      guard budget.add(count) else { return false }
      size.withLock { $0 += count }
      return true
    }
  }
}
