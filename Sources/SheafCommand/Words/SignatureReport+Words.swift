import SheafModel
import SheafSync

extension SigningReport {
  /// What became of the signature, in one sentence.
  var sentence: String {
    let what = "\(path.escapedForTerminal)@\(revision) as \(meaning)"
    if let changeSet { return "Signed \(what) in change set \(changeSet)." }
    if let draft { return "Signed \(what) in draft \(draft), which waits for the next sync." }
    return "Signed \(what)."
  }
}

extension SignatureReport {
  /// Meaning and name, for a column of a table.
  var brief: String {
    "\(meaning) by \(by)\(withdrawn == nil ? "" : " (taken back)")"
  }

  /// The signature in full, in one line: meaning, printed name with the role then, time, remark, and what became of it.
  var sentence: String {
    let who = by.escapedForTerminal + (role.map { " (\($0))" } ?? "")
    var line = "\(revision) is \(meaning) by \(who), \(time)"
    if let loggedBy { line += ", in the log by \(loggedBy)" }
    if !remark.isEmpty { line += ": \(remark.firstLine.escapedForTerminal)" }
    if let withdrawn { line += "; taken back in change set \(withdrawn)" }
    if let supersededBy { line += "; superseded by \(supersededBy)" }
    return line
  }

  /// The standing signatures of a revision, for a column of a table.
  static func column(_ signatures: [SignatureReport]) -> String {
    signatures.filter { $0.withdrawn == nil }.map(\.brief).joined(separator: ", ")
  }
}
