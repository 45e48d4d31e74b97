import SheafCompression
import SheafDelta
import SheafModel

/// A chunk as a delta against others, in bytes of its own (`Schemas/assets.md`, "Deltas").
enum ChunkDelta {
  /// Three numbers, the sizes of instructions, addresses and literals, and these three, deflated where that is shorter.
  static func pack(_ bytes: [UInt8], against base: [UInt8]) -> [UInt8] {
    var streams = DeltaStreams()
    DeltaEncoder.encode(base: base, target: bytes, into: &streams)
    let parts = [streams.instructions, streams.addresses, streams.literals]
    var out = ByteWriter()
    for part in parts { out.number(UInt64(part.count)) }
    let plain = parts.flatMap { $0 }
    let deflated = Deflate.compress(plain)
    out.raw(deflated.count < plain.count ? deflated : plain)
    return out.bytes
  }

  /// The chunk's bytes.
  ///
  /// - Throws: `BundleError.malformed` when the bytes are not a delta that gives exactly `size`.
  static func unpack(
    _ packed: [UInt8], against base: [UInt8], size: Int, position: UInt64
  ) throws(BundleError) -> [UInt8] {
    var input = ByteCursor(packed, position: position)
    var sizes: [Int] = []
    for _ in 0..<3 { sizes.append(Int(try input.number(atMost: BundleLimits.assetChunk * 4))) }
    let total = sizes.reduce(0, +)
    let rest = try input.take(packed.count - input.offset)
    do {
      let plain = rest.count == total ? rest : try Deflate.decompress(rest, size: total)
      var decoder = DeltaDecoder(
        streams: DeltaStreams(
          instructions: Array(plain[..<sizes[0]]),
          addresses: Array(plain[sizes[0]..<(sizes[0] + sizes[1])]),
          literals: Array(plain[(sizes[0] + sizes[1])...])))
      let bytes = try decoder.decode(base: base, targetSize: size)
      try decoder.finish()
      return bytes
    } catch {
      throw .malformed(what: "a chunk's delta: \(error)", offset: position)
    }
  }
}
