/// What packing a copy came to.
public struct CompactReport: Hashable, Sendable, Codable {
  /// How many contents were packed.
  public var bodies: Int
  /// The size of the library's file before, in bytes.
  public var sizeBefore: UInt64
  /// Its size after.
  public var sizeAfter: UInt64

  public init(bodies: Int, sizeBefore: UInt64, sizeAfter: UInt64) {
    self.bodies = bodies
    self.sizeBefore = sizeBefore
    self.sizeAfter = sizeAfter
  }
}
