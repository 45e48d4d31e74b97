import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Makes a bundle as a file.
  ///
  /// - Parameter to: The size it leads to; `nil` for the newest checkpoint.
  /// - Throws: `LibraryError` when this copy can't make it. No file is left then.
  public func makeBundle(
    from: UInt64, to: UInt64?, depth: Depth, subscription: Subscription = .all, file: URL,
    activity: @escaping ActivitySink = { _ in }
  ) async throws -> BundleReport {
    let request = PullRequest(from: from, known: from, depth: depth, subscription: subscription, to: to)
    let partial = file.appendingPathExtension("making")
    do {
      // It is made to be handed on.
      let made = try await write(request, to: partial, mode: 0o644, activity: activity)
      let (summary, header) = (made.summary, made.header)
      try await Blocking.run { try FileManager.default.replaceOrMove(partial, to: file) }
      return BundleReport(
        file: file.path, from: header.from, to: header.to, mode: depth.rawValue,
        sizeInBytes: summary.sizeInBytes,
        bodiesInBytes: summary.bodiesInBytes, changeSets: header.changeSetCount,
        revisions: header.revisionCount,
        bodies: summary.bodies, unpackedInBytes: header.unpackedSizeInBytes)
    } catch {
      try? FileManager.default.removeItem(at: partial)
      throw error
    }
  }

  /// Writes the bundle that answers a request; the file may be left incomplete by an error.
  ///
  /// - Parameter mayBeWhole: Whether everything current may be sent where a step was asked for, if that is
  ///   smaller. The same request gives the same answer.
  func write(
    _ request: PullRequest, to file: URL, mayBeWhole: Bool = false, mode: mode_t = 0o600,
    activity: @escaping ActivitySink = { _ in }
  ) async throws -> WrittenBundle {
    try await refreshSketches(upTo: request.to)
    return try await store.read { transaction in
      let facts = try transaction.facts()
      func make(_ request: PullRequest, _ file: URL) throws -> (BundleMaker, BundleMaker.Made, WrittenBundle)
      {
        let maker = try BundleMaker(transaction: transaction, facts: facts, request: request)
        let sink = try BundleSink(file, mode: mode)
        let made = try maker.make(into: sink.write) { activity(.making(done: $0, total: $1)) }
        let hash = try sink.finish()
        let written = WrittenBundle(
          summary: made.summary, header: made.header, sizeInBytes: sink.sizeInBytes, hash: hash)
        return (maker, made, written)
      }
      let (maker, made, written) = try make(request, file)
      guard mayBeWhole, try maker.wholeMayBeSmaller(than: made) else { return written }
      var whole = request
      whole.from = 0
      let other = file.appendingPathExtension("whole")
      defer { try? FileManager.default.removeItem(at: other) }
      let (_, _, second) = try make(whole, other)
      guard second.sizeInBytes < written.sizeInBytes else { return written }
      try FileManager.default.replaceOrMove(other, to: file)
      return second
    }
  }

  /// Brings the index of what contents are like up to a position, so that bundles follow from the log alone.
  func refreshSketches(upTo size: UInt64?) async throws {
    let isDone = try await store.read { transaction in
      try transaction.sketchedSize() >= min(size ?? .max, try transaction.position().size)
    }
    guard !isDone else { return }
    while try await !store.write(purpose: "sheaf (indexing)", { try $0.extendSketches(bytes: 16 << 20) }) {}
  }

  /// Applies a bundle that came as a file.
  ///
  /// - Parameter mayChangeDepth: Whether the bundle may change what the copy keeps.
  /// - Throws: `BundleError`, `BundleMisfit`; the copy is as it was.
  public func apply(
    bundle file: URL, mayChangeDepth: Bool = false, activity: @escaping ActivitySink = { _ in }
  ) async throws -> PullReport {
    try await apply(bundle: file, mayChangeDepth: mayChangeDepth, wanted: nil, activity: activity)
  }

  /// - Parameter wanted: What a remote was asked for; a bundle of another kind is refused.
  func apply(
    bundle file: URL, mayChangeDepth: Bool, wanted: PullRequest?, activity: @escaping ActivitySink
  ) async throws -> PullReport {
    try environment.step(.bundleReceived)
    let report = try await store.write(purpose: "sheaf (applying a bundle)") { transaction in
      let source = try BundleSource(file)
      var applier = try BundleApplier(
        transaction: transaction, facts: try transaction.facts(),
        reader: BundleReader(source: source.read), mayChangeDepth: mayChangeDepth,
        wanted: wanted, elsewhere: self.destroyDropped)
      // Only what unpacks to as much makes a bundle this large.
      let declared = applier.header.unpackedSizeInBytes
      guard source.sizeInBytes <= Limits.bundleBytes || source.sizeInBytes - Limits.bundleBytes <= declared
      else {
        throw RemoteError.tooMuch(address: file.path)
      }
      var report = try applier.apply { activity(.applying(done: $0, total: $1)) }
      report.sizeInBytes = source.sizeInBytes
      try self.environment.step(.bundleStaged)
      return report
    }
    try environment.step(.bundleApplied)
    try await sweepDestroyed()
    try await refreshSearchIndex(activity: activity)
    try await markConflicts()
    return report
  }
}

/// A bundle that was written to a file.
struct WrittenBundle: Sendable {
  var summary: BundleSummary
  var header: BundleHeader
  var sizeInBytes: UInt64
  var hash: SHA256Hash
}

extension FileManager {
  /// Moves a finished file into place, over an older one when there is one.
  func replaceOrMove(_ file: URL, to target: URL) throws {
    guard rename(file.path, target.path) == 0 else {
      throw KeyError.unwritable(target.path, reason: String(cString: strerror(errno)))
    }
  }
}
