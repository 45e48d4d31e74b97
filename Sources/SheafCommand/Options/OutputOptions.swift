import ArgumentParser

/// How a command reports.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the report as JSON, one object a line.")
  var json = false
}
