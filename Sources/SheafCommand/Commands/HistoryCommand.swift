import ArgumentParser
import SheafMerge
import SheafModel
import SheafSync

/// `sheaf history`: one document's revisions, or those in which a part of it changed.
struct HistoryCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Show a document's revisions, or a part's: who, when, why.",
    discussion: Help.text(
      """
      Newest first, across moves. `sheaf diff DOC` shows what changed. Needs a copy that keeps trail or full. \
      --fetch first gets what a copy that keeps the trail lacks of this document: its earlier contents.

      With --field or --text, the revisions in which that part changed, with what it said before and since; \
      a merge says which side the value came from. A field is a JSON pointer into a record or an article's \
      front matter, or a heading, for what stands under it. --text follows the sentence that has the words back \
      through edits and moves. These need the earlier contents: --fetch, or a copy that keeps full.
      """,
      examples: [
        "sheaf history trials/NCT02943850.json",
        "sheaf history --fetch trials/NCT02943850.json",
        "sheaf history trials/NCT02943850.json --field /protocolSection/statusModule/overallStatus",
        "sheaf history articles/what-is-als.md --field \"## Causes\"",
        "sheaf history articles/what-is-als.md --text \"Median survival\"",
      ],
      outcomes: [.done, .failed, .needsYou, .unverified]))

  @Argument(help: "The document.", transform: Arguments.document)
  var doc: DocumentPath

  @Option(
    help: ArgumentHelp("Only where this value changed: a JSON pointer, or a heading.", valueName: "path"))
  var field: String?

  @Option(help: ArgumentHelp("Only where the sentence with these words changed.", valueName: "words"))
  var text: String?

  @Flag(help: "Get the document's earlier contents.")
  var fetch = false

  @Option(help: "Where from: a server's URL or a folder; else the remembered one.")
  var from: String?

  @OptionGroup var reach: RemoteOptions
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if from != nil, !fetch { throw ValidationError("--from says where --fetch gets contents from.") }
    if field != nil, text != nil { throw ValidationError("Give --field or --text, not both.") }
    if let text, text.allSatisfy(\.isWhitespace) { throw ValidationError("--text takes words.") }
    _ = try question
  }

  private var question: DocumentQuestion? {
    get throws {
      if let text { return .quote(text) }
      return try field.map(Arguments.part)
    }
  }

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      var outcome = Outcome.done
      if fetch {
        let report = try await FetchCommand.reaching(from, of: library, reach, in: session) {
          remote, progress in
          try await library.fetchHistory(of: doc, from: remote, activity: progress)
        }
        if !report.missing.isEmpty {
          console.hint(
            "\(Quantity(report.missing.count, "content")) not there yet: \(report.missing.joined(separator: ", "))"
          )
          outcome = .needsYou
        }
      }
      if let question = try question {
        let changes = try await library.history(of: doc, part: question)
        try output.print(
          each: changes, on: console,
          words: changes.flatMap { $0.lines(of: doc.text, isColoured: console.isOutputColoured) })
        return outcome
      }
      let entries = try await library.history(of: doc)
      try output.print(
        each: entries, on: console, words: Self.table(entries, of: doc.text).lines(width: console.width))
      return outcome
    }
  }

  static func table(_ entries: [HistoryEntry], of path: String) -> Table {
    // Most documents have no signatures, and need no column for them.
    let isSigned = entries.contains { entry in entry.signatures.contains { $0.withdrawn == nil } }
    var table = Table(
      .text("REVISION"), .text("DATE"), .text("BY"), .text("DID"), .number("SIZE"), .text("REASON"))
    if isSigned { table.columns.insert(.text("SIGNED"), at: 5) }
    for entry in entries {
      var did = entry.path == path ? entry.verb : "\(entry.verb) as \(entry.path)"
      if let number = entry.redacted { did += ", redacted at \(number): \(entry.ground ?? "")" }
      if entry.verb == "redact" { did += " \(entry.parents.joined(separator: ", "))" }
      if entry.verb.hasPrefix("sign-"), let of = entry.parents.first { did += " \(of)" }
      var cells = [
        entry.revision, Position.day(entry.claimedTime ?? entry.time),
        LogCommand.author(entry.by, entry.author), did,
        entry.sizeInBytes.map { ByteCount($0).description } ?? "", entry.reason.firstLine,
      ]
      if isSigned { cells.insert(SignatureReport.column(entry.signatures), at: 5) }
      table.rows.append(cells)
    }
    return table
  }
}
