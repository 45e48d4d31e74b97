import ArgumentParser
import SheafModel
import SheafSync

extension MemberRole: ExpressibleByArgument {}

/// `sheaf invite`: a one-time code for a new member.
struct InviteCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "invite",
    abstract: "Make a one-time code with which a device becomes a member.",
    discussion: Help.text(
      """
      The code is shown once and kept nowhere: hand it over so that nobody else reads it. Within ten \
      minutes `sheaf clone` takes it on the new device, which makes its own key; with --stick it holds \
      for 72 hours, and the answer travels on the stick.
      """,
      examples: [
        "sheaf invite \"Hill clinic\" --role contributor --only articles --only trials",
        "sheaf invite \"Ada Ruiz\" --role editor --site Valley --stick",
      ]))

  @Argument(help: "The member's name, as people read it.")
  var name: String

  @Option(
    help: ArgumentHelp(
      "What the member may do: \(MemberRole.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "role"))
  var role: MemberRole

  @Option(help: "Where the member works.")
  var site: String?

  @Option(
    help: ArgumentHelp(
      "A collection that the member reads and writes in; can be repeated. All when left out.",
      valueName: "collection"),
    transform: Arguments.collection)
  var only: [CollectionName] = []

  @Flag(help: "The request and its answer travel on a stick: the code holds for 72 hours.")
  var stick = false

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let invitation = try await library.invite(
        MemberTemplate(
          name: name.trimmingWhiteSpace, role: role, site: site?.trimmingWhiteSpace,
          collections: only.isEmpty ? nil : Set(only)), forStick: stick)
      try output.print(invitation, on: session.console, words: [invitation.code])
      guard !output.json else { return .done }
      session.console.hint(
        "good until \(invitation.expires) for one device: `sheaf clone REMOTE DIR --invited` asks for it")
      return .done
    }
  }
}
