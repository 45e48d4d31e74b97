import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf accept`: takes what is proposed for a document.
struct AcceptCommand: Deed {
  static let configuration = CommandConfiguration(
    commandName: "accept",
    abstract: "Accept what is proposed for a document.",
    discussion: Help.text(
      """
      An edit under review becomes current, merged with what came meanwhile, if your role may decide. \
      Where every edit needs an approval, accepting is that approval, and nobody approves an edit of their own. A merge that wants a look is recorded as it is proposed. Name a revision \
      where several proposals are open for one document.
      """,
      examples: ["sheaf accept about.md", "sheaf accept about.md@12.1 -m \"Checked with the ward\""]))

  @Argument(
    help: "The document, perhaps with the proposal's revision: DOC or DOC@REVISION.",
    transform: Arguments.reference)
  var doc: DocumentReference

  @OptionGroup var reason: UsualReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  var usualReason: String? { "Accepted." }

  func perform(in library: Library, because reason: String) async throws -> (DraftReport, sentence: String) {
    // Looked at before, because nothing is proposed any more afterwards: who takes it unseen is told what went.
    let proposed = try await library.proposals(of: doc.path).first {
      doc.revision == nil || $0.revision == doc.revision?.description
    }
    let report = try await library.accept(doc.path, doc.revision, reason: reason)
    let left = (proposed?.others ?? []).filter { RevisionName(parsing: $0.from) != nil }.map {
      " Not all of \($0.from) is in it; `sheaf show \(doc.path.text.escapedForTerminal)@\($0.from)` has it whole."
    }
    return (report, report.sentence("Accepted") + left.joined())
  }
}

/// `sheaf decline`: turns down what is proposed for a document.
struct DeclineCommand: Deed {
  static let configuration = CommandConfiguration(
    commandName: "decline",
    abstract: "Decline what is proposed for a document, with a reason.",
    discussion: Help.text(
      """
      What everybody sees stays. The author of an edit learns the reason at the next sync and keeps \
      the text. A merge that wants a look is settled as it is shown.
      """,
      examples: ["sheaf decline about.md -m \"The dose is per week, not per day\""]))

  @Argument(
    help: "The document, perhaps with the proposal's revision: DOC or DOC@REVISION.",
    transform: Arguments.reference)
  var doc: DocumentReference

  @OptionGroup var reason: ReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in library: Library, because reason: String) async throws -> (DraftReport, sentence: String) {
    let report = try await library.decline(doc.path, doc.revision, reason: reason)
    return (report, report.sentence("Declined"))
  }
}
