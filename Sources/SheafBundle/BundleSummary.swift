/// What a bundle came to.
public struct BundleSummary: Hashable, Sendable {
  /// The parts that a bundle's bytes belong to.
  public enum Part: String, Hashable, Sendable, CaseIterable {
    case header, seal, proof, frames, metadata, digests, instructions, addresses, literals, chunks
  }

  /// The whole bundle.
  public var sizeInBytes: UInt64 = 0
  /// How many change sets it carries.
  public var changeSets: UInt64 = 0
  /// How many revision lines, or state changes.
  public var revisions: UInt64 = 0
  /// How many bodies travel.
  public var bodies: UInt64 = 0
  /// Those bodies' bytes, unpacked.
  public var unpackedSizeInBytes: UInt64 = 0
  /// The bytes of each part as sent; their sum is `sizeInBytes`.
  ///
  /// Where the streams of a small bundle are compressed as one, metadata are taken
  /// for what they alone would come to, and literals for the rest.
  public var sizes: [Part: UInt64] = [:]

  /// Instructions, addresses, literals and assets' chunks as sent, with the sizes in front of those that have any.
  public var bodiesInBytes: UInt64 {
    [Part.instructions, .addresses, .literals, .chunks].reduce(0) { $0 + (sizes[$1] ?? 0) }
  }

  mutating func add(_ count: Int, to part: Part) {
    sizes[part, default: 0] += UInt64(count)
    sizeInBytes += UInt64(count)
  }
}
