import SheafBundle

/// What a sync would cost.
public struct SyncPlan: Hashable, Sendable, Codable {
  /// The remote's address.
  public var remote: String
  /// The position now.
  public var from: UInt64
  /// The remote's position.
  public var to: UInt64
  /// What of the bundles is still to be received, exactly.
  public var downloadInBytes: UInt64
  /// How much content they unpack to.
  public var unpackedInBytes: UInt64
  /// Change sets; 0 in a `heads` copy, which gets none.
  public var changeSets: UInt64
  /// Revisions or changed documents.
  public var revisions: UInt64
  /// At most so many contents.
  public var contents: UInt64
  /// The most that the library's disk needs: what is received, and what it unpacks to.
  public var diskInBytes: UInt64
  /// What is free there; `nil` where the system does not say.
  public var freeInBytes: UInt64?
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
    changeSets: UInt64 = 0,
    revisions: UInt64,
    contents: UInt64 = 0,
    diskInBytes: UInt64 = 0,
    freeInBytes: UInt64? = nil,
    drafts: Int,
    uploadInBytes: UInt64
  ) {
    self.remote = remote
    self.from = from
    self.to = to
    self.downloadInBytes = downloadInBytes
    self.unpackedInBytes = unpackedInBytes
    self.changeSets = changeSets
    self.revisions = revisions
    self.contents = contents
    self.diskInBytes = diskInBytes
    self.freeInBytes = freeInBytes
    self.drafts = drafts
    self.uploadInBytes = uploadInBytes
  }

  /// Counts one more bundle.
  ///
  /// - Parameters:
  ///   - downloadInBytes: What of it is still to be received.
  ///   - sizeInBytes: Its whole size.
  mutating func add(_ header: BundleHeader, downloadInBytes: UInt64, sizeInBytes: UInt64) {
    func sum(_ one: UInt64, _ other: UInt64) -> UInt64 {
      let (sum, isTooLarge) = one.addingReportingOverflow(other)
      return isTooLarge ? .max : sum
    }
    self.downloadInBytes = sum(self.downloadInBytes, downloadInBytes)
    unpackedInBytes = sum(unpackedInBytes, header.unpackedSizeInBytes)
    changeSets = sum(changeSets, header.changeSetCount)
    revisions = sum(revisions, header.revisionCount)
    contents = sum(contents, header.bodyCount)
    diskInBytes = sum(diskInBytes, sum(sizeInBytes, header.unpackedSizeInBytes))
  }
}
