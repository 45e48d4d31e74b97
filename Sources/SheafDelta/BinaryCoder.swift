/// Codes one binary decision at a time; the model that uses one is written once for both directions.
protocol BinaryCoder {
  /// Codes a decision whose probability of being 1 is `probability` of 65,536, from 1 to 65,535.
  ///
  /// - Parameter bit: The decision when encoding or learning; ignored when decoding.
  /// - Returns: The decision.
  mutating func code(_ bit: Int, _ probability: UInt32) -> Int
}

/// Tells a model what came without coding it, so that the model knows more of what follows.
struct Learner: BinaryCoder {
  @inline(__always)
  mutating func code(_ bit: Int, _ probability: UInt32) -> Int { bit }
}

/// Writes decisions as the binary digits of one number between two bounds (`Schemas/coder.md`, "Range coder").
struct RangeEncoder: BinaryCoder {
  private(set) var bytes: [UInt8] = []
  private var low: UInt32 = 0
  private var high: UInt32 = .max

  @inline(__always)
  mutating func code(_ bit: Int, _ probability: UInt32) -> Int {
    let middle = RangeSplit.middle(low, high, probability)
    if bit != 0 { high = middle } else { low = middle &+ 1 }
    while (low ^ high) & 0xff00_0000 == 0 {
      bytes.append(UInt8(truncatingIfNeeded: high >> 24))
      low <<= 8
      high = high << 8 | 0xff
    }
    return bit
  }

  /// Ends the stream with as few bytes as tell it apart, and starts a new one.
  ///
  /// - Returns: The bytes of the stream.
  mutating func finish() -> [UInt8] {
    bytes += RangeSplit.ending(low, high)
    defer { self = RangeEncoder() }
    return bytes
  }
}

/// Reads decisions back. Made for bytes from outside: it never fails while it reads, and
/// `isExhausted` and `finish()` tell whether the bytes were those of an encoder.
struct RangeDecoder: BinaryCoder {
  private let bytes: [UInt8]
  /// How many bytes were taken, those beyond the end included.
  private var offset = 0
  private var low: UInt32 = 0
  private var high: UInt32 = .max
  private var value: UInt32 = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    for _ in 0..<4 { take() }
  }

  @inline(__always)
  private mutating func take() {
    value = value << 8 | (offset < bytes.count ? UInt32(bytes[offset]) : 0)
    offset &+= 1
  }

  @inline(__always)
  mutating func code(_ bit: Int, _ probability: UInt32) -> Int {
    let middle = RangeSplit.middle(low, high, probability)
    let bit = value <= middle ? 1 : 0
    if bit != 0 { high = middle } else { low = middle &+ 1 }
    while (low ^ high) & 0xff00_0000 == 0 {
      low <<= 8
      high = high << 8 | 0xff
      take()
    }
    return bit
  }

  /// Whether more was read than an encoder's bytes can tell: what was decoded last is not to be believed.
  var isExhausted: Bool { offset > bytes.count + 4 }

  /// Confirms that the bytes are exactly those that an encoder writes for the decisions so far.
  ///
  /// - Throws: `DeltaError.exhausted`, `.unused` or `.unfinished`.
  func end() throws(DeltaError) {
    let taken = offset - 4
    let ending = RangeSplit.ending(low, high)
    let surplus = bytes.count - taken - ending.count
    guard surplus >= 0 else { throw .exhausted }
    guard bytes[taken..<taken + ending.count].elementsEqual(ending) else { throw .unfinished }
    guard surplus == 0 else { throw .unused(.literals, count: surplus) }
  }
}

/// The arithmetic that both directions share.
enum RangeSplit {
  /// The last number that stands for a 1.
  @inline(__always)
  static func middle(_ low: UInt32, _ high: UInt32, _ probability: UInt32) -> UInt32 {
    low &+ UInt32(truncatingIfNeeded: (UInt64(high &- low) &* UInt64(probability)) >> 16)
  }

  /// The fewest bytes that, with zeros behind them, lie between the bounds.
  static func ending(_ low: UInt32, _ high: UInt32) -> [UInt8] {
    if low == 0 { return [] }
    for count in 1...3 {
      let mask = UInt32.max << UInt32(32 - 8 * count)
      let (value, overflow) = (low & mask).addingReportingOverflow(~mask &+ 1)
      if !overflow, value <= high {
        return (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
      }
    }
    return (0..<4).map { UInt8(truncatingIfNeeded: low >> UInt32(24 - 8 * $0)) }
  }
}
