import Foundation
import GRDB
import SheafModel

extension StoreTransaction {
  /// The member with a key, one that was revoked included.
  ///
  /// - Parameters:
  ///   - key: A public key, 32 bytes.
  ///   - size: How long the log was; `nil` for as things stand.
  /// - Returns: What the first head of the member's document says, revoked when any head says so: a revocation must
  ///   not wait for somebody to settle a conflict. `nil` for no member.
  /// - Throws: `StoreError.damaged` when the document is known and its content is not held.
  public func member(of key: [UInt8], at size: UInt64? = nil) throws -> Member? {
    guard let path = Member.path(of: MemberMark(publicKey: key)) else { return nil }
    let member = try member(at: path, size: size)
    return member?.key == key ? member : nil
  }

  /// The member that stands under a path; by a rotation it has what the key before it had, and no more.
  public func member(at path: DocumentPath, size: UInt64? = nil) throws -> Member? {
    guard var member = try documentedMember(at: path, size: size) else { return nil }
    if member.revoked == nil { member.revoked = try inheritedRevocation(of: member, size: size) }
    return member
  }

  /// Why a member has no rights although its own document says nothing: what became of the keys before it.
  ///
  /// A draft that revokes or demotes a member may be under way while the member rotates. It stands beside the
  /// rotation then, in the document of the old key, and counts for the new one until a person settles it.
  private func inheritedRevocation(of member: Member, size: UInt64?) throws -> String? {
    var successor = member.mark
    var next = member.replaces
    for _ in 0..<Self.keysOfPersonLimit {
      guard let mark = next else { return nil }
      guard let path = Member.path(of: mark), let document = try existingDocumentRow(path) else {
        return "the key \(mark), which it took the place of, is no member's"
      }
      next = nil
      for head in try size.map({ try self.heads(document, at: $0) }) ?? self.heads(document) {
        guard let former = try head.content.flatMap({ try self.member(content: $0, at: path) }) else {
          return "the key \(mark), which it took the place of, is no member's"
        }
        let isHarmless =
          former.revoked == Member.replaced(by: successor)
          || former.revoked == nil && former.role == member.role && former.collections == member.collections
        guard isHarmless else {
          return former.revoked ?? "another change of \(mark) met the rotation that replaced its key"
        }
        next = next ?? former.replaces
      }
      successor = mark
    }
    return "its key was replaced more than \(Self.keysOfPersonLimit) times"
  }

  /// What the document under a path says of a member by itself.
  private func documentedMember(at path: DocumentPath, size: UInt64? = nil) throws -> Member? {
    guard let document = try existingDocumentRow(path) else { return nil }
    let heads = try size.map { try self.heads(document, at: $0) } ?? self.heads(document)
    guard let first = heads.first?.content, var member = try member(content: first, at: path) else {
      return nil
    }
    for other in heads.dropFirst() where member.revoked == nil {
      member.revoked = try other.content.flatMap { try self.member(content: $0, at: path)?.revoked }
    }
    return member
  }

  /// What content makes of a member; `nil` when it is no member's document.
  func member(content: SHA256Hash, at path: DocumentPath) throws -> Member? {
    try memberCache.member(content, at: path) {
      guard let size = try bodySize(content) else {
        throw StoreError.damaged("the content of \(path) is not held")
      }
      guard size <= UInt64(Member.sizeLimitInBytes), let bytes = try body(content) else { return nil }
      return try? Member(parsing: bytes, at: path)
    }
  }

  /// All members, by name and then by path, those that were revoked included.
  ///
  /// - Parameter size: How long the log was; `nil` for as things stand.
  public func members(at size: UInt64? = nil) throws -> [Member] {
    try memberPaths().compactMap { try member(at: $0, size: size) }
      .sorted { ($0.name, $0.mark.text) < ($1.name, $1.mark.text) }
  }

  /// The paths that members stand or stood under, in byte order.
  public func memberPaths() throws -> [DocumentPath] {
    // "0" follows "/".
    try rows(
      "SELECT path FROM document WHERE path > 'sheaf/members/' AND path < 'sheaf/members0' ORDER BY path"
    )
    .map { try $0[0] }
  }

  /// Whether the library had members.
  ///
  /// - Parameter number: Only change sets before this one count; `nil` for all.
  public func isClosed(before number: UInt64? = nil) throws -> Bool {
    guard let number else {
      // A server asks this with every request: one member is enough.
      return try integer(
        """
        SELECT 1 FROM document d WHERE d.path > 'sheaf/members/' AND d.path < 'sheaf/members0'
          AND (EXISTS (SELECT 1 FROM revision r WHERE r.document = d.id)
            OR EXISTS (SELECT 1 FROM head h WHERE h.document = d.id AND h.revision IS NULL)) LIMIT 1
        """) != nil
    }
    let closing = try memberCache.closing {
      let first = try integer(
        """
        SELECT min(r.change_set) FROM document d JOIN revision r ON r.document = d.id
        WHERE d.path > 'sheaf/members/' AND d.path < 'sheaf/members0'
        """)
      if let first { return UInt64(clamping: first) }
      // A copy without lines knows what is current, and not since when.
      let isKnown =
        try integer(
          """
          SELECT 1 FROM document d JOIN head h ON h.document = d.id
          WHERE d.path > 'sheaf/members/' AND d.path < 'sheaf/members0' AND h.revision IS NULL LIMIT 1
          """) != nil
      return isKnown ? 0 : nil
    }
    return closing.map { $0 < number } ?? false
  }

  /// What an author may do as things stand, or in the change set that comes next.
  ///
  /// - Parameters:
  ///   - author: A public key, 32 bytes.
  ///   - number: The change set's number; `nil` for one behind all that are held.
  /// - Throws: `StoreError.damaged` when settings or the member are known and their content is not held.
  public func authority(of author: [UInt8], before number: UInt64? = nil) throws -> AuthorityRule {
    let founder = try founderKey()
    let isClosed = try isClosed(before: number)
    let member = isClosed ? try member(of: author) : nil
    let plain = AuthorityRule(author: author, founder: founder, isClosed: isClosed, member: member)
    // The founder's own need no settings, and are nearly all of most logs without members.
    guard isClosed || plain.role?.isReviewed ?? false else { return plain }
    return AuthorityRule(
      author: author, founder: founder, isClosed: isClosed, member: member, settings: try currentSettings())
  }

  /// What an author may do as things stand, as well as this copy can tell: where nobody can, a reviewed
  /// contributor.
  ///
  /// - Parameter author: A public key, 32 bytes.
  public func authorityForAdvice(to author: [UInt8]) throws -> AuthorityRule {
    let rule = try authority(of: author)
    guard rule.role == nil, !rule.isClosed else { return rule }
    // Whoever did not found an open library contributes; only the founder's key is not known here.
    return AuthorityRule(
      author: author, founder: rule.founder ?? [], isClosed: false, settings: try currentSettings())
  }

  /// The author of change set 1; `nil` in a copy that does not hold it.
  public func founderKey() throws -> [UInt8]? {
    try blob("SELECT a.key FROM change_set c JOIN author a ON a.id = c.author WHERE c.number = 1")
  }

  /// The settings as they stand; the defaults where there are none or they can't be read.
  ///
  /// - Throws: `StoreError.damaged` when they are known and their content is not held.
  public func currentSettings() throws -> LibrarySettings {
    guard let document = try settingsDocument(),
      let content = try memberCache.current(of: document, { try heads(document).first?.content })
    else { return LibrarySettings() }
    return try settings(content: content)
  }

  /// The settings as they stood when the log was `size` change sets long.
  ///
  /// - Throws: `StoreError.damaged` when they are known and their content is not held.
  public func settings(at size: UInt64) throws -> LibrarySettings {
    guard let document = try settingsDocument(), let content = try firstContent(of: document, at: size)
    else { return LibrarySettings() }
    return try settings(content: content)
  }

  private func settingsDocument() throws -> DocumentRow? {
    try memberCache.settingsDocument {
      try (try? DocumentPath(LibrarySettings.path)).flatMap(existingDocumentRow)
    }
  }

  /// Whether everybody's edits in a collection waited for an approval when a change set came.
  public func requiredApproval(in collection: CollectionName, by number: UInt64) throws -> Bool {
    guard number > 1, try isClosed(before: number) else { return false }
    return try settings(at: number - 1).collections[collection]?.requiresApproval ?? false
  }

  private func settings(content: SHA256Hash) throws -> LibrarySettings {
    try memberCache.settings(content) {
      guard let bytes = try body(content) else {
        throw StoreError.damaged("the content of \(LibrarySettings.path) is not held")
      }
      return (try? LibrarySettings(parsing: bytes)) ?? LibrarySettings()
    }
  }

  /// What the right to a line depends on.
  public struct ClaimedLine: Sendable {
    public var verb: RevisionVerb
    public var path: DocumentPath
    public var base: RevisionBase
    public var content: SHA256Hash?

    public init(verb: RevisionVerb, path: DocumentPath, base: RevisionBase, content: SHA256Hash?) {
      self.verb = verb
      self.path = path
      self.base = base
      self.content = content
    }

    public init(_ line: ProjectedLine) {
      self.init(verb: line.verb, path: line.path, base: line.base, content: line.content)
    }
  }

  /// Checks that an author may do what the lines of a change set say, as things stood before it.
  ///
  /// - Parameters:
  ///   - lines: Those that this copy holds.
  ///   - lineCount: How many the change set has.
  /// - Throws: `AuthorityError`, or `MemberError` for a member's document that can't be read.
  public func check(_ lines: [ClaimedLine], lineCount: Int, by rule: AuthorityRule) throws {
    guard !rule.isUnbound else { return }
    try rule.checkAdmission()
    var changes: [AuthorityRule.MemberChange] = []
    for line in lines {
      try rule.check(line.verb, line.path, base: line.base)
      guard Member.isMemberPath(line.path), let content = line.content else { continue }
      guard let size = try bodySize(content) else {
        throw StoreError.damaged("the content of \(line.path) is not held")
      }
      guard size <= UInt64(Member.sizeLimitInBytes), let bytes = try body(content) else {
        throw MemberError(
          path: line.path.text, place: "", rule: "it is larger than \(Member.sizeLimitInBytes) bytes")
      }
      changes.append(
        .init(
          path: line.path, verb: line.verb, before: try member(at: line.path),
          after: try Member(parsing: bytes, at: line.path)))
    }
    try rule.check(changes, lineCount: lineCount)
    try checkWitnesses(changes)
  }

  /// One key for cosignatures with two names would be one pair of eyes that counts as two.
  private func checkWitnesses(_ changes: [AuthorityRule.MemberChange]) throws {
    // Who is trusted again has the key again that somebody else may have taken meanwhile.
    guard
      changes.contains(where: {
        $0.after.witness != nil && $0.after.revoked == nil
          && ($0.after.witness != $0.before?.witness || $0.before?.revoked != nil)
      })
    else { return }
    let changed = Set(changes.map(\.after.key))
    var held = try members().filter { $0.revoked == nil && !changed.contains($0.key) }
    for change in changes where change.after.revoked == nil {
      guard let witness = change.after.witness else { continue }
      // What was under way while its member rotated names the key that the member's next document has by now.
      let isTaken = try held.contains {
        try $0.witness == witness && !isSamePerson($0.key, as: change.after.key)
      }
      guard !isTaken else { throw AuthorityError(.witnessTaken, at: change.path) }
      held.append(change.after)
    }
  }

  /// The most keys of one person that are looked through, so that nobody's rotations cost others much.
  static let keysOfPersonLimit = 1_000

  /// Whether two keys are one person's: the same, or by rotations, however many, of one first key.
  ///
  /// Where four eyes are asked for, two keys of one person are two eyes (`Schemas/members.md`, "Persons").
  ///
  /// - Parameters:
  ///   - key: A member's public key as things stand.
  ///   - other: The public key that may be the same person's; `nil` is nobody's.
  /// - Returns: Also `true` for a person of more keys than are looked through: who can't be told apart counts once.
  public func isSamePerson(_ key: [UInt8], as other: [UInt8]?) throws -> Bool {
    guard let other else { return false }
    if key == other { return true }
    guard let first = try person(of: key), let second = try person(of: other) else { return true }
    return first == second
  }

  /// The person behind a key: the mark of the first key that this one took the place of, over all rotations.
  ///
  /// - Returns: `nil` for a person of more keys than are looked through, who can't be told apart from others.
  func person(of key: [UInt8]) throws -> MemberMark? { try keys(ofPerson: key).last }

  /// A key and those whose place it took, one after the other, back to the first.
  ///
  /// - Returns: None for a person of more keys than are looked through.
  func keys(ofPerson key: [UInt8]) throws -> [MemberMark] {
    var marks = [MemberMark(publicKey: key)]
    while let last = marks.last,
      let before = try Member.path(of: last).flatMap({ try documentedMember(at: $0) })?.replaces
    {
      guard marks.count < Self.keysOfPersonLimit else { return [] }
      marks.append(before)
    }
    return marks
  }

  /// Whether an author may accept or decline what somebody proposed, as things stand.
  ///
  /// - Parameters:
  ///   - accepts: Whether it is to be taken.
  ///   - proposer: The public key of who proposed it; `nil` where this copy can't tell.
  public func mayDecide(
    _ accepts: Bool, in collection: CollectionName, proposedBy proposer: [UInt8]?, by rule: AuthorityRule
  ) throws -> Bool {
    guard rule.mayDecide(accepts, in: collection, proposedBy: proposer) else { return false }
    // Only whose decisions about own proposals don't count has to be compared as a person.
    guard !rule.mayDecide(accepts, in: collection, proposedBy: rule.author) else { return true }
    return try !isSamePerson(rule.author, as: proposer)
  }

  /// When an author's newest change set was made, as it claims; `nil` for none.
  public func newestChange(by author: [UInt8]) throws -> Timestamp? {
    try value(
      "SELECT max(c.time) FROM change_set c JOIN author a ON a.id = c.author WHERE a.key = ?", [Data(author)]
    )
  }
}
