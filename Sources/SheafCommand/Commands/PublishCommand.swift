import ArgumentParser
import SheafSync

/// `sheaf publish`: a folder's content becomes a change set.
struct PublishCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "publish",
    abstract: "Publish a folder of content as one change set.",
    discussion: Help.text(
      """
      Compares the folder with the library and takes what is new, changed or moved, all or nothing. \
      Documents that the folder lacks stay, unless --prune is given. Content that breaks its \
      collection's schema is refused with its place.
      """,
      examples: ["sheaf publish content -m \"November review\"", "sheaf publish content -m \"…\" --dry-run"]))

  @OptionGroup var folder: FolderOptions
  @OptionGroup var reason: ReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      guard library.isPublisher else { throw WrongCopyError.publishOnReplica }
      return try await folder.take(into: library, reason: reason, output: output, in: session)
    }
  }
}

/// `sheaf commit`: a folder's content becomes a draft.
struct CommitCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "commit",
    abstract: "Make a draft of what a folder of content changes.",
    discussion: Help.text(
      """
      Like publish, on a replica: takes what the folder changes as one draft, which the next sync \
      hands to the publisher. `sheaf export DIR` makes a folder to start from.
      """,
      examples: ["sheaf commit content -m \"Corrected the enrolment figures\""]))

  @OptionGroup var folder: FolderOptions
  @OptionGroup var reason: ReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      guard !library.isPublisher else { throw WrongCopyError.commitOnPublisher }
      return try await folder.take(into: library, reason: reason, output: output, in: session)
    }
  }
}

/// The folder that `publish` and `commit` take, and how.
struct FolderOptions: ParsableArguments {
  @Argument(help: "The folder of content; its paths are the documents' paths.", completion: .directory)
  var dir: String

  @Flag(help: "Say what would be done, and do nothing.")
  var dryRun = false

  @Flag(help: "Remove documents that the folder lacks.")
  var prune = false

  /// Takes the folder's content into a library and says what became of it.
  func take(
    into library: Library, reason: ReasonOption, output: OutputOptions, in session: Session
  ) async throws -> Outcome {
    let console = session.console
    let words = try reason.text(in: session, fallback: dryRun ? "" : nil)
    let report = try await session.showingProgress { progress in
      try await library.publish(
        folder: session.url(dir), reason: words, options: PublishOptions(isDryRun: dryRun, prunes: prune),
        activity: progress)
    }
    if output.json {
      try console.printJSON(report)
      return .done
    }
    console.print(report.sentence(isDryRun: dryRun))
    if dryRun { console.print(report.details) }
    for remark in report.remarks { console.note(remark) }
    if !report.missing.isEmpty { console.hint("what is missing in the folder stays; --prune removes it") }
    return .done
  }
}
