import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Puts a new key in the place of this copy's own: at once on the publisher's copy, else with the next sync.
  ///
  /// The new key lies in the keys folder before anything names it, and the old one signs until the log has the
  /// change; stopped anywhere in between, opening the library or syncing goes on.
  ///
  /// - Throws: `LibraryError.isOpen`, `.draftState`, `AuthorityError`; the old key stays.
  public func rotate(reason: String) async throws -> DraftReport {
    let old = member.verifierKey.publicKey
    try await store.read { transaction in
      guard try transaction.isClosed() else { throw LibraryError.isOpen }
      try transaction.authority(of: old).checkAdmission()
      guard try transaction.drafts([.waiting, .deposited]).isEmpty else {
        throw LibraryError.draftState("drafts wait that the old key signed")
      }
    }
    let seed = environment.random(32)
    try await Blocking.run { [keys, environment] in
      try keys.setNext(seed: seed, environment: environment)
    }
    let new = try KeyFolder.memberKey(seed: seed).verifierKey.publicKey
    try environment.step(.nextKeyWritten)
    let report: DraftReport
    do {
      report = try await edit(purpose: "sheaf rotate", reason: reason) { desk in
        guard let before = try desk.transaction.member(of: old) else { throw LibraryError.noMember("here") }
        var gone = before
        gone.revoked = "replaced by \(MemberMark(publicKey: new))"
        var successor = before
        successor.key = new
        successor.replaces = before.mark
        for member in [gone, successor] {
          let bytes = member.bytes
          try desk.put(bytes, hash: SHA256Hash(hashing: bytes), at: try member.checkedPath())
        }
      }
    } catch {
      let isLogged = try? await store.read { try $0.member(of: new) != nil || !$0.drafts([.waiting]).isEmpty }
      if isLogged == false { try? await Blocking.run { [keys] in try keys.removeNext() } }
      throw error
    }
    try await followOwnMember()
    return report
  }

  /// Whether a new key waits for the log to have it; what the old one signs now would come too late.
  func checkNoRotationWaits(_ transaction: StoreTransaction) throws {
    guard let next = try keys.nextVerifier(), try transaction.member(of: next.publicKey) == nil,
      try transaction.drafts([.waiting, .deposited]).contains(where: {
        try transaction.lines(of: $0).contains {
          $0.path == Member.path(of: MemberMark(publicKey: next.publicKey))
        }
      })
    else { return }
    throw LibraryError.draftState("a new key waits until the publisher has taken it")
  }

  /// Makes sure that this copy can sign, so that nobody is asked for a passphrase later.
  ///
  /// - Throws: `KeyError`.
  public func unlock() async throws {
    _ = try await Blocking.run { [member] in try member.signer() }
  }

  /// Seals this copy's key with a passphrase, or keeps it without one.
  ///
  /// - Parameter new: Tells the new passphrase, not empty, once the old one has opened the key; `nil` for none.
  /// - Throws: `KeyError`, `LibraryError.draftState` while another key waits for the log; the key is as it was.
  public func setPassphrase(_ new: @escaping @Sendable () throws -> String?) async throws {
    try await store.read { try self.checkNoRotationWaits($0) }
    try await Blocking.run { [keys, environment, member] in
      let seed = try keys.memberSeed(passphrase: environment.passphrase)
      try keys.setMember(seed: seed, passphrase: try new(), environment: environment)
      try member.reload()
    }
  }
}
