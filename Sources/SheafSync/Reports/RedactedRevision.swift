import SheafModel
import SheafStore

/// A revision whose content two people had destroyed, as histories tell of it.
public struct RedactedRevision: Hashable, Sendable, Codable {
  /// The revision's name.
  public var revision: String
  /// Who signed it, and the author's claimed time, RFC 3339.
  public var by: String
  public var time: String
  /// The change set with which its content was destroyed, and when its author says that was.
  public var redacted: UInt64
  public var redactedTime: String
  /// The two persons: who asked, then who made it so.
  public var redactedBy: [String]
  /// What allowed or demanded it.
  public var ground: String

  init?(_ revision: StoredRevision, _ transaction: StoreTransaction) throws {
    guard let pair = try transaction.redactors(of: revision.id) else { return nil }
    func changeSet(_ number: UInt64) throws -> (StoredChangeSet, SignedChange) {
      guard let changeSet = try transaction.changeSet(number) else {
        throw StoreError.damaged("change_set \(number)")
      }
      return (changeSet, try SignedChange(changeSet, in: transaction))
    }
    let (_, own) = try changeSet(revision.name.changeSet)
    let (_, first) = try changeSet(pair.asked)
    let (effective, second) = try changeSet(pair.effective)
    self.revision = revision.name.description
    by = own.by
    time = own.time
    redacted = pair.effective
    redactedTime = second.time
    redactedBy = [first.by, second.by]
    ground = effective.readReason.ground ?? "no ground is known in this copy"
  }

  /// What became of it, as half a sentence.
  public var words: String {
    "redacted at \(redacted) (\(redactedTime.prefix(10))) by \(redactedBy.joined(separator: " and ")): \(ground)"
  }
}
