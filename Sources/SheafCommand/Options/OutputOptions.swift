import ArgumentParser
import SheafSync

/// How a command reports.
///
/// A report is a JSON object on a line of its own where that was asked for, and words for a person else; what
/// follows from it, a note that there is nothing or a hint what to do next, is for persons only.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the report as JSON, one object a line.")
  var json = false

  /// Prints what a command did or found.
  ///
  /// - Parameters:
  ///   - words: What a person reads, a sentence a line.
  ///   - hint: What a person may do next.
  func print(
    _ report: some Encodable, on console: Console, words: @autoclosure () -> [String],
    hint: @autoclosure () -> String? = nil
  ) throws {
    if json { return try console.printJSON(report) }
    console.print(words())
    if let hint = hint() { console.hint(hint) }
  }

  /// Prints a list, an object each.
  ///
  /// - Parameters:
  ///   - none: What a person is told of an empty list in place of words; `nil` where it has words too.
  ///   - words: What a person reads of all of it.
  ///   - hint: What a person may do next, where the list is not empty.
  func print(
    each reports: [some Encodable], on console: Console, none: @autoclosure () -> String? = nil,
    words: @autoclosure () -> [String], hint: @autoclosure () -> String? = nil
  ) throws {
    if json { return try reports.forEach(console.printJSON) }
    if reports.isEmpty, let none = none() { return console.note(none) }
    console.print(words())
    if let hint = hint() { console.hint(hint) }
  }

  /// Prints a draft and what it changes: its report, then a difference for each document.
  func print(
    _ report: some Encodable, changing diffs: [DocumentDiff], on console: Console,
    words: @autoclosure () -> [String]
  ) throws {
    try print(report, on: console, words: words())
    try print(
      each: diffs, on: console,
      words: diffs.flatMap { [""] + $0.lines(isColoured: console.isOutputColoured) })
  }
}
