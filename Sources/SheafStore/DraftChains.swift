import SheafModel

/// Finds along chains of drafts the newest revision of a document, each change set read once.
///
/// A push of ten thousand drafts that build on each other would otherwise walk the chain
/// again for each of them. What is kept follows from the log alone; a change that is undone
/// must empty it.
final class DraftChains {
  /// What is known of the chain that ends with one change set, whose places are counted from its start as known.
  private struct Chain {
    let author: [UInt8]
    /// The newest revision of each document that was passed, and the place of its change set.
    var newest: [DocumentRow: (row: Int64, place: Int)] = [:]
    /// The place of the change set at the end.
    var end = 0
    /// The next change set to read, going back, and its place; `nil` at the chain's start.
    var next: SHA256Hash?
    var nextPlace = 0
  }

  private static let keptCount = 16
  // How far a chain is followed to meet one that is known.
  private static let searchedCount = 64
  private var chains: [(end: SHA256Hash, chain: Chain)] = []

  /// The revision of a document in the nearest change set of a chain; `nil` when none is about it.
  ///
  /// Looks through at most `Limits.pushedChangeSets` of them, whatever is known already, so
  /// that every copy comes to the same.
  ///
  /// - Parameters:
  ///   - after: The chain's newest change set.
  ///   - author: Who must have made all of it; a change set of anybody else ends the chain.
  func newestRevision(
    of document: DocumentRow, after: SHA256Hash?, author: [UInt8], in transaction: StoreTransaction
  ) throws -> Int64? {
    guard let after else { return nil }
    var chain = try takeChain(endingAt: after, author: author, in: transaction)
    while chain.newest[document] == nil, try read(&chain, in: transaction) {}
    chains.append((after, chain))
    if chains.count > Self.keptCount { chains.removeFirst() }
    return chain.newest[document].flatMap { chain.end - $0.place < Limits.pushedChangeSets ? $0.row : nil }
  }

  /// Forgets everything, because changes that it saw were undone.
  func removeAll() { chains.removeAll() }

  private func takeChain(
    endingAt end: SHA256Hash, author: [UInt8], in transaction: StoreTransaction
  ) throws -> Chain {
    var added: [UInt64] = []
    var leaf: SHA256Hash? = end
    while let wanted = leaf, added.count < Self.searchedCount {
      if let index = chains.firstIndex(where: { $0.end == wanted && $0.chain.author == author }) {
        var chain = chains.remove(at: index).chain
        for number in added.reversed() {
          chain.end += 1
          for (document, row) in try transaction.revisionRows(inChangeSet: number) {
            chain.newest[document] = (row, chain.end)
          }
        }
        return chain
      }
      guard let link = try transaction.changeSetLink(leaf: wanted), link.author == author else { break }
      added.append(link.number)
      leaf = link.after
    }
    return Chain(author: author, next: end)
  }

  /// Reads one change set more; `false` at the end.
  private func read(_ chain: inout Chain, in transaction: StoreTransaction) throws -> Bool {
    guard chain.end - chain.nextPlace < Limits.pushedChangeSets, let leaf = chain.next,
      let changeSet = try transaction.changeSetLink(leaf: leaf), changeSet.author == chain.author
    else { return false }
    for (document, row) in try transaction.revisionRows(inChangeSet: changeSet.number)
    where chain.newest[document] == nil {
      chain.newest[document] = (row, chain.nextPlace)
    }
    chain.next = changeSet.after
    chain.nextPlace -= 1
    return true
  }
}

extension StoreTransaction {
  /// What links a change set to its author's draft before it.
  func changeSetLink(leaf: SHA256Hash) throws -> (number: UInt64, author: [UInt8], after: SHA256Hash?)? {
    try changeSet(leaf: leaf).map { ($0.number, $0.author, $0.after) }
  }

  /// The documents of a change set with the rows of its revisions that somebody's edit can go on from.
  func revisionRows(inChangeSet number: UInt64) throws -> [(DocumentRow, Int64)] {
    let lines = RevisionRows.lines(of: number)
    return try rows(
      "SELECT document, id FROM revision WHERE id BETWEEN ? AND ? AND verb NOT IN (\(Self.remarks))",
      [lines.first, lines.last]
    ).map { (try $0[0], try $0[1]) }
  }

  /// The verbs that only say something about another revision, as a list of SQL.
  static let remarks = RevisionVerb.allCases.filter(\.isRemark).map { "'\($0.rawValue)'" }
    .joined(separator: ", ")
}
