/// What an import added.
public struct ImportReport: Hashable, Sendable, Codable {
  /// Change sets made now.
  public var changeSets: Int
  /// Revisions in them.
  public var revisions: Int
  /// Commits that an earlier import had taken.
  public var alreadyThere: Int
  /// The log's size now.
  public var size: UInt64
  /// Documents taken as they are though a rule speaks against them, at most 100.
  public var warnings: [String]

  public init(
    changeSets: Int,
    revisions: Int,
    alreadyThere: Int,
    size: UInt64,
    warnings: [String]
  ) {
    self.changeSets = changeSets
    self.revisions = revisions
    self.alreadyThere = alreadyThere
    self.size = size
    self.warnings = warnings
  }
}
