import Foundation

/// A report as one line of JSON (`Schemas/output.md`): keys sorted, slashes as they are.
enum JSONLine {
  /// Encodes a report.
  static func of(_ report: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(report), as: UTF8.self)
    return escaped(text)
  }

  /// Escapes what JSON allows in a string but a terminal could take for a command.
  /// Such scalars occur only inside strings, so the value stays the same.
  private static func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: \.isUnsafeInTerminal) else { return text }
    var out = ""
    for scalar in text.unicodeScalars {
      if scalar.isUnsafeInTerminal {
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      } else {
        out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}
