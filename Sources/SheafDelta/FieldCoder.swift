import SheafModel

/// Codes short fields byte by byte: what stands around bodies, and digests among it.
///
/// The model of bodies' bytes on a smaller scale, without copies (`Schemas/coder.md`, "Fields").
public final class FieldEncoder {
  private var bytes = ByteModel(sizeBits: FieldDecoder.sizeBits)
  private var coder = RangeEncoder()
  /// How many bytes of the block are digests; each takes eight binary digits of what is coded, no more and no less.
  public private(set) var digestsInBytes = 0

  public init() {}

  /// Codes a byte.
  public func encode(_ byte: UInt8) {
    _ = bytes.code(Int(byte), ByteModel.Expected(), ByteModel.Expected(), &coder)
  }

  /// Codes bytes that nothing predicts.
  public func encode(digest: [UInt8]) {
    digestsInBytes += digest.count
    for byte in digest {
      for shift in stride(from: 7, through: 0, by: -1) {
        _ = coder.code(Int(byte >> UInt8(shift) & 1), 32_768)
      }
    }
  }

  /// How many bytes there are so far, one or two short.
  public var sizeInBytes: Int { coder.bytes.count }

  /// Ends the bytes of a block; what was learned stays.
  public func endBlock() -> [UInt8] {
    digestsInBytes = 0
    return coder.finish()
  }
}

/// Reads fields back. Made for bytes from outside: it gives bytes or throws, whatever it was given.
public final class FieldDecoder {
  static let sizeBits = 16
  private var bytes = ByteModel(sizeBits: FieldDecoder.sizeBits)
  private var coder = RangeDecoder([])

  public init() {}

  /// Starts to read a block's bytes; what was learned stays.
  public func begin(block bytes: [UInt8]) { coder = RangeDecoder(bytes) }

  /// Reads a byte.
  ///
  /// - Throws: `DeltaError.exhausted`.
  public func decode() throws(DeltaError) -> UInt8 {
    let byte = bytes.code(0, ByteModel.Expected(), ByteModel.Expected(), &coder)
    guard !coder.isExhausted else { throw .exhausted }
    return UInt8(truncatingIfNeeded: byte)
  }

  /// Reads bytes that nothing predicts; `count` is the caller's to bound.
  ///
  /// - Throws: `DeltaError.exhausted`.
  public func decode(digest count: Int) throws(DeltaError) -> [UInt8] {
    var digest: [UInt8] = []
    while digest.count < count {
      var byte = 0
      for _ in 0..<8 { byte = byte << 1 | coder.code(0, 32_768) }
      digest.append(UInt8(truncatingIfNeeded: byte))
      guard !coder.isExhausted else { throw .exhausted }
    }
    return digest
  }

  /// Confirms that the block's bytes were exactly those of the fields read.
  ///
  /// - Throws: `DeltaError.exhausted`, `.unused` or `.unfinished`.
  public func endBlock() throws(DeltaError) { try coder.end() }
}
