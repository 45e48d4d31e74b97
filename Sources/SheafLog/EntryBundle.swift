import SheafModel

/// The bytes of a tile of entries: each entry after its size as a big-endian 16-bit number.
///
/// C2SP *tlog-tiles*; `Schemas/log.md`.
public enum EntryBundle {
  /// The most bytes an entry can have.
  public static let maximumEntrySize = Int(UInt16.max)

  /// Puts up to 256 entries end to end.
  ///
  /// - Throws: `EntryBundleError.entryTooLarge` for an entry above 65,535 bytes,
  ///   `EntryBundleError.wrongCount` for more than 256 entries.
  public static func encode(_ entries: [[UInt8]]) throws(EntryBundleError) -> [UInt8] {
    guard entries.count <= TilePath.fullWidth else { throw .wrongCount }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.reduce(0) { $0 + $1.count + 2 })
    for entry in entries {
      guard let size = UInt16(exactly: entry.count) else { throw .entryTooLarge(size: entry.count) }
      bytes += size.bigEndianBytes
      bytes += entry
    }
    return bytes
  }

  /// Takes the entries apart.
  ///
  /// - Parameter count: How many there must be: the width of the tile.
  /// - Throws: `EntryBundleError.truncated` when the bytes end inside an entry,
  ///   `EntryBundleError.wrongCount` when there are more or fewer entries.
  public static func decode(_ bytes: [UInt8], count: Int) throws(EntryBundleError) -> [[UInt8]] {
    var entries: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      guard entries.count < count else { throw .wrongCount }
      guard rest.count >= 2 else { throw .truncated(offset: bytes.count) }
      let size = rest.prefix(2).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(2)
      guard rest.count >= size else { throw .truncated(offset: bytes.count) }
      entries.append(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    guard entries.count == count else { throw .wrongCount }
    return entries
  }
}

/// Why a tile of entries was refused, or could not be made.
public enum EntryBundleError: SheafFailure, Equatable {
  /// An entry has more bytes than its size field can say.
  case entryTooLarge(size: Int)
  /// The bytes end at `offset`, inside an entry.
  case truncated(offset: Int)
  /// There are not as many entries as the tile is wide.
  case wrongCount

  public var problem: String {
    switch self {
    case .entryTooLarge(let size): "a log entry of \(size) bytes is above the limit of 65535"
    case .truncated(let offset): "the entries end at byte \(offset), inside an entry"
    case .wrongCount: "there are not as many entries as the tile's name says"
    }
  }

  public var hint: String? {
    if case .entryTooLarge = self { nil } else { "Fetch it again, or from another remote." }
  }

  public var kind: FailureKind {
    if case .entryTooLarge = self { .failed } else { .verification }
  }
}
