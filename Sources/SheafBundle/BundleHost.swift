import SheafModel

/// What the writer and the reader of a bundle ask of whoever runs them.
///
/// A body travels as a delta against content that both sides hold, and neither
/// side names it: both must answer the same here, or the bundle is refused.
public protocol BundleHost {
  /// The content of the first head of `path` in the receiver's holdings at the
  /// bundle's `from`; in drafts, at the checkpoint that `willCompare(seen:)` named last.
  ///
  /// `nil` when there is none, it is deleted, or it is not subscribed to. Asked only
  /// for paths of which this bundle has sent nothing yet.
  mutating func heldContent(of path: DocumentPath) throws -> SHA256Hash?

  /// The bytes of any content that the host can give, bodies of this bundle included; `nil` when it can't.
  mutating func bytes(of content: SHA256Hash) throws -> [UInt8]?

  /// In drafts, told before the lines of each change set which checkpoint its author had seen.
  ///
  /// When reading, that is a claim that nothing has verified yet.
  mutating func willCompare(seen: ChangeSetNote.Position) throws

  /// In drafts, when reading, told before the lines of each change set whose it claims to be.
  ///
  /// - Parameter author: A public key; the change set's signature is checked behind its lines.
  mutating func willRead(by author: [UInt8]) throws

  // Assets (`Schemas/assets.md`). A host without any has nothing to do here.

  /// The size of an asset that the host knows, held or not; `nil` for other content.
  mutating func assetSize(of content: SHA256Hash) throws -> UInt64?

  /// The chunks of an asset that the host holds, assets of this bundle included; `nil` for other content.
  mutating func chunks(of content: SHA256Hash) throws -> [AssetChunk]?

  /// The bytes of a chunk.
  mutating func bytes(of chunk: AssetChunk) throws -> [UInt8]

  /// A chunk as it is to travel, the same on every host.
  mutating func packed(_ chunk: AssetChunk) throws -> (isDeflated: Bool, bytes: [UInt8])

  /// Whether this is an asset that the host knows of and does not hold.
  mutating func isAbsent(_ content: SHA256Hash) throws -> Bool

  /// When writing: a path under which the receiver holds this asset at `from`; `nil` for none.
  mutating func pathHolding(_ content: SHA256Hash) throws -> DocumentPath?

  /// Whether the receiver is taken to hold an asset that stood at `path` at the bundle's `from`.
  mutating func mayBeBase(_ content: SHA256Hash, of path: DocumentPath) throws -> Bool
}

extension BundleHost {
  public mutating func willCompare(seen: ChangeSetNote.Position) throws {}
  public mutating func willRead(by author: [UInt8]) throws {}

  public mutating func assetSize(of content: SHA256Hash) throws -> UInt64? { nil }
  public mutating func chunks(of content: SHA256Hash) throws -> [AssetChunk]? { nil }
  public mutating func bytes(of chunk: AssetChunk) throws -> [UInt8] {
    throw BundleError.impossible("the host has no chunk \(chunk.id)")
  }
  public mutating func packed(_ chunk: AssetChunk) throws -> (isDeflated: Bool, bytes: [UInt8]) {
    (false, try bytes(of: chunk))
  }
  public mutating func isAbsent(_ content: SHA256Hash) throws -> Bool { false }
  public mutating func pathHolding(_ content: SHA256Hash) throws -> DocumentPath? { nil }
  public mutating func mayBeBase(_ content: SHA256Hash, of path: DocumentPath) throws -> Bool { true }
}
