import ArgumentParser
import SheafSync

/// `sheaf export`: the library as a folder of files.
struct ExportCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the documents into a folder, as they are or were.",
    discussion: Help.text(
      "A folder to read, to edit and `sheaf commit`, or to hand on. An earlier moment needs a copy that keeps full.",
      examples: ["sheaf export content", "sheaf export before --at 2026-10-01"]))

  @Argument(help: "The folder, empty or not there yet.", completion: .directory)
  var dir: String

  @Option(
    help: ArgumentHelp("When: a checkpoint, a day, a time, or now.", valueName: "moment"),
    transform: Arguments.moment)
  var at: Moment?

  @Flag(help: "Don't ask the remote for assets that are not here.")
  var offline = false

  @OptionGroup var reach: RemoteOptions
  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let report: ExportReport
      do {
        report = try await export(library, in: session)
      } catch let error as LibraryError {
        // Assets that wait to be asked for are asked for now.
        guard case .absent = error, !offline, try await !library.facts().remote.isEmpty else { throw error }
        let fetched = try await FetchCommand.fetch(nil, to: library, from: nil, reach, in: session)
        guard fetched.missing.isEmpty else { throw error }
        report = try await export(library, in: session)
      }
      if output.json {
        try console.printJSON(report)
        return .done
      }
      console.print(
        "Exported \(Quantity(report.documents, "document")), \(ByteCount(report.sizeInBytes)), to \(dir.escapedForTerminal), as at checkpoint \(report.size)."
      )
      if !report.conflicts.isEmpty {
        console.warn(
          "\(Quantity(report.conflicts.count, "document")) in conflict, written as everybody sees them")
        for line in Lists.lines("", report.conflicts) { console.note(line) }
      }
      return .done
    }
  }

  private func export(_ library: Library, in session: Session) async throws -> ExportReport {
    try await session.showingProgress { progress in
      try await library.export(to: session.url(dir), at: at ?? .now, activity: progress)
    }
  }
}
