/// What became of an edit: a draft on a replica, a change set on the publisher.
public struct DraftReport: Hashable, Sendable, Codable {
  /// The change set in the log, on the publisher.
  public var changeSet: UInt64?
  /// The draft's mark, on a replica.
  public var draft: String?
  /// The documents it changes.
  public var paths: [String]
  /// Whether it waits in the log until somebody accepts or declines it.
  public var isProposal: Bool
  /// Those of the documents that are in conflict, and still are after it.
  public var conflicted: [String]

  public init(
    changeSet: UInt64? = nil,
    draft: String? = nil,
    paths: [String],
    isProposal: Bool = false,
    conflicted: [String] = []
  ) {
    self.conflicted = conflicted
    self.isProposal = isProposal
    self.changeSet = changeSet
    self.draft = draft
    self.paths = paths
  }
}
