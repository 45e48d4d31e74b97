import ArgumentParser
import Foundation
import SheafModel
import SheafSync

/// `sheaf bundle`: bundles as files.
struct BundleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "Make, look into and apply bundles as files.",
    subcommands: [BundleCreateCommand.self, BundleInspectCommand.self, BundleApplyCommand.self])
}

/// `sheaf bundle create`: what leads from one checkpoint to another, in one file.
struct BundleCreateCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a bundle from one checkpoint to another.",
    discussion: Help.text(
      "The same request makes the same bytes, wherever it is made.",
      examples: [
        "sheaf bundle create -o handbook.sheaf", "sheaf bundle create --from 12 --mode trail -o update.sheaf",
      ]))

  @Option(
    help: ArgumentHelp("The checkpoint that the receiver holds; 0 for a first copy.", valueName: "size"))
  var from: UInt64 = 0

  @Option(help: ArgumentHelp("The checkpoint that it leads to; the newest when left out.", valueName: "size"))
  var to: UInt64?

  @Option(help: "How much history it carries: heads, trail or full.")
  var mode = Depth.heads

  @Option(
    help: ArgumentHelp(
      "A collection to carry; can be repeated. Everything when left out.", valueName: "collection"),
    transform: Arguments.collection)
  var only: [CollectionName] = []

  @Option(
    name: .customShort("o"), help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file())
  var file: String

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let to, to <= from { throw ValidationError("--to must lie behind --from.") }
  }

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let report = try await session.showingProgress { progress in
        try await library.makeBundle(
          from: from, to: to, depth: mode, subscription: Arguments.subscription(only: only) ?? .all,
          file: session.url(file), activity: progress)
      }
      try output.print(report, on: session.console, words: report.lines)
      return .done
    }
  }
}

/// `sheaf bundle apply`: a bundle's file is taken in.
struct BundleApplyCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Verify a bundle's file and take it in.",
    discussion: Help.text(
      "All of it or nothing; a bundle that does not fit this copy is refused.",
      examples: ["sheaf bundle apply update.sheaf"], outcomes: [.done, .failed, .needsYou, .unverified]))

  @Argument(help: "The bundle's file.", completion: .file(extensions: ["sheaf"]))
  var file: String

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      try await Self.apply(session.url(file), to: library, output: output, in: session)
    }
  }

  /// Applies a bundle's file and says what came of it; `sync FILE` does the same.
  static func apply(
    _ file: URL, to library: Library, output: OutputOptions, in session: Session
  ) async throws -> Outcome {
    let console = session.console
    let start = ContinuousClock().now
    let report = try await session.showingProgress { progress in
      try await library.apply(bundle: file, activity: progress)
    }
    let elapsed = Elapsed(ContinuousClock().now - start)
    let status = try await library.status()
    if output.json {
      try console.printJSON(report)
      return status.outcome
    }
    console.print(
      report.from == report.to
        ? "Nothing new." : report.sentence(from: file.lastPathComponent.escapedForTerminal, in: elapsed))
    console.print(
      "At \(Position.words(status.size, newestChange: status.newestChange)), as the publisher signed it.")
    if status.conflicts > 0 {
      console.print("\(Quantity(status.conflicts, "document")) changed on both sides.")
      console.hint("run `sheaf conflicts` to choose")
    }
    return status.outcome
  }
}
