import ArgumentParser
import SheafSync

/// `sheaf conflicts`: what changed on both sides and could not be merged.
struct ConflictsCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "conflicts",
    abstract: "List the documents that changed on both sides.",
    discussion: Help.text(
      """
      Nothing is lost in a conflict: every side is kept, and everybody sees the one that was \
      published first until somebody settles it with `sheaf resolve`.
      """,
      examples: ["sheaf conflicts", "sheaf conflicts --json"], outcomes: [.done, .failed, .needsYou]))

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let conflicts = try await library.conflicts()
      if output.json {
        for conflict in conflicts { try console.printJSON(conflict) }
      } else if conflicts.isEmpty {
        console.note("No conflicts.")
      } else {
        console.print(Self.table(conflicts).lines(width: console.width))
        console.hint("run `sheaf resolve \(conflicts.first?.path ?? "DOC")` to see the parts and choose")
      }
      return conflicts.isEmpty ? .done : .needsYou
    }
  }

  static func table(_ conflicts: [ConflictReport]) -> Table {
    var table = Table(.text("PATH"), .text("OURS"), .text("THEIRS"), .text("WHERE"))
    for conflict in conflicts {
      let sides = conflict.sides.map { "\($0.by)\($0.isDeletion ? " (removed)" : "")" }
      table.append(
        conflict.path, sides.first ?? "", sides.dropFirst().joined(separator: ", "),
        conflict.parts.map(\.place).joined(separator: ", "))
    }
    return table
  }
}
