import ArgumentParser

/// Why a change is made; it is signed and kept with it.
protocol ReasonGiving: ParsableArguments {
  /// What was given.
  var reason: String? { get }
}

/// A reason that somebody has to give: at a terminal it is asked for, so the parser must not insist on it.
struct ReasonOption: ReasonGiving {
  @Option(
    name: [.customShort("m"), .customLong("reason")],
    help: ArgumentHelp(
      "Why, in one sentence; it stays with the change for whoever asks later.", valueName: valueName))
  var reason: String?

  /// What stands for it in a usage, where it is told from one that may be left out.
  private static let valueName = "why"

  /// A usage or help in which this option does not stand in brackets.
  static func asNeeded(in help: String) -> String {
    help.replacing(/\[--reason(?<space>\s+)<why>\]/) { "--reason\($0.space)<\(valueName)>" }
  }
}

/// A reason that may be left out, because what is done says enough.
struct UsualReasonOption: ReasonGiving {
  @Option(
    name: [.customShort("m"), .customLong("reason")],
    help: "Why, in one sentence; it stays with the change for whoever asks later.")
  var reason: String?
}

extension ReasonGiving {
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
