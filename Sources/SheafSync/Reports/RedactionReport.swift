/// What came of asking for a redaction.
public struct RedactionOutcome: Hashable, Sendable, Codable {
  /// The change set in the log, on the publisher's copy.
  public var changeSet: UInt64?
  /// The draft's mark, on a replica.
  public var draft: String?
  /// The documents whose revisions are named.
  public var paths: [String]
  /// The revisions that are named.
  public var revisions: [String]
  /// Those whose content was destroyed with it.
  public var effective: [String]
}

/// What holds words that were looked for.
public struct FoundWords: Hashable, Sendable {
  public var revisions: [FoundRevision] = []
  /// The marks of change sets in quarantine, which are in no log: `sheaf quarantine drop` destroys them.
  public var quarantined: [String] = []
  /// The marks of drafts that wait in this copy.
  public var drafts: [String] = []
}

/// A revision whose content holds words that were looked for.
public struct FoundRevision: Hashable, Sendable, Codable {
  public var path: String
  public var revision: String
  /// Whether it is a head, an open proposal, or what a conflict is about, and so can't be destroyed yet.
  public var isCurrent: Bool
  /// The change set in which this copy's own member asked for it to be destroyed, while that waits for another person.
  public var asked: UInt64?
}

/// The redactions of a library.
public struct RedactionsReport: Hashable, Sendable, Codable {
  public var redactions: [Redaction]
  /// The publisher's copy, which destroys before it signs.
  public var publisher: Publisher
  /// The members that are not revoked, and how far their copies are known to be.
  public var members: [Holder]
  /// Whether nothing of what was destroyed is left in this copy's files.
  public var isSwept: Bool

  /// A revision that somebody asked to destroy.
  public struct Redaction: Hashable, Sendable, Codable {
    public var path: String
    public var revision: String
    /// Who asked, in the log's order.
    public var requests: [Request]
    /// The change set with which it took effect; absent while it waits for a second person.
    public var effective: UInt64?
  }

  /// One person's wish.
  public struct Request: Hashable, Sendable, Codable {
    public var changeSet: UInt64
    public var by: String
    public var role: String?
    public var member: String
    public var time: String
    public var ground: String
    public var reason: String
  }

  /// The copy that signs the log.
  public struct Publisher: Hashable, Sendable, Codable {
    /// The newest position that it signed and this copy knows of.
    public var position: UInt64
    /// Whether that is at or behind the newest redaction in effect; absent when there is none.
    public var hasPassed: Bool?
  }

  /// A member, as evidence of what its copies have seen.
  public struct Holder: Hashable, Sendable, Codable {
    public var name: String
    public var mark: String
    /// The newest position that the member's change sets had seen, or its witness cosigned; for this copy's own
    /// member that of this copy; 0 for none.
    public var position: UInt64
    /// Whether that is at or behind the newest redaction in effect; absent when there is none.
    public var hasPassed: Bool?
  }
}
