import ArgumentParser
import SheafSync

/// `sheaf copy`: everything that an inspector needs, in one folder.
struct CopyCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "copy",
    abstract: "Write a copy that an inspector can verify without Sheaf.",
    discussion: Help.text(
      """
      Documents as files, the trail of who did what, proofs, public keys, the audit as a page, and VERIFY.txt: \
      how to verify all of it with OpenSSL and a shell. No secrets go with it, but everything that was written \
      and why does.
      """,
      examples: ["sheaf copy --for-inspection /media/stick/inspection"],
      outcomes: [.done, .failed, .unverified]))

  @Option(
    help: ArgumentHelp("The folder, empty or not there yet.", valueName: "dir"), completion: .directory)
  var forInspection: String

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let report = try await session.showingProgress { progress in
        try await library.copyForInspection(to: session.url(forInspection), activity: progress)
      }
      if output.json {
        try console.printJSON(report)
      } else {
        console.print(
          "Copied \(Quantity(report.documents, "document")) and \(Quantity(report.size, "change set")) with \(Quantity(report.contents, "content")) to \(forInspection.escapedForTerminal), as at checkpoint \(report.size)."
        )
        if report.absentContents > 0 {
          console.warn(
            "\(Quantity(report.absentContents, "content")) not held here, or assets of earlier revisions")
        }
        if !report.unverified.isEmpty {
          console.warn(
            "\(Quantity(report.unverified.count, "change set")) not verified; `sheaf verify` says more")
        }
        console.hint("\(forInspection)/VERIFY.txt says how to verify it with other programs")
      }
      return report.unverified.isEmpty ? .done : .unverified
    }
  }
}
