import Synchronization

/// Counts what failed by address, and says who has to wait.
///
/// Remembers a bounded number of addresses: when there are more, those whose window began longest ago are
/// forgotten first. Times are seconds since 1970.
final class FailedTries: Sendable {
  private struct Record {
    var count = 0
    var windowEnd: UInt64
    var lockedUntil: UInt64 = 0
  }

  private let limits: ServerLimits
  private let records = Mutex<[String: Record]>([:])

  init(limits: ServerLimits) { self.limits = limits }

  /// How many addresses are remembered.
  var count: Int { records.withLock { $0.count } }

  /// How many seconds an address has to wait still; `nil` when it need not.
  func wait(of address: String, at now: UInt64) -> Int? {
    records.withLock { records in
      guard let record = records[address], record.lockedUntil > now else { return nil }
      return Int(clamping: record.lockedUntil - now)
    }
  }

  /// Counts a try that failed.
  func note(_ address: String, at now: UInt64) {
    records.withLock { records in
      let window = limits.failedTriesWindow
      var record = records[address] ?? Record(windowEnd: now &+ window)
      if record.windowEnd <= now {
        record = Record(windowEnd: now &+ window, lockedUntil: record.lockedUntil)
      }
      record.count += 1
      if record.count >= limits.failedTries { record.lockedUntil = now &+ window }
      records[address] = record
      if records.count > limits.failedTriesAddresses { Self.forget(&records, at: now, limits) }
    }
  }

  /// Drops what is over, and of the rest the oldest tenth when that was not enough: so the work is done rarely.
  private static func forget(_ records: inout [String: Record], at now: UInt64, _ limits: ServerLimits) {
    records = records.filter { max($0.value.windowEnd, $0.value.lockedUntil) > now }
    guard records.count > limits.failedTriesAddresses else { return }
    let oldest = records.sorted { ($0.value.windowEnd, $0.key) < ($1.value.windowEnd, $1.key) }
      .prefix(records.count - limits.failedTriesAddresses * 9 / 10)
    for (address, _) in oldest { records[address] = nil }
  }

  /// What stands for an address: of IPv6 the network of 64 bits, all of which one customer of a provider has.
  static func key(of address: String) -> String {
    guard address.contains(":") else { return address }
    let plain = address.prefix { $0 != "%" }
    // An IPv4 address written as IPv6 is that IPv4 address.
    if let last = plain.split(separator: ":").last, last.contains(".") { return String(last) }
    var groups: [Substring] = []
    let sides = plain.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
    groups = sides[0].split(separator: ":")
    if sides.count == 2 {
      let after = sides[1].split(separator: ":")
      groups += [Substring](repeating: "0", count: max(0, 8 - groups.count - after.count)) + after
    }
    return groups.prefix(4).joined(separator: ":") + "::"
  }
}
