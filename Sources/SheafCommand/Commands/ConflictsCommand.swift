import ArgumentParser
import SheafSync

/// `sheaf conflicts`: what changed on both sides and could not be merged.
struct ConflictsCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "conflicts",
    abstract: "List the documents that changed on both sides, the severest first.",
    discussion: Help.text(
      """
      Nothing is lost in a conflict: every side is kept, all that merges is merged, and of the rest \
      everybody sees what was published first until somebody settles it with `sheaf resolve`. \
      Blocked means that somebody must choose; what wants a look has a proposal that \
      `sheaf accept` takes.
      """,
      examples: ["sheaf conflicts", "sheaf conflicts --all", "sheaf conflicts --json"],
      outcomes: [.done, .failed, .needsYou]))

  @Flag(help: "Also list documents whose newest revision was merged by itself.")
  var all = false

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let conflicts = try await library.conflictList(merged: all)
      try output.print(
        each: conflicts, on: console, none: "No conflicts.",
        words: Self.table(conflicts).lines(width: console.width), hint: Self.hint(conflicts))
      return conflicts.contains { $0.severity != "merged" } ? .needsYou : .done
    }
  }

  static func table(_ conflicts: [ConflictSummary]) -> Table {
    var table = Table(
      .text("SEVERITY"), .text("PATH"), .text("OURS"), .text("THEIRS"), .number("PARTS"), .text("WHERE"))
    for conflict in conflicts {
      let sides = zip(conflict.by, conflict.deletions).map { "\($0)\($1 ? " (removed)" : "")" }
      table.append(
        words(conflict.severity), conflict.path, sides.first ?? "",
        sides.dropFirst().joined(separator: ", "),
        conflict.parts > 0 ? Quantity.grouped(conflict.parts) : "", conflict.place)
    }
    return table
  }

  private static func words(_ severity: String) -> String {
    switch severity {
    case "look": "wants a look"
    case "merged": "merged by itself"
    default: severity
    }
  }

  private static func hint(_ conflicts: [ConflictSummary]) -> String? {
    if let first = conflicts.first(where: { $0.severity == "blocked" }) {
      return "run `sheaf resolve \(first.path)` to see the parts and choose"
    }
    if let first = conflicts.first(where: { $0.severity == "look" }) {
      return
        "run `sheaf proposals show \(first.path)` to see what is proposed, then `sheaf accept` or `sheaf resolve`"
    }
    return conflicts.isEmpty ? nil : "`sheaf log --automatic` lists what was set aside"
  }
}
