import SheafModel
import SheafStore

/// When a change set was in the log at the latest, by the word of others than its author.
public struct SignedTime: Hashable, Sendable {
  /// The earliest time that the log's own timestamp key signed a checkpoint with it.
  public var logged: Timestamp?
  /// The earliest time that a witness cosigned a checkpoint with it.
  public var witnessed: Timestamp?
  /// Which witness that was.
  public var witness: String?

  public init(logged: Timestamp? = nil, witnessed: Timestamp? = nil, witness: String? = nil) {
    self.logged = logged
    self.witnessed = witnessed
    self.witness = witness
  }
}

/// Tells from timestamped cosignatures when change sets were in the log.
public protocol SignedTimes: Sendable {
  /// The times of a change set.
  func times(of number: UInt64) -> SignedTime
}

/// No cosignature is known: only what authors claim.
struct NoSignedTimes: SignedTimes {
  func times(of number: UInt64) -> SignedTime { SignedTime() }
}

extension StoreTransaction {
  /// The times that this copy's checkpoints prove.
  func signedTimes() throws -> any SignedTimes { NoSignedTimes() }
}
