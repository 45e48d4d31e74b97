import ArgumentParser
import SheafSync

/// `sheaf compact`: the library's file made as small as it can be.
struct CompactCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "compact",
    abstract: "Make the library's file as small as it can be.",
    discussion: Help.text(
      """
      Keeps the newest content of each document whole and the older ones as differences from it, packed \
      together, and gives unused space back. Nothing is lost, and it may be interrupted at any moment. \
      Needs as much free disk as the library is large.
      """,
      examples: ["sheaf compact"], outcomes: [.done, .failed]))

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let report = try await session.showingProgress { progress in
        try await library.compact(activity: progress)
      }
      try output.print(
        report, on: session.console,
        words: [
          "The library takes \(ByteCount(report.sizeAfter)), and took \(ByteCount(report.sizeBefore)) before."
        ])
      return .done
    }
  }
}
