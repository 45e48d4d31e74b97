import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore

/// Applies a bundle to a copy inside one transaction: verified as it is read, visible all at once.
///
/// Rows are written as they are verified; nothing counts before the recomputed state
/// root equals the signed one and the transaction commits.
struct BundleApplier {
  private let transaction: StoreTransaction
  private let reader: BundleReader
  private var facts: CopyFacts
  /// The header, unverified until the bundle has been read to its end.
  let header: BundleHeader
  private let depth: Depth
  private var position: CompactRange
  private var report: PullReport
  /// Revisions or changed documents read so far.
  private var applied: UInt64 = 0
  /// The size up to which this copy held the same change sets before.
  private let heldSize: UInt64
  private var freed: Set<SHA256Hash> = []
  /// What becomes of the settings, which all else is judged by.
  private var settingsChange: StateEntry.Value??
  private var received: [SHA256Hash: UInt64] = [:]
  private var absence: AbsenceCheck
  /// Revisions whose content is said to be redacted.
  private var unknown: [(name: RevisionName, path: DocumentPath)] = []
  /// Whether the copy held nothing before.
  private let isNew: Bool
  /// Destroys what stands outside of the store, when a redaction comes; it is given what tells what is destroyed.
  private let elsewhere: ((SHA256Hash) throws -> Bool) throws -> Void

  /// Reads the header and checks that the bundle leads on from where the copy stands.
  ///
  /// - Parameter isRecovery: Whether a publisher gets back what it lost; it takes no bundles otherwise.
  /// - Throws: `BundleError` or `BundleMisfit`.
  init(
    transaction: StoreTransaction, facts: CopyFacts, reader: BundleReader,
    mayChangeDepth: Bool, wanted: PullRequest?, isRecovery: Bool = false,
    elsewhere: @escaping ((SHA256Hash) throws -> Bool) throws -> Void = { _ in }
  ) throws {
    self.elsewhere = elsewhere
    self.transaction = transaction
    self.reader = reader
    self.facts = facts
    header = try reader.readHeader()
    // Another library's position says nothing here.
    guard header.library == facts.library else {
      throw BundleError.wrongLibrary(found: header.library, expected: facts.library)
    }
    let own = try transaction.position()
    position = own
    isNew = own.size == 0
    guard let depth = header.content.depth else { throw BundleMisfit.drafts }
    self.depth = depth
    report = PullReport(
      from: own.size, to: header.to, changeSets: 0, revisions: 0, tombstones: 0, bodies: 0, sizeInBytes: 0,
      transferredInBytes: 0, stateRoot: "")
    if let wanted, wanted.depth != depth || wanted.subscription.text != header.subscription.text {
      throw BundleMisfit.notAskedFor(depth: depth, subscription: header.subscription)
    }
    let isSameKind = depth == facts.depth && header.subscription == facts.subscription
    heldSize = facts.depth != .heads && header.subscription == facts.subscription ? own.size : 0
    guard header.to >= own.size else { throw BundleMisfit.older(to: header.to, own: own.size) }
    // The whole that was asked for mends a copy that lacks content.
    guard header.to > own.size || !isSameKind || (wanted?.from == 0 && header.from == 0) else {
      throw BundleMisfit.nothingNew(own.size)
    }
    guard isSameKind || mayChangeDepth || own.size == 0 else {
      throw BundleMisfit.otherKind(depth: depth, subscription: header.subscription)
    }
    guard header.from == 0 || (header.from == own.size && isSameKind) else {
      throw BundleMisfit.wrongStart(from: header.from, own: own.size)
    }
    if facts.isPublisher, !isRecovery { throw BundleMisfit.publisher }
    absence = try AbsenceCheck(transaction, from: header.from, depth: depth)
    try reader.begin(BundleContext(library: facts.library, logKey: facts.logKey, position: own))
  }

  /// Reads and stores the whole bundle.
  ///
  /// - Returns: What it brought; sizes of the file itself are the caller's to fill in.
  mutating func apply(progress: (UInt64, UInt64) -> Void) throws -> PullReport {
    if header.from == 0 { try forgetEverything() }
    if depth == .heads { try transaction.beginStagedChanges() }
    var host = StoreBundleHost(
      transaction: transaction, size: header.from, subscription: header.subscription, isPresent: true,
      receiverSettings: absence.settingsBefore)
    var end: BundleEnd?
    var assets = AssetStager(transaction)
    while let event = try reader.next(host: &host) {
      switch event {
      case .body(let hash, let bytes, let base):
        // A copy that drops what is superseded must not keep it for being a base.
        try transaction.storeBody(bytes, hash: hash, base: depth == .heads ? nil : base)
        report.bodies += 1
      case .assetPart(let part): try assets.take(part)
      case .asset(let hash, _):
        try assets.finish(hash)
        report.bodies += 1
      case .absentAsset(let hash, let size, let isBuiltOnAbsent):
        try absence.note(hash, sizeInBytes: size, isBuiltOnAbsent: isBuiltOnAbsent)
      case .changeSet(let changeSet):
        try store(changeSet)
        progress(applied, header.revisionCount)
      case .stateChange(let path, let value):
        applied += 1
        report.revisions += 1
        if value == nil { report.tombstones += 1 }
        // What goes must have been there, or a bundle that unpacks to nothing could fill the disk.
        if value == nil,
          try transaction.existingDocumentRow(path).flatMap({ try transaction.stateValue($0) }) == nil
        {
          throw BundleMisfit.nothingThere(path)
        }
        // The reader asks for what was held before, so a step's changes wait for its end.
        guard header.from == 0 else {
          if path.text == LibrarySettings.path { settingsChange = .some(value) }
          try transaction.stage(path, value)
          break
        }
        try set(path, value)
        // Whether those that are absent may be is asked at the end, when the settings are known.
        for content in value?.contents ?? []
        where try !transaction.holdsBody(content) && transaction.absentSize(content) == nil {
          throw BundleMisfit.missingBody(path)
        }
        progress(applied, header.revisionCount)
      case .end(let reached): end = reached
      }
    }
    guard let end else { throw BundleMisfit.noEnd }
    try switchTo(end)
    return report
  }

  /// A bundle from the start replaces what the copy holds, drafts excepted.
  private mutating func forgetEverything() throws {
    freed.formUnion(try transaction.bodyHashes())
    try transaction.dropProjections()
    try transaction.removeHistory()
    position = CompactRange()
  }

  private mutating func store(_ changeSet: ReceivedChangeSet) throws {
    // A whole that mends a copy brings what it held as well, which is no news to anybody.
    let isNew = changeSet.number > heldSize
    let stored = StoredChangeSet(
      number: changeSet.number, leaf: changeSet.leafHash, note: changeSet.note.bytes,
      fields: changeSet.fields,
      seed: changeSet.seed, reason: changeSet.reason, salts: changeSet.salts, proof: changeSet.subsetProof)
    try transaction.insert(stored)
    for line in changeSet.lines {
      let document = try transaction.documentRow(line.line.path)
      let name = RevisionName(changeSet: changeSet.number, line: UInt32(line.index + 1))
      if line.line.verb.hasContent, line.content == nil { unknown.append((name, line.line.path)) }
      _ = try transaction.insertRevision(
        name, line: line.line, document: document,
        content: line.content, commitmentIsNeeded: line.content == nil || changeSet.seed == nil)
      applied += 1
      if isNew {
        report.revisions += 1
        if line.line.verb.isDeletion { report.tombstones += 1 }
      }
      // Hashes alone would pass every proof; a copy must also get what it is to keep.
      let isKept = depth == .full || line.line.path.tellsRights
      if isKept, let content = line.content, try !transaction.holdsBody(content) {
        throw BundleMisfit.missingBody(line.line.path)
      }
    }
    var nodes: [(MerkleNodeID, SHA256Hash)] = []
    position.append(leaf: changeSet.leafHash) { nodes.append(($0, $1)) }
    for (id, hash) in nodes { try transaction.insert(node: id, hash: hash) }
    received[changeSet.leafHash] = changeSet.number
    if isNew { report.changeSets += 1 }
  }

  private mutating func set(_ path: DocumentPath, _ value: StateEntry.Value?) throws {
    let document = try transaction.documentRow(path)
    let old = try transaction.heads(document)
    freed.formUnion(old.compactMap(\.content))
    if let base = try transaction.conflictBase(document) { freed.insert(base) }
    freed.formUnion(try transaction.proposals(document).compactMap(\.content))
    let (contents, base): ([SHA256Hash?], SHA256Hash?) =
      switch value?.current {
      case .content(let content)?: ([content], nil)
      case .conflict(let base, let heads)?: (heads, base)
      case .proposed?, nil: ([], nil)
      }
    let proposals = try value?.proposals.map { proposal in
      StoredProposal(
        document: document, name: proposal.name, revision: nil, content: proposal.content,
        sizeInBytes: try proposal.content.flatMap { try transaction.bodySize($0) } ?? 0)
    }
    let heads = try contents.map { content in
      StoredHead(
        revision: nil, content: content,
        sizeInBytes: try content.flatMap {
          try transaction.bodySize($0) ?? transaction.absentSize($0)
        } ?? 0)
    }
    try transaction.setHeads(heads, conflictBase: base, of: document)
    try transaction.setProposals(proposals ?? [], of: document)
  }

  /// Makes sure that nothing current is missing that the settings don't let go without.
  private mutating func checkHeads() throws {
    guard header.from > 0 else {
      var last: (path: DocumentPath, content: SHA256Hash)?
      while case let some = try transaction.absentContents(after: last, count: 1_000), let end = some.last {
        for (path, content) in some where try !absence.allows(content, at: path, before: []) {
          throw BundleMisfit.missingBody(path)
        }
        last = end
      }
      return
    }
    // The settings stand behind most paths; they are put in place first, for all others are judged by them.
    if let value = settingsChange { try set(try DocumentPath(LibrarySettings.path), value) }
    var last: Int64 = 0
    while case let some = try transaction.stagedChanges(after: last, count: 1_000), let end = some.last {
      for case (_, let path, let value?) in some {
        let before = try transaction.existingDocumentRow(path).flatMap { try transaction.stateValue($0) }
        for content in value.contents
        where try !absence.allows(content, at: path, before: before?.contents ?? []) {
          throw BundleMisfit.missingBody(path)
        }
      }
      last = end.number
    }
  }

  /// Puts a step's changes in place.
  ///
  /// - Returns: The documents that it changed.
  private mutating func placeStagedChanges() throws -> Set<DocumentRow> {
    var changed: Set<DocumentRow> = []
    var last: Int64 = 0
    while case let some = try transaction.stagedChanges(after: last, count: 1_000), let end = some.last {
      for (_, path, value) in some {
        if path.text != LibrarySettings.path { try set(path, value) }
        changed.insert(try transaction.documentRow(path))
      }
      last = end.number
    }
    try transaction.endStagedChanges()
    return changed
  }

  /// The same for a copy with change sets.
  private mutating func checkHistory(_ changed: Set<DocumentRow>) throws {
    for document in changed {
      let path = try transaction.path(document)
      let contents =
        try transaction.heads(document).compactMap(\.content)
        + transaction.proposals(document).compactMap(\.content)
      for content in contents where try !transaction.holdsBody(content) {
        let before = header.from == 0 ? nil : try transaction.stateValue(document, at: header.from)
        guard try absence.allows(content, at: path, before: before?.contents ?? []) else {
          throw BundleMisfit.missingBody(path)
        }
      }
    }
  }

  /// What is said to be redacted must be so by the log that has come.
  private func checkUnknown() throws {
    for (name, path) in unknown {
      guard let revision = try transaction.revision(name), try transaction.redaction(of: revision.id) != nil
      else { throw BundleMisfit.notRedacted(path) }
    }
  }

  private mutating func switchTo(_ end: BundleEnd) throws {
    var changed: Set<DocumentRow> = []
    if depth == .heads {
      try checkHeads()
      changed = try placeStagedChanges()
    } else {
      changed = try transaction.project(after: header.from) { _ in }
      try checkUnknown()
      try checkHistory(changed)
    }
    if header.from == 0 {
      try transaction.rebuildState()
    } else {
      try transaction.updateState(changed: changed)
    }
    if try changed.contains(where: { try transaction.path($0).collection.isAlwaysCarried }) {
      // New settings or schemas may make another thing of conflicts that were looked at.
      try transaction.forgetMarks(in: nil)
    }
    try transaction.setForeignCollections(end.otherCollections.map { ($0.name.text, $0.root, $0.count) })
    let stateRoot = try transaction.stateRoot()
    guard stateRoot == end.seal.stateRoot else {
      throw BundleMisfit.stateDiffers(own: stateRoot, signed: end.seal.stateRoot)
    }
    report.stateRoot = stateRoot.base64
    try transaction.setPosition(end.position)
    try transaction.insert(
      StoredCheckpoint(size: header.to, note: end.seal.checkpoint.bytes, stateNote: end.seal.stateNote.bytes))
    facts.depth = depth
    facts.subscription = header.subscription
    try transaction.setFacts(facts)
    for (leaf, number) in received { try transaction.setOutcome(of: leaf, .logged, changeSet: number) }
    freed.formUnion(try transaction.removeLoggedDrafts(upTo: header.to))
    report.decisions = try transaction.followProposals().map(DecisionReport.init)
    try transaction.dropUnneededBodies(freed)
    try transaction.dropUnneededAbsent()
    try transaction.eraseRedacted(
      told: depth == .heads ? end.seal.redacted ?? 0 : 0, isWhole: header.from == 0, isNew: isNew,
      elsewhere: elsewhere)
  }
}

/// Why a bundle that may be in order can't be applied to this copy. The copy is as it was.
public enum BundleMisfit: SheafFailure, Equatable {
  case drafts
  case publisher
  case older(to: UInt64, own: UInt64)
  case nothingNew(UInt64)
  case otherKind(depth: Depth, subscription: Subscription)
  case notAskedFor(depth: Depth, subscription: Subscription)
  case wrongStart(from: UInt64, own: UInt64)
  case missingBody(DocumentPath)
  case nothingThere(DocumentPath)
  case notRedacted(DocumentPath)
  case stateDiffers(own: SHA256Hash, signed: SHA256Hash)
  case noEnd

  public var problem: String {
    switch self {
    case .drafts: "the bundle carries drafts for a publisher"
    case .publisher: "a publisher's copy takes no bundles"
    case .older(let to, let own): "the bundle ends at checkpoint \(to), and this copy is at \(own)"
    case .nothingNew(let own): "the bundle holds nothing new for this copy, which is at checkpoint \(own)"
    case .otherKind(let depth, let subscription):
      "the bundle is for a copy that keeps \(depth.rawValue) of \(subscription == .all ? "everything" : subscription.text)"
    case .notAskedFor(let depth, let subscription):
      "the remote sent \(depth.rawValue) of \(subscription == .all ? "everything" : subscription.text), "
        + "which is not what it was asked for"
    case .wrongStart(let from, let own): "the bundle starts at checkpoint \(from), and this copy is at \(own)"
    case .missingBody(let path): "the bundle names content of \(path) that it does not carry"
    case .nothingThere(let path): "the bundle takes \(path) away, which is not there"
    case .notRedacted(let path):
      "the bundle hides content of \(path) as redacted, and no redaction in the log is about it"
    case .stateDiffers(let own, let signed):
      "the state after the bundle has the root \(own.base64), and the publisher signed \(signed.base64)"
    case .noEnd: "the bundle has no end"
    }
  }
  public var unchanged: String { "the library is as it was" }
  public var hint: String? {
    switch self {
    case .drafts: "Let the publisher sync with the folder it lies in."
    case .publisher: "Apply it to a replica."
    case .older, .nothingNew: nil
    case .otherKind: "Run `sheaf sync --keep … --only …` to change what this copy keeps."
    case .wrongStart: "Run `sheaf sync`, or get a bundle that starts where this copy is."
    case .notAskedFor, .missingBody, .nothingThere, .notRedacted, .stateDiffers, .noEnd:
      "Do not use this bundle; tell the publisher."
    }
  }
  public var kind: FailureKind {
    switch self {
    case .notAskedFor, .missingBody, .nothingThere, .notRedacted, .stateDiffers, .noEnd: .verification
    default: .failed
    }
  }
}
