import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Puts a new key in the place of this copy's own: at once on the publisher's copy, else with the next sync.
  ///
  /// The new key lies in the keys folder before anything names it, and the old one signs until the log has the
  /// change; stopped anywhere in between, opening the library or syncing goes on. One that lies there and that
  /// nothing names yet is taken, and none is ever thrown away here: whoever else is at it may have named it.
  ///
  /// - Throws: `LibraryError.isOpen`, `.draftState`, `AuthorityError`, `KeyError`; the old key stays.
  public func rotate(reason: String) async throws -> DraftReport {
    try await finishRotation()
    // Asked for before the store is locked, since a person may take a while to type.
    try await unlock()
    let old = member.verifierKey.publicKey
    let seed = environment.random(32)
    let report = try await edit(purpose: "sheaf rotate", reason: reason) { desk in
      guard try desk.transaction.isClosed() else { throw LibraryError.isOpen }
      try desk.transaction.authority(of: old).checkAdmission()
      guard try desk.transaction.drafts([.waiting, .deposited, .logged]).isEmpty else {
        throw LibraryError.draftState("drafts wait that the old key signed")
      }
      guard let before = try desk.transaction.member(of: old) else { throw LibraryError.noMember("here") }
      // The store is locked for every other process, so the file is made or found by this one alone.
      let new = try self.keys.nextKey(seed: seed, environment: self.environment).publicKey
      try self.environment.step(.nextKeyWritten)
      var gone = before
      gone.revoked = Member.replaced(by: MemberMark(publicKey: new))
      var successor = before
      successor.key = new
      successor.replaces = before.mark
      for member in [gone, successor] {
        let bytes = member.bytes
        try desk.put(bytes, hash: SHA256Hash(hashing: bytes), at: try member.checkedPath())
      }
    }
    try await followOwnMember()
    return report
  }

  /// Goes on with a rotation that the log has, where that was cut short.
  func finishRotation() async throws {
    guard try await Blocking.run({ [keys] in try keys.nextVerifier() }) != nil else { return }
    try await followOwnMember()
  }

  /// Whether a new key waits for the log to have it; what the old one signs now would come too late.
  func checkNoRotationWaits(_ transaction: StoreTransaction) throws {
    guard let next = try keys.nextVerifier(), try transaction.member(of: next.publicKey) == nil,
      // What the server took and this copy has not pulled yet is a rotation under way as well.
      try transaction.drafts([.waiting, .deposited, .logged]).contains(where: {
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
    let words = try await Blocking.run { [keys, environment] in
      _ = try keys.memberSeed(passphrase: environment.passphrase)
      return try new()
    }
    try await store.write(purpose: "sheaf passphrase") { transaction in
      try self.checkNoRotationWaits(transaction)
      let seed = try self.keys.memberSeed(passphrase: self.environment.passphrase)
      // A key that nothing names, left by a rotation that came to nothing, is sealed as this one was.
      try self.keys.removeNext()
      try self.keys.setMember(seed: seed, passphrase: words, environment: self.environment)
    }
    try member.reload()
  }
}
