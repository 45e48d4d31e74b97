import SheafModel

/// A table as RFC 4180 describes it, with the bytes of each cell.
struct CSVTable {
  /// One row: its cells as they are spelled, and its line end.
  struct Row {
    var cells: [ArraySlice<UInt8>]
    var end: ArraySlice<UInt8>

    /// The row as it is written.
    var bytes: [UInt8] { Array(cells.joined(separator: [UInt8(ascii: ",")])) + end }
  }

  /// What stands before the first row: a byte-order mark or nothing.
  let mark: [UInt8]
  /// The names of the columns, as they are meant; none twice.
  let names: [String]
  private let places: [ExactString: Int]
  let header: Row
  let rows: [Row]

  /// Reads a table; `nil` when it is none, has a column twice, or rows of another width than its header.
  init?(_ bytes: [UInt8]) {
    var repeated: String?
    self.init(bytes, repeated: &repeated)
  }

  /// Reads a table, and tells the name of a column that keeps it from being one because it stands twice.
  init?(_ bytes: [UInt8], repeated: inout String?) {
    guard CSVCheck.violations(bytes).isEmpty, UTF8Text.firstInvalidOffset(in: bytes) == nil else {
      return nil
    }
    let start = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    mark = Array(bytes[..<start])
    var rows: [Row] = []
    var cells: [ArraySlice<UInt8>] = []
    var cellStart = start
    var isQuoted = false
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted, byte == UInt8(ascii: ",") {
        cells.append(bytes[cellStart..<index])
        cellStart = index + 1
      } else if !isQuoted, byte == UInt8(ascii: "\n") {
        let hasReturn = index > cellStart && bytes[index - 1] == UInt8(ascii: "\r")
        cells.append(bytes[cellStart..<(hasReturn ? index - 1 : index)])
        rows.append(Row(cells: cells, end: bytes[(hasReturn ? index - 1 : index)...index]))
        cells = []
        cellStart = index + 1
      }
      index += 1
    }
    if cellStart < bytes.count || !cells.isEmpty {
      cells.append(bytes[cellStart...])
      rows.append(Row(cells: cells, end: []))
    }
    // A blank line is no row.
    rows.removeAll { $0.cells.count == 1 && $0.cells[0].isEmpty }
    guard let header = rows.first else { return nil }
    self.header = header
    self.rows = Array(rows.dropFirst())
    names = header.cells.map { Self.meaning(of: $0) }
    places = Dictionary(
      names.enumerated().map { (ExactString($1), $0) }, uniquingKeysWith: { first, _ in first })
    if places.count < names.count {
      var seen: Set<ExactString> = []
      repeated = names.first { !seen.insert(ExactString($0)).inserted }
    }
    guard places.count == names.count,
      rows.allSatisfy({ $0.cells.count == header.cells.count })
    else { return nil }
  }

  /// The place of a column, or `nil` when there is none of that name.
  func column(_ name: String) -> Int? { places[ExactString(name)] }

  /// A cell's text without its quotes.
  static func meaning(of cell: ArraySlice<UInt8>) -> String {
    guard cell.first == UInt8(ascii: "\""), cell.last == UInt8(ascii: "\""), cell.count > 1 else {
      return String(decoding: cell, as: UTF8.self)
    }
    return String(decoding: cell.dropFirst().dropLast(), as: UTF8.self).replacing("\"\"", with: "\"")
  }

  /// A text as a cell, quoted where it must be.
  static func cell(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    let special: [UInt8] = [0x22, 0x2c, 0x0a, 0x0d]
    guard bytes.contains(where: special.contains) else { return bytes }
    return Array(("\"" + text.replacing("\"", with: "\"\"") + "\"").utf8)
  }

  /// The rows as a list of objects, each cell a text under its column's name.
  var value: JSONValue {
    .array(
      rows.map { row in
        .object(
          JSONObject(
            zip(names, row.cells).map { .init(key: $0, value: .string(Self.meaning(of: $1))) }))
      })
  }
}
