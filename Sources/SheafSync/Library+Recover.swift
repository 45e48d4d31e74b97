import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Brings back what a publisher lost that was restored from an old backup, from a replica that keeps `full`.
  ///
  /// What comes is verified like any bundle, appended byte for byte, and held against the signer's
  /// record; nothing is signed for it, since it is signed already.
  ///
  /// - Parameter setsAside: Whether change sets of this copy that contradict the replica's log go into quarantine.
  /// - Throws: `RecoverRefusal`, `LibraryError`, `BundleError`, `SignerRefusal`; the library is as it was.
  public func recover(
    from replica: Library, setsAside: Bool = false, activity: @escaping ActivitySink = { _ in }
  ) async throws -> RecoverReport {
    guard isPublisher else { throw LibraryError.onlyPublisher("be recovered") }
    guard replica.id == id else { throw WrongLibrary(found: replica.id, expected: id) }
    let own = try await store.read { try $0.position() }
    let theirs = try await replica.store.read { try $0.position() }
    let limit = min(own.size, theirs.size)
    let common = try await commonSize(with: replica, upTo: limit)
    let isForked = common < limit
    if isForked, !setsAside { throw RecoverRefusal.forked(own: own.size, common: common) }
    if setsAside { try await checkIsNewest(replica, size: theirs.size) }
    guard isForked || theirs.size > own.size else {
      return try await nothingRecovered(from: theirs.size, setsAside: setsAside)
    }
    let file = folder.appending(path: "incoming/recover.sheaf")
    try await Blocking.run {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    }
    defer { try? FileManager.default.removeItem(at: file) }
    _ = try await replica.makeBundle(
      from: isForked ? 0 : own.size, to: nil, depth: .full, file: file, activity: activity)
    return try await recover(
      fromBundle: file, common: isForked ? common : nil, setsAside: setsAside, activity: activity)
  }

  /// The same from a bundle of depth `full` that starts where this copy ends, such as a replica can make.
  public func recover(
    fromBundle file: URL, activity: @escaping ActivitySink = { _ in }
  ) async throws -> RecoverReport {
    guard isPublisher else { throw LibraryError.onlyPublisher("be recovered") }
    return try await recover(fromBundle: file, common: nil, setsAside: false, activity: activity)
  }

  /// - Parameters:
  ///   - common: How much of this copy's log stays, where the bundle starts at nothing; `nil` for all of it.
  ///   - setsAside: Whether the replica's log goes on, whatever else the log's key has signed.
  private func recover(
    fromBundle file: URL, common: UInt64?, setsAside: Bool, activity: @escaping ActivitySink
  ) async throws -> RecoverReport {
    let now = environment.clock()
    let report = try await store.write(purpose: "sheaf recover") { transaction in
      let records = try self.records.readable()
      let before = try transaction.position().size
      var setAside: (kept: UInt64, skipped: UInt64) = (0, 0)
      var contradicted: StoredCheckpoint?
      if let common {
        contradicted = try transaction.newestCheckpoint()
        setAside = try self.setAside(after: common, time: now, transaction)
      }
      let source = try BundleSource(file)
      var applier = try BundleApplier(
        transaction: transaction, facts: try transaction.facts(), reader: BundleReader(source: source.read),
        mayChangeDepth: false, wanted: nil, isRecovery: true, elsewhere: self.destroyDropped)
      guard applier.header.content == .full, applier.header.subscription == .all else {
        throw RecoverRefusal.notWhole
      }
      _ = try applier.apply { activity(.applying(done: $0, total: $1)) }
      let position = try transaction.position()
      // Also beyond: what this copy had more of is not in the log any more.
      try transaction.removeUnsigned(upTo: UInt64(Int64.max))
      let newest = try Checkpoint(origin: self.id.text, size: position.size, root: position.root)
      if let contradicted, contradicted.size > common ?? 0, let own = try transaction.newestCheckpoint() {
        try transaction.insert(
          StoredSplitView(
            size: contradicted.size, own: own.note, theirs: contradicted.note,
            place: "this copy, before it was recovered", time: now))
      }
      // What was signed last must be in what came, unless that is what is set aside.
      if !setsAside {
        for record in records where record.size <= position.size {
          let root = try MerkleProof.root(size: record.size, nodes: transaction.node)
          guard root == record.root else { throw SignerRefusal.notAnExtension(signed: record.size) }
        }
      }
      // With `setsAside` what is longer was found to be another history's.
      let signed = setsAside ? 0 : records.map(\.size).max() ?? 0
      if signed <= position.size { try self.records.write(SignerRecord(newest)) }
      return RecoverReport(
        from: before, to: position.size, missing: signed > position.size ? signed - position.size : 0,
        setAside: setAside.kept, skipped: setAside.skipped)
    }
    try await sweepDestroyed()
    try await refreshSearchIndex(activity: activity)
    try await markConflicts()
    return report
  }

  /// A copy that the replica has nothing for: either nothing is missing, or somebody else must have it.
  ///
  /// - Parameter size: How long the replica's log is, which is the start of this copy's.
  private func nothingRecovered(from size: UInt64, setsAside: Bool) async throws -> RecoverReport {
    try await store.write(purpose: "sheaf recover") { transaction in
      let records = try self.records.readable()
      let position = try transaction.position()
      let strange = try records.filter { try self.root(at: $0.size, transaction) != $0.root }
      let isRecorded = (try? self.records.own()) != nil
      guard !strange.isEmpty || !isRecorded else {
        throw LibraryError.nothingChanged("the log, which is as long as the replica's or longer,")
      }
      var report = RecoverReport(from: position.size, to: position.size, missing: 0, setAside: 0)
      if !setsAside, let signed = strange.map(\.size).max() {
        guard signed > position.size else {
          throw RecoverRefusal.contradicted(size: signed)
        }
        report.missing = signed - position.size
        return report
      }
      // That it holds all of this copy's log is what the replica is asked to say.
      guard size >= position.size else {
        throw RecoverRefusal.behind(replica: size, known: position.size)
      }
      try self.records.write(
        SignerRecord(Checkpoint(origin: self.id.text, size: position.size, root: position.root)))
      return report
    }
  }

  /// Refuses a replica to go on from that lacks what the log's key is known to have signed after it.
  ///
  /// Known are the signer's records and the evidence of split views. What this copy's own log has is
  /// what is set aside, and what contradicts a checkpoint that the replica has is another history; all else
  /// may be of the replica's, and signing without it would fork that once more.
  private func checkIsNewest(_ replica: Library, size: UInt64) async throws {
    let known = try await store.read { transaction -> [(checkpoint: Checkpoint, rival: Checkpoint?)] in
      var known: [(checkpoint: Checkpoint, rival: Checkpoint?)] = try self.records.readable().map {
        (try Checkpoint(origin: $0.origin, size: $0.size, root: $0.root), nil)
      }
      for view in try transaction.splitViews() {
        let pair = [view.own, view.theirs].compactMap {
          try? SignedCheckpoint(parsing: $0).verified(by: self.logVerifier, origin: self.id.text)
        }
        guard pair.count == 2 else { continue }
        known += [(pair[0], pair[1]), (pair[1], pair[0])]
      }
      return try known.filter {
        try $0.checkpoint.size > size
          && self.root(at: $0.checkpoint.size, transaction) != $0.checkpoint.root
      }
    }
    let longer = try await replica.store.read { transaction in
      try known.filter { one in
        // A record says the same as evidence may, which tells more.
        try !known.contains {
          guard $0.checkpoint == one.checkpoint, let rival = $0.rival else { return false }
          return try replica.root(at: rival.size, transaction) == rival.root
        }
      }
    }
    if let newest = longer.map(\.checkpoint.size).max() {
      throw RecoverRefusal.behind(replica: size, known: newest)
    }
  }

  /// How many change sets two copies' logs have in common from the start.
  private func commonSize(with replica: Library, upTo limit: UInt64) async throws -> UInt64 {
    func isSame(_ size: UInt64) async throws -> Bool {
      if size == 0 { return true }
      let own = try await store.read { try self.root(at: size, $0) }
      let theirs = try await replica.store.read { try replica.root(at: size, $0) }
      guard let own, let theirs else { throw LibraryError.needsDepth(.full, what: "give anything back") }
      return own == theirs
    }
    guard try await !isSame(limit) else { return limit }
    var (same, other) = (UInt64(0), limit)
    while other - same > 1 {
      let middle = same + (other - same) / 2
      if try await isSame(middle) { same = middle } else { other = middle }
    }
    return same
  }

  /// Whose share of the quarantine holds what was set aside: nobody's, so that nothing of it gives way.
  private static let setAsideCarrier = Array("set aside".utf8)

  /// Keeps change sets beyond a size whole in quarantine, all of them, and makes room for another log.
  ///
  /// - Returns: How many are kept, and how many can't be since this copy holds no reason of theirs.
  private func setAside(
    after common: UInt64, time: Timestamp, _ transaction: StoreTransaction
  ) throws -> (kept: UInt64, skipped: UInt64) {
    let size = try transaction.position().size
    var count: UInt64 = 0
    var skipped: UInt64 = 0
    var next = common + 1
    while next <= size {
      let some = try transaction.changeSets(from: next, count: 64)
      guard let last = some.last else { break }
      for changeSet in some {
        guard let seed = changeSet.seed, let reason = changeSet.reason else {
          skipped += 1
          continue
        }
        let revisions = try transaction.revisions(inChangeSet: changeSet.number)
        try transaction.quarantine(
          leaf: changeSet.leaf, author: changeSet.author, carrier: Self.setAsideCarrier, note: changeSet.note,
          seed: seed, reason: reason,
          lines: try revisions.map { try $0.line(seed: seed).text }.joined(),
          bodies: Set(revisions.compactMap(\.content)),
          refusal: "it was made on a copy restored from a backup, after the log had gone on elsewhere",
          time: time, mostChangeSets: .max, mostBytes: .max)
        count += 1
      }
      next = last.number + 1
    }
    try transaction.removeCheckpoints(after: common)
    try transaction.setPosition(CompactRange())
    return (count, skipped)
  }
}

/// What a publisher restored from a backup got back.
public struct RecoverReport: Hashable, Sendable, Codable {
  /// The log's size before.
  public var from: UInt64
  /// The log's size now.
  public var to: UInt64
  /// Change sets that were signed once and are still missing; nothing can be signed until they are here.
  public var missing: UInt64
  /// Change sets of this copy that contradicted the log and are kept in quarantine.
  public var setAside: UInt64
  /// Change sets of this copy that contradicted the log and could not be kept: their reasons are not held here.
  public var skipped: UInt64 = 0
}

/// Why a publisher can't be recovered so. The library is as it was.
public enum RecoverRefusal: SheafFailure, Equatable {
  /// This copy went on by itself after `common` change sets, and so did the log.
  case forked(own: UInt64, common: UInt64)
  /// The log's key signed a longer log than the replica has, which this copy does not have.
  case behind(replica: UInt64, known: UInt64)
  /// The log's key signed another history too, of which neither this copy nor the replica has anything.
  case contradicted(size: UInt64)
  /// The bundle does not hold everything.
  case notWhole

  public var problem: String {
    switch self {
    case .forked(let own, let common):
      "this copy has \(own - common) change sets after \(common) that the replica's log does not have"
    case .behind(let replica, let known):
      "the replica is at checkpoint \(replica), and the log's key is known to have signed checkpoint \(known)"
    case .contradicted(let size):
      "the log's key signed another checkpoint \(size) than this copy and the replica have"
    case .notWhole: "the bundle does not hold the full history of everything"
    }
  }
  public var unchanged: String { "the library is as it was" }
  public var hint: String? {
    switch self {
    case .forked:
      "Run it again with --set-aside to keep them in quarantine and to go on from the replica's log."
    case .behind:
      "Name a replica that holds that checkpoint; what is signed without it would contradict it."
    case .contradicted:
      "Run it again with --set-aside to go on from the replica's log, or name a replica that holds the other."
    case .notWhole: "Make one on a replica that keeps full: `sheaf bundle create --mode full`."
    }
  }
  public var kind: FailureKind { .verification }
}
