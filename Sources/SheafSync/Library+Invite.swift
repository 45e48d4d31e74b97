import SheafLog
import SheafModel
import SheafStore

/// An invitation as it is shown, once, to whoever made it.
public struct Invitation: Hashable, Sendable, Codable {
  /// What the new member's device is given; nobody can show it again.
  public var code: String
  /// The name of the member to be.
  public var name: String
  public var role: String
  public var site: String?
  /// The collections of the member to be; `nil` for all.
  public var collections: [String]?
  /// When it ends, RFC 3339.
  public var expires: String
}

/// An invitation that still holds, as lists show it: its code is nowhere.
public struct OpenInvitation: Hashable, Sendable, Codable {
  /// What names it: eight hexadecimal digits.
  public var mark: String
  /// The name of the member to be.
  public var name: String
  public var role: String
  public var site: String?
  /// The collections of the member to be; `nil` for all.
  public var collections: [String]?
  /// When it ends, RFC 3339.
  public var expires: String

  init(_ invitation: StoredInvitation) {
    mark = Hexadecimal.encode(invitation.id)
    (name, role) = (invitation.template.name, invitation.template.role.rawValue)
    (site, expires) = (invitation.template.site, invitation.expires.description)
    collections = invitation.template.collections?.map(\.text).sorted()
  }
}

extension Library {
  /// The invitations that still hold on the publisher's copy, those that end first in front.
  public func invitations() async throws -> [OpenInvitation] {
    guard isPublisher else { throw LibraryError.onlyPublisher("list its invitations") }
    let now = environment.clock()
    return try await store.read { try $0.openInvitations(at: now).map(OpenInvitation.init) }
  }

  /// Takes an invitation back whose code was lost or went to the wrong person.
  ///
  /// - Parameter name: Its mark, or the name of the member to be where just one invitation has that.
  /// - Throws: `LibraryError.noInvitation`, `AuthorityError`; it holds as before.
  public func withdraw(invitation name: String) async throws -> OpenInvitation {
    guard isPublisher else { throw LibraryError.onlyPublisher("take an invitation back") }
    let now = environment.clock()
    return try await store.write(purpose: "sheaf invitations withdraw") { transaction in
      let open = try transaction.openInvitations(at: now)
      let found = open.filter { OpenInvitation($0).mark == name || $0.template.name == name }
      guard let invitation = found.first, found.count == 1 else { throw LibraryError.noInvitation(name) }
      let rule = try transaction.authority(of: self.member.verifierKey.publicKey)
      guard rule.role?.mayChangeMembers(of: invitation.template.role) ?? false else {
        throw AuthorityError(.mayNotChangeMembers, at: nil)
      }
      try transaction.withdraw(invitation: invitation.id)
      return OpenInvitation(invitation)
    }
  }

  private static let invitationsKept = 10_000
  private static let monthInSeconds: Int64 = 30 * 86_400

  /// Makes an invitation, with which one device becomes a member (`Schemas/enrolment.md`).
  ///
  /// - Parameter forStick: Whether the request travels on a stick, and the code therefore holds for 72 hours and not for
  ///   ten minutes.
  /// - Throws: `MemberError` for a name or site that breaks a rule, `LibraryError.onlyPublisher`, `.isOpen`; nothing was
  ///   kept then.
  public func invite(_ template: MemberTemplate, forStick: Bool) async throws -> Invitation {
    guard isPublisher else { throw LibraryError.onlyPublisher("invite a member") }
    // There is no key yet, so this copy's own stands for it, and no document to name.
    do { _ = try template.member(key: member.verifierKey.publicKey) } catch {
      throw MemberError(path: "the member to be", place: error.place, rule: error.rule)
    }
    let code = InvitationCode(
      library: id, id: environment.random(InvitationCode.idSizeInBytes),
      secret: environment.random(InvitationCode.secretSizeInBytes))
    let now = environment.clock()
    let invitation = StoredInvitation(
      id: code.id, key: try EnrolmentRequest.invitationKey(code, in: id).verifierKey.publicKey,
      template: template, expires: Timestamp(seconds: now.seconds + (forStick ? 72 * 3_600 : 600)))
    try await store.write(purpose: "sheaf invite") { transaction in
      guard try transaction.isClosed() else { throw LibraryError.isOpen }
      let rule = try transaction.authority(of: self.member.verifierKey.publicKey)
      guard rule.role?.mayChangeMembers(of: template.role) ?? false else {
        throw AuthorityError(.mayNotChangeMembers, at: nil)
      }
      try transaction.forgetInvitations(endedBefore: Timestamp(seconds: now.seconds - Self.monthInSeconds))
      guard try transaction.invitationCount() < Self.invitationsKept else {
        throw LibraryError.draftState(
          "there are \(Self.invitationsKept) invitations; wait until some have ended")
      }
      try transaction.insert(invitation)
    }
    return Invitation(
      code: code.text, name: template.name, role: template.role.rawValue, site: template.site,
      collections: template.collections?.map(\.text).sorted(), expires: invitation.expires.description)
  }

  /// Makes a device a member that was invited. Repeating it has no further effect.
  ///
  /// - Parameter note: A signed note (`Schemas/enrolment.md`).
  /// - Throws: `EnrolmentError`; nobody became a member.
  public func enrol(_ note: [UInt8]) async throws -> EnrolmentAnswer {
    guard isPublisher else { throw EnrolmentError.takesNobody }
    let signed: SignedNote
    do {
      signed = try SignedNote(
        parsing: note, maximumSize: EnrolmentRequest.sizeLimitInBytes,
        maximumSignatures: EnrolmentRequest.signatureLimit)
    } catch { throw EnrolmentError.malformed(rule: error.problem) }
    guard let request = EnrolmentRequest(parsing: signed.text) else {
      throw EnrolmentError.malformed(rule: "its lines are not those of an enrolment")
    }
    guard request.library == id else {
      throw EnrolmentError.malformed(rule: "it is for the library \(request.library)")
    }
    // What nobody invited does not wait for the lock.
    guard try await store.read({ try $0.invitation(request.invitation) }) != nil else {
      throw EnrolmentError.notInvited
    }
    let time = environment.clock()
    return try await append(purpose: "sheaf (enrolling a member)") { sequencer in
      try EnrolmentDesk(time: time).enrol(request, signed, &sequencer)
    }
  }
}

/// Judges a request to become a member, in the order of `Schemas/enrolment.md`.
private struct EnrolmentDesk {
  let time: Timestamp

  /// - Throws: `EnrolmentError`; nobody became a member.
  func enrol(
    _ request: EnrolmentRequest, _ note: SignedNote, _ sequencer: inout Sequencer
  ) throws -> EnrolmentAnswer {
    let transaction = sequencer.transaction
    guard let invitation = try transaction.invitation(request.invitation) else {
      throw EnrolmentError.notInvited
    }
    if invitation.usedBy == request.key, let changeSet = invitation.changeSet, request.isSignedByKey(note) {
      return answer(invitation, request.key, changeSet)
    }
    guard invitation.isOpen(at: time) else { throw EnrolmentError.notInvited }
    // A false try voids nothing: the code has 128 bits to guess, and else anybody could end another's invitation.
    guard request.isSigned(note, byInvitation: invitation.key) else { throw EnrolmentError.notInvited }
    guard request.isSignedByKey(note) else {
      throw EnrolmentError.malformed(rule: "the device's own key did not sign it")
    }
    guard request.isSignedByWitness(note) else {
      throw EnrolmentError.malformed(rule: "its key for cosignatures did not sign it")
    }
    guard try transaction.member(of: request.key) == nil else { throw EnrolmentError.isMember }
    if let witness = request.witness {
      // One key with two names would be one pair of eyes that counts as two.
      let isKnown = try transaction.members().contains { $0.revoked == nil && $0.witness == witness }
      guard !isKnown else {
        throw EnrolmentError.malformed(rule: "its key for cosignatures is a member's already")
      }
    }
    let member: Member
    do { member = try invitation.template.member(key: request.key, witness: request.witness) } catch {
      throw EnrolmentError.malformed(rule: error.problem)
    }
    let content = try sequencer.store(member.bytes)
    let number = try sequencer.append(
      [
        Edit(
          verb: .put, path: try member.checkedPath(), base: .none, content: content, baseContent: nil)
      ], message: "Enrolled by invitation \(Hexadecimal.encode(invitation.id))")
    try transaction.use(invitation.id, by: request.key, changeSet: number)
    return answer(invitation, request.key, number)
  }

  private func answer(_ invitation: StoredInvitation, _ key: [UInt8], _ changeSet: UInt64) -> EnrolmentAnswer
  {
    let template = invitation.template
    return EnrolmentAnswer(
      member: MemberMark(publicKey: key).text, name: template.name, role: template.role.rawValue,
      collections: template.collections?.map(\.text).sorted(), changeSet: changeSet)
  }
}
