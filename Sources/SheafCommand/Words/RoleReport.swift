import SheafModel

/// What a role may do, as `members --roles` tells it: the table of `Schemas/members.md`, "Roles".
struct RoleReport: Codable, Hashable {
  /// The role.
  var role: String
  /// Whether it edits documents: `no`, `yes`, or `reviewed` where that waits if a review is required.
  var edits: String
  /// Whether it accepts and declines proposals: `no`, `yes`, or `others` for all but its own.
  var decides: String
  /// Whether it changes settings and schemas: `no`, `yes`, or `proposes`.
  var settings: String
  /// Which members it makes, changes and revokes: `none`, `all`, or `all but publishers`.
  var members: String
  /// Whether it destroys content, with a second person.
  var redacts: Bool
  /// The meanings that it signs with.
  var signs: [String]

  init(_ role: MemberRole) {
    self.role = role.rawValue
    edits = role.editsDocuments ? (role.isReviewed ? "reviewed" : "yes") : "no"
    decides = role.decides ? (role.isReviewed ? "others" : "yes") : "no"
    settings = role.governs ? "yes" : role.editsDocuments ? "proposes" : "no"
    members =
      role.mayChangeMembers(of: .publisher)
      ? "all" : role.mayChangeMembers(of: .reader) ? "all but publishers" : "none"
    redacts = role.redacts
    signs = SignatureMeaning.allCases.filter(role.signatureMeanings.contains).map(\.rawValue)
  }

  /// The roles as a table, and below it what its words mean.
  static func lines(width: Int?) -> [String] {
    var table = Table(
      .text("ROLE"), .text("EDITS"), .text("DECIDES"), .text("SETTINGS"), .text("MEMBERS"), .text("REDACTS"),
      .text("SIGNS AS"))
    func cell(_ word: String) -> String { word == "no" || word == "none" ? "" : word }
    for role in MemberRole.allCases.map(Self.init) {
      table.append(
        role.role, cell(role.edits), cell(role.decides), cell(role.settings), cell(role.members),
        role.redacts ? "yes" : "", role.signs.joined(separator: ", "))
    }
    return table.lines(width: width) + [
      "",
      "All of them read. reviewed: where a collection's settings require a review, its edits wait until somebody",
      "decides. others: about everybody's proposals but its own. proposes: an administrator or a publisher decides.",
      "Redacting takes a second person who may. Only who wrote a revision signs it as authored.",
    ]
  }
}
