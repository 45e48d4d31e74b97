/// A revision in which one part of a document changed.
public struct PartChange: Hashable, Sendable, Codable {
  /// The revision's name.
  public var revision: String
  /// What it did.
  public var verb: String
  /// The path it stands under.
  public var path: String
  /// The author's claimed time, RFC 3339.
  public var time: String
  /// Who signed it: the name, the role then, and the key's mark.
  public var by: String
  public var role: String?
  public var member: String
  /// Who made it where it was imported from.
  public var author: String?
  /// When it was made there.
  public var claimedTime: String?
  /// Why.
  public var reason: String
  /// What stood there, a value as JSON or text; `nil` for nothing.
  public var before: String?
  /// What stands there since; `nil` for nothing.
  public var after: String?
  /// For a merge: the revisions it took this value from.
  public var takenFrom: [String]
  /// That its content was destroyed, by whom and why: what the part said is not known; `nil` when it was not.
  public var redacted: RedactedRevision?

  public init(
    revision: String, verb: String, path: String, time: String, by: String, role: String?, member: String,
    author: String?, claimedTime: String?, reason: String, before: String?, after: String?,
    takenFrom: [String]
  ) {
    self.revision = revision
    self.verb = verb
    self.path = path
    self.time = time
    self.by = by
    self.role = role
    self.member = member
    self.author = author
    self.claimedTime = claimedTime
    self.reason = reason
    self.before = before
    self.after = after
    self.takenFrom = takenFrom
  }
}
