extension String {
  /// The text on one line, harmless to a terminal.
  ///
  /// Control characters, line breaks and marks that turn the reading direction are
  /// written as escapes, so that no content can move the cursor or pose as our words.
  var escapedForTerminal: String { escaped { _ in false } }

  /// The same with line feeds and tabs left as they are.
  var escapedLinesForTerminal: String { escaped { $0 == "\n" || $0 == "\t" } }

  /// The first line, without the white space around it.
  var firstLine: String {
    let line = unicodeScalars.drop { $0.properties.isWhitespace }.prefix { $0 != "\n" && $0 != "\r" }
    return String(line)
  }

  private func escaped(except isAllowed: (Unicode.Scalar) -> Bool) -> String {
    guard unicodeScalars.contains(where: { $0.isUnsafeInTerminal && !isAllowed($0) }) else { return self }
    var out = ""
    for scalar in unicodeScalars {
      if !scalar.isUnsafeInTerminal || isAllowed(scalar) {
        out.unicodeScalars.append(scalar)
      } else {
        switch scalar {
        case "\n": out += "\\n"
        case "\r": out += "\\r"
        case "\t": out += "\\t"
        default: out += "\\u{\(String(scalar.value, radix: 16))}"
        }
      }
    }
    return out
  }
}

extension Unicode.Scalar {
  /// Whether a terminal could take the scalar for a command, or a reader be misled by it.
  var isUnsafeInTerminal: Bool {
    switch value {
    case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029, 0x202a...0x202e, 0x2066...0x2069, 0x200e, 0x200f, 0x61c: true
    default: false
    }
  }
}
