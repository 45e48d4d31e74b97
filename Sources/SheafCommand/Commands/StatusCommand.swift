import ArgumentParser
import SheafSync

/// `sheaf status`: where the copy stands.
struct StatusCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say where this copy stands: position, drafts, conflicts.",
    discussion: Help.text(
      "Looks at this copy only; nothing is asked of the remote.", examples: ["sheaf status"],
      outcomes: [.done, .failed, .needsYou]))

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session, tellsAge: false) { library in
      let console = session.console
      let report = try await library.status()
      if output.json {
        try console.printJSON(report)
      } else {
        console.print(report.lines(width: console.width))
        for warning in report.warnings { console.warn(warning) }
        if report.conflicts > 0 { console.hint("run `sheaf conflicts` to choose") }
      }
      return report.outcome
    }
  }
}
