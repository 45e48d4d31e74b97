import SheafSync

extension ConflictReport {
  /// The conflict in full: its sides, then each part that clashes.
  func lines(isColoured: Bool) -> [String] {
    var lines = [Style.bold(path.escapedForTerminal, isShown: isColoured)]
    for (index, side) in sides.enumerated() {
      let label = index == 0 ? "ours" : index == 1 ? "theirs" : "also"
      let what = side.isDeletion ? "removed" : "changed"
      let name = side.revision.map { " \($0.escapedForTerminal)" } ?? ""
      lines.append(
        "  \(label)\(name): \(what) by \(side.by.escapedForTerminal) on \(Position.day(side.time)): \(side.reason.firstLine.escapedForTerminal)"
      )
    }
    for part in parts {
      lines.append("  at \(part.place.escapedForTerminal)")
      lines += Self.value("base", part.base, nil, isColoured)
      lines += Self.value("ours", part.ours, .red, isColoured)
      lines += Self.value("theirs", part.theirs, .green, isColoured)
    }
    return lines
  }

  private static func value(_ label: String, _ text: String?, _ style: Style?, _ isColoured: Bool) -> [String]
  {
    let pad = String(repeating: " ", count: 8 - label.count)
    guard let text else { return ["    \(label):\(pad)(nothing)"] }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.count > 1, lines.last == "" { lines.removeLast() }
    let shown = lines.prefix(12).map { line in
      let safe = DisplayWidth.cut(line.escapedForTerminal, to: 400)
      return style.map { $0(safe, isShown: isColoured) } ?? safe
    }
    var out = shown.enumerated().map { index, line in
      index == 0 ? "    \(label):\(pad)\(line)" : "             \(line)"
    }
    if lines.count > 12 { out.append("             … and \(Quantity(lines.count - 12, "line")) more") }
    return out
  }
}
