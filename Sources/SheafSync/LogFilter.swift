import SheafModel

/// Which change sets a log shows; everything that is said must hold of one.
public struct LogFilter: Hashable, Sendable {
  /// Words of the name of whoever signed or, where it was imported, made it; or the 16 digits of a key's mark.
  public var by: String?
  /// The role of whoever signed, at that time.
  public var role: String?
  /// The place that whoever signed belonged to.
  public var site: String?
  /// With a line about a document of this collection.
  public var collection: CollectionName?
  /// With a line about this document.
  public var document: DocumentPath?
  /// In which a value of a record or of front matter changed.
  public var field: JSONPointer?
  /// With a line that does this.
  public var verb: RevisionVerb?
  /// Claimed to be of this time or a later one.
  public var since: Timestamp?
  /// Claimed to be of this time or an earlier one.
  public var until: Timestamp?
  /// Words that the reason holds.
  public var reason: String?

  public init() {}

  /// Whether the index of names and reasons is needed.
  var needsWords: Bool { by != nil || reason != nil }
}
