/// What one author may do at one place of a library's log, and which of it waits for a decision.
///
/// One pure function for all: the sequencer asks it before it takes a change set, every replica that
/// follows the log asks it again, and so does whoever rebuilds what follows from the log.
/// `Schemas/members.md`, "What a change set may do"; `Schemas/revision-list.md`, "Proposals".
public struct AuthorityRule: Sendable {
  /// The public key of the author, 32 bytes.
  public let author: [UInt8]
  /// The author of change set 1; `nil` while the log is empty or where that is not held.
  public let founder: [UInt8]?
  /// Whether the log had a revision of a member before.
  public let isClosed: Bool
  /// The author's document as its first head stood before; one that was revoked included.
  public let member: Member?
  /// The settings as they stood before.
  public let settings: LibrarySettings

  public init(
    author: [UInt8], founder: [UInt8]?, isClosed: Bool = false, member: Member? = nil,
    settings: LibrarySettings = LibrarySettings()
  ) {
    self.author = author
    self.founder = founder
    self.isClosed = isClosed
    self.member = member
    self.settings = settings
  }

  /// The author's role; `nil` for who is no member, and while nobody can tell.
  public var role: MemberRole? {
    if isClosed { return member.flatMap { $0.revoked == nil ? $0.role : nil } }
    return founder.map { $0 == author ? .publisher : .contributor }
  }

  /// Whether nothing stands before: the first change set may do anything.
  public var isUnbound: Bool { !isClosed && founder == nil }

  // MARK: what waits

  /// Whether what the author does to a document becomes a proposal.
  public func holds(_ verb: RevisionVerb, at path: DocumentPath) -> Bool {
    // A change of members stands or is refused: who may do what must never wait unseen.
    !Member.isMemberPath(path) && holds(verb, in: path.collection)
  }

  private func holds(_ verb: RevisionVerb, in collection: CollectionName) -> Bool {
    guard let role, verb.edits else { return false }
    if requiresApproval(collection) { return true }
    if isClosed, collection.isAlwaysCarried { return !role.governs }
    return role.isReviewed && isReviewed(collection)
  }

  /// Whether the settings make edits in a collection wait for a decision.
  public func isReviewed(_ collection: CollectionName) -> Bool {
    if settings.collections[collection]?.requiresReview ?? false { return true }
    // Settings and schemas say what is reviewed: an edit of theirs must not be a way around it.
    return collection.isAlwaysCarried && settings.collections.values.contains { $0.requiresReview }
  }

  /// Whether everybody's edits in a collection wait until somebody else approves them.
  ///
  /// A library without members has only its founder to approve anything, and asks nobody to.
  public func requiresApproval(_ collection: CollectionName) -> Bool {
    isClosed && settings.collections[collection]?.requiresApproval ?? false
  }

  /// Whether a document may go on under another path without being torn apart by a review.
  ///
  /// A move is a line at each of the paths. Where one of the two waited and the other did not, turning it down
  /// would lose the document, or leave it standing twice.
  public func mayMove(from old: DocumentPath, to new: DocumentPath) -> Bool {
    holds(.delete, at: old) == holds(.move, at: new)
  }

  /// Whether the author may accept or decline a proposal.
  ///
  /// - Parameters:
  ///   - accepts: Whether it is to be taken, which is an approval where everybody's edits wait for one.
  ///   - proposer: The public key of who proposed it, the author's own when it is the same person's; `nil`
  ///     where this copy can't tell.
  public func mayDecide(
    _ accepts: Bool, in collection: CollectionName, proposedBy proposer: [UInt8]?
  ) -> Bool {
    guard let role, role.decides, role.governs || !collection.isAlwaysCarried else { return false }
    if accepts, requiresApproval(collection) { return maySign(.approved) && proposer != author }
    return role != .approver || proposer != author
  }

  /// Whether the author's signature may have a meaning.
  public func maySign(_ meaning: SignatureMeaning) -> Bool {
    role?.signatureMeanings.contains(meaning) ?? false
  }

  /// Whether the author may sign as approved what it wrote itself.
  public func mayApproveOwn(in collection: CollectionName) -> Bool {
    role != .approver && !requiresApproval(collection)
  }

  // MARK: what may stand

  /// Checks what can be told without content.
  ///
  /// Whether a decision is about an open proposal that the author may decide is for the projection to say.
  ///
  /// - Throws: `AuthorityError` when the line can't stand.
  public func check(_ verb: RevisionVerb, _ path: DocumentPath, base: RevisionBase) throws(AuthorityError) {
    guard !isUnbound else { return }
    let role = try admittedRole()
    var origin: DocumentPath?
    if case .headOf(let old) = base { origin = old }
    for place in [path, origin].compactMap({ $0 }) where isClosed && member?.reaches(place.collection) != true
    {
      throw AuthorityError(.outOfScope, at: place)
    }
    if Member.isMemberPath(path) || origin.map(Member.isMemberPath) ?? false {
      if verb.meaning == nil {
        guard verb == .put || verb == .resolve else {
          throw AuthorityError(.memberStays, at: path)
        }
        return
      }
    }
    switch verb {
    case .redact:
      // One person alone is all that an open library is sure of.
      guard isClosed else { throw AuthorityError(.noSecondPerson, at: path) }
      guard role.redacts else { throw AuthorityError(.mayNotRedact, at: path) }
      guard !path.tellsRights else { throw AuthorityError(.rightsStay, at: path) }
    case .put, .delete, .move, .resolve, .resolveDeleted:
      guard role.editsDocuments else { throw AuthorityError(.mayNotEdit, at: path) }
    case .accept, .acceptDeleted, .decline: break
    case .merge:
      guard role == .publisher else { throw AuthorityError(.mayNotMerge, at: path) }
      guard !requiresApproval(path.collection) else { throw AuthorityError(.mergeUnapproved, at: path) }
    case .signAuthored, .signReviewed, .signApproved, .signRejected:
      guard let meaning = verb.meaning, maySign(meaning) else {
        throw AuthorityError(.mayNotSign, at: path)
      }
    }
  }

  /// Checks that the author may hand over anything at all.
  ///
  /// - Throws: `AuthorityError` in a closed library for who is no member or was revoked.
  public func checkAdmission() throws(AuthorityError) {
    guard !isUnbound else { return }
    _ = try admittedRole()
  }

  private func admittedRole() throws(AuthorityError) -> MemberRole {
    guard let role else { throw AuthorityError(member == nil ? .notMember : .revoked, at: nil) }
    return role
  }

  /// A line that makes or changes a member.
  public struct MemberChange: Sendable {
    public var path: DocumentPath
    public var verb: RevisionVerb
    /// What stood there; `nil` for a new member.
    public var before: Member?
    public var after: Member

    public init(path: DocumentPath, verb: RevisionVerb, before: Member?, after: Member) {
      self.path = path
      self.verb = verb
      self.before = before
      self.after = after
    }
  }

  /// Checks what a change set makes of members.
  ///
  /// - Parameter lineCount: How many lines the change set has, those about other things included.
  /// - Throws: `AuthorityError` for the first of the changes that can't stand.
  public func check(_ changes: [MemberChange], lineCount: Int) throws(AuthorityError) {
    guard !isUnbound, let first = changes.first, !isRotation(changes, lineCount: lineCount) else { return }
    let role = try admittedRole()
    for change in changes {
      guard role.governs else { throw AuthorityError(.mayNotChangeMembers, at: change.path) }
      let roles = [change.after.role, change.before?.role].compactMap { $0 }
      guard roles.allSatisfy(role.mayChangeMembers) else {
        throw AuthorityError(.publishersOnly, at: change.path)
      }
      // Who is the same person as whom is told by rotations alone.
      guard change.after.replaces == change.before?.replaces else {
        throw AuthorityError(.replacesStays, at: change.path)
      }
    }
    let keepsAuthor = changes.contains {
      $0.after.key == author && $0.after.role == .publisher && $0.after.revoked == nil
    }
    guard isClosed || keepsAuthor else { throw AuthorityError(.shutsAuthorOut, at: first.path) }
  }

  /// Whether the author puts another key in the place of the own one, and does nothing else.
  private func isRotation(_ changes: [MemberChange], lineCount: Int) -> Bool {
    guard isClosed, let member, member.revoked == nil, lineCount == 2, changes.count == 2,
      changes.allSatisfy({ $0.verb == .put }), let old = changes.first(where: { $0.after.key == author }),
      let new = changes.first(where: { $0.after.key != author })
    else { return false }
    var expected = member
    expected.revoked = Member.replaced(by: new.after.mark)
    var successor = member
    successor.key = new.after.key
    successor.replaces = member.mark
    return old.after == expected && new.before == nil && new.after == successor
  }
}

extension RevisionVerb {
  /// Whether it is a person's edit of a document, which a review may hold.
  public var edits: Bool {
    switch self {
    case .put, .delete, .move, .resolve, .resolveDeleted: true
    case .merge, .accept, .acceptDeleted, .decline, .redact: false
    case .signAuthored, .signReviewed, .signApproved, .signRejected: false
    }
  }
}

extension DocumentPath {
  /// Whether what stood here tells what change sets might do: a copy that holds lines holds all its content,
  /// that of the past included.
  public var tellsRights: Bool { text == LibrarySettings.path || Member.isMemberPath(self) }
}

/// Why a change set may not stand in the log: its author has no right to it.
///
/// A publisher that is handed such a change set keeps it in quarantine; a reader that meets one in a log
/// refuses the log.
public struct AuthorityError: SheafFailure, Hashable {
  /// The rules, in words that an author can act on.
  public enum Rule: String, Sendable, Hashable {
    case notMember = "its author is not a member of the library"
    case revoked = "its author's key is not trusted any more"
    case outOfScope = "the collection is not one of its author's"
    case mayNotEdit = "its author's role changes no documents"
    case mayNotMerge = "only a publisher records a merge"
    case mergeUnapproved = "where every edit waits for an approval nothing is merged without one"
    case witnessTaken = "its key for cosignatures is another member's"
    case mayNotSign = "its author's role does not sign with that meaning"
    case mayNotRedact = "its author's role destroys no content"
    case noSecondPerson = "destroying content takes two members who may, and the library has no members"
    case rightsStay = "what says who may do what is never destroyed"
    case memberStays = "a member is changed or revoked, and never deleted, moved or merged"
    case mayNotChangeMembers = "its author's role changes no members"
    case publishersOnly = "only a publisher makes, changes or revokes a publisher"
    case replacesStays = "which key a member took the place of is said by its rotation, and stays"
    case shutsAuthorOut = "the first members of a library have its publisher among them"
  }

  /// The document; `nil` where the whole change set is meant.
  public let path: DocumentPath?
  public let rule: Rule

  public init(_ rule: Rule, at path: DocumentPath?) {
    self.rule = rule
    self.path = path
  }

  public var problem: String { path.map { "\($0): \(rule.rawValue)" } ?? rule.rawValue }
  public var unchanged: String { "the library is as it was" }
  public var hint: String? {
    switch rule {
    case .notMember: "Run `sheaf sync` first; if the key was never enrolled, ask for an invitation."
    case .revoked: "Ask an administrator for a new invitation; `sheaf drafts` still has your work."
    default: "`sheaf members --roles` tells what each role may do, and `sheaf members` who has which."
    }
  }
}
