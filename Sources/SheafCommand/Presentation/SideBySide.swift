/// Texts in columns beside each other, with the words that differ marked.
enum SideBySide {
  /// The least width at which columns are any use; below it texts stand under each other.
  static let leastWidth = 60
  private static let gap = " │ "

  /// A run of text and how it stands out.
  struct Run: Hashable {
    enum Kind: Hashable { case same, removed, added }
    var kind: Kind
    var text: String
  }

  /// A column: its title, and its text or `nil` for nothing.
  struct Column {
    var title: String
    var runs: [Run]?
  }

  /// The columns as lines.
  ///
  /// - Parameter width: The terminal's columns; `nil` for output that goes elsewhere.
  static func lines(_ columns: [Column], width: Int?, isColoured: Bool) -> [String] {
    guard let width, width >= leastWidth, !columns.isEmpty else {
      return columns.flatMap { stacked($0, width: width, isColoured: isColoured) }
    }
    let inner = max(8, (width - 2 - gap.count * (columns.count - 1)) / columns.count)
    let cells = columns.map { column in
      [[Piece(text: column.title, kind: .same, isTitle: true)]]
        + wrapped(column.runs, width: inner, isColoured: isColoured)
    }
    let height = cells.map(\.count).max() ?? 0
    return (0..<height).map { row in
      var line = cells.map { cell in
        let pieces = row < cell.count ? cell[row] : []
        let used = pieces.reduce(0) { $0 + DisplayWidth.of($1.text) }
        return pieces.map { $0.styled(isColoured) }.joined()
          + String(repeating: " ", count: max(0, inner - used))
      }.joined(separator: gap)
      while line.last == " " { line.removeLast() }
      return "  " + line
    }
  }

  /// A column by itself: its title, and its text below.
  static func stacked(_ column: Column, width: Int?, isColoured: Bool) -> [String] {
    let inner = width.map { max(8, $0 - 4) } ?? 400
    let lines = wrapped(column.runs, width: inner, isColoured: isColoured)
    return ["  \(Style.bold(column.title, isShown: isColoured))"]
      + lines.map { "    " + $0.map { $0.styled(isColoured) }.joined() }
  }

  /// A stretch of one line, harmless to a terminal.
  private struct Piece {
    var text: String
    var kind: Run.Kind
    var isTitle = false

    func styled(_ isColoured: Bool) -> String {
      if isTitle { return Style.bold(text, isShown: isColoured) }
      switch kind {
      case .same: return text
      case .removed: return Style.red(text, isShown: isColoured)
      case .added: return Style.green(text, isShown: isColoured)
      }
    }
  }

  /// Breaks text into lines between words, and within a word that is wider than the column.
  private static func wrapped(_ runs: [Run]?, width: Int, isColoured: Bool) -> [[Piece]] {
    guard let runs else { return [[Piece(text: "(nothing)", kind: .same)]] }
    var lines: [[Piece]] = [[]]
    var used = 0
    func breakLine() {
      lines.append([])
      used = 0
    }
    for run in runs {
      for word in words(run, isMarked: !isColoured) {
        if word == "\n" {
          breakLine()
          continue
        }
        var rest = word
        while !rest.isEmpty {
          let wide = DisplayWidth.of(trimmed(rest))
          if used > 0, used + wide > width { breakLine() }
          var part = wide > width ? head(rest, width: width - used) : rest
          let count = part.count
          // The space behind a word that fills the line would push what stands beside it away.
          if used + DisplayWidth.of(part) > width { part = trimmed(part) }
          // A line does not begin with the white space that ended the one before.
          if !(used == 0 && part.allSatisfy({ $0 == " " }) && !lines[lines.count - 1].isEmpty) {
            lines[lines.count - 1].append(Piece(text: part, kind: run.kind))
            used += DisplayWidth.of(part)
          }
          rest = String(rest.dropFirst(count))
          if used >= width, !rest.isEmpty { breakLine() }
        }
      }
    }
    while lines.count > 1, lines.last?.isEmpty ?? false { lines.removeLast() }
    return lines
  }

  private static func trimmed(_ word: String) -> String {
    var word = word
    while word.last == " " { word.removeLast() }
    return word
  }

  private static func head(_ text: String, width: Int) -> String {
    var kept = ""
    var used = 0
    for character in text {
      let next = DisplayWidth.of(character)
      if used + next > max(1, width), !kept.isEmpty { break }
      kept.append(character)
      used += next
    }
    return kept
  }

  /// Whether a line may end between two characters without a space: between those of scripts that know none, but not
  /// before what ends a clause.
  private static func mayBreak(_ before: Character?, _ character: Character) -> Bool {
    guard let before, DisplayWidth.of(before) == 2, DisplayWidth.of(character) == 2 else { return false }
    return !"。、，．！？：；」』）】〉》".contains(character)
  }

  /// The words of a run with the spaces behind them, line ends apart; marked where colours can't tell.
  private static func words(_ run: Run, isMarked: Bool) -> [String] {
    var words: [String] = []
    for (index, line) in run.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if index > 0 { words.append("\n") }
      var text = String(line).escapedForTerminal.replacingTabs
      guard !text.isEmpty else { continue }
      if isMarked, run.kind != .same {
        let end = trimmed(text)
        let tail = String(repeating: " ", count: text.count - end.count)
        let core = String(end.drop { $0 == " " })
        let lead = String(repeating: " ", count: end.count - core.count)
        if !core.isEmpty { text = lead + (run.kind == .removed ? "[-\(core)-]" : "{+\(core)+}") + tail }
      }
      var word = ""
      for character in text {
        if character != " ", word.last == " " || mayBreak(word.last, character) {
          words.append(word)
          word = ""
        }
        word.append(character)
      }
      if !word.isEmpty { words.append(word) }
    }
    return words
  }
}
