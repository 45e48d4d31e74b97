/// Which content is an asset: kept and sent in chunks, never held whole (`Schemas/assets.md`).
///
/// A question of the bytes alone, so that every copy answers it alike whatever the paths are.
public enum AssetRule {
  /// Content up to this many bytes never is one.
  public static let smallestInBytes: UInt64 = 1 << 20
  /// How many of the first bytes tell text from other content.
  public static let startSizeInBytes = 8 << 10

  /// Whether content is an asset: it is no text and larger than 1 MiB, or larger than a document may be.
  ///
  /// - Parameter start: Its first `startSizeInBytes` bytes, or all when there are fewer; more are passed over.
  public static func isAsset(sizeInBytes: UInt64, start: some Collection<UInt8>) -> Bool {
    guard sizeInBytes > smallestInBytes else { return false }
    return sizeInBytes > UInt64(Limits.document) || !isText(Array(start.prefix(startSizeInBytes)))
  }

  private static func isText(_ start: [UInt8]) -> Bool {
    guard !start.contains(0) else { return false }
    // A character may be cut in two where the start ends; it has at most four bytes.
    guard let invalid = UTF8Text.firstInvalidOffset(in: start) else { return true }
    return start.count == startSizeInBytes && invalid > start.count - 4
  }
}
