import SheafDelta
import SheafTesting
import Testing

/// Encodes one delta alone.
private func delta(_ base: [UInt8], _ target: [UInt8]) -> DeltaStreams {
  var streams = DeltaStreams()
  DeltaEncoder.encode(base: base, target: target, into: &streams)
  return streams
}

/// Decodes the only delta of some streams.
private func decode(_ streams: DeltaStreams, base: [UInt8], size: Int) throws -> [UInt8] {
  var decoder = DeltaDecoder(streams: streams)
  let target = try decoder.decode(base: base, targetSize: size)
  try decoder.finish()
  return target
}

private func size(_ streams: DeltaStreams) -> Int {
  streams.instructions.count + streams.addresses.count + streams.literals.count
}

/// Lines of words from a small vocabulary, so that much repeats, as in records.
private func prose(_ count: Int, using random: inout SplitMix64) -> [UInt8] {
  let words = [
    "dose", "visit", "arm ", "placebo", "week", "12", "\"id\": ", "mg", "randomised", "\n", "café", "{}, ",
  ]
  var bytes: [UInt8] = []
  while bytes.count < count {
    bytes += Array(words[Int.random(in: words.indices, using: &random)].utf8) + [0x20]
  }
  return Array(bytes.prefix(count))
}

/// A target made from a base as people make them: inserted, deleted, replaced, moved and repeated pieces.
private func edited(_ base: [UInt8], edits: Int, using random: inout SplitMix64) -> [UInt8] {
  var target = base
  for _ in 0..<edits {
    let at = Int.random(in: 0...target.count, using: &random)
    let end = min(target.count, at + Int.random(in: 0...200, using: &random))
    switch Int.random(in: 0..<5, using: &random) {
    case 0: target.insert(contentsOf: random.bytes(Int.random(in: 1...60, using: &random)), at: at)
    case 1: target.removeSubrange(at..<end)
    case 2: target.replaceSubrange(at..<end, with: random.bytes(end - at))
    case 3:
      let piece = Array(target[at..<end])
      target.removeSubrange(at..<end)
      target.insert(contentsOf: piece, at: Int.random(in: 0...target.count, using: &random))
    default: target.insert(contentsOf: target[at..<end], at: Int.random(in: 0...target.count, using: &random))
    }
  }
  return target
}

@Test("Decoding undoes encoding for edited text and bytes", arguments: UInt64(0)..<60)
func roundTrip(seed: UInt64) throws {
  var random = SplitMix64(seed: seed)
  let count = Int.random(in: 0...6_000, using: &random)
  let base = seed.isMultiple(of: 2) ? prose(count, using: &random) : random.bytes(count)
  let target = edited(base, edits: Int.random(in: 0...20, using: &random), using: &random)
  let streams = delta(base, target)
  #expect(try decode(streams, base: base, size: target.count) == target)
  #expect(delta(base, target) == streams)
}

@Test("Decoding undoes encoding at the edges")
func edges() throws {
  var random = SplitMix64(seed: 1)
  let noise = random.bytes(2_000)
  let ones = [UInt8](repeating: 1, count: 5_000)
  let period = (0..<3_000).map { UInt8($0 % 24) }
  var samples = [[], [1], noise, ones, Array(ones.prefix(700)), period, Array(noise.reversed())]
  for count in [7, 8, 9, 15, 16, 17, 31, 32, 33] { samples.append(Array(noise.prefix(count))) }
  samples.append(noise + [0] + noise)
  samples.append(ones + noise + ones)
  for base in samples {
    for target in samples {
      #expect(try decode(delta(base, target), base: base, size: target.count) == target)
    }
  }
}

@Test("A delta costs about what changed")
func smallChangesAreSmall() {
  var random = SplitMix64(seed: 2)
  let base = random.bytes(40_000)
  #expect(delta(base, base) == DeltaStreams(instructions: [0, 0xc0, 0xb8, 0x02], addresses: [0]))
  #expect(size(delta(base, [])) == 0)

  var replaced = base
  for at in stride(from: 1_000, to: 39_000, by: 2_000) { replaced[at] ^= 0xff }
  #expect(delta(base, replaced).literals.count == 19)
  #expect(size(delta(base, replaced)) < 19 * 6 + 10)

  // Two halves change places: two copies, no literal.
  let moved = Array(base[20_000...] + base[..<20_000])
  #expect(delta(base, moved).literals.isEmpty)
  #expect(size(delta(base, moved)) < 16)

  // Between two insertions, ten bytes are enough to copy at the expected place.
  let noise = random.bytes(40)
  let inserted = base[..<9_000] + noise[..<20] + base[9_000..<9_010] + noise[20...] + base[9_010...]
  #expect(delta(base, Array(inserted)).literals == noise)
}

@Test("An empty base gives one literal, and appending to streams changes nothing before")
func emptyBase() {
  var streams = DeltaStreams(instructions: [9], addresses: [8], literals: [7])
  DeltaEncoder.encode(base: [], target: [1, 2, 3], into: &streams)
  #expect(streams == DeltaStreams(instructions: [9, 3], addresses: [8], literals: [7, 1, 2, 3]))
}

@Test("Several deltas share the streams and come back in order, from one index or none")
func sharedStreams() throws {
  var random = SplitMix64(seed: 3)
  let base = prose(3_000, using: &random)
  let targets = (0..<12).map { edited(base, edits: $0, using: &random) }
  let index = DeltaIndex(base: base)
  var streams = DeltaStreams()
  for (number, target) in targets.enumerated() {
    if number.isMultiple(of: 2) {
      DeltaEncoder.encode(index: index, target: target, into: &streams)
    } else {
      DeltaEncoder.encode(base: base, target: target, into: &streams)
    }
  }
  var decoder = DeltaDecoder(streams: streams)
  for target in targets {
    #expect(throws: DeltaError.self) { try decoder.finish() }
    #expect(try decoder.decode(base: base, targetSize: target.count) == target)
  }
  try decoder.finish()
}

@Test("A refused delta leaves the decoder where it was")
func refusalChangesNothing() throws {
  let base = [UInt8]("the first arm received a placebo".utf8)
  let target = [UInt8]("the first arm received the drug".utf8)
  var decoder = DeltaDecoder(streams: delta(base, target))
  #expect(throws: DeltaError.self) { try decoder.decode(base: [], targetSize: target.count) }
  #expect(throws: DeltaError.self) { try decoder.decode(base: base, targetSize: target.count + 1) }
  #expect(try decoder.decode(base: base, targetSize: target.count) == target)
}

@Test("Each check refuses what it is there for")
func checks() {
  let base = [UInt8](0..<10)
  func refusal(_ instructions: [UInt8], _ addresses: [UInt8], _ literals: [UInt8], size: Int = 4)
    -> DeltaError?
  {
    let streams = DeltaStreams(instructions: instructions, addresses: addresses, literals: literals)
    do {
      _ = try decode(streams, base: base, size: size)
      return nil
    } catch {
      return error as? DeltaError
    }
  }
  #expect(refusal([1, 3], [0], [5]) == nil)
  #expect(refusal([4], [], [1, 2, 3, 4]) == nil)
  #expect(refusal([0, 4], [12], []) == nil)
  #expect(refusal([0, 2, 0, 2], [16, 3], []) == nil)
  #expect(refusal([], [], []) == .truncated(.instructions))
  #expect(refusal([1], [0], [5]) == .truncated(.instructions))
  #expect(refusal([1, 0x83], [0], [5]) == .truncated(.instructions))
  #expect(refusal([1, 3], [], [5]) == .truncated(.addresses))
  #expect(refusal([2, 2], [0], [5]) == .truncated(.literals))
  #expect(refusal([0x81, 0, 3], [0], [5]) == .badNumber(.instructions, offset: 0))
  #expect(refusal([1, 3], [0xff, 0xff, 0xff, 0xff, 0x10], [5]) == .badNumber(.addresses, offset: 0))
  #expect(refusal([1, 3], [0x80, 0x80, 0x80, 0x80, 0x80, 1], [5]) == .badNumber(.addresses, offset: 0))
  #expect(refusal([5], [], [1, 2, 3, 4, 5]) == .pastTarget(count: 5, remaining: 4))
  #expect(refusal([1, 4], [0], [5]) == .pastTarget(count: 4, remaining: 3))
  #expect(
    refusal([1, 0xff, 0xff, 0xff, 0xff, 0x0f], [0], [5]) == .pastTarget(count: 0xffff_ffff, remaining: 3))
  #expect(refusal([1, 0], [0], [5]) == .emptyCopy)
  #expect(refusal([0, 4], [14], []) == .outsideBase(start: 7, count: 4, baseSize: 10))
  #expect(refusal([0, 4], [1], []) == .outsideBase(start: -1, count: 4, baseSize: 10))
  #expect(
    refusal([0, 4], [0xff, 0xff, 0xff, 0xff, 0x0f], [])
      == .outsideBase(start: -0x8000_0000, count: 4, baseSize: 10))
  #expect(refusal([0, 11], [0], [], size: 11) == .outsideBase(start: 0, count: 11, baseSize: 10))
  #expect(refusal([], [], [], size: -1) == .badSize(-1))
  #expect(refusal([], [], [], size: 1 << 31) == .badSize(1 << 31))
  #expect(refusal([1, 3, 9], [0], [5]) == .unused(.instructions, count: 1))
  #expect(refusal([1, 3], [0, 9], [5]) == .unused(.addresses, count: 1))
  #expect(refusal([1, 3], [0], [5, 6, 7]) == .unused(.literals, count: 2))
}

@Test("Random and mutated streams only ever throw or give the size asked for", arguments: UInt64(0)..<40)
func hostileStreams(seed: UInt64) {
  var random = SplitMix64(seed: seed)
  let base = prose(400, using: &random)
  let target = edited(base, edits: 6, using: &random)
  let good = delta(base, target)
  for round in 0..<100 {
    var streams = good
    if round.isMultiple(of: 4) {
      // Small numbers, so that some get far.
      streams.instructions = random.bytes(20).map { $0 & 0x3f }
      streams.addresses = random.bytes(20).map { $0 & 0x8f }
      streams.literals = random.bytes(300)
    } else {
      for part in [\DeltaStreams.instructions, \.addresses, \.literals] where !streams[keyPath: part].isEmpty
      {
        let at = Int.random(in: streams[keyPath: part].indices, using: &random)
        if Bool.random(using: &random) {
          streams[keyPath: part][at] = UInt8.random(in: 0...255, using: &random)
        }
        if Int.random(in: 0..<8, using: &random) == 0 { streams[keyPath: part].removeSubrange(at...) }
      }
    }
    let size = Int.random(in: 0...600, using: &random)
    var decoder = DeltaDecoder(streams: streams)
    for size in [target.count, size] {
      do throws(DeltaError) {
        let bytes = try decoder.decode(base: base, targetSize: size)
        #expect(bytes.count == size)
      } catch {
        #expect(!error.problem.isEmpty)
      }
    }
  }
}

/// If every candidate were compared in full, this alone would take minutes.
@Test("Repetitive bytes are encoded without the work growing with the square", .timeLimit(.minutes(1)))
func repetitiveBytes() throws {
  let ones = [UInt8](repeating: 1, count: 200_000)
  let broken = ones.indices.map { UInt8($0 % 997 == 0 ? $0 / 997 & 0xff : 1) }
  for (base, target) in [(ones, broken), (broken, ones), (ones, ones.dropLast(3) + [0] + ones)] {
    #expect(try decode(delta(base, target), base: base, size: target.count) == target)
  }
}
