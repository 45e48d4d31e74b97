import Foundation
import SheafModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open folder on a disk that nobody vouches for.
///
/// Names are single path segments chosen by this program, and no symbolic link below the
/// root is followed, so that nothing a stick holds can lead a read or a write elsewhere.
/// Files are replaced whole: a temporary name, forced to the disk, renamed.
final class FolderHandle {
  private static let temporarySuffix = ".new"
  private let descriptor: Int32
  private let address: String

  /// Opens the root, which a person named.
  ///
  /// - Throws: `RemoteError.unreachable` when it is no folder that can be read.
  init(root: URL) throws {
    address = root.path
    descriptor = open(root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw RemoteError.unreachable(address: root.path, detail: Self.lastError) }
  }

  private init(descriptor: Int32, address: String) {
    self.descriptor = descriptor
    self.address = address
  }

  deinit { close(descriptor) }

  /// A folder in this one; `nil` when it is not there and is not to be made.
  ///
  /// - Throws: `RemoteError` when something else has its name, or it can't be made.
  func folder(_ name: String, isMade: Bool) throws -> FolderHandle? {
    if isMade, mkdirat(descriptor, name, 0o755) != 0, errno != EEXIST { throw unwritable(name) }
    let inner = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard inner >= 0 else {
      if errno == ENOENT { return nil }
      throw RemoteError.notSheaf(address: address, detail: "\(name): \(Self.lastError)")
    }
    return FolderHandle(descriptor: inner, address: address)
  }

  /// Names in the folder that `isWanted` takes, in byte order; at most `limit`, so that no stick fills memory.
  func names(limit: Int, where isWanted: (String) -> Bool) throws -> [String] {
    // A second descriptor, because reading moves its place and closing the stream closes it.
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else {
      if copy >= 0 { close(copy) }
      throw interrupted("listing")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while names.count < limit, let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if isWanted(name) { names.append(name) }
    }
    return names.sorted()
  }

  /// The same, those whose files were written last first.
  func newestNames(limit: Int, where isWanted: (String) -> Bool) throws -> [String] {
    let dated = try names(limit: limit, where: isWanted).map { name in
      var info = stat()
      let isThere = fstatat(descriptor, name, &info, AT_SYMLINK_NOFOLLOW) == 0
      #if canImport(Darwin)
        return (isThere ? info.st_mtimespec.tv_sec : 0, name)
      #else
        return (isThere ? info.st_mtim.tv_sec : 0, name)
      #endif
    }
    return dated.sorted { ($1.0, $0.1) < ($0.0, $1.1) }.map(\.1)
  }

  /// A regular file's whole content; `nil` when it is not there.
  ///
  /// - Throws: `RemoteError.tooMuch` when it has more than `maximum` bytes, without reading them.
  func read(_ name: String, maximum: UInt64) throws -> [UInt8]? {
    guard let file = try file(name) else { return nil }
    guard file.sizeInBytes <= maximum else { throw RemoteError.tooMuch(address: "\(address)/\(name)") }
    var bytes: [UInt8] = []
    while true {
      let some = try file.read(at: UInt64(bytes.count), count: 1 << 20)
      guard !some.isEmpty else { return bytes }
      bytes += some
      // A file that grows while it is read must not outgrow its limit.
      guard UInt64(bytes.count) <= maximum else { throw RemoteError.tooMuch(address: "\(address)/\(name)") }
    }
  }

  /// A regular file, open for reading; `nil` when there is none of this name.
  func file(_ name: String) throws -> FolderFile? {
    let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT || errno == ELOOP { return nil }
      throw interrupted(name)
    }
    return FolderFile(descriptor: file, address: "\(address)/\(name)")
  }

  /// Replaces a file, so that a disk pulled out at any moment holds the old or the new one.
  func write(_ bytes: [UInt8], to name: String) throws {
    try write(to: name) { append in try append(bytes) }
  }

  /// Replaces a file with what `body` appends.
  func write(to name: String, _ body: (_ append: ([UInt8]) throws -> Void) throws -> Void) throws {
    let temporary = name + Self.temporarySuffix
    // Whatever has the temporary name is a leftover, or a link that must not be followed.
    unlinkat(descriptor, temporary, 0)
    let file = openat(descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw unwritable(name) }
    do {
      defer { close(file) }
      try body { bytes in
        guard OpenFile.write(bytes, to: file) else { throw unwritable(name) }
      }
      guard fsync(file) == 0 else { throw unwritable(name) }
    } catch {
      unlinkat(descriptor, temporary, 0)
      throw error
    }
    guard renameat(descriptor, temporary, descriptor, name) == 0 else {
      let error = unwritable(name)
      unlinkat(descriptor, temporary, 0)
      throw error
    }
    fsync(descriptor)
  }

  /// Takes a file away; one that is not there is fine.
  func remove(_ name: String) throws {
    guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else { throw unwritable(name) }
  }

  /// Takes away what an interrupted write left behind.
  func removeLeftovers() throws {
    for name in try names(limit: 10_000, where: { $0.hasSuffix(Self.temporarySuffix) }) { try remove(name) }
  }

  private func unwritable(_ name: String) -> RemoteError {
    let code = errno
    if code == ENOSPC || code == EDQUOT {
      return .full(address: address, detail: "it is full; free some space on it")
    }
    if code == EFBIG { return .fileTooLarge(address: address, file: name) }
    let detail =
      switch code {
      case EROFS: "it is read-only; unlock it or use another"
      case EACCES, EPERM: "\(name) can't be written; check its permissions"
      default: "\(name) can't be written: \(String(cString: strerror(code)))"
      }
    return code == EIO || code == ENODEV || code == ENXIO
      ? .interrupted(address: address, detail: detail) : .refused(address: address, detail: detail)
  }

  private func interrupted(_ what: String) -> RemoteError {
    .interrupted(address: address, detail: "\(what): \(Self.lastError)")
  }

  private static var lastError: String { String(cString: strerror(errno)) }
}

/// A regular file in a folder that nobody vouches for.
final class FolderFile {
  private let descriptor: Int32
  private let address: String
  /// Its size when it was opened.
  let sizeInBytes: UInt64

  /// Takes an open file; `nil` when it is no regular one.
  fileprivate init?(descriptor: Int32, address: String) {
    var info = stat()
    guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
    self.address = address
    sizeInBytes = UInt64(clamping: info.st_size)
  }

  /// Opens a file that this program made.
  convenience init?(own file: URL) {
    let descriptor = open(file.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    self.init(descriptor: descriptor, address: file.path)
  }

  deinit { close(descriptor) }

  /// The same file, read from the disk and not from memory, where the system can be asked for that.
  func uncached() -> FolderFile {
    #if canImport(Glibc)
      posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    #endif
    return self
  }

  /// Up to `count` bytes from `offset`; none at the end.
  func read(at offset: UInt64, count: Int) throws -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var got = -1
      repeat {
        got = pread(descriptor, buffer.baseAddress, count, off_t(clamping: offset))
      } while got < 0
        && errno == EINTR
      if got < 0 { failure = errno }
      filled = max(0, got)
    }
    guard failure == 0 else {
      throw RemoteError.interrupted(address: address, detail: String(cString: strerror(failure)))
    }
    return bytes
  }
}
