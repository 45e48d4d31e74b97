/// How many columns of a terminal text takes.
///
/// A character is as wide as its widest scalar: 2 for East Asian wide and fullwidth
/// scalars and for emoji, 0 for combining marks and format characters, else 1
/// (Unicode Standard Annex 11).
enum DisplayWidth {
  /// The columns that a text takes on one line.
  static func of(_ text: String) -> Int {
    text.reduce(0) { $0 + of($1) }
  }

  /// The columns that one character, with its combining marks, takes.
  static func of(_ character: Character) -> Int {
    var width = 0
    for scalar in character.unicodeScalars {
      // The emoji selector asks for the wide form of what stands before it.
      if scalar.value == 0xfe0f, width > 0 { return 2 }
      // Two regional indicators are one flag.
      if (0x1f1e6...0x1f1ff).contains(scalar.value) { return 2 }
      width = max(width, of(scalar))
    }
    return width
  }

  /// The text cut to `width` columns, with … in the last one when something is missing.
  static func cut(_ text: String, to width: Int) -> String {
    guard of(text) > width else { return text }
    guard width > 0 else { return "" }
    var kept = ""
    var columns = 0
    for character in text {
      let next = of(character)
      if columns + next > width - 1 { break }
      kept.append(character)
      columns += next
    }
    return kept + "…"
  }

  /// The text in lines of at most `width` columns, broken at spaces where a line has one, with nothing left out but
  /// the space at a break.
  static func wrapped(_ text: String, to width: Int) -> [String] {
    var lines: [String] = []
    var start = text.startIndex
    var place = start
    var columns = 0
    var lastSpace: String.Index?
    while place < text.endIndex {
      let character = text[place]
      guard columns + of(character) > width, place > start else {
        if character == " ", place > start { lastSpace = place }
        columns += of(character)
        place = text.index(after: place)
        continue
      }
      let stop = character == " " ? place : lastSpace ?? place
      lines.append(String(text[start..<stop]))
      start = text[stop] == " " ? text.index(after: stop) : stop
      (place, columns, lastSpace) = (start, 0, nil)
    }
    return lines + [String(text[start...])]
  }

  private static func of(_ scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x300 { return scalar.value == 0xad || scalar.value < 0x20 ? 0 : 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    // Vowels and final consonants of Hangul join the syllable before them.
    if (0x1160...0x11ff).contains(scalar.value) { return 0 }
    return isWide(scalar) ? 2 : 1
  }

  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115f, 0x2329...0x232a, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0xa4cf,
      0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff01...0xff60,
      0xffe0...0xffe6, 0x16fe0...0x18dff, 0x1aff0...0x1b2ff, 0x1f200...0x1f265, 0x20000...0x2fffd,
      0x30000...0x3fffd:
      true
    default: scalar.properties.isEmojiPresentation
    }
  }
}
