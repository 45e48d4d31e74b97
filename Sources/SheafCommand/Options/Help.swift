/// The long part of a command's help: what it does, an example, its exit codes.
enum Help {
  /// All exit codes, one a line.
  static var allOutcomes: String { Outcome.allCases.map(line).joined(separator: "\n") }

  private static func line(_ outcome: Outcome) -> String {
    let code = String(outcome.rawValue)
    return "  " + code + String(repeating: " ", count: 5 - code.count) + outcome.meaning
  }

  /// - Parameters:
  ///   - text: What the abstract does not say.
  ///   - examples: Lines that can be typed.
  ///   - outcomes: The exit codes beside 64 and 130, which every command has.
  static func text(_ text: String, examples: [String], outcomes: [Outcome] = [.done, .failed]) -> String {
    let shown = examples.map { "  $ " + $0 }.joined(separator: "\n")
    let codes = Set(outcomes + [.usage, .interrupted]).sorted { $0.rawValue < $1.rawValue }
      .map(line).joined(separator: "\n")
    return "\(text)\n\nEXAMPLE\n\(shown)\n\nEXIT CODES\n\(codes)"
  }
}
