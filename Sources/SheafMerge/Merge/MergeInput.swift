import SheafModel

/// How a collection's documents merge: by its schema, named by the schema's digest.
public struct MergePolicy: Hashable, Sendable {
  /// What a merged document must fit, and how each field merges.
  public var schema: JSONSchema?
  /// The digest of the schema's bytes, which is part of a merge's identity.
  public var schemaDigest: SHA256Hash?

  /// Makes a policy.
  public init(schema: JSONSchema? = nil, schemaDigest: SHA256Hash? = nil) {
    self.schema = schema
    self.schemaDigest = schemaDigest
  }
}

/// What is known of a side beside its content; only the strategies `latest` and `owner` look at it.
public struct MergeSide: Hashable, Sendable {
  /// The place in the log of the revision that the side is, or any number that orders the two sides alike;
  /// `nil` while it is a draft, which will be published later than all that is.
  public var order: UInt64?
  /// The role of its author, where it is known.
  public var role: String?

  /// Describes a side.
  public init(order: UInt64? = nil, role: String? = nil) {
    self.order = order
    self.role = role
  }

  /// Whether the side is published later than another; `nil` for two drafts, or one place in the log.
  func isLater(than other: MergeSide) -> Bool? {
    switch (order, other.order) {
    case (let own?, let other?): own == other ? nil : own > other
    case (nil, _?): true
    case (_?, nil): false
    case (nil, nil): nil
    }
  }
}

/// The three states that a merge looks at; `nil` where the document is absent or deleted.
public struct MergeInput: Hashable, Sendable {
  /// The common ancestor.
  public var base: [UInt8]?
  /// The local edit.
  public var ours: [UInt8]?
  /// The incoming edit.
  public var theirs: [UInt8]?
  /// Who made ours, and when in log order.
  public var oursSide: MergeSide
  /// Who made theirs, and when in log order.
  public var theirsSide: MergeSide

  /// Makes an input.
  public init(
    base: [UInt8]?, ours: [UInt8]?, theirs: [UInt8]?, oursSide: MergeSide = MergeSide(),
    theirsSide: MergeSide = MergeSide()
  ) {
    self.base = base
    self.ours = ours
    self.theirs = theirs
    self.oursSide = oursSide
    self.theirsSide = theirsSide
  }
}
