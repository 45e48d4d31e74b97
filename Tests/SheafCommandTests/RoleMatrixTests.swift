import Foundation
import Testing

/// Every role at every command that depends on who one is, in the own library and towards another one.
///
/// `Schemas/members.md`, "Roles", written down once more, as exit codes and words. The routes of a server are in
/// `Tests/SheafHTTPTests/AccessMatrixTests.swift`.
@Suite("Who may run what")
struct RoleMatrixTests {
  private static let roles = [
    "reader", "auditor", "contributor", "editor", "approver", "privacy-officer", "administrator", "publisher",
  ]

  /// What a command comes to.
  private enum Outcome: Character {
    case done = "+"
    /// The role changes no documents.
    case noEdits = "e"
    /// The role changes no members.
    case noMembers = "m"
    case publishersOnly = "p"
    /// The role decides about no proposals.
    case noDecision = "d"
    /// Outside of the member's collections.
    case outside = "s"
    /// Only the publisher's own copy can.
    case copyOnly = "c"
    /// The same, told as a wrong use.
    case wrongCopy = "w"
    /// Nobody revokes the own key by this command.
    case own = "o"
    case foreign = "f"
    /// The same, where proofs were looked at.
    case foreignLog = "F"
    /// Nothing of that name waits.
    case noDraft = "n"

    var code: Int {
      switch self {
      case .done: 0
      case .wrongCopy: 64
      case .foreignLog: 4
      default: 1
      }
    }

    var words: String {
      switch self {
      case .done: ""
      case .noEdits: "its author's role changes no documents"
      case .noMembers: "its author's role changes no members"
      case .publishersOnly: "only a publisher makes, changes or revokes a publisher"
      case .noDecision: "this copy's member may not decide on the proposal for a/x.md"
      case .outside: "the collection is not one of its author's"
      case .copyOnly: "only the publisher's copy can"
      case .wrongCopy: "this is a replica, and only the publisher's copy"
      case .own: "is this copy's own member"
      case .foreign, .foreignLog: "sheaf/foreign/"
      case .noDraft: "this copy has no draft"
      }
    }
  }

  //   reader auditor contributor editor approver privacy-officer administrator publisher
  private static let table = """
    ++++++++ list; sheaf show a/x.md; sheaf log; sheaf history a/x.md; sheaf members; sheaf search one
    ++++++++ verify; sheaf receipt 2; sheaf drafts; sheaf conflicts; sheaf diff a/x.md 2.1 10.1
    ++++++++ audit --format csv -o ../audit-ROLE; sheaf export ../export-ROLE
    ++++++++ copy --for-inspection ../inspection-ROLE; sheaf bundle create --from 0 -o ../bundle-ROLE
    ++++++++ compact; sheaf sync ../stick
    ++++++++ rotate
    ee+++e++ put b/new.md ../text -m Why
    ee+++e++ put a/x.md ../other -m Why
    ee+++e++ put sheaf/settings.json ../settings -m Why
    ee+++e++ remove b/y.json -m Why
    ddd++d++ accept a/x.md -m Why
    ddd++d++ decline a/x.md -m Why
    mmmmmm++ members set "The editor" --role reader -m Why
    mmmmmmp+ members set "The reader" --role publisher -m Why
    mmmomm++ revoke "The editor" --reason Why
    ccccccc+ invite New --role reader
    ccccccc+ quarantine
    wwwwwww+ publish ../content -m Why
    ccccccc+ mirror ../stick
    cccccccn quarantine release 0011223344556677 -m Why
    FFFFFFFf sync ../foreign-stick
    cccccccf mirror ../foreign-stick
    cccccccF recover --from ../foreign
    """
    + "\nFFFFFFFF bundle apply ../foreign-bundle"

  private struct Row: Sendable {
    var outcomes: [Outcome]
    var command: String
  }

  private static func rows() throws -> [Row] {
    try table.split(separator: "\n").map { line in
      let sides = line.split(separator: " ", maxSplits: 1)
      return Row(
        outcomes: try sides[0].map { try #require(Outcome(rawValue: $0)) }, command: String(sides[1]))
    }
  }

  /// Members of a library, each with a copy, and an open proposal of the contributor's.
  private static let setting = """
    set -e
    mkdir content content/a content/b content/sheaf stick foreign-stick
    echo one > content/a/x.md; echo '{"k": 1}' > content/b/y.json; echo two > text; echo three > other
    echo '{"format": 1, "collections": {"a": {"review": "required"}}}' > content/sheaf/settings.json
    echo '{"format": 1}' > settings
    sheaf init publisher --name Demo --as Ana; cd publisher
    sheaf publish ../content -m First
    for role in ROLES; do sheaf invite "The $role" --role $role --stick > ../code-$role; done
    sheaf sync ../stick; cd ..
    """

  private func folder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sheaf-matrix-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }

  private func make(_ script: String, in folder: URL) async throws {
    let (printed, code) = try await Shell.run(script + "\n", in: folder)
    try #require(code == 0, "\(printed)")
  }

  @Test("Every role at every command, in the own library and towards another")
  func roles() async throws {
    try await folder { folder in
      let members = Self.roles.dropLast()
      try await make(
        Self.setting.replacing("ROLES", with: members.joined(separator: " ")), in: folder)
      for role in members {
        try await make("sheaf clone stick \(role) --code-file code-\(role) --as \(role)", in: folder)
      }
      try await make("sheaf sync stick --library publisher", in: folder)
      try await make(
        "sheaf sync --library contributor; sheaf put a/x.md text -m Proposal --library contributor && "
          + "sheaf sync --library contributor && sheaf sync stick --library publisher", in: folder)
      for role in members { try await make("sheaf sync --library \(role)", in: folder) }
      try await make(
        "sheaf init foreign --name Foreign --as Eve && sheaf put z.md text -m x --library foreign && "
          + "sheaf sync foreign-stick --library foreign && cd foreign && sheaf bundle create --from 0 -o ../foreign-bundle",
        in: folder)
      let rows = try Self.rows()
      for (index, role) in Self.roles.enumerated() {
        for row in rows {
          #expect(row.outcomes.count == Self.roles.count)
          let expected = row.outcomes[index]
          // Each in a fresh copy, so that nothing depends on what was asked before.
          let (printed, code) = try await Shell.run(
            "rm -rf w; cp -a \(role) w; cd w\nset -e\nsheaf \(row.command.replacing("ROLE", with: role))",
            in: folder)
          let said = printed.joined(separator: "\n")
          #expect(
            Int(code) == expected.code && (expected.words.isEmpty || said.contains(expected.words)),
            "\(role): \(row.command)\n\(said)")
          guard expected != .done else { continue }
          #expect(
            ["the library is as it was", "nothing was changed", "no copy was made"].contains {
              said.contains($0)
            }, "\(role): \(row.command)\n\(said)")
        }
      }
    }
  }

  @Test("A member of one collection does nothing in another, whatever the role")
  func collections() async throws {
    try await folder { folder in
      try await make(
        Self.setting.replacing("for role in ROLES; do", with: "for role in editor administrator; do")
          .replacing("--stick >", with: "--only b --stick >"), in: folder)
      for role in ["editor", "administrator"] {
        try await make("sheaf clone stick \(role) --code-file code-\(role) --as \(role)", in: folder)
      }
      try await make("sheaf sync stick --library publisher", in: folder)
      for role in ["editor", "administrator"] {
        try await make("sheaf sync --library \(role)", in: folder)
        for (command, expected) in [
          ("put b/new.md ../text -m Why", Outcome.done), ("put a/new.md ../text -m Why", .outside),
          ("put a/x.md ../text -m Why", .outside), ("show b/y.json", .done),
        ] as [(String, Outcome)] {
          let (printed, code) = try await Shell.run("cd \(role) && sheaf \(command)", in: folder)
          let said = printed.joined(separator: "\n")
          #expect(
            Int(code) == expected.code && (expected.words.isEmpty || said.contains(expected.words)),
            "\(command): \(said)")
        }
      }
    }
  }
}
