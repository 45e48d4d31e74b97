import ArgumentParser

/// How a command reports.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the report as JSON, one object a line.")
  var json = false

  /// Prints what a command did: the report as JSON where that was asked for, else in words.
  ///
  /// - Parameter words: What a person reads, a sentence a line.
  func print(_ report: some Encodable, on console: Console, words: @autoclosure () -> [String]) throws {
    if json { try console.printJSON(report) } else { console.print(words()) }
  }
}
