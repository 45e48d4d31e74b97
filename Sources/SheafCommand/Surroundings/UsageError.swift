import SheafModel

/// The words of the command don't fit what it found. Nothing was changed.
struct UsageError: SheafFailure, Equatable {
  let problem: String
  let hint: String?
  var kind: FailureKind { .usage }

  init(_ problem: String, hint: String? = nil) {
    self.problem = problem
    self.hint = hint
  }
}
