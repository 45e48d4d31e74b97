import ArgumentParser
import SheafSync

/// `sheaf verify`: everything that is stored is checked again.
struct VerifyCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check every hash, signature and proof that this copy holds.",
    discussion: Help.text(
      """
      Recomputes the log's tree from its change sets, the state from the log, and the hash of every \
      content, and compares them with what is signed.
      """,
      examples: ["sheaf verify", "sheaf verify --rebuild"], outcomes: [.done, .failed, .unverified]))

  @Flag(help: "First rebuild the current state and the search index from the log.")
  var rebuild = false

  @Option(
    help: ArgumentHelp(
      "Also write checkpoints of the publisher's that contradict this copy's into a folder.", valueName: "dir"
    ),
    completion: .directory)
  var evidence: String?

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let report = try await session.showingProgress { progress in
        try await library.verify(rebuild: rebuild, activity: progress)
      }
      if let evidence {
        let count = try await library.exportSplitViews(to: session.url(evidence))
        console.note(
          "\(Quantity(count, "pair")) of checkpoints that contradict each other written to \(evidence).")
      }
      try output.print(report, on: console, words: report.lines(width: console.width))
      return report.outcome
    }
  }
}
