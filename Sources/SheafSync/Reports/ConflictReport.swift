/// A document whose heads could not be merged.
public struct ConflictReport: Hashable, Sendable, Codable {
  /// The document.
  public var path: String
  /// Its media type.
  public var mediaType: String
  /// The heads, the one published first (which everybody sees) in front.
  public var sides: [Side]
  /// The parts that clash.
  public var parts: [Part]

  public init(
    path: String,
    mediaType: String,
    sides: [Side],
    parts: [Part]
  ) {
    self.path = path
    self.mediaType = mediaType
    self.sides = sides
    self.parts = parts
  }

  /// One head.
  public struct Side: Hashable, Sendable, Codable {
    /// Its name, where this copy knows it.
    public var revision: String?
    /// Who.
    public var by: String
    /// When, as claimed.
    public var time: String
    /// Why.
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
    /// Where: `document`, a JSON pointer, or `lines 3-5`.
    public var place: String
    /// Before; `nil` for nothing.
    public var base: String?
    /// The first head's.
    public var ours: String?
    /// The other's.
    public var theirs: String?

    public init(
      place: String,
      base: String? = nil,
      ours: String? = nil,
      theirs: String? = nil
    ) {
      self.place = place
      self.base = base
      self.ours = ours
      self.theirs = theirs
    }
  }
}
