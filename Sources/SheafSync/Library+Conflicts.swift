import SheafMerge
import SheafModel
import SheafStore

extension Library {
  /// Every document in conflict, the severest first: who made the sides, and where they first clash.
  ///
  /// Costs rows, no merges, however many there are.
  ///
  /// - Parameter merged: Also documents whose newest revision was merged without asking.
  public func conflictList(merged: Bool = false) async throws -> [ConflictSummary] {
    try await markConflicts()
    return try await store.read { transaction in
      var changeSets: [UInt64: (by: String, time: String)] = [:]
      func maker(_ name: RevisionName?) throws -> (by: String, time: String) {
        guard let number = name?.changeSet else { return ("", "") }
        if let known = changeSets[number] { return known }
        let changeSet = try transaction.changeSet(number)
        let found = (
          try changeSet.map { try transaction.namedReason(of: $0).by } ?? "",
          changeSet?.time.description ?? ""
        )
        changeSets[number] = found
        return found
      }
      var found = try transaction.markedConflicts().map { path, row, mark in
        let heads = try transaction.headNames(row)
        let makers = try heads.map { try maker($0.name) }
        return ConflictSummary(
          path: path.text, severity: (mark?.severity ?? .blocked).word, parts: mark?.parts ?? 1,
          place: mark?.place ?? "document", by: makers.map(\.by), deletions: heads.map(\.isDeletion),
          time: makers.map(\.time).max() ?? "")
      }
      guard merged, try transaction.facts().depth >= .trail else { return found }
      for revision in try transaction.mergedDocuments() {
        let parents = try transaction.parents(of: revision.id).map {
          try maker(try transaction.revision(row: $0).name)
        }
        found.append(
          ConflictSummary(
            path: revision.path.text, severity: "merged", parts: 0, place: "", by: parents.map(\.by),
            deletions: parents.map { _ in false }, time: parents.map(\.time).max() ?? ""))
      }
      return found
    }
  }

  /// Every document in conflict in full. Merges each of them: `conflictList` is for many.
  public func conflicts() async throws -> [ConflictReport] {
    try await store.read { transaction in
      var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
      return try transaction.conflictedDocuments().map { path, document in
        try Self.settlement(path, document, rules: &rules, transaction: transaction).report
      }
    }
  }

  /// One conflict in full, ready to be settled.
  ///
  /// - Parameter toSettle: Whether it is looked at to be settled, which an own edit that waits does not let happen.
  /// - Throws: `LibraryError.noConflict`, `.draftInTheWay`, or `.noDocument` for a path that was never used.
  public func conflict(of path: DocumentPath, toSettle: Bool = false) async throws -> ConflictSettlement {
    try await store.read { transaction in
      guard let document = try transaction.existingDocumentRow(path) else {
        throw LibraryError.noDocument(path.text)
      }
      let heads = try transaction.heads(document)
      guard heads.count > 1, heads.contains(where: { $0.content != nil }) else {
        throw LibraryError.noConflict(path.text)
      }
      if toSettle { try transaction.checkNoDraftInTheWay(of: path) }
      var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
      return try Self.settlement(path, document, rules: &rules, transaction: transaction)
    }
  }

  /// Looks at every conflict that nobody has looked at since its heads changed.
  ///
  /// In short transactions, so that nobody waits for it long.
  func markConflicts() async throws {
    while try await !store.read({ try $0.unmarkedConflicts(count: 1) }).isEmpty {
      try await store.write(purpose: "sheaf (looking at conflicts)") { transaction in
        var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
        for (path, document) in try transaction.unmarkedConflicts(count: 200) {
          let merge = try HeadMerge(document, path: path, rules: &rules, transaction: transaction)
          // One that would merge by now, because its schema changed, still waits for a person's word.
          let mark =
            merge == nil
            ? ConflictMark(severity: .blocked, parts: 1, place: "document")
            : merge?.mark ?? ConflictMark(severity: .look, parts: 0, place: "document")
          try transaction.setMark(mark, of: document)
        }
      }
    }
  }

  private static func settlement(
    _ path: DocumentPath, _ document: DocumentRow, rules: inout ContentRules, transaction: StoreTransaction
  ) throws -> ConflictSettlement {
    guard let merge = try HeadMerge(document, path: path, rules: &rules, transaction: transaction) else {
      throw LibraryError.notHeld(path.text)
    }
    let sides = try merge.heads.map { try side($0, transaction: transaction) }
    return ConflictSettlement(
      merge,
      report: ConflictReport(
        path: path.text, mediaType: merge.mediaType.essence, severity: (merge.mark?.severity ?? .look).word,
        sides: sides, parts: parts(of: merge)))
  }

  static func side(_ head: StoredHead, transaction: StoreTransaction) throws -> ConflictReport.Side {
    guard let row = head.revision else {
      return .init(revision: nil, by: "", time: "", reason: "", isDeletion: head.content == nil)
    }
    let revision = try transaction.revision(row: row)
    let changeSet = try transaction.changeSet(revision.name.changeSet)
    let reason = try changeSet.map { try transaction.namedReason(of: $0) } ?? Reason(by: "", message: "")
    return .init(
      revision: revision.name.description, by: reason.by, time: changeSet?.time.description ?? "",
      reason: reason.message, isDeletion: head.content == nil)
  }

  /// The clashing parts as people read them; a merge that would be clean by now clashes as a whole.
  private static func parts(of merge: HeadMerge) -> [ConflictReport.Part] {
    func text(_ bytes: [UInt8]?) -> String? {
      bytes.map {
        merge.mediaType.isText ? String(decoding: $0, as: UTF8.self) : "(\($0.count) bytes)"
      }
    }
    let parts = merge.outcome.parts
    guard !parts.isEmpty else {
      return [
        .init(
          number: 1, place: "document", reason: "the two sides would merge by the rules as they stand now",
          base: text(merge.base), ours: text(merge.ours), theirs: text(merge.theirs),
          proposed: text(merge.proposed), isProposed: true, canTakeBoth: false)
      ]
    }
    return parts.enumerated().map { index, part in
      .init(
        number: index + 1, place: part.place.words, reason: part.reason, base: text(part.base),
        ours: text(part.ours), theirs: text(part.theirs),
        proposed: part.isProposed ? text(part.content(.proposed)) : nil, isProposed: part.isProposed,
        canTakeBoth: part.canTakeBoth)
    }
  }
}

extension ConflictMark.Severity {
  /// The word in reports.
  var word: String { self == .look ? "look" : "blocked" }
}
