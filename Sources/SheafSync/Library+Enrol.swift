import Foundation
import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Asks a remote to take this device for a member, with a code for that very library.
  ///
  /// - Returns: The key, and what the publisher made of it; `nil` where it comes by later.
  static func enrol(
    with code: InvitationCode, at remote: any Remote, besideCopy folder: URL, environment: LibraryEnvironment
  ) async throws -> (pending: PendingEnrolment, library: LibraryID, answer: EnrolmentAnswer?) {
    let note = try await remote.checkpoint()
    // Nothing of it is believed: the copy that is made later must prove to be of this library.
    guard let origin = (try? SignedCheckpoint(parsing: note))?.checkpoint.origin,
      let library = LibraryID(origin)
    else { throw RemoteError.notSheaf(address: remote.address, detail: "what it sends is no checkpoint") }
    guard code.fits(library) else { throw WrongInvitation(library: library) }
    let pending = try await Blocking.run {
      try PendingEnrolment(with: code, library: library, besideCopy: folder, environment: environment)
    }
    let key = pending.member
    let mark = MemberMark(publicKey: pending.member.verifierKey.publicKey)
    let answer = try await remote.enrol(pending.note, from: mark)
    // From here on the device asks as the member that it became.
    remote.introduce(library) { request, time in try RequestSignature(of: request, at: time, by: key) }
    return (pending, library, answer)
  }

  /// Leaves the request to become a member where the publisher finds it, while it has not been answered.
  ///
  /// - Throws: `RemoteError` only where the answer comes at once; on a stick what is new comes all the same.
  func askForMembership(at remote: any Remote) async throws {
    guard let note = try await Blocking.run({ [keys] in try keys.enrolment() }) else { return }
    do {
      _ = try await remote.enrol(note, from: memberMark)
    } catch let error as RemoteError where remote.answersLater {
      if case .unreachable = error { throw error }
    }
  }

  /// Whether this copy's request to become a member waits for its answer.
  func awaitsMembership() async throws -> Bool {
    try await Blocking.run { [keys] in try keys.enrolment() != nil }
  }

  /// Takes what the log says of this copy's own member: the name, the end of an enrolment, and the new key
  /// that a rotation has put in the place of the old one.
  func followOwnMember() async throws {
    try await Blocking.run { [member] in try member.reload() }
    let next = try await Blocking.run { [keys] in try keys.nextVerifier()?.publicKey }
    let key = member.verifierKey.publicKey
    let (own, successor, name) = try await store.read { transaction in
      (
        try transaction.member(of: key), try next.flatMap { try transaction.member(of: $0) },
        try transaction.facts().member
      )
    }
    if let successor, successor.revoked == nil {
      try await Blocking.run { [keys] in try keys.promoteNext() }
      try member.reload()
    }
    guard let current = successor ?? own else { return }
    try await Blocking.run { [keys] in try keys.removeEnrolment() }
    guard current.name != name else { return }
    try await store.write(purpose: "sheaf (taking the member's name)") { transaction in
      var facts = try transaction.facts()
      facts.member = current.name
      try transaction.setFacts(facts)
    }
  }
}
