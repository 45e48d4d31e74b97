/// Cuts text into words and the white space between them, by UAX 29's rules as far as a program
/// without a dictionary can follow them.
///
/// A word is a run of letters, digits, marks and connectors; an apostrophe, full stop or colon
/// between two letters and a comma or full stop between two digits belong to it (WB6, WB7, WB11,
/// WB12). Scripts that are written without spaces are cut scalar by scalar, marks kept with what
/// they mark. Every other scalar is a word of its own.
struct WordCutter {
  private let bytes: [UInt8]
  private let end: Int

  private enum Kind { case letter, digit, mark, alone, space, middle, middleNumber }

  private init(_ bytes: [UInt8], _ end: Int) { (self.bytes, self.end) = (bytes, end) }

  /// The words of some bytes of UTF-8, each with the white space behind it.
  static func units(of bytes: [UInt8], in range: Range<Int>) -> [ProseUnit] {
    let cutter = WordCutter(bytes, range.upperBound)
    var units: [ProseUnit] = []
    var at = range.lowerBound
    while at < range.upperBound {
      let start = at
      at = cutter.endOfWord(at)
      let body = start..<at
      while at < range.upperBound, let size = cutter.spaceSize(at) { at += size }
      units.append(ProseUnit(body: body, end: at))
    }
    return units
  }

  private func endOfWord(_ start: Int) -> Int {
    var (kind, at) = next(start)
    if kind == .alone || kind == .space || kind == .middle || kind == .middleNumber {
      while at < end, case (let following, let past) = next(at), following == .mark { at = past }
      return at
    }
    while at < end {
      let (following, past) = next(at)
      switch following {
      case .letter, .digit: (kind, at) = (following, past)
      case .mark: at = past
      case .middle, .middleNumber:
        guard past < end else { return at }
        let (behind, furthest) = next(past)
        let isInWord = following == .middle && kind == .letter && behind == .letter
        let isInNumber = kind == .digit && behind == .digit && bytes[at] != UInt8(ascii: ":")
        guard isInWord || isInNumber else { return at }
        (kind, at) = (behind, furthest)
      case .alone, .space: return at
      }
    }
    return at
  }

  /// The size of the white space that stands at an offset.
  private func spaceSize(_ at: Int) -> Int? {
    let (kind, past) = next(at)
    return kind == .space ? past - at : nil
  }

  private func next(_ at: Int) -> (Kind, Int) {
    let byte = bytes[at]
    if byte < 0x80 { return (Self.asciiKinds[Int(byte)], at + 1) }
    let (scalar, past) = UTF8Scalar.decode(bytes, at, end)
    return (Self.kind(of: scalar), past)
  }

  private static let asciiKinds: [Kind] = (0..<128).map { byte in
    switch byte {
    case 0x30...0x39: .digit
    case 0x41...0x5a, 0x61...0x7a, 0x5f: .letter
    case 0x09...0x0d, 0x20: .space
    case 0x27, 0x2e, 0x3a: .middle
    case 0x2c, 0x3b: .middleNumber
    default: .alone
    }
  }

  private static func kind(of scalar: Unicode.Scalar) -> Kind {
    switch scalar.value {
    case 0xb7, 0x2019, 0x2027: return .middle
    case 0x3040...0x30ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0x20000...0x3ffff: break
    // Thai, Lao, Myanmar and Khmer put no spaces between words either.
    case 0x0e00...0x0eff, 0x1000...0x109f, 0x1780...0x17ff: break
    default:
      if scalar.properties.isWhitespace { return .space }
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber,
        .otherNumber, .connectorPunctuation:
        return .letter
      case .decimalNumber: return .digit
      case .nonspacingMark, .spacingMark, .enclosingMark, .format: return .mark
      default: return .alone
      }
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: return .mark
    default: return .alone
    }
  }
}

/// Reads scalars out of UTF-8.
enum UTF8Scalar {
  /// The scalar at an offset and where the next starts; U+FFFD and one byte on for what is no UTF-8.
  static func decode(_ bytes: [UInt8], _ at: Int, _ end: Int) -> (Unicode.Scalar, Int) {
    let first = bytes[at]
    if first < 0x80 { return (Unicode.Scalar(first), at + 1) }
    let size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
    guard size > 1, at + size <= end else { return ("\u{fffd}", at + 1) }
    var value = UInt32(first) & (0x7f >> UInt32(size))
    for offset in 1..<size { value = value << 6 | UInt32(bytes[at + offset] & 0x3f) }
    guard let scalar = Unicode.Scalar(value) else { return ("\u{fffd}", at + 1) }
    return (scalar, at + size)
  }
}

/// A word, sentence or other piece of prose, with the white space behind it.
struct ProseUnit: Hashable {
  /// The unit without the white space behind it; empty only for white space before the first.
  var body: Range<Int>
  /// Where the white space behind it ends.
  var end: Int
  /// What block it is part of.
  var kind: ConflictPart.BlockKind = .paragraph
  /// Whether it is the first of its block.
  var startsBlock = false

  /// The white space behind it.
  var space: Range<Int> { body.upperBound..<end }
}
