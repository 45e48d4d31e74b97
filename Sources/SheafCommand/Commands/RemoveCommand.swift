import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf remove`: a document gets a tombstone.
struct RemoveCommand: Deed {
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

  func perform(in library: Library, because reason: String) async throws -> (DraftReport, sentence: String) {
    let report = try await library.remove(doc, reason: reason)
    return (report, report.sentence("Removed"))
  }

  func conclude(_ report: DraftReport, in library: Library, on console: Console) async throws -> Outcome {
    if !output.json, let hint = report.conflictHint { console.hint(hint) }
    return .done
  }
}
