/// Raw deflate (RFC 1951) of bytes that are all there at once.
public enum Deflate {
  /// Compresses bytes into a stream of their own.
  ///
  /// - Parameter level: 0 (stored) to 9 (smallest).
  public static func compress(_ bytes: [UInt8], level: Int = 9) -> [UInt8] {
    var output: [UInt8] = []
    let deflater = Deflater(level: level)
    bytes.withUnsafeBytes { deflater.compress($0, into: &output, flush: .finish) }
    return output
  }

  /// Decompresses a whole stream that must give exactly `size` bytes.
  ///
  /// - Throws: `CompressionError` for any other count, trailing bytes, or bytes that are no deflate stream.
  public static func decompress(_ bytes: [UInt8], size: Int) throws(CompressionError) -> [UInt8] {
    let inflater = try Inflater()
    // `withUnsafeBytes` rethrows without the type.
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(CompressionError) in
        try inflater.inflate(buffer, exactly: size, endsStream: true)
      }
    }
    return try result.get()
  }
}
