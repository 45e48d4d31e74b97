import SheafSync

extension VerifyReport {
  /// What was looked at and what was found.
  func lines(width: Int?) -> [String] {
    let looked =
      "\(Quantity(changeSets, "change set")), \(Quantity(signatures, "signature")), \(Quantity(checkpoints, "checkpoint")), \(Quantity(revisions, "revision")), \(Quantity(bodies, "content")), \(Quantity(documents, "current document"))"
      + (redacted > 0 ? ", \(Quantity(redacted, "content")) redacted" : "")
      + (absent > 0 ? ", \(Quantity(absent, "asset")) not fetched" : "")
    var lines: [String] = []
    if isRebuilt { lines.append("Rebuilt the current state and the search index from the log.") }
    guard !problems.isEmpty else {
      lines.append("Verified at checkpoint \(size): \(looked).")
      return lines + ["Everything holds."]
    }
    lines.append("Looked at checkpoint \(size): \(looked).")
    lines.append("\(Quantity(problems.count, "thing")) \(problems.count == 1 ? "does" : "do") not hold:")
    var table = Table(.text("WHERE"), .text("WHAT"))
    for problem in problems { table.append(problem.place, problem.problem) }
    return lines + table.lines(width: width)
  }

  /// 0 or 4.
  var outcome: Outcome { problems.isEmpty ? .done : .unverified }
}
