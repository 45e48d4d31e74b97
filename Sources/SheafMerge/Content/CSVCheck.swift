import SheafModel

/// Whether bytes are a table as RFC 4180 describes it.
enum CSVCheck {
  private static let reportLimit = 20

  /// Rows with another count of fields than the first, and quotes that do not pair.
  static func violations(_ content: [UInt8]) -> [ContentViolation] {
    var found: [ContentViolation] = []
    var expected: Int?
    var (line, rowLine, fields) = (1, 1, 1)
    enum State { case fieldStart, plain, quoted, quoteInQuoted }
    var state = State.fieldStart
    var rowIsEmpty = true
    var quoteLine = 1
    let bytes = content.starts(with: [0xef, 0xbb, 0xbf]) ? content.dropFirst(3) : content[...]

    func report(_ line: Int, _ rule: String) {
      if found.count < reportLimit { found.append(.init(place: .text(line: line, column: 1), rule: rule)) }
    }
    func endRow() {
      // A blank line is no row: editors leave one at the end.
      if !(rowIsEmpty && fields == 1) {
        let count = expected ?? fields
        expected = count
        if fields != count { report(rowLine, "the row has \(fields) fields, the first row has \(count)") }
      }
      (fields, rowIsEmpty) = (1, true)
      state = .fieldStart
    }
    for byte in bytes {
      switch (state, byte) {
      case (.quoted, UInt8(ascii: "\"")): state = .quoteInQuoted
      case (.quoted, _): if byte == UInt8(ascii: "\n") { line += 1 }
      case (_, UInt8(ascii: "\n")):
        endRow()
        line += 1
        rowLine = line
      case (_, UInt8(ascii: "\r")): break
      case (_, UInt8(ascii: ",")):
        fields += 1
        state = .fieldStart
      case (.quoteInQuoted, UInt8(ascii: "\"")): state = .quoted
      case (.quoteInQuoted, _):
        report(line, "something follows a closing quote")
        state = .plain
      case (.fieldStart, UInt8(ascii: "\"")):
        (state, quoteLine, rowIsEmpty) = (.quoted, line, false)
      case (_, UInt8(ascii: "\"")):
        report(line, "a field with a quote in it must be quoted itself")
        state = .plain
      default:
        (state, rowIsEmpty) = (.plain, false)
      }
    }
    if state == .quoted {
      report(quoteLine, "a quote is never closed")
    } else {
      endRow()
    }
    return found
  }
}
