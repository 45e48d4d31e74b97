import Foundation
import NIOPosix
import SheafModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A download on its way: `KEY.part`, and beside it `KEY.json` with what identifies the whole.
///
/// The part only ever holds a prefix of the bundle that its sidecar names, so a later
/// call, or a later run of the program, goes on where it ends. A whole one keeps its name and
/// its sidecar until whoever asked for it has made use of it and removes both: what could not be
/// stored this time is not received again. All file work happens on NIO's blocking threads,
/// never on the cooperative pool.
actor PartFile: Transfer {
  /// What the part is a part of.
  struct Whole: Codable, Sendable, Equatable {
    /// The server's strong entity tag, with its quotes.
    var tag: String
    /// The whole size in bytes.
    var sizeInBytes: UInt64
    /// The log size the bundle leads to, where the server said so.
    var to: UInt64?
  }

  let folder: URL
  private let part: URL
  private let sidecar: URL
  private var file: OpenFile?
  /// What the held bytes belong to; `nil` when nothing usable is held.
  private(set) var whole: Whole?
  /// How many bytes are held.
  private(set) var offset: UInt64 = 0
  private var hasher = SHA256Hash.Hasher()
  private var unsynced = 0

  init(folder: URL, key: String) {
    self.folder = folder
    part = folder.appending(path: key + ".part")
    sidecar = folder.appending(path: key + ".json")
  }

  /// Opens the part and finds out what it holds. Bytes without a sidecar that fits them are dropped.
  func open() async throws {
    let (folder, part, sidecar) = (folder, part, sidecar)
    let opened = try await Self.blocking { () throws -> (OpenFile, Whole?, UInt64, SHA256Hash.Hasher) in
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      let file = try OpenFile(writing: part)
      let size = try file.size()
      guard let whole = Self.whole(in: sidecar), size <= whole.sizeInBytes else {
        try file.truncate()
        return (file, nil, 0, SHA256Hash.Hasher())
      }
      var hasher = SHA256Hash.Hasher()
      try file.hash(upTo: size, into: &hasher)
      return (file, whole, size, hasher)
    }
    (file, whole, offset, hasher) = opened
  }

  /// What an earlier download left a beginning of, without touching it; `nil` for nothing that could be gone on with.
  func left() async -> Whole? {
    let (part, sidecar) = (part, sidecar)
    return try? await Self.blocking { () throws -> Whole? in
      let values = try FileManager.default.attributesOfItem(atPath: part.path)
      guard let size = (values[.size] as? NSNumber)?.uint64Value, size > 0,
        let whole = Self.whole(in: sidecar), size <= whole.sizeInBytes
      else { return nil }
      return whole
    }
  }

  private static func whole(in sidecar: URL) -> Whole? {
    guard let bytes = try? Data(contentsOf: sidecar), bytes.count <= 4096 else { return nil }
    return try? JSONDecoder().decode(Whole.self, from: bytes)
  }

  /// Drops what is held and starts on another whole; without one, nothing is kept for later.
  func restart(_ whole: Whole?) async throws {
    guard let file else { return }
    let sidecar = sidecar
    try await Self.blocking {
      // Sidecar away first, in last: bytes must never lie beside a tag that is not theirs.
      try? FileManager.default.removeItem(at: sidecar)
      try file.truncate()
      if let whole { try JSONEncoder().encode(whole).write(to: sidecar, options: .atomic) }
    }
    self.whole = whole
    offset = 0
    hasher = SHA256Hash.Hasher()
  }

  /// Adds bytes at the end.
  func append(_ bytes: [UInt8]) async throws {
    guard let file else { return }
    let at = offset
    unsynced += bytes.count
    let syncs = unsynced >= 4 << 20
    if syncs { unsynced = 0 }
    try await Self.blocking {
      try file.write(bytes, at: at)
      if syncs { file.sync() }
    }
    hasher.update(bytes)
    offset += UInt64(bytes.count)
  }

  /// The first bytes that are held, at most `count`.
  func start(count: Int) async throws -> [UInt8] {
    guard let file else { return [] }
    let size = min(UInt64(count), offset)
    return try await Self.blocking { try file.start(count: Int(size)) }
  }

  /// Closes the whole.
  ///
  /// - Parameter hash: The hash of the whole, where it is known; a bundle's tag holds its beginning.
  /// - Returns: The file, or `nil` when its bytes are not those that the tag promised; they are gone then.
  func finish(hash: SHA256Hash? = nil) async throws -> URL? {
    guard let file, let whole, offset == whole.sizeInBytes else { return nil }
    if let hash, hash != hasher.finalize() {
      try await restart(nil)
      return nil
    }
    // Our servers' tags hold the hash's beginning; another's is opaque, and the caller verifies anyway.
    if let tag = BundleTag(field: whole.tag), !tag.fits(hasher.finalize()) {
      try await restart(nil)
      return nil
    }
    try await Self.blocking {
      file.sync()
      file.unlock()
    }
    self.file = nil
    return part
  }

  /// Removes the part and its sidecar.
  func discard() async throws {
    file = nil
    let (part, sidecar) = (part, sidecar)
    try await Self.blocking {
      try? FileManager.default.removeItem(at: sidecar)
      try? FileManager.default.removeItem(at: part)
    }
  }

  /// Makes what came so far outlive a power cut, before the caller gives up; nothing leaves no file.
  func keep() async {
    guard whole != nil, offset > 0 else {
      try? await discard()
      return
    }
    guard let file else { return }
    _ = try? await Self.blocking {
      file.sync()
      file.unlock()
    }
  }

  private static func blocking<Result: Sendable>(
    _ work: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await NIOThreadPool.singleton.runIfActive(work)
  }
}

/// Why the file of a download can't be written. What came so far is kept where that is possible.
struct PartFileError: SheafFailure {
  let file: URL
  let code: CInt

  var problem: String { "\(file.path) can't be written: \(String(cString: strerror(code)))" }
  var unchanged: String { "the library is as it was" }
  var hint: String? {
    switch code {
    case EWOULDBLOCK: "Wait for the other sync to end."
    case EFBIG: "Use a disk with another file system, or ask for less: `--keep heads`, `--only COLLECTION`."
    default: "Make room on the disk or check its permissions."
    }
  }
}

/// An open file with one owner, closed when that lets go of it.
private final class OpenFile: Sendable {
  private let descriptor: CInt
  private let url: URL

  init(writing url: URL) throws {
    self.url = url
    descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw PartFileError(file: url, code: errno) }
    // Two processes that pull the same thing would otherwise mix their bytes.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      throw PartFileError(file: url, code: code)
    }
  }

  deinit { close(descriptor) }

  func size() throws -> UInt64 {
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else { throw PartFileError(file: url, code: errno) }
    return UInt64(end)
  }

  func truncate() throws {
    guard ftruncate(descriptor, 0) == 0 else { throw PartFileError(file: url, code: errno) }
  }

  func sync() { _ = fsync(descriptor) }

  /// Lets others have the file before the last that knows this value has let go of it.
  func unlock() { _ = flock(descriptor, LOCK_UN) }

  func write(_ bytes: [UInt8], at start: UInt64) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = pwrite(
          descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(start) + off_t(done))
        if count < 0 {
          if errno == EINTR { continue }
          throw PartFileError(file: url, code: errno)
        }
        done += count
      }
    }
  }

  func start(count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes[filled...].withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, $0.count, off_t(filled))
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw PartFileError(file: url, code: got == 0 ? EIO : errno) }
      filled += got
    }
    return bytes
  }

  func hash(upTo size: UInt64, into hasher: inout SHA256Hash.Hasher) throws {
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    var at: UInt64 = 0
    while at < size {
      let wanted = Int(min(UInt64(buffer.count), size - at))
      let count = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, wanted, off_t(at)) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw PartFileError(file: url, code: count == 0 ? EIO : errno) }
      buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      at += UInt64(count)
    }
  }
}
