/// Long lists of paths, kept short for people; `--json` has them whole.
enum Lists {
  /// The paths under a label, one a line, at most `limit` of them.
  static func lines(_ label: String, _ paths: [String], limit: Int = 20) -> [String] {
    let width = 9
    let padded = label + String(repeating: " ", count: max(1, width - label.count))
    var lines = paths.prefix(limit).map { padded + $0.escapedForTerminal }
    if paths.count > limit { lines.append(padded + "and \(Quantity.grouped(paths.count - limit)) more") }
    return lines
  }
}
