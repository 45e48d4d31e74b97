import SheafDelta
import SheafModel

/// Appends the few kinds of fields that a bundle is made of.
struct ByteWriter {
  private(set) var bytes: [UInt8]
  /// Where bytes go instead of `bytes`, and whether as digests.
  private let coder: (fields: FieldEncoder, isDigest: Bool)?

  init(_ bytes: [UInt8] = []) {
    self.bytes = bytes
    coder = nil
  }

  /// Codes everything as it is written.
  init(into fields: FieldEncoder, asDigests: Bool) {
    bytes = []
    coder = (fields, asDigests)
  }

  mutating func byte(_ value: UInt8) {
    if let coder { coder.fields.encode(value) } else { bytes.append(value) }
  }

  mutating func raw(_ value: [UInt8]) {
    guard let coder else {
      bytes += value
      return
    }
    if coder.isDigest {
      coder.fields.encode(digest: value)
    } else {
      for byte in value { coder.fields.encode(byte) }
    }
  }

  /// Unsigned LEB128 in its one shortest form.
  mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      byte(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    byte(UInt8(truncatingIfNeeded: rest))
  }

  /// A signed number, the sign folded into the lowest bit.
  mutating func signed(_ value: Int64) { number(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  /// Size and bytes.
  mutating func sized(_ value: some Collection<UInt8>) {
    number(UInt64(value.count))
    raw(Array(value))
  }

  mutating func text(_ value: String) { sized(Array(value.utf8)) }

  mutating func hash(_ value: SHA256Hash) { raw(value.bytes) }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}
