import Foundation
import SheafModel
import SheafStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A bundle's file, read front to back in pieces.
final class BundleSource {
  private let descriptor: Int32
  /// The file's size in bytes.
  let sizeInBytes: UInt64

  /// Opens a file.
  ///
  /// - Throws: `UnreadableBundle`, or `RemoteError.tooMuch` when it is larger than a bundle may be.
  init(_ file: URL) throws {
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    var info = stat()
    guard descriptor >= 0, fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
      if descriptor >= 0 { close(descriptor) }
      throw UnreadableBundle(file: file.path)
    }
    guard info.st_size <= Int64(clamping: Limits.assetBundleBytes) else {
      close(descriptor)
      throw RemoteError.tooMuch(address: file.path)
    }
    self.descriptor = descriptor
    sizeInBytes = UInt64(clamping: info.st_size)
  }

  deinit { close(descriptor) }

  /// Up to `count` bytes; none at the end.
  func read(_ count: Int) throws -> [UInt8] {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      #if canImport(Glibc)
        let got = Glibc.read(descriptor, buffer.baseAddress, count)
      #else
        let got = Darwin.read(descriptor, buffer.baseAddress, count)
      #endif
      failed = got < 0
      filled = max(0, got)
    }
    if failed {
      throw RemoteError.interrupted(address: "the bundle's file", detail: String(cString: strerror(errno)))
    }
    return bytes
  }
}

/// There is no bundle's file, or it can't be read. Nothing was changed.
public struct UnreadableBundle: SheafFailure, Equatable {
  public let file: String
  public var problem: String { "there is no file \(file) that can be read" }
  public var hint: String? { "Check the file's name; a bundle's ends in .sheaf." }
}

/// A bundle's file being written; hashed as it goes.
final class BundleSink {
  private let file: URL
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var hasher = SHA256Hash.Hasher()
  private(set) var sizeInBytes: UInt64 = 0

  /// Makes or replaces a file.
  ///
  /// - Parameter mode: Who may read it. Only its owner, unless somebody is to hand it on: the server asks members
  ///   who they are, and a file system would ask nobody.
  init(_ file: URL, mode: mode_t = 0o600) throws {
    self.file = file
    descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      throw KeyError.unwritable(file.path, reason: String(cString: strerror(errno)))
    }
    buffer.reserveCapacity(1 << 16)
  }

  deinit { close(descriptor) }

  /// Adds bytes.
  func write(_ bytes: UnsafeRawBufferPointer) throws {
    hasher.update(bytes)
    sizeInBytes += UInt64(bytes.count)
    buffer.append(contentsOf: bytes)
    if buffer.count >= 1 << 16 { try flush() }
  }

  /// Writes out what is left and forces it to the disk.
  ///
  /// - Returns: The hash of all bytes.
  func finish() throws -> SHA256Hash {
    try flush()
    guard fsync(descriptor) == 0 else { throw failure }
    return hasher.finalize()
  }

  private func flush() throws {
    guard OpenFile.write(buffer, to: descriptor) else { throw failure }
    buffer.removeAll(keepingCapacity: true)
  }

  private var failure: any Error {
    let code = errno
    return StoreError.ofWriting(code)
      ?? KeyError.unwritable(file.path, reason: String(cString: strerror(code)))
  }
}
