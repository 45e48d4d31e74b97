import SheafLog
import SheafModel
import SheafStore

/// What is wrong with one stored change set on its own: note, signature, reason and lines.
///
/// Pure, so that two threads can share the work; what needs the rest of the log is
/// checked by `LogCheck`.
struct ChangeSetCheck: Sendable {
  let changeSet: StoredChangeSet
  let revisions: [StoredRevision]
  let library: LibraryID

  /// What was found, and what the note says where it could be read.
  struct Outcome: Sendable {
    var fields: ChangeSetNote?
    var leaf: SHA256Hash
    var problems: [VerifyReport.Problem] = []
  }

  /// Looks at everything; finds all that is wrong and not only the first.
  func run() -> Outcome {
    var outcome = Outcome(fields: nil, leaf: MerkleHash.leaf(changeSet.note))
    let place = "change set \(changeSet.number)"
    func report(_ problem: String, at somewhere: String? = nil) {
      outcome.problems.append(.init(place: somewhere ?? place, problem: problem))
    }
    if outcome.leaf != changeSet.leaf { report("its leaf hash is not that of its note") }
    let note: SignedNote
    let fields: ChangeSetNote
    do {
      note = try SignedNote(
        parsing: changeSet.note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures)
      fields = try ChangeSetNote(parsing: note.text)
    } catch {
      report("its note can't be read: \(error)")
      return outcome
    }
    outcome.fields = fields
    if fields.library != library { report("it belongs to another library, \(fields.library)") }
    let key = try? VerifierKey(name: ChangeSetNote.keyName(author: fields.author), publicKey: fields.author)
    if key?.verifies(note: note) != true { report("its author's signature does not hold") }
    if changeSet.author != fields.author || changeSet.after != fields.after
      || changeSet.seen != fields.seen.size
      || changeSet.time != fields.time || changeSet.lineCount != fields.lineCount
    {
      report("its row says other than its note")
    }
    checkReason(fields, report: { report($0) })
    checkLines(fields, report: { report($0, at: $1) })
    return outcome
  }

  private func checkReason(_ fields: ChangeSetNote, report: (String) -> Void) {
    guard let bytes = changeSet.reason else { return report("its reason is missing") }
    guard let salt = changeSet.seed?.salt(line: 0) ?? changeSet.salts[0] else {
      return report("its seed is missing")
    }
    if Commitment(SHA256Hash(hashing: bytes), salt: salt, line: 0) != fields.reason {
      report("its reason is not the one that was signed")
    }
    guard let reason = try? Reason(parsing: bytes) else { return report("its reason can't be read") }
    if changeSet.effectiveTime != reason.claims.time ?? fields.time {
      report("the time it is found by is not the one that was signed")
    }
  }

  private func checkLines(_ fields: ChangeSetNote, report: (String, String?) -> Void) {
    var leaves: [(index: Int, hash: SHA256Hash)] = []
    leaves.reserveCapacity(revisions.count)
    var previous: DocumentPath?
    for revision in revisions {
      let place = "revision \(revision.name)"
      do {
        let line = try revision.line(seed: changeSet.seed)
        leaves.append((Int(revision.name.line) - 1, MerkleHash.leaf(line.bytes)))
        _ = try RevisionLine(parsing: line.text.dropLast())
        let number = revision.name.line
        if let content = revision.content, let sealed = line.content?.commitment {
          let salt = changeSet.seed?.salt(line: number) ?? changeSet.salts[number]
          if salt == nil { report("the salt of its content is missing", place) }
          if let salt, sealed != Commitment(content, salt: salt, line: number) {
            report("its content is not the one that was committed to", place)
          }
        }
      } catch {
        report("its line can't be read: \(error)", place)
        continue
      }
      if let previous, !(previous < revision.path) { report("it is out of order", place) }
      previous = revision.path
    }
    guard leaves.count == revisions.count else { return }
    do {
      let isWhole = leaves.count == fields.lineCount && changeSet.proof.isEmpty
      let root =
        isWhole
        ? MerkleHash.root(ofLeafHashes: leaves.map(\.hash))
        : try SubsetProof.root(total: fields.lineCount, leaves: leaves, proof: changeSet.proof)
      let isInOrder = !isWhole || leaves.enumerated().allSatisfy { $0.offset == $0.element.index }
      if root != fields.linesRoot || !isInOrder { report("its lines are not those that were signed", nil) }
    } catch {
      report("its lines do not lead to the root that was signed: \(error)", nil)
    }
  }
}

/// What is wrong with one stored checkpoint and its state note.
struct CheckpointCheck: Sendable {
  let checkpoint: StoredCheckpoint
  /// The root of the log at the checkpoint's size, recomputed; `nil` when it could not be.
  let root: SHA256Hash?
  let logKey: VerifierKey
  let library: LibraryID

  func run() -> (stateRoot: SHA256Hash?, problems: [VerifyReport.Problem]) {
    var problems: [VerifyReport.Problem] = []
    let place = "checkpoint \(checkpoint.size)"
    do {
      let signed = try SignedCheckpoint(
        parsing: checkpoint.note, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures)
      let verified = try signed.verified(by: logKey, origin: library.text)
      if verified.size != checkpoint.size {
        problems.append(.init(place: place, problem: "it is filed under another size than \(verified.size)"))
      }
      if let root, root != verified.root {
        problems.append(.init(place: place, problem: "the log does not have the root that was signed"))
      }
      let note = try SignedNote(
        parsing: checkpoint.stateNote, maximumSize: Limits.checkpointNote,
        maximumSignatures: Limits.signatures)
      return (try StateNote(verifying: note, by: logKey, for: verified).root, problems)
    } catch {
      problems.append(.init(place: place, problem: "\(error)"))
      return (nil, problems)
    }
  }
}
