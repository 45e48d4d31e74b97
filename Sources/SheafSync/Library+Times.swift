import SheafLog
import SheafModel
import SheafStore

/// When a change was made, as its author says, and between which times it must have been.
///
/// `Schemas/cosignatures.md`, "Three times of a change".
public struct ChangeTimes: Hashable, Sendable, Codable {
  /// What its author signed.
  public var claimed: String
  /// It entered the log after this time of the publisher's; `nil` when no earlier one is known here.
  public var loggedAfter: String?
  /// It was in the log by this time of the publisher's; `nil` when no checkpoint with a time covers it.
  public var loggedBy: String?
  /// When the first witness vouched for a checkpoint that covers it.
  public var witnessed: String?
  /// The name of that witness' key.
  public var witness: String?
  /// It was made after this: by then its author can first have had the checkpoint that it names as seen.
  public var madeAfter: String?
  /// Whether the claim lies more than ten minutes outside what the other times allow.
  public var claimIsOutside: Bool

  /// How far a claim may lie outside, in seconds: clocks of honest people differ.
  public static let tolerance: Int64 = 600
}

extension Library {
  /// The times of one change set, as far as this copy knows them.
  ///
  /// - Throws: `LibraryError.noMoment` for a change set that is not held.
  public func times(ofChangeSet number: UInt64) async throws -> ChangeTimes {
    try await store.read { transaction in
      guard let changeSet = try transaction.changeSet(number) else {
        throw LibraryError.noMoment("change set \(number)")
      }
      return try Self.times(of: changeSet, transaction)
    }
  }

  /// The times of a change set inside a transaction: a few look-ups by index.
  static func times(of changeSet: StoredChangeSet, _ transaction: StoreTransaction) throws -> ChangeTimes {
    let origin = try transaction.facts().library.text
    let clock = TimeKey.name(origin: origin)
    let covering = try transaction.firstCosignature(by: clock, atLeast: changeSet.number)
    let before = try transaction.lastCosignature(by: clock, below: changeSet.number)
    let witness = try transaction.firstCosignature(
      byAnyBelow: origin + "/witness/", atLeast: changeSet.number)
    // Who saw a checkpoint saw it after the publisher had signed its time.
    var made = try transaction.firstCosignature(by: clock, atLeast: max(1, changeSet.seen))
    if let found = made, found.size >= changeSet.number || changeSet.seen == 0 {
      made = try transaction.lastCosignature(by: clock, below: max(1, changeSet.seen))
    }
    let claimed = changeSet.time.seconds
    let isEarly = made.map { claimed < Int64(clamping: $0.time) - ChangeTimes.tolerance } ?? false
    let isLate = covering.map { claimed - ChangeTimes.tolerance > Int64(clamping: $0.time) } ?? false
    func text(_ cosignature: StoredCosignature?) -> String? {
      cosignature.map { Timestamp(seconds: Int64(clamping: $0.time)).description }
    }
    return ChangeTimes(
      claimed: changeSet.time.description, loggedAfter: text(before), loggedBy: text(covering),
      witnessed: text(witness), witness: witness?.cosigner.name, madeAfter: text(made),
      claimIsOutside: isEarly || isLate)
  }
}
