import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf members`: who may do what.
struct MembersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "members", abstract: "List the members, and change what one may do.",
    discussion: """
      `sheaf members` alone lists them as this copy's log has them: with --all those too whose keys were revoked; \
      with --roles what each role may do, in any library.
      """,
    subcommands: [List.self, Set.self], defaultSubcommand: List.self)

  /// `sheaf members list`.
  struct List: Verb {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the members.",
      discussion: Help.text(
        "As this copy's log has them; --all lists revoked ones too. --roles tells what each role may do, in any library.",
        examples: ["sheaf members", "sheaf members --all --json", "sheaf members --roles"]))

    @Flag(help: "List members whose keys were revoked too.")
    var all = false

    @Flag(help: "List the roles and what each may do, of any library.")
    var roles = false

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
      if all, roles { throw ValidationError("--all lists members, and --roles lists none.") }
    }

    func perform(in session: Session) async throws -> Outcome {
      let console = session.console
      if roles {
        try output.print(
          each: MemberRole.allCases.map(RoleReport.init), on: console,
          words: RoleReport.lines(width: console.width))
        return .done
      }
      return try await library.open(in: session) { library in
        let members = try await library.members(all: all)
        try output.print(
          each: members, on: console, none: "This library has no members: everybody contributes to it.",
          words: MemberReport.lines(of: members, width: console.width))
        return .done
      }
    }
  }

  /// `sheaf members set`.
  struct Set: Deed {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Change a member's name, role, site or collections.",
      discussion: Help.text(
        "At once on the publisher's copy, else as a draft that the next sync hands over.",
        examples: [
          "sheaf members set \"Hill clinic\" --role editor -m \"Took the course\"",
          "sheaf members set 56475aa75463474c --everything -m \"Covers all trials now\"",
        ]))

    @Argument(help: "The member's name, or its mark.")
    var member: String

    @Option(help: "The new name.")
    var name: String?

    @Option(help: "The new role.")
    var role: MemberRole?

    @Option(help: "The new site; \"\" for none.")
    var site: String?

    @Option(
      help: ArgumentHelp("A collection to read and write in; can be repeated.", valueName: "collection"),
      transform: Arguments.collection)
    var only: [CollectionName] = []

    @Flag(help: "Read and write in all collections.")
    var everything = false

    @OptionGroup var reason: ReasonOption
    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
      if everything, !only.isEmpty { throw ValidationError("--everything and --only exclude each other.") }
      if name == nil, role == nil, site == nil, only.isEmpty, !everything {
        throw ValidationError("Say what to change: --name, --role, --site, --only or --everything.")
      }
    }

    func perform(
      in library: Library, because reason: String
    ) async throws -> (DraftReport, sentence: String) {
      let report = try await library.alter(
        member,
        .init(
          name: name?.trimmingWhiteSpace, role: role, site: site?.trimmingWhiteSpace,
          collections: everything ? .all : Arguments.subscription(only: only)), reason: reason)
      return (report, report.sentence("Changed"))
    }
  }
}

/// `sheaf revoke`: a member's key is not trusted any more.
struct RevokeCommand: Deed {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Take a member's rights away.",
    discussion: Help.text(
      """
      What the member did before stays valid. What arrives of it later waits in quarantine. At once on the \
      publisher's copy, else as a draft that the next sync hands over.
      """, examples: ["sheaf revoke \"Hill clinic\" --reason \"The tablet was lost\""]))

  @Argument(help: "The member's name, or its mark.")
  var member: String

  @OptionGroup var reason: ReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in library: Library, because reason: String) async throws -> (DraftReport, sentence: String) {
    let report = try await library.revoke(member, reason: reason)
    return (report, report.sentence("Revoked"))
  }
}

/// `sheaf rotate`: a new key in the place of this copy's own.
struct RotateCommand: Deed {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Put a new key in the place of this copy's own.",
    discussion: Help.text(
      """
      The new key goes on with the old one's name, role and collections. The old one signs the change and is \
      revoked by it. On a replica the new key counts once the publisher has taken the change.
      """, examples: ["sheaf rotate -m \"Once a year\""]))

  @OptionGroup var reason: UsualReasonOption
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  var usualReason: String? { "A new key in the place of the old one" }

  func perform(in library: Library, because reason: String) async throws -> (DraftReport, sentence: String) {
    let report = try await library.rotate(reason: reason)
    let sentence =
      report.changeSet.map { "Changed the key in change set \($0); it is now \(library.memberMark)." }
      ?? "The new key waits for the next sync in draft \(report.draft ?? "")."
    return (report, sentence)
  }
}
