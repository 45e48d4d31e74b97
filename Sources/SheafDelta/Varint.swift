/// Unsigned LEB128 of at most 32 bits, in its one shortest form.
enum Varint {
  static func append(_ value: UInt32, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// Reads a number and moves `offset` behind it.
  static func read(
    _ bytes: [UInt8], at offset: inout Int, of stream: DeltaStreams.Name
  ) throws(DeltaError) -> UInt32 {
    let start = offset
    var value: UInt32 = 0
    var shift: UInt32 = 0
    while true {
      guard offset < bytes.count else { throw .truncated(stream) }
      let byte = bytes[offset]
      offset += 1
      // The fifth byte has room for four bits; a last byte of zero says nothing.
      guard shift < 28 || byte <= 0x0f, byte != 0 || shift == 0 else {
        throw .badNumber(stream, offset: start)
      }
      value |= UInt32(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  /// Folds the sign into the lowest bit, so that small distances either way are short.
  static func zigzag(_ value: Int32) -> UInt32 {
    UInt32(bitPattern: (value << 1) ^ (value >> 31))
  }

  static func unzigzag(_ value: UInt32) -> Int32 {
    Int32(bitPattern: value >> 1) ^ -Int32(bitPattern: value & 1)
  }
}
