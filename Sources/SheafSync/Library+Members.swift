import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Makes this copy's member the publisher of a library that has no members yet, and closes it.
  ///
  /// - Throws: `MemberError`, `LibraryError.isClosed`; the library is as it was.
  func found(as template: MemberTemplate) async throws {
    let member = try template.member(key: self.member.verifierKey.publicKey)
    let path = try member.checkedPath()
    _ = try await append(purpose: "sheaf (founding a library)") { sequencer in
      guard try !sequencer.transaction.isClosed() else { throw LibraryError.isClosed }
      return try sequencer.append(
        [
          Edit(
            verb: .put, path: path, base: .none, content: try sequencer.store(member.bytes), baseContent: nil)
        ], message: "Founded by \(template.name)")
    }
    try await refreshSearchIndex(activity: { _ in })
  }

  /// The members, by name.
  ///
  /// - Parameter all: Whether those that were revoked are listed too.
  public func members(all: Bool = true) async throws -> [MemberReport] {
    let own = memberMark
    return try await store.read { transaction in
      try transaction.members().filter { all || $0.revoked == nil }.map { member in
        let path = try Member.path(of: member.mark).flatMap { try transaction.existingDocumentRow($0) }
        let first = try path.flatMap { try transaction.revisions(of: $0).last }
        let since = try first.flatMap { try transaction.changeSet($0.name.changeSet)?.time }
        return MemberReport(
          name: member.name, role: member.role.rawValue, site: member.site, mark: member.mark.text,
          collections: member.collections?.map(\.text).sorted(), since: since?.description,
          lastChange: try transaction.newestChange(by: member.key)?.description,
          replaces: member.replaces?.text, revoked: member.revoked, isOwn: member.mark == own)
      }
    }
  }

  /// Takes a member's rights away: at once on the publisher's copy, else with the next sync.
  ///
  /// - Parameters:
  ///   - who: The member's name or mark.
  ///   - reason: Why, which everybody may read in the member's document.
  /// - Throws: `LibraryError.noMember`, `.severalMembers`, `.lastGovernor`, `.ownKey`, `AuthorityError`; the library is as it was.
  public func revoke(_ who: String, reason: String) async throws -> DraftReport {
    try await changeMember(who, purpose: "sheaf revoke", reason: reason) { member, own in
      guard member.key != own else { throw LibraryError.ownKey(member.name) }
      member.revoked = reason
    }
  }

  /// What is changed about a member; `nil` leaves it as it is.
  public struct MemberAlteration: Sendable, Hashable {
    public var name: String?
    public var role: MemberRole?
    /// An empty text takes the site away.
    public var site: String?
    /// The collections, or all of them.
    public var collections: Subscription?

    public init(
      name: String? = nil, role: MemberRole? = nil, site: String? = nil, collections: Subscription? = nil
    ) {
      self.name = name
      self.role = role
      self.site = site
      self.collections = collections
    }
  }

  /// Changes what a member is.
  ///
  /// - Throws: What `revoke` throws, and `LibraryError.nothingChanged`, `MemberError`; the library is as it was.
  public func alter(_ who: String, _ alteration: MemberAlteration, reason: String) async throws -> DraftReport
  {
    try await changeMember(who, purpose: "sheaf members set", reason: reason) { member, _ in
      if let name = alteration.name { member.name = name }
      if let role = alteration.role { member.role = role }
      if let site = alteration.site { member.site = site.isEmpty ? nil : site }
      switch alteration.collections {
      case .all?: member.collections = nil
      case .only(let names)?: member.collections = names
      case nil: break
      }
    }
  }

  private func changeMember(
    _ who: String, purpose: String, reason: String,
    _ change: @escaping @Sendable (inout Member, _ own: [UInt8]) throws -> Void
  ) async throws -> DraftReport {
    try await edit(purpose: purpose, reason: reason) { desk in
      let members = try desk.transaction.members()
      let before = try Self.find(who, among: members)
      var after = before
      try change(&after, desk.memberKey)
      guard after != before else { throw LibraryError.nothingChanged(before.name) }
      let governs = { (member: Member) in member.revoked == nil && member.role.governs }
      let publishes = { (member: Member) in member.revoked == nil && member.role == .publisher }
      for stillMay in [governs, publishes] where stillMay(before) && !stillMay(after) {
        guard members.contains(where: { $0.key != before.key && stillMay($0) }) else {
          throw LibraryError.lastGovernor(before.name)
        }
      }
      let bytes = after.bytes
      try desk.put(bytes, hash: SHA256Hash(hashing: bytes), at: try after.checkedPath())
    }
  }

  /// A member by name or by mark; those that were revoked only by mark.
  private static func find(_ who: String, among members: [Member]) throws -> Member {
    if let member = members.first(where: { $0.mark.text == who }) { return member }
    let found = members.filter { $0.revoked == nil && $0.name == who }
    guard let member = found.first else { throw LibraryError.noMember(who) }
    guard found.count == 1 else {
      throw LibraryError.severalMembers(who, marks: found.map(\.mark.text))
    }
    return member
  }
}
