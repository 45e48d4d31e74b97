import ArgumentParser
import Foundation
import SheafSync

/// `sheaf mirror`: a folder that any web server can serve.
struct MirrorCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "mirror",
    abstract: "Prepare a folder that any web server can serve.",
    discussion: Help.text(
      """
      Does what `sheaf sync DIR` does on the publisher's copy, and leaves the log's checkpoint, tiles and \
      entries as C2SP tlog-tiles too, for monitors that others wrote. The folder is made where there is none; \
      run the command again after publishing. Schemas/folder-remote.md says what to tell the web server.
      """,
      examples: ["sheaf mirror /srv/www/handbook"], outcomes: [.done, .failed, .needsYou, .unverified]))

  @Argument(help: "The folder.", completion: .directory)
  var dir: String

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let folder = session.url(dir)
      // Nothing is made for a copy that has nothing to mirror.
      guard library.isPublisher else { throw LibraryError.onlyPublisher("mirror the log") }
      _ = try await library.checkpointNote()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let start = ContinuousClock().now
      let report = try await session.showingProgress { progress in
        try await library.exchange(with: FolderRemote(folder: folder), withTiles: true, activity: progress)
      }
      if !output.json { for problem in report.problems { session.console.warn(problem) } }
      try output.print(
        report, on: session.console,
        words: report.lines(
          from: RemoteAddress.folder(folder).short, in: Elapsed(ContinuousClock().now - start)),
        hint: report.hint)
      return report.outcome
    }
  }
}
