/// Rows under a header: two spaces between columns, numbers to the right, no boxes.
///
/// Cells may come from content: they are made harmless to a terminal here.
struct Table {
  /// One column.
  struct Column {
    var title: String
    var isNumeric = false

    /// A column of text.
    static func text(_ title: String) -> Column { Column(title: title) }
    /// A column of numbers.
    static func number(_ title: String) -> Column { Column(title: title, isNumeric: true) }
  }

  var columns: [Column]
  var rows: [[String]] = []

  init(_ columns: Column...) { self.columns = columns }

  /// Adds a row; a missing cell is empty.
  mutating func append(_ cells: String...) { rows.append(cells) }

  /// The fewest columns in which a text is worth wrapping beside the others.
  private static let readableWidth = 24
  /// How far a text is set in that has lines of its own.
  private static let indent = 4

  /// The header and the rows.
  ///
  /// - Parameters:
  ///   - width: The terminal's columns: the last column is cut to fit them.
  ///     `nil` when the output goes elsewhere and nothing may be missing.
  ///   - wraps: Whether the last column goes on in further lines and is not cut.
  func lines(width: Int? = nil, wraps: Bool = false) -> [String] {
    let cells = ([columns.map(\.title)] + rows).map { row in
      columns.indices.map { $0 < row.count ? row[$0].escapedForTerminal : "" }
    }
    let widths = columns.indices.map { index in cells.map { DisplayWidth.of($0[index]) }.max() ?? 0 }
    return cells.flatMap { row in
      var line = ""
      var rest: [String] = []
      var used = 0
      for (index, cell) in row.enumerated() {
        let isLast = index == columns.count - 1
        var cell = cell
        if isLast, let width, !columns[index].isNumeric {
          let room = max(8, width - used)
          if wraps, DisplayWidth.of(cell) > room {
            // Beside wide columns a text in lines of a few letters can't be read: then it has lines of its own.
            let isBeside = room >= Self.readableWidth
            let indent = isBeside ? used : Self.indent
            let parts = DisplayWidth.wrapped(cell, to: max(8, width - indent))
            cell = isBeside ? parts.first ?? "" : ""
            rest = parts.dropFirst(isBeside ? 1 : 0).map { String(repeating: " ", count: indent) + $0 }
          } else {
            cell = DisplayWidth.cut(cell, to: room)
          }
        }
        let padding = String(repeating: " ", count: max(0, widths[index] - DisplayWidth.of(cell)))
        line += columns[index].isNumeric ? padding + cell : cell + padding
        if !isLast { line += "  " }
        used += widths[index] + 2
      }
      while line.last == " " { line.removeLast() }
      return [line] + rest
    }
  }
}
