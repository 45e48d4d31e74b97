import SheafModel

/// What is current under one path: a leaf of the state tree.
///
/// A path whose document is gone has no entry. `Schemas/state-tree.md`.
public struct StateEntry: Hashable, Sendable {
  /// What stands at a path.
  public enum Value: Hashable, Sendable {
    /// One head; the SHA-256 of its content (or the mark that stands in for it).
    case content(SHA256Hash)
    /// Several heads, in the log's order, and what they were made from; `nil`
    /// stands for "deleted" among the heads, and for "none" as the base.
    case conflict(base: SHA256Hash?, heads: [SHA256Hash?])
    /// What is current, `nil` when nothing is, and the open proposals about it, in the log's order; one at least.
    indirect case proposed(Value?, [Proposal])

    /// What is current, without the proposals about it.
    public var current: Value? { if case .proposed(let value, _) = self { value } else { self } }
    /// The open proposals.
    public var proposals: [Proposal] { if case .proposed(_, let proposals) = self { proposals } else { [] } }

    /// What is current together with the open proposals; `nil` when there is neither.
    ///
    /// - Parameter current: Without proposals.
    public static func of(_ current: Value?, proposals: [Proposal]) -> Value? {
      proposals.isEmpty ? current : .proposed(current, proposals)
    }
  }

  /// An edit that waits for a decision.
  public struct Proposal: Hashable, Sendable {
    /// The revision's place in the log.
    public let name: RevisionName
    /// The content's SHA-256; `nil` proposes that the document goes.
    public let content: SHA256Hash?

    public init(name: RevisionName, content: SHA256Hash?) {
      self.name = name
      self.content = content
    }
  }

  /// The document's path.
  public let path: String
  /// What is current there.
  public let value: Value

  /// States what is current at a path.
  ///
  /// - Throws: `StateTreeError` for a path of more than 65,535 bytes or a conflict of more than 255 heads.
  public init(path: String, value: Value) throws(StateTreeError) {
    guard path.utf8.count <= Int(UInt16.max) else { throw .pathTooLong(path) }
    if case .conflict(_, let heads)? = value.current, heads.count > Int(UInt8.max) {
      throw .tooManyHeads(path)
    }
    guard value.proposals.count <= Int(UInt8.max) else { throw .tooManyProposals(path) }
    self.path = path
    self.value = value
  }

  /// Where the entry stands in its collection's tree: the SHA-256 of the path.
  public var key: SHA256Hash { Self.key(of: path) }

  /// The key of a path, whether or not there is an entry.
  public static func key(of path: String) -> SHA256Hash { SHA256Hash(hashing: Array(path.utf8)) }

  /// The hash of path and value.
  public var leafHash: SHA256Hash {
    var message: [UInt8] = [0x02]
    message += UInt16(truncatingIfNeeded: path.utf8.count).bigEndianBytes
    message += path.utf8
    message += value.bytes
    return SHA256Hash(hashing: message)
  }

}

/// Why an entry cannot stand in the state tree.
public enum StateTreeError: SheafFailure, Equatable {
  /// The path has more than 65,535 bytes.
  case pathTooLong(String)
  /// More than 255 heads conflict at the path.
  case tooManyHeads(String)
  /// More than 255 proposals are open at the path.
  case tooManyProposals(String)

  public var problem: String {
    switch self {
    case .pathTooLong(let path): "the path \(path.printable) is too long"
    case .tooManyHeads(let path): "more than 255 revisions conflict at \(path.printable)"
    case .tooManyProposals(let path): "more than 255 proposals are open at \(path.printable)"
    }
  }

  public var hint: String? {
    switch self {
    case .pathTooLong: "Give the document a shorter path."
    case .tooManyHeads: "Run `sheaf resolve` on the document first."
    case .tooManyProposals: "Decide on some with `sheaf accept` or `sheaf decline` first."
    }
  }
}
