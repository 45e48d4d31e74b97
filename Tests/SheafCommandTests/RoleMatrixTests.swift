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
    /// The role signs nothing with that meaning.
    case noSigning = "g"
    case noErasure = "t"
    /// The member signs as its own what others wrote.
    case othersWords = "a"
    /// The key was revoked.
    case revoked = "r"
    /// A copy of nobody's: of somebody who is a member elsewhere, or nowhere.
    case stranger = "x"
    /// Asked in the other table.
    case elsewhere = "."

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
      case .done, .elsewhere: ""
      case .noEdits: "its author's role changes no documents"
      case .noMembers: "its author's role changes no members"
      case .publishersOnly: "only a publisher makes, changes or revokes a publisher"
      case .noDecision: "this copy's member may not decide on the proposal for a/x.md"
      case .outside: "the collection is not one of its author's"
      case .copyOnly: "only the publisher's copy can"
      case .wrongCopy: "this is a replica, and only the publisher's copy"
      case .own: "is this copy's own member"
      case .foreign, .foreignLog: "sheaf/foreign/"
      case .noDraft: "nothing in quarantine is named"
      case .noSigning: "its author's role does not sign with that meaning"
      case .noErasure: "its author's role destroys no content"
      case .othersWords: "its author did not write what it signs as authored"
      case .revoked: "its author's key is not trusted any more"
      case .stranger: "its author is not a member of the library"
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

  /// The same where there is more to decide, with two columns more: a member who was revoked, and a stranger's copy.
  private static let matters = """
    ++++++++++ list; sheaf show a/x.md; sheaf log; sheaf members; sheaf verify; sheaf redactions
    ee+++e++rx resolve b/clash.md --take theirs -m Why
    aaaaaaa+aa sign b/y.json --meaning authored
    g+g+++++rx sign b/y.json --meaning reviewed
    gggg+g++rx sign b/y.json --meaning approved
    gggg+g++rx sign b/y.json --meaning rejected
    ttttt+++rx redact b/y.json 2.3 --ground GDPR -m Why --yes
    ccccccc+cc import git ../repository; sheaf show g.md
    ccccccc+cc quarantine release $(cat ../mark) -m Why; sheaf show b/late.md
    wwwwwww+ww serve --port 0 > ../said 2>&1 & . ../until-served
    wwwwwww+ww publish ../rules -m Why; sheaf show sheaf/settings.json | grep -q everyone
    ++++++++++ fetch films/f.bin --from ../stick
    FFFFFFF+FF fetch films/f.bin --from ../foreign-stick
    ........rx put b/new.md ../text -m Why
    ........rx put sheaf/settings.json ../settings -m Why
    ........rx remove b/y.json -m Why
    ........dd accept a/x.md -m Why
    ........dd decline a/x.md -m Why
    ........rx members set "The editor" --role reader -m Why
    ........rx revoke "The editor" --reason Why
    ........rx rotate
    ........cc invite New --role reader
    ........cc quarantine
    ........ww publish ../content -m Why
    ........FF sync ../foreign-stick
    """

  private struct Row: Sendable {
    var outcomes: [Outcome]
    var command: String
  }

  private static func rows(_ table: String) throws -> [Row] {
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
        Self.foreign + " && cd foreign && sheaf bundle create --from 0 -o ../foreign-bundle", in: folder)
      try await expect(Self.table, of: Self.roles, in: folder)
    }
  }

  private static let foreign =
    "sheaf init foreign --name Foreign --as Eve && sheaf put z.md text -m x --library foreign && "
    + "sheaf sync foreign-stick --library foreign"

  /// Runs each command of a table in each copy.
  private func expect(_ table: String, of copies: [String], in folder: URL) async throws {
    let rows = try Self.rows(table)
    for (index, role) in copies.enumerated() {
      for row in rows {
        try #require(row.outcomes.count == copies.count, "\(row.command)")
        let expected = row.outcomes[index]
        guard expected != .elsewhere else { continue }
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

  /// Waits until the server that was started last says where it listens, and ends it.
  private static let untilServed = """
    served=$!
    for try in $(seq 100); do
      grep -q http: ../said && break
      kill -0 $served 2>/dev/null || break
      sleep 0.2
    done
    kill -INT $served 2>/dev/null || true
    code=0; wait $served || code=$?
    cat ../said
    test $code -ne 0 || grep -q http: ../said
    exit $code
    """

  /// Members as in `setting`, and what there is to decide besides: a conflict, a revision of the past, a draft in
  /// quarantine, an asset that only the stick has, a git history.
  private func leaveMatters(for members: [String], in folder: URL) async throws {
    func meet(_ names: [String]) async throws {
      for name in names { try await make("sheaf sync stick --library \(name) || test $? = 3", in: folder) }
    }
    let rules = #"{"format": 1, "collections": {"a": {"review": "required"}, "films": {"assets": "lazy"}}}"#
    try await make(
      Self.setting.replacing(
        "sheaf init publisher",
        with: """
          mkdir content/films rules rules/sheaf; echo '\(rules)' > content/sheaf/settings.json
          echo four > content/b/clash.md; head -c 1100000 /dev/urandom > content/films/f.bin
          echo '\(rules.replacing("required", with: "everyone"))' > rules/sheaf/settings.json
          sheaf init publisher
          """
      ).replacing("ROLES", with: members.joined(separator: " ")), in: folder)
    try await make(
      "sheaf invite 'The leaver' --role editor --stick --library publisher > code-leaver && sheaf sync stick --library publisher",
      in: folder)
    for role in members + ["leaver"] {
      try await make("sheaf clone stick \(role) --code-file code-\(role) --as \(role)", in: folder)
    }
    try await make("sheaf clone stick stranger --as stranger", in: folder)
    try await meet(["publisher", "reader", "contributor", "editor", "administrator", "leaver"])
    try await make(
      "echo five > five; sheaf put b/clash.md five -m Five --library editor && "
        + "sheaf put b/clash.md text -m Two --library administrator && "
        + "sheaf put a/x.md text -m Proposal --library contributor && "
        + "sheaf put b/late.md text -m Late --library leaver && "
        + "sheaf revoke 'The leaver' --reason Left --library administrator", in: folder)
    try await make("sheaf fetch films/f.bin --library reader || test $? = 3", in: folder)
    try await meet(["contributor", "editor", "administrator", "publisher", "leaver", "publisher"])
    try await make(
      "set -e; echo '{\"k\": 2}' > y; sheaf put b/y.json y -m Changed --library publisher\n"
        + "sheaf quarantine --library publisher > waiting || test $? = 3; sed -n '2s/ .*//p' waiting > mark\n"
        + "git init -q repository; cd repository; echo one > g.md; git add .\n"
        + "git -c user.name=A -c user.email=a@b commit -q -m One", in: folder)
    try Data(Self.untilServed.utf8).write(to: folder.appending(path: "until-served"))
    try await make(Self.foreign, in: folder)
    try await meet(["publisher"] + members + ["leaver", "stranger"])
  }

  @Test("Every role, a revoked member and a stranger where there is something to decide, send or serve")
  func matters() async throws {
    try await folder { folder in
      try await leaveMatters(for: Self.roles.dropLast(), in: folder)
      try await expect(Self.matters, of: Self.roles + ["leaver", "stranger"], in: folder)
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
