/// Standard base64 with padding (RFC 4648 section 4), canonical only.
///
/// Foundation's reader lets through non-canonical trailing bits, which would give
/// one hash two spellings; signed text must have one.
public enum Base64 {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
  private static let alphabet = letters + Array("+/".utf8)
  private static let alphabetForURLs = letters + Array("-_".utf8)

  /// Encodes bytes, padded to a multiple of four characters.
  public static func encode(_ bytes: [UInt8]) -> String {
    String(decoding: characters(bytes, of: alphabet), as: UTF8.self)
  }

  /// Encodes bytes in the alphabet for URLs and file names, without padding (RFC 4648 section 5).
  public static func encodeForURLs(_ bytes: [UInt8]) -> String {
    let padded = characters(bytes, of: alphabetForURLs)
    return String(decoding: padded.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
  }

  private static func characters(_ bytes: [UInt8], of alphabet: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let left = bytes.count - index
      let group =
        UInt32(bytes[index]) << 16
        | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
        | (left > 2 ? UInt32(bytes[index + 2]) : 0)
      out.append(alphabet[Int(group >> 18 & 63)])
      out.append(alphabet[Int(group >> 12 & 63)])
      out.append(left > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
      out.append(left > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
      index += 3
    }
    return out
  }

  /// Decodes canonical base64; `nil` for a wrong length, a foreign character,
  /// misplaced padding, or unused bits that are not zero.
  public static func decode(_ text: some StringProtocol) -> [UInt8]? { decode(Array(text.utf8)) }

  /// Decodes what `encodeForURLs` writes; `nil` for anything else, also for padding.
  public static func decodeForURLs(_ text: some StringProtocol) -> [UInt8]? {
    var characters = Array(text.utf8)
    for index in characters.indices {
      switch characters[index] {
      case UInt8(ascii: "-"): characters[index] = UInt8(ascii: "+")
      case UInt8(ascii: "_"): characters[index] = UInt8(ascii: "/")
      case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
      default: break
      }
    }
    characters += repeatElement(UInt8(ascii: "="), count: (4 - characters.count % 4) % 4)
    return decode(characters)
  }

  private static func decode(_ characters: [UInt8]) -> [UInt8]? {
    guard characters.count % 4 == 0 else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(characters.count / 4 * 3)
    var index = 0
    while index < characters.count {
      let isLast = index + 4 == characters.count
      var padding = 0
      var group: UInt32 = 0
      for offset in 0..<4 {
        let character = characters[index + offset]
        if character == UInt8(ascii: "=") {
          guard isLast, offset >= 2 else { return nil }
          padding += 1
          group <<= 6
        } else {
          guard padding == 0, let value = value(of: character) else { return nil }
          group = group << 6 | UInt32(value)
        }
      }
      if padding == 1, group & 0xff != 0 { return nil }
      if padding == 2, group & 0xffff != 0 { return nil }
      out.append(UInt8(truncatingIfNeeded: group >> 16))
      if padding < 2 { out.append(UInt8(truncatingIfNeeded: group >> 8)) }
      if padding < 1 { out.append(UInt8(truncatingIfNeeded: group)) }
      index += 4
    }
    return out
  }

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}

/// Hexadecimal digits, as people read hashes.
public enum Hexadecimal {
  /// Two lower-case digits a byte.
  public static func encode(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      out.append(digits[Int(byte >> 4)])
      out.append(digits[Int(byte & 15)])
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// Reads pairs of digits of either case; `nil` for anything else.
  public static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(digits.count / 2)
    var index = 0
    while index < digits.count {
      guard let high = value(of: digits[index]), let low = value(of: digits[index + 1]) else { return nil }
      out.append(high << 4 | low)
      index += 2
    }
    return out
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
