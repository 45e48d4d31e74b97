import ArgumentParser
import SheafModel
import SheafSync

extension AuditFormat: ExpressibleByArgument {}

/// `sheaf audit`: a period's changes in one file, for people or programs.
struct AuditCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Write a period's changes into one file: who, when, why, what, and whether it holds.",
    discussion: Help.text(
      """
      With values before and after, part by part. A checkpoint is exclusive at --from; a day or time takes what \
      is claimed from then on. html is one file to read and print; csv and ndjson have a row for each changed \
      part; fhir is a FHIR R4 Bundle of Provenance and AuditEvent. Contents need a copy that keeps full.
      """,
      examples: [
        "sheaf audit -o audit.html",
        "sheaf audit --from 2026-01-01 --to 2026-06-30 --format csv -o half-year.csv",
        "sheaf audit --collection trials --format fhir -o trials.json",
      ], outcomes: [.done, .failed, .unverified]))

  @Option(
    help: ArgumentHelp("The start: a checkpoint, a day or a time; else all.", valueName: "moment"),
    transform: Arguments.startOfPeriod)
  var from: Moment?

  @Option(
    help: ArgumentHelp("The end: a checkpoint, a day, a time, or now.", valueName: "moment"),
    transform: Arguments.moment)
  var to: Moment?

  @Option(
    help: ArgumentHelp("Only this collection; may be given again.", valueName: "collection"),
    transform: Arguments.collection)
  var collection: [CollectionName] = []

  @Option(help: "html, csv, ndjson or fhir; else as the file's name ends, html where that says nothing.")
  var format: AuditFormat?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file())
  var output: String

  @OptionGroup var library: LibraryOptions
  @OptionGroup var report: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let options = AuditOptions(
        from: from ?? .checkpoint(0), to: to ?? .now, collections: Set(collection),
        format: format ?? AuditFormat(rawValue: session.url(output).pathExtension.lowercased()) ?? .html)
      let made = try await session.showingProgress { progress in
        try await library.audit(to: session.url(output), options, activity: progress)
      }
      try report.print(made, on: console, words: made.lines(as: output))
      return made.outcome
    }
  }
}

extension Arguments {
  /// The start of a period: as a moment, but of a day its start.
  static func startOfPeriod(_ text: String) throws -> Moment {
    if let day = Timestamp(parsing: text + "T00:00:00Z") { return .time(day) }
    return try moment(text)
  }
}
