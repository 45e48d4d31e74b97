import SheafSync

extension RedactionOutcome {
  /// What became of it, one sentence a line.
  var lines: [String] {
    let what = Quantity(revisions.count, "revision").description
    if let draft {
      return ["Asked to destroy the content of \(what) in draft \(draft), which waits for the next sync."]
    }
    guard !effective.isEmpty else {
      return [
        "Asked to destroy the content of \(what) in change set \(changeSet ?? 0); it waits for a second person."
      ]
    }
    var lines = [
      "Destroyed the content of \(Quantity(effective.count, "revision")) with change set \(changeSet ?? 0); other copies follow as they sync."
    ]
    let waiting = revisions.count - effective.count
    if waiting > 0 {
      lines.append("\(Quantity(waiting, "revision")) \(waiting == 1 ? "waits" : "wait") for a second person.")
    }
    return lines
  }
}

extension RedactionsReport {
  /// Two tables: revisions, and members.
  func lines(width: Int?) -> [String] {
    guard !redactions.isEmpty else { return ["Nothing was asked to be destroyed."] }
    var table = Table(
      .text("DOCUMENT"), .text("REVISION"), .text("STATE"), .text("ASKED BY"), .text("GROUND"))
    for redaction in redactions {
      table.append(
        redaction.path, redaction.revision,
        redaction.effective.map { "redacted at \($0)" } ?? "waits for a second person",
        redaction.requests.map { "\($0.by) (\($0.changeSet))" }.joined(separator: ", "),
        redaction.requests.last?.ground ?? "")
    }
    var lines = table.lines(width: width)
    guard redactions.contains(where: { $0.effective != nil }) else { return lines }
    var holders = Table(.text("MEMBER"), .text("MARK"), .number("SEEN"), .text(""))
    func passed(_ hasPassed: Bool?) -> String {
      hasPassed == true ? "has passed" : "not known to have passed"
    }
    holders.append("(publisher's copy)", "", "\(publisher.position)", passed(publisher.hasPassed))
    for member in members {
      holders.append(member.name, member.mark, "\(member.position)", passed(member.hasPassed))
    }
    lines.append("")
    return lines + holders.lines(width: width)
  }
}
