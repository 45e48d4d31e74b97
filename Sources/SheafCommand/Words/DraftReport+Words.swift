import SheafSync

extension DraftReport {
  /// What became of an edit, in one sentence.
  ///
  /// - Parameter deed: What was done, such as `Changed`.
  func sentence(_ deed: String) -> String {
    let what =
      paths.count == 1
      ? (paths.first ?? "").escapedForTerminal : Quantity(paths.count, "document").description
    if let changeSet, isProposal {
      return "\(deed) \(what) in change set \(changeSet), which waits until somebody accepts it."
    }
    if let changeSet { return "\(deed) \(what) in change set \(changeSet)." }
    if let draft { return "\(deed) \(what) in draft \(draft), which waits for the next sync." }
    return "\(deed) \(what)."
  }

  /// What becomes of a conflict that the edit did not settle; `nil` where there is none.
  var conflictHint: String? {
    conflicted.first.map { path in
      let (when, first) = draft == nil ? ("", "") : ("once it is taken, ", "after a sync ")
      return "\(path) is in conflict: \(when)this stands in the place of the side that everybody sees, "
        + "and the other side still stands against it; \(first)`sheaf resolve \(path)` settles that"
    }
  }
}
