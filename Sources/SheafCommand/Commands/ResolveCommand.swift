import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf resolve`: a person settles a conflict.
struct ResolveCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: "Settle a conflict.",
    discussion: Help.text(
      """
      Ours is the side that was published first, which everybody sees; theirs is the other one. With \
      neither --take nor --file, shows the parts that clash and, on a terminal, asks. The other \
      sides stay in the document's history.
      """,
      examples: [
        "sheaf resolve about.md --take theirs",
        "sheaf resolve about.md --file merged.md -m \"Both corrections\"",
      ],
      outcomes: [.done, .failed, .needsYou]))

  /// What a person may take.
  enum Side: String, ExpressibleByArgument, CaseIterable {
    case ours, theirs, deleted
  }

  @Argument(help: "The document.", transform: Arguments.document)
  var doc: DocumentPath

  @Option(help: "Which side to take: ours, theirs, or deleted.")
  var take: Side?

  @Option(
    help: ArgumentHelp("A file with the content to take, or - for the standard input.", valueName: "file"),
    completion: .file())
  var file: String?

  @OptionGroup var reason: ReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if take != nil, file != nil { throw ValidationError("Give --take or --file, not both.") }
  }

  func perform(in session: Session) async throws -> Outcome {
    let content = try file.map { try ContentFile.read($0, in: session) }
    return try await library.open(in: session) { library in
      let console = session.console
      var side = take
      if side == nil, content == nil {
        guard let conflict = try await library.conflicts().first(where: { $0.path == doc.text }) else {
          throw LibraryError.noConflict(doc.text)
        }
        if output.json {
          try console.printJSON(conflict)
        } else {
          console.print(conflict.lines(isColoured: console.isOutputColoured))
        }
        guard let answer = Self.ask(console) else {
          console.hint("choose with --take ours, --take theirs, --take deleted or --file FILE")
          return .needsYou
        }
        side = answer
      }
      let resolution: Resolution =
        switch side {
        case .ours: .ours
        case .theirs: .theirs
        case .deleted: .deletion
        case nil: .content(content ?? [])
        }
      let words = try reason.text(in: session, fallback: Self.fallback(side))
      let report = try await library.resolve(doc, with: resolution, reason: words)
      if output.json { try console.printJSON(report) } else { console.print(report.sentence("Settled")) }
      return .done
    }
  }

  private static func fallback(_ side: Side?) -> String {
    switch side {
    case .ours: "Settled a conflict: kept what was published first"
    case .theirs: "Settled a conflict: took the other side"
    case .deleted: "Settled a conflict: removed the document"
    case nil: "Settled a conflict with a content of its own"
    }
  }

  /// Asks on a terminal; `nil` when there is none or the person leaves it open.
  private static func ask(_ console: Console) -> Side? {
    while let answer = console.ask("Take (o)urs, (t)heirs, (d)elete it, or (q)uit?")?.trimmingWhiteSpace
      .lowercased()
    {
      switch answer {
      case "o", "ours": return .ours
      case "t", "theirs": return .theirs
      case "d", "delete", "deleted": return .deleted
      case "q", "quit": return nil
      default: continue
      }
    }
    return nil
  }
}
