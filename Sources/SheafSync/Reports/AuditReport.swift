/// What an audit wrote and found.
public struct AuditReport: Hashable, Sendable, Codable {
  /// The file.
  public var file: String
  /// `html`, `csv`, `ndjson` or `fhir`.
  public var format: String
  /// The first change set of the period; 0 with `to` 0 for none.
  public var from: UInt64
  /// The last.
  public var to: UInt64
  /// The newest signed checkpoint; 0 when there is none.
  public var checkpoint: UInt64
  /// Change sets told.
  public var changeSets: Int
  /// Revisions told.
  public var revisions: Int
  /// Changed parts told.
  public var parts: Int
  /// Revisions that could not be told because a content was destroyed by two people.
  public var redacted: Int
  /// Revisions whose content could not be told for another reason: not held here, or an asset.
  public var untold: Int
  /// Change sets of which something does not hold.
  public var unverified: [UInt64]
  /// Change sets whose author claims a time before what the author had seen.
  public var backdated: [UInt64]
  /// The file's size.
  public var sizeInBytes: UInt64

  public init(
    file: String, format: String, from: UInt64, to: UInt64, checkpoint: UInt64, changeSets: Int,
    revisions: Int,
    parts: Int, redacted: Int, untold: Int, unverified: [UInt64], backdated: [UInt64], sizeInBytes: UInt64
  ) {
    self.file = file
    self.format = format
    self.from = from
    self.to = to
    self.checkpoint = checkpoint
    self.changeSets = changeSets
    self.revisions = revisions
    self.parts = parts
    self.redacted = redacted
    self.untold = untold
    self.unverified = unverified
    self.backdated = backdated
    self.sizeInBytes = sizeInBytes
  }
}
