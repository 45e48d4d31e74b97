import Foundation
import SheafModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Copies a bundle into the folder where a replica receives, going on where an earlier copy stopped.
///
/// The part is named by a key that fixes the bundle's bytes. One that is wrong all the
/// same is found out by verification, whose failure makes the caller remove the file.
struct BundleTransfer {
  private static let pieceSizeInBytes = 1 << 18
  /// The replica's own folder for this remote.
  let folder: URL
  /// Names the bundle: hexadecimal digits.
  let key: String
  /// The remote's address, for errors.
  let address: String

  /// Copies `source`, or what is missing of it.
  ///
  /// - Parameters:
  ///   - allowance: The most bytes to carry now; a test's cut line.
  ///   - carried: Told how many bytes each piece had.
  /// - Returns: The whole file and how many bytes travelled for it now.
  /// - Throws: `RemoteError.interrupted` with the part kept.
  func copy(
    _ source: FolderFile, allowance: UInt64? = nil, carried: (UInt64) -> Void = { _ in },
    progress: TransferProgress
  ) throws -> (file: URL, transferredInBytes: UInt64) {
    let total = source.sizeInBytes
    try DownloadCheck.check(sizeInBytes: total, address: address)
    let manager = FileManager.default
    try manager.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let whole = folder.appending(path: key + ".sheaf")
    let part = folder.appending(path: key + ".part")
    try removeOthers(than: [whole.lastPathComponent, part.lastPathComponent])
    if FolderFile(own: whole)?.sizeInBytes == total { return (whole, 0) }

    let descriptor = open(part.path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure }
    defer { close(descriptor) }
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else { throw failure }
    var size = UInt64(end)
    if size > total {
      guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw failure }
      size = 0
    }
    try DiskSpace.check(
      missing: total - size, whole: total, at: folder.path, free: DiskSpace.free(at: folder))
    var transferred: UInt64 = 0
    while size < total {
      let left = min(UInt64(Self.pieceSizeInBytes), total - size, (allowance ?? .max) - transferred)
      guard left > 0 else { throw RemoteError.interrupted(address: address, detail: "the line was cut") }
      let bytes = try source.read(at: size, count: Int(left))
      guard !bytes.isEmpty else {
        throw RemoteError.interrupted(address: address, detail: "the bundle ends too early")
      }
      guard OpenFile.write(bytes, to: descriptor) else { throw failure }
      size += UInt64(bytes.count)
      transferred += UInt64(bytes.count)
      carried(UInt64(bytes.count))
      progress(size, total)
    }
    try manager.replaceOrMove(part, to: whole)
    return (whole, transferred)
  }

  // Parts of bundles that nobody asks for any more.
  private func removeOthers(than kept: Set<String>) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where !kept.contains(name) {
      try? FileManager.default.removeItem(at: folder.appending(path: name))
    }
  }

  private var failure: KeyError {
    .unwritable(folder.path, reason: String(cString: strerror(errno)))
  }
}
