import Foundation
import SheafModel
import SheafStore

/// How a folder is published.
public struct PublishOptions: Sendable, Hashable {
  /// Only say what would be done.
  public var isDryRun = false
  /// Delete documents that the folder lacks.
  public var prunes = false

  public init(isDryRun: Bool = false, prunes: Bool = false) {
    self.isDryRun = isDryRun
    self.prunes = prunes
  }
}

extension Library {
  /// Makes one change set of all that differs between a folder and the library.
  ///
  /// New, changed and moved files are recorded; missing ones are reported and deleted
  /// only when asked. A file that was made before others edited its document does not
  /// undo their edits: it is merged with them, left out when it holds nothing new, or
  /// refused when the two clash. On a replica the change set is a draft. All or nothing: a file
  /// that breaks a rule publishes nothing.
  ///
  /// - Throws: `FolderRefusal`, `ContentRefusal`, `NameTooLongForDisks`, `PathCollision`; the library is as it was.
  public func publish(
    folder: URL, reason: String, options: PublishOptions = PublishOptions(),
    activity: @escaping ActivitySink = { _ in }
  ) async throws -> PublishReport {
    let (scan, looks) = try await Blocking.run { try Self.readFolder(folder, activity: activity) }
    let hashes = looks.mapValues(\.hash)
    let assets = Set(looks.filter(\.value.isAsset).keys)
    // A dry run does everything, in a transaction that it then throws away.
    let recorded = try await recordEdits(purpose: "sheaf publish", reason: reason, isDryRun: options.isDryRun)
    { desk in
      let plan = ChangePlan(current: try desk.currentContents(), folder: hashes)
      let needed = Set(plan.added + plan.changed)
      var size: UInt64 = 0
      var meetings = FolderMeetings(desk: desk)
      for file in scan.files where needed.contains(file.path) {
        if assets.contains(file.path), let hash = hashes[file.path] {
          guard try meetings.takes(file.path, asset: hash) else { continue }
          let put = try desk.put(at: file.path) { intake in try FolderScan.read(file) { try intake.add($0) } }
          guard put.hash == hash else { throw Self.changed(file.path) }
          size += put.sizeInBytes
          continue
        }
        let bytes = try FolderScan.read(file)
        let hash = SHA256Hash(hashing: bytes)
        guard hash == hashes[file.path] else { throw Self.changed(file.path) }
        guard let content = try meetings.content(for: file.path, file: bytes, hash: hash) else { continue }
        try desk.put(content, hash: SHA256Hash(hashing: content), at: file.path)
        size += UInt64(content.count)
      }
      try meetings.check()
      for move in plan.moved { try desk.move(from: move.from, to: move.to) }
      if options.prunes { for path in plan.missing { try desk.remove(path) } }
      try desk.check(reason: reason, others: scan.files.map(\.path))
      return PublishReport(
        added: plan.added.map(\.text),
        changed: plan.changed.filter { !meetings.behind.contains($0) }.map(\.text),
        moved: plan.moved.map { .init(from: $0.from.text, to: $0.to.text) },
        removed: options.prunes ? plan.missing.map(\.text) : [],
        missing: options.prunes ? [] : plan.missing.map(\.text), skipped: scan.skipped,
        unchangedCount: plan.unchangedCount, sizeInBytes: size, behind: meetings.behind.map(\.text),
        merged: meetings.merged.map(\.text))
    }
    var report = recorded.value
    report.changeSet = recorded.changeSet
    report.draft = recorded.draft
    report.isProposal = recorded.isProposal
    if !options.isDryRun { try await refreshSearchIndex(activity: activity) }
    return report
  }

  private static func readFolder(
    _ folder: URL, activity: ActivitySink
  ) throws -> (FolderScan, [DocumentPath: (hash: SHA256Hash, isAsset: Bool)]) {
    let scan = try FolderScan(folder)
    var looks: [DocumentPath: (hash: SHA256Hash, isAsset: Bool)] = [:]
    for (index, file) in scan.files.enumerated() {
      looks[file.path] = try FolderScan.look(at: file)
      activity(.reading(done: index + 1, total: scan.files.count))
    }
    return (scan, looks)
  }

  private static func changed(_ path: DocumentPath) -> FolderRefusal {
    FolderRefusal(folder: nil, problems: [.init(path: path.text, problem: "it changed while it was read")])
  }

  /// What recording edits came to.
  struct Recorded<Value: Sendable>: Sendable {
    var value: Value
    var changeSet: UInt64?
    /// The draft's mark.
    var draft: String?
    var paths: [String]
    /// Whether some of it waits in the log for a decision.
    var isProposal = false
  }

  /// Carries a dry run's outcome out of the transaction that it must not leave standing.
  private struct DryRun<Value: Sendable>: Error {
    var recorded: Recorded<Value>
  }

  /// Runs `body` at a desk in one transaction and records its edits, when there are any.
  func recordEdits<Value: Sendable>(
    purpose: String, reason: String, ground: String? = nil, isDryRun: Bool = false,
    _ body: @escaping @Sendable (inout EditDesk) throws -> Value
  ) async throws -> Recorded<Value> {
    let work: @Sendable (StoreTransaction, inout Sequencer?) throws -> Recorded<Value> = {
      transaction, sequencer in
      var desk = try EditDesk(transaction: transaction, library: self)
      let value = try body(&desk)
      var recorded = Recorded(value: value, paths: desk.edits.map(\.path.text).sorted())
      if isDryRun { throw DryRun(recorded: recorded) }
      guard !desk.edits.isEmpty else { return recorded }
      if sequencer != nil {
        recorded.changeSet = try sequencer?.append(desk.edits, message: reason, ground: ground)
        recorded.isProposal = try recorded.changeSet.map(transaction.hasOpenProposal(inChangeSet:)) ?? false
      } else {
        recorded.draft = String(try desk.storeDraft(reason: reason, ground: ground).hex.prefix(16))
      }
      return recorded
    }
    do {
      if isPublisher {
        return try await append(purpose: purpose) { sequencer in
          var optional: Sequencer? = sequencer
          let recorded = try work(sequencer.transaction, &optional)
          if let changed = optional { sequencer = changed }
          return recorded
        }
      }
      let recorded = try await store.write(purpose: purpose) { transaction in
        // Another process may have ended a rotation.
        try self.member.reload()
        var none: Sequencer?
        return try work(transaction, &none)
      }
      try environment.step(.drafted)
      return recorded
    } catch let dryRun as DryRun<Value> {
      return dryRun.recorded
    }
  }
}
