import SheafModel

/// The result could not be written where it was sent.
struct OutputError: SheafFailure, Equatable {
  /// What the system said.
  let detail: String
  var problem: String { "the result can't be written: \(detail)" }
  var unchanged: String { "what the command did to the library is done" }
}
