/// Why compressed bytes were refused; no output is kept in any case.
///
/// Has the members of the model's `SheafFailure` that matter to a reader, but
/// not its conformance: this module depends on zlib alone.
public enum CompressionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The bytes are not a deflate stream (RFC 1951).
  case corrupt
  /// The bytes end before a flush point or the stream's end, or give fewer than the declared bytes.
  case tooShort(declaredSize: Int)
  /// The bytes give more than the declared bytes.
  case tooLong(declaredSize: Int)
  /// The stream ends where another segment was promised.
  case endsEarly
  /// As many bytes follow the end of the stream.
  case trailingBytes(count: Int)
  /// An earlier segment ended the stream, or was refused.
  case closed
  /// The system has no memory for the decompressor.
  case outOfMemory

  /// What failed, in one sentence without a final full stop.
  public var problem: String {
    switch self {
    case .corrupt: "the compressed bytes are corrupt"
    case .tooShort(let size): "the compressed bytes give fewer than the declared \(size) bytes"
    case .tooLong(let size): "the compressed bytes give more than the declared \(size) bytes"
    case .endsEarly: "the compressed stream ends before its last segment"
    case .trailingBytes(let count): "\(count) bytes follow the end of the compressed stream"
    case .closed: "the compressed stream has already ended"
    case .outOfMemory: "there is no memory to decompress with"
    }
  }

  public var description: String { problem }

  /// The next thing to try, in one imperative sentence.
  public var hint: String? {
    switch self {
    case .outOfMemory: "Close other programs and try again."
    default: "Fetch the data again; it was damaged or cut short on the way."
    }
  }
}
