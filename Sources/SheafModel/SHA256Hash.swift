import Crypto

/// Thirty-two bytes of SHA-256: the one hash of the whole design.
public struct SHA256Hash: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The size of a hash in bytes.
  public static let sizeInBytes = 32

  // Four words rather than an array: no allocation, cheap to hash and compare.
  private let a: UInt64
  private let b: UInt64
  private let c: UInt64
  private let d: UInt64

  /// Thirty-two zero bytes; stands for "nothing" in the state tree.
  public static let zero = SHA256Hash(a: 0, b: 0, c: 0, d: 0)

  private init(a: UInt64, b: UInt64, c: UInt64, d: UInt64) {
    (self.a, self.b, self.c, self.d) = (a, b, c, d)
  }

  /// Takes the 32 bytes of a hash, or `nil` for any other count.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.sizeInBytes else { return nil }
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var index = 0
    for byte in bytes {
      switch index >> 3 {
      case 0: words.0 = words.0 << 8 | UInt64(byte)
      case 1: words.1 = words.1 << 8 | UInt64(byte)
      case 2: words.2 = words.2 << 8 | UInt64(byte)
      default: words.3 = words.3 << 8 | UInt64(byte)
      }
      index += 1
    }
    (a, b, c, d) = words
  }

  /// Hashes bytes.
  public init(hashing bytes: some Sequence<UInt8>) {
    var hasher = Hasher()
    hasher.update(Array(bytes))
    self = hasher.finalize()
  }

  /// Hashes bytes.
  public init(hashing bytes: [UInt8]) {
    var hasher = Hasher()
    hasher.update(bytes)
    self = hasher.finalize()
  }

  /// Reads 64 lower-case or upper-case hexadecimal digits.
  public init?(hex: some StringProtocol) {
    guard hex.utf8.count == 64, let bytes = Hexadecimal.decode(hex) else { return nil }
    self.init(bytes: bytes)
  }

  /// Reads standard, padded, canonical base64 of 32 bytes.
  public init?(base64: some StringProtocol) {
    guard let bytes = Base64.decode(base64) else { return nil }
    self.init(bytes: bytes)
  }

  /// The 32 bytes.
  public var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.sizeInBytes) { buffer, count in
      var index = 0
      for word in [a, b, c, d] {
        for shift in stride(from: 56, through: 0, by: -8) {
          buffer[index] = UInt8(truncatingIfNeeded: word >> UInt64(shift))
          index += 1
        }
      }
      count = Self.sizeInBytes
    }
  }

  /// 64 lower-case hexadecimal digits.
  public var hex: String { Hexadecimal.encode(bytes) }

  /// 44 characters of standard, padded base64.
  public var base64: String { Base64.encode(bytes) }

  /// The hexadecimal digits.
  public var description: String { hex }

  public static func < (lhs: SHA256Hash, rhs: SHA256Hash) -> Bool {
    (lhs.a, lhs.b, lhs.c, lhs.d) < (rhs.a, rhs.b, rhs.c, rhs.d)
  }

  /// Hashes bytes that arrive in pieces.
  public struct Hasher: Sendable {
    private var function = Crypto.SHA256()

    /// Starts an empty hash.
    public init() {}

    /// Adds bytes.
    public mutating func update(_ bytes: [UInt8]) {
      bytes.withUnsafeBytes { function.update(bufferPointer: $0) }
    }

    /// Adds bytes without copying them.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
      function.update(bufferPointer: bytes)
    }

    /// The hash of all that was added.
    public func finalize() -> SHA256Hash {
      var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
      function.finalize().withUnsafeBytes { digest in
        words.0 = UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        words.1 = UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        words.2 = UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        words.3 = UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
      }
      return SHA256Hash(a: words.0, b: words.1, c: words.2, d: words.3)
    }
  }
}
