import Foundation
import SheafModel
import SheafStore
import SheafSync
import SheafTesting

/// A publisher and a clinic with a small history: an article, a record and a table, edits that met, a move.
struct AuditWorld {
  let folder: TestFolder
  let publisher: Library
  let clinic: Library
  let environment: LibraryEnvironment

  static let article = "articles/a.md"
  static let record = "trials/t.json"

  init() async throws {
    folder = try TestFolder()
    environment = TestWorld(seed: 11).environment
    publisher = try await Library.create(
      at: folder.appending("publisher"), name: "Test <&>", member: "Ana", environment: environment)
    let table = "term,means\na,1\nb,2\n"
    // 1: everything is new.
    try await Self.publish(
      publisher, folder,
      [
        Self.article:
          "---\ntitle: One\n---\n# Heading\n\nAlpha stands here. Beta stands there.\n\nGamma is last.\n",
        Self.record: Self.record(status: "open", phase: 1), "glossary/g.csv": table,
      ], "First <b>edition</b>")
    let remote = MemoryRemote(service: publisher)
    clinic = try await Library.clone(
      from: remote, to: folder.appending("clinic"),
      options: CloneOptions(depth: .full, member: "Hill clinic"),
      environment: environment
    ).library
    // 2, 3 and 4: the publisher's edit, the clinic's, and their merge.
    _ = try await clinic.put(
      Array(Self.record(status: "closed", phase: 1).utf8), at: DocumentPath(Self.record),
      reason: "Closed for good")
    _ = try await publisher.put(
      Array(Self.record(status: "open", phase: 2).utf8), at: DocumentPath(Self.record), reason: "Next phase")
    _ = try await clinic.sync(with: remote)
    // 5: a sentence changes; 6: the document moves.
    let edited =
      "---\ntitle: One\n---\n# Heading\n\nAlpha stands here. Beta was moved there.\n\nGamma is last.\n"
    _ = try await publisher.put(Array(edited.utf8), at: DocumentPath(Self.article), reason: "=Beta moved")
    try await Self.publish(
      publisher, folder,
      [
        "articles/b.md": edited, Self.record: Self.record(status: "closed", phase: 2),
        "glossary/g.csv": table,
      ],
      "A better name")
    // 7: the table goes.
    _ = try await publisher.remove(DocumentPath("glossary/g.csv"), reason: "Out of date")
    _ = try await clinic.sync(with: remote)
  }

  static func record(status: String, phase: Int) -> String {
    "{\n  \"status\": \"\(status)\",\n  \"phase\": \(phase),\n  \"sites\": [\"south\"]\n}\n"
  }

  private static func publish(
    _ publisher: Library, _ folder: TestFolder, _ files: [String: String], _ reason: String
  ) async throws {
    let content = "content-\(UUID().uuidString)"
    for (path, text) in files { try folder.write(text, to: "\(content)/\(path)") }
    _ = try await publisher.publish(
      folder: folder.appending(content), reason: reason,
      options: PublishOptions(isDryRun: false, prunes: true))
  }
}
