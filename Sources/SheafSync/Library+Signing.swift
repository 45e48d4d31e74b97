import SheafLog
import SheafModel
import SheafStore

extension Library {
  var composer: ChangeSetComposer { ChangeSetComposer(library: id, member: member, environment: environment) }

  /// Appends to the log in one transaction, then signs: the way into every publisher's verb.
  ///
  /// - Throws: What `body` throws, with nothing appended.
  func append<Value: Sendable>(
    purpose: String, _ body: @escaping @Sendable (inout Sequencer) throws -> Value
  ) async throws -> Value {
    guard isPublisher else { throw LibraryError.onlyPublisher("append to the log") }
    try await signWhatIsUnsigned()
    // A server runs for months, and `sheaf rotate` in another process puts a new key in the place of its own.
    try await finishRotation()
    let value = try await store.write(purpose: purpose) { transaction in
      try self.member.reload()
      var sequencer = try Sequencer(transaction: transaction, library: self)
      let value = try body(&sequencer)
      if try transaction.eraseRedacted(elsewhere: self.destroyDropped) { try self.environment.step(.erasing) }
      return value
    }
    try environment.step(.appended)
    try await signWhatIsUnsigned()
    try await sweepDestroyed()
    return value
  }

  /// Signs the positions that are in the log and have no checkpoint yet, by the signer's rule.
  ///
  /// Entries are durable before; the signer's own file names the newest position before any
  /// signature exists. So a copy restored from an old backup finds a record that is ahead
  /// of it and refuses (`Schemas/checkpoint.md`).
  ///
  /// - Throws: `SignerRefusal`; nothing is signed then.
  func signWhatIsUnsigned() async throws {
    let waiting = try await store.read { try $0.unsigned().last?.size }
    // The record is compared even when nothing waits, so that a restored copy is found out at once.
    try await store.read { try self.checkSignerRecord($0) }
    guard waiting != nil else { return }
    try await store.write(purpose: "sheaf (signing)") { transaction in
      let unsigned = try transaction.unsigned()
      guard let last = unsigned.last else { return }
      let key = try self.keys.logKey(origin: self.id)
      try self.checkSignerRecord(transaction)
      let newest = try Checkpoint(
        origin: self.id.text, size: last.size,
        root: try MerkleProof.root(size: last.size, nodes: transaction.node))
      try self.records.write(SignerRecord(newest))
      try self.environment.step(.signerFileWritten)
      for (size, stateRoot) in unsigned {
        let checkpoint = try Checkpoint(
          origin: self.id.text, size: size, root: try MerkleProof.root(size: size, nodes: transaction.node))
        let state = try StateNote(origin: self.id.text, size: size, root: stateRoot)
        try transaction.insert(
          StoredCheckpoint(
            size: size, note: try key.signedNote(text: checkpoint.text).bytes,
            stateNote: try key.signedNote(text: state.text).bytes))
      }
      try self.cosign(newest, transaction)
      try transaction.removeUnsigned(upTo: last.size)
    }
    try environment.step(.signed)
  }

  /// The signer's rule, applied to the log as it is.
  ///
  /// - Throws: `SignerRefusal`, or `KeyError` for a record of another log.
  func checkSignerRecord(_ transaction: StoreTransaction) throws {
    // Read before the log is looked at: the records never run ahead of a log that is committed.
    let own = try records.own()
    let second = records.second()
    let position = try transaction.position()
    guard try own != nil || transaction.newestCheckpoint() == nil else { throw SignerRefusal.missingRecord }
    for record in [own, second] {
      try SignerRule.mayExtend(
        from: record, size: position.size, root: position.root,
        consistentRoot: { try MerkleProof.root(size: $0, nodes: transaction.node) })
    }
  }

  private static func shows(_ checkpoint: Checkpoint, in note: [UInt8]) -> Bool {
    guard let shown = try? SignedCheckpoint(parsing: note).checkpoint else { return false }
    return shown.size == checkpoint.size && shown.root == checkpoint.root
  }

  /// Takes a checkpoint to heart that the log's own key signed and this publisher's log does not have.
  ///
  /// Its key has signed it somewhere, so that this copy was restored from a backup, or has a double. The
  /// record names that checkpoint from now on, and the signer's rule lets nothing be signed before
  /// `recover`. One that the log has changes nothing.
  ///
  /// - Parameter checkpoint: Verified by the log's key.
  func heed(_ checkpoint: Checkpoint) async throws {
    // Nearly all that is met is known: that takes no lock.
    guard isPublisher, checkpoint.size > 0,
      try await store.read({ try self.root(at: checkpoint.size, $0) }) != checkpoint.root
    else { return }
    try await store.write(purpose: "sheaf (keeping what was signed)") { transaction in
      let root = try self.root(at: checkpoint.size, transaction)
      guard root != checkpoint.root else { return }
      // What was decided about before, by `recover`, still lies on sticks and stops nobody again.
      guard
        try root == nil
          || !transaction.splitViews().contains(where: { Self.shows(checkpoint, in: $0.theirs) })
      else { return }
      // Of all that is known and not in the log, the largest tells most.
      let records = try self.records.readable()
      let strange = try records.filter { try self.root(at: $0.size, transaction) != $0.root }
      guard strange.allSatisfy({ $0.size < checkpoint.size }) else {
        guard let largest = strange.max(by: { $0.size < $1.size }), records.contains(where: { $0 != largest })
        else {
          return
        }
        return try self.records.write(largest)
      }
      try self.records.write(SignerRecord(checkpoint))
    }
  }
}
