/// Where a copy stands.
public struct StatusReport: Hashable, Sendable, Codable {
  /// The library's identity.
  public var library: String
  /// Its name.
  public var name: String
  /// Whether this is the publisher's copy.
  public var isPublisher: Bool
  /// The name this copy's member goes by.
  public var member: String
  /// The mark of its key.
  public var memberMark: String
  /// How much history it keeps.
  public var depth: String
  /// `*`, or the collections, joined by commas.
  public var subscription: String
  /// The log's size here.
  public var size: UInt64
  /// When the newest change set was made, as its author says; `nil` in a heads copy.
  public var newestChange: String?
  /// Current documents.
  public var documents: UInt64
  /// Documents in conflict.
  public var conflicts: UInt64
  /// How many of them have a value to confirm; the others are blocked.
  public var conflictsToLookAt: UInt64
  /// Edits under review that wait for a decision.
  public var proposals: UInt64
  /// How many of them wait for the approval that every edit in their collection needs.
  public var approvals: UInt64
  /// Documents that changed since somebody signed them, with no signature on what is current; by path. None in a
  /// copy that keeps only heads, which holds no signatures.
  public var changedSinceSigned: [String]
  /// Drafts that wait or were refused, and those that are or were proposals.
  public var drafts: [Draft]
  /// Revisions that somebody asked to destroy and that wait for a second person.
  public var redactions: UInt64
  /// For how many of them this copy's member may be that person.
  public var redactionsToConfirm: UInt64
  /// Drafts of others that wait in quarantine here.
  public var quarantined: UInt64
  /// The default remote; empty for none.
  public var remote: String
  /// The size of the library's file.
  public var sizeInBytes: UInt64
  /// Documents whose content is an asset that was not fetched.
  public var absent: UInt64
  /// What those assets come to.
  public var absentInBytes: UInt64
  /// The role of this copy's member; `nil` for who is none, and in a copy that can't tell.
  public var role: String?
  /// Whether a request to become a member waits for its answer.
  public var awaitsMembership: Bool
  /// What a person should know, such as a clock that is behind the newest time in the log.
  public var warnings: [String]
  /// How old a replica's knowledge is; `nil` on the publisher's copy.
  public var freshness: Freshness?
  /// Pairs of checkpoints that contradict each other, kept as evidence.
  public var splitViews: UInt64

  public init(
    library: String,
    name: String,
    isPublisher: Bool,
    member: String,
    memberMark: String,
    depth: String,
    subscription: String,
    size: UInt64,
    newestChange: String? = nil,
    documents: UInt64,
    conflicts: UInt64,
    conflictsToLookAt: UInt64,
    proposals: UInt64,
    drafts: [Draft],
    quarantined: UInt64,
    remote: String,
    sizeInBytes: UInt64,
    warnings: [String],
    absent: UInt64 = 0,
    absentInBytes: UInt64 = 0,
    freshness: Freshness? = nil,
    splitViews: UInt64 = 0,
    approvals: UInt64 = 0,
    changedSinceSigned: [String] = [],
    redactions: UInt64 = 0,
    redactionsToConfirm: UInt64 = 0,
    awaitsMembership: Bool = false
  ) {
    self.redactions = redactions
    self.redactionsToConfirm = redactionsToConfirm
    self.awaitsMembership = awaitsMembership
    self.approvals = approvals
    self.changedSinceSigned = changedSinceSigned
    self.freshness = freshness
    self.splitViews = splitViews
    self.absent = absent
    self.absentInBytes = absentInBytes
    self.library = library
    self.name = name
    self.isPublisher = isPublisher
    self.member = member
    self.memberMark = memberMark
    self.depth = depth
    self.subscription = subscription
    self.size = size
    self.newestChange = newestChange
    self.documents = documents
    self.conflicts = conflicts
    self.conflictsToLookAt = conflictsToLookAt
    self.proposals = proposals
    self.drafts = drafts
    self.quarantined = quarantined
    self.remote = remote
    self.sizeInBytes = sizeInBytes
    self.warnings = warnings
  }

  /// A draft of this copy.
  public struct Draft: Hashable, Sendable, Codable {
    /// Its mark.
    public var draft: String
    /// waiting, deposited, refused, proposed, accepted, declined, or decided where this copy can't tell which.
    public var outcome: String
    /// Why the publisher refused it, or who declined it and why.
    public var refusal: String?
    /// Why it was made.
    public var reason: String
    /// When it was made.
    public var time: String
    /// The documents it changes.
    public var paths: [String]

    public init(
      draft: String,
      outcome: String,
      refusal: String? = nil,
      reason: String,
      time: String,
      paths: [String]
    ) {
      self.draft = draft
      self.outcome = outcome
      self.refusal = refusal
      self.reason = reason
      self.time = time
      self.paths = paths
    }
  }
}
