/// An edit that a merge set aside without asking.
public struct AutomaticChoice: Hashable, Sendable, Codable {
  /// The merge's name in the log.
  public var revision: String
  /// The document.
  public var path: String
  /// When it was merged.
  public var time: String
  /// The two revisions that were merged, the one published first in front.
  public var merged: [String]
  /// Who made them.
  public var by: [String]
  /// Where in the document; `nil` where the contents are not held and nobody can tell.
  public var place: String?
  /// The rule that chose.
  public var strategy: String?
  /// What stands there; `nil` where the part went.
  public var kept: String?
  /// What was set aside; `nil` where that side had removed the part.
  public var other: String?
  /// Which of the two revisions gave way.
  public var loser: String?
  /// Whether the contents are held, so that the choice could be told.
  public var isHeld: Bool

  public init(
    revision: String, path: String, time: String, merged: [String], by: [String], place: String? = nil,
    strategy: String? = nil, kept: String? = nil, other: String? = nil, loser: String? = nil, isHeld: Bool
  ) {
    self.revision = revision
    self.path = path
    self.time = time
    self.merged = merged
    self.by = by
    self.place = place
    self.strategy = strategy
    self.kept = kept
    self.other = other
    self.loser = loser
    self.isHeld = isHeld
  }
}
