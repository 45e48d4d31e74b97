/// One change set in the log.
public struct LogEntry: Hashable, Sendable, Codable {
  /// Its place.
  public var number: UInt64
  /// The author's claimed time.
  public var time: String
  /// The name the signer goes by.
  public var by: String
  /// The signer's role then, where this copy can tell.
  public var role: String?
  /// The place that the signer belonged to, where one is known.
  public var site: String?
  /// The mark of the signer's key.
  public var member: String
  /// Who made it where it was imported from.
  public var author: String?
  /// When it was made there.
  public var claimedTime: String?
  /// Where it was imported from.
  public var source: String?
  /// Why.
  public var reason: String
  /// What allows or demands the redactions that it asks for.
  public var ground: String?
  /// How many revisions it has.
  public var lineCount: Int
  /// Those that this copy holds, at most 1,000.
  public var revisions: [Line]
  /// When it was made, as far as others vouch for it.
  public var times: ChangeTimes?

  public init(
    number: UInt64,
    time: String,
    by: String,
    role: String? = nil,
    site: String? = nil,
    member: String,
    author: String? = nil,
    claimedTime: String? = nil,
    source: String? = nil,
    reason: String,
    lineCount: Int,
    revisions: [Line],
    times: ChangeTimes? = nil
  ) {
    self.times = times
    self.number = number
    self.time = time
    self.by = by
    self.role = role
    self.site = site
    self.member = member
    self.author = author
    self.claimedTime = claimedTime
    self.source = source
    self.reason = reason
    self.lineCount = lineCount
    self.revisions = revisions
  }

  /// One revision of it.
  public struct Line: Hashable, Sendable, Codable {
    /// Its name.
    public var revision: String
    /// What it does.
    public var verb: String
    /// To which document.
    public var path: String
    /// The revision that it signs; `nil` for what is no signature.
    public var signs: String?

    public init(
      revision: String,
      verb: String,
      path: String,
      signs: String? = nil
    ) {
      self.signs = signs
      self.revision = revision
      self.verb = verb
      self.path = path
    }
  }
}
