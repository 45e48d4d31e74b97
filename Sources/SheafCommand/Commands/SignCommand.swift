import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf sign`: an electronic signature on one revision.
struct SignCommand: Deed {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a revision: approved, reviewed, authored or rejected.",
    discussion: Help.text(
      """
      Signs what is current, or the revision that is named: with your name and role, the time, and what \
      the signature means. It holds for this one revision; a later edit shows it as superseded. On a replica it is \
      a draft until the next sync. A key with a passphrase asks for it at each signature. \
      Only who wrote a revision signs it as authored. To take an approval back, sign the revision as rejected. Needs a copy that keeps trail or full.
      """,
      examples: [
        "sheaf sign trials/NCT02943850.json --meaning approved -m \"Checked against the registry\"",
        "sheaf sign about.md@12.1 --meaning reviewed",
      ]))

  @Argument(
    help: "The document, perhaps with a revision: DOC or DOC@REVISION.", transform: Arguments.reference)
  var doc: DocumentReference

  @Option(
    help: "What the signature means: approved, reviewed, authored or rejected.",
    transform: Arguments.meaning)
  var meaning: SignatureMeaning

  @OptionGroup var reason: UsualReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  var usualReason: String? { "Signed as \(meaning.rawValue)." }

  func perform(in library: Library, because reason: String) async throws -> (SigningReport, sentence: String)
  {
    let report = try await library.sign(doc.path, doc.revision, as: meaning, remark: reason)
    return (report, report.sentence)
  }
}
