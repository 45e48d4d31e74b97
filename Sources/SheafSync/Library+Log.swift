import SheafMerge
import SheafModel
import SheafStore

extension Library {
  private static let listedLines = 1_000
  private static let step = 256

  /// The newest change sets that a filter lets through, newest first.
  ///
  /// - Parameters:
  ///   - filter: An empty one shows all.
  ///   - count: The most to return.
  ///   - before: Only change sets before this number.
  /// - Throws: `LibraryError.needsDepth` in a copy that holds no change sets, or that does not hold the contents that
  ///   tell what changed in a field; `.noDocument` for one that was never there.
  public func log(
    _ filter: LogFilter = LogFilter(), newest count: Int, before: UInt64?
  ) async throws -> [LogEntry] {
    if filter.needsWords { try await refreshReasonSearch() }
    return try await store.read { transaction in
      let view = try MomentView(transaction)
      try view.needHistory("show the log")
      var found: [LogEntry] = []
      guard count > 0 else { return [] }
      let reader = try LogReader(filter, view)
      try reader.walk(before: before, step: min(count, Self.step)) { changeSet in
        found.append(try reader.entry(changeSet, lines: Self.listedLines))
        return found.count < count
      }
      return found
    }
  }

  /// Takes the reasons of change sets that came since the last time into their index.
  func refreshReasonSearch() async throws {
    guard
      try await store.read({ try $0.searchableReasons() < $0.position().size && $0.facts().depth >= .trail })
    else { return }
    while try await store.write(purpose: "sheaf (indexing)", { try $0.indexReasons() }) {}
  }
}

/// Walks the change sets that a filter lets through, newest first.
struct LogReader {
  private let filter: LogFilter
  private let view: MomentView
  private let times: TimesReader
  private var query = ChangeSetQuery()
  private let document: DocumentRow?

  init(_ filter: LogFilter, _ view: MomentView) throws {
    self.filter = filter
    self.view = view
    let transaction = view.transaction
    times = TimesReader(transaction)
    if filter.field != nil, view.facts.depth < .full {
      throw LibraryError.needsDepth(.full, what: "tell in which change sets a field changed")
    }
    document = try filter.document.map { path in
      guard view.facts.subscription.holds(path.collection) else {
        throw LibraryError.notSubscribed(path.text)
      }
      guard let row = try transaction.existingDocumentRow(path) else {
        throw LibraryError.noDocument(path.text)
      }
      return row
    }
    query.document = document
    query.collection = filter.collection
    query.verb = filter.verb
    query.since = filter.since
    query.until = filter.until
    query.reason = filter.reason.map { SearchWords($0) }
    guard filter.by != nil || filter.role != nil || filter.site != nil else { return }
    var named: [Int64] = []
    var unnamed: [Int64] = []
    for (row, key) in try transaction.authors() {
      let spells = try transaction.authorSpells(of: key).filter(isRightPlace)
      if spells.contains(where: { $0.name != nil && isRightName($0.name, key) }) { named.append(row) }
      if spells.contains(where: { $0.name == nil }) {
        if isMark(of: key) { named.append(row) } else { unnamed.append(row) }
      }
    }
    query.authors = named + unnamed
    if let by = filter.by { query.claimedName = (SearchWords(by), named) }
  }

  private func isRightPlace(_ spell: AuthorSpell) -> Bool {
    (filter.role == nil || spell.role?.rawValue == filter.role)
      && (filter.site == nil || spell.site == filter.site)
  }

  private func isMark(of key: [UInt8]) -> Bool { filter.by == MemberMark(publicKey: key).text }

  private func isRightName(_ name: String?, _ key: [UInt8]) -> Bool {
    guard let by = filter.by else { return true }
    if isMark(of: key) { return true }
    let held = Set(SearchWords.words(of: name ?? "").map(SearchWords.folded))
    return SearchWords.words(of: by).map(SearchWords.folded).allSatisfy(held.contains)
  }

  /// Gives out change sets until `body` has had enough.
  func walk(before: UInt64?, step: Int, _ body: (StoredChangeSet) throws -> Bool) throws {
    var before = before
    var step = step
    while true {
      let numbers = try view.transaction.changeSets(matching: query, before: before, count: step)
      for number in numbers {
        guard let changeSet = try view.transaction.changeSet(number) else {
          throw StoreError.damaged("change_set \(number)")
        }
        guard try isWanted(changeSet) else { continue }
        guard try body(changeSet) else { return }
      }
      guard let last = numbers.last, numbers.count == step else { return }
      before = last
      step = 256
    }
  }

  /// Whether a change set is wanted by what the query can't tell: who somebody was then, and what changed inside.
  private func isWanted(_ changeSet: StoredChangeSet) throws -> Bool {
    if filter.by != nil || filter.role != nil || filter.site != nil {
      let spell = try view.transaction.author(changeSet.author, of: changeSet.number)
      guard isRightPlace(spell), spell.name == nil || isRightName(spell.name, changeSet.author) else {
        return false
      }
    }
    guard let field = filter.field else { return true }
    for line in try view.transaction.revisions(inChangeSet: changeSet.number) {
      if let document, line.document != document { continue }
      if let collection = filter.collection, line.path.collection != collection { continue }
      if let verb = filter.verb, line.verb != verb { continue }
      if try changes(field, line) { return true }
    }
    return false
  }

  /// Whether a line changes a field, as far as anybody can tell: what a destroyed content said it may have changed.
  private func changes(_ field: JSONPointer, _ line: StoredRevision) throws -> Bool {
    func answer(_ revision: StoredRevision) throws -> String? {
      try view.transaction.content(of: revision).flatMap { bytes, type in
        DocumentQuestion.field(field).answer(bytes, type)
      }
    }
    guard !line.verb.isRemark else { return false }
    do {
      let now = try answer(line)
      let parents = try view.transaction.parents(of: line.id)
      return try parents.isEmpty
        ? now != nil : parents.contains { try answer(view.transaction.revision(row: $0)) != now }
    } catch LibraryError.redacted { return true }
  }

  /// A change set as the log lists it.
  func entry(_ changeSet: StoredChangeSet, lines: Int) throws -> LogEntry {
    let signed = try SignedChange(changeSet, in: view.transaction)
    var entry = LogEntry(
      number: changeSet.number, time: signed.time, by: signed.by, role: signed.role, site: signed.site,
      member: signed.member, author: signed.author, claimedTime: signed.claimedTime, source: signed.source,
      reason: signed.reason, lineCount: changeSet.lineCount,
      revisions: try view.transaction.revisions(inChangeSet: changeSet.number, count: lines).map {
        .init(
          revision: $0.name.description, verb: $0.verb.rawValue, path: $0.path.text,
          signs: $0.signs?.description)
      }, times: try times.times(of: changeSet))
    entry.ground = changeSet.readReason.ground
    return entry
  }
}
