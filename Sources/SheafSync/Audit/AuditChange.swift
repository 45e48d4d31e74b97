import SheafLog
import SheafMerge
import SheafModel
import SheafStore

/// A change set as an audit tells it: who, when, why, what exactly, and whether it holds.
public struct AuditChange: Sendable {
  /// Its place in the log.
  public var number: UInt64
  /// Who signed: the name, the role then and the place.
  public var by: String
  public var role: String?
  public var site: String?
  /// The author's public key, 32 bytes.
  public var key: [UInt8]
  /// When the author says it was made.
  public var claimed: String
  /// Who and when it was made where it was imported from.
  public var author: String?
  public var importedTime: String?
  public var source: String?
  /// When others had it.
  public var signed: SignedTime
  /// The newest checkpoint its author had seen, and the latest time that any change set up to there claims.
  public var seen: UInt64
  public var seenTime: String?
  /// Why.
  public var reason: String
  /// The signed note's bytes.
  public var note: [UInt8]
  /// What does not hold; empty when signature, reason, lines, contents and place in the log do.
  public var problems: [String]
  /// How many lines it has that this copy does not hold.
  public var absentLines: Int
  /// What it did.
  public var revisions: [AuditRevision]

  /// The SHA-256 of the author's public key, as 64 hexadecimal digits.
  public var fingerprint: String { SHA256Hash(hashing: key).hex }
  /// Whether everything holds.
  public var isVerified: Bool { problems.isEmpty }
  /// Whether the author claims a time before one that stands in what the author had seen.
  public var isBackdated: Bool { seenTime.map { claimed < $0 } ?? false }
}

/// What a change set did to one document.
public struct AuditRevision: Sendable {
  /// Its name.
  public var name: RevisionName
  public var verb: RevisionVerb
  public var path: DocumentPath
  /// What it was made from.
  public var parents: [RevisionName]
  /// Sizes in bytes before and after; `nil` where there was nothing.
  public var sizeBefore: UInt64?
  public var sizeAfter: UInt64?
  /// Whether it waited for somebody to accept it when it entered the log.
  public var isProposal: Bool
  /// What it states about a revision, where it is an electronic signature.
  public var signature: AuditSignature?
  /// What changed; empty where nothing did that has a meaning, or it could not be told.
  public var parts: [PartDiff.Change]
  /// Why the parts can't be told; `nil` when they are.
  public var untold: String?
  /// Whether that is because a content was destroyed.
  public var isRedacted = false
}

/// An electronic signature as an audit tells it; the acceptance that is an approval counts as one.
public struct AuditSignature: Sendable, Hashable {
  public var meaning: SignatureMeaning
  /// The revision that it is bound to.
  public var revision: RevisionName
}

/// A change set with all that it takes to tell it, read in one go and worked out on another thread.
struct AuditInput: Sendable {
  struct Line: Sendable {
    var revision: StoredRevision
    var parents: [RevisionName]
    var isProposal: Bool
    var signature: AuditSignature?
    var before: StoredContent?
    var after: StoredContent?
    var untold: String?
    var isRedacted = false

    /// What its contents take here.
    var sizeInBytes: UInt64 {
      [before, after].reduce(0) { $0 + UInt64($1?.bytes?.count ?? 0) }
    }
  }

  /// A content, named by its hash.
  struct StoredContent: Sendable {
    var hash: SHA256Hash
    var size: UInt64
    /// `nil` where it is not held, or an asset.
    var bytes: [UInt8]?
    var mediaType: MediaType
  }

  var changeSet: StoredChangeSet
  var signed: SignedChange
  /// What others say of its time, and what of that does not hold.
  var times = SignedTime()
  var timeProblems: [String] = []
  var seenTime: String?
  var lines: [Line]
  /// The proof that its note is in the log.
  var proof: [SHA256Hash]

  /// Checks the change set and finds out what changed.
  func change(library: LibraryID, checkpoint: Checkpoint?) -> AuditChange {
    let outcome = ChangeSetCheck(
      changeSet: changeSet, revisions: lines.map(\.revision), library: library
    ).run()
    var problems = outcome.problems.map {
      $0.place == "change set \(changeSet.number)" ? $0.problem : "\($0.place): \($0.problem)"
    }
    if let checkpoint, changeSet.number <= checkpoint.size {
      let isThere = MerkleProof.verifyInclusion(
        leaf: outcome.leaf, index: changeSet.number - 1, size: checkpoint.size, proof: proof,
        root: checkpoint.root)
      if !isThere { problems.append("it is not in the log that the checkpoint signs") }
    } else {
      problems.append("no signed checkpoint has it yet")
    }
    for line in lines {
      for content in [line.before, line.after].compactMap({ $0 }) {
        guard let bytes = content.bytes, SHA256Hash(hashing: bytes) != content.hash else { continue }
        problems.append("\(line.revision.name): a content's bytes are not those it is named for")
      }
    }
    problems += timeProblems
    return AuditChange(
      number: changeSet.number, by: signed.by, role: signed.role, site: signed.site, key: changeSet.author,
      claimed: signed.time, author: signed.author, importedTime: signed.claimedTime, source: signed.source,
      signed: times, seen: changeSet.seen, seenTime: seenTime, reason: signed.reason, note: changeSet.note,
      problems: problems, absentLines: max(0, changeSet.lineCount - lines.count),
      revisions: lines.map(\.told))
  }
}

extension AuditInput.Line {
  fileprivate var told: AuditRevision {
    var told = AuditRevision(
      name: revision.name, verb: revision.verb, path: revision.path, parents: parents,
      sizeBefore: before?.size,
      sizeAfter: after?.size, isProposal: isProposal, signature: signature, parts: [], untold: untold,
      isRedacted: isRedacted)
    guard untold == nil, before?.hash != after?.hash else { return told }
    func content(_ stored: AuditInput.StoredContent?) -> (bytes: [UInt8], mediaType: MediaType)? {
      stored.flatMap { stored in stored.bytes.map { ($0, stored.mediaType) } }
    }
    told.parts = PartDiff.between(content(before), content(after))
    return told
  }
}
