import CZlib

/// Decompresses one raw deflate stream (RFC 1951), a segment of known size at a time.
///
/// Made for bytes from outside: it never gives more or less than the declared
/// size, and takes memory only for a size that its input can possibly give. Holds
/// about 40 KiB until it is let go.
public final class Inflater {
  // zlib keeps a pointer to the stream in its own state: it must never move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var isClosed = false

  /// Starts a stream.
  ///
  /// - Throws: `CompressionError.outOfMemory`.
  public init() throws(CompressionError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard sheaf_inflateInit(stream) == Z_OK else { throw .outOfMemory }
  }

  deinit {
    inflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// Starts a new stream, as if just made.
  public func reset() {
    inflateReset(stream)
    isClosed = false
  }

  /// Decompresses one segment, as the deflater wrote it up to a flush.
  ///
  /// - Parameters:
  ///   - input: The whole segment and nothing more.
  ///   - size: How many bytes it must give.
  ///   - endsStream: Whether this is the last segment, written with `.finish`; all others end with `.sync`.
  /// - Returns: Exactly `size` bytes.
  /// - Throws: `CompressionError`; the stream is closed afterwards, until `reset()`.
  public func inflate(_ input: UnsafeRawBufferPointer, exactly size: Int, endsStream: Bool)
    throws(CompressionError) -> [UInt8]
  {
    guard !isClosed else { throw .closed }
    isClosed = true
    guard size >= 0, size <= Self.largestOutput(of: input.count) else { throw .tooShort(declaredSize: size) }

    var failure: CompressionError?
    let output = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      do throws(CompressionError) {
        try fill(
          UnsafeMutableBufferPointer(rebasing: buffer.prefix(size)), from: input, endsStream: endsStream)
        count = size
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    isClosed = endsStream
    return output
  }

  // A match of 258 bytes takes two bits at least; zlib holds back less than eight bytes.
  private static func largestOutput(of inputSize: Int) -> Int {
    let (size, overflow) = (inputSize &+ 8).multipliedReportingOverflow(by: 4 * 258)
    return overflow ? .max : size
  }

  private func fill(
    _ output: UnsafeMutableBufferPointer<UInt8>, from input: UnsafeRawBufferPointer, endsStream: Bool
  ) throws(CompressionError) {
    let bytes = input.bindMemory(to: UInt8.self)
    var consumed = 0
    var produced = 0
    var hasEnded = false
    // Room for one byte too many, so that a longer output shows, and so that zlib
    // gets to the end marker after the last declared byte.
    var spill: UInt8 = 0
    try withUnsafeMutablePointer(to: &spill) { spill throws(CompressionError) in
      defer {
        stream.pointee.next_in = nil
        stream.pointee.next_out = nil
        stream.pointee.avail_in = 0
        stream.pointee.avail_out = 0
      }
      while !hasEnded {
        // zlib counts in 32 bits.
        let given = min(bytes.count - consumed, 1 << 30)
        let room = produced < output.count ? min(output.count - produced, 1 << 30) : 1
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress.map { $0 + consumed })
        stream.pointee.avail_in = UInt32(given)
        stream.pointee.next_out = produced < output.count ? output.baseAddress.map { $0 + produced } : spill
        stream.pointee.avail_out = UInt32(room)
        let status = CZlib.inflate(stream, Z_SYNC_FLUSH)
        let taken = given - Int(stream.pointee.avail_in)
        let made = room - Int(stream.pointee.avail_out)
        consumed += taken
        produced += made
        guard produced <= output.count else { throw .tooLong(declaredSize: output.count) }
        switch status {
        case Z_STREAM_END: hasEnded = true
        case Z_OK where taken > 0 || made > 0: continue
        case Z_OK, Z_BUF_ERROR:
          // No progress: zlib wants more than this segment holds.
          try check(produced: produced, of: output.count, segment: bytes, endsStream: endsStream)
          return
        case Z_MEM_ERROR: throw .outOfMemory
        default: throw .corrupt
        }
      }
    }
    guard !(hasEnded && consumed < bytes.count) else { throw .trailingBytes(count: bytes.count - consumed) }
    guard produced == output.count else { throw .tooShort(declaredSize: output.count) }
    if hasEnded, !endsStream { throw .endsEarly }
  }

  // A segment in mid-stream gives all its bytes and ends with the empty stored
  // block of a flush; two flushes in a row write nothing for the second.
  private func check(
    produced: Int, of size: Int, segment: UnsafeBufferPointer<UInt8>, endsStream: Bool
  ) throws(CompressionError) {
    guard !endsStream, produced == size,
      segment.isEmpty || segment.suffix(4).elementsEqual([0, 0, 0xff, 0xff])
    else { throw .tooShort(declaredSize: size) }
  }
}
