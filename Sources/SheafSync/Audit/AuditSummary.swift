import SheafLog
import SheafModel

/// What stands at the head of an audit: which library and period, what was verified, counts and an index.
public struct AuditSummary: Sendable {
  /// The library's name and identity.
  public var name: String
  public var library: String
  /// The SHA-256 of the log's public key, as 64 hexadecimal digits.
  public var logKeyFingerprint: String
  /// When it was made.
  public var made: String
  /// The first and last change set of the period; none when the log is empty.
  public var range: ClosedRange<UInt64>?
  /// Only these collections; empty for all.
  public var collections: [String]
  /// The newest signed checkpoint: size and root in base64; `nil` when there is none.
  public var checkpoint: (size: UInt64, root: String)?
  /// Whether the log's key signed the checkpoint.
  public var isCheckpointSigned: Bool
  /// What was looked at.
  public var changeSets = 0
  public var revisions = 0
  public var parts = 0
  /// Change sets of which something does not hold.
  public var unverified: [UInt64] = []
  /// Change sets whose author claims a time before what the author had seen.
  public var backdated: [UInt64] = []
  /// Change sets whose witness's time is before the publisher's for the same checkpoint.
  public var doubtful: [UInt64] = []
  /// Revisions that can't be told because a content was destroyed by two people.
  public var redacted = 0
  /// Revisions whose contents this copy can't tell for another reason, and lines it does not hold.
  public var untold = 0
  public var absentLines = 0
  /// Change sets without a logged and a witnessed time.
  public var withoutLoggedTime = 0
  public var withoutWitness = 0
  /// How often each action, person and collection occurs.
  public var actions: [String: Int] = [:]
  public var people: [String: Int] = [:]
  public var counts: [String: Int] = [:]
  /// For each document the change sets that did something to it.
  public var documents: [DocumentPath: [UInt64]] = [:]

  init(
    name: String, library: String, logKeyFingerprint: String, made: String, range: ClosedRange<UInt64>?,
    collections: [String], checkpoint: (size: UInt64, root: String)?, isCheckpointSigned: Bool
  ) {
    self.name = name
    self.library = library
    self.logKeyFingerprint = logKeyFingerprint
    self.made = made
    self.range = range
    self.collections = collections
    self.checkpoint = checkpoint
    self.isCheckpointSigned = isCheckpointSigned
  }

  mutating func add(_ change: AuditChange) {
    changeSets += 1
    revisions += change.revisions.count
    absentLines += change.absentLines
    if !change.isVerified { unverified.append(change.number) }
    if change.isBackdated { backdated.append(change.number) }
    if change.signed.witnessIsDoubtful { doubtful.append(change.number) }
    if change.signed.logged == nil { withoutLoggedTime += 1 }
    if change.signed.witnessed == nil { withoutWitness += 1 }
    people["\(change.by)\(change.role.map { ", \($0)" } ?? "")", default: 0] += 1
    for revision in change.revisions {
      parts += revision.parts.count
      if revision.isRedacted {
        redacted += 1
      } else if revision.untold != nil {
        untold += 1
      }
      actions[revision.verb.rawValue, default: 0] += 1
      counts[revision.path.collection.text, default: 0] += 1
      documents[revision.path, default: []].append(change.number)
    }
  }
}
