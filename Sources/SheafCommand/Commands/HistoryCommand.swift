import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf history`: one document's revisions.
struct HistoryCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Show a document's revisions: who, when, why.",
    discussion: Help.text(
      "Newest first, across moves. `sheaf diff DOC` shows what changed. Needs a copy that keeps trail or full.",
      examples: ["sheaf history trials/NCT02943850.json"]))

  @Argument(help: "The document.", transform: Arguments.document)
  var doc: DocumentPath

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let entries = try await library.history(of: doc)
      if output.json {
        for entry in entries { try console.printJSON(entry) }
      } else {
        console.print(Self.table(entries, of: doc.text).lines(width: console.width))
      }
      return .done
    }
  }

  static func table(_ entries: [HistoryEntry], of path: String) -> Table {
    var table = Table(
      .text("REVISION"), .text("DATE"), .text("BY"), .text("DID"), .number("SIZE"), .text("REASON"))
    for entry in entries {
      let did = entry.path == path ? entry.verb : "\(entry.verb) as \(entry.path)"
      table.append(
        entry.revision, Position.day(entry.claimedTime ?? entry.time),
        LogCommand.author(entry.by, entry.author), did,
        entry.sizeInBytes.map { ByteCount($0).description } ?? "", entry.reason.firstLine)
    }
    return table
  }
}
