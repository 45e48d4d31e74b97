/// Cuts content where the content says so, so that an edit moves few cuts.
///
/// A gear hash over the last 64 bytes decides, with a stricter rule before the usual size and a
/// laxer one behind it. The same bytes are always cut alike. Laid out in `Schemas/assets.md`.
public struct ContentChunker {
  /// No chunk but the last is smaller, in bytes.
  public static let smallest = 16 << 10
  /// Where the rule turns lax, in bytes; the mean is a little above.
  public static let usual = 64 << 10
  /// No chunk is larger, in bytes.
  public static let largest = 256 << 10

  private static let strict: UInt64 = 0x3ffff << 46
  private static let lax: UInt64 = 0x3fff << 50

  /// What the gear hash adds for each byte: outputs 0 to 255 of SplitMix64 with the seed "sheaf".
  private static let gear: [UInt64] = {
    var state: UInt64 = 0x73_6865_6166
    return (0..<256).map { _ in
      state &+= 0x9e37_79b9_7f4a_7c15
      var word = state
      word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
      word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
      return word ^ (word >> 31)
    }
  }()

  private var held: [UInt8] = []
  private var start = 0

  /// Starts at the beginning of a content.
  public init() {}

  /// The size of the first chunk.
  ///
  /// - Parameter bytes: The content from here on: all that is left of it, or at least `largest` bytes.
  /// - Returns: 1 to `largest`; 0 only for no bytes.
  public static func firstCut(in bytes: UnsafeRawBufferPointer) -> Int {
    let end = min(bytes.count, largest)
    guard end > smallest else { return end }
    let turn = min(usual, end)
    return gear.withUnsafeBufferPointer { gear in
      var hash: UInt64 = 0
      var offset = smallest
      while offset < turn {
        hash = hash &<< 1 &+ gear[Int(bytes[offset])]
        offset &+= 1
        if hash & strict == 0 { return offset }
      }
      while offset < end {
        hash = hash &<< 1 &+ gear[Int(bytes[offset])]
        offset &+= 1
        if hash & lax == 0 { return offset }
      }
      return end
    }
  }

  /// Takes the next bytes of the content, and gives out every chunk that is now sure.
  ///
  /// Holds at most `largest` bytes and one piece.
  public mutating func add(
    _ bytes: UnsafeRawBufferPointer, chunk: (UnsafeRawBufferPointer) throws -> Void
  ) rethrows {
    held.append(contentsOf: bytes)
    try cut(whileHolding: Self.largest, chunk)
  }

  /// Gives out what is left at the content's end.
  public mutating func finish(chunk: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    try cut(whileHolding: 1, chunk)
  }

  private mutating func cut(
    whileHolding least: Int, _ chunk: (UnsafeRawBufferPointer) throws -> Void
  ) rethrows {
    while held.count - start >= least {
      let size = try held.withUnsafeBytes { all in
        let rest = UnsafeRawBufferPointer(rebasing: all[start...])
        let size = Self.firstCut(in: rest)
        try chunk(UnsafeRawBufferPointer(rebasing: rest[..<size]))
        return size
      }
      start += size
    }
    // Moved to the front once for each piece, not once for each chunk.
    held.removeFirst(start)
    start = 0
  }
}
