import ArgumentParser
import Foundation

/// The command `sheaf`: words, tables, progress and exit codes over the verbs of `Library`.
@main
struct SheafCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sheaf",
    abstract: "Keep a library of articles and records in step, online or not.",
    discussion: """
      A publisher's library goes to replicas as verified bundles, over a line, a folder or a stick; \
      replicas read, search and edit it offline, and what they change comes back as drafts.

      Commands work in the library's folder, or with --library DIR or SHEAF_LIBRARY. Results go to \
      the standard output; --json prints them as JSON, one object a line.

      EXIT CODES
      \(Help.allOutcomes)
      """,
    version: "1.0.0",
    groupedSubcommands: [
      CommandGroup(
        name: "Publish",
        subcommands: [
          InitCommand.self, PublishCommand.self, ImportCommand.self, ServeCommand.self, MirrorCommand.self,
          RecoverCommand.self,
        ]),
      CommandGroup(
        name: "Sync",
        subcommands: [CloneCommand.self, SyncCommand.self, FetchCommand.self, StatusCommand.self]),
      CommandGroup(name: "Read", subcommands: [ListCommand.self, SearchCommand.self, ShowCommand.self]),
      CommandGroup(
        name: "Edit",
        subcommands: [
          EditCommand.self, PutCommand.self, RemoveCommand.self, CommitCommand.self, ConflictsCommand.self,
          ResolveCommand.self, DraftsCommand.self, MergeFileCommand.self,
        ]),
      CommandGroup(
        name: "Review",
        subcommands: [ProposalsCommand.self, AcceptCommand.self, DeclineCommand.self, SignCommand.self]),
      CommandGroup(name: "Erase", subcommands: [RedactCommand.self, RedactionsCommand.self]),
      CommandGroup(
        name: "Audit",
        subcommands: [
          LogCommand.self, HistoryCommand.self, BlameCommand.self, DiffCommand.self, ExportCommand.self,
          VerifyCommand.self, CompactCommand.self, ReceiptCommand.self, AuditCommand.self, CopyCommand.self,
        ]),
      CommandGroup(
        name: "Members",
        subcommands: [
          InviteCommand.self, InvitationsCommand.self, MembersCommand.self, RevokeCommand.self,
          RotateCommand.self, PassphraseCommand.self, QuarantineCommand.self,
        ]),
      CommandGroup(name: "Bundles", subcommands: [BundleCommand.self]),
    ])

  /// Reads the arguments, runs the command, and ends the process with its code.
  static func main() async {
    Interruption.install()
    let session = Session.process()
    var outcome = Outcome.done
    do {
      try Arguments.checkText()
      try checkHelp(of: Array(CommandLine.arguments.dropFirst()))
      var command = try await asyncParseAsRoot()
      if let verb = command as? any Verb {
        outcome = try await verb.perform(in: session)
        try session.console.checkOutput()
      } else if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      outcome = explain(error, on: session.console)
    }
    Foundation.exit(outcome.rawValue)
  }

  /// Refuses help about a command that there is not, which the parser would answer with the general help.
  static func checkHelp(of arguments: [String]) throws {
    guard arguments.first == "help" else { return }
    var commands = configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
    for name in arguments.dropFirst() where !name.hasPrefix("-") {
      guard let command = commands.first(where: { $0.configuration.commandName == name }) else {
        throw UsageError("there is no command \(name)", hint: "`sheaf help` lists them.")
      }
      commands = command.configuration.subcommands
    }
  }

  /// Says what failed, in one sentence and a hint.
  private static func explain(_ error: any Error, on console: Console) -> Outcome {
    // Help, versions and completion scripts are thrown too, with code 0.
    if exitCode(for: error) == .success {
      console.print(ReasonOption.asNeeded(in: fullMessage(for: error)))
      return .done
    }
    if exitCode(for: error) == .validationFailure {
      var message = ReasonOption.asNeeded(in: fullMessage(for: error))
      if message.hasPrefix("Error: ") { message = "sheaf: " + message.dropFirst(7) }
      console.note(message.escapedLinesForTerminal)
      return .usage
    }
    let explanation = FailureText(error)
    console.fail(explanation)
    return explanation.outcome
  }
}

/// A command that does something, as opposed to one that groups others.
protocol Verb: AsyncParsableCommand {
  /// Does it, prints the result, and says how it ended.
  func perform(in session: Session) async throws -> Outcome
}

extension Verb {
  mutating func run() async throws {
    let outcome = try await perform(in: .process())
    if outcome != .done { throw ExitCode(outcome.rawValue) }
  }
}
