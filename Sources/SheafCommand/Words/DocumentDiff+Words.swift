import SheafSync

extension DocumentDiff {
  /// The difference in words.
  ///
  /// Removed words stand in `[-…-]` and added ones in `{+…+}`, or in red and green where
  /// colours are shown; long runs that did not change are shortened to their edges.
  func lines(isColoured: Bool) -> [String] {
    var lines = titleLines(isColoured)
    if let words { lines += Self.text(of: words, isColoured).map { $0.isEmpty ? "" : "  " + $0 } }
    for field in fields ?? [] {
      lines.append("  \(field.pointer.isEmpty ? "(whole)" : field.pointer.escapedForTerminal)")
      if let before = field.before {
        lines.append("    " + Self.removed(before.escapedForTerminal, isColoured))
      }
      if let after = field.after { lines.append("    " + Self.added(after.escapedForTerminal, isColoured)) }
    }
    if let sizes {
      let before = sizes.before.map { ByteCount($0).description } ?? "nothing"
      let after = sizes.after.map { ByteCount($0).description } ?? "nothing"
      lines.append("  \(before) -> \(after)")
    }
    return lines
  }

  /// Which document and moments are compared.
  func titleLines(_ isColoured: Bool) -> [String] {
    let title = "\(path.escapedForTerminal): \(from.escapedForTerminal) -> \(to.escapedForTerminal)"
    return [Style.bold(title, isShown: isColoured)]
  }

  private static func removed(_ text: String, _ isColoured: Bool) -> String {
    isColoured ? Style.red(text, isShown: true) : "[-\(text)-]"
  }

  private static func added(_ text: String, _ isColoured: Bool) -> String {
    isColoured ? Style.green(text, isShown: true) : "{+\(text)+}"
  }

  static func text(of words: [Word], _ isColoured: Bool) -> [String] {
    var out = ""
    for (index, word) in words.enumerated() {
      switch word.kind {
      case "removed": out += marked(word.text, isColoured, removed)
      case "added": out += marked(word.text, isColoured, added)
      default:
        out += edges(of: word.text, isFirst: index == 0, isLast: index == words.count - 1)
      }
    }
    var lines = out.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).replacingTabs }
    while lines.last == "" { lines.removeLast() }
    return lines
  }

  /// Marks the words and leaves the white space after them outside, so that line ends stay.
  private static func marked(_ text: String, _ isColoured: Bool, _ mark: (String, Bool) -> String) -> String {
    let end = text.lastIndex { !$0.isWhitespace }.map(text.index(after:)) ?? text.startIndex
    let lines = text[..<end].split(separator: "\n", omittingEmptySubsequences: false)
    let body = lines.map { $0.isEmpty ? "" : mark(String($0).escapedLinesForTerminal, isColoured) }
    return body.joined(separator: "\n") + String(text[end...]).escapedLinesForTerminal
  }

  /// An unchanged run: whole when it is short, else its first and last line.
  private static func edges(of text: String, isFirst: Bool, isLast: Bool) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
      String($0).escapedLinesForTerminal
    }
    guard lines.count > 4 else { return lines.joined(separator: "\n") }
    let head = isFirst ? [] : Array(lines.prefix(2))
    let tail = isLast ? [] : Array(lines.suffix(2))
    return (head + ["…"] + tail).joined(separator: "\n")
  }
}

extension String {
  /// With every tab as spaces, which take the columns that they seem to.
  var replacingTabs: String {
    split(separator: "\t", omittingEmptySubsequences: false).joined(separator: "  ")
  }
}
