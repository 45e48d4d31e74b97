/// What can be said of bytes that claim to be UTF-8 text.
public enum UTF8Text {
  /// The offset of the first byte that is not well-formed UTF-8, or `nil` when all of it is.
  ///
  /// Overlong forms, surrogates and values above U+10FFFF are refused (RFC 3629 section 4).
  public static func firstInvalidOffset(in bytes: [UInt8]) -> Int? {
    bytes.withUnsafeBytes { firstInvalidOffset(in: $0) }
  }

  private static func firstInvalidOffset(in bytes: UnsafeRawBufferPointer) -> Int? {
    let count = bytes.count
    var offset = 0
    while offset < count {
      // Eight ASCII bytes at a time: nearly all content is ASCII.
      if offset &+ 8 <= count,
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
      {
        offset &+= 8
        continue
      }
      let first = bytes[offset]
      if first < 0x80 {
        offset &+= 1
        continue
      }
      let size: Int
      var second: ClosedRange<UInt8> = 0x80...0xbf
      switch first {
      case 0xc2...0xdf: size = 2
      case 0xe0: (size, second) = (3, 0xa0...0xbf)
      case 0xed: (size, second) = (3, 0x80...0x9f)
      case 0xe1...0xef: size = 3
      case 0xf0: (size, second) = (4, 0x90...0xbf)
      case 0xf4: (size, second) = (4, 0x80...0x8f)
      case 0xf1...0xf3: size = 4
      default: return offset
      }
      guard offset &+ size <= count, second.contains(bytes[offset &+ 1]) else { return offset }
      for next in 2..<max(size, 2) where bytes[offset &+ next] & 0xc0 != 0x80 { return offset }
      offset &+= size
    }
    return nil
  }

  /// The line and column of an offset, both counted from 1.
  ///
  /// Lines end with LF; a column counts Unicode scalars.
  public static func place(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
    var line = 1
    var column = 1
    for byte in bytes.prefix(max(offset, 0)) {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xc0 != 0x80 {
        column += 1
      }
    }
    return (line, column)
  }
}
