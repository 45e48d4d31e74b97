import SheafCompression
import SheafTesting
import Testing

private let text = [UInt8]("What is measured is kept; what is kept is shown. ".utf8)

/// Compressible, but not by repeats alone.
private func shuffledText(_ count: Int, using random: inout SplitMix64) -> [UInt8] {
  var bytes: [UInt8] = []
  for _ in 0..<count { bytes += text.shuffled(using: &random) }
  return bytes
}

private func inflate(_ inflater: Inflater, _ bytes: [UInt8], exactly size: Int, ends: Bool = false) throws
  -> [UInt8]
{
  try bytes.withUnsafeBytes { try inflater.inflate($0, exactly: size, endsStream: ends) }
}

private func deflate(_ deflater: Deflater, _ bytes: [UInt8], _ flush: Deflater.Flush) -> [UInt8] {
  var output: [UInt8] = []
  bytes.withUnsafeBytes { deflater.compress($0, into: &output, flush: flush) }
  return output
}

@Test("Decompressing undoes compressing, at every level", arguments: 0...9)
func roundTrip(level: Int) throws {
  var random = SplitMix64(seed: UInt64(level))
  let samples: [[UInt8]] = [
    [], [0], text, random.bytes(70_000), [UInt8](repeating: 7, count: 300_000),
    shuffledText(3_000, using: &random),
  ]
  for sample in samples {
    let packed = Deflate.compress(sample, level: level)
    #expect(try Deflate.decompress(packed, size: sample.count) == sample)
    #expect(packed == Deflate.compress(sample, level: level))
  }
}

@Test("A size other than the true one is refused, and so are trailing bytes")
func wrongSize() throws {
  let sample = [[UInt8]](repeating: text, count: 40).flatMap { $0 }
  let packed = Deflate.compress(sample)
  let size = sample.count
  #expect(throws: CompressionError.tooLong(declaredSize: size - 1)) {
    try Deflate.decompress(packed, size: size - 1)
  }
  #expect(throws: CompressionError.tooLong(declaredSize: 0)) { try Deflate.decompress(packed, size: 0) }
  #expect(throws: CompressionError.tooShort(declaredSize: size + 1)) {
    try Deflate.decompress(packed, size: size + 1)
  }
  #expect(throws: CompressionError.trailingBytes(count: 2)) {
    try Deflate.decompress(packed + [0, 0], size: size)
  }
  #expect(throws: CompressionError.tooShort(declaredSize: -1)) { try Deflate.decompress(packed, size: -1) }
}

@Test("A size that the input cannot give takes no memory")
func impossibleSize() {
  #expect(throws: CompressionError.tooShort(declaredSize: .max)) {
    try Deflate.decompress([3, 0], size: .max)
  }
  #expect(throws: CompressionError.tooShort(declaredSize: 1 << 40)) {
    try Deflate.decompress([3, 0], size: 1 << 40)
  }
}

@Test("A stream of one repeated byte, the densest there is, is within the size that is believed")
func densestStream() throws {
  let sample = [UInt8](repeating: 0, count: 8 << 20)
  #expect(try Deflate.decompress(Deflate.compress(sample), size: sample.count) == sample)
}

@Test("Every cut of a stream is refused")
func cutStream() {
  let sample = text + text.reversed()
  let packed = Deflate.compress(sample)
  for end in packed.indices {
    #expect(throws: CompressionError.tooShort(declaredSize: sample.count)) {
      try Deflate.decompress(Array(packed[..<end]), size: sample.count)
    }
  }
}

@Test("Damaged and random bytes are refused or give the declared size", arguments: UInt64(0)..<20)
func damage(seed: UInt64) {
  var random = SplitMix64(seed: seed)
  let sample = shuffledText(50, using: &random)
  let packed = Deflate.compress(sample)
  for _ in 0..<50 {
    var damaged = packed
    damaged[Int.random(in: packed.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    if let bytes = try? Deflate.decompress(damaged, size: sample.count) {
      #expect(bytes.count == sample.count)
    }
    #expect((try? Deflate.decompress(random.bytes(60), size: 10_000)) == nil)
  }
  #expect(throws: CompressionError.corrupt) { try Deflate.decompress([7, 1, 2, 3], size: 40) }
}

@Test("Segments share a window, and each is read as soon as it is there")
func solidSegments() throws {
  var random = SplitMix64(seed: 4)
  let sample = random.bytes(5_000)
  let (deflater, inflater) = (Deflater(), try Inflater())
  let segments = [(sample, false), (sample, false), ([], false), ([], false), (text, false), (sample, true)]
  var sizes: [Int] = []
  for (bytes, ends) in segments {
    let packed = deflate(deflater, bytes, ends ? .finish : .sync)
    sizes.append(packed.count)
    #expect(try inflate(inflater, packed, exactly: bytes.count, ends: ends) == bytes)
  }
  #expect(sizes[0] > 5_000 && sizes[1] < 100 && sizes[5] < 100)
  #expect(sizes[2] == 0 && sizes[3] == 0)
  #expect(throws: CompressionError.closed) { try inflate(inflater, [3, 0], exactly: 0, ends: true) }
}

@Test("What is not flushed comes with a later segment")
func unflushed() throws {
  let deflater = Deflater()
  let first = deflate(deflater, text, .none)
  let second = deflate(deflater, text, .finish)
  #expect(try Deflate.decompress(first + second, size: 2 * text.count) == text + text)
}

@Test(
  "A segment that ends the stream early, or does not end it, is refused, and closes the stream until a reset")
func segmentEnds() throws {
  let inflater = try Inflater()
  let whole = Deflate.compress(text)
  let open = deflate(Deflater(), text, .sync)
  #expect(throws: CompressionError.endsEarly) { try inflate(inflater, whole, exactly: text.count) }
  #expect(throws: CompressionError.closed) { try inflate(inflater, open, exactly: text.count) }
  inflater.reset()
  #expect(throws: CompressionError.tooShort(declaredSize: text.count)) {
    try inflate(inflater, open, exactly: text.count, ends: true)
  }
  inflater.reset()
  // All bytes come out, but the flush that marks the boundary was cut.
  #expect(throws: CompressionError.tooShort(declaredSize: text.count)) {
    try inflate(inflater, Array(open.dropLast(1)), exactly: text.count)
  }
  inflater.reset()
  #expect(throws: CompressionError.tooLong(declaredSize: 5)) { try inflate(inflater, open, exactly: 5) }
  inflater.reset()
  #expect(try inflate(inflater, open, exactly: text.count) == text)
}

@Test("A deflater that was reset writes what a new one writes")
func deflaterReset() {
  let deflater = Deflater(level: 6)
  _ = deflate(deflater, text, .finish)
  deflater.reset()
  #expect(deflate(deflater, text, .finish) == Deflate.compress(text, level: 6))
}
