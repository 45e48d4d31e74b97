import SheafModel
import SheafStore

/// One document's content at a moment, to be read piece by piece whatever its size.
public struct ContentReading: Sendable {
  /// The document.
  public let path: DocumentPath
  /// The revision's name where it is known; `draft` for a draft's content.
  public let revision: String?
  /// What kind of content it is.
  public let mediaType: MediaType
  /// Its size in bytes.
  public let sizeInBytes: UInt64
  /// The SHA-256 of all its bytes.
  public let hash: SHA256Hash
  /// Whether other heads stand beside this one.
  public let isConflicted: Bool
  /// Where the bytes come from.
  private let source: Source

  private enum Source: Sendable {
    case bytes([UInt8])
    case stored(Library)
  }

  init(
    path: DocumentPath, revision: String?, mediaType: MediaType, sizeInBytes: UInt64, hash: SHA256Hash,
    isConflicted: Bool, library: Library
  ) {
    self.path = path
    self.revision = revision
    self.mediaType = mediaType
    self.sizeInBytes = sizeInBytes
    self.hash = hash
    self.isConflicted = isConflicted
    source = .stored(library)
  }

  /// Content that is all there.
  public init(_ content: DocumentContent) {
    path = content.path
    revision = content.revision
    mediaType = content.mediaType
    sizeInBytes = UInt64(content.bytes.count)
    hash = SHA256Hash(hashing: content.bytes)
    isConflicted = content.isConflicted
    source = .bytes(content.bytes)
  }

  /// Whether all its bytes are held in memory for as long as this value lives.
  public var isInMemory: Bool { if case .bytes = source { true } else { false } }

  /// The bytes from an offset on.
  ///
  /// - Returns: At most `count` bytes; none behind the end.
  /// - Throws: `LibraryError.notHeld` when the content went meanwhile; `StoreError`.
  public func bytes(from offset: UInt64, count: Int) async throws -> [UInt8] {
    switch source {
    case .bytes(let bytes):
      let start = min(Int(clamping: offset), bytes.count)
      return Array(bytes[start..<min(bytes.count, start + max(0, count))])
    case .stored(let library):
      return try await library.store.read { transaction in
        guard let bytes = try transaction.bytes(of: hash, from: offset, count: count) else {
          throw LibraryError.notHeld(path.text)
        }
        return bytes
      }
    }
  }

  /// All bytes of a document that is no asset.
  ///
  /// - Throws: `LibraryError.asset` for one that is.
  public func content() async throws -> DocumentContent {
    guard sizeInBytes <= UInt64(Limits.document) else { throw LibraryError.asset(path.text, sizeInBytes) }
    return DocumentContent(
      path: path, revision: revision, mediaType: mediaType,
      bytes: try await bytes(from: 0, count: Int(sizeInBytes)), isConflicted: isConflicted)
  }
}

extension Library {
  /// Opens a document's content at a moment; see `content(of:at:)`.
  ///
  /// - Throws: `LibraryError.noDocument`, `.noMoment`, `.absent`, `.notHeld`, `.needsDepth`, `.notSubscribed`.
  public func open(_ path: DocumentPath, at moment: Moment) async throws -> ContentReading {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      let (shownPath, shown) = try view.document(path, at: moment)
      guard let shown else { throw LibraryError.noDocument(shownPath.text) }
      return try self.reading(shown, path: shownPath, view: view)
    }
  }

  /// The electronic signatures on what is shown, in the log's order, those that were taken back included.
  ///
  /// - Returns: None for a draft, and in a copy of depth `heads`, which holds none.
  public func signatures(on shown: ContentReading) async throws -> [SignatureReport] {
    guard let name = shown.revision.flatMap({ RevisionName(parsing: $0) }) else { return [] }
    return try await signatures(on: name)
  }

  /// Opens a document's content as the log has it, without drafts; `nil` when it is not there.
  public func open(_ path: DocumentPath) async throws -> ContentReading? {
    try await store.read { transaction in
      let view = try MomentView(transaction)
      guard let shown = try view.current(path) else { return nil }
      return try self.reading(shown, path: path, view: view)
    }
  }

  private func reading(
    _ shown: MomentView.Shown, path: DocumentPath, view: MomentView
  ) throws -> ContentReading {
    guard case .stored(let hash) = shown.content, let size = try view.transaction.assetSize(hash) else {
      let bytes = try view.bytes(of: shown, path: path)
      return ContentReading(
        DocumentContent(
          path: path, revision: shown.revision, mediaType: MediaType.of(path: path.text, content: bytes),
          bytes: bytes, isConflicted: shown.isConflicted))
    }
    let start = try view.transaction.bytes(of: hash, from: 0, count: AssetRule.startSizeInBytes) ?? []
    return ContentReading(
      path: path, revision: shown.revision, mediaType: MediaType.of(path: path.text, content: start),
      sizeInBytes: size, hash: hash, isConflicted: shown.isConflicted, library: self)
  }
}

extension MomentView {
  /// Gives out the bytes of what is shown, piece by piece.
  ///
  /// - Throws: `LibraryError.absent`, `.notHeld`.
  func forEachPiece(of shown: Shown, path: DocumentPath, _ body: ([UInt8]) throws -> Void) throws {
    if case .stored(let hash) = shown.content, try transaction.assetSize(hash) != nil {
      _ = try transaction.forEachPiece(of: hash, body)
    } else {
      try body(try bytes(of: shown, path: path))
    }
  }
}
