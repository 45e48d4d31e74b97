/// How a command ended; the raw value is the exit code.
enum Outcome: Int32, Sendable, CaseIterable {
  /// Done.
  case done = 0
  /// Failed; nothing changed.
  case failed = 1
  /// Trouble, of `merge-file` alone: its 1 is a conflict, as git expects.
  case trouble = 2
  /// Done, and something needs a person: conflicts, refused drafts, a copy that is not
  /// known to be the publisher's.
  case needsYou = 3
  /// What is stored or was received does not verify.
  case unverified = 4
  /// Wrong usage.
  case usage = 64
  /// Interrupted.
  case interrupted = 130

  /// What the help says of it.
  var meaning: String {
    switch self {
    case .done: "done"
    case .failed: "failed, nothing changed"
    case .trouble: "merge-file failed (its 1 is a conflict)"
    case .needsYou: "done, something needs you"
    case .unverified: "verification failed"
    case .usage: "wrong usage"
    case .interrupted: "interrupted"
    }
  }
}
