import Foundation
import SheafBundle
import SheafModel

/// What a bundle's file is held to before it is received whole.
package enum DownloadCheck {
  /// How many of a bundle's first bytes hold its header, as a rule; one with more collections is refused above
  /// `Limits.bundleBytes`.
  package static let startSizeInBytes = PullPreview.prefixSizeInBytes

  /// Refuses a size that no bundle has.
  ///
  /// - Throws: `RemoteError.tooMuch`.
  package static func check(sizeInBytes: UInt64, address: String) throws {
    guard sizeInBytes <= Limits.assetBundleBytes else { throw RemoteError.tooMuch(address: address) }
  }

  /// Refuses a bundle above the limit unless its own header says that it unpacks to as much.
  ///
  /// - Parameter start: Its first `startSizeInBytes` bytes.
  /// - Throws: `RemoteError.tooMuch`.
  package static func check(sizeInBytes: UInt64, start: [UInt8], address: String) throws {
    try check(sizeInBytes: sizeInBytes, address: address)
    guard sizeInBytes > Limits.bundleBytes else { return }
    guard let header = header(start), sizeInBytes - Limits.bundleBytes <= header.unpackedSizeInBytes else {
      throw RemoteError.tooMuch(address: address)
    }
  }

  /// The log size that a bundle leads to, as its own header says.
  ///
  /// - Parameter start: Its first `startSizeInBytes` bytes.
  /// - Returns: `nil` where they hold no whole header, about which whoever applies the bundle decides.
  package static func end(start: [UInt8]) -> UInt64? { header(start)?.to }

  private static func header(_ start: [UInt8]) -> BundleHeader? {
    var rest = start[...]
    return try? BundleReader { count in
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }.readHeader()
  }

  /// Refuses a transfer that the disk has no room for.
  ///
  /// - Parameters:
  ///   - missing: The bytes that are still to come.
  ///   - whole: The bytes of the whole, which are then stored.
  ///   - free: What the disk has; `nil` where nobody can say.
  /// - Throws: `DiskTooSmall`.
  package static func checkRoom(missing: UInt64, whole: UInt64, in folder: URL, free: UInt64?) throws {
    try DiskSpace.check(missing: missing, whole: whole, at: folder.path, free: free)
  }

  /// The free bytes where a folder is or will be; `nil` when nobody can say.
  package static func freeSpace(in folder: URL) -> UInt64? { DiskSpace.free(at: folder) }
}
