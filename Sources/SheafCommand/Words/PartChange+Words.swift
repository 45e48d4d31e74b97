import SheafMerge
import SheafSync

extension PartChange {
  /// The change: who, when and why, then the value with the words that differ marked.
  func lines(of document: String, isColoured: Bool) -> [String] {
    let who = LogCommand.author(by, author) + (role.map { ", \($0)" } ?? "")
    let did = path == document ? verb : "\(verb) as \(path)"
    let title =
      "\(revision)  \(Position.day(claimedTime ?? time))  \(who.escapedForTerminal)  \(did.escapedForTerminal)"
    var lines = [
      Style.bold(title, isShown: isColoured)
        + (reason.isEmpty ? "" : "  \(reason.firstLine.escapedForTerminal)")
    ]
    if let redacted {
      return lines + ["  (\(redacted.words.escapedForTerminal); what it said here is not known)"]
    }
    if !takenFrom.isEmpty { lines.append("  as it stood in \(takenFrom.joined(separator: " and "))") }
    return lines + Self.value(from: before, to: after, isColoured: isColoured)
  }

  /// A value before and after, set in; long runs that did not change are shortened.
  static func value(from before: String?, to after: String?, isColoured: Bool) -> [String] {
    guard let before, let after else {
      let kind = before == nil ? "added" : "removed"
      let words = [DocumentDiff.Word(kind: kind, text: before ?? after ?? "")]
      return before == nil && after == nil
        ? ["  (nothing)"] : DocumentDiff.text(of: words, isColoured).map { "  " + $0 }
    }
    let words = WordDiff.between(before, after).map { change in
      switch change {
      case .equal(let text): DocumentDiff.Word(kind: "same", text: text)
      case .removed(let text): DocumentDiff.Word(kind: "removed", text: text)
      case .added(let text): DocumentDiff.Word(kind: "added", text: text)
      }
    }
    return DocumentDiff.text(of: words, isColoured).map { "  " + $0 }
  }
}
