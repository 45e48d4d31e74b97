import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf quarantine`: what the publisher was handed and could not take.
struct QuarantineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quarantine", abstract: "Look at drafts that could not be taken, and take them over.",
    subcommands: [List.self, Show.self, Release.self, Drop.self], defaultSubcommand: List.self)

  /// `sheaf quarantine list`.
  struct List: Verb {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List what waits in quarantine.",
      discussion: Help.text(
        "Its author has the reason and the text still; nothing of it is in the log.",
        examples: ["sheaf quarantine", "sheaf quarantine show 79f6bb26"],
        outcomes: [.done, .failed, .needsYou]))

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(in session: Session) async throws -> Outcome {
      try await library.open(in: session) { library in
        let console = session.console
        let waiting = try await library.quarantine()
        try output.print(
          each: waiting, on: console, none: "Nothing waits in quarantine.",
          words: QuarantineReport.lines(of: waiting, width: console.width))
        return waiting.isEmpty ? .done : .needsYou
      }
    }
  }

  /// `sheaf quarantine show`.
  struct Show: Verb {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show what a draft in quarantine would change.",
      discussion: Help.text("Against what is current.", examples: ["sheaf quarantine show 79f6bb26"]))

    @Argument(help: "The draft's mark, or its first characters.")
    var draft: String

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(in session: Session) async throws -> Outcome {
      try await library.open(in: session) { library in
        let console = session.console
        let (report, changes) = try await library.quarantined(draft)
        try output.print(
          report, changing: changes, on: console,
          words: QuarantineReport.lines(of: [report], width: console.width))
        return .done
      }
    }
  }

  /// `sheaf quarantine release`.
  struct Release: Deed {
    static let configuration = CommandConfiguration(
      commandName: "release", abstract: "Take the content of a draft in quarantine over, in your own name.",
      discussion: Help.text(
        """
        It merges with what others did since, and the change set names the author and the draft. Of a revoked \
        key, somebody else than who revoked it must do this.
        """, examples: ["sheaf quarantine release 79f6bb26 -m \"Confirmed by phone\""]))

    @Argument(help: "The draft's mark, or its first characters.")
    var draft: String

    @OptionGroup var reason: ReasonOption
    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(
      in library: Library, because reason: String
    ) async throws -> (DraftReport, sentence: String) {
      let report = try await library.release(draft, reason: reason)
      return (report, report.sentence("Took over"))
    }
  }
}

extension QuarantineCommand {
  /// `sheaf quarantine drop`.
  struct Drop: Deed {
    static let configuration = CommandConfiguration(
      commandName: "drop", abstract: "Destroy a draft in quarantine for good: content, paths and reason.",
      discussion: Help.text(
        """
        For what must not be kept, such as a person's name in a draft that was refused. Nothing of it is in the log; \
        its author has it still, and is told your reason.
        """, examples: ["sheaf quarantine drop 79f6bb26 -m \"Names a patient\""],
        outcomes: [.done, .failed, .needsYou]))

    @Argument(help: "The draft's mark, or its first characters.")
    var draft: String

    @OptionGroup var reason: ReasonOption
    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(
      in library: Library, because reason: String
    ) async throws -> (QuarantineReport, sentence: String) {
      let report = try await library.drop(quarantined: draft, reason: reason)
      return (report, "Destroyed draft \(report.draft) by \(report.by.escapedForTerminal).")
    }

    func conclude(
      _ report: QuarantineReport, in library: Library, on console: Console
    ) async throws -> Outcome {
      RedactCommand.outcome(of: try await library.unsweptContent(), on: console)
    }
  }
}

extension QuarantineReport {
  /// A table, and below it why each was refused.
  static func lines(of waiting: [QuarantineReport], width: Int?) -> [String] {
    var table = Table(.text("DRAFT"), .text("BY"), .text("CAME"), .text("DOCUMENTS"))
    for report in waiting {
      table.append(report.draft, report.by, report.time, report.paths.joined(separator: ", "))
    }
    return table.lines(width: width) + waiting.map { "\($0.draft): \($0.refusal.escapedForTerminal)" }
  }
}
