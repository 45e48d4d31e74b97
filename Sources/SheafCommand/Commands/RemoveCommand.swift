import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf remove`: a document gets a tombstone.
struct RemoveCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove a document.",
    discussion: Help.text(
      "Its history stays, and `sheaf show DOC@REVISION` still shows what it was.",
      examples: ["sheaf remove articles/outdated.md -m \"Superseded by the 2026 review\""]))

  @Argument(help: "The document.", transform: Arguments.document)
  var doc: DocumentPath

  @OptionGroup var reason: ReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    let words = try reason.text(in: session)
    return try await library.open(in: session) { library in
      let report = try await library.remove(doc, reason: words)
      try output.print(report, on: session.console, words: [report.sentence("Removed")])
      return .done
    }
  }
}
