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
  /// When the first witness vouched for a checkpoint that covers it; one that is not doubtful, where there is any.
  public var witnessed: String?
  /// The name of that witness' key.
  public var witness: String?
  /// Whether the publisher had not signed that checkpoint by then, as its clock says: one of the two clocks is wrong.
  public var witnessIsDoubtful: Bool
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
      return try TimesReader(transaction).times(of: changeSet)
    }
  }
}
