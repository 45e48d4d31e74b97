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
  /// Where models code metadata and digests as one, digests are taken for their own bytes, which is
  /// what they cost there, and metadata for the rest. Where the streams of a small bundle are deflated
  /// as one, metadata are taken for what they alone would come to, and literals for the rest.
  public var sizes: [Part: UInt64] = [:]

  /// Instructions, addresses, literals and assets' chunks as sent, with the sizes in front of those that have any.
  public var bodiesInBytes: UInt64 {
    [Part.instructions, .addresses, .literals, .chunks].reduce(0) { $0 + (sizes[$1] ?? 0) }
  }

  mutating func add(_ count: Int, to part: Part) {
    guard count > 0 else { return }
    sizes[part, default: 0] += UInt64(count)
    sizeInBytes += UInt64(count)
  }

  /// Takes bytes that were counted for one part, as many as there are, for another.
  mutating func move(_ count: Int, from part: Part, to other: Part) {
    let moved = min(UInt64(count), sizes[part] ?? 0)
    guard moved > 0 else { return }
    sizes[part, default: 0] -= moved
    sizes[other, default: 0] += moved
    if sizes[part] == 0 { sizes[part] = nil }
  }
}
