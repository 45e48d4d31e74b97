import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf drafts`: this copy's drafts and what became of them.
struct DraftsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drafts", abstract: "List this copy's drafts, and what became of them.",
    subcommands: [List.self, Show.self, Send.self, Drop.self], defaultSubcommand: List.self)

  /// `sheaf drafts list`.
  struct List: Verb {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List this copy's drafts, and what became of them.",
      discussion: Help.text(
        """
        A draft waits, was deposited in a folder, was refused by the publisher, or is proposed: in \
        the log, until somebody accepts or declines it; a copy that keeps only heads may learn no more than \
        that it was decided. Its text stays here until you drop it.
        """,
        examples: ["sheaf drafts", "sheaf drafts show 79f6bb26", "sheaf drafts send 79f6bb26"],
        outcomes: [.done, .failed, .needsYou]))

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(in session: Session) async throws -> Outcome {
      try await library.open(in: session) { library in
        let console = session.console
        let drafts = try await library.drafts()
        try output.print(
          each: drafts, on: console, none: "No drafts.",
          words: StatusReport.lines(of: drafts, width: console.width),
          hint: drafts.first(where: \.needsAuthor).map {
            "run `sheaf drafts show \($0.draft)`, then `sheaf drafts send` or `sheaf drafts drop`"
          })
        return drafts.contains(where: \.needsAuthor) ? .needsYou : .done
      }
    }
  }

  /// `sheaf drafts show`.
  struct Show: Verb {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show what a draft changes.",
      discussion: Help.text(
        "Against what it was made from.", examples: ["sheaf drafts show 79f6bb26"]))

    @Argument(help: "The draft's mark, or its first characters.")
    var draft: String

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(in session: Session) async throws -> Outcome {
      try await library.open(in: session) { library in
        let console = session.console
        let (draft, changes) = try await library.draft(draft)
        try output.print(
          draft, changing: changes, on: console,
          words: StatusReport.lines(of: [draft], width: console.width))
        return .done
      }
    }
  }

  /// `sheaf drafts send`.
  struct Send: Verb {
    static let configuration = CommandConfiguration(
      commandName: "send", abstract: "Hand over a refused or declined draft again.",
      discussion: Help.text(
        """
        Signs its edits anew; they go at the next sync. It keeps what it was made from, so that what \
        others did since is merged with it.
        """, examples: ["sheaf drafts send 79f6bb26"]))

    @Argument(help: "The draft's mark, or its first characters.")
    var draft: String

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(in session: Session) async throws -> Outcome {
      try await library.open(in: session) { library in
        let report = try await library.sendDraft(draft)
        try output.print(report, on: session.console, words: [report.sentence("Signed again")])
        return .done
      }
    }
  }

  /// `sheaf drafts drop`.
  struct Drop: Verb {
    static let configuration = CommandConfiguration(
      commandName: "drop", abstract: "Withdraw a draft; its texts are kept in a folder.",
      discussion: Help.text(
        """
        One that is in the log can't be withdrawn any more, and one that later drafts go on from only after \
        these. What was left in a folder may still be taken from there.
        """, examples: ["sheaf drafts drop 79f6bb26"])
    )

    @Argument(help: "The draft's mark, or its first characters.")
    var draft: String

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(in session: Session) async throws -> Outcome {
      try await library.open(in: session) { library in
        let (folder, isDeposited) = try await library.dropDraft(draft)
        let report = DroppedDraft(draft: draft, folder: folder?.path)
        var words = ["Dropped draft \(draft.escapedForTerminal)."]
        if isDeposited {
          words.append("The folder that it was left in still has it, and it may be taken there.")
        }
        if let folder { words.append("Its texts are kept in \(folder.path.escapedForTerminal).") }
        try output.print(report, on: session.console, words: words)
        return .done
      }
    }
  }
}

/// A draft that was withdrawn, for `drafts drop --json`.
struct DroppedDraft: Codable, Hashable {
  /// The draft's mark, as it was given.
  var draft: String
  /// Where its texts are; left out when it held none.
  var folder: String?
}
