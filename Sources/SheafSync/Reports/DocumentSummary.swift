import SheafModel

/// One current document, as a list shows it.
public struct DocumentSummary: Hashable, Sendable, Codable {
  /// The document's path.
  public var path: String
  /// The current revision's name where the replica knows it.
  public var revision: String?
  /// The content's media type.
  public var mediaType: String
  /// The content's size in bytes.
  public var sizeInBytes: UInt64
  /// The document's title, when it has one.
  public var title: String?
  /// Whether it is in conflict.
  public var isConflicted: Bool
  /// Whether a draft of this replica changes it.
  public var hasDraft: Bool

  public init(
    path: String, revision: String?, mediaType: String, sizeInBytes: UInt64, title: String?,
    isConflicted: Bool,
    hasDraft: Bool
  ) {
    self.path = path
    self.revision = revision
    self.mediaType = mediaType
    self.sizeInBytes = sizeInBytes
    self.title = title
    self.isConflicted = isConflicted
    self.hasDraft = hasDraft
  }
}

/// One document's content, as `show` prints it.
public struct DocumentContent: Hashable, Sendable {
  public var path: DocumentPath
  /// The revision shown, where the replica knows its name; `draft` for a draft's content.
  public var revision: String?
  public var mediaType: MediaType
  public var bytes: [UInt8]
  /// Whether other heads stand beside this one.
  public var isConflicted: Bool

  public init(path: DocumentPath, revision: String?, mediaType: MediaType, bytes: [UInt8], isConflicted: Bool)
  {
    self.path = path
    self.revision = revision
    self.mediaType = mediaType
    self.bytes = bytes
    self.isConflicted = isConflicted
  }
}

/// One revision in a document's history.
public struct HistoryEntry: Hashable, Sendable, Codable {
  /// The revision's name, or `draft`.
  public var revision: String
  /// What it did: put, delete, move, merge, resolve, resolve-deleted, accept, accept-deleted, decline, sign-….
  public var verb: String
  /// The path it stands under (it differs before a move).
  public var path: String
  /// What it was made from.
  public var parents: [String]
  /// The author's claimed time, RFC 3339.
  public var time: String
  /// Who signed it: the name they go by, the role then where this copy can tell, and their key's mark.
  public var by: String
  public var role: String?
  public var member: String
  /// Who made it where it was imported from.
  public var author: String?
  /// When it was made where it was imported from.
  public var claimedTime: String?
  /// Where it was imported from.
  public var source: String?
  /// Why.
  public var reason: String
  /// The content's size in bytes; `nil` for a tombstone.
  public var sizeInBytes: UInt64?
  /// Whether this replica holds the content.
  public var isHeld: Bool
  /// The electronic signatures on it, in the log's order, those that were taken back included.
  public var signatures: [SignatureReport]
  /// The change set with which the content was destroyed.
  public var redacted: UInt64?
  /// On what ground it was, or of a `redact` is asked to be.
  public var ground: String?

  public init(
    revision: String, verb: String, path: String, parents: [String], time: String, by: String,
    role: String? = nil, member: String,
    author: String?, claimedTime: String?, source: String?, reason: String, sizeInBytes: UInt64?,
    isHeld: Bool,
    signatures: [SignatureReport] = []
  ) {
    self.signatures = signatures
    self.revision = revision
    self.verb = verb
    self.path = path
    self.parents = parents
    self.time = time
    self.by = by
    self.role = role
    self.member = member
    self.author = author
    self.claimedTime = claimedTime
    self.source = source
    self.reason = reason
    self.sizeInBytes = sizeInBytes
    self.isHeld = isHeld
  }
}
