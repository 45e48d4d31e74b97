import Foundation
import SheafModel
import SheafStore
import SheafTesting

@testable import SheafSync

/// A publisher's library whose one file a test damages, and what comes of it.
struct DamagedFile: Sendable {
  /// The library's folder, which nobody else uses.
  let folder: URL
  /// The file as it was made.
  let bytes: [UInt8]
  /// What it answered then, by question.
  let answers: [String: String]

  var file: URL { folder.appending(path: LibraryStore.fileName) }

  /// A closed library with all that a library can have in it.
  init(in folder: URL) async throws {
    self.folder = folder
    let world = try await MembersWorld()
    let settings = #"{"format":1,"collections":{"a":{"review":"required"}}}"#
    try await world.put(settings, LibrarySettings.path)
    try await world.put("# One\n\none\n", "a/x.md")
    let long = String(repeating: "why ", count: 300)
    for end in ["", "not\n"] { try await world.put(long + end, "b/y.md") }
    for text in ["a secret\n", "nothing\n"] { try await world.put(text, "c/z.txt") }

    let (ben, cy) = (try await world.member("Ben", .editor), try await world.member("Cy", .contributor))
    let officer = try await world.member("Di", .privacyOfficer)
    try await world.put("# One\n\ntwo\n", "a/x.md", in: cy)
    try await world.put("Ben's\n", "b/y.md", in: ben)
    try await world.put("Cy's\n", "b/y.md", in: cy)
    for library in [ben, cy] { _ = try await library.sync(with: world.remote) }
    let targets = try RedactionTarget.targets(try await world.publisher.whatHolds("a secret").revisions)
    _ = try await officer.sync(with: world.remote)
    _ = try await officer.redact(targets, ground: "law", reason: "because")
    _ = try await officer.sync(with: world.remote)
    _ = try await world.publisher.redact(targets, ground: "law", reason: "because")
    _ = try await world.publisher.sign(try DocumentPath("a/x.md"), as: .approved, remark: "Fine")
    _ = try await world.publisher.revoke("Cy", reason: "left")
    try await world.put("late\n", "b/w.md", in: cy)
    _ = try await cy.sync(with: world.remote)
    _ = try await world.invite("Ed", .reader)
    // Chunks are for what is much larger, and nobody would take it in a bundle; a damaged one looks the same.
    let picture = SplitMix64.bytes(600, seed: 3)
    try await world.publisher.store.write(purpose: "test") { transaction in
      var writer = AssetWriter(transaction)
      for part in [picture.prefix(400), picture.dropFirst(400)] { try writer.add(Array(part)) }
      _ = try writer.finish()
    }
    _ = try await world.publisher.put(picture, at: try DocumentPath("b/picture.png"), reason: "because")
    // The file alone is the library then.
    try world.publisher.store.checkpointFile()
    for library in [world.publisher, ben, cy, officer] { try await library.close() }

    try FileManager.default.copyItem(at: world.publisher.folder, to: folder)
    bytes = [UInt8](try Data(contentsOf: folder.appending(path: LibraryStore.fileName)))
    let library = try await Self.open(folder)
    var answers: [String: String] = [:]
    for question in Self.questions { answers[question.name] = try await question.ask(library) }
    self.answers = answers
    try await library.close()
  }

  /// The same library in a folder of its own, for one who works beside.
  func copy(to other: URL) throws -> DamagedFile {
    try FileManager.default.copyItem(at: folder, to: other)
    return DamagedFile(folder: other, bytes: bytes, answers: answers)
  }

  private init(folder: URL, bytes: [UInt8], answers: [String: String]) {
    self.folder = folder
    self.bytes = bytes
    self.answers = answers
  }

  private static func open(_ folder: URL) async throws -> Library {
    try await Library.open(at: folder, environment: TestWorld(seed: 99).environment)
  }

  // MARK: questions

  private struct Question: Sendable {
    var name: String
    /// Whether signatures and hashes speak for the whole answer. Of others a part is this copy's own word.
    var isVouchedFor = true
    var ask: @Sendable (Library) async throws -> String
  }

  /// What the commands ask that read a library, each by itself. Titles and excerpts follow from contents when somebody
  /// searches, and are made anew by `sheaf verify --rebuild`.
  private static let questions: [Question] =
    [
      .init(name: "log") { "\(try await $0.log(newest: 100, before: nil))" },
      .init(name: "log of words") { library in
        var filter = LogFilter()
        filter.reason = "because"
        return "\(try await library.log(filter, newest: 100, before: nil).map(\.number))"
      },
      .init(name: "members") { "\(try await $0.members())" },
      .init(name: "proposals") { "\(try await $0.proposals())" },
      .init(name: "conflicts") { "\(try await $0.conflicts())" },
      .init(name: "conflict list", isVouchedFor: false) { "\(try await $0.conflictList(merged: true))" },
      .init(name: "documents") { library in
        "\(try await library.documents(in: nil).map { "\($0.path) \($0.revision ?? "") \($0.sizeInBytes)" })"
      },
      .init(name: "search", isVouchedFor: false) { "\(try await $0.search("two", limit: 9))" },
      .init(name: "status", isVouchedFor: false) { "\(try await $0.status())" },
      .init(name: "quarantine", isVouchedFor: false) { "\(try await $0.quarantine())" },
      .init(name: "invitations", isVouchedFor: false) { "\(try await $0.invitations())" },
      .init(name: "redactions") { "\(try await $0.redactions())" },
      .init(name: "contents", ask: contents),
      .init(name: "bundle") { library in
        // What others get: everything, from the start.
        let request = PullRequest(from: 0, known: 0, depth: .full, subscription: .all)
        guard case .bundle(let bundle) = try await library.offer(request) else { return "none" }
        return SHA256Hash(hashing: [UInt8](try Data(contentsOf: bundle.file))).hex
      },
    ]
    + ["a/x.md", "b/y.md", "c/z.txt"].map { path in
      .init(name: path) { library in
        let path = try DocumentPath(path)
        return "\(try await library.history(of: path)) \(try await library.blame(path, at: .now))"
          + " \(try await library.content(of: path)?.bytes ?? [])"
      }
    }

  /// Every revision's content.
  private static func contents(of library: Library) async throws -> String {
    let size = try await library.status().size
    return try await library.store.read { transaction in
      var contents: [String] = []
      for number in 1...max(1, min(size, 1_000)) {
        for revision in try transaction.revisions(inChangeSet: number) {
          let bytes = try revision.content.flatMap { try transaction.bytes(of: $0, from: 0, count: 10_000) }
          contents.append("\(revision.name) \(revision.path) \(bytes.map { Hexadecimal.encode($0) } ?? "-")")
        }
      }
      return contents.joined(separator: "\n")
    }
  }

  // MARK: what comes of damage

  struct Outcome: Sendable {
    /// Whether `sheaf verify` tells of something, or the library can't be opened.
    var isFound = true
    /// The questions that are answered, and otherwise than before.
    var changed: [String] = []
    /// How many questions end with an error.
    var refusedCount = 0
  }

  /// Puts other bytes in the file's place, verifies, and asks.
  ///
  /// - Parameter draw: Decides what is asked where verifying has found something; otherwise everything is.
  /// - Throws: Any error that is not for a person to read.
  func outcome(of bytes: [UInt8], draw: UInt64 = 0) async throws -> Outcome {
    for ending in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + ending) }
    try Data(bytes).write(to: file)
    var outcome = Outcome()
    let library: Library
    do {
      library = try await Self.open(folder)
    } catch is any SheafFailure { return outcome }
    // A command does not verify first.
    let first = Self.questions[Int(draw % UInt64(Self.questions.count))]
    try await ask(first, library, &outcome)
    do {
      outcome.isFound = try await !library.verify(rebuild: false, activity: { _ in }).problems.isEmpty
    } catch is any SheafFailure {}
    if !outcome.isFound {
      for question in Self.questions where question.name != first.name {
        try await ask(question, library, &outcome)
      }
    }
    try await library.close()
    return outcome
  }

  private func ask(_ question: Question, _ library: Library, _ outcome: inout Outcome) async throws {
    do {
      let answer = try await question.ask(library)
      if question.isVouchedFor, answer != answers[question.name] { outcome.changed.append(question.name) }
    } catch is any SheafFailure { outcome.refusedCount += 1 }
  }
}

extension SplitMix64 {
  fileprivate static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return random.bytes(count)
  }
}
