/// A JSON number as it was spelled, compared by its exact decimal value.
///
/// `1`, `1.0` and `10e-1` are equal; no binary floating point is involved. An exponent of
/// more than 17 digits is taken as spelled: such numbers are equal only when their digits and
/// their exponents are (`Schemas/json.md`).
public struct JSONNumber: Sendable, CustomStringConvertible {
  /// The spelling, such as `1.50e3`.
  public let literal: String

  /// Takes a spelling, or `nil` when it is not a JSON number (RFC 8259 section 6).
  public init?(_ literal: String) {
    let length = Self.length(in: Array(literal.utf8), from: 0)
    guard length > 0, length == literal.utf8.count else { return nil }
    self.literal = literal
  }

  /// An integer.
  public init(_ value: Int) { literal = String(value) }

  // The reader has checked the grammar.
  init(checked literal: String) { self.literal = literal }

  /// The spelling.
  public var description: String { literal }

  /// The number as an `Int`, or `nil` when it has a fraction or does not fit.
  public var int: Int? {
    let form = normalized
    guard form.exponent >= 0, form.exponent < 20, form.farExponent == nil else { return nil }
    let digits = String(decoding: form.digits, as: UTF8.self) + String(repeating: "0", count: form.exponent)
    return digits.isEmpty ? 0 : Int((form.isNegative ? "-" : "") + digits)
  }

  /// The nearest `Double`; infinite when it is too large.
  public var double: Double { Double(literal) ?? .nan }

  /// Whether the value has no fraction: `1.0` is an integer.
  public var isInteger: Bool {
    let form = normalized
    return form.digits.isEmpty || form.exponent >= 0
  }

  /// How many bytes at `start` spell a number; 0 when none do.
  static func length(in bytes: [UInt8], from start: Int) -> Int {
    var end = start
    func digits() -> Int {
      let first = end
      while end < bytes.count, (0x30...0x39).contains(bytes[end]) { end += 1 }
      return end - first
    }
    if end < bytes.count, bytes[end] == UInt8(ascii: "-") { end += 1 }
    let integer = end
    let integerDigits = digits()
    if integerDigits == 0 || (integerDigits > 1 && bytes[integer] == 0x30) { return 0 }
    if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
      end += 1
      if digits() == 0 { return 0 }
    }
    if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
      end += 1
      if end < bytes.count, bytes[end] == UInt8(ascii: "+") || bytes[end] == UInt8(ascii: "-") { end += 1 }
      if digits() == 0 { return 0 }
    }
    return end - start
  }
}

/// A number as sign, digits without zeros at either end, and a power of ten.
struct NormalizedNumber: Hashable {
  var isNegative = false
  /// ASCII digits; none for zero.
  var digits: [UInt8] = []
  /// The power of ten that the digits, read as an integer, are multiplied with.
  var exponent = 0
  /// An exponent too large to compute with, as its digits; `exponent` then only tells its sign.
  var farExponent: [UInt8]?

  /// The power of ten of the first digit; says which of two numbers is the greater.
  var magnitude: Int { exponent + digits.count }
}

extension JSONNumber: Hashable, Comparable {
  /// The one form that all spellings of a value share.
  var normalized: NormalizedNumber {
    var form = NormalizedNumber()
    var digits: [UInt8] = []
    var exponentDigits: [UInt8] = []
    var fractionCount = 0
    var (inFraction, inExponent, exponentIsNegative) = (false, false, false)
    for byte in literal.utf8 {
      switch byte {
      case UInt8(ascii: "-"): if inExponent { exponentIsNegative = true } else { form.isNegative = true }
      case UInt8(ascii: "."): inFraction = true
      case UInt8(ascii: "e"), UInt8(ascii: "E"): inExponent = true
      case 0x30...0x39:
        if inExponent {
          if byte != 0x30 || !exponentDigits.isEmpty { exponentDigits.append(byte) }
        } else {
          digits.append(byte)
          if inFraction { fractionCount += 1 }
        }
      default: break
      }
    }
    var dropped = 0
    while digits.last == 0x30 {
      digits.removeLast()
      dropped += 1
    }
    form.digits = Array(digits.drop { $0 == 0x30 })
    guard !form.digits.isEmpty else { return NormalizedNumber() }
    if exponentDigits.count > 17 {
      form.exponent = exponentIsNegative ? Int.min / 2 : Int.max / 2
      form.farExponent = exponentDigits
    } else {
      let power = Int(String(decoding: exponentDigits, as: UTF8.self)) ?? 0
      form.exponent = (exponentIsNegative ? -power : power) - fractionCount + dropped
    }
    return form
  }

  public static func == (lhs: JSONNumber, rhs: JSONNumber) -> Bool {
    lhs.literal.utf8.elementsEqual(rhs.literal.utf8) || lhs.normalized == rhs.normalized
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(normalized) }

  public static func < (lhs: JSONNumber, rhs: JSONNumber) -> Bool {
    let (one, other) = (lhs.normalized, rhs.normalized)
    func sign(_ form: NormalizedNumber) -> Int { form.digits.isEmpty ? 0 : form.isNegative ? -1 : 1 }
    if sign(one) != sign(other) { return sign(one) < sign(other) }
    return sign(one) < 0 ? isSmaller(other, one) : isSmaller(one, other)
  }

  /// Compares without signs.
  private static func isSmaller(_ one: NormalizedNumber, _ other: NormalizedNumber) -> Bool {
    if let far = one.farExponent, let otherFar = other.farExponent, one.exponent == other.exponent,
      far != otherFar
    {
      let isNearer =
        far.count != otherFar.count ? far.count < otherFar.count : far.lexicographicallyPrecedes(otherFar)
      return isNearer == (one.exponent > 0)
    }
    if one.magnitude != other.magnitude { return one.magnitude < other.magnitude }
    return one.digits.lexicographicallyPrecedes(other.digits)
  }

  /// Whether this is a whole multiple of `divisor`, exactly; `nil` when the divisor is not
  /// positive or has more than 18 significant digits.
  ///
  /// A number whose exponent is too large to compute with is a multiple of powers of ten only.
  public func isMultiple(of divisor: JSONNumber) -> Bool? {
    let (number, unit) = (normalized, divisor.normalized)
    guard !unit.isNegative, unit.digits.count <= 18, unit.farExponent == nil,
      let size = UInt64(String(decoding: unit.digits, as: UTF8.self)), size > 0
    else { return nil }
    if number.digits.isEmpty { return true }
    // The digits do not end in zero, so they cannot be a multiple of ten times anything.
    if number.exponent < unit.exponent || number.farExponent != nil {
      return number.exponent >= unit.exponent && size == 1
    }
    func product(_ one: UInt64, _ other: UInt64) -> UInt64 {
      size.dividingFullWidth(one.multipliedFullWidth(by: other)).remainder
    }
    var rest: UInt64 = 0
    for digit in number.digits { rest = (product(rest, 10 % size) + UInt64(digit - 0x30)) % size }
    var power = number.exponent - unit.exponent
    var square = 10 % size
    while power > 0 {
      if power & 1 == 1 { rest = product(rest, square) }
      square = product(square, square)
      power >>= 1
    }
    return rest == 0
  }
}
