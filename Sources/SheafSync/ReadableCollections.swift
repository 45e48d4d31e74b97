import SheafModel
import SheafStore

/// The collections whose content somebody may know: what an edit of theirs may be made from, or name by its hash.
enum ReadableCollections: Hashable, Sendable {
  case everything
  /// These, and those that go with all of them.
  case only(Set<CollectionName>)

  /// Whether a collection is one of them.
  func hold(_ collection: CollectionName) -> Bool {
    switch self {
    case .everything: true
    case .only(let names): collection.isAlwaysCarried || names.contains(collection)
    }
  }

  /// Their names; `nil` for everything.
  var names: Set<CollectionName>? {
    switch self {
    case .everything: nil
    case .only(let names): names
    }
  }
}

extension StoreTransaction {
  /// What a member may read as things stand, or could when it made what it hands over now.
  ///
  /// - Parameter size: The size of the log that the member's copy had.
  /// - Returns: Nothing but what goes with everything for who is no member, where members alone read.
  func readable(by mark: MemberMark, at size: UInt64) throws -> ReadableCollections {
    guard try isClosed(), try !currentSettings().isPublic else { return .everything }
    guard let path = Member.path(of: mark) else { return .only([]) }
    var names: Set<CollectionName> = []
    for member in [try member(at: path), try member(at: path, size: size)].compactMap({ $0 }) {
      guard let some = member.collections else { return .everything }
      names.formUnion(some)
    }
    return .only(names)
  }
}
