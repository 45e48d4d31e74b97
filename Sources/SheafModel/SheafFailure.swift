/// What a caller does about a failure; the command turns it into an exit code.
public enum FailureKind: String, Sendable, Codable {
  /// The work failed and nothing changed.
  case failed
  /// Something stored or received does not verify.
  case verification
  /// The request itself was wrong.
  case usage
}

/// An error that reaches a person: what failed and where, what was left as it
/// was, and the next thing to try.
///
/// Modules throw their own enums; this protocol is what they have in common, so
/// that a command, a problem document and a log line all say the same.
public protocol SheafFailure: Error, Sendable, CustomStringConvertible {
  /// What failed and where, in one sentence without a final full stop.
  var problem: String { get }
  /// What was left unchanged, such as "the library is as it was".
  var unchanged: String { get }
  /// The next thing to try, in one imperative sentence, or `nil` when there is none.
  var hint: String? { get }
  /// How grave it is.
  var kind: FailureKind { get }
}

extension SheafFailure {
  public var unchanged: String { "nothing was changed" }
  public var hint: String? { nil }
  public var kind: FailureKind { .failed }
  public var description: String { problem }
}
