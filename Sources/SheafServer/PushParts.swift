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

    init(_ owner: Responder.Asker, hash: SHA256Hash) {
      prefix =
        (owner.isStranger ? Self.strangers : "member-")
        + SHA256Hash(hashing: Array(owner.name.utf8)).hex.prefix(16) + "-"
      self.hash = hash
    }

    /// What the files of all strangers' pushes begin with.
    static let strangers = "stranger-"
    var isStrangers: Bool { prefix.hasPrefix(Self.strangers) }
  }

  private let folder: URL
  private let limits: ServerLimits
  /// Who writes a push: of several requests that go on with it, the last.
  private struct Turn {
    let number: UInt64
    /// Up to where it may grow: others have no use of that room.
    var room: UInt64
  }
  private let turns = Mutex<(last: UInt64, current: [String: Turn])>((0, [:]))
  /// Held while it is looked what there is room for and that is taken. Blocking threads alone wait for it.
  private let bounds = Mutex(())

  init(folder: URL, limits: ServerLimits) {
    self.folder = folder
    self.limits = limits
  }

  // MARK: What is here

  /// Removes what has not grown for too long.
  func removeOld() async throws {
    try await blocking { [self] in bounds.withLock { _ in expire() } }
  }

  /// How many bytes of a push are here: all of them when it was judged.
  func held(_ name: Name) async throws -> UInt64 {
    try await blocking { [self] in
      bounds.withLock { _ in expire() }
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

  /// Who goes on with a push, or begins one, once its first byte comes, or its end.
  ///
  /// A head alone does nothing: it may be late, or somebody's who recorded it.
  ///
  /// - Parameters:
  ///   - offset: Where what comes begins; what is here beyond that comes again.
  ///   - missing: How many bytes are to come.
  /// - Throws: `Problem` `too-large`.
  func writer(of name: Name, at offset: UInt64, missing: UInt64) throws -> Writer {
    let (size, overflows) = offset.addingReportingOverflow(missing)
    guard !overflows, size <= UInt64(limits.pushBytes) else { throw Problem.tooLarge(limits) }
    return Writer(parts: self, name: name, offset: offset, end: size)
  }

  /// Takes the turn from whoever was at a push before, over a line that is dead, and opens its file.
  ///
  /// - Returns: The file's descriptor, and how many bytes are here.
  private func take(
    _ name: Name, at offset: UInt64, end: UInt64
  ) throws -> (turn: UInt64, descriptor: CInt, held: UInt64) {
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    return try bounds.withLock { _ in
      expire()
      let file = file(name)
      let held = size(of: file)
      guard offset <= held else {
        throw Problem(.wrongPart, detail: "less of the push is here than it goes on with")
      }
      try DownloadCheck.checkRoom(
        missing: end - min(end, held), whole: end, in: folder, free: DownloadCheck.freeSpace(in: folder))
      try makePlace(for: name)
      let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
      guard descriptor >= 0 else { throw PushPartError(file: file, code: errno) }
      let turn = turns.withLock { turns in
        turns.last += 1
        turns.current[name.text] = Turn(number: turns.last, room: held)
        return turns.last
      }
      return (turn, descriptor, held)
    }
  }

  /// The end of a push that comes, of which one request at a time is the writer.
  final class Writer: Sendable {
    private struct Progress {
      /// 0 before there is one.
      var turn: UInt64 = 0
      var descriptor: CInt = -1
      var offset: UInt64
      var room: UInt64 = 0
    }

    private let parts: PushParts
    private let name: Name
    /// How many bytes the whole has.
    private let end: UInt64
    private let progress: Mutex<Progress>
    /// How much room is made at a time.
    private static let roomInBytes: UInt64 = 1 << 20

    fileprivate init(parts: PushParts, name: Name, offset: UInt64, end: UInt64) {
      (self.parts, self.name, self.end) = (parts, name, end)
      progress = Mutex(Progress(offset: offset))
    }

    deinit {
      let progress = progress.withLock { $0 }
      guard progress.turn > 0 else { return }
      close(progress.descriptor)
      parts.end(name, progress.turn)
    }

    /// Takes the turn the first time, and makes sure that nobody took it since.
    private func go() throws -> Progress {
      var now = progress.withLock { $0 }
      if now.turn > 0 {
        try parts.check(name, now.turn)
      } else {
        (now.turn, now.descriptor, now.room) = try parts.take(name, at: now.offset, end: end)
        progress.withLock { [now] in $0 = now }
      }
      return now
    }

    /// Puts what came in its place. What is here beyond stays until the whole is, so that nothing is lost by bytes that
    /// come again.
    ///
    /// - Throws: `Problem`: `wrong-part` where less is here than it begins at, `busy` where there is no room or another
    ///   request goes on with the push; `DiskTooSmall`, `PushPartError`.
    func append(_ bytes: [UInt8]) async throws {
      guard !bytes.isEmpty else { return }
      try await parts.blocking { [self] in
        var now = try go()
        let until = now.offset + UInt64(bytes.count)
        guard until <= end else { throw Problem(.badRequest, detail: "more came than was declared") }
        if until > now.room {
          now.room = min(until + Self.roomInBytes, end)
          try parts.makeRoom(for: name, now.turn, upTo: now.room)
        }
        var done = 0
        while done < bytes.count {
          let count = bytes[done...].withUnsafeBytes {
            pwrite(now.descriptor, $0.baseAddress, $0.count, off_t(clamping: now.offset) + off_t(done))
          }
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { throw PushPartError(file: parts.file(name), code: errno) }
          done += count
        }
        now.offset = until
        progress.withLock { [now] in $0 = now }
      }
    }

    /// Makes sure that all of it is here.
    ///
    /// - Returns: The file of the whole, which nobody removes before this value is gone.
    /// - Throws: `Problem`: `wrong-part` when it is not what its name says, and is gone then; as `append`.
    func finish() async throws -> URL {
      try await parts.blocking { [self] in
        let now = try go()
        let file = parts.file(name)
        guard ftruncate(now.descriptor, off_t(clamping: end)) == 0 else {
          throw PushPartError(file: file, code: errno)
        }
        guard try hash(now.descriptor) == name.hash else {
          try? FileManager.default.removeItem(at: file)
          throw Problem(.wrongPart, detail: "what came of the push is not what its hash says")
        }
        return file
      }
    }

    /// Keeps by which drafts the answer is found, in the place of the bytes.
    func note(_ answers: [DraftAnswer]) async {
      try? await parts.blocking { [self] in
        try parts.keep(answers.compactMap { SHA256Hash(base64: $0.leaf) }, of: name, size: end)
      }
    }

    /// Lets go of all of it: it is no push.
    func discard() async {
      try? await parts.blocking { [self] in
        _ = try go()
        try FileManager.default.removeItem(at: parts.file(name))
      }
    }

    private func hash(_ descriptor: CInt) throws -> SHA256Hash {
      var hasher = SHA256Hash.Hasher()
      var buffer = [UInt8](repeating: 0, count: 256 << 10)
      var at: off_t = 0
      while true {
        let count = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, at) }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw PushPartError(file: parts.file(name), code: errno) }
        guard count > 0 else { return hasher.finalize() }
        buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        at += off_t(count)
      }
    }
  }

  private func check(_ name: Name, _ turn: UInt64) throws {
    guard turns.withLock({ $0.current[name.text]?.number == turn }) else {
      throw Problem(.busy, detail: "another request goes on with this push")
    }
  }

  private func end(_ name: Name, _ turn: UInt64) {
    turns.withLock { turns in
      if turns.current[name.text]?.number == turn { turns.current[name.text] = nil }
    }
  }

  // MARK: Bounds

  private struct Entry {
    let file: URL
    let name: String
    /// What it takes, or may yet take from whoever writes it.
    let room: UInt64
    let grown: Date
    let isWritten: Bool
    var isStrangers: Bool { name.hasPrefix(Name.strangers) }
  }

  /// What lies in the folder, that which grew longest ago first.
  private func entries() -> [Entry] {
    let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: Array(keys))
    let current = turns.withLock { $0.current }
    return (files ?? []).map { file in
      let values = try? file.resourceValues(forKeys: keys)
      let name = file.deletingPathExtension().lastPathComponent
      return Entry(
        file: file, name: name, room: max(UInt64(clamping: values?.fileSize ?? 0), current[name]?.room ?? 0),
        grown: values?.contentModificationDate ?? .distantPast, isWritten: current[name] != nil)
    }.sorted { $0.grown < $1.grown }
  }

  /// Removes what has not grown for too long.
  private func expire() {
    let oldest = Date(timeIntervalSinceNow: -TimeInterval(limits.partTime))
    for entry in entries() where entry.grown < oldest && !entry.isWritten { remove(entry) }
  }

  private func remove(_ entry: Entry) { try? FileManager.default.removeItem(at: entry.file) }

  /// Lets go of others' pushes that nobody writes, until there is as much of something as one more push takes: strangers'
  /// first, then those that grew longest ago. No member's goes for a stranger's, and strangers have a share of it all.
  ///
  /// - Parameter measure: What of it a push has; one without any stays.
  /// - Throws: `Problem` `busy` when it would not do; nothing is gone then.
  private func evict(
    for name: Name, taking more: UInt64, of most: Int, strangers share: Int, _ measure: (Entry) -> UInt64
  ) throws {
    var left = entries().filter { $0.name != name.text }
    left = left.filter(\.isStrangers) + left.filter { !$0.isStrangers }
    func fits() -> Bool {
      let strangers = left.filter(\.isStrangers).reduce(0) { $0 + measure($1) }
      return left.reduce(more) { $0 + measure($1) } <= UInt64(most)
        && (!name.isStrangers || strangers + more <= UInt64(share))
    }
    var gone: [Entry] = []
    for entry in left where !entry.isWritten && measure(entry) > 0 && (entry.isStrangers || !name.isStrangers)
    {
      if fits() { break }
      left.removeAll { $0.file == entry.file }
      gone.append(entry)
    }
    guard fits() else { throw Problem(.busy, detail: "other pushes are being received") }
    gone.forEach(remove)
  }

  /// Makes place for one more push, by letting go of its owner's others or, where there are too many of all, of anybody's.
  private func makePlace(for name: Name) throws {
    try evict(for: name, taking: 1, of: limits.partsPerMember, strangers: limits.partsPerMember) {
      $0.name.hasPrefix(name.prefix) ? 1 : 0
    }
    try evict(for: name, taking: 1, of: limits.parts, strangers: limits.strangersParts) { _ in 1 }
  }

  /// Makes room for a push up to a size.
  private func makeRoom(for name: Name, _ turn: UInt64, upTo size: UInt64) throws {
    try bounds.withLock { _ in
      try evict(
        for: name, taking: size, of: limits.partsInBytes, strangers: limits.strangersPartsInBytes, \.room)
      turns.withLock { turns in
        if turns.current[name.text]?.number == turn { turns.current[name.text]?.room = size }
      }
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
