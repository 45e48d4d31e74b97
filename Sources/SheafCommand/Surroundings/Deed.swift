import SheafSync

/// A command that changes the library for a reason, and tells in a sentence what became of that.
///
/// The reason is asked for before the library is opened, so that nobody waits to be refused for want of one.
protocol Deed: Verb {
  /// What became of it, for `--json`.
  associatedtype Report: Encodable
  /// How its reason is given.
  associatedtype Given: ReasonGiving

  var reason: Given { get }
  var library: LibraryOptions { get }
  var output: OutputOptions { get }

  /// The reason that stands when nobody gives one; `nil` where one is needed.
  var usualReason: String? { get }

  /// Does it.
  ///
  /// - Returns: The report, and what a person reads of it.
  func perform(in library: Library, because reason: String) async throws -> (Report, sentence: String)

  /// Says what is left to do now that it is done, where something is.
  func conclude(_ report: Report, in library: Library, on console: Console) async throws -> Outcome
}

extension Deed {
  var usualReason: String? { nil }

  func conclude(_ report: Report, in library: Library, on console: Console) async throws -> Outcome { .done }

  func perform(in session: Session) async throws -> Outcome {
    let words = try reason.text(in: session, fallback: usualReason)
    return try await library.open(in: session) { library in
      let (report, sentence) = try await perform(in: library, because: words)
      try output.print(report, on: session.console, words: [sentence])
      return try await conclude(report, in: library, on: session.console)
    }
  }
}
