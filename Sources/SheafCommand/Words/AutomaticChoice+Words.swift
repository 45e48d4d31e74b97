import SheafSync

extension AutomaticChoice {
  /// The choice: what was merged, then what stands and what was set aside.
  func lines(isColoured: Bool) -> [String] {
    let sides = zip(merged, by).map { "\($0) by \($1.escapedForTerminal)" }.joined(separator: " with ")
    var lines = [
      Style.bold("\(revision)  \(Position.day(time))  \(path.escapedForTerminal)", isShown: isColoured)
        + ": merged \(sides)"
    ]
    guard isHeld, let place, let strategy else {
      lines.append("  what was set aside, if anything, is not known: the contents are not held here")
      return lines
    }
    let other = loser.map { " of \($0)" } ?? ""
    lines.append("  at \(place.escapedForTerminal), by \(strategy.escapedForTerminal)")
    lines += Self.value("kept", kept) + Self.value("set aside\(other)", self.other)
    return lines
  }

  private static func value(_ label: String, _ text: String?) -> [String] {
    guard let text else { return ["    \(label): (nothing)"] }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.count > 1, lines.last == "" { lines.removeLast() }
    var out = lines.prefix(12).enumerated().map { index, line in
      (index == 0 ? "    \(label): " : "      ") + DisplayWidth.cut(line.escapedForTerminal, to: 400)
    }
    if lines.count > 12 { out.append("      … and \(Quantity(lines.count - 12, "line")) more") }
    return out
  }
}
