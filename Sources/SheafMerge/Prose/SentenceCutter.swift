/// Finds where sentences end, by UAX 29's sentence rules with the exceptions that people expect.
///
/// A sentence ends behind `.`, `!`, `?` or `…`, with closing quotes, brackets or emphasis marks
/// behind it, before white space. A full stop ends none before a lower-case letter or digit run
/// (SB8), behind an abbreviation, or behind one letter, which is an initial. The full stops of
/// scripts without spaces end one wherever they stand (SB11).
enum SentenceCutter {
  /// Offsets within `range` at which a sentence starts behind another, in order.
  static func starts(in bytes: [UInt8], _ range: Range<Int>) -> [Int] {
    var starts: [Int] = []
    var at = range.lowerBound
    let end = range.upperBound
    while at < end {
      let byte = bytes[at]
      if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "!") || byte == UInt8(ascii: "?") {
        let stop = at
        at = pastClosers(bytes, at + 1, end)
        guard at < end, isSpace(bytes[at]) else { continue }
        let next = pastSpace(bytes, at, end)
        guard next < end else { break }
        if byte == UInt8(ascii: "."), !endsSentence(bytes, range.lowerBound, stop, next, end) { continue }
        starts.append(next)
        at = next
      } else if byte >= 0xe2 {
        let (scalar, past) = UTF8Scalar.decode(bytes, at, end)
        at = past
        switch scalar {
        case "\u{3002}", "\u{ff01}", "\u{ff1f}", "\u{ff61}", "\u{ff0e}":
          at = pastSpace(bytes, pastClosers(bytes, at, end), end)
          if at < end { starts.append(at) }
        case "\u{2026}", "\u{104b}", "\u{17d4}", "\u{0964}":
          at = pastClosers(bytes, at, end)
          guard at < end, isSpace(bytes[at]) else { continue }
          let next = pastSpace(bytes, at, end)
          if next < end, !isLower(bytes, next, end) { starts.append(next) }
          at = next
        default: break
        }
      } else {
        at += 1
      }
    }
    return starts
  }

  private static func endsSentence(
    _ bytes: [UInt8], _ start: Int, _ stop: Int, _ next: Int, _ end: Int
  ) -> Bool {
    if isLower(bytes, next, end) { return false }
    var first = stop
    while first > start, isWord(bytes[first - 1]) || bytes[first - 1] == UInt8(ascii: ".") { first -= 1 }
    let word = bytes[first..<stop].map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
    // A number in front of a line is a list's mark, one letter an initial.
    if word.count == 1, let letter = word.first, (0x61...0x7a).contains(letter) {
      return bytes[first] == UInt8(ascii: "i") || bytes[first] == UInt8(ascii: "a")
    }
    if first == start, !word.isEmpty, word.allSatisfy({ (0x30...0x39).contains($0) }) { return false }
    return !abbreviations.contains(String(decoding: word, as: UTF8.self))
  }

  private static let abbreviations: Set<String> = [
    "e.g", "eg", "i.e", "ie", "cf", "vs", "viz", "approx", "ca", "al", "dr", "mr", "mrs", "ms", "prof", "st",
    "fig", "figs", "eq", "eqs", "sec", "ch", "vol", "no", "nos", "pp", "ed", "eds", "inc", "ltd", "u.s",
    "z.b",
    "d.h", "bzw", "bspw", "p.ej", "sr", "sra", "jr", "resp", "incl", "max", "min",
  ]

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

  private static func isWord(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || byte >= 0x80
  }

  private static func isLower(_ bytes: [UInt8], _ at: Int, _ end: Int) -> Bool {
    if bytes[at] < 0x80 { return (0x61...0x7a).contains(bytes[at]) }
    return UTF8Scalar.decode(bytes, at, end).0.properties.generalCategory == .lowercaseLetter
  }

  private static func pastSpace(_ bytes: [UInt8], _ at: Int, _ end: Int) -> Int {
    var at = at
    while at < end, isSpace(bytes[at]) { at += 1 }
    return at
  }

  private static func pastClosers(_ bytes: [UInt8], _ at: Int, _ end: Int) -> Int {
    var at = at
    while at < end {
      switch bytes[at] {
      case 0x21, 0x22, 0x27, 0x29, 0x2a, 0x2e, 0x3f, 0x5d, 0x5f, 0x60, 0x7d: at += 1
      case 0xe2, 0xe3, 0xef:
        let (scalar, past) = UTF8Scalar.decode(bytes, at, end)
        switch scalar.properties.generalCategory {
        case .closePunctuation, .finalPunctuation: at = past
        default: return at
        }
      default: return at
      }
    }
    return at
  }
}
