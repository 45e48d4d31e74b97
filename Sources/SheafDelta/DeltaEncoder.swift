/// Writes a target as copies from a base and literals.
///
/// The same base and target always give the same delta. Any valid delta is read
/// alike, so a later encoder may choose other copies.
public enum DeltaEncoder {
  /// Appends the delta that makes `target` from `base` to `streams`.
  ///
  /// Both must be at most `DeltaStreams.maximumSize` bytes. An empty base gives one literal.
  ///
  /// - Complexity: Near-linear in both sizes for any bytes; memory for the index of the base.
  public static func encode(base: [UInt8], target: [UInt8], into streams: inout DeltaStreams) {
    precondition(base.count <= DeltaStreams.maximumSize, "a base is larger than a delta can address")
    encode(base: base, index: nil, target: target, into: &streams)
  }

  /// Appends the delta that makes `target` from the indexed base to `streams`; for several targets of one base.
  public static func encode(index: DeltaIndex, target: [UInt8], into streams: inout DeltaStreams) {
    encode(base: index.base, index: index, target: target, into: &streams)
  }

  private static func encode(
    base: [UInt8], index: DeltaIndex?, target: [UInt8], into streams: inout DeltaStreams
  ) {
    precondition(target.count <= DeltaStreams.maximumSize, "a target is larger than a delta can hold")
    // Moved out and back, so that the streams are never copied.
    var moved = DeltaStreams()
    swap(&moved, &streams)
    streams = base.withUnsafeBytes { baseBytes in
      target.withUnsafeBytes { targetBytes in
        write(
          base: baseBytes, index: { index ?? DeltaIndex(base: base) }, target: targetBytes, into: moved)
      }
    }
  }

  private static func write(
    base: UnsafeRawBufferPointer, index: () -> DeltaIndex, target: UnsafeRawBufferPointer,
    into streams: consuming DeltaStreams
  ) -> DeltaStreams {
    var writer = DeltaWriter(target: target, streams: streams)
    guard let basePointer = base.baseAddress, let targetPointer = target.baseAddress else {
      return writer.finish()
    }
    // Most edits leave both ends alone, and comparing costs least of all.
    let shorter = min(base.count, target.count)
    var prefix = commonPrefix(basePointer, targetPointer, limit: shorter)
    if prefix < shortestCopy { prefix = 0 }
    var suffix = commonSuffix(basePointer + base.count, targetPointer + target.count, limit: shorter - prefix)
    // A short end may be cheaper as part of something else.
    if suffix < 32 { suffix = 0 }
    if prefix > 0 { writer.copy(from: 0, count: prefix, to: 0) }
    let middle = prefix..<target.count - suffix
    if middle.count >= shortestCopy {
      let index = index()
      var search = MatchSearch(index: index, base: base, target: target, range: middle)
      index.starts.withUnsafeBufferPointer { starts in
        index.positions.withUnsafeBufferPointer { positions in
          search.run(starts: starts, positions: positions, writer: &writer)
        }
      }
    }
    if suffix > 0 { writer.copy(from: base.count - suffix, count: suffix, to: target.count - suffix) }
    return writer.finish()
  }

  /// The shortest copy that is ever worth its instruction.
  static let shortestCopy = 8

  /// How many bytes are equal from both pointers on, at most `limit`.
  @inline(__always)
  static func commonPrefix(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, limit: Int) -> Int {
    var count = 0
    while count &+ 8 <= limit {
      let difference =
        UInt64(littleEndian: a.loadUnaligned(fromByteOffset: count, as: UInt64.self))
        ^ UInt64(littleEndian: b.loadUnaligned(fromByteOffset: count, as: UInt64.self))
      if difference != 0 { return count &+ difference.trailingZeroBitCount >> 3 }
      count &+= 8
    }
    while count < limit,
      a.load(fromByteOffset: count, as: UInt8.self) == b.load(fromByteOffset: count, as: UInt8.self)
    {
      count &+= 1
    }
    return count
  }

  /// How many bytes are equal before both pointers, at most `limit`.
  @inline(__always)
  static func commonSuffix(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, limit: Int) -> Int {
    var count = 0
    while count &+ 8 <= limit {
      let difference =
        UInt64(littleEndian: a.loadUnaligned(fromByteOffset: -count &- 8, as: UInt64.self))
        ^ UInt64(littleEndian: b.loadUnaligned(fromByteOffset: -count &- 8, as: UInt64.self))
      if difference != 0 { return count &+ difference.leadingZeroBitCount >> 3 }
      count &+= 8
    }
    while count < limit,
      a.load(fromByteOffset: -count &- 1, as: UInt8.self)
        == b.load(fromByteOffset: -count &- 1, as: UInt8.self)
    {
      count &+= 1
    }
    return count
  }
}
