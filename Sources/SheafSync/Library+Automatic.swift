import SheafMerge
import SheafModel
import SheafStore

extension Library {
  private static let mergesRead = 200

  /// The choices by which merges set somebody's edit aside without asking, newest first.
  ///
  /// Nothing of them is stored: merging is a pure function, so the merges of the log are made again,
  /// with the schemas of their time. Where contents are not held, the merge is listed and not told.
  ///
  /// - Parameters:
  ///   - count: The most to return.
  ///   - before: Only merges of change sets before this one.
  /// - Throws: `LibraryError.needsDepth` in a copy that holds no change sets.
  public func automaticChoices(newest count: Int, before: UInt64?) async throws -> [AutomaticChoice] {
    try await store.read { transaction in
      try MomentView(transaction).needHistory("list what was merged")
      var found: [AutomaticChoice] = []
      var place = before.map { RevisionName(changeSet: $0, line: 0) }
      while found.count < count {
        let merges = try transaction.merges(newest: Self.mergesRead, before: place)
        guard let last = merges.last else { break }
        for merge in merges where found.count < count {
          found += try Self.choices(of: merge, transaction).prefix(count - found.count)
        }
        place = last.name
      }
      return found
    }
  }

  private static func choices(
    of merged: StoredRevision, _ transaction: StoreTransaction
  ) throws -> [AutomaticChoice] {
    let parents = try transaction.parents(of: merged.id).map { try transaction.revision(row: $0) }
    let changeSet = try transaction.changeSet(merged.name.changeSet)
    var told = AutomaticChoice(
      revision: merged.name.description, path: merged.path.text, time: changeSet?.time.description ?? "",
      merged: parents.map(\.name.description),
      by: try parents.map {
        try transaction.changeSet($0.name.changeSet).map { try transaction.namedReason(of: $0).by } ?? ""
      }, isHeld: false
    )
    let heads = parents.map {
      StoredHead(revision: $0.id, content: $0.content, sizeInBytes: $0.sizeInBytes ?? 0)
    }
    var rules = ContentRules(of: transaction, at: merged.name.changeSet - 1)
    let base = try transaction.commonAncestorContent(heads, document: merged.document)
    let again: HeadMerge?
    do {
      again = try HeadMerge(
        heads, base: base, path: merged.path, policy: try rules.mergePolicy(for: merged.path.collection),
        transaction: transaction)
    } catch LibraryError.notHeld { again = nil }
    guard let again, let content = try again.settled(transaction) else { return [told] }
    func text(_ bytes: [UInt8]?) -> String? {
      bytes.map { again.mediaType.isText ? String(decoding: $0, as: UTF8.self) : "(\($0.count) bytes)" }
    }
    return content.setAside.map { choice in
      told.place = choice.place.words
      told.strategy = choice.strategy
      told.kept = text(choice.kept)
      told.other = text(choice.other)
      told.loser = told.merged.count == 2 ? told.merged[choice.loser == .ours ? 0 : 1] : nil
      told.isHeld = true
      return told
    }
  }
}
