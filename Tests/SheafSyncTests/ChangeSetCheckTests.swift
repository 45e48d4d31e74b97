import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// What an author or the log's own key may sign and must not, with everything else about it in order.
@Suite("Change sets and checkpoints that are wrong in one thing")
struct ChangeSetCheckTests {
  /// A true change set of two new documents, as a copy holds it, and who can sign it anew.
  private struct Scene {
    let library: LibraryID
    let author: SigningKey
    let name: String
    var fields: ChangeSetNote
    var stored: StoredChangeSet
    var revisions: [StoredRevision]

    init() async throws {
      let world = try await ReadingWorld()
      try await world.publish(["a/x.md": "one\n", "b/y.md": "two\n"])
      let (stored, revisions) = try await world.library.store.read {
        (try #require(try $0.changeSet(1)), try $0.revisions(inChangeSet: 1))
      }
      let note = try SignedNote(
        parsing: stored.note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures)
      library = world.library.id
      let seed = [UInt8](repeating: 5, count: 32)
      let key = try SigningKey(name: "x", seed: seed).verifierKey.publicKey
      name = ChangeSetNote.keyName(author: key)
      author = try SigningKey(name: name, seed: seed)
      fields = try ChangeSetNote(parsing: note.text).with(author: key)
      self.stored = stored
      self.revisions = revisions
      try sign()
    }

    /// Signs the fields as they are now.
    mutating func sign() throws {
      let note = try author.signedNote(text: fields.text)
      stored = StoredChangeSet(
        number: 1, leaf: MerkleHash.leaf(note.bytes), note: note.bytes, fields: fields, seed: stored.seed,
        reason: stored.reason, proof: [])
    }

    var problems: [String] {
      ChangeSetCheck(changeSet: stored, revisions: revisions, library: library).run().problems.map(\.problem)
    }
  }

  @Test("What is in order has no problem")
  func sound() async throws {
    let scene = try await Scene()
    #expect(scene.problems == [] && scene.revisions.count == 2)
  }

  @Test("A signature by another key than the author's")
  func signature() async throws {
    var scene = try await Scene()
    let other = try SigningKey(name: scene.name, seed: [UInt8](repeating: 6, count: 32))
    let line = try NoteSignature(
      name: scene.name, keyID: scene.author.verifierKey.keyID,
      signature: try other.sign(text: scene.fields.text).signature)
    let note = Array("\(scene.fields.text)\n\(line.line)".utf8)
    scene.stored = StoredChangeSet(
      number: 1, leaf: MerkleHash.leaf(note), note: note, fields: scene.fields, seed: scene.stored.seed,
      reason: scene.stored.reason, proof: [])
    #expect(scene.problems == ["its author's signature does not hold"])
  }

  @Test("A change set that was signed for another library")
  func library() async throws {
    var scene = try await Scene()
    let other = LibraryID(name: "Another", logKey: [1])
    scene.fields = scene.fields.with(library: other)
    try scene.sign()
    #expect(scene.problems == ["it belongs to another library, \(other)"])
  }

  @Test("A row that says other than what was signed")
  func row() async throws {
    let changes: [@Sendable (inout StoredChangeSet) -> Void] = [
      { $0.author = [UInt8](repeating: 1, count: 32) }, { $0.after = SHA256Hash(hashing: [1]) },
      { $0.seen += 1 }, { $0.lineCount += 1 },
    ]
    for change in changes {
      var scene = try await Scene()
      change(&scene.stored)
      #expect(scene.problems == ["its row says other than its note"])
    }
    var scene = try await Scene()
    scene.stored.time = Timestamp(seconds: 1)
    scene.stored.effectiveTime = scene.fields.time
    #expect(scene.problems == ["its row says other than its note"])
  }

  @Test("A content that is not the one that was committed to, beside the commitment itself")
  func content() async throws {
    var scene = try await Scene()
    let line = try scene.revisions[1].line(seed: scene.stored.seed)
    scene.revisions[1].commitment = line.content?.commitment.hash
    #expect(scene.problems == [])
    scene.revisions[1].content = SHA256Hash(hashing: [9])
    #expect(scene.problems == ["its content is not the one that was committed to"])
  }

  @Test("Lines that were signed out of the order of their paths, or one path twice")
  func order() async throws {
    for isTwice in [false, true] {
      var scene = try await Scene()
      if isTwice {
        scene.revisions[1].path = scene.revisions[0].path
      } else {
        let first = scene.revisions[0].path
        scene.revisions[0].path = scene.revisions[1].path
        scene.revisions[1].path = first
      }
      let root = MerkleHash.root(
        ofLeafHashes: try scene.revisions.map { MerkleHash.leaf(try $0.line(seed: scene.stored.seed).bytes) })
      scene.fields = scene.fields.with(linesRoot: root)
      try scene.sign()
      #expect(scene.problems == ["it is out of order"])
    }
  }

  @Test("A checkpoint that is filed under another size, or whose root the log does not have")
  func checkpoint() throws {
    let library = LibraryID(name: "Test", logKey: [1])
    let logKey = try SigningKey(name: library.text, seed: [UInt8](repeating: 3, count: 32))
    let root = SHA256Hash(hashing: [7])
    let checkpoint = try Checkpoint(origin: library.text, size: 3, root: root)
    let state = try StateNote(origin: library.text, size: 3, root: SHA256Hash(hashing: [8]))
    let note = try SignedCheckpoint(checkpoint, signedBy: logKey).note.bytes
    let stateNote = try logKey.signedNote(text: state.text).bytes
    func problems(size: UInt64, root: SHA256Hash?) -> [String] {
      CheckpointCheck(
        checkpoint: StoredCheckpoint(size: size, note: note, stateNote: stateNote), root: root,
        logKey: logKey.verifierKey, library: library
      ).run().problems.map(\.problem)
    }
    #expect(problems(size: 3, root: root) == [] && problems(size: 3, root: nil) == [])
    #expect(problems(size: 4, root: root) == ["it is filed under another size than 3"])
    #expect(
      problems(size: 3, root: SHA256Hash(hashing: [9])) == ["the log does not have the root that was signed"])
  }
}

extension ChangeSetNote {
  fileprivate func with(
    library: LibraryID? = nil, author: [UInt8]? = nil, linesRoot: SHA256Hash? = nil
  ) -> ChangeSetNote {
    ChangeSetNote(
      library: library ?? self.library, author: author ?? self.author, time: time, seen: seen, after: after,
      reason: reason, lineCount: lineCount, linesRoot: linesRoot ?? self.linesRoot)
  }
}
