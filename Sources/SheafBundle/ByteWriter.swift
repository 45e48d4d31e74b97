import SheafModel

/// Appends the few kinds of fields that a bundle is made of.
struct ByteWriter {
  private(set) var bytes: [UInt8]

  init(_ bytes: [UInt8] = []) { self.bytes = bytes }

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  mutating func raw(_ value: [UInt8]) { bytes += value }

  /// Unsigned LEB128 in its one shortest form.
  mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// A signed number, the sign folded into the lowest bit.
  mutating func signed(_ value: Int64) { number(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  /// Size and bytes.
  mutating func sized(_ value: some Collection<UInt8>) {
    number(UInt64(value.count))
    bytes += value
  }

  mutating func text(_ value: String) { sized(Array(value.utf8)) }

  mutating func hash(_ value: SHA256Hash) { bytes += value.bytes }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}
