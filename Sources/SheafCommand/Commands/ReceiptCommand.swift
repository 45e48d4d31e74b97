import ArgumentParser
import SheafSync

/// `sheaf receipt`: the proof that a change set is in the log.
struct ReceiptCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "receipt",
    abstract: "Print the proof that a change set is in the log.",
    discussion: Help.text(
      "A C2SP tlog-proof, which other programs can verify without this library.",
      examples: ["sheaf receipt 12 > 12.tlog-proof"]))

  @Argument(help: "The change set's number.")
  var changeSet: UInt64

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let text = try await library.receipt(changeSet: changeSet)
      if output.json {
        try session.console.printJSON(ReceiptReport(changeSet: changeSet, receipt: text))
      } else {
        session.console.write(Array(text.utf8))
      }
      return .done
    }
  }
}

/// A receipt, for `receipt --json`.
struct ReceiptReport: Codable, Hashable {
  /// The change set.
  var changeSet: UInt64
  /// The receipt's text.
  var receipt: String
}
