/// A position in the log as a sentence names it: `checkpoint 1219 of 2026-11-22`.
enum Position {
  /// - Parameter newestChange: When its newest change set was made, RFC 3339, where the copy knows it.
  static func words(_ size: UInt64, newestChange: String?) -> String {
    guard let newestChange, size > 0 else { return "checkpoint \(size)" }
    return "checkpoint \(size) of \(day(newestChange))"
  }

  /// The date of an RFC 3339 time.
  static func day(_ time: String) -> String { String(time.escapedForTerminal.prefix(10)) }
}
