import SheafSync

extension PublishReport {
  /// Whether anything differs between the folder and the library.
  var hasChanges: Bool { !added.isEmpty || !changed.isEmpty || !moved.isEmpty || !removed.isEmpty }

  private var kinds: String {
    let parts: [(Int, String)] = [
      (added.count, "new"), (changed.count, "changed"), (moved.count, "moved"), (removed.count, "removed"),
    ]
    let total = parts.reduce(0) { $0 + $1.0 }
    let shown = parts.filter { $0.0 > 0 }.map { "\(Quantity.grouped($0.0)) \($0.1)" }.joined(separator: ", ")
    let size = added.isEmpty && changed.isEmpty ? "" : ", \(ByteCount(sizeInBytes))"
    return "\(shown) \(total == 1 ? "document" : "documents")\(size)"
  }

  /// What was done, in one sentence.
  func sentence(isDryRun: Bool) -> String {
    guard hasChanges else {
      if !behind.isEmpty {
        return
          "Nothing to do: \(Quantity(behind.count, "file")) of the folder \(behind.count == 1 ? "is" : "are") "
          + "older than what others have edited since."
      }
      return unchangedCount == 1
        ? "Nothing to do: the 1 document is as it was."
        : "Nothing to do: all \(Quantity(unchangedCount, "document")) are as they were."
    }
    if isDryRun { return "Would take \(kinds)." }
    if let changeSet, isProposal {
      return "Published change set \(changeSet), of which some waits until somebody accepts it: \(kinds)."
    }
    if let changeSet { return "Published change set \(changeSet): \(kinds)." }
    if let draft { return "Draft \(draft): \(kinds)." }
    return "Took \(kinds)."
  }

  /// One line for each document that a dry run found.
  var details: [String] {
    Lists.lines("new", added, limit: .max) + Lists.lines("changed", changed, limit: .max)
      + moved.map { "moved    \($0.from.escapedForTerminal) -> \($0.to.escapedForTerminal)" }
      + Lists.lines("removed", removed, limit: .max)
  }

  /// What the folder lacks or holds beyond documents, for the standard error.
  var remarks: [String] {
    Lists.lines("kept newer", behind) + Lists.lines("merged", merged) + Lists.lines("missing", missing)
      + Lists.lines("skipped", skipped)
  }
}
