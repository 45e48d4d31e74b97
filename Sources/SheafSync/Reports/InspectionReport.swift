/// What a copy for inspection holds.
public struct InspectionReport: Hashable, Sendable, Codable {
  /// The folder.
  public var folder: String
  /// The checkpoint it was made at.
  public var size: UInt64
  /// Current documents.
  public var documents: Int
  /// Contents of revisions, each once.
  public var contents: Int
  /// Contents that this copy does not hold, or that are assets of earlier revisions.
  public var absentContents: Int
  /// Change sets of which something does not hold.
  public var unverified: [UInt64]

  public init(
    folder: String, size: UInt64, documents: Int, contents: Int, absentContents: Int, unverified: [UInt64]
  ) {
    self.folder = folder
    self.size = size
    self.documents = documents
    self.contents = contents
    self.absentContents = absentContents
    self.unverified = unverified
  }
}
