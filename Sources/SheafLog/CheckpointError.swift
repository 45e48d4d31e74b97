import SheafModel

/// Why a checkpoint or a state note was refused.
public enum CheckpointError: SheafFailure, Equatable {
  /// The note around it is malformed.
  case note(NoteError)
  /// The text does not have the lines it must have, no more and no fewer.
  case wrongLines
  /// The origin is empty or holds a control character.
  case malformedOrigin
  /// The size is not a canonical decimal number up to 2⁶³ − 1.
  case malformedSize
  /// The root is not canonical base64 of 32 bytes, or not the empty root at size 0.
  case malformedRoot
  /// It is of another log.
  case anotherOrigin(found: String, expected: String)
  /// The log's key did not sign it.
  case notSigned(by: String)
  /// A state note belongs to another checkpoint.
  case anotherSize(found: UInt64, expected: UInt64)

  public var problem: String {
    switch self {
    case .note(let error): error.problem
    case .wrongLines: "the checkpoint does not have the lines it must have"
    case .malformedOrigin: "the checkpoint names no log"
    case .malformedSize: "the checkpoint's size is not a number in canonical form"
    case .malformedRoot: "the checkpoint's root is not a hash in canonical form"
    case .anotherOrigin(let found, let expected):
      "the checkpoint is of the log \(found.printable), not of \(expected.printable)"
    case .notSigned(let name): "the checkpoint has no valid signature by \(name.printable)"
    case .anotherSize(let found, let expected):
      "the state is of checkpoint \(found), not of \(expected)"
    }
  }

  public var hint: String? {
    switch self {
    case .anotherOrigin: "Check that the remote holds this library."
    case .malformedOrigin: "Name the library, such as \"library.example.org/main\"."
    default: "Fetch it again, or from another remote."
    }
  }

  public var kind: FailureKind { .verification }
}
