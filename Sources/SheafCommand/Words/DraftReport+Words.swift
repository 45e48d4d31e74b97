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
}
