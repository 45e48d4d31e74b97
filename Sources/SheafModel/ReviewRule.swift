/// Who decides in a library, and whose edits wait for a decision.
///
/// One pure function for both ends: the sequencer asks it before it takes a change set, and
/// every replica that follows the log asks it again. Members with roles will be told here.
/// `Schemas/revision-list.md`, "Proposals".
public struct ReviewRule: Sendable {
  /// The author of change set 1; `nil` while the log is empty.
  public let publisher: [UInt8]?
  /// The settings as they stood before the change set in question.
  public let settings: LibrarySettings

  public init(publisher: [UInt8]?, settings: LibrarySettings) {
    self.publisher = publisher
    self.settings = settings
  }

  /// Whether an author may accept and decline proposals.
  ///
  /// - Parameter author: A public key, 32 bytes.
  public func mayDecide(_ author: [UInt8]) -> Bool { publisher == nil || publisher == author }

  /// The role that an author has, as `x-merge: owner(role)` names it: "publisher" or "contributor".
  ///
  /// - Parameter author: A public key, 32 bytes.
  /// - Returns: `nil` while nobody can tell, because the log is empty or its first change set is not held.
  public func role(of author: [UInt8]) -> String? {
    publisher.map { $0 == author ? "publisher" : "contributor" }
  }

  /// Whether what an author does in a collection is held as a proposal.
  public func holds(_ verb: RevisionVerb, in collection: CollectionName, by author: [UInt8]) -> Bool {
    guard !mayDecide(author) else { return false }
    switch verb {
    case .put, .delete, .move, .resolve, .resolveDeleted: return isReviewed(collection)
    case .merge, .accept, .acceptDeleted, .decline: return false
    }
  }

  /// Whether edits by others than the publisher wait for a decision in a collection.
  public func isReviewed(_ collection: CollectionName) -> Bool {
    if settings.collections[collection]?.requiresReview ?? false { return true }
    // Settings and schemas say what is reviewed: an edit of theirs must not be a way around it.
    return collection.isAlwaysCarried && settings.collections.values.contains { $0.requiresReview }
  }

  /// Whether an author may move a document from one collection to another.
  ///
  /// A move is a line in each of them. Where one of the two waited and the other did not, turning it down
  /// would lose the document, or leave it standing twice.
  public func mayMove(from old: CollectionName, to new: CollectionName, by author: [UInt8]) -> Bool {
    holds(.delete, in: old, by: author) == holds(.move, in: new, by: author)
  }
}
