/// Reads deltas back from their streams, in the order they were written.
///
/// Made for bytes from outside: whatever the streams hold, it gives exactly the
/// bytes asked for or throws, and takes no more memory than those. The checks are
/// those of `Schemas/delta.md`, in its order.
public struct DeltaDecoder: Sendable {
  private let streams: DeltaStreams
  private var instructionOffset = 0
  private var addressOffset = 0
  private var literalOffset = 0

  /// Starts at the first delta.
  public init(streams: DeltaStreams) { self.streams = streams }

  /// Applies the next delta to its base.
  ///
  /// - Parameters:
  ///   - base: What the encoder had as base; another one gives other bytes, or an error.
  ///   - targetSize: The size of the result in bytes. The caller bounds it: so much memory is taken.
  /// - Returns: Exactly `targetSize` bytes.
  /// - Throws: `DeltaError`; the decoder still stands before this delta.
  public mutating func decode(base: [UInt8], targetSize: Int) throws(DeltaError) -> [UInt8] {
    for size in [base.count, targetSize] where !(0...DeltaStreams.maximumSize).contains(size) {
      throw .badSize(size)
    }
    var next = self
    // The array's initializer rethrows without the type.
    var failure: DeltaError?
    let target = [UInt8](unsafeUninitializedCapacity: targetSize) { buffer, count in
      do throws(DeltaError) {
        try next.write(
          UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<targetSize]),
          base: base)
        count = targetSize
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    self = next
    return target
  }

  /// Confirms that the deltas read so far were all there are.
  ///
  /// - Throws: `DeltaError.unused` for the first stream with bytes left.
  public func finish() throws(DeltaError) {
    for (name, count) in [
      (DeltaStreams.Name.instructions, streams.instructions.count - instructionOffset),
      (.addresses, streams.addresses.count - addressOffset),
      (.literals, streams.literals.count - literalOffset),
    ] where count > 0 {
      throw .unused(name, count: count)
    }
  }

  private mutating func write(_ target: UnsafeMutableRawBufferPointer, base: [UInt8]) throws(DeltaError) {
    var produced = 0
    var lastCopyEnd = 0
    while produced < target.count {
      let literalCount = Int(try Varint.read(streams.instructions, at: &instructionOffset, of: .instructions))
      let remaining = target.count - produced
      guard literalCount <= remaining else { throw .pastTarget(count: literalCount, remaining: remaining) }
      guard literalCount <= streams.literals.count - literalOffset else { throw .truncated(.literals) }
      Self.copy(streams.literals, from: literalOffset, count: literalCount, to: target, at: produced)
      literalOffset += literalCount
      produced += literalCount
      // The last literal has no copy behind it.
      if produced == target.count { return }

      let copyCount = Int(try Varint.read(streams.instructions, at: &instructionOffset, of: .instructions))
      guard copyCount > 0 else { throw .emptyCopy }
      guard copyCount <= target.count - produced else {
        throw .pastTarget(count: copyCount, remaining: target.count - produced)
      }
      let distance = Varint.unzigzag(try Varint.read(streams.addresses, at: &addressOffset, of: .addresses))
      let start = lastCopyEnd + Int(distance)
      guard start >= 0, copyCount <= base.count, start <= base.count - copyCount else {
        throw .outsideBase(start: start, count: copyCount, baseSize: base.count)
      }
      Self.copy(base, from: start, count: copyCount, to: target, at: produced)
      produced += copyCount
      lastCopyEnd = start + copyCount
    }
  }

  private static func copy(
    _ source: [UInt8], from offset: Int, count: Int, to target: UnsafeMutableRawBufferPointer,
    at position: Int
  ) {
    guard count > 0 else { return }
    source.withUnsafeBytes { source in
      UnsafeMutableRawBufferPointer(rebasing: target[position..<position + count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + count]))
    }
  }
}
