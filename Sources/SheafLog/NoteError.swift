import SheafModel

/// Why a signed note or one of its keys was refused.
public enum NoteError: SheafFailure, Equatable {
  /// The note has more bytes than its reader takes.
  case tooLarge(size: Int, limit: Int)
  /// The bytes are not UTF-8.
  case notUTF8
  /// A control character other than a line feed stands at `offset`, counted in bytes.
  case controlCharacter(offset: Int)
  /// The text is empty or does not end in a line feed.
  case unfinishedText
  /// There is no blank line with at least one signature line after it.
  case unsigned
  /// Signature line `line`, counted from 1, is malformed.
  case malformedSignature(line: Int)
  /// There are more signature lines than the reader takes.
  case tooManySignatures(limit: Int)
  /// A key name is empty or holds white space, a plus or a control character.
  case malformedName(String)
  /// A verifier key is not `name+hex+base64` of a supported algorithm, or its key ID is wrong.
  case malformedKey
  /// A private key is not 32 bytes.
  case malformedSeed
  /// No signature of the key is on the note, or one of them is false.
  case notSigned(by: String)

  public var problem: String {
    switch self {
    case .tooLarge(let size, let limit): "a note of \(size) bytes is above the limit of \(limit)"
    case .notUTF8: "the note is not UTF-8 text"
    case .controlCharacter(let offset): "the note has a control character at byte \(offset)"
    case .unfinishedText: "the note's text does not end in a line feed"
    case .unsigned: "the note has no signature lines"
    case .malformedSignature(let line): "signature line \(line) of the note is malformed"
    case .tooManySignatures(let limit): "the note has more than \(limit) signature lines"
    case .malformedName(let name): "\"\(name.printable)\" is not a key name"
    case .malformedKey: "the verifier key is malformed"
    case .malformedSeed: "the private key is not 32 bytes"
    case .notSigned(let name): "the note has no valid signature by \(name.printable)"
    }
  }

  public var hint: String? {
    switch self {
    case .malformedName: "Use a name without spaces and plus signs, such as \"library.example.org/main\"."
    case .malformedKey, .malformedSeed: "Copy the whole key again."
    case .notSigned: "Check that this is the right library, then fetch it from another remote."
    default: "Fetch it again, or from another remote."
    }
  }

  public var kind: FailureKind {
    if case .malformedName = self { .usage } else { .verification }
  }
}

extension String {
  /// The text with control characters replaced and cut to 80 characters, safe to show in a terminal.
  var printable: String {
    var scalars = String.UnicodeScalarView()
    for scalar in unicodeScalars.prefix(80) {
      let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
      scalars.append(isControl ? "\u{fffd}" : scalar)
    }
    return String(scalars)
  }
}
