import SheafMerge
import SheafModel
import SheafStore

/// The merge of a document's first two heads: what a conflict is about, and what everybody sees of it.
///
/// A pure function of the heads, their base and the collection's schema, so that every copy
/// of any depth comes to the same. Which head was published later is not among these: an edit of
/// the first head takes its place in front, and not every copy knows the names of heads.
struct HeadMerge {
  let heads: [StoredHead]
  let base: [UInt8]?
  let ours: [UInt8]?
  let theirs: [UInt8]?
  let mediaType: MediaType
  let outcome: MergeOutcome
  private let policy: MergePolicy
  /// Whether nothing is put together that nobody approved: what everybody sees is the first head itself.
  let isKeptApart: Bool

  /// Merges; `nil` when there are fewer than two heads or a content is not held.
  init?(
    _ document: DocumentRow, path: DocumentPath, rules: inout ContentRules, transaction: StoreTransaction
  ) throws {
    let heads = try transaction.heads(document)
    try self.init(
      heads, base: try transaction.conflictBase(document), path: path,
      policy: try rules.mergePolicy(for: path.collection),
      isKeptApart: try rules.requiresApproval(path.collection, in: transaction), transaction: transaction)
  }

  /// Merges two heads with a policy of the caller's.
  init?(
    _ heads: [StoredHead], base: SHA256Hash?, path: DocumentPath, policy: MergePolicy,
    isKeptApart: Bool = false, transaction: StoreTransaction
  ) throws {
    guard heads.count > 1 else { return nil }
    func bytes(_ hash: SHA256Hash?) throws -> [UInt8]? { try hash.flatMap { try transaction.body($0) } }
    self.heads = heads
    self.isKeptApart = isKeptApart
    self.base = try bytes(base)
    ours = try bytes(heads[0].content)
    theirs = try bytes(heads[1].content)
    // What is not held must not be taken for what was deleted.
    guard (self.base == nil) == (base == nil), (ours == nil) == (heads[0].content == nil),
      (theirs == nil) == (heads[1].content == nil)
    else { return nil }
    mediaType = .ofMerge(path: path, ours: ours ?? theirs ?? [], theirs: theirs ?? ours ?? [])
    self.policy = policy
    outcome = merge(
      MergeInput(base: self.base, ours: ours, theirs: theirs), mediaType: mediaType, policy: policy)
  }

  /// What the heads merge to without asking anybody; `nil` when somebody must be asked.
  ///
  /// Only here do places in the log and roles count, because only a copy that holds change sets knows the names of
  /// heads and their authors: it is what the sequencer records. While a document waits for a person, everybody sees
  /// `shown`, in which a field that takes the latest or has an owner clashes like any other.
  func settled(_ transaction: StoreTransaction) throws -> MergedContent? {
    guard !isKeptApart else { return nil }
    let plain: MergedContent? = if case .clean(let merged) = outcome { merged } else { nil }
    guard policy.schema != nil, heads.count > 1, let first = heads[0].revision, let second = heads[1].revision
    else { return plain }
    func side(_ revision: Int64) throws -> MergeSide {
      MergeSide(
        order: try transaction.revision(row: revision).name.changeSet,
        role: try transaction.role(ofRevision: revision))
    }
    let again = merge(
      MergeInput(
        base: base, ours: ours, theirs: theirs, oursSide: try side(first), theirsSide: try side(second)),
      mediaType: mediaType, policy: policy)
    if case .clean(let merged) = again { return merged }
    return plain
  }

  /// What everybody sees: all that merges, and of each part that does not the side published first.
  ///
  /// Where every edit waits for an approval, the side published first as it was approved. `nil` when that side
  /// deletes the document.
  var shown: [UInt8]? {
    if isKeptApart { return ours }
    return switch outcome {
    case .clean(let merged): merged.bytes
    case .proposed(_, let parts), .conflict(let parts): parts.content(takingOfAll: .ours)
    }
  }

  /// What the merge proposes as a whole; `nil` where it proposes nothing.
  var proposed: [UInt8]? {
    switch outcome {
    case .clean(let merged), .proposed(let merged, _): merged.bytes
    case .conflict: nil
    }
  }

  /// Whether the proposal lacks something of the second head, which a comparison with what is shown can't tell.
  var proposalSetsAside: Bool {
    switch outcome {
    case .clean(let merged): return merged.setAside.contains { $0.loser == .theirs }
    case .proposed(_, let parts):
      return parts.setAside.contains { $0.loser == .theirs }
        || parts.parts.contains { part in
          part.content(.proposed) == part.ours && part.theirs != part.ours && part.theirs != part.base
        }
    case .conflict: return false
    }
  }

  /// What lists tell of it; `nil` when it is clean.
  var mark: ConflictMark? {
    let parts = outcome.parts
    guard let first = parts.first else { return nil }
    var severity = ConflictMark.Severity.blocked
    if case .proposed = outcome { severity = .look }
    return ConflictMark(severity: severity, parts: parts.count, place: first.place.words)
  }
}

extension ConflictPart.Place {
  /// The place as people read it; lines are counted from one, in what was published first.
  var words: String {
    switch self {
    case .document: "document"
    case .field(let pointer): pointer.description
    case .item(let list, let key):
      "\(list) \(String(decoding: JSONWriter.bytes(key, .compact), as: UTF8.self))"
    case .lines(_, let ours, _): Self.words(ours)
    case .block(let kind, _, let ours, _): "\(kind.words), \(Self.words(ours))"
    }
  }

  // An empty range stands before its first line.
  private static func words(_ lines: Range<Int>) -> String {
    lines.count <= 1 ? "line \(lines.lowerBound + 1)" : "lines \(lines.lowerBound + 1)-\(lines.upperBound)"
  }
}

extension ConflictPart.BlockKind {
  fileprivate var words: String {
    switch self {
    case .heading: "heading"
    case .paragraph: "paragraph"
    case .listItem: "list item"
    case .tableRow: "table row"
    case .fence: "code block"
    }
  }
}

extension StoreTransaction {
  /// The role of whoever made a revision.
  ///
  /// A merge is made by nobody: it has the role that all it was made from have.
  ///
  /// - Returns: `nil` when they have several, or nobody can tell.
  func role(ofRevision row: Int64) throws -> String? {
    var found: String?
    var waiting = [row]
    // Merges of merges are rare; who is behind more of them than this is not worth a walk.
    var left = 64
    while let row = waiting.popLast() {
      left -= 1
      let revision = try revision(row: row)
      if revision.verb == .merge {
        waiting += try parents(of: row)
      } else {
        guard let author = try changeSet(revision.name.changeSet)?.author,
          let role = try role(of: author, in: revision.name.changeSet)?.rawValue,
          found == nil || found == role
        else { return nil }
        found = role
      }
      guard left > 0 || waiting.isEmpty else { return nil }
    }
    return found
  }

  /// What everybody sees of a document with several heads; `nil` when it has fewer, or the merge can't be made here.
  func shownOfConflict(
    _ document: DocumentRow, path: DocumentPath, rules: inout ContentRules
  ) throws -> [UInt8]? {
    try HeadMerge(document, path: path, rules: &rules, transaction: self)?.shown
  }
}
