import SheafModel

/// A chunk of an asset as the host of a bundle holds it.
public struct AssetChunk: Hashable, Sendable {
  /// What the host knows it by; means nothing elsewhere.
  public let id: Int64
  /// Its size in bytes.
  public let sizeInBytes: Int

  public init(id: Int64, sizeInBytes: Int) {
    self.id = id
    self.sizeInBytes = sizeInBytes
  }
}

/// What a reader gives out of an asset before the whole is verified.
public enum AssetPart: Sendable {
  /// The bytes of the next chunk.
  case chunk([UInt8])
  /// The next chunk is one that the host holds, with its bytes.
  case copied(AssetChunk, [UInt8])
}

/// How an asset travels (`Schemas/assets.md`, "In a bundle").
enum AssetForm: Hashable {
  /// Only its hash and size; the receiver fetches it when somebody asks for it.
  case absent
  /// In as many pieces, some of which may be copied from a base.
  case pieces(base: AssetBase, count: UInt64)

  /// Which content chunks are copied from.
  enum AssetBase: Hashable {
    case none, own, other
    /// What the receiver holds under another path.
    case named(DocumentPath)

    var code: UInt8 {
      switch self {
      case .none: 1
      case .own: 2
      case .other: 3
      case .named: 4
      }
    }
  }
}

/// One piece of an asset (`Schemas/assets.md`, "Pieces").
enum AssetPiece: Hashable {
  /// A chunk as it is.
  case plain(sizeInBytes: Int)
  /// A chunk as one deflate stream of so many bytes.
  case deflated(sizeInBytes: Int, packed: Int)
  /// A chunk as a delta against a run of the base's chunks.
  case delta(sizeInBytes: Int, first: Int, count: Int, packed: Int)
  /// A run of the base's chunks.
  case copied(first: Int, count: Int)

  /// - Parameter cursor: The base's chunk behind the one that was copied last.
  func write(to out: inout ByteWriter, cursor: inout Int) {
    switch self {
    case .plain(let size): out.number(UInt64(size) << 2)
    case .deflated(let size, let packed):
      out.number(UInt64(size) << 2 | 1)
      out.number(UInt64(packed))
    case .delta(let size, let first, let count, let packed):
      out.number(UInt64(size) << 2 | 2)
      out.signed(Int64(first - cursor))
      out.number(UInt64(count))
      out.number(UInt64(packed))
    case .copied(let first, let count):
      out.number(UInt64(count) << 2 | 3)
      out.signed(Int64(first - cursor))
      cursor = first + count
    }
  }

  /// Reads a piece.
  ///
  /// - Parameter chunkCount: How many chunks the base has; `nil` where it is not held and nothing is unpacked.
  init(reading input: inout ByteCursor, cursor: inout Int, chunkCount: Int?) throws(BundleError) {
    let number = try input.number()
    let value = number >> 2
    guard number & 3 < 3 else {
      let first = try Self.first(try input.signed(), count: value, cursor, chunkCount, input)
      self = .copied(first: first, count: Int(value))
      cursor = first + Int(value)
      return
    }
    guard value > 0, value <= BundleLimits.assetChunk else { throw input.malformed("a chunk's size") }
    let size = Int(value)
    switch number & 3 {
    case 0: self = .plain(sizeInBytes: size)
    case 1: self = .deflated(sizeInBytes: size, packed: try Self.packed(&input))
    default:
      let distance = try input.signed()
      let count = try input.number(atMost: UInt64(BundleLimits.deltaChunks))
      let first = try Self.first(distance, count: count, cursor, chunkCount, input)
      self = .delta(sizeInBytes: size, first: first, count: Int(count), packed: try Self.packed(&input))
    }
  }

  private static func first(
    _ distance: Int64, count: UInt64, _ cursor: Int, _ chunkCount: Int?, _ input: ByteCursor
  ) throws(BundleError) -> Int {
    let limit = UInt64(chunkCount ?? Int(BundleLimits.assetChunks))
    let (first, overflows) = distance.addingReportingOverflow(Int64(cursor))
    guard !overflows, first >= 0, count > 0, UInt64(first) < limit, count <= limit - UInt64(first) else {
      throw input.malformed("a run of an asset's chunks")
    }
    return Int(first)
  }

  // Whoever packs a chunk keeps it as it is where that would be larger.
  private static func packed(_ input: inout ByteCursor) throws(BundleError) -> Int {
    Int(try input.number(atMost: BundleLimits.assetChunk))
  }
}

extension BundleLimits {
  /// The largest chunk in bytes.
  static let assetChunk: UInt64 = 256 << 10
  /// The most that chunks may take of one block: less than a full one, and the last of them.
  static let chunks = UInt64(fullBlock) + assetChunk
  /// The smallest chunk that is not an asset's last, in bytes.
  static let smallestChunk = 16 << 10
  /// No asset has more chunks.
  static let assetChunks = Limits.asset / UInt64(smallestChunk) + 1
  /// The most chunks that one chunk's delta is made against.
  static let deltaChunks = 4
}
