import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A push that was unpacked and verified, and that the store knows nothing of yet.
///
/// Unpacking costs whoever receives far more than whoever sends. So it happens before the one
/// transaction in which drafts are judged, beside other work, and what came out waits here: a few
/// megabytes in memory, the rest in a file without a name, which goes with this value.
///
/// `Sendable` holds because nothing of it changes once its initializer is done, and before that nobody
/// else knows it; the file is read at given offsets only.
final class PushStage: @unchecked Sendable {
  /// What came out, in the order of the bundle.
  enum Step {
    case body(SHA256Hash, Piece, base: SHA256Hash?)
    case asset(SHA256Hash, [Part])
    case changeSet(ReceivedChangeSet)
  }

  /// A chunk of an asset: one that came, or one that the store holds.
  enum Part {
    case fresh(Piece)
    case held(AssetChunk)
  }

  /// Where bytes lie.
  struct Piece {
    fileprivate let offset: Int
    let sizeInBytes: Int
  }

  /// The most bytes held in memory; what comes behind them lies in the file.
  private static let memoryInBytes = 4 << 20
  private let folder: URL
  private let freeSpace: @Sendable (URL) -> UInt64?
  /// Up to which size there was room when it was looked at last.
  private var roomInBytes = 0
  private var memory: [UInt8] = []
  private var file: Int32 = -1
  private var sizeInBytes = 0
  private(set) var steps: [Step] = []
  fileprivate var bodies: [SHA256Hash: Piece] = [:]
  fileprivate var assets: [SHA256Hash: [AssetChunk]] = [:]
  /// The chunks that came; the chunk with the identity -1 is the first.
  fileprivate var chunks: [Piece] = []
  private var openParts: [Part] = []

  deinit { if file >= 0 { close(file) } }

  /// Unpacks and verifies a push, without a transaction of its own: what it is made from is in the log, which
  /// only grows.
  ///
  /// - Parameters:
  ///   - carrier: The member that hands it over, where somebody knows that; nothing is made from what that
  ///     member, or the author of a draft, could not read.
  ///   - freeSpace: The bytes that are free where a folder is; asked as what is unpacked grows, for nothing
  ///     proves what a push says of itself.
  /// - Throws: `BundleError`, `BundleMisfit`, `UnreadableBundle`, `RemoteError.tooMuch`, `DiskTooSmall`; nothing
  ///   was stored.
  init(
    unpacking push: PushedBundle, for store: LibraryStore, from carrier: MemberMark? = nil,
    freeSpace: @escaping @Sendable (URL) -> UInt64? = { DiskSpace.free(at: $0) }
  ) throws {
    folder = store.folder
    self.freeSpace = freeSpace
    let reader = BundleReader(source: try push.open())
    let header = try reader.readHeader()
    guard header.content == .drafts else { throw BundleMisfit.drafts }
    let (facts, position) = try store.readBlocking { (try $0.facts(), try $0.position()) }
    try reader.begin(BundleContext(library: facts.library, logKey: facts.logKey, position: position))
    let size = min(header.from, position.size)
    let scope = try store.readBlocking { transaction in
      try carrier.map { try transaction.readable(by: $0, at: size) } ?? .everything
    }
    var host = StagingHost(store: store, size: size, stage: self, carriers: scope)
    while let event = try reader.next(host: &host) { try take(event) }
  }

  private func take(_ event: BundleEvent) throws {
    switch event {
    case .body(let hash, let bytes, let base):
      let piece = try keep(bytes)
      bodies[hash] = piece
      steps.append(.body(hash, piece, base: base))
    case .assetPart(.chunk(let bytes)): openParts.append(.fresh(try keep(bytes)))
    case .assetPart(.copied(let chunk, _)):
      openParts.append(chunk.id < 0 ? .fresh(chunks[Int(-1 - chunk.id)]) : .held(chunk))
    case .asset(let hash, _):
      assets[hash] = openParts.map { part in
        switch part {
        case .held(let chunk): return chunk
        case .fresh(let piece):
          chunks.append(piece)
          return AssetChunk(id: Int64(-chunks.count), sizeInBytes: piece.sizeInBytes)
        }
      }
      steps.append(.asset(hash, openParts))
      openParts = []
    case .changeSet(let changeSet): steps.append(.changeSet(changeSet))
    // A draft without its content can't be judged: whoever judges it finds it missing.
    case .absentAsset, .stateChange, .end: break
    }
  }

  private func keep(_ bytes: [UInt8]) throws -> Piece {
    let piece = Piece(offset: sizeInBytes, sizeInBytes: bytes.count)
    if file < 0, memory.count + bytes.count <= Self.memoryInBytes {
      memory += bytes
    } else {
      try checkRoom(sizeInBytes + bytes.count)
      if file < 0 { try openFile() }
      guard OpenFile.write(bytes, to: file) else { throw failure }
    }
    sizeInBytes += bytes.count
    return piece
  }

  /// Whether a content came with the push, so that whoever made the push has it.
  func brings(_ content: SHA256Hash) -> Bool { bodies[content] != nil || assets[content] != nil }

  /// Refuses more than the disk has room for, some megabytes ahead.
  private func checkRoom(_ size: Int) throws {
    guard size > roomInBytes else { return }
    let ahead = size + Int(DiskSpace.leastInBytes)
    try DiskSpace.check(
      missing: DiskSpace.leastInBytes, whole: UInt64(ahead), at: folder.path, free: freeSpace(folder))
    roomInBytes = ahead
  }

  /// The bytes of a piece.
  func bytes(of piece: Piece) throws -> [UInt8] {
    guard piece.offset >= memory.count else {
      return Array(memory[piece.offset..<piece.offset + piece.sizeInBytes])
    }
    var filled = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: piece.sizeInBytes) { buffer, count in
      while filled < piece.sizeInBytes {
        let got = pread(
          file, buffer.baseAddress?.advanced(by: filled), piece.sizeInBytes - filled,
          off_t(piece.offset - memory.count + filled))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { break }
        filled += got
      }
      count = filled
    }
    guard filled == piece.sizeInBytes else { throw failure }
    return bytes
  }

  private func openFile() throws {
    let path = folder.appending(path: ".push-\(UUID().uuidString)").path
    file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure }
    // Without a name it is gone with its last descriptor, whatever ends this process.
    unlink(path)
  }

  private var failure: any Error {
    let code = errno
    return StoreError.ofWriting(code)
      ?? KeyError.unwritable(folder.path, reason: String(cString: strerror(code)))
  }
}

/// A drafts bundle that was handed over.
enum PushedBundle: Sendable {
  case bytes([UInt8])
  /// A file, which is read piece by piece.
  case file(URL)

  /// What reads it from the front.
  fileprivate func open() throws -> (_ maximumCount: Int) throws -> [UInt8] {
    let size: UInt64
    let read: (Int) throws -> [UInt8]
    switch self {
    case .bytes(let bytes):
      var rest = bytes[...]
      size = UInt64(bytes.count)
      read = { count in
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
    case .file(let file):
      let source = try BundleSource(file)
      size = source.sizeInBytes
      read = source.read
    }
    guard size <= UInt64(Limits.pushBytes) else { throw RemoteError.tooMuch(address: "the push") }
    return read
  }
}

/// What the reader of a push asks: first what came with it, then the log.
private struct StagingHost: BundleHost {
  let store: LibraryStore
  let size: UInt64
  let stage: PushStage
  /// What whoever hands it over may read.
  let carriers: ReadableCollections
  /// What the author of the draft at hand could read when it made the draft.
  private var authors = ReadableCollections.everything

  init(store: LibraryStore, size: UInt64, stage: PushStage, carriers: ReadableCollections) {
    self.store = store
    self.size = size
    self.stage = stage
    self.carriers = carriers
  }

  mutating func willRead(by author: [UInt8]) throws {
    let mark = MemberMark(publicKey: author)
    authors = try store.readBlocking { [size] in try $0.readable(by: mark, at: size) }
  }

  private func read<Value>(_ body: (inout StoreBundleHost) throws -> Value) throws -> Value {
    try store.readBlocking { transaction in
      var host = StoreBundleHost(transaction: transaction, size: size, subscription: .all)
      return try body(&host)
    }
  }

  // What lies outside is answered as if it were not there: else a guess at its bytes could be tried by a draft.
  mutating func heldContent(of path: DocumentPath) throws -> SHA256Hash? {
    guard carriers.hold(path.collection), authors.hold(path.collection) else { return nil }
    return try read { try $0.held(path) }
  }

  mutating func bytes(of content: SHA256Hash) throws -> [UInt8]? {
    if let piece = stage.bodies[content] { return try stage.bytes(of: piece) }
    return try read { try $0.bytes(of: content) }
  }

  mutating func assetSize(of content: SHA256Hash) throws -> UInt64? {
    if let chunks = stage.assets[content] { return chunks.reduce(0) { $0 + UInt64($1.sizeInBytes) } }
    return try read { try $0.assetSize(of: content) }
  }

  mutating func chunks(of content: SHA256Hash) throws -> [AssetChunk]? {
    if let chunks = stage.assets[content] { return chunks }
    return try read { try $0.chunks(of: content) }
  }

  mutating func bytes(of chunk: AssetChunk) throws -> [UInt8] {
    guard chunk.id < 0 else { return try read { try $0.bytes(of: chunk) } }
    return try stage.bytes(of: stage.chunks[Int(-1 - chunk.id)])
  }

  mutating func isAbsent(_ content: SHA256Hash) throws -> Bool { try read { try $0.isAbsent(content) } }
}
