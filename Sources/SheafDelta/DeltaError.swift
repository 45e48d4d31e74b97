import SheafModel

/// Why a delta was refused; no bytes are given out and the decoder stays where it was.
public enum DeltaError: SheafFailure, Hashable {
  /// A stream ends in the middle of a delta.
  case truncated(DeltaStreams.Name)
  /// The number at `offset` is longer than it needs to be, or does not fit 32 bits.
  case badNumber(DeltaStreams.Name, offset: Int)
  /// A literal or copy of `count` bytes goes beyond the target, where `remaining` are missing.
  case pastTarget(count: Int, remaining: Int)
  /// A copy of no bytes.
  case emptyCopy
  /// A copy begins before the base or ends behind it.
  case outsideBase(start: Int, count: Int, baseSize: Int)
  /// A base or target that is larger than the format allows, or negative.
  case badSize(Int)
  /// Coded bytes end before the bodies that they hold.
  case exhausted
  /// Coded bytes do not end with the last body.
  case unfinished
  /// As many bytes are left in a stream behind the last delta.
  case unused(DeltaStreams.Name, count: Int)

  public var problem: String {
    switch self {
    case .truncated(let stream): "a delta's \(stream.rawValue) are cut short"
    case .badNumber(let stream, let offset):
      "a delta's \(stream.rawValue) hold a malformed number at byte \(offset)"
    case .pastTarget(let count, let remaining):
      "a delta writes \(count) bytes where only \(remaining) are missing"
    case .emptyCopy: "a delta copies nothing"
    case .outsideBase(let start, let count, let size):
      "a delta copies \(count) bytes from \(start) of a base of \(size) bytes"
    case .badSize(let size): "a delta cannot have a base or target of \(size) bytes"
    case .exhausted: "coded bytes are cut short"
    case .unfinished: "coded bytes do not end as their writer ends them"
    case .unused(let stream, let count): "\(count) bytes of \(stream.rawValue) are left behind the last delta"
    }
  }

  public var hint: String? { "Fetch the data again; it was damaged, or made against another base." }

  public var kind: FailureKind { .verification }
}
