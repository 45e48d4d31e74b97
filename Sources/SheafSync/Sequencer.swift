import SheafLog
import SheafMerge
import SheafModel
import SheafStore

/// The publisher's one place where change sets enter the log.
///
/// Lives inside one transaction: appends a leaf, its lines and its state change
/// together, and where edits meet, appends the merge that follows from them. Nothing
/// it did counts before the transaction commits and `Library.signWhatIsUnsigned` has run.
struct Sequencer {
  let transaction: StoreTransaction
  private let composer: ChangeSetComposer
  private let memberName: String
  private let memberKey: [UInt8]
  private(set) var position: CompactRange
  /// Numbers of the change sets appended so far.
  private(set) var appended: [UInt64] = []

  init(transaction: StoreTransaction, library: Library) throws {
    self.transaction = transaction
    composer = library.composer
    memberName = try transaction.facts().member
    memberKey = library.member.verifierKey.publicKey
    position = try transaction.position()
  }

  /// The position that a change set made now has seen.
  var seen: ChangeSetNote.Position { .init(size: position.size, root: position.root) }

  /// Stores content and names it for an edit.
  ///
  /// - Parameter base: The content it was made from, where there is one.
  func store(_ bytes: [UInt8], base: SHA256Hash? = nil) throws -> Edit.Content {
    let hash = SHA256Hash(hashing: bytes)
    try transaction.storeBody(bytes, hash: hash, base: base)
    return Edit.Content(hash: hash, sizeInBytes: UInt64(bytes.count))
  }

  /// Makes a change set as this copy's member and appends it.
  ///
  /// - Returns: Its number.
  ///
  /// - Parameter seen: What the edits were made from; the newest when `nil`.
  mutating func append(
    _ edits: [Edit], message: String, claims: Reason.Claims = .init(), ground: String? = nil,
    seen: ChangeSetNote.Position? = nil
  ) throws -> UInt64 {
    let reason = Reason(by: memberName, message: message, claims: claims, ground: ground)
    // What this member proposed and is still open can be gone on from by whatever comes next.
    return try append(
      try composer.compose(
        edits, reason: reason, seen: seen ?? self.seen, after: try transaction.newestProposal(by: memberKey)))
  }

  /// Appends a signed change set whose content is stored, then the merge of what met.
  ///
  /// - Throws: `LineageError` or `AuthorityError` when a line can't stand here; the caller's savepoint undoes the rest.
  /// - Returns: Its number.
  mutating func append(_ changeSet: ComposedChangeSet) throws -> UInt64 {
    let (number, changed) = try appendAlone(changeSet)
    try forgetMarks(after: changeSet)
    try mergeWhatMet(in: changed)
    return number
  }

  private mutating func appendAlone(
    _ changeSet: ComposedChangeSet
  ) throws -> (number: UInt64, changed: Set<DocumentRow>) {
    let number = position.size + 1
    try checkSeen(changeSet.fields.seen)
    try transaction.insert(
      StoredChangeSet(
        number: number, leaf: changeSet.leaf, note: changeSet.note.bytes, fields: changeSet.fields,
        seed: changeSet.seed, reason: changeSet.reason, proof: []))
    var projected: [ProjectedLine] = []
    for (index, line) in changeSet.lines.enumerated() {
      let document = try transaction.documentRow(line.line.path)
      let name = RevisionName(changeSet: number, line: UInt32(index + 1))
      let row = try transaction.insertRevision(
        name, line: line.line, document: document, content: line.content, commitmentIsNeeded: false)
      projected.append(
        ProjectedLine(
          revision: row, document: document, path: line.line.path, verb: line.line.verb, base: line.line.base,
          content: line.content, sizeInBytes: line.line.content?.sizeInBytes ?? 0))
    }
    let context = try transaction.projected(
      number: number, author: changeSet.fields.author, seen: changeSet.fields.seen.size,
      after: changeSet.fields.after)
    try transaction.check(
      projected.map { .init($0) }, lineCount: changeSet.fields.lineCount, by: context.rule)
    // Projected after all are inserted: a move looks at the old path as it was seen, not as this change set leaves it.
    for line in projected {
      try transaction.project(line, of: context)
    }
    var nodes: [(MerkleNodeID, SHA256Hash)] = []
    position.append(leaf: changeSet.leaf) { nodes.append(($0, $1)) }
    for (id, hash) in nodes { try transaction.insert(node: id, hash: hash) }
    try transaction.setPosition(position)
    let changed = Set(projected.map(\.document))
    try transaction.updateState(changed: changed)
    try transaction.insertUnsigned(size: number, stateRoot: try transaction.stateRoot())
    appended.append(number)
    return (number, changed)
  }

  /// The position that an author claims to have seen must be one that this log had.
  private func checkSeen(_ seen: ChangeSetNote.Position) throws {
    guard seen.size <= position.size else { throw SequencerRefusal.unknownPosition(seen.size) }
    let root =
      seen.size == position.size
      ? position.root : try MerkleProof.root(size: seen.size, nodes: transaction.node)
    guard root == seen.root else { throw SequencerRefusal.unknownPosition(seen.size) }
  }

  /// Records the merge of every changed document that has several heads and merges cleanly.
  ///
  /// What does not merge keeps its heads: the conflict is part of the state.
  private mutating func mergeWhatMet(in documents: Set<DocumentRow>) throws {
    var meeting: [(DocumentPath, DocumentRow)] = []
    for document in documents where try transaction.heads(document).count > 1 {
      let path = try transaction.path(document)
      // Two changes of one member's rights are for a person to settle.
      guard !Member.isMemberPath(path) else { continue }
      meeting.append((path, document))
    }
    guard !meeting.isEmpty else { return }
    let transaction = transaction
    // Where this copy may not sign a merge, or can't, the conflict stands until somebody settles it: what was
    // handed over is right all the same.
    let rule = try transaction.authority(of: composer.member.verifierKey.publicKey)
    meeting = meeting.filter { (try? rule.check(.merge, $0.0, base: .head)) != nil }
    guard !meeting.isEmpty, composer.canSign else { return }
    var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
    var edits: [Edit] = []
    var notes: [String] = []
    for (path, document) in meeting.sorted(by: { $0.0 < $1.0 }) {
      guard let merged = try cleanMerge(of: document, path: path, rules: &rules) else { continue }
      edits.append(merged.edit)
      notes.append("\(path): \(merged.rule.rawValue)")
    }
    guard !edits.isEmpty else { return }
    let message = "Merged by itself.\n\n" + notes.joined(separator: "\n") + "\n"
    let reason = Reason(
      by: memberName, message: String(decoding: message.utf8.prefix(Limits.reason / 2), as: UTF8.self))
    let (_, changed) = try appendAlone(try composer.compose(edits, reason: reason, seen: seen, after: nil))
    // Three heads take two merges.
    try mergeWhatMet(in: changed)
  }

  private func cleanMerge(
    of document: DocumentRow, path: DocumentPath, rules: inout ContentRules
  ) throws -> (edit: Edit, rule: MergeRule)? {
    guard let met = try HeadMerge(document, path: path, rules: &rules, transaction: transaction) else {
      return nil
    }
    guard let merged = try met.settled(transaction), let bytes = merged.bytes, met.ours != nil,
      met.theirs != nil, let first = met.heads[0].revision, let second = met.heads[1].revision
    else {
      // What was found out is kept, so that nobody has to merge again to list it.
      if let mark = met.mark { try transaction.setMark(mark, of: document) }
      return nil
    }
    // Two edits that are right apart can be wrong together, also in settings and schemas.
    guard try rules.violations(of: path, content: bytes).isEmpty else { return nil }
    let names = try [first, second].map { try transaction.revision(row: $0).name }
    return (
      Edit(
        verb: .merge, path: path, base: .revisions(names),
        content: try store(bytes, base: met.heads[0].content), baseContent: nil),
      merged.rule
    )
  }

  /// New settings or schemas may make another thing of conflicts that were looked at.
  private func forgetMarks(after changeSet: ComposedChangeSet) throws {
    guard changeSet.lines.contains(where: { $0.line.path.collection.isAlwaysCarried }) else { return }
    try transaction.forgetMarks(in: nil)
  }
}

/// Why the sequencer can't take a draft, for its author to read.
enum SequencerRefusal: SheafFailure, Equatable {
  /// The author has seen a position that this log never had.
  case unknownPosition(UInt64)
  /// A contributor's draft uses a verb that only the sequencer may use.
  case reservedVerb(String)

  var problem: String {
    switch self {
    case .unknownPosition(let size): "its author has seen a checkpoint \(size) that this log never had"
    case .reservedVerb(let verb): "only the publisher's sequencer may record a \(verb)"
    }
  }
}

extension StoreTransaction {
  /// The bytes that everybody sees under a path, where they are held.
  func currentBytes(of path: DocumentPath) throws -> [UInt8]? {
    try currentContent(of: path).flatMap { try body($0) }
  }
}

extension MediaType {
  /// The media type by which two heads of one path merge: the first head's, unless the other's content says it is no text.
  static func ofMerge(path: DocumentPath, ours: [UInt8], theirs: [UInt8]) -> MediaType {
    let first = MediaType.of(path: path.text, content: ours)
    let second = MediaType.of(path: path.text, content: theirs)
    return first == second ? first : .octetStream
  }
}
