import SheafModel

/// Why the signer will not sign. Nothing was signed, and its record is as it was.
public enum SignerRefusal: SheafFailure, Equatable {
  /// The signer's own file is damaged.
  case damagedRecord
  /// The log was signed before, and the signer's own file is gone.
  case missingRecord
  /// The tree is smaller than the one last signed.
  case smaller(size: UInt64, signed: UInt64)
  /// The tree has the size last signed, and another root.
  case anotherRoot(size: UInt64)
  /// The tree does not start with the one last signed.
  case notAnExtension(signed: UInt64)
  /// The tree at the size last signed could not be read.
  case unreadable(signed: UInt64)

  public var problem: String {
    switch self {
    case .damagedRecord: "the signer's record of what it last signed is damaged"
    case .missingRecord: "the signer's record of what it last signed is missing"
    case .smaller(let size, let signed):
      "the log has \(size) change sets, but \(signed) were signed already"
    case .anotherRoot(let size):
      "the log of \(size) change sets is not the one that was signed"
    case .notAnExtension(let signed):
      "the first \(signed) change sets of the log are not those that were signed"
    case .unreadable(let signed):
      "the tree over the first \(signed) change sets could not be read"
    }
  }

  public var unchanged: String { "nothing was signed" }

  public var hint: String? {
    switch self {
    case .damagedRecord, .missingRecord:
      "Let the replica that knows most say what was signed: `sheaf recover --from REPLICA`."
    case .unreadable: "Run `sheaf verify` to find out what is damaged."
    case .smaller, .anotherRoot, .notAnExtension:
      "If the library was restored from a backup, get the missing change sets back: `sheaf recover --from REPLICA`."
    }
  }

  public var kind: FailureKind { .verification }
}

/// Decides whether a log's key may sign a checkpoint: never two that contradict each other.
///
/// `Schemas/checkpoint.md`, "The signer's rule".
public enum SignerRule {
  /// Returns when a tree of `size` and `root` may be signed after what `record` says was signed last.
  ///
  /// The caller has found the record to be of the same origin, and writes the new
  /// record durably before it signs.
  ///
  /// - Parameters:
  ///   - record: What was signed last; `nil` only for a log that was never signed.
  ///   - consistentRoot: The root of our tree over its first leaves, as many as given.
  public static func mayExtend(
    from record: SignerRecord?, size: UInt64, root: SHA256Hash,
    consistentRoot: (UInt64) throws -> SHA256Hash
  ) throws(SignerRefusal) {
    guard let record else { return }
    guard size >= record.size else { throw .smaller(size: size, signed: record.size) }
    if size == record.size {
      guard root == record.root else { throw .anotherRoot(size: size) }
      return
    }
    guard let prefix = try? consistentRoot(record.size) else { throw .unreadable(signed: record.size) }
    guard prefix == record.root else { throw .notAnExtension(signed: record.size) }
  }
}
