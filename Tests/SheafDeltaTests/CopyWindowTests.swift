import SheafDelta
import SheafModel
import SheafTesting
import Testing

/// Bodies that are longer than a copy reaches.
///
/// What fills them repeats, so that they cost copies and little time.
@Suite struct CopyWindowTests {
  private static let reach = 1 << 24

  /// Codes bodies without base and gives back what is decoded, and what they cost.
  private func roundTrip(_ bodies: [[UInt8]]) throws -> (bodies: [[UInt8]], sizeInBytes: Int) {
    let encoder = ContentEncoder()
    for body in bodies { encoder.encode(body, hash: SHA256Hash(hashing: body), base: nil) }
    let bytes = encoder.endBlock()
    let decoder = ContentDecoder()
    decoder.begin(block: bytes)
    let decoded = try bodies.map { body in
      let decoded = try decoder.decode(base: nil, limit: body.count)
      decoder.keep(as: SHA256Hash(hashing: decoded))
      return decoded
    }
    try decoder.endBlock()
    return (decoded, bytes.count)
  }

  private func filler(_ count: Int) -> [UInt8] {
    var random = SplitMix64(seed: 11)
    let block = random.bytes(8_191)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count { bytes += block }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  private func base64(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return Array(Base64.encode(random.bytes(count * 3 / 4 + 3)).utf8.prefix(count))
  }

  @Test(
    "Twins are copied as long as the second begins within the reach of the first",
    arguments: [-5_000, -100, 0, 1, 100])
  func twins(beyond: Int) throws {
    let twin = base64(6_000, seed: 5)
    let distance = Self.reach + beyond
    let body = twin + filler(distance - twin.count) + twin
    let (decoded, size) = try roundTrip([body])
    #expect(decoded == [body])
    // The second costs a copy or, beyond the reach, literals that the models foresee.
    let alone = try roundTrip([Array(body.dropLast(twin.count))]).sizeInBytes
    if beyond <= 0 { #expect(size - alone < 40) } else { #expect(size - alone > 100) }
  }

  @Test("A twin that drifts out of reach, byte by byte, is copied up to there and no further")
  func drifting() throws {
    let twin = base64(12_000, seed: 6)
    var second: [UInt8] = []
    for (index, byte) in twin.enumerated() {
      second.append(byte)
      // Each insertion puts what follows one further from where it stood.
      if index % 60 == 59 { second.append(UInt8(ascii: "\n")) }
    }
    let body = twin + filler(Self.reach - 100 - twin.count) + second
    let (decoded, size) = try roundTrip([body])
    #expect(decoded == [body])
    let alone = try roundTrip([Array(body.dropLast(second.count))]).sizeInBytes
    #expect(size - alone < 2_500)
  }

  @Test("Forty megabytes come back, although the window leaves behind where their copies went on")
  func long() throws {
    let pieces = (0..<4).map { base64(16_000, seed: $0) }
    let space = filler(1 << 20)
    var body: [UInt8] = []
    body.reserveCapacity(42 << 20)
    for index in 0..<40 {
      // Halves and changed copies of what stood 4 to 20 MiB before.
      var piece = pieces[index / 5 % 4]
      piece[(index * 397) % piece.count] ^= 1
      body += index % 3 == 0 ? Array(piece[8_000...]) : piece
      body += space
    }
    let next = Array(body[(39 << 20)...].prefix(500_000))
    let (decoded, size) = try roundTrip([body, next])
    #expect(decoded == [body, next])
    #expect(size < 400_000)
  }
}
