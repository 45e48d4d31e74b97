import SheafModel
import SheafSync

extension MemberReport {
  /// A table of members, and below it why keys were revoked.
  static func lines(of members: [MemberReport], width: Int?) -> [String] {
    var table = Table(
      .text("NAME"), .text("ROLE"), .text("SITE"), .text("MARK"), .text("SINCE"), .text("STATE"))
    for member in members {
      table.append(
        member.name, member.role, member.site ?? "", member.mark, String(member.since?.prefix(10) ?? ""),
        member.state)
    }
    var lines = table.lines(width: width)
    for member in members {
      if let revoked = member.revoked { lines.append("\(member.mark): \(revoked.escapedForTerminal)") }
    }
    return lines
  }

  private var state: String {
    if revoked != nil { return "revoked" }
    let scope = collections.map { "only " + $0.joined(separator: ", ") } ?? "everything"
    return isOwn ? "\(scope) (this copy)" : scope
  }
}
