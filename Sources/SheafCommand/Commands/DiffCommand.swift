import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf diff`: what changed between two moments.
struct DiffCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show what changed, in words and fields.",
    discussion: Help.text(
      """
      With a document alone: its newest change. With moments: from the first to the second, or to \
      now. With neither: the drafts of this copy, or the newest change set. A moment is a revision \
      (12.3), a checkpoint (12), a day, a time, or now.
      """,
      examples: [
        "sheaf diff about.md", "sheaf diff about.md 12.1 14.3",
        "sheaf diff --from 2026-10-01 --to 2026-11-01",
      ]))

  @Argument(help: "The document; else all of them.", transform: Arguments.document)
  var doc: DocumentPath?

  @Argument(help: "The earlier moment.", transform: Arguments.moment)
  var from: Moment?

  @Argument(help: "The later moment; now when left out.", transform: Arguments.moment)
  var to: Moment?

  @Option(
    name: .customLong("from"),
    help: ArgumentHelp("The earlier moment, without a document too.", valueName: "moment"),
    transform: Arguments.moment)
  var start: Moment?

  @Option(
    name: [.customLong("to"), .customLong("at")],
    help: ArgumentHelp("The later moment, without a document too.", valueName: "moment"),
    transform: Arguments.moment)
  var end: Moment?

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if from != nil, start != nil { throw ValidationError("The earlier moment is given twice.") }
    if to != nil, end != nil { throw ValidationError("The later moment is given twice.") }
  }

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let earlier = try await earlier(in: library)
      let diffs: [DocumentDiff]
      do { diffs = try await library.diff(doc, from: earlier, to: to ?? end ?? .now) } catch let error
        as LibraryError
      {
        if case .needsDepth = error, doc == nil {
          console.hint("`sheaf log -n 1 --documents` lists what the newest change set did")
        }
        throw error
      }
      try output.print(
        each: diffs, on: console, none: "Nothing differs.",
        words: diffs.flatMap { $0.lines(isColoured: console.isOutputColoured) })
      return .done
    }
  }

  /// The moment before, where none was named.
  private func earlier(in library: Library) async throws -> Moment {
    if let named = from ?? start { return named }
    if let doc {
      let history = try await library.history(of: doc)
      let shown: HistoryEntry?
      switch to ?? end {
      case .revision(let name): shown = history.first { $0.revision == name.description }
      default: shown = history.first
      }
      // Drafts have no place in the log yet: together they are compared with the newest revision that has.
      if shown?.revision == "draft" {
        let logged = history.first { $0.revision != "draft" }
        return logged.flatMap { RevisionName(parsing: $0.revision) }.map(Moment.revision) ?? .checkpoint(0)
      }
      // The first revision of a document differs from nothing: the library before its first change set.
      guard let parent = shown?.parents.first, let name = RevisionName(parsing: parent) else {
        return .checkpoint(0)
      }
      return .revision(name)
    }
    let status = try await library.status()
    let isDrafted = status.drafts.contains { $0.outcome == "waiting" || $0.outcome == "deposited" }
    return .checkpoint(!isDrafted && status.size > 0 ? status.size - 1 : status.size)
  }
}
