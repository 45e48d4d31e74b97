import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf blame`: who wrote which part of a document.
struct BlameCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "blame",
    abstract: "Show who wrote which part of a document, when and why.",
    discussion: Help.text(
      """
      Per field of a record and of front matter, per sentence of an article, per row of a table. A part belongs \
      to the newest revision that changed it; what moved inside the document keeps its origin, and what a merge \
      took from one side is that side's. Where the content of earlier revisions was redacted, a part that none at \
      hand had before may be of one of these, which are named with when and by which two people. With --words, sentences that several revisions wrote are shown word by \
      word. Needs a copy that keeps full.
      """,
      examples: ["sheaf blame articles/what-is-als.md", "sheaf blame trials/NCT02943850.json --at 12"]),
    aliases: ["annotate"])

  @Argument(help: "The document.", transform: Arguments.document)
  var doc: DocumentPath

  @Option(
    help: ArgumentHelp("When: a revision, a checkpoint, a day, a time, or now.", valueName: "moment"),
    transform: Arguments.moment)
  var at: Moment?

  @Flag(help: "Show sentences of several revisions word by word.")
  var words = false

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let parts = try await library.blame(doc, at: at ?? .now)
      try output.print(
        each: parts, on: console, none: "\(doc.text.escapedForTerminal) is empty.",
        words: Self.lines(of: parts, withWords: words, width: console.width))
      return .done
    }
  }

  static func lines(of parts: [BlamedPart], withWords: Bool, width: Int?) -> [String] {
    var table = Table(
      .text("REVISION"), .text("DATE"), .text("BY"), .text("ROLE"), .text("WHERE"), .text("SAYS"))
    for part in parts {
      let who = LogCommand.author(part.by, part.author)
      let joined = part.joined.count > 1 ? " with \(part.joined.dropFirst().joined(separator: ", "))" : ""
      table.append(
        part.revision + joined + mayBe(part.redacted ?? []), Position.day(part.claimedTime ?? part.time), who,
        part.role ?? "", part.place,
        part.kind == "field"
          ? part.text : part.text.split(whereSeparator: \.isWhitespace).joined(separator: " "))
      guard withWords else { continue }
      for run in part.words {
        table.append("", "", "", "", run.revision, run.text)
      }
    }
    var lines = table.lines(width: width, wraps: true)
    var reasons: [String] = []
    for part in parts where !reasons.contains(where: { $0.hasPrefix(part.revision + "  ") }) {
      reasons.append("\(part.revision)  \(part.reason.firstLine.escapedForTerminal)")
    }
    var redacted: [String: RedactedRevision] = [:]
    for one in parts.flatMap({ $0.redacted ?? [] }) { redacted[one.revision] = one }
    let destroyed = redacted.values.sorted { ($0.time, $0.revision) > ($1.time, $1.revision) }.map {
      "\($0.revision)  \(Position.day($0.time))  \($0.by.escapedForTerminal)  \($0.words.escapedForTerminal)"
    }
    lines.append("")
    return lines + reasons + destroyed
  }

  /// That a part may be of revisions which nobody can read any more.
  private static func mayBe(_ redacted: [RedactedRevision]) -> String {
    guard let first = redacted.first else { return "" }
    return redacted.count == 1
      ? " or \(first.revision), redacted" : " or one of \(redacted.count) before it, redacted"
  }
}
