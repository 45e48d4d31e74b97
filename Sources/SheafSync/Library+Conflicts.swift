import SheafMerge
import SheafModel
import SheafStore

extension Library {
  /// Every document whose heads could not be merged, with the parts that clash.
  public func conflicts() async throws -> [ConflictReport] {
    try await store.read { transaction in
      var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
      return try transaction.conflictedDocuments().map { path, document in
        try Self.conflict(path, document, rules: &rules, transaction: transaction)
      }
    }
  }

  private static func conflict(
    _ path: DocumentPath, _ document: DocumentRow, rules: inout ContentRules, transaction: StoreTransaction
  ) throws -> ConflictReport {
    let heads = try transaction.heads(document)
    let contents = try heads.map { try $0.content.flatMap { try transaction.body($0) } }
    let base = try transaction.conflictBase(document).flatMap { try transaction.body($0) }
    let mediaType = MediaType.of(path: path.text, content: contents.compactMap { $0 }.first ?? [])
    let sides = try heads.map { head in try side(head, transaction: transaction) }
    let parts: [ConflictReport.Part]
    if heads.count >= 2 {
      let outcome = merge(
        MergeInput(base: base, ours: contents[0], theirs: contents[1]), mediaType: mediaType,
        policy: try rules.mergePolicy(for: path.collection))
      parts = Self.parts(
        outcome, base: base, ours: contents[0], theirs: contents[1], isText: mediaType.isText)
    } else {
      parts = []
    }
    return ConflictReport(path: path.text, mediaType: mediaType.essence, sides: sides, parts: parts)
  }

  private static func side(_ head: StoredHead, transaction: StoreTransaction) throws -> ConflictReport.Side {
    guard let row = head.revision else {
      return .init(revision: nil, by: "", time: "", reason: "", isDeletion: head.content == nil)
    }
    let revision = try transaction.revision(row: row)
    let changeSet = try transaction.changeSet(revision.name.changeSet)
    let reason = changeSet?.readReason ?? Reason(by: "", message: "")
    return .init(
      revision: revision.name.description, by: reason.by, time: changeSet?.time.description ?? "",
      reason: reason.message, isDeletion: head.content == nil)
  }

  /// The clashing parts as people read them; a merge that turned out clean or proposed clashes as a whole.
  private static func parts(
    _ outcome: MergeOutcome, base: [UInt8]?, ours: [UInt8]?, theirs: [UInt8]?, isText: Bool
  ) -> [ConflictReport.Part] {
    func text(_ bytes: [UInt8]?) -> String? {
      bytes.map { isText ? String(decoding: $0, as: UTF8.self) : "(\($0.count) bytes)" }
    }
    let parts = outcome.parts
    guard !parts.isEmpty else {
      return [.init(place: "document", base: text(base), ours: text(ours), theirs: text(theirs))]
    }
    return parts.map { part in
      .init(place: place(part.place), base: text(part.base), ours: text(part.ours), theirs: text(part.theirs))
    }
  }

  private static func place(_ place: ConflictPart.Place) -> String {
    switch place {
    case .document: return "document"
    case .field(let pointer): return pointer.description
    case .item(let list, let key): return "\(list) \(String(decoding: JSONWriter.bytes(key, .compact), as: UTF8.self))"
    case .lines(_, let ours, _), .block(_, _, let ours, _):
      // Counted from one for people; an empty range stands before its first line.
      return ours.count <= 1
        ? "line \(ours.lowerBound + 1)" : "lines \(ours.lowerBound + 1)-\(ours.upperBound)"
    }
  }
}
