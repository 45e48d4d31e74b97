import ArgumentParser
import SheafSync

/// `sheaf import`: histories from elsewhere.
struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take over a history from elsewhere.",
    subcommands: [ImportGitCommand.self])
}

/// `sheaf import git`: a git branch's commits become change sets.
struct ImportGitCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "git",
    abstract: "Take a git history as change sets, and what was added since.",
    discussion: Help.text(
      """
      Each commit on the branch's first-parent line becomes a change set that names its author, time \
      and commit as claims. Running it again takes what is new.
      """,
      examples: ["sheaf import git ~/handbook --branch main"]))

  @Argument(help: "The repository's folder.", completion: .directory)
  var repo: String

  @Option(help: "The branch, tag or commit to follow.")
  var branch = "HEAD"

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let start = ContinuousClock().now
      let report = try await session.showingProgress { progress in
        try await library.importGit(repository: session.url(repo), branch: branch, activity: progress)
      }
      if output.json {
        try console.printJSON(report)
        return .done
      }
      let there =
        report.alreadyThere > 0 ? "; \(Quantity(report.alreadyThere, "commit")) had been taken before" : ""
      console.print(
        report.changeSets == 0
          ? "Nothing to import\(there)."
          : "Imported \(Quantity(report.changeSets, "change set")): \(Quantity(report.revisions, "revision")) in \(Elapsed(ContinuousClock().now - start))\(there)."
      )
      console.print("At checkpoint \(report.size).")
      for warning in report.warnings { console.warn(warning) }
      return .done
    }
  }
}
