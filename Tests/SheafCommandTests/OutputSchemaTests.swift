import Foundation
import SheafMerge
import SheafModel
import SheafTesting
import Testing

@testable import SheafCommand

/// `Schemas/output.schema.json` against what the built program prints.
@Suite("JSON output fits its schema")
struct OutputSchemaTests {
  /// The schema of one report, by its name under `$defs`.
  private func schema(_ name: String) throws -> JSONSchema {
    let file = try Data(contentsOf: schemasFolder.appending(path: "output.schema.json"))
    guard case .object(let whole) = try JSONReader.read(Array(file)), let definitions = whole["$defs"] else {
      throw Unreadable()
    }
    var root = JSONObject()
    root["$ref"] = .string("#/$defs/\(name)")
    root["$defs"] = definitions
    return try JSONSchema(parsing: .object(root))
  }

  private struct Unreadable: Error {}

  /// Runs a command and checks every line it prints against the schemas, one a line, the last one for the rest.
  private func check(
    _ command: String, _ names: String..., in folder: URL, code: Int32 = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let (lines, ended) = try await Shell.run("sheaf \(command) --json 2>/dev/null", in: folder)
    #expect(ended == code, "\(command): \(lines)", sourceLocation: sourceLocation)
    #expect(lines.count >= names.count, "\(command) prints \(lines)", sourceLocation: sourceLocation)
    for (index, line) in lines.enumerated() {
      guard let name = index < names.count ? names[index] : names.last else { continue }
      let violations = try schema(name).validate(try JSONReader.read(Array(line.utf8)))
      #expect(violations.isEmpty, "\(command): \(violations) in \(line)", sourceLocation: sourceLocation)
    }
  }

  private func inFolder(_ work: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sheaf-output-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await work(folder)
  }

  @Test("The schema refuses what is no report")
  func refusal() throws {
    let status = try schema("StatusReport")
    #expect(!status.validate(try JSONReader.read(Array("{}".utf8))).isEmpty)
    let draft = try schema("DraftReport")
    #expect(
      draft.validate(
        try JSONReader.read(
          Array(#"{"changeSet":1,"conflicted":[],"paths":["a.md"],"isProposal":false}"#.utf8))
      ).isEmpty)
    #expect(
      !draft.validate(
        try JSONReader.read(
          Array(#"{"changeSet":-1,"conflicted":[],"paths":["a.md"],"isProposal":false}"#.utf8))
      ).isEmpty)
    #expect(
      !draft.validate(
        try JSONReader.read(
          Array(#"{"conflicted":[],"paths":["a.md"],"isProposal":false,"more":1}"#.utf8))
      ).isEmpty)
  }

  @Test("Every command of the publisher and of an auditor")
  func publisher() async throws {
    try await inFolder { folder in
      try await check("init lib --sample --as Ada", "StatusReport", "PublishReport", in: folder)
      try await check("put about.md ./lib/keys/signed -m x --library lib", "DraftReport", in: folder)
      try await check("remove about.md -m x --library lib", "DraftReport", in: folder)
      _ = try await Shell.run("mkdir part && echo one > part/a.md", in: folder)
      try await check("publish part --prune --dry-run --library lib", "PublishReport", in: folder)
      try await check("status --library lib", "StatusReport", in: folder)
      try await check("list --library lib", "DocumentSummary", in: folder)
      try await check("search stem cell --library lib", "SearchHit", in: folder)
      try await check(
        "sign articles/what-is-als.md --meaning approved -m x --library lib", "SigningReport", in: folder)
      try await check("show articles/what-is-als.md --library lib", "ShownDocument", in: folder)
      try await check("show images/als-survival.png --library lib", "ShownDocument", in: folder)
      try await check("log --library lib", "LogEntry", in: folder)
      try await check("history articles/what-is-als.md --library lib", "HistoryEntry", in: folder)
      try await check("history about.md --text stem --library lib", "PartChange", in: folder)
      try await check(
        "history articles/what-is-als.md --field /title --library lib", "PartChange", in: folder)
      try await check("blame articles/what-is-als.md --library lib", "BlamedPart", in: folder)
      try await check("audit -o audit.html --library lib", "AuditReport", in: folder)
      try await check("copy --for-inspection inspection --library lib", "InspectionReport", in: folder)
      try await check("diff --from 0 --library lib", "DocumentDiff", in: folder)
      try await check("export out --library lib", "ExportReport", in: folder)
      try await check("verify --library lib", "VerifyReport", in: folder)
      try await check("compact --library lib", "CompactReport", in: folder)
      try await check("receipt 1 --library lib", "ReceiptReport", in: folder)
      try await check("bundle create -o all.sheaf --mode full --library lib", "BundleReport", in: folder)
      try await check("bundle inspect all.sheaf", "InspectedBytes", in: folder)
    }
  }

  @Test("Every command of a clinic")
  func clinic() async throws {
    try await inFolder { folder in
      try await check("init lib --sample --open --as Ada", "StatusReport", "PublishReport", in: folder)
      _ = try await Shell.run("mkdir stick", in: folder)
      try await check("sync stick --library lib", "SyncReport", in: folder)
      try await check("clone stick clinic --as Ben", "PullReport", "StatusReport", in: folder)
      try await check("remove about.md -m x --library clinic", "DraftReport", in: folder)
      try await check("status --library clinic", "StatusReport", in: folder)
      try await check("sync --plan --library clinic", "SyncPlan", in: folder)
      try await check("sync --library clinic", "SyncReport", in: folder)
      try await check("sync stick --library lib", "SyncReport", in: folder)
      try await check("sync --library clinic", "SyncReport", in: folder)
      try await check("log --library clinic", "LogEntry", in: folder)
      try await check("conflicts --library clinic", in: folder)
    }
  }

  @Test("Every command about members")
  func members() async throws {
    try await inFolder { folder in
      try await check("init lib --name Demo --as Ada --site Valley", "StatusReport", in: folder)
      try await check("invite Ben --role editor --only a --site Hill --library lib", "Invitation", in: folder)
      try await check("invitations --library lib", "OpenInvitation", in: folder)
      try await check("invitations withdraw Ben --library lib", "OpenInvitation", in: folder)
      _ = try await Shell.run(
        """
        mkdir stick; sheaf sync stick --library lib; sheaf invite Cy --role editor --stick --library lib > code
        sheaf clone stick clinic --code-file code; sheaf sync stick --library lib; sheaf sync --library clinic
        echo one | sheaf put a.md - -m x --library clinic
        """, in: folder)
      try await check(
        "members set Cy --role editor --site East --only a -m x --library lib", "DraftReport", in: folder)
      try await check("revoke Cy -m lost --library lib", "DraftReport", in: folder)
      _ = try await Shell.run("sheaf sync --library clinic; sheaf sync stick --library lib", in: folder)
      try await check("members --all --library lib", "MemberReport", "MemberReport", in: folder)
      try await check(
        "members --roles", "RoleReport", "RoleReport", "RoleReport", "RoleReport", "RoleReport", "RoleReport",
        "RoleReport", "RoleReport", in: folder)
      try await check("quarantine --library lib", "QuarantineReport", in: folder, code: 3)
      try await check("rotate --library lib", "DraftReport", in: folder)
    }
  }

  @Test("Every command about conflicts, proposals and drafts")
  func review() async throws {
    try await inFolder { folder in
      let setup = """
        sheaf init lib --name Demo --as Ada --open; mkdir -p stick content/sheaf
        echo '{"format":1,"collections":{"r":{"review":"required"}}}' > content/sheaf/settings.json
        echo one > content/a.txt; mkdir content/r; echo one > content/r/b.txt; echo one > content/r/c.txt
        sheaf publish content -m x --library lib; sheaf sync stick --library lib
        sheaf clone stick clinic --as Ben; echo two | sheaf put a.txt - -m x --library clinic
        echo two | sheaf put r/b.txt - -m x --library clinic; sheaf remove r/c.txt -m x --library clinic
        echo three | sheaf put a.txt - -m x --library lib
        sheaf sync --library clinic; sheaf sync stick --library lib; sheaf sync --library clinic
        """
      // Each line has its own time, which a busy machine needs.
      for line in setup.split(separator: "\n") { _ = try await Shell.run(String(line), in: folder) }
      try await check("conflicts --library lib", "ConflictSummary", in: folder, code: 3)
      try await check("conflicts --library clinic", "ConflictSummary", in: folder, code: 3)
      try await check("resolve a.txt --library lib", "ConflictReport", in: folder, code: 3)
      try await check("proposals --library lib", "ProposalReport", "ProposalReport", in: folder, code: 3)
      try await check("proposals show r/c.txt --library clinic", "ProposalReport", in: folder, code: 3)
      try await check("drafts --library clinic", "StatusReport.Draft", "StatusReport.Draft", in: folder)
      try await check("accept r/b.txt --library lib", "DraftReport", in: folder)
      try await check("decline r/c.txt -m no --library lib", "DraftReport", in: folder)
      _ = try await Shell.run("sheaf sync stick --library lib", in: folder)
      try await check("sync --library clinic", "SyncReport", in: folder, code: 3)
      try await check("status --library clinic", "StatusReport", in: folder, code: 3)
      let (lines, _) = try await Shell.run("sheaf drafts --library clinic --json 2>/dev/null", in: folder)
      let declined = lines.first { $0.contains("declined") }?.components(separatedBy: "\"draft\":\"").last
      let mark = String(declined?.prefix(16) ?? "")
      try await check(
        "drafts show \(mark) --library clinic", "StatusReport.Draft", "DocumentDiff", in: folder)
      try await check("drafts drop \(mark) --library clinic", "DroppedDraft", in: folder)
      try await check("resolve a.txt --take theirs --library lib", "DraftReport", in: folder)
      try await check("log --automatic --library lib", in: folder)
    }
  }
}
