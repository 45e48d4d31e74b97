import ArgumentParser
import Foundation
import SheafModel
import SheafSync

/// `sheaf proposals`: what waits for somebody to accept or decline it.
struct ProposalsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proposals", abstract: "List what waits to be accepted or declined.",
    subcommands: [List.self, Show.self], defaultSubcommand: List.self)

  /// `sheaf proposals list`.
  struct List: Verb {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List what waits to be accepted or declined.",
      discussion: Help.text(
        """
        Two kinds wait: edits by contributors in collections whose settings ask for review, and \
        merges that came to one result which a person should look at. `sheaf accept` takes one, \
        `sheaf decline` turns it down and tells its author why.
        """,
        examples: ["sheaf proposals", "sheaf proposals show about.md", "sheaf proposals --json"],
        outcomes: [.done, .failed, .needsYou]))

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(in session: Session) async throws -> Outcome {
      try await library.open(in: session) { library in
        let console = session.console
        let all = try await library.proposals(changes: false)
        // Comparing costs a merge each: a long list goes without.
        let showsChanges = output.json || all.count <= 20
        let proposals = showsChanges ? try await library.proposals() : all
        try output.print(
          each: proposals, on: console, none: "Nothing waits.",
          words: Self.table(proposals, now: library.now).lines(width: console.width)
            + proposals.flatMap { $0.changeLines(isColoured: console.isOutputColoured) },
          hint: proposals.first.map {
            "run `sheaf accept \($0.path)` or `sheaf decline \($0.path) -m REASON`"
          })
        return proposals.isEmpty ? .done : .needsYou
      }
    }

    static func table(_ proposals: [ProposalReport], now: Timestamp) -> Table {
      var table = Table(
        .text("PATH"), .text("REVISION"), .text("BY"), .text("DOES"), .number("AGE"), .text("REASON"))
      for proposal in proposals {
        table.append(
          proposal.path, proposal.revision ?? "-",
          proposal.by.map { $0.isEmpty ? "?" : $0 }.joined(separator: ", "),
          proposal.verb ?? "merge", Age(proposal.time, now: now).description, proposal.reason.firstLine)
      }
      return table
    }
  }

  /// `sheaf proposals show`.
  struct Show: Verb {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show what is proposed for a document.",
      discussion: Help.text(
        "Who proposes it, why, and what it would change.", examples: ["sheaf proposals show about.md"],
        outcomes: [.done, .failed, .needsYou]))

    @Argument(help: "The document.", transform: Arguments.document)
    var doc: DocumentPath

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(in session: Session) async throws -> Outcome {
      try await library.open(in: session) { library in
        let console = session.console
        let proposals = try await library.proposals(of: doc)
        guard !proposals.isEmpty else { throw LibraryError.nothingProposed(doc.text) }
        try output.print(
          each: proposals, on: console,
          words: proposals.flatMap { $0.lines(isColoured: console.isOutputColoured) })
        return .needsYou
      }
    }
  }
}

extension ProposalReport {
  /// The proposal in full.
  func lines(isColoured: Bool) -> [String] {
    let who = by.map { $0.isEmpty ? "somebody" : $0.escapedForTerminal }.joined(separator: " and ")
    let what = kind == "merge" ? "a merge of the edits by \(who)" : "\(verb ?? "an edit") by \(who)"
    var lines = [
      Style.bold(path.escapedForTerminal, isShown: isColoured),
      "  \(revision.map { "\($0): " } ?? "")\(what)\(time.isEmpty ? "" : " on \(Position.day(time))")",
    ]
    if !reason.isEmpty { lines.append("  reason: \(reason.firstLine.escapedForTerminal)") }
    lines += signatures.map { "  \($0.sentence)" }
    return lines + changeLines(isColoured: isColoured)
  }

  /// What it changes of what is shown, and what it leaves out of the other sides.
  func changeLines(isColoured: Bool) -> [String] {
    var lines: [String] = []
    if let change {
      lines += [""] + (change.isEmpty ? change.titleLines(isColoured) : change.lines(isColoured: isColoured))
      if change.isEmpty { lines.append("  no difference") }
    }
    for other in others { lines += [""] + other.lines(isColoured: isColoured) }
    return lines
  }
}
