import SheafDelta
import SheafModel
import SheafTesting
import Testing

/// Bodies with the bases they are coded against.
private typealias Sample = (base: [UInt8]?, body: [UInt8])

private func code(_ samples: [Sample]) -> [UInt8] {
  let encoder = ContentEncoder()
  for sample in samples {
    encoder.encode(
      sample.body, hash: SHA256Hash(hashing: sample.body),
      base: sample.base.map { (SHA256Hash(hashing: $0), $0) })
  }
  return encoder.endBlock()
}

private func decode(_ bytes: [UInt8], like samples: [Sample], limit: Int? = nil) throws -> [[UInt8]] {
  let decoder = ContentDecoder()
  decoder.begin(block: bytes)
  let bodies = try samples.map { sample in
    let body = try decoder.decode(
      base: sample.base.map { (SHA256Hash(hashing: $0), $0) }, limit: limit ?? sample.body.count)
    decoder.keep(as: SHA256Hash(hashing: body))
    return body
  }
  try decoder.endBlock()
  return bodies
}

/// Documents and edits of them, made from a seed.
private struct Author {
  var random: SplitMix64
  static let words =
    "the of and arm placebo trial weeks outcome measure participants \n\n 12 2024-05-01 { } \"id\":"
    .split(separator: " ").map { Array($0.utf8) }

  mutating func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

  mutating func text(_ size: Int) -> [UInt8] {
    var text: [UInt8] = []
    while text.count < size { text += Self.words[pick(Self.words.count)] + [0x20] }
    return text
  }

  mutating func edited(_ content: [UInt8]) -> [UInt8] {
    var bytes = content
    for _ in 0...pick(4) {
      let start = pick(bytes.count + 1)
      let end = min(bytes.count, start + pick(40))
      switch pick(4) {
      case 0: bytes.removeSubrange(start..<end)
      case 1: bytes.insert(contentsOf: bytes[start..<end], at: pick(bytes.count + 1))
      case 2: bytes.replaceSubrange(start..<end, with: random.bytes(end - start))
      default: bytes.replaceSubrange(start..<end, with: text(1 + pick(60)))
      }
    }
    return bytes
  }
}

@Suite struct ContentCoderTests {
  private static let odd: [Sample] = {
    var random = SplitMix64(seed: 1)
    let noise = random.bytes(3_000)
    let zeros = [UInt8](repeating: 0, count: 70_000)
    return [
      (nil, []), (nil, [0]), (nil, [7]), ([], []), ([1], []), ([], [1]), ([1, 2, 3], [1, 2, 3]),
      (nil, noise), (noise, noise), (noise, noise + noise), (noise, Array(noise.reversed())), (nil, zeros),
      (zeros, zeros + [1] + zeros), (noise, zeros), (zeros, []), (nil, Array(0...255)), (noise, [0]),
      (noise, Array(noise[1_500...] + noise[..<1_500])), (nil, Array("é\n".utf8) + noise[..<9]),
    ]
  }()

  @Test("Odd bodies come back, alone and one after another")
  func oddBodies() throws {
    for sample in Self.odd { #expect(try decode(code([sample]), like: [sample]) == [sample.body]) }
    #expect(try decode(code(Self.odd), like: Self.odd) == Self.odd.map(\.body))
  }

  @Test("Edits of documents come back, whatever they are edits of", arguments: UInt64(0)..<30)
  func edits(seed: UInt64) throws {
    var author = Author(random: SplitMix64(seed: seed))
    var documents = [author.text(author.pick(3_000))]
    var samples: [Sample] = []
    for _ in 0..<12 {
      let base = documents[author.pick(documents.count)]
      let body = author.pick(5) == 0 ? author.text(author.pick(900)) : author.edited(base)
      samples.append((author.pick(6) == 0 ? nil : base, body))
      documents.append(body)
    }
    let bytes = code(samples)
    #expect(try decode(bytes, like: samples) == samples.map(\.body))
    #expect(code(samples) == bytes)
  }

  @Test("A small edit of a document costs a few bytes, and the same edit of the next one fewer")
  func sizes() throws {
    var author = Author(random: SplitMix64(seed: 7))
    let bases = (0..<2).map { _ in author.text(20_000) }
    let samples: [Sample] = bases.map { base in
      var body = base
      body.replaceSubrange(9_000..<9_010, with: Array("an edit that says something".utf8))
      return (base, body)
    }
    let one = code([samples[0]])
    #expect(one.count < 45)
    #expect(code(samples).count - one.count < 20)
  }

  @Test("Bases are found again, and forgotten when they lie too far back")
  func window() throws {
    var random = SplitMix64(seed: 3)
    let base = random.bytes(5 << 20)
    let samples: [Sample] = (0..<7).map { index in
      (base, Array(base[(index * 1_000)...]) + random.bytes(10))
    }
    let bytes = code(samples)
    #expect(bytes.count < 400)
    #expect(try decode(bytes, like: samples) == samples.map(\.body))
  }

  @Test("A body that is larger than the largest base is coded in slices")
  func slices() throws {
    var author = Author(random: SplitMix64(seed: 4))
    let text = author.text(40_000)
    var body: [UInt8] = []
    while body.count < ContentEncoder.largestBase + 500_000 { body += text }
    let bytes = code([(nil, body), (text, text)])
    #expect(bytes.count < 40_000)
    #expect(try decode(bytes, like: [(nil, body), (text, text)]) == [body, text])
  }

  @Test("Bytes that were cut, extended or changed give a body within the limit or an error")
  func damage() throws {
    var author = Author(random: SplitMix64(seed: 5))
    let base = author.text(2_000)
    let samples: [Sample] = (0..<4).map { _ in (base, author.edited(base)) }
    let bytes = code(samples)
    let bodies = samples.map(\.body)
    for size in 0..<bytes.count {
      // A stream that is cut may be another's whole: what carries it has hashes of what it gives.
      #expect((try? decode(Array(bytes[..<size]), like: samples, limit: 3_000)) != bodies)
    }
    #expect(throws: DeltaError.unused(.literals, count: 2)) { try decode(bytes + [0, 0], like: samples) }
    var refused = 0
    for _ in 0..<400 {
      var damaged = bytes
      damaged[author.pick(bytes.count)] ^= 1 << UInt8(author.pick(8))
      do {
        let given = try decode(damaged, like: samples, limit: 3_000)
        #expect(given != bodies && given.allSatisfy { $0.count <= 3_000 })
      } catch is DeltaError { refused += 1 }
    }
    #expect(refused > 300)
    for _ in 0..<400 {
      let noise = author.random.bytes(1 + author.pick(300))
      if let given = try? decode(noise, like: samples, limit: 3_000) {
        #expect(given.allSatisfy { $0.count <= 3_000 })
      }
    }
  }

  @Test("A body beyond its limit is refused")
  func limit() throws {
    let zeros: Sample = (nil, [UInt8](repeating: 0, count: 100_000))
    let bytes = code([zeros])
    for limit in [0, 1, 99_999] {
      #expect(throws: DeltaError.self) { try decode(bytes, like: [zeros], limit: limit) }
    }
    #expect(try decode(bytes, like: [zeros], limit: 100_000) == [zeros.body])
  }

  @Test("What was learned stays from block to block")
  func blocks() throws {
    var author = Author(random: SplitMix64(seed: 6))
    let text = author.text(5_000)
    let bodies = [text, author.edited(text), author.edited(text)]
    let encoder = ContentEncoder()
    let blocks = bodies.map { body in
      encoder.encode(body, hash: SHA256Hash(hashing: body), base: nil)
      return encoder.endBlock()
    }
    #expect(blocks[1].count < blocks[0].count / 4)
    let decoder = ContentDecoder()
    for (block, body) in zip(blocks, bodies) {
      decoder.begin(block: block)
      #expect(try decoder.decode(base: nil, limit: 10_000) == body)
      decoder.keep(as: SHA256Hash(hashing: body))
      try decoder.endBlock()
    }
  }

  @Test("Fields and digests come back in their order, and cut ones are refused")
  func fields() throws {
    var random = SplitMix64(seed: 8)
    let paths = (0..<40).map { Array("articles/episode-\($0)/index.md".utf8) }
    let digests = paths.map { _ in random.bytes(32) }
    let encoder = FieldEncoder()
    for (path, digest) in zip(paths, digests) {
      for byte in path { encoder.encode(byte) }
      encoder.encode(digest: digest)
    }
    let bytes = encoder.endBlock()
    #expect(bytes.count < 40 * 32 + 300)
    let decoder = FieldDecoder()
    func read(_ bytes: [UInt8]) throws {
      decoder.begin(block: bytes)
      for (path, digest) in zip(paths, digests) {
        #expect(try path.map { _ in try decoder.decode() } == path)
        #expect(try decoder.decode(digest: 32) == digest)
      }
      try decoder.endBlock()
    }
    try read(bytes)
    let cut = FieldDecoder()
    cut.begin(block: Array(bytes[..<20]))
    #expect(throws: DeltaError.self) { for _ in 0..<2_000 { _ = try cut.decode() } }
  }
}
