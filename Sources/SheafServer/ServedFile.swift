import Foundation
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open file that is being sent; it outlives the removal of its name.
///
/// Reads happen on NIO's blocking threads, never on the cooperative pool or an event loop.
final class ServedFile: Sendable {
  private let descriptor: CInt

  /// How much is read and handed on at a time; also what a slow reader holds in memory.
  static let chunkSizeInBytes = 64 << 10

  private init(descriptor: CInt) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Opens a file of exactly `size` bytes.
  ///
  /// - Throws: `ServedFileError` when it can't be opened or has another size.
  static func open(_ url: URL, size: UInt64) async throws -> ServedFile {
    try await NIOThreadPool.singleton.runIfActive {
      let descriptor = Self.openDescriptor(url.path)
      guard descriptor >= 0 else { throw ServedFileError() }
      let file = ServedFile(descriptor: descriptor)
      guard lseek(descriptor, 0, SEEK_END) == off_t(clamping: size) else { throw ServedFileError() }
      return file
    }
  }

  /// Reads at most a chunk from `range`, at least one byte.
  func read(_ range: Range<UInt64>) async throws -> ByteBuffer {
    try await NIOThreadPool.singleton.runIfActive { [descriptor] in
      let wanted = Int(min(UInt64(Self.chunkSizeInBytes), range.upperBound - range.lowerBound))
      var buffer = ByteBufferAllocator().buffer(capacity: wanted)
      let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { bytes in
        while true {
          let count = pread(descriptor, bytes.baseAddress, wanted, off_t(clamping: range.lowerBound))
          if count > 0 { return count }
          if count < 0, errno == EINTR { continue }
          throw ServedFileError()
        }
      }
      return buffer.getSlice(at: buffer.readerIndex, length: count) ?? buffer
    }
  }

  /// The bytes of a range that is no longer than a chunk, behind others: an answer that leaves in one write.
  ///
  /// - Returns: `nil` when the range is longer.
  func small(_ range: Range<UInt64>, after before: [UInt8]) async throws -> [UInt8]? {
    guard range.upperBound - range.lowerBound <= UInt64(Self.chunkSizeInBytes) else { return nil }
    var bytes = before
    var at = range.lowerBound
    while at < range.upperBound {
      let some = try await read(at..<range.upperBound)
      bytes.append(contentsOf: some.readableBytesView)
      at += UInt64(some.readableBytes)
    }
    return bytes
  }

  private static func openDescriptor(_ path: String) -> CInt {
    #if canImport(Darwin)
      Darwin.open(path, O_RDONLY | O_CLOEXEC)
    #elseif canImport(Musl)
      Musl.open(path, O_RDONLY | O_CLOEXEC)
    #else
      Glibc.open(path, O_RDONLY | O_CLOEXEC)
    #endif
  }
}

/// A file can't be opened, or ends before its size.
struct ServedFileError: Error {}
