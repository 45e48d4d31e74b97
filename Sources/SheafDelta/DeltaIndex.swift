/// Where every seed of a base stands, so that targets can be matched against it.
///
/// A seed is `seedSize` bytes at a multiple of `stride`, so that any match of
/// `seedSize + stride - 1` bytes holds one. Seeds lie sorted by bucket and then by
/// position: a bucket is one run of memory, and the nearest of many is found by
/// bisection. Takes 8 to 12 bytes of memory for each `stride` bytes of the base.
public struct DeltaIndex: Sendable {
  static let seedSize = 16
  static let stride = 4

  /// The bytes that copies come from.
  public let base: [UInt8]
  /// For each bucket where it begins in `positions`, and one more for the end.
  let starts: [UInt32]
  /// Where the seeds stand in the base.
  let positions: [UInt32]
  let hashShift: UInt64

  /// Indexes a base of at most `DeltaStreams.maximumSize` bytes.
  public init(base: [UInt8]) {
    precondition(base.count <= DeltaStreams.maximumSize, "a base is larger than a delta can address")
    self.base = base
    let seedCount = base.count < Self.seedSize ? 0 : (base.count - Self.seedSize) / Self.stride + 1
    var bits = 4
    while 1 << bits < seedCount, bits < 24 { bits += 1 }
    let shift = UInt64(64 - bits)
    hashShift = shift

    // A counting sort: count, sum up, then fill each bucket from its end.
    var starts = [UInt32](repeating: 0, count: (1 << bits) + 1)
    let positions = [UInt32](unsafeUninitializedCapacity: seedCount) { positions, count in
      base.withUnsafeBytes { base in
        starts.withUnsafeMutableBufferPointer { starts in
          guard let pointer = base.baseAddress else { return }
          var seed = 0
          while seed < seedCount {
            starts[Self.bucket(at: pointer + seed &* Self.stride, shift: shift)] &+= 1
            seed &+= 1
          }
          var sum: UInt32 = 0
          for bucket in starts.indices {
            sum &+= starts[bucket]
            starts[bucket] = sum
          }
          while seed > 0 {
            seed &-= 1
            let bucket = Self.bucket(at: pointer + seed &* Self.stride, shift: shift)
            starts[bucket] &-= 1
            positions[Int(starts[bucket])] = UInt32(truncatingIfNeeded: seed &* Self.stride)
          }
        }
      }
      count = seedCount
    }
    self.starts = starts
    self.positions = positions
  }

  /// The bucket of the seed at `pointer`, of which `seedSize` bytes must be readable.
  @inline(__always)
  static func bucket(at pointer: UnsafeRawPointer, shift: UInt64) -> Int {
    let low = UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
    let high = UInt64(littleEndian: pointer.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    let mixed = (low &* 0x9e37_79b9_7f4a_7c15) ^ (high &+ (low >> 29))
    return Int(truncatingIfNeeded: ((mixed ^ (mixed >> 32)) &* 0xd6e8_feb8_6659_fd93) >> shift)
  }
}
