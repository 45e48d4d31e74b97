import SheafModel

/// The name of one static piece of a published log: up to 256 hashes of one level, or the entries below them.
///
/// `tile/0/x001/234.p/5`, `tile/entries/x001/234` (C2SP *tlog-tiles*; `Schemas/log.md`).
public struct TilePath: Hashable, Sendable {
  /// What a tile holds.
  public enum Kind: Hashable, Sendable {
    /// Hashes of subtrees of 256^`level` leaves; level 0 holds leaf hashes.
    case hashes(level: Int)
    /// The entries themselves.
    case entries
  }

  /// How many hashes or entries a full tile has.
  public static let fullWidth = 256

  /// What it holds.
  public let kind: Kind
  /// Its position among the tiles of its kind.
  public let index: UInt64
  /// How many hashes or entries it has: 1...256, 256 when it is full.
  public let width: Int

  /// Names a tile, or `nil` for a level outside 0...63 or a width outside 1...256.
  public init?(kind: Kind, index: UInt64, width: Int = fullWidth) {
    if case .hashes(let level) = kind, !(0...63).contains(level) { return nil }
    guard (1...Self.fullWidth).contains(width), index <= MerkleNodeID.largestTreeSize else { return nil }
    self.kind = kind
    self.index = index
    self.width = width
  }

  /// Reads a path that starts with `tile/`; `nil` for any but the one spelling of a tile.
  public init?(parsing path: String) {
    var parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .compactMap { String($0) }[...]
    // Seven groups of three digits are more than any index has.
    guard parts.count <= 11, parts.popFirst() == "tile", let level = parts.popFirst() else { return nil }
    let kind: Kind
    if level == "entries" {
      kind = .entries
    } else if let number = UInt64(canonicalDecimal: level), number <= 63 {
      kind = .hashes(level: Int(number))
    } else {
      return nil
    }
    var width = Self.fullWidth
    if parts.count > 1, let partial = parts.dropLast().last, partial.hasSuffix(".p") {
      guard let last = parts.popLast(), let number = UInt64(canonicalDecimal: last),
        (1...255).contains(number)
      else { return nil }
      width = Int(number)
      parts[parts.endIndex - 1] = String(partial.dropLast(2))
    }
    let digits = parts.map { $0.hasPrefix("x") ? String($0.dropFirst()) : $0 }.joined()
    var significant = Substring(digits).drop { $0 == "0" }
    if significant.isEmpty { significant = "0" }
    guard let index = UInt64(canonicalDecimal: significant) else { return nil }
    self.init(kind: kind, index: index, width: width)
    // Groups of another size, missing or needless ones, a stray x: all are another spelling.
    guard self.path.isSameBytes(as: path) else { return nil }
  }

  /// The path, starting with `tile/`.
  public var path: String {
    var groups: [String] = []
    var rest = index
    repeat {
      let group = String(rest % 1000)
      groups.append(String(repeating: "0", count: 3 - group.count) + group)
      rest /= 1000
    } while rest > 0
    let number = groups.enumerated().reversed().map { $0 == 0 ? $1 : "x" + $1 }.joined(separator: "/")
    let level =
      switch kind {
      case .hashes(let level): String(level)
      case .entries: "entries"
      }
    return "tile/\(level)/\(number)" + (width < Self.fullWidth ? ".p/\(width)" : "")
  }

  /// The indices of the hashes or entries it holds, counted along its level; `nil`
  /// when a log of `size` leaves does not have all of them.
  public func range(inLogOf size: UInt64) -> Range<UInt64>? {
    let shift =
      switch kind {
      case .hashes(let level): 8 * level
      case .entries: 0
      }
    let available = shift < UInt64.bitWidth ? size >> UInt64(shift) : 0
    let (start, overflow) = index.multipliedReportingOverflow(by: UInt64(Self.fullWidth))
    guard !overflow, start < available, available - start >= UInt64(width) else { return nil }
    return start..<start + UInt64(width)
  }

  /// The bytes of a tile of hashes: 32 for each.
  ///
  /// - Throws: `MerkleError.outsideTree` when a log of `size` leaves does not have
  ///   the whole tile, or when this is a tile of entries; what `nodes` throws.
  public func hashes(size: UInt64, nodes: NodeReader) throws -> [UInt8] {
    guard case .hashes(let level) = kind, let range = range(inLogOf: size) else {
      throw MerkleError.outsideTree(index: index, size: size)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(width * SHA256Hash.sizeInBytes)
    for index in range { bytes += try nodes(MerkleNodeID(level: 8 * level, index: index)).bytes }
    return bytes
  }

  /// The tiles that a log of `size` leaves gained since it had `old`, partial ones
  /// at the right edge included: of hashes level by level, then of entries.
  ///
  /// - Parameter old: A size whose tiles all exist already; 0 for every tile.
  public static func tiles(from old: UInt64, to size: UInt64) -> [TilePath] {
    guard size > old else { return [] }
    var tiles: [TilePath] = []
    func add(_ kind: Kind, shift: UInt64) {
      let (first, count) = (old >> shift, size >> shift)
      guard count > first else { return }
      for index in (first / 256)...((count - 1) / 256) {
        let width = Int(min(256, count - index * 256))
        if let tile = TilePath(kind: kind, index: index, width: width) { tiles.append(tile) }
      }
    }
    for level in 0..<8 { add(.hashes(level: level), shift: UInt64(8 * level)) }
    add(.entries, shift: 0)
    return tiles
  }
}
