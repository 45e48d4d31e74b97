/// A document whose heads could not be merged, with the parts that clash.
public struct ConflictReport: Hashable, Sendable, Codable {
  /// The document.
  public var path: String
  /// Its media type.
  public var mediaType: String
  /// `look` when there is a value to confirm, `blocked` when a person must choose.
  public var severity: String
  /// The heads, the one published first in front.
  public var sides: [Side]
  /// The parts that clash, in the order of the document; everything else is merged.
  public var parts: [Part]

  public init(
    path: String,
    mediaType: String,
    severity: String,
    sides: [Side],
    parts: [Part]
  ) {
    self.path = path
    self.mediaType = mediaType
    self.severity = severity
    self.sides = sides
    self.parts = parts
  }

  /// One head.
  public struct Side: Hashable, Sendable, Codable {
    /// Its name, where this copy knows it.
    public var revision: String?
    /// Who; empty where this copy keeps too little to know.
    public var by: String
    /// When, as claimed; empty where this copy keeps too little to know.
    public var time: String
    /// Why; empty where this copy keeps too little to know.
    public var reason: String
    /// Whether it deletes the document.
    public var isDeletion: Bool

    public init(
      revision: String? = nil,
      by: String,
      time: String,
      reason: String,
      isDeletion: Bool
    ) {
      self.revision = revision
      self.by = by
      self.time = time
      self.reason = reason
      self.isDeletion = isDeletion
    }
  }

  /// A part that clashes.
  public struct Part: Hashable, Sendable, Codable {
    /// Its number, from 1.
    public var number: Int
    /// Where: `document`, a JSON pointer, or `lines 3-5`.
    public var place: String
    /// Why a person is asked.
    public var reason: String
    /// Before; `nil` for nothing.
    public var base: String?
    /// The first head's.
    public var ours: String?
    /// The other's.
    public var theirs: String?
    /// What the merge proposes; `nil` for nothing, or that the part goes.
    public var proposed: String?
    /// Whether something is proposed.
    public var isProposed: Bool
    /// Whether ours followed by theirs can stand there.
    public var canTakeBoth: Bool

    public init(
      number: Int,
      place: String,
      reason: String,
      base: String? = nil,
      ours: String? = nil,
      theirs: String? = nil,
      proposed: String? = nil,
      isProposed: Bool,
      canTakeBoth: Bool
    ) {
      self.number = number
      self.place = place
      self.reason = reason
      self.base = base
      self.ours = ours
      self.theirs = theirs
      self.proposed = proposed
      self.isProposed = isProposed
      self.canTakeBoth = canTakeBoth
    }
  }
}
