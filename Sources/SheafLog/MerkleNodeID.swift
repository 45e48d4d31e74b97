/// The place of one perfect subtree in a log's tree: the leaves from
/// `index << level` up to, not including, `(index + 1) << level`.
///
/// Such a node never changes once its leaves exist, whatever the log grows to.
public struct MerkleNodeID: Hashable, Sendable {
  /// The height above the leaves; a leaf has level 0.
  public let level: Int
  /// The position among the subtrees of this level.
  public let index: UInt64

  /// Names the subtree number `index` of `level`.
  public init(level: Int, index: UInt64) {
    self.level = level
    self.index = index
  }

  /// The largest size a tree may have: 2⁶³ − 1, what foreign verifiers can count to.
  public static let largestTreeSize = UInt64(Int64.max)
}

extension UInt64 {
  /// The level of the largest power of two that is not above this number, which must not be 0.
  var highestBit: Int { UInt64.bitWidth - 1 - leadingZeroBitCount }

  /// RFC 6962's *k*: the largest power of two below this number, which must be 2 or more.
  var merkleSplit: UInt64 { 1 << UInt64((self - 1).highestBit) }
}
