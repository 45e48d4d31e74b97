import SheafModel

/// Why a bundle was refused, or could not be made.
///
/// A refused bundle changed nothing by itself: what its reader gave out before the
/// refusal is only staged by whoever reads, and goes with it.
public enum BundleError: SheafFailure, Equatable {
  /// The bytes end at `offset`, before what was promised.
  case truncated(offset: UInt64)
  /// Something follows the end, at `offset`.
  case trailing(offset: UInt64)
  /// The first bytes are not those of a bundle.
  case notABundle
  /// The format is of a later version than this program reads.
  case newerVersion(UInt8)
  /// The streams are compressed in a way this program does not know.
  case unknownCoder(UInt8)
  /// Something declares or reaches a size or count above its limit.
  case tooLarge(what: String, limit: UInt64, offset: UInt64)
  /// Something is not spelled as the format says; `offset` is that of the frame or field it stands in.
  case malformed(what: String, offset: UInt64)
  /// A delta names a base that the receiver does not hold.
  case missingBase(DocumentPath)
  /// It belongs to another library.
  case wrongLibrary(found: LibraryID, expected: LibraryID)
  /// Its log key is not that of the library, or there is none to verify with.
  case wrongLogKey(LibraryID)
  /// It does not lead on from where the receiver stands.
  case doesNotFit(from: UInt64, known: UInt64, to: UInt64, position: UInt64)
  /// The signature of this is false.
  case badSignature(of: String)
  /// The log it carries is not the one the receiver knew at this size.
  case rewritten(size: UInt64, ours: SHA256Hash, theirs: SHA256Hash)
  /// The change sets do not lead to the signed root.
  case rootMismatch(size: UInt64, signed: SHA256Hash, computed: SHA256Hash)
  /// There is more or less of something than was declared.
  case countMismatch(what: String, declared: UInt64, found: UInt64)
  /// Our own side asked for a bundle that nobody could read.
  case impossible(String)

  public var problem: String {
    switch self {
    case .truncated(let offset): "the bundle is cut short at byte \(offset)"
    case .trailing(let offset): "the bundle goes on behind its end, at byte \(offset)"
    case .notABundle: "this is not a bundle"
    case .newerVersion(let version): "the bundle has format \(version), which is newer than this program"
    case .unknownCoder(let coder): "the bundle is compressed in an unknown way, \(coder)"
    case .tooLarge(let what, let limit, let offset):
      "the bundle has more \(what) than \(limit), at byte \(offset)"
    case .malformed(let what, let offset): "the bundle is damaged at byte \(offset): \(what)"
    case .missingBase(let path): "the bundle builds on content of \(path) that is not held here"
    case .wrongLibrary(let found, let expected): "the bundle is of \(found), not of \(expected)"
    case .wrongLogKey(let library): "the bundle's log key is not that of \(library)"
    case .doesNotFit(let from, let known, let to, let position):
      "the bundle leads from \(from) (known: \(known)) to \(to), and the library stands at \(position)"
    case .badSignature(let what): "the signature of \(what) is false"
    case .rewritten(let size, let ours, let theirs):
      "history was rewritten: the log's root at \(size) was \(ours), and the bundle has \(theirs)"
    case .rootMismatch(let size, let signed, let computed):
      "the bundle's change sets lead to \(computed) at \(size), and the signed root is \(signed)"
    case .countMismatch(let what, let declared, let found):
      "the bundle declares \(declared) \(what) and has \(found)"
    case .impossible(let what): "the bundle can't be made: \(what)"
    }
  }

  public var unchanged: String { "the library is as it was" }

  public var hint: String? {
    switch self {
    case .truncated: "Fetch the bundle again; the transfer was cut short."
    case .notABundle: "Give the path of a bundle file."
    case .newerVersion, .unknownCoder: "Update this program."
    case .tooLarge: "Ask the publisher for the bundle in smaller steps."
    case .missingBase, .doesNotFit: "Sync with the publisher, who makes a bundle for where you stand."
    case .wrongLibrary, .wrongLogKey: "Check that this is the bundle for this library."
    case .rewritten: "Keep the bundle as evidence and ask the publisher; don't apply it."
    case .trailing, .malformed, .badSignature, .rootMismatch, .countMismatch:
      "Fetch the bundle again, or from another remote."
    case .impossible: nil
    }
  }

  /// Whether another program could read the bundle.
  public var isAboutProgram: Bool {
    switch self {
    case .newerVersion, .unknownCoder: true
    default: false
    }
  }

  public var kind: FailureKind {
    switch self {
    case .impossible, .notABundle, .newerVersion, .unknownCoder, .doesNotFit: .failed
    default: .verification
    }
  }
}
