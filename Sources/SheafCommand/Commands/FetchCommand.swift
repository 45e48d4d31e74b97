import ArgumentParser
import Foundation
import SheafModel
import SheafSync

/// `sheaf fetch`: assets that came by name only.
struct FetchCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Get assets that this copy knows of and does not hold.",
    discussion: Help.text(
      """
      A library's settings may have large files wait until somebody wants them. Comes from the \
      remote that the copy was cloned from, or another one. A folder that does not hold an asset takes \
      the wish along: its publisher leaves the asset there when the two meet. --drop lets go of what was fetched.
      """,
      examples: ["sheaf fetch videos/intro.mp4", "sheaf fetch --all", "sheaf fetch --drop videos/intro.mp4"],
      outcomes: [.done, .failed, .needsYou, .unverified]))

  @Argument(help: "The documents.", transform: Arguments.document)
  var docs: [DocumentPath] = []

  @Flag(help: "Everything that is not here.")
  var all = false

  @Flag(help: "Let go of the documents' bytes and keep what is known of them.")
  var drop = false

  @Option(help: "A server's URL or a folder; else the remembered one.")
  var from: String?

  @OptionGroup var reach: RemoteOptions
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if docs.isEmpty != all { throw ValidationError("Name documents, or give --all.") }
    if drop, all || from != nil { throw ValidationError("Name the documents to drop; that takes no remote.") }
  }

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let report =
        drop
        ? try await library.drop(docs)
        : try await Self.fetch(all ? nil : docs, to: library, from: from, reach, in: session)
      try output.print(report, on: session.console, words: report.lines)
      return report.missing.isEmpty ? .done : .needsYou
    }
  }

  /// Fetches from a named or the remembered remote.
  static func fetch(
    _ docs: [DocumentPath]?, to library: Library, from: String?, _ reach: RemoteOptions, in session: Session
  ) async throws -> FetchReport {
    try await reaching(from, of: library, reach, in: session) { remote, progress in
      try await library.fetch(docs, from: remote, activity: progress)
    }
  }

  /// Reaches a named or the remembered remote.
  static func reaching(
    _ from: String?, of library: Library, _ reach: RemoteOptions, in session: Session,
    _ body: @escaping @Sendable (any Remote, @escaping ActivitySink) async throws -> FetchReport
  ) async throws -> FetchReport {
    let remembered = try await library.facts().remote
    guard from != nil || !remembered.isEmpty else { throw AddressError.none }
    let address = try session.remote(from ?? remembered, isRemembered: from == nil)
    return try await reach.connect(to: address, in: session) { remote in
      try await session.showingProgress { progress in
        try await body(remote, progress)
      }
    }
  }
}

extension FetchReport {
  /// What came of it, one sentence a line.
  var lines: [String] {
    var lines: [String] = []
    if !fetched.isEmpty {
      lines.append("Fetched \(Quantity(fetched.count, "asset")), \(ByteCount(sizeInBytes)).")
    }
    if !dropped.isEmpty {
      lines.append("Dropped \(Quantity(dropped.count, "asset")); \(ByteCount(sizeInBytes)) became free.")
    }
    for path in missing {
      lines.append("\(path.escapedForTerminal) is not there; a folder's publisher is asked for it.")
    }
    return lines.isEmpty ? ["Nothing to do: all of it is here."] : lines
  }
}
