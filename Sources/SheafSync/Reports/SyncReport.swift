/// How a sync ended.
public struct SyncReport: Hashable, Sendable, Codable {
  /// The remote's address.
  public var remote: String
  /// What became of the drafts that were handed over.
  public var pushed: [DraftAnswer]
  /// Drafts left in a folder, whose answer comes later.
  public var deposited: Int
  /// What came; `nil` when nothing was new.
  public var pulled: PullReport?
  /// The position now.
  public var size: UInt64
  /// When the newest change set was made, as its author says; `nil` in a heads copy.
  public var newestChange: String?
  /// Whether the remote's newest signed checkpoint and this copy's recomputed state agree.
  public var isSameAsPublisher: Bool
  /// Drafts that still wait.
  public var drafts: Int
  /// Documents in conflict.
  public var conflicts: [String]
  /// What became of this copy's own proposals, told once.
  public var decisions: [DecisionReport]
  /// Drafts that the publisher refused, all told.
  public var refused: Int
  /// Bytes of drafts sent.
  public var sentInBytes: UInt64
  /// Whether this copy is the publisher's, which takes drafts from a folder and leaves bundles.
  public var isPublisher: Bool
  /// Bundles left in the folder.
  public var bundlesWritten: Int
  /// Those that became members by a request that lay in the folder; on the publisher's copy.
  public var enrolled: [EnrolmentAnswer]
  /// Whether this copy's request to become a member waits for its answer.
  public var awaitsMembership: Bool
  /// Whether this sync brought the answer: the copy's member is one of the library's now.
  public var isNewMember: Bool
  /// What lay in the folder and could not be used, or could not be had from it, one sentence each.
  public var problems: [String]
  /// How old a replica's knowledge is; `nil` on the publisher's copy.
  public var freshness: Freshness?
  /// Pairs of checkpoints that contradict each other, kept as evidence.
  public var splitViews: UInt64

  public init(
    remote: String,
    pushed: [DraftAnswer],
    deposited: Int,
    pulled: PullReport? = nil,
    size: UInt64,
    newestChange: String? = nil,
    isSameAsPublisher: Bool,
    drafts: Int,
    conflicts: [String],
    decisions: [DecisionReport] = [],
    refused: Int,
    sentInBytes: UInt64,
    isPublisher: Bool,
    bundlesWritten: Int,
    problems: [String] = [],
    freshness: Freshness? = nil,
    splitViews: UInt64 = 0,
    enrolled: [EnrolmentAnswer] = [],
    awaitsMembership: Bool = false,
    isNewMember: Bool = false
  ) {
    self.enrolled = enrolled
    self.awaitsMembership = awaitsMembership
    self.isNewMember = isNewMember
    self.freshness = freshness
    self.splitViews = splitViews
    self.remote = remote
    self.pushed = pushed
    self.deposited = deposited
    self.pulled = pulled
    self.size = size
    self.newestChange = newestChange
    self.isSameAsPublisher = isSameAsPublisher
    self.drafts = drafts
    self.conflicts = conflicts
    self.decisions = decisions
    self.refused = refused
    self.sentInBytes = sentInBytes
    self.isPublisher = isPublisher
    self.bundlesWritten = bundlesWritten
    self.problems = problems
  }
}
