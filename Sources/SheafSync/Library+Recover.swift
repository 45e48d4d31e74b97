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
    guard isForked || theirs.size > own.size else { return try await nothingRecovered() }
    let file = folder.appending(path: "incoming/recover.sheaf")
    try await Blocking.run {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    }
    defer { try? FileManager.default.removeItem(at: file) }
    _ = try await replica.makeBundle(
      from: isForked ? 0 : own.size, to: nil, depth: .full, file: file, activity: activity)
    return try await recover(fromBundle: file, common: isForked ? common : nil, activity: activity)
  }

  /// The same from a bundle of depth `full` that starts where this copy ends, such as a replica can make.
  public func recover(
    fromBundle file: URL, activity: @escaping ActivitySink = { _ in }
  ) async throws -> RecoverReport {
    guard isPublisher else { throw LibraryError.onlyPublisher("be recovered") }
    return try await recover(fromBundle: file, common: nil, activity: activity)
  }

  /// - Parameter common: How much of this copy's log stays; `nil` for all of it. The bundle starts at nothing then.
  private func recover(
    fromBundle file: URL, common: UInt64?, activity: @escaping ActivitySink
  ) async throws -> RecoverReport {
    let now = environment.clock()
    let report = try await store.write(purpose: "sheaf recover") { transaction in
      let record = try self.keys.signerRecord()
      guard record == nil || record?.origin == self.id.text else {
        throw KeyError.unreadable(self.keys.folder.path + "/signed")
      }
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
      // What was signed last must be in what came, unless this copy's own log was the one that went astray.
      if let record, common == nil, record.size <= position.size {
        let root = try MerkleProof.root(size: record.size, nodes: transaction.node)
        guard root == record.root else { throw SignerRefusal.notAnExtension(signed: record.size) }
      }
      if common != nil || record.map({ $0.size < position.size }) ?? true {
        try self.keys.setSignerRecord(SignerRecord(newest))
      }
      let signed = common == nil ? record?.size ?? 0 : 0
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
  private func nothingRecovered() async throws -> RecoverReport {
    let size = try await store.read { try $0.position().size }
    guard let signed = try keys.signerRecord()?.size, signed > size else {
      throw LibraryError.nothingChanged("the log, which is as long as the replica's or longer,")
    }
    return RecoverReport(from: size, to: size, missing: signed - size, setAside: 0)
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
  /// The bundle does not hold everything.
  case notWhole

  public var problem: String {
    switch self {
    case .forked(let own, let common):
      "this copy has \(own - common) change sets after \(common) that the replica's log does not have"
    case .notWhole: "the bundle does not hold the full history of everything"
    }
  }
  public var unchanged: String { "the library is as it was" }
  public var hint: String? {
    switch self {
    case .forked:
      "Run it again with --set-aside to keep them in quarantine and to go on from the replica's log."
    case .notWhole: "Make one on a replica that keeps full: `sheaf bundle create --mode full`."
    }
  }
  public var kind: FailureKind { .verification }
}
