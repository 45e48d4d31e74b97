import ArgumentParser
import SheafModel
import SheafSync

/// `sheaf list`: what is in the library.
struct ListCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the current documents.",
    discussion: Help.text(
      "Shows this copy's drafts as they will be, and marks what is in conflict.",
      examples: ["sheaf list", "sheaf list trials"]))

  @Argument(help: "A collection; else all of them.", transform: Arguments.collection)
  var collection: CollectionName?

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let documents = try await library.documents(in: collection)
      try output.print(
        each: documents, on: console,
        none: collection.map { "No documents in \($0.text.escapedForTerminal)." } ?? "No documents yet.",
        words: Self.table(documents).lines(width: console.width))
      return .done
    }
  }

  static func table(_ documents: [DocumentSummary]) -> Table {
    var table = Table(.text("PATH"), .text("REVISION"), .number("SIZE"), .text("STATE"), .text("TITLE"))
    for document in documents {
      let state = [document.isConflicted ? "conflict" : nil, document.hasDraft ? "draft" : nil].compactMap {
        $0
      }
      table.append(
        document.path, document.revision ?? "", ByteCount(document.sizeInBytes).description,
        state.joined(separator: ", "), document.title ?? "")
    }
    return table
  }
}
