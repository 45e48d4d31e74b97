import SheafCompression
import SheafDelta
import SheafModel

/// How a body is kept as a delta against another (`Schemas/store.md`, "Bodies").
enum BodyDelta {
  /// The most bases below one body.
  static let longestChain = 12
  /// Larger bodies are kept whole: a chain of them would take too much memory to read.
  static let largestBody = 4 << 20

  /// Three little-endian sizes, then instructions, addresses and literals in one deflate stream, or as they are.
  static func pack(_ bytes: [UInt8], against base: [UInt8]) -> [UInt8] {
    var streams = DeltaStreams()
    DeltaEncoder.encode(base: base, target: bytes, into: &streams)
    let parts = [streams.instructions, streams.addresses, streams.literals]
    var packed: [UInt8] = []
    for part in parts {
      withUnsafeBytes(of: UInt32(part.count).littleEndian) { packed.append(contentsOf: $0) }
    }
    let plain = parts.flatMap { $0 }
    let deflated = Deflate.compress(plain, level: 1)
    return packed + (deflated.count < plain.count ? deflated : plain)
  }

  /// The body; `nil` when the bytes are not what `pack` makes.
  static func unpack(_ packed: [UInt8], against base: [UInt8], size: Int) -> [UInt8]? {
    guard packed.count >= 12 else { return nil }
    let sizes = (0..<3).map { part in
      (0..<4).reduce(0) { $0 | Int(packed[part * 4 + $1]) << (8 * $1) }
    }
    let total = sizes.reduce(0, +)
    guard total <= 2 * Limits.document else { return nil }
    let rest = Array(packed[12...])
    let plain = rest.count == total ? rest : try? Deflate.decompress(rest, size: total)
    guard let plain, plain.count == total else { return nil }
    let streams = DeltaStreams(
      instructions: Array(plain[..<sizes[0]]), addresses: Array(plain[sizes[0]..<(sizes[0] + sizes[1])]),
      literals: Array(plain[(sizes[0] + sizes[1])...]))
    var decoder = DeltaDecoder(streams: streams)
    guard let bytes = try? decoder.decode(base: base, targetSize: size), (try? decoder.finish()) != nil else {
      return nil
    }
    return bytes
  }
}

/// Bodies used lately in one transaction, so that a chain is not walked for each of its members.
final class BodyCache {
  private static let capacityInBytes = 12 << 20
  private var bodies: [SHA256Hash: [UInt8]] = [:]
  private var order: [SHA256Hash] = []
  private var oldest = 0
  private var sizeInBytes = 0

  subscript(hash: SHA256Hash) -> [UInt8]? { bodies[hash] }

  /// Keeps a body for a while; the ones kept longest go first.
  func insert(_ bytes: [UInt8], for hash: SHA256Hash) {
    guard bytes.count <= Self.capacityInBytes / 4, bodies.updateValue(bytes, forKey: hash) == nil else {
      return
    }
    order.append(hash)
    sizeInBytes += bytes.count
    while sizeInBytes > Self.capacityInBytes, oldest < order.count {
      sizeInBytes -= bodies.removeValue(forKey: order[oldest])?.count ?? 0
      oldest += 1
    }
    if oldest > 4096 {
      order.removeFirst(oldest)
      oldest = 0
    }
  }

  /// Forgets everything: some of it may not be held after all.
  func removeAll() {
    bodies.removeAll()
    order.removeAll()
    (oldest, sizeInBytes) = (0, 0)
  }

  /// Forgets a body that is no longer held.
  func remove(_ hash: SHA256Hash) {
    // It stays in the order, where it counts for nothing once it is gone from the bodies.
    sizeInBytes -= bodies.removeValue(forKey: hash)?.count ?? 0
  }
}
