/// What a fetch of assets came to.
public struct FetchReport: Hashable, Sendable, Codable {
  /// Documents whose asset is here now and was not before.
  public var fetched: [String]
  /// Documents whose content was here already.
  public var alreadyHere: [String]
  /// Documents whose asset the remote does not hold; a folder's publisher was asked for it.
  public var missing: [String]
  /// Documents whose asset was let go of.
  public var dropped: [String]
  /// The bytes of what was fetched, or that became free.
  public var sizeInBytes: UInt64
  /// The bytes that travelled for it.
  public var transferredInBytes: UInt64

  public init(
    fetched: [String] = [], alreadyHere: [String] = [], missing: [String] = [], dropped: [String] = [],
    sizeInBytes: UInt64 = 0, transferredInBytes: UInt64 = 0
  ) {
    self.fetched = fetched
    self.alreadyHere = alreadyHere
    self.missing = missing
    self.dropped = dropped
    self.sizeInBytes = sizeInBytes
    self.transferredInBytes = transferredInBytes
  }
}
