import SheafLog
import SheafModel
import SheafStore

@testable import SheafSync

extension Library {
  /// Lies in the log's last change set as somebody could who has every key: what follows from the lie is made anew
  /// and signed again, so that all else agrees.
  ///
  /// - Parameters:
  ///   - seen: What its author claims to have seen; the truth when `nil`.
  ///   - number: What it is filed under; its own number when `nil`.
  func forgeLast(seen: ChangeSetNote.Position? = nil, number: UInt64? = nil) async throws {
    let memberKey = try KeyFolder.memberKey(seed: try keys.memberSeed(passphrase: { nil }))
    let logKey = try keys.logKey(origin: id)
    let signed = try await store.write(purpose: "test") { transaction in
      let size = try transaction.position().size
      guard let last = try transaction.changeSet(size) else { throw StoreError.damaged("the log's end") }
      let told = try ChangeSetNote(
        parsing: try SignedNote(
          parsing: last.note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures
        ).text)
      let fields = ChangeSetNote(
        library: told.library, author: told.author, time: told.time, seen: seen ?? told.seen,
        after: told.after, reason: told.reason, lineCount: told.lineCount, linesRoot: told.linesRoot)
      let note = try memberKey.signedNote(text: fields.text).bytes
      let filed = number ?? size
      try transaction.tamper(
        """
        PRAGMA defer_foreign_keys = ON;
        DELETE FROM change_set WHERE number = \(size);
        UPDATE revision SET id = id + ((\(filed) - \(size)) << 17) WHERE change_set = \(size);
        DELETE FROM log_node; DELETE FROM checkpoint WHERE size = \(size); DELETE FROM cosignature
        """)
      try transaction.insert(
        StoredChangeSet(
          number: filed, leaf: MerkleHash.leaf(note), note: note, fields: fields, seed: last.seed,
          reason: last.reason, proof: last.proof))
      if number != nil { try transaction.rebuildProjections(log: true) { _ in } }

      var range = CompactRange()
      var nodes: [(MerkleNodeID, SHA256Hash)] = []
      for changeSet in try transaction.changeSets(from: 1, count: Int(size)) {
        range.append(leaf: changeSet.leaf) { nodes.append(($0, $1)) }
      }
      for (id, hash) in nodes { try transaction.insert(node: id, hash: hash) }
      try transaction.setPosition(range)
      let checkpoint = try Checkpoint(origin: self.id.text, size: size, root: range.root)
      let state = try StateNote(origin: self.id.text, size: size, root: try transaction.stateRoot())
      try transaction.insert(
        StoredCheckpoint(
          size: size, note: try logKey.signedNote(text: checkpoint.text).bytes,
          stateNote: try logKey.signedNote(text: state.text).bytes))
      return checkpoint
    }
    try records.write(SignerRecord(signed))
  }

  /// What `sheaf verify` finds, each with its place.
  func problems() async throws -> [String] {
    try await verify(rebuild: false, activity: { _ in }).problems.map { "\($0.place): \($0.problem)" }
  }
}
