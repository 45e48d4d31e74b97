import ArgumentParser
import SheafSync

/// `sheaf search`: full-text search, offline.
struct SearchCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Search titles, texts and fields.",
    discussion: Help.text(
      "Finds documents that hold all the words, best first. Accents and case make no difference.",
      examples: ["sheaf search stem cells", "sheaf search -n 5 NCT02943850"]))

  @Argument(help: "The words.")
  var words: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("How many at most.", valueName: "count"))
  var number = 20

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard number >= 1 else { throw ValidationError("-n takes a number, at least 1.") }
  }

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      let console = session.console
      let hits = try await library.search(words.joined(separator: " "), limit: min(number, 1000))
      try output.print(
        each: hits, on: console, none: "Nothing found.",
        words: hits.flatMap { Self.lines(of: $0, isColoured: console.isOutputColoured) })
      return .done
    }
  }

  static func lines(of hit: SearchHit, isColoured: Bool) -> [String] {
    let path = Style.bold(hit.path.escapedForTerminal, isShown: isColoured)
    let title = hit.title.map { "  " + $0.escapedForTerminal } ?? ""
    return [path + title, "  " + excerpt(hit.excerpt, isColoured: isColoured)]
  }

  /// The excerpt on one line, with the found words in bold, or between asterisks.
  private static func excerpt(_ text: String, isColoured: Bool) -> String {
    var out = ""
    var run = ""
    var isFound = false
    func flush() {
      let words = run.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      let lead = run.first?.isWhitespace == true && !out.isEmpty ? " " : ""
      let trail = run.last?.isWhitespace == true && !words.isEmpty ? " " : ""
      let safe = words.escapedForTerminal
      out +=
        lead + (isFound && !isColoured ? "*\(safe)*" : Style.bold(safe, isShown: isFound && isColoured))
        + trail
      run = ""
    }
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 2:
        flush()
        isFound = true
      case 3:
        flush()
        isFound = false
      default: run.unicodeScalars.append(scalar)
      }
    }
    flush()
    return out
  }
}
