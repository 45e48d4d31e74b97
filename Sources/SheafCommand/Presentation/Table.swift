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

  /// The header and the rows.
  ///
  /// - Parameter width: The terminal's columns: the last column is cut to fit them.
  ///   `nil` when the output goes elsewhere and nothing may be missing.
  func lines(width: Int? = nil) -> [String] {
    let cells = ([columns.map(\.title)] + rows).map { row in
      columns.indices.map { $0 < row.count ? row[$0].escapedForTerminal : "" }
    }
    let widths = columns.indices.map { index in cells.map { DisplayWidth.of($0[index]) }.max() ?? 0 }
    return cells.map { row in
      var line = ""
      var used = 0
      for (index, cell) in row.enumerated() {
        let isLast = index == columns.count - 1
        var cell = cell
        if isLast, let width, !columns[index].isNumeric {
          cell = DisplayWidth.cut(cell, to: max(8, width - used))
        }
        let padding = String(repeating: " ", count: max(0, widths[index] - DisplayWidth.of(cell)))
        line += columns[index].isNumeric ? padding + cell : cell + padding
        if !isLast { line += "  " }
        used += widths[index] + 2
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
