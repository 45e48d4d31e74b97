import Foundation
import SheafModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A small file that only its owner may read.
enum SecretFile {
  private static let longest = 16 << 10

  /// Reads a file; `nil` when there is none.
  ///
  /// - Throws: `SecretError` when it can't be read or is larger than 16 KiB.
  static func read(_ file: URL) throws(SecretError) -> String? {
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw SecretError(file: file.path, detail: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: longest + 1)
    var size = 0
    while size < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        #if canImport(Glibc)
          Glibc.read(descriptor, buffer.baseAddress?.advanced(by: size), buffer.count - size)
        #else
          Darwin.read(descriptor, buffer.baseAddress?.advanced(by: size), buffer.count - size)
        #endif
      }
      if count < 0 { throw SecretError(file: file.path, detail: String(cString: strerror(errno))) }
      if count == 0 { break }
      size += count
    }
    guard size <= longest else { throw SecretError(file: file.path, detail: "it is larger than 16 KiB") }
    return String(decoding: bytes.prefix(size), as: UTF8.self)
  }

  /// Writes a file with mode 0600, whole or not at all.
  static func write(_ text: String, to file: URL) throws(SecretError) {
    let temporary = file.path + ".new"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw SecretError(file: file.path, detail: String(cString: strerror(errno)))
    }
    let bytes = Array(text.utf8)
    #if canImport(Glibc)
      let count = Glibc.write(descriptor, bytes, bytes.count)
    #else
      let count = Darwin.write(descriptor, bytes, bytes.count)
    #endif
    let isWritten = count == bytes.count && fsync(descriptor) == 0
    let failure = errno
    close(descriptor)
    guard isWritten, rename(temporary, file.path) == 0 else {
      unlink(temporary)
      throw SecretError(file: file.path, detail: String(cString: strerror(failure)))
    }
  }
}

/// A file of secrets can't be read or written. Nothing was changed.
struct SecretError: SheafFailure, Equatable {
  let file: String
  let detail: String
  var problem: String { "\(file) can't be used: \(detail)" }
}
