import SheafLog
import SheafModel
import SheafStore

/// Reads the change sets of a part of the log, with everything that an audit tells of them.
struct AuditReader {
  let view: MomentView
  let range: ClosedRange<UInt64>
  let collections: Set<CollectionName>
  let checkpoint: Checkpoint?
  private let times: CheckedTimes
  private let nodes = NodeCache()
  private static let step = 64
  /// Contents that wait to be told together.
  private static let waitingSizeInBytes: UInt64 = 32 << 20
  /// Contents of one change set that are told; what is above is listed.
  private static let toldSizeInBytes: UInt64 = 64 << 20

  init(
    _ view: MomentView, range: ClosedRange<UInt64>, collections: Set<CollectionName>, checkpoint: Checkpoint?
  ) throws {
    self.view = view
    self.range = range
    self.collections = collections
    self.checkpoint = checkpoint
    times = try CheckedTimes(view.transaction)
  }

  /// Gives out the change sets in the log's order, some at a time; those without a line in the collections are
  /// left out.
  func walk(_ body: ([AuditInput]) throws -> Void) throws {
    let transaction = view.transaction
    func give(_ inputs: inout [AuditInput]) throws {
      try times.tell(&inputs) { try nodes.hash($0, transaction) }
      try body(inputs)
    }
    var next = range.lowerBound
    let latest = try LatestClaims(transaction, upTo: range.upperBound)
    while next <= range.upperBound {
      let page = try transaction.changeSets(from: next, count: Self.step).filter {
        $0.number <= range.upperBound
      }
      guard let last = page.last else { return }
      var inputs: [AuditInput] = []
      var waiting: UInt64 = 0
      for changeSet in page {
        guard let input = try input(changeSet, latest) else { continue }
        inputs.append(input)
        waiting += input.lines.reduce(0) { $0 + $1.sizeInBytes }
        guard waiting > Self.waitingSizeInBytes else { continue }
        try give(&inputs)
        inputs = []
        waiting = 0
      }
      if !inputs.isEmpty { try give(&inputs) }
      next = last.number + 1
    }
  }

  private func input(_ changeSet: StoredChangeSet, _ latest: LatestClaims) throws -> AuditInput? {
    let transaction = view.transaction
    let revisions = try transaction.revisions(inChangeSet: changeSet.number)
    let shown =
      collections.isEmpty ? revisions : revisions.filter { collections.contains($0.path.collection) }
    guard collections.isEmpty || !shown.isEmpty else { return nil }
    var proof: [SHA256Hash] = []
    if let checkpoint, changeSet.number <= checkpoint.size {
      proof = try MerkleProof.inclusion(index: changeSet.number - 1, size: checkpoint.size) { id in
        try nodes.hash(id, transaction)
      }
    }
    // Every line counts for the check; only those of the collections are told.
    var told: UInt64 = 0
    let lines = try revisions.map { revision in
      guard collections.isEmpty || collections.contains(revision.path.collection) else {
        return AuditInput.Line(revision: revision, parents: [], isProposal: false, untold: "")
      }
      let line = try line(revision, isTold: told <= Self.toldSizeInBytes)
      told += line.sizeInBytes
      return line
    }
    return AuditInput(
      changeSet: changeSet, signed: try SignedChange(changeSet, in: transaction),
      seenTime: latest.time(upTo: changeSet.seen)?.description, lines: lines, proof: proof)
  }

  private func line(_ revision: StoredRevision, isTold: Bool) throws -> AuditInput.Line {
    let transaction = view.transaction
    let parents = try transaction.parents(of: revision.id).map { try transaction.revision(row: $0) }
    var line = AuditInput.Line(
      revision: revision, parents: parents.map(\.name), isProposal: try transaction.wasHeld(revision.id))
    if let meaning = revision.verb.meaning, let signed = line.parents.first {
      line.signature = AuditSignature(meaning: meaning, revision: signed)
    } else if try transaction.isApproval(revision) {
      line.signature = AuditSignature(meaning: .approved, revision: revision.name)
    }
    // What is only said about a revision changes nothing of it.
    guard !revision.verb.isRemark else { return line }
    // A merge is told by what it made of the head that everybody saw.
    if let parent = parents.first { line.before = try content(of: parent, isTold: isTold) }
    // Often stored as a difference from the one before, which is at hand now.
    line.after = try content(of: revision, isTold: isTold)
    guard isTold else {
      line.untold = "this change set changed more than a report holds; `sheaf diff` tells it"
      return line
    }
    for (side, of) in [(line.before, parents.first), (line.after, revision)] {
      guard let of, of.verb.hasContent, line.untold == nil else { continue }
      if side == nil {
        let redacted = try RedactedRevision(of, transaction)
        line.isRedacted = redacted != nil
        line.untold =
          redacted.map { "the content of \(of.name) is \($0.words)" }
          ?? "the content's hash is not known in this copy"
      }
      if let side, side.bytes == nil {
        line.untold =
          try transaction.assetSize(side.hash) != nil || transaction.absentSize(side.hash) != nil
          ? "an asset, told by its size" : "the content of \(of.name) is not held in this copy"
      }
    }
    return line
  }

  private func content(of revision: StoredRevision, isTold: Bool) throws -> AuditInput.StoredContent? {
    guard revision.verb.hasContent, let hash = revision.content else { return nil }
    let bytes = isTold ? try view.transaction.body(hash) : nil
    return AuditInput.StoredContent(
      hash: hash, size: revision.sizeInBytes ?? 0, bytes: bytes,
      mediaType: bytes.map { MediaType.of(path: revision.path.text, content: $0) }
        ?? MediaType.named(by: revision.path.text))
  }
}

/// Hashes of the log's tree that neighbours' proofs share.
private final class NodeCache {
  private static let capacity = 20_000
  private var hashes: [MerkleNodeID: SHA256Hash] = [:]

  func hash(_ id: MerkleNodeID, _ transaction: StoreTransaction) throws -> SHA256Hash {
    if let hash = hashes[id] { return hash }
    let hash = try transaction.node(id)
    // Leaves are used by one neighbour at most; what stands above them by many.
    if hashes.count >= Self.capacity { hashes = hashes.filter { $0.key.level > 4 } }
    hashes[id] = hash
    return hash
  }
}

/// The latest time that any change set up to a number claims.
struct LatestClaims {
  private let steps: [(number: UInt64, time: Timestamp)]

  init(_ transaction: StoreTransaction, upTo number: UInt64) throws {
    steps = try transaction.latestClaims(upTo: number)
  }

  func time(upTo number: UInt64) -> Timestamp? {
    var (low, high) = (0, steps.count)
    while low < high {
      let middle = (low + high) / 2
      if steps[middle].number <= number { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? steps[low - 1].time : nil
  }
}
