import SheafLog
import SheafMerge
import SheafModel
import SheafStore

/// Where edits become a change set: in the log on the publisher's copy, a draft on a replica.
///
/// Lives inside one transaction and knows what an edit made here is made from.
struct EditDesk {
  let transaction: StoreTransaction
  private let library: Library
  private let facts: CopyFacts
  private(set) var edits: [Edit] = []
  var rules: ContentRules
  private var contents: [DocumentPath: SHA256Hash?] = [:]

  init(transaction: StoreTransaction, library: Library) throws {
    self.transaction = transaction
    self.library = library
    facts = try transaction.facts()
    rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
  }

  /// The public key of the member whose edits these are.
  var memberKey: [UInt8] { library.member.verifierKey.publicKey }

  /// What stands under a path for somebody who edits it here.
  struct Current {
    /// The content that an edit is made from, as it is stored; `nil` when there is none.
    var content: SHA256Hash?
    /// The hash of what is shown, which for a conflict is stored nowhere; `nil` when nothing is.
    var shown: SHA256Hash?
    /// What an edit would be made from.
    var base: RevisionBase
  }

  /// What an edit of a path is made from: this copy's newest draft, its own open proposal, or the log's first head.
  mutating func current(_ path: DocumentPath) throws -> Current {
    if let own = try ownEdit(of: path) {
      return Current(content: own.content, shown: own.content, base: .draft)
    }
    let heads = try transaction.heads(of: path)
    let isAlive = heads.contains { $0.content != nil }
    let shown = try shownOfConflict(path, heads: heads).map { SHA256Hash(hashing: $0) }
    return Current(
      content: heads.first?.content, shown: shown ?? heads.first?.content, base: isAlive ? .head : .none)
  }

  /// An edit of this member's that waits: a draft, or an open proposal.
  struct OwnEdit {
    /// `nil` for a deletion.
    var content: SHA256Hash?
  }

  /// The newest edit of a document by this member that waits, which a further one goes on from.
  func ownEdit(of path: DocumentPath) throws -> OwnEdit? {
    if facts.isPublisher {
      return try transaction.openProposal(of: path, by: memberKey).map { OwnEdit(content: $0.content) }
    }
    return try (transaction.newestDraftLine(of: path) ?? transaction.ownProposalLine(of: path)).map {
      OwnEdit(content: $0.content)
    }
  }

  /// What everybody sees of a document in conflict; `nil` when it is in none.
  mutating func shownOfConflict(of path: DocumentPath) throws -> [UInt8]? {
    try shownOfConflict(path, heads: try transaction.heads(of: path))
  }

  private mutating func shownOfConflict(_ path: DocumentPath, heads: [StoredHead]) throws -> [UInt8]? {
    guard heads.count > 1, let document = try transaction.existingDocumentRow(path) else { return nil }
    return try transaction.shownOfConflict(document, path: path, rules: &rules)
  }

  /// Everything that is current as this copy shows it.
  mutating func currentContents() throws -> [DocumentPath: SHA256Hash] {
    var all: [DocumentPath: SHA256Hash] = [:]
    var after: DocumentPath?
    while true {
      let some = try transaction.documents(in: nil, after: after, count: 1000)
      for document in some {
        all[document.path] = document.content
        guard document.headCount > 1, document.content != nil else { continue }
        let shown = try shownOfConflict(document.path, heads: try transaction.heads(of: document.path))
        if let shown { all[document.path] = SHA256Hash(hashing: shown) }
      }
      guard let last = some.last else { break }
      after = last.path
    }
    if facts.isPublisher {
      for (path, proposal) in try transaction.openProposals()
      where try transaction.changeSet(proposal.name.changeSet)?.author == memberKey {
        all[path] = proposal.content
      }
    } else {
      for path in try transaction.draftedPaths() {
        all[path] = try transaction.newestDraftLine(of: path)?.content
      }
      // What this copy's member proposed is what their next edit goes on from.
      for path in try transaction.proposedPaths() {
        guard try transaction.newestDraftLine(of: path) == nil,
          let line = try transaction.ownProposalLine(of: path)
        else { continue }
        all[path] = line.content
      }
    }
    return all
  }

  /// Puts content under a path.
  mutating func put(_ bytes: [UInt8], hash: SHA256Hash, at path: DocumentPath) throws {
    try checkSubscription(path)
    let current = try current(path)
    try transaction.storeBody(bytes, hash: hash, base: facts.depth == .heads ? nil : current.content)
    add(
      Edit(
        verb: .put, path: path, base: current.base,
        content: .init(hash: hash, sizeInBytes: UInt64(bytes.count)), baseContent: current.content))
  }

  /// Puts content of any size under a path.
  ///
  /// - Parameter read: Hands the content to what it is given, piece by piece.
  /// - Returns: What was put.
  mutating func put(
    at path: DocumentPath, read: (inout ContentIntake) throws -> Void
  ) throws -> (hash: SHA256Hash, sizeInBytes: UInt64) {
    try checkSubscription(path)
    let content = try current(path).content
    var intake = ContentIntake(transaction)
    try read(&intake)
    let stored = try intake.finish(base: facts.depth == .heads ? nil : content)
    try put(stored: stored, at: path)
    return stored
  }

  /// Puts content that is stored under a path.
  mutating func put(stored: (hash: SHA256Hash, sizeInBytes: UInt64), at path: DocumentPath) throws {
    try checkSubscription(path)
    let current = try current(path)
    add(
      Edit(
        verb: .put, path: path, base: current.base,
        content: .init(hash: stored.hash, sizeInBytes: stored.sizeInBytes), baseContent: current.content))
  }

  /// Takes a document away.
  mutating func remove(_ path: DocumentPath) throws {
    try checkSubscription(path)
    let current = try current(path)
    guard current.base != .none, current.content != nil || current.base == .head else {
      throw LibraryError.noDocument(path.text)
    }
    add(Edit(verb: .delete, path: path, base: current.base, content: nil, baseContent: current.content))
  }

  /// Continues a document under another path.
  ///
  /// - Throws: `LibraryError.moveAcrossReview`, `.noDocument`, `.notSubscribed`.
  mutating func move(from old: DocumentPath, to new: DocumentPath) throws {
    try checkSubscription(new)
    let rule = try transaction.authorityForAdvice(to: memberKey)
    guard rule.mayMove(from: old, to: new) else {
      throw LibraryError.moveAcrossReview(old.text, to: new.text)
    }
    let before = try current(old)
    guard var content = before.content else { throw LibraryError.noDocument(old.text) }
    // Of a conflict goes on what was shown, and its other side stays behind.
    if let shown = try shownOfConflict(old, heads: try transaction.heads(of: old)), before.base == .head {
      content = SHA256Hash(hashing: shown)
      try transaction.storeBody(shown, hash: content)
    }
    guard let size = try transaction.bodySize(content) ?? transaction.absentSize(content) else {
      throw LibraryError.noDocument(old.text)
    }
    let reference = Edit.Content(hash: content, sizeInBytes: size)
    // A document that a draft made has no place in the log yet to be moved from, and
    // a path that was in use before keeps its own history: both become a plain put.
    if case .head = before.base, case .none = try current(new).base {
      add(Edit(verb: .move, path: new, base: .headOf(old), content: reference, baseContent: content))
    } else {
      add(Edit(verb: .put, path: new, base: try current(new).base, content: reference, baseContent: nil))
    }
    try remove(old)
  }

  /// What merging makes of a conflict.
  ///
  /// - Throws: `LibraryError.noConflict`, `.notHeld`.
  mutating func merge(of path: DocumentPath) throws -> HeadMerge {
    let heads = try transaction.heads(of: path)
    guard heads.count > 1, heads.contains(where: { $0.content != nil }),
      let document = try transaction.existingDocumentRow(path)
    else { throw LibraryError.noConflict(path.text) }
    guard let merge = try HeadMerge(document, path: path, rules: &rules, transaction: transaction) else {
      throw LibraryError.notHeld(path.text)
    }
    return merge
  }

  /// Accepts or declines an open proposal.
  ///
  /// - Throws: `LibraryError.mayNotDecide`.
  mutating func decide(_ proposal: StoredProposal, at path: DocumentPath, accepts: Bool) throws {
    let proposer = try transaction.changeSet(proposal.name.changeSet)?.author
    let rule = try transaction.authority(of: memberKey)
    guard try transaction.mayDecide(accepts, in: path.collection, proposedBy: proposer, by: rule) else {
      throw LibraryError.mayNotDecide(path.text)
    }
    let verb: RevisionVerb = accepts ? (proposal.content == nil ? .acceptDeleted : .accept) : .decline
    add(
      Edit(
        verb: verb, path: path, base: .revisions([proposal.name]),
        content: accepts
          ? proposal.content.map { .init(hash: $0, sizeInBytes: proposal.sizeInBytes) } : nil,
        baseContent: nil))
  }

  /// Settles a conflict with content that is held.
  mutating func resolve(_ path: DocumentPath, withHeld hash: SHA256Hash, of heads: SettledHeads) throws {
    guard let size = try transaction.bodySize(hash) ?? transaction.absentSize(hash) else {
      throw LibraryError.notHeld(path.text)
    }
    let base = try base(settling: heads, of: path)
    add(
      Edit(
        verb: .resolve, path: path, base: base, content: .init(hash: hash, sizeInBytes: size),
        baseContent: try transaction.currentContent(of: path)))
  }

  /// Which heads a settlement puts something in the place of.
  enum SettledHeads {
    /// All that there are: the person wrote the content for them.
    case all
    /// Those that were merged and shown; where there are more, the others stand against what comes of it.
    case firstTwo
  }

  /// What the line of a settlement is made from.
  ///
  /// - Throws: `LibraryError.noConflict`, `.draftInTheWay`.
  private func base(settling settled: SettledHeads, of path: DocumentPath) throws -> RevisionBase {
    try checkSubscription(path)
    let count = try transaction.heads(of: path).count
    guard count > 1 else { throw LibraryError.noConflict(path.text) }
    try transaction.checkNoDraftInTheWay(of: path)
    return settled == .all || count == 2 ? .head : .firstTwo
  }

  /// Settles a conflict: the heads that the author has seen become one.
  mutating func resolve(_ path: DocumentPath, with bytes: [UInt8]?, of heads: SettledHeads) throws {
    let base = try base(settling: heads, of: path)
    let content = try transaction.currentContent(of: path)
    if let bytes {
      let hash = SHA256Hash(hashing: bytes)
      try transaction.storeBody(bytes, hash: hash)
      add(
        Edit(
          verb: .resolve, path: path, base: base,
          content: .init(hash: hash, sizeInBytes: UInt64(bytes.count)),
          baseContent: content))
    } else {
      add(Edit(verb: .resolveDeleted, path: path, base: base, content: nil, baseContent: content))
    }
  }

  /// Takes an edit as it is.
  mutating func add(_ edit: Edit) {
    edits.append(edit)
    contents[edit.path] = .some(edit.content?.hash)
  }

  func checkSubscription(_ path: DocumentPath) throws {
    guard facts.subscription.holds(path.collection) else { throw LibraryError.notSubscribed(path.text) }
  }

  /// Checks what was put against the rules of its collections, the edits' own schemas included.
  ///
  /// - Parameter others: Documents to look at though they did not change, because their schema may have.
  /// - Throws: `ContentRefusal` with every violation, `NameTooLongForDisks`, `PathCollision`, or `LibraryError.takenBack`.
  mutating func check(reason: String, others: [DocumentPath] = []) throws {
    let contents = contents
    let transaction = transaction
    try checkAuthority()
    for edit in edits where try isTakenBack(edit) { throw LibraryError.takenBack(edit.path.text) }
    func bytes(of path: DocumentPath) throws -> [UInt8]? {
      if let edited = contents[path] { return try edited.flatMap { try transaction.body($0) } }
      return try transaction.currentBytes(of: path)
    }
    /// What stood there before an edit, which a field that never changes is held to.
    func before(_ edit: Edit) throws -> [UInt8]? {
      if case .headOf(let old) = edit.base { return try transaction.currentBytes(of: old) }
      return try transaction.currentBytes(of: edit.path)
        // Of what only drafts hold so far, what the draft before holds.
        ?? edit.baseContent.flatMap { try transaction.body($0) }
    }
    let made = Dictionary(edits.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
    var rules = ContentRules(read: bytes)
    var violations: [ContentRefusal.Violation] = []
    let put = edits.filter { $0.content != nil }.map(\.path)
    let schemaCollections = Set(put.filter { $0.collection.isAlwaysCarried }.map(\.collection))
    let rest = schemaCollections.isEmpty ? [] : others.filter { contents[$0] == nil }
    for path in put + rest {
      let content = try contents[path] ?? transaction.currentContent(of: path)
      let old = try made[path].flatMap { try before($0) }
      guard violations.count < 1000, let content,
        let found = try rules.violations(of: path, content: content, replacing: old, in: transaction)
      else { continue }
      violations += found.map {
        .init(path: path.text, place: $0.place.description, rule: $0.rule)
      }
    }
    guard violations.isEmpty else { throw ContentRefusal(violations: violations) }
    if reason.allSatisfy(\.isWhitespace) {
      for edit in edits where rules.requiresReason(edit.path.collection) {
        throw ReasonMissing(collection: edit.path.collection.text)
      }
    }
    try checkNames(of: put)
  }

  /// Refuses at once what the publisher would refuse later.
  ///
  /// - Throws: `AuthorityError`, `MemberError`.
  private func checkAuthority() throws {
    try library.checkNoRotationWaits(transaction)
    let lines = edits.map {
      StoreTransaction.ClaimedLine(verb: $0.verb, path: $0.path, base: $0.base, content: $0.content?.hash)
    }
    try transaction.check(lines, lineCount: edits.count, by: try transaction.authority(of: memberKey))
  }

  private func checkNames(of added: [DocumentPath]) throws {
    var folded: [String: DocumentPath] = [:]
    for path in added.sorted() {
      if path.isTooLongForDisks, try transaction.currentContent(of: path) == nil {
        throw NameTooLongForDisks(path: path.text)
      }
      if let other = folded.updateValue(path, forKey: path.foldedForDisks) {
        throw PathCollision(first: other.text, second: path.text)
      }
      for other in try transaction.collisions(with: path) where contents[other] != .some(nil) {
        throw PathCollision(first: other.text, second: path.text)
      }
    }
  }

  /// Stores the edits as a draft; on the publisher's copy they go through the sequencer instead.
  ///
  /// - Parameter seen: The position that the edits were made at; `nil` for now.
  /// - Returns: The draft's leaf hash.
  func storeDraft(
    reason: String, ground: String? = nil, seen: ChangeSetNote.Position? = nil
  ) throws -> SHA256Hash {
    let size = edits.reduce(UInt64(0)) { $0 + ($1.content?.sizeInBytes ?? 0) }
    guard size <= UInt64(Limits.draftBytes) else { throw DraftTooLarge(sizeInBytes: size) }
    let position = try transaction.position()
    let previous = try transaction.drafts([.waiting, .deposited, .logged, .proposed]).last
    let composed = try library.composer.compose(
      edits, reason: Reason(by: facts.member, message: reason, ground: ground),
      seen: seen ?? .init(size: position.size, root: position.root), after: previous?.leaf)
    let lines = composed.lines.enumerated().map { index, line in
      StoredDraftLine(
        line: UInt32(index + 1), path: line.line.path, verb: line.line.verb, base: line.line.base,
        sizeInBytes: line.line.content?.sizeInBytes ?? 0, content: line.content, baseContent: line.baseContent
      )
    }
    try transaction.insertDraft(
      leaf: composed.leaf, note: composed.note.bytes, seed: composed.seed, reason: composed.reason,
      lines: lines)
    return composed.leaf
  }
}

/// Two paths that a disk which ignores case would hold as one file.
public struct PathCollision: SheafFailure, Equatable {
  public let first: String
  public let second: String
  public var problem: String { "\(first) and \(second) would be one file on a disk that ignores case" }
  public var unchanged: String { "nothing was published" }
  public var hint: String? { "Rename one of them." }
}

/// A draft that could not be handed over in one push.
public struct DraftTooLarge: SheafFailure, Equatable {
  public let sizeInBytes: UInt64
  public var problem: String {
    "the draft would hold \(sizeInBytes) bytes, and at most \(Limits.draftBytes) can be handed over at once"
  }
  public var unchanged: String { "nothing was recorded" }
  public var hint: String? { "Make several smaller drafts." }
}

/// A reason that the collection's settings require is missing.
public struct ReasonMissing: SheafFailure, Equatable {
  public let collection: String
  public var problem: String { "changes in \(collection) need a reason" }
  public var unchanged: String { "nothing was recorded" }
  public var hint: String? { "Give one with -m REASON." }
  public var kind: FailureKind { .usage }
}
