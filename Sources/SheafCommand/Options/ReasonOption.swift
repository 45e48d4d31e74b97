import ArgumentParser

/// Why a change is made; it is signed and kept with it.
struct ReasonOption: ParsableArguments {
  @Option(
    name: [.customShort("m"), .customLong("reason")],
    help: "Why, in one sentence; it stays with the change for whoever asks later.")
  var reason: String?

  /// The reason that was given, or an answer from the terminal.
  ///
  /// - Parameter fallback: What stands when nobody says anything; `nil` where a reason is needed.
  func text(in session: Session, fallback: String? = nil) throws -> String {
    if let reason {
      let trimmed = reason.trimmingWhiteSpace
      guard !trimmed.isEmpty else { throw UsageError("the reason is empty") }
      return trimmed
    }
    if let fallback { return fallback }
    if let answer = session.console.ask("Why?")?.trimmingWhiteSpace, !answer.isEmpty { return answer }
    throw UsageError("a reason is missing", hint: "Say why with -m REASON.")
  }
}

extension String {
  /// The text without white space at its ends.
  var trimmingWhiteSpace: String {
    let start = unicodeScalars.drop { $0.properties.isWhitespace }
    guard let end = start.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
    return String(String.UnicodeScalarView(start[...end]))
  }
}
