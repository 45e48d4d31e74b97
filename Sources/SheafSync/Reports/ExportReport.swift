/// What an export wrote.
public struct ExportReport: Hashable, Sendable, Codable {
  /// Where.
  public var folder: String
  /// The log size that was exported.
  public var size: UInt64
  /// Files written.
  public var documents: Int
  /// Bytes written.
  public var sizeInBytes: UInt64
  /// Documents in conflict, written as everybody sees them.
  public var conflicts: [String]
  /// Contents that were left out because they are redacted, each in a sentence.
  public var redacted: [String] = []

  public init(
    folder: String,
    size: UInt64,
    documents: Int,
    sizeInBytes: UInt64,
    conflicts: [String]
  ) {
    self.folder = folder
    self.size = size
    self.documents = documents
    self.sizeInBytes = sizeInBytes
    self.conflicts = conflicts
  }
}
