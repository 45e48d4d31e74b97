import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// How old this replica's knowledge of the log is now; `nil` for the publisher's copy, which knows.
  public func freshness() async throws -> Freshness? {
    let now = environment.clock()
    return try await store.read { try self.freshness($0, now: now) }
  }

  /// How old this replica's knowledge is; `nil` for the publisher's copy, which knows.
  func freshness(_ transaction: StoreTransaction, now: Timestamp) throws -> Freshness? {
    let facts = try transaction.facts()
    guard !facts.isPublisher else { return nil }
    var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
    let settings = (try? rules.settings()) ?? LibrarySettings()
    let floor = try transaction.timeFloor()
    let newest = try newestTime(transaction)
    return Freshness(
      newest: newest.map { Timestamp(seconds: Int64(clamping: $0.time)) }, floor: floor, now: now,
      freshDays: settings.freshDays, staleDays: settings.staleDays)
  }

  /// Refuses a decision on a replica whose knowledge is too old.
  ///
  /// - Throws: `NotFresh`.
  func checkFreshness(for what: String) async throws {
    guard let freshness = try await freshness() else { return }
    guard freshness.mayDecide else { throw NotFresh(what: what, newest: freshness.newest) }
  }
}

/// How old a replica's knowledge of the log is: the age of the publisher's newest time that it holds.
///
/// `Schemas/cosignatures.md`, "Freshness".
public struct Freshness: Hashable, Sendable, Codable {
  public enum State: String, Sendable, Codable {
    case fresh, stale, expired, unknown
  }
  public var state: State
  /// The publisher's newest time; `nil` when none was ever seen.
  public var newest: String?
  /// Its age in seconds, counted from the time floor where the local clock is before that.
  public var ageInSeconds: Int64?
  /// Up to what age a copy is fresh.
  public var freshDays: Int
  /// Up to what age it may decide.
  public var staleDays: Int
  /// Whether the local clock is before the largest time of the publisher's that was ever seen.
  public var clockIsBehind: Bool

  /// How far ahead of the local clock the publisher's time may be before a copy counts as stale, in seconds.
  public static let aheadLimit: Int64 = 86_400

  /// Judges an age.
  ///
  /// One of the two clocks is wrong where the publisher's time lies far ahead; nobody can tell which, and the age is
  /// not known. Else one time from the future would keep copies fresh for ever.
  ///
  /// - Parameter floor: The largest time of the publisher's that was ever seen.
  public init(newest: Timestamp?, floor: Timestamp?, now: Timestamp, freshDays: Int, staleDays: Int) {
    self.newest = newest?.description
    self.freshDays = freshDays
    self.staleDays = max(freshDays, staleDays)
    clockIsBehind = floor.map { now < $0 } ?? false
    guard let newest else {
      state = .unknown
      return
    }
    // Years reach from 1970 to 9999, so nothing here overflows.
    let age = max(now, floor ?? now).seconds - newest.seconds
    ageInSeconds = max(0, age)
    state =
      age <= Int64(freshDays) * 86_400
      ? .fresh : age <= Int64(self.staleDays) * 86_400 ? .stale : .expired
    if state == .fresh, newest.seconds - now.seconds > Self.aheadLimit { state = .stale }
  }

  /// Whether somebody should know before relying on what the copy says.
  public var isWorthTelling: Bool { state != .fresh || clockIsBehind }

  /// Whether a copy so old may accept, decline, sign and redact.
  public var mayDecide: Bool { state == .fresh || state == .stale }
}

/// A decision on a copy whose knowledge is too old. Nothing was decided.
public struct NotFresh: SheafFailure, Equatable {
  public let what: String
  /// The publisher's newest time that was seen.
  public let newest: String?
  public var problem: String {
    newest.map { "this copy is too old to \(what): it last heard of the publisher as of \($0)" }
      ?? "this copy can't \(what) yet: it never heard the publisher's time"
  }
  public var unchanged: String { "the library is as it was" }
  public var hint: String? {
    "Run `sheaf sync` with the publisher's server or a folder it has visited lately."
  }
}
