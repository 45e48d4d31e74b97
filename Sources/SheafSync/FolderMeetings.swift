import SheafLog
import SheafMerge
import SheafModel
import SheafStore

/// Files of a folder that meet edits which others made since the folder was in step.
///
/// A folder doesn't say what it was made from. The newest revision that this copy's own
/// member made of a document is taken for that: whatever others did after it, a file that
/// does not show it must not silently undo. A member whose key was rotated is the same one.
struct FolderMeetings {
  private let transaction: StoreTransaction
  private let member: [UInt8]
  private let desk: EditDesk
  private var rules: ContentRules
  /// Whether an author's key is one of this member's.
  private var isOwn: [[UInt8]: Bool] = [:]
  private var clashing: [DocumentPath] = []
  /// What makes a clashing file no file of its kind.
  private var violations: [ContentRefusal.Violation] = []
  /// Files that hold nothing which is not in an older revision.
  private(set) var behind: [DocumentPath] = []
  /// Files that were merged with newer edits.
  private(set) var merged: [DocumentPath] = []

  init(desk: EditDesk) {
    let transaction = desk.transaction
    self.transaction = transaction
    self.desk = desk
    member = desk.memberKey
    rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
  }

  /// What is to be put for a changed file; `nil` when what is current stays.
  mutating func content(for path: DocumentPath, file: [UInt8], hash: SHA256Hash) throws -> [UInt8]? {
    guard let document = try transaction.existingDocumentRow(path), try !hasOwnEdit(path) else { return file }
    let newer = try revisionsOfOthers(document)
    guard !newer.others.isEmpty else { return file }
    // The very state that was edited since, or one before it.
    if newer.own?.content == hash || newer.others.dropFirst().contains(where: { $0.content == hash }) {
      behind.append(path)
      return nil
    }
    // A member who never made this document has it from an export, of what is current as far as anybody knows.
    guard let own = newer.own,
      // A folder that was exported from a conflict holds what was shown of it.
      let current = try transaction.shownOfConflict(document, path: path, rules: &rules)
        ?? transaction.currentBytes(of: path)
    else { return file }
    let base = try own.content.flatMap { try transaction.body($0) }
    let outcome = merge(
      MergeInput(
        base: base, ours: current, theirs: file, oursSide: MergeSide(order: 1), theirsSide: MergeSide()),
      mediaType: MediaType.ofMerge(path: path, ours: current, theirs: file),
      policy: try rules.mergePolicy(for: path.collection))
    guard case .clean(let result) = outcome, let bytes = result.bytes else {
      clashing.append(path)
      // Whoever wrote it wants to hear of a slip first: with it mended, it may well merge.
      violations += ContentCheck.violations(
        path: path.text, content: file, mediaType: MediaType.of(path: path.text, content: file), schema: nil
      ).map { .init(path: path.text, place: $0.place.description, rule: $0.rule) }
      return nil
    }
    if bytes == current {
      behind.append(path)
      return nil
    }
    if bytes != file { merged.append(path) }
    return bytes
  }

  /// Whether a changed asset is to be put; it is never merged, so it clashes where a text would be.
  mutating func takes(_ path: DocumentPath, asset hash: SHA256Hash) throws -> Bool {
    guard let document = try transaction.existingDocumentRow(path), try !hasOwnEdit(path) else { return true }
    let newer = try revisionsOfOthers(document)
    guard !newer.others.isEmpty else { return true }
    if newer.own?.content == hash || newer.others.dropFirst().contains(where: { $0.content == hash }) {
      behind.append(path)
      return false
    }
    guard newer.own != nil else { return true }
    clashing.append(path)
    return false
  }

  /// Refuses the whole folder when a file clashes with what others edited.
  ///
  /// - Throws: `FolderClash`; `ContentRefusal` where one of these files can't be read as what it is named.
  func check() throws {
    guard violations.isEmpty else { throw ContentRefusal(violations: violations) }
    guard clashing.isEmpty else { throw FolderClash(paths: clashing.map(\.text)) }
  }

  /// Whether this member's own edit of a document waits: a draft or an open proposal, which a folder goes on from.
  ///
  /// It is newer than anything that others have done as far as this copy knows.
  private func hasOwnEdit(_ path: DocumentPath) throws -> Bool {
    try desk.ownEdit(of: path) != nil
  }

  /// The document's newest revision by this member, and those that came after it, newest first.
  private mutating func revisionsOfOthers(
    _ document: DocumentRow
  ) throws -> (own: StoredRevision?, others: [StoredRevision]) {
    var others: [StoredRevision] = []
    for revision in try transaction.revisions(of: document) {
      // What is said about a revision makes no state of its own, and nobody is shown what somebody else proposed.
      if revision.verb.isRemark { continue }
      let isOwn = try isOwn(transaction.changeSet(revision.name.changeSet)?.author)
      switch revision.verb {
      // What was merged, accepted or settled is signed by whoever did that and still holds others' edits.
      case .merge, .accept, .acceptDeleted, .resolve, .resolveDeleted: break
      case .put, .delete, .move, .decline, .redact, .signAuthored, .signReviewed, .signApproved,
        .signRejected:
        if isOwn { return (revision, others) }
        if try transaction.wasHeld(revision.id) { continue }
      }
      others.append(revision)
    }
    return (nil, others)
  }

  private mutating func isOwn(_ author: [UInt8]?) throws -> Bool {
    guard let author else { return false }
    if let known = isOwn[author] { return known }
    let isOwn = try transaction.isSamePerson(member, as: author)
    self.isOwn[author] = isOwn
    return isOwn
  }
}

/// Files that clash with edits which others made since. Nothing was published.
public struct FolderClash: SheafFailure, Equatable {
  public let paths: [String]
  public var problem: String {
    let shown = paths.prefix(20).map { "\n  \($0)" }.joined()
    let rest = paths.count > 20 ? "\n  and \(paths.count - 20) more" : ""
    return "the folder was made before others edited the same places of these documents:\(shown)\(rest)"
  }
  public var unchanged: String { "nothing was changed" }
  public var hint: String? {
    "Bring the edits into the folder (`sheaf export` shows them), or decide for one file with `sheaf put`."
  }
}
