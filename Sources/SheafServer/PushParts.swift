import Foundation
import NIOCore
import NIOPosix
import SheafHTTP
import SheafModel
import SheafSync
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Large pushes as far as they have come, so that one that was cut goes on at the byte (`Schemas/http.yaml`, `/parts`).
///
/// Each is a file and outlives the server. They are bounded in number, size and age; whoever may push has its own, and
/// who asks for another's finds nothing. What was judged leaves no bytes, only by which drafts its answer is found.
/// The folder may be removed at any time. Files are worked on by NIO's blocking threads, never by the cooperative pool.
final class PushParts: Sendable {
  /// Whose push it is, and which.
  struct Name: Hashable, Sendable {
    /// What the files of all pushes of one owner begin with.
    let prefix: String
    /// The hash of the whole.
    let hash: SHA256Hash
    /// What its files are named, without what they end in.
    var text: String { prefix + hash.hex }

    init(owner: String, hash: SHA256Hash) {
      prefix = SHA256Hash(hashing: Array(owner.utf8)).hex.prefix(16) + "-"
      self.hash = hash
    }
  }

  private let folder: URL
  private let limits: ServerLimits
  /// Who writes: of several requests that go on with one push, the last.
  private let writers = Mutex<(last: UInt64, current: [String: UInt64])>((0, [:]))

  init(folder: URL, limits: ServerLimits) {
    self.folder = folder
    self.limits = limits
  }

  // MARK: What is here

  /// How many bytes of a push are here: all of them when it was judged.
  func held(_ name: Name) async throws -> UInt64 {
    try await blocking { [self] in
      expire()
      if let record = record(of: name) { return record.sizeInBytes }
      return size(of: file(name))
    }
  }

  /// The drafts of a push that was judged; `nil` for one that was not.
  func judged(_ name: Name) async throws -> [SHA256Hash]? {
    try await blocking { [self] in record(of: name)?.leaves }
  }

  /// Lets go of a push that was judged.
  func forget(_ name: Name) async {
    try? await blocking { [self] in try FileManager.default.removeItem(at: recordFile(name)) }
  }

  // MARK: What comes

  /// Goes on with a push, or begins one. Whoever was at it before, over a line that is dead, is so no more.
  ///
  /// - Parameters:
  ///   - offset: Where what comes begins; what is here beyond that comes again.
  ///   - missing: How many bytes are to come.
  /// - Throws: `Problem`: `wrong-part` where less is here, `too-large`, `busy`; `DiskTooSmall`.
  func begin(_ name: Name, at offset: UInt64, missing: UInt64) async throws -> Writer {
    let (size, overflows) = offset.addingReportingOverflow(missing)
    guard !overflows, size <= UInt64(limits.pushBytes) else { throw Problem.tooLarge(limits) }
    return try await blocking { [self] in
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      expire()
      guard offset <= self.size(of: file(name)) else {
        throw Problem(.wrongPart, detail: "less of the push is here than it goes on with")
      }
      try DownloadCheck.checkRoom(
        missing: missing, whole: size, in: folder, free: DownloadCheck.freeSpace(in: folder))
      try makePlace(for: name)
      let turn = writers.withLock { writers in
        writers.last += 1
        writers.current[name.text] = writers.last
        return writers.last
      }
      return try Writer(parts: self, name: name, turn: turn, file: file(name), offset: offset)
    }
  }

  /// The end of a push that comes, of which one request at a time is the writer.
  final class Writer: Sendable {
    private let parts: PushParts
    private let name: Name
    private let turn: UInt64
    private let file: URL
    private let descriptor: CInt
    private let progress: Mutex<(offset: UInt64, room: UInt64)>
    /// How much room is made at a time.
    private static let roomInBytes: UInt64 = 1 << 20

    fileprivate init(parts: PushParts, name: Name, turn: UInt64, file: URL, offset: UInt64) throws {
      (self.parts, self.name, self.turn, self.file) = (parts, name, turn, file)
      progress = Mutex((offset, offset))
      descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
      guard descriptor >= 0, ftruncate(descriptor, off_t(clamping: offset)) == 0 else {
        throw PushPartError(file: file, code: errno)
      }
    }

    deinit {
      if descriptor >= 0 { close(descriptor) }
      parts.end(name, turn)
    }

    /// Adds what came.
    ///
    /// - Throws: `Problem`: `too-large`, `busy` where there is no room or another request goes on with the push.
    func append(_ bytes: [UInt8]) async throws {
      try await parts.blocking { [self] in
        try parts.check(name, turn)
        let (start, room) = progress.withLock { $0 }
        let end = start + UInt64(bytes.count)
        guard end <= UInt64(parts.limits.pushBytes) else { throw Problem.tooLarge(parts.limits) }
        if end > room { try parts.makeRoom(for: Int(end - start + Self.roomInBytes)) }
        var done = 0
        while done < bytes.count {
          let count = bytes[done...].withUnsafeBytes {
            pwrite(descriptor, $0.baseAddress, $0.count, off_t(clamping: start) + off_t(done))
          }
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { throw PushPartError(file: file, code: errno) }
          done += count
        }
        progress.withLock { $0 = (end, end > room ? end + Self.roomInBytes : room) }
      }
    }

    /// Makes sure that all of it is here.
    ///
    /// - Returns: The file of the whole, which nobody removes before this value is gone.
    /// - Throws: `Problem` `wrong-part` when it is not what its name says. It is gone then.
    func finish() async throws -> URL {
      try await parts.blocking { [self] in
        try parts.check(name, turn)
        guard try hash() == name.hash else {
          try? FileManager.default.removeItem(at: file)
          throw Problem(.wrongPart, detail: "what came of the push is not what its hash says")
        }
        return file
      }
    }

    /// Keeps by which drafts the answer is found, in the place of the bytes.
    func note(_ answers: [DraftAnswer]) async {
      try? await parts.blocking { [self] in
        let size = progress.withLock { $0.offset }
        try parts.keep(answers.compactMap { SHA256Hash(base64: $0.leaf) }, of: name, size: size)
      }
    }

    private func hash() throws -> SHA256Hash {
      var hasher = SHA256Hash.Hasher()
      var buffer = [UInt8](repeating: 0, count: 256 << 10)
      var at: off_t = 0
      while true {
        let count = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, at) }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw PushPartError(file: file, code: errno) }
        guard count > 0 else { return hasher.finalize() }
        buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        at += off_t(count)
      }
    }
  }

  private func check(_ name: Name, _ turn: UInt64) throws {
    guard writers.withLock({ $0.current[name.text] == turn }) else {
      throw Problem(.busy, detail: "another request goes on with this push")
    }
  }

  private func end(_ name: Name, _ turn: UInt64) {
    writers.withLock { writers in
      if writers.current[name.text] == turn { writers.current[name.text] = nil }
    }
  }

  // MARK: Bounds

  private struct Entry {
    let file: URL
    let name: String
    let sizeInBytes: Int
    let grown: Date
  }

  /// What lies in the folder, that which grew longest ago first.
  private func entries() -> [Entry] {
    let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: Array(keys))
    return (files ?? []).map { file in
      let values = try? file.resourceValues(forKeys: keys)
      return Entry(
        file: file, name: file.deletingPathExtension().lastPathComponent, sizeInBytes: values?.fileSize ?? 0,
        grown: values?.contentModificationDate ?? .distantPast)
    }.sorted { $0.grown < $1.grown }
  }

  /// Removes what has not grown for too long.
  private func expire() {
    let oldest = Date(timeIntervalSinceNow: -TimeInterval(limits.partTime))
    for entry in entries() where entry.grown < oldest { remove([entry], count: 1) }
  }

  /// Removes so many of these, the first first, that nobody writes to.
  ///
  /// - Returns: How many bytes that were; `nil` when there are not so many.
  @discardableResult
  private func remove(_ entries: [Entry], count: Int) -> Int? {
    let idle = writers.withLock { writers in entries.filter { writers.current[$0.name] == nil } }
    guard idle.count >= count else { return nil }
    for entry in idle.prefix(count) { try? FileManager.default.removeItem(at: entry.file) }
    return idle.prefix(count).reduce(0) { $0 + $1.sizeInBytes }
  }

  /// Makes place for one more push, by letting go of its owner's others or, where there are too many of all, of anybody's.
  private func makePlace(for name: Name) throws {
    let others = entries().filter { $0.name != name.text }
    let own = others.filter { $0.name.hasPrefix(name.prefix) }
    let isMade =
      remove(own, count: max(0, own.count - limits.partsPerMember + 1)) != nil
      && remove(others, count: max(0, others.count - limits.parts + 1)) != nil
    guard isMade else { throw Problem(.busy, detail: "other pushes are being received") }
  }

  /// Makes room for more bytes.
  private func makeRoom(for count: Int) throws {
    let entries = entries()
    var used = entries.reduce(0) { $0 + $1.sizeInBytes }
    for entry in entries where used + count > limits.partsInBytes { used -= remove([entry], count: 1) ?? 0 }
    guard used + count <= limits.partsInBytes else {
      throw Problem(.busy, detail: "other pushes are being received")
    }
  }

  // MARK: Files

  private func file(_ name: Name) -> URL { folder.appending(path: name.text + ".part") }

  private func recordFile(_ name: Name) -> URL { folder.appending(path: name.text + ".judged") }

  private func size(of file: URL) -> UInt64 {
    let values = try? FileManager.default.attributesOfItem(atPath: file.path)
    return (values?[.size] as? NSNumber)?.uint64Value ?? 0
  }

  /// What is kept of a push that was judged: its size in 8 bytes, and its drafts' leaf hashes.
  private func record(of name: Name) -> (sizeInBytes: UInt64, leaves: [SHA256Hash])? {
    guard let data = FileManager.default.contents(atPath: recordFile(name).path), data.count >= 8,
      data.count % SHA256Hash.sizeInBytes == 8
    else { return nil }
    let bytes = [UInt8](data)
    let leaves = stride(from: 8, to: bytes.count, by: SHA256Hash.sizeInBytes).compactMap {
      SHA256Hash(bytes: Array(bytes[$0..<$0 + SHA256Hash.sizeInBytes]))
    }
    return (bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }, leaves)
  }

  private func keep(_ leaves: [SHA256Hash], of name: Name, size: UInt64) throws {
    let bytes =
      (0..<8).reversed().map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + leaves.flatMap(\.bytes)
    try Data(bytes).write(to: recordFile(name), options: .atomic)
    try FileManager.default.removeItem(at: file(name))
  }

  private func blocking<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(work)
  }
}

/// Why what comes of a push can't be kept. What came before it is.
struct PushPartError: SheafFailure {
  let file: URL
  let code: CInt

  var problem: String { "\(file.path) can't be written: \(String(cString: strerror(code)))" }
  var unchanged: String { "the library is as it was" }
}
