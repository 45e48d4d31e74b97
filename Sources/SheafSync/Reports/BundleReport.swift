/// A bundle that was made.
public struct BundleReport: Hashable, Sendable, Codable {
  /// Where it lies.
  public var file: String
  /// From this size.
  public var from: UInt64
  /// To this size.
  public var to: UInt64
  /// The depth.
  public var mode: String
  /// The whole file.
  public var sizeInBytes: UInt64
  /// The part that carries content.
  public var bodiesInBytes: UInt64
  /// Change sets in it.
  public var changeSets: UInt64
  /// Revisions or changed documents.
  public var revisions: UInt64
  /// Contents.
  public var bodies: UInt64
  /// Content, unpacked.
  public var unpackedInBytes: UInt64

  public init(
    file: String,
    from: UInt64,
    to: UInt64,
    mode: String,
    sizeInBytes: UInt64,
    bodiesInBytes: UInt64,
    changeSets: UInt64,
    revisions: UInt64,
    bodies: UInt64,
    unpackedInBytes: UInt64
  ) {
    self.file = file
    self.from = from
    self.to = to
    self.mode = mode
    self.sizeInBytes = sizeInBytes
    self.bodiesInBytes = bodiesInBytes
    self.changeSets = changeSets
    self.revisions = revisions
    self.bodies = bodies
    self.unpackedInBytes = unpackedInBytes
  }
}
