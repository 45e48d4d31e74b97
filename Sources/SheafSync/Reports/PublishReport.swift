/// What a publication did, or with a dry run would do.
public struct PublishReport: Hashable, Sendable, Codable {
  /// The change set in the log; `nil` when nothing changed, in a dry run, or for a draft.
  public var changeSet: UInt64?
  /// The draft's mark on a replica: the first 16 hexadecimal digits of its leaf hash.
  public var draft: String?
  /// Paths that are new.
  public var added: [String]
  /// Paths with new content.
  public var changed: [String]
  /// Documents found again under another path.
  public var moved: [Move]
  /// Paths deleted with `--prune`.
  public var removed: [String]
  /// Paths whose file is an older state than others have edited since: the newer one stays.
  public var behind: [String]
  /// Paths whose file was merged with what others have edited since; they count as changed, too.
  public var merged: [String]
  /// Paths that the folder lacks and that stay.
  public var missing: [String]
  /// Files left out by name, such as .DS_Store.
  public var skipped: [String]
  /// How many documents are as they were.
  public var unchangedCount: Int
  /// The size of the added and changed content.
  public var sizeInBytes: UInt64
  /// Whether some of it waits in the log until somebody accepts or declines it.
  public var isProposal: Bool

  public init(
    changeSet: UInt64? = nil,
    draft: String? = nil,
    added: [String],
    changed: [String],
    moved: [Move],
    removed: [String],
    missing: [String],
    skipped: [String],
    unchangedCount: Int,
    sizeInBytes: UInt64,
    behind: [String] = [],
    merged: [String] = [],
    isProposal: Bool = false
  ) {
    self.isProposal = isProposal
    self.changeSet = changeSet
    self.draft = draft
    self.added = added
    self.changed = changed
    self.moved = moved
    self.removed = removed
    self.behind = behind
    self.merged = merged
    self.missing = missing
    self.skipped = skipped
    self.unchangedCount = unchangedCount
    self.sizeInBytes = sizeInBytes
  }

  /// A document that moved.
  public struct Move: Hashable, Sendable, Codable {
    /// The old path.
    public var from: String
    /// The new path.
    public var to: String

    public init(
      from: String,
      to: String
    ) {
      self.from = from
      self.to = to
    }
  }
}
