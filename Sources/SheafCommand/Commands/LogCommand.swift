import ArgumentParser
import SheafSync

/// `sheaf log`: the change sets, newest first.
struct LogCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Show the change sets: who, when, why.",
    discussion: Help.text(
      """
      Newest first. Times are what the authors claim; the order is the log's. Needs a copy that keeps \
      trail or full. With --automatic, lists instead every choice by which a merge set somebody's edit \
      aside without asking, with both values; their contents are held in a copy that keeps full.

      Filters can be combined; words are found whatever their case and accents. Which change sets changed a       --field only a copy that keeps full can tell.
      """,
      examples: [
        "sheaf log", "sheaf log -n 5 --documents", "sheaf log --before 1200", "sheaf log --automatic",
        "sheaf log --by \"Hill clinic\" --collection trials --since 2026-10-01",
        "sheaf log --action resolve --reason typo",
      ]))

  @Option(name: .shortAndLong, help: ArgumentHelp("How many at most.", valueName: "count"))
  var number = 20

  @Option(help: ArgumentHelp("Only change sets before this one.", valueName: "number"))
  var before: UInt64?

  @Flag(name: .shortAndLong, help: "Also list each change set's documents.")
  var documents = false

  @Flag(help: "List what merges set aside by themselves.")
  var automatic = false

  @OptionGroup(title: "Filters") var filters: LogFilterOptions
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard number >= 1 else { throw ValidationError("-n takes a number, at least 1.") }
    if automatic, documents { throw ValidationError("Give --automatic or --documents, not both.") }
    if automatic, filters.filter != LogFilter() { throw ValidationError("--automatic takes no filters.") }
  }

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      if automatic { return try await printChoices(library, console) }
      let entries = try await library.log(filters.filter, newest: number, before: before)
      try output.print(
        each: entries, on: console, none: "No change sets.",
        words: Self.lines(of: entries, withDocuments: documents, width: console.width))
      return .done
    }
  }

  private func printChoices(_ library: Library, _ console: Console) async throws -> Outcome {
    let choices = try await library.automaticChoices(newest: number, before: before)
    try output.print(
      each: choices, on: console, none: "No merge has set anything aside.",
      words: choices.flatMap { $0.lines(isColoured: console.isOutputColoured) },
      hint: choices.allSatisfy(\.isHeld)
        ? nil : "run `sheaf sync --keep full` to fetch the contents, and ask again")
    return .done
  }

  static func lines(of entries: [LogEntry], withDocuments: Bool, width: Int?) -> [String] {
    var table = Table(.number("NUMBER"), .text("DATE"), .text("BY"), .number("REVISIONS"), .text("REASON"))
    for entry in entries {
      table.append(
        String(entry.number), Position.day(entry.claimedTime ?? entry.time), author(entry.by, entry.author),
        Quantity.grouped(entry.lineCount), entry.reason.firstLine)
    }
    let lines = table.lines(width: width)
    guard withDocuments else { return lines }
    var out = lines.prefix(1).map { $0 }
    for (entry, line) in zip(entries, lines.dropFirst()) {
      out.append(line)
      for revision in entry.revisions {
        let signed = revision.signs.map { "@\($0)" } ?? ""
        out.append(
          "        \(revision.verb.escapedForTerminal) \(revision.path.escapedForTerminal)\(signed)")
      }
      let hidden = entry.lineCount - entry.revisions.count
      if hidden > 0 { out.append("        and \(Quantity(hidden, "revision")) not shown here") }
    }
    return out
  }

  /// The signer, and behind it who made the change where it was imported from.
  static func author(_ by: String, _ author: String?) -> String {
    author.map { "\($0) (via \(by))" } ?? by
  }
}
