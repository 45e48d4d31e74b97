/// Something that waits for a person to accept or decline it.
public struct ProposalReport: Hashable, Sendable, Codable {
  /// The document.
  public var path: String
  /// `edit` for a contributor's edit under review, `merge` for a merge that wants a look.
  public var kind: String
  /// The proposed revision's name; `nil` for a merge.
  public var revision: String?
  /// What an edit does: put, delete, move, resolve, resolve-deleted; `nil` for a merge.
  public var verb: String?
  /// Who; of a merge both sides, the one published first in front; empty where this copy keeps too little to know.
  public var by: [String]
  /// When, as claimed; empty where this copy keeps too little to know.
  public var time: String
  /// Why; of a merge the reason of the newer side.
  public var reason: String
  /// Whether this copy's own member made it.
  public var isOwn: Bool
  /// What it would change, where both contents are held.
  public var change: DocumentDiff?
  /// The same against each other side of a conflict that it settles and leaves something of out, where both are held:
  /// those words would go, though nobody sees them in what is shown.
  public var others: [DocumentDiff]
  /// The electronic signatures on it, in the log's order, those that were taken back included.
  public var signatures: [SignatureReport]

  public init(
    path: String, kind: String, revision: String?, verb: String?, by: [String], time: String, reason: String,
    isOwn: Bool, change: DocumentDiff?, others: [DocumentDiff] = [], signatures: [SignatureReport] = []
  ) {
    self.others = others
    self.signatures = signatures
    self.path = path
    self.kind = kind
    self.revision = revision
    self.verb = verb
    self.by = by
    self.time = time
    self.reason = reason
    self.isOwn = isOwn
    self.change = change
  }
}

/// What became of a proposal of this copy's own member.
public struct DecisionReport: Hashable, Sendable, Codable {
  /// The draft's mark.
  public var draft: String
  /// The documents it changes.
  public var paths: [String]
  /// `accepted` or `declined`; `decided` where this copy keeps too little to tell which.
  public var outcome: String
  /// Who decided; empty where this copy keeps too little to know.
  public var by: String
  /// Why; empty where this copy keeps too little to know.
  public var reason: String

  public init(draft: String, paths: [String], outcome: String, by: String, reason: String) {
    self.draft = draft
    self.paths = paths
    self.outcome = outcome
    self.by = by
    self.reason = reason
  }
}
