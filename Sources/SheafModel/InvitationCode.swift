/// The code that an administrator hands over once, so that a device may become a member.
///
/// Laid out in `Schemas/enrolment.md`. Whoever knows it may enrol one key: it is shown once, and neither
/// stored nor sent; descriptions of it leave the secret out.
public struct InvitationCode: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  public static let idSizeInBytes = 4
  public static let secretSizeInBytes = 16
  private static let digitCount = 45
  private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

  /// 8 bytes of the library's identity.
  public let check: [UInt8]
  /// 4 bytes that name the invitation.
  public let id: [UInt8]
  private let secret: [UInt8]

  /// Makes a code.
  ///
  /// - Parameters:
  ///   - id: 4 random bytes.
  ///   - secret: 16 random bytes.
  public init(library: LibraryID, id: [UInt8], secret: [UInt8]) {
    precondition(id.count == Self.idSizeInBytes && secret.count == Self.secretSizeInBytes)
    check = Self.check(of: library)
    self.id = id
    self.secret = secret
  }

  /// Reads a code, whatever its case, hyphens and white space; `nil` for anything else.
  public init?(_ text: String) {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var bitCount = 0
    var digits = 0
    // A file with a code is short; nothing longer is looked at.
    for byte in text.utf8.prefix(1_024) {
      guard !"- \n\r\t".utf8.contains(byte) else { continue }
      guard let digit = Self.digit(byte), digits < Self.digitCount else { return nil }
      digits += 1
      bits = bits << 5 | digit
      bitCount += 5
      if bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        bits &= (1 << UInt32(bitCount)) - 1
      }
    }
    guard digits == Self.digitCount, bits == 0, text.utf8.count <= 1_024 else { return nil }
    check = Array(bytes[0..<8])
    id = Array(bytes[8..<12])
    secret = Array(bytes[12..<28])
  }

  /// The code as it is handed over: nine groups of five digits.
  public var text: String {
    var digits: [UInt8] = []
    var bits: UInt32 = 0
    var bitCount = 0
    for byte in check + id + secret + [0] {
      bits = bits << 8 | UInt32(byte)
      bitCount += 8
      while bitCount >= 5, digits.count < Self.digitCount {
        bitCount -= 5
        digits.append(Self.alphabet[Int(bits >> UInt32(bitCount) & 31)])
      }
      bits &= (1 << UInt32(bitCount)) - 1
    }
    return stride(from: 0, to: digits.count, by: 5)
      .map { String(decoding: digits[$0..<min($0 + 5, digits.count)], as: UTF8.self) }
      .joined(separator: "-")
  }

  /// Whether this is a code for a library.
  public func fits(_ library: LibraryID) -> Bool { check == Self.check(of: library) }

  /// The seed of the invitation key, 32 bytes.
  public func keySeed(in library: LibraryID) -> [UInt8] {
    SHA256Hash(hashing: Array("sheaf/invitation/v1\n\(library.text)\n".utf8) + secret).bytes.map { $0 }
  }

  public var description: String { "invitation \(Hexadecimal.encode(id))" }
  public var debugDescription: String { description }

  private static func check(of library: LibraryID) -> [UInt8] {
    Hexadecimal.decode(String(library.text.suffix(32).prefix(16))) ?? []
  }

  private static func digit(_ byte: UInt8) -> UInt32? {
    let isUpperCase = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    let byte = isUpperCase ? byte + 32 : byte
    switch byte {
    case UInt8(ascii: "o"): return 0
    case UInt8(ascii: "i"), UInt8(ascii: "l"): return 1
    default: return alphabet.firstIndex(of: byte).map { UInt32($0) }
    }
  }
}
