import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf invitations`: codes that still hold.
struct InvitationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invitations", abstract: "List invitations that still hold, and take one back.",
    subcommands: [List.self, Withdraw.self], defaultSubcommand: List.self)

  /// `sheaf invitations list`.
  struct List: Verb {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List invitations that nobody has used and that have not ended.",
      discussion: Help.text(
        "Their codes are kept nowhere.",
        examples: ["sheaf invitations", "sheaf invitations withdraw \"Hill clinic\""]))

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(in session: Session) async throws -> Outcome {
      try await library.open(in: session) { library in
        let open = try await library.invitations()
        var table = Table(.text("MARK"), .text("NAME"), .text("ROLE"), .text("COLLECTIONS"), .text("UNTIL"))
        for one in open {
          table.append(
            one.mark, one.name, one.role, one.collections?.joined(separator: ", ") ?? "all", one.expires)
        }
        try output.print(
          each: open, on: session.console, none: "No invitation holds.",
          words: table.lines(width: session.console.width))
        return .done
      }
    }
  }

  /// `sheaf invitations withdraw`.
  struct Withdraw: Verb {
    static let configuration = CommandConfiguration(
      commandName: "withdraw", abstract: "Take an invitation back, so that its code makes nobody a member.",
      discussion: Help.text(
        "For a code that was lost, or went to the wrong person. Who has used it is a member: see `sheaf revoke`.",
        examples: ["sheaf invitations withdraw \"Hill clinic\""]))

    @Argument(help: "Its mark, or the name that it was made for.")
    var invitation: String

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func perform(in session: Session) async throws -> Outcome {
      try await library.open(in: session) { library in
        let one = try await library.withdraw(invitation: invitation)
        try output.print(
          one, on: session.console,
          words: ["Took back the invitation of \(one.name.escapedForTerminal) as \(one.role)."])
        return .done
      }
    }
  }
}
