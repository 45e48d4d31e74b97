/// What a sync would cost.
public struct SyncPlan: Hashable, Sendable, Codable {
  /// The remote's address.
  public var remote: String
  /// The position now.
  public var from: UInt64
  /// The remote's position.
  public var to: UInt64
  /// The bundle's exact size.
  public var downloadInBytes: UInt64
  /// How much content it unpacks to.
  public var unpackedInBytes: UInt64
  /// Revisions or changed documents.
  public var revisions: UInt64
  /// Drafts to hand over.
  public var drafts: Int
  /// The drafts bundle's size.
  public var uploadInBytes: UInt64

  public init(
    remote: String,
    from: UInt64,
    to: UInt64,
    downloadInBytes: UInt64,
    unpackedInBytes: UInt64,
    revisions: UInt64,
    drafts: Int,
    uploadInBytes: UInt64
  ) {
    self.remote = remote
    self.from = from
    self.to = to
    self.downloadInBytes = downloadInBytes
    self.unpackedInBytes = unpackedInBytes
    self.revisions = revisions
    self.drafts = drafts
    self.uploadInBytes = uploadInBytes
  }
}
