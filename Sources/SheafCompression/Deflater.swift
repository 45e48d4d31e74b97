import CZlib

/// Compresses one raw deflate stream (RFC 1951), a segment at a time.
///
/// Segments share a 32 KiB window, so what an earlier segment held is cheap to
/// repeat. The same calls give the same bytes with the same zlib. Holds about
/// 450 KiB until it is let go.
public final class Deflater {
  /// What to do after a segment's bytes.
  public enum Flush: Sendable {
    /// Keep what has not been written for the next call.
    case none
    /// Write everything and align to a byte, so that `Inflater` can read up to here.
    case sync
    /// Write everything and end the stream.
    case finish
  }

  // zlib keeps a pointer to the stream in its own state: it must never move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let scratch: UnsafeMutableBufferPointer<UInt8>
  private var isFinished = false

  /// Starts a stream.
  ///
  /// - Parameter level: 0 (stored) to 9 (smallest).
  public init(level: Int = 9) {
    precondition((0...9).contains(level), "a compression level is 0 to 9")
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    scratch = .allocate(capacity: 64 << 10)
    // Fails only for a wrong version, a wrong level, or no memory, where Swift traps as well.
    let status = sheaf_deflateInit(stream, Int32(level))
    precondition(status == Z_OK, "zlib gave no compressor")
  }

  deinit {
    deflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
    scratch.deallocate()
  }

  /// Starts a new stream with the same level, as if just made.
  public func reset() {
    deflateReset(stream)
    isFinished = false
  }

  /// Compresses `bytes` and appends what is ready to `output`.
  ///
  /// After `.finish` only `reset()` may follow.
  public func compress(_ bytes: UnsafeRawBufferPointer, into output: inout [UInt8], flush: Flush) {
    precondition(!isFinished, "the stream has ended")
    let last =
      switch flush {
      case .none: Z_NO_FLUSH
      case .sync: Z_SYNC_FLUSH
      case .finish: Z_FINISH
      }
    var rest = bytes
    repeat {
      // zlib counts in 32 bits.
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
      run(part, into: &output, mode: rest.isEmpty ? last : Z_NO_FLUSH)
    } while !rest.isEmpty
    isFinished = flush == .finish
  }

  private func run(_ part: UnsafeRawBufferPointer, into output: inout [UInt8], mode: Int32) {
    stream.pointee.next_in = UnsafeMutablePointer(mutating: part.bindMemory(to: UInt8.self).baseAddress)
    stream.pointee.avail_in = UInt32(part.count)
    repeat {
      stream.pointee.next_out = scratch.baseAddress
      stream.pointee.avail_out = UInt32(scratch.count)
      // Z_BUF_ERROR says "nothing to do", as for a second flush; anything else would be our misuse.
      let status = deflate(stream, mode)
      precondition(status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR, "zlib misused")
      output.append(contentsOf: scratch.prefix(scratch.count - Int(stream.pointee.avail_out)))
    } while stream.pointee.avail_out == 0
    stream.pointee.next_in = nil
  }
}
