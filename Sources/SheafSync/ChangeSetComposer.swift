import SheafLog
import SheafModel
import SheafStore

/// What one change set does to one document, before it is committed to and signed.
struct Edit: Sendable, Hashable {
  var verb: RevisionVerb
  var path: DocumentPath
  var base: RevisionBase
  /// `nil` for a tombstone.
  var content: Content?
  /// What the edit was made from, where an author keeps it for later.
  var baseContent: SHA256Hash?

  struct Content: Sendable, Hashable {
    var hash: SHA256Hash
    var sizeInBytes: UInt64
  }
}

/// A change set with its note signed: a leaf of the log to be.
struct ComposedChangeSet: Sendable {
  var note: SignedNote
  var fields: ChangeSetNote
  var leaf: SHA256Hash
  var seed: Seed
  var reason: [UInt8]
  /// In the order of the revision list.
  var lines: [Line]

  struct Line: Sendable {
    var line: RevisionLine
    var content: SHA256Hash?
    var baseContent: SHA256Hash?
  }
}

/// Puts change sets together and signs them as this copy's member.
struct ChangeSetComposer: Sendable {
  let library: LibraryID
  let member: MemberKey
  let environment: LibraryEnvironment

  /// Whether the key can be used now; a sealed one may need a passphrase that nobody is there to say.
  var canSign: Bool { (try? member.signer()) != nil }

  /// Composes a change set.
  ///
  /// - Parameters:
  ///   - edits: In any order; no two may share a path.
  ///   - after: The author's previous draft that is not in the log yet.
  ///   - time: When it was made; now when `nil`.
  /// - Throws: `KeyError` when the key can't be used, `RevisionListError` when two edits share a path or there
  ///   are too many, `ReasonError` for a
  ///   reason that is too long. Nothing is stored by composing.
  func compose(
    _ edits: [Edit], reason: Reason, seen: ChangeSetNote.Position, after: SHA256Hash?, time: Timestamp? = nil
  ) throws -> ComposedChangeSet {
    let seed = environment.seed()
    let sorted = edits.sorted { $0.path < $1.path }
    let lines = sorted.enumerated().map { index, edit in
      ComposedChangeSet.Line(
        line: RevisionLine(
          verb: edit.verb, path: edit.path, base: edit.base,
          content: edit.content.map {
            .init(
              sizeInBytes: $0.sizeInBytes,
              commitment: Commitment(content: $0.hash, seed: seed, line: UInt32(index + 1)))
          }),
        content: edit.content?.hash, baseContent: edit.baseContent)
    }
    let list = try RevisionList(lines.map(\.line))
    let reasonBytes = reason.bytes
    _ = try Reason(parsing: reasonBytes)
    let fields = ChangeSetNote(
      library: library, author: member.verifierKey.publicKey, time: time ?? environment.clock(), seen: seen,
      after: after,
      reason: Commitment(reason: SHA256Hash(hashing: reasonBytes), seed: seed), lineCount: lines.count,
      linesRoot: MerkleHash.root(ofLeafHashes: list.lines.map { MerkleHash.leaf($0.bytes) }))
    let note = try member.signer().signedNote(text: fields.text)
    return ComposedChangeSet(
      note: note, fields: fields, leaf: MerkleHash.leaf(note.bytes), seed: seed, reason: reasonBytes,
      lines: lines)
  }
}
