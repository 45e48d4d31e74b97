/// One document in a list of conflicts.
public struct ConflictSummary: Hashable, Sendable, Codable {
  /// The document.
  public var path: String
  /// `blocked` when a person must choose, `look` when there is a value to confirm, `merged` for a document whose
  /// newest revision the sequencer merged by itself.
  public var severity: String
  /// How many parts clash; 0 for a merged one.
  public var parts: Int
  /// Where the first part is.
  public var place: String
  /// Who made the heads, the one published first in front; empty where this copy keeps too little to know.
  public var by: [String]
  /// Which of the heads delete the document.
  public var deletions: [Bool]
  /// When the newest head was made, as claimed; empty where this copy keeps too little to know.
  public var time: String

  public init(
    path: String,
    severity: String,
    parts: Int,
    place: String,
    by: [String],
    deletions: [Bool],
    time: String
  ) {
    self.path = path
    self.severity = severity
    self.parts = parts
    self.place = place
    self.by = by
    self.deletions = deletions
    self.time = time
  }
}
