import SheafMerge
import SheafModel
import SheafStore

/// The revisions that a document's heads descend from, parents before children, across moves.
struct DocumentAncestry {
  let revisions: [StoredRevision]
  /// For each revision the indexes of its parents; in the place of one whose content was destroyed, the parents of
  /// that, so that what can be known is compared across it. Such a revision itself is nothing's parent or child.
  let nodes: [Attribution.Revision]
  /// For each revision the indexes of all its parents.
  private let parents: [[Int]]
  /// The revisions whose content was destroyed, by index.
  private let gone: Set<Int>
  private let view: MomentView

  /// Gathers them from what was a head at a moment.
  ///
  /// - Parameter onlyFirstHead: Of a conflict, only what everybody sees.
  /// - Throws: `LibraryError.needsDepth`, `.noDocument`, `.noMoment`, `.notSubscribed`.
  init(_ view: MomentView, of path: DocumentPath, at moment: Moment, onlyFirstHead: Bool, what: String) throws
  {
    guard view.facts.subscription.holds(path.collection) else { throw LibraryError.notSubscribed(path.text) }
    guard try view.facts.depth == .full || view.holdsPast(of: path) else {
      throw LibraryError.needsDepth(.full, what: what)
    }
    let transaction = view.transaction
    var start: [Int64] = []
    if case .revision(let name) = moment {
      guard let revision = try transaction.revision(name), try view.belongs(revision, to: path) else {
        throw LibraryError.noMoment("revision \(name) of \(path)")
      }
      start = [revision.id]
    } else if let document = try transaction.existingDocumentRow(path) {
      start = try transaction.heads(document, at: try view.size(at: moment) ?? view.position).compactMap(
        \.revision)
      if onlyFirstHead { start = Array(start.prefix(1)) }
    }
    guard !start.isEmpty else { throw LibraryError.noDocument(path.text) }
    var parents: [Int64: [Int64]] = [:]
    while let row = start.popLast() {
      guard parents[row] == nil else { continue }
      let above = try transaction.parents(of: row)
      parents[row] = above
      start += above
    }
    // Rows are numbered in the log's order.
    let rows = parents.keys.sorted()
    let places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
    let revisions = try rows.map { try transaction.revision(row: $0) }
    let all = rows.map { row in (parents[row] ?? []).compactMap { places[$0] } }
    let gone = Set(
      try revisions.indices.filter {
        try revisions[$0].verb.hasContent && revisions[$0].content == nil
          && transaction.redaction(of: revisions[$0].id) != nil
      })
    // What each one leads to: itself, or what stands before it.
    var known: [[Int]] = []
    for index in all.indices {
      var found: [Int] = []
      for parent in all[index] where parent < index {
        for place in gone.contains(parent) ? known[parent] : [parent] where !found.contains(place) {
          found.append(place)
        }
      }
      known.append(found)
    }
    nodes = known.indices.map { .init(parents: gone.contains($0) ? [] : known[$0]) }
    self.revisions = revisions
    self.parents = all
    self.gone = gone
    self.view = view
  }

  /// A revision's content; `nil` for a tombstone and for what was destroyed, no bytes for an asset.
  ///
  /// - Throws: `LibraryError.notHeld` for content that this copy should hold and does not.
  func content(_ index: Int) throws -> (bytes: [UInt8], mediaType: MediaType)? {
    try gone.contains(index) ? nil : view.transaction.content(of: revisions[index])
  }

  /// The revisions whose content was destroyed, newest first.
  var redacted: [Int] { gone.sorted(by: >) }

  /// Those of them that stand between a revision and what it is compared with, newest first: each of them may have
  /// written what seems to be the revision's own.
  func redacted(before index: Int) -> [Int] {
    var found: Set<Int> = []
    var waiting = parents[index]
    while let place = waiting.popLast() {
      if gone.contains(place), found.insert(place).inserted { waiting += parents[place] }
    }
    return found.sorted(by: >)
  }

  /// A redacted revision, told.
  ///
  /// - Throws: `StoreError.damaged` for one that is none.
  func redactedRevision(_ index: Int) throws -> RedactedRevision {
    guard let told = try RedactedRevision(revisions[index], view.transaction) else {
      throw StoreError.damaged("redaction of \(revisions[index].name)")
    }
    return told
  }

  /// Who made a revision, when and why.
  func change(_ index: Int) throws -> SignedChange {
    let number = revisions[index].name.changeSet
    guard let changeSet = try view.transaction.changeSet(number) else {
      throw StoreError.damaged("change_set \(number)")
    }
    return try SignedChange(changeSet, in: view.transaction)
  }
}

extension StoreTransaction {
  /// A revision's content as histories compare it; `nil` for a tombstone.
  ///
  /// An asset, which is never held whole, is told by its hash: another content is another one.
  func content(of revision: StoredRevision) throws -> (bytes: [UInt8], mediaType: MediaType)? {
    guard revision.verb.hasContent else { return nil }
    guard let hash = revision.content else {
      if let redaction = try redactionWords(of: revision.id) {
        throw LibraryError.redacted(
          "\(revision.path) at \(revision.name)", at: redaction.number, ground: redaction.ground)
      }
      throw LibraryError.notHeld("\(revision.path) at \(revision.name)")
    }
    if let bytes = try body(hash) {
      return (bytes, MediaType.of(path: revision.path.text, content: bytes))
    }
    guard try assetSize(hash) != nil || absentSize(hash) != nil else {
      throw LibraryError.notHeld("\(revision.path) at \(revision.name)")
    }
    return (hash.bytes, .octetStream)
  }
}
