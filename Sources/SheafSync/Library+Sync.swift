import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore

/// What a sync changes about what the copy keeps; `nil` leaves it as it is.
public struct SyncOptions: Sendable, Hashable {
  public var depth: Depth?
  public var subscription: Subscription?

  public init(depth: Depth? = nil, subscription: Subscription? = nil) {
    self.depth = depth
    self.subscription = subscription
  }
}

extension Library {
  /// Hands over drafts, then pulls what is new: one request when there is neither.
  ///
  /// Interrupted anywhere, it goes on from there when it is called again: drafts are
  /// handed over once however often they are sent, and a download continues.
  ///
  /// - Throws: `RemoteError`, `BundleError`; the copy is as it was, or as it was after the last finished step.
  public func sync(
    with remote: any Remote, options: SyncOptions = SyncOptions(), activity: @escaping ActivitySink = { _ in }
  ) async throws -> SyncReport {
    guard !isPublisher else { throw LibraryError.onlyReplica }
    let isIntroduced = try await introduceMember(to: remote)
    do {
      return try await exchange(with: remote, options: options, activity: activity)
    } catch RemoteError.unauthorized where !isIntroduced {
      // The library has members since, which this copy can't have heard of; it may be one of them.
      try await introduceMember(to: remote, isAsked: true)
      return try await exchange(with: remote, options: options, activity: activity)
    }
  }

  private func exchange(
    with remote: any Remote, options: SyncOptions, activity: @escaping ActivitySink
  ) async throws -> SyncReport {
    try await askForMembership(at: remote)
    var handover = Handover()
    var pushFailure: (any Error)?
    var unmet: RemoteError?
    var pulled: Pulled = (nil, false)
    let redacted = try await store.read { try $0.redactedSize() }
    do {
      var first: Result<PullAnswer, any Error>?
      do {
        first = try await push(to: remote, options, &handover, activity)
      } catch let error as RemoteError where error.concernsDraftsOnly {
        // What is new still comes; the drafts wait, and what kept them is told in the end.
        pushFailure = error
      } catch BundleError.missingBase(let path) {
        // The remote destroyed what a draft is coded against; this copy is about to learn of that.
        pushFailure = BundleError.missingBase(path)
      }
      let failure: (any Error)?
      (pulled, failure) = try await pullEverything(first, from: remote, options: options, activity: activity)
      if var report = handover.pulled {
        if let more = pulled.report { report.add(more) }
        pulled.report = report
      }
      if let failure { throw failure }
    } catch let error as any SheafFailure where error.kind == .verification {
      await keepEvidence(against: remote)
      throw error
    } catch let error as RemoteError {
      guard case .nothingFits = error else { throw error }
      // A publisher that meets the folder later must learn what is wanted from it.
      try await remote.leave(position: try await pullRequest(options), from: memberMark)
      pulled.report = pulled.report ?? handover.pulled
      // What came, and that drafts were left there or answered, is no failure: it would never be told again. What
      // could not be had is told beside it.
      let isHandedOver = handover.sentInBytes > 0 || !handover.answers.isEmpty
      guard pulled.report != nil || remote.answersLater && isHandedOver else { throw error }
      unmet = error
    }
    if pushFailure != nil, try await store.read({ try $0.redactedSize() }) > redacted {
      // By now this copy destroyed it too, and codes its drafts against what both have.
      var report = try await exchange(with: remote, options: options, activity: activity)
      if var whole = pulled.report {
        if let more = report.pulled { whole.add(more) }
        report.pulled = whole
      }
      return report
    }
    // A server is asked beside something that happened, for nothing new is one request.
    if !remote.answersLater, pulled.report != nil || !handover.answers.isEmpty {
      handover.answers += try await lateAnswers(from: remote)
    }
    try await checkTaken(handover.answers)
    let asked = try await awaitsMembership()
    try await followOwnMember()
    let waits = try await awaitsMembership()
    // What came may have told this copy for the first time that there are members.
    try await introduceMember(to: remote)
    if unmet == nil {
      try await remote.leave(position: try await pullRequest(SyncOptions()), from: memberMark)
    }
    let unheard = try await exchangeCosignatures(with: remote, isSame: pulled.isSame)
    let problems =
      unheard + [unmet].compactMap { $0 }.map { "\($0.problem); let its publisher sync with it once more" }
    if let folder = remote as? FolderRemote { try await gossip(in: folder) }
    let mayNotGo = try await refuseWhatMayNotGo()
    handover.answers += mayNotGo
    // What kept drafts from going is of no account once none is to go any more.
    if let pushFailure, mayNotGo.isEmpty { throw pushFailure }
    let (handedOver, brought) = (handover, pulled)
    let now = environment.clock()
    return try await store.read { transaction in
      let drafts = try transaction.drafts([.waiting, .deposited, .logged, .refused])
      return SyncReport(
        remote: remote.address, pushed: handedOver.answers,
        deposited: drafts.filter { $0.outcome == .deposited }.count, pulled: brought.report,
        size: try transaction.position().size, newestChange: try transaction.newestChange(),
        isSameAsPublisher: brought.isSame, drafts: drafts.filter { $0.outcome != .refused }.count,
        conflicts: try transaction.conflictedDocuments().map(\.path.text),
        decisions: brought.report?.decisions ?? [],
        refused: drafts.filter { $0.outcome == .refused }.count, sentInBytes: handedOver.sentInBytes,
        isPublisher: false,
        bundlesWritten: 0, problems: problems, freshness: try self.freshness(transaction, now: now),
        splitViews: try transaction.splitViewCount(), awaitsMembership: waits, isNewMember: asked && !waits)
    }
  }

  // MARK: pull

  /// - Parameter mends: Whether everything is asked for, because something that is known of is missing.
  func pullRequest(_ options: SyncOptions, mends: Bool = false) async throws -> PullRequest {
    let now = environment.clock()
    return try await store.read { transaction in
      let facts = try transaction.facts()
      let depth = options.depth ?? facts.depth
      let subscription = options.subscription ?? facts.subscription
      let size = try transaction.position().size
      // A deeper or wider copy starts from nothing; the position that is known still has to be continued.
      var isSameKind = depth == facts.depth && subscription == facts.subscription
      if mends { isSameKind = false }
      let note = isSameKind && size > 0 ? try transaction.checkpoint(size: size)?.note : nil
      // What is current stays through the change, and need not come again if it is all there.
      let holdsCurrent =
        try size > 0 && depth > facts.depth && subscription == facts.subscription
        && transaction.missingContent(bases: false, revisions: false, limit: 1).isEmpty
      return PullRequest(
        from: isSameKind ? size : 0, known: size, depth: depth, subscription: subscription,
        held: note.map { CheckpointMark(note: $0) }, holdsCurrent: holdsCurrent,
        holds: mends ? ChangeSetRanges() : try Self.ownInLog(transaction, after: size),
        timesAfter: try self.timesAfter(transaction, now: now))
    }
  }

  /// The change sets after a size that were drafts of this copy and of which it holds every content.
  private static func ownInLog(_ transaction: StoreTransaction, after size: UInt64) throws -> ChangeSetRanges
  {
    ChangeSetRanges(
      try transaction.drafts([.logged]).compactMap { draft in
        guard let number = draft.changeSet, number > size,
          try transaction.lines(of: draft).compactMap(\.content).allSatisfy({ try transaction.holdsBody($0) })
        else { return nil }
        return number
      })
  }

  /// What pulling brought, and whether the copy is where the publisher is.
  typealias Pulled = (report: PullReport?, isSame: Bool)

  /// Pulls, from a remote that may stop short until it has no more.
  ///
  /// - Parameter first: What an exchange of drafts brought already.
  /// - Returns: What came, and what hindered the steps behind the first, which stay where they got to.
  /// - Throws: What hindered the first step; nothing came then.
  func pullEverything(
    _ first: Result<PullAnswer, any Error>?, from remote: any Remote, options: SyncOptions,
    activity: @escaping ActivitySink
  ) async throws -> (pulled: Pulled, failure: (any Error)?) {
    var pulled: Pulled
    if let first {
      do {
        pulled = try await take(
          try first.get(), of: try await pullRequest(options), from: remote, activity: activity)
      } catch BundleMisfit.missingBody {
        // What was handed over need not be held: a moved asset may be absent here. This asks for all that isn't.
        pulled = try await pull(from: remote, options: options, activity: activity)
      }
    } else {
      pulled = try await pull(from: remote, options: options, activity: activity)
    }
    do {
      try await pullOn(&pulled, from: remote, options: options, activity: activity)
    } catch {
      pulled.isSame = false
      return (pulled, error)
    }
    return (pulled, nil)
  }

  /// Pulls what leads on from a first step, and what that left missing.
  ///
  /// - Parameter pulled: Takes in each step as it is done.
  private func pullOn(
    _ pulled: inout Pulled, from remote: any Remote, options: SyncOptions, activity: @escaping ActivitySink
  ) async throws {
    while remote.mayStopShort, pulled.report != nil {
      let next = try await pull(from: remote, options: options, activity: activity)
      pulled.isSame = next.isSame
      guard let more = next.report else { break }
      pulled.report?.add(more)
    }
    // A step has no content that was past before it, and a conflict with somebody who lagged may be about such.
    let fetched = try await fetchConflictBases(from: remote, activity)
    pulled.report?.transferredInBytes += fetched.transferredInBytes
    // A folder may hold no whole that reaches as far as this copy; its publisher leaves what was wished for.
    guard fetched.lacksSome, !remote.answersLater else { return }
    let whole = try await pull(from: remote, options: options, mends: true, activity: activity)
    pulled.isSame = whole.isSame
    if var report = pulled.report, let more = whole.report {
      report.add(more)
      pulled.report = report
    } else {
      pulled.report = pulled.report ?? whole.report
    }
  }

  /// Gets what conflicts are about and this copy lacks, one by one, which is far less than everything.
  ///
  /// - Returns: Whether something is missing still.
  private func fetchConflictBases(
    from remote: any Remote, _ activity: @escaping ActivitySink
  ) async throws -> (lacksSome: Bool, transferredInBytes: UInt64) {
    let missing = try await store.read { try $0.missingConflictBases() }
    let wanted = missing.compactMap { base in
      base.sizeInBytes.map { Wanted(content: base.content, sizeInBytes: $0, paths: [base.path]) }
    }
    guard !wanted.isEmpty else { return (!missing.isEmpty, 0) }
    var report = FetchReport()
    do {
      try await fetch(wanted, from: remote, &report, activity)
    } catch let error where error is any SheafFailure {
      // What can't be had by its hash comes with everything else.
    }
    guard !report.fetched.isEmpty else { return (true, report.transferredInBytes) }
    try await store.write(purpose: "sheaf sync") { try $0.forgetMarks(in: nil) }
    try await markConflicts()
    let isMissingStill = try await store.read { try !$0.missingConflictBases().isEmpty }
    return (isMissingStill, report.transferredInBytes)
  }

  private func pull(
    from remote: any Remote, options: SyncOptions, mends: Bool = false, activity: @escaping ActivitySink
  ) async throws -> Pulled {
    let request = try await pullRequest(options, mends: mends)
    let answer = try await remote.pull(request, into: incoming(remote)) {
      activity(.transferring(received: $0, total: $1))
    }
    return try await take(answer, of: request, from: remote, activity: activity)
  }

  /// Checks and applies what a remote answered.
  func take(
    _ answer: PullAnswer, of request: PullRequest, from remote: any Remote, activity: @escaping ActivitySink
  ) async throws -> Pulled {
    switch answer {
    case .same:
      // Nobody may say so to a copy that did not say what it holds.
      guard request.held != nil else {
        throw RemoteError.notSheaf(address: remote.address, detail: "it names no checkpoint")
      }
      return (nil, true)
    case .unchanged(let note):
      return (nil, try await isSame(note, remote: remote))
    case .bundle(let file, let transferred):
      do {
        var report = try await apply(
          bundle: file, mayChangeDepth: request.from == 0, wanted: request, activity: activity)
        report.transferredInBytes = transferred
        // Other parts led on from where the copy was, and nobody asks for them any more.
        await remove(incoming(remote))
        return (report, true)
      } catch let error where Self.concernsBundle(error) {
        // It would be offered again for resuming: it must not stay.
        await remove(incoming(remote))
        throw error
      }
    }
  }

  /// Whether a bundle that was refused so stays refused, however often it is applied. One that is in order waits
  /// for its disk, its turn or the end of an interruption, and need not come again.
  static func concernsBundle(_ error: any Error) -> Bool {
    if case RemoteError.tooMuch = error { return true }
    return error is BundleError || error is BundleMisfit
      || (error as? any SheafFailure)?.kind == .verification
  }

  /// Removes what was received, once it is stored or of no use.
  func remove(_ place: URL) async {
    try? await Blocking.run { try FileManager.default.removeItem(at: place) }
  }

  func incoming(_ remote: any Remote) -> URL {
    let mark = SHA256Hash(hashing: Array(remote.address.utf8)).hex.prefix(16)
    return folder.appending(path: "incoming").appending(path: String(mark))
  }

  /// Compares the remote's checkpoint with this copy's own position.
  ///
  /// - Throws: `BundleError`-like verification failures when the remote shows another history.
  private func isSame(_ note: [UInt8], remote: any Remote) async throws -> Bool {
    let parsed: SignedCheckpoint
    do {
      parsed = try SignedCheckpoint(
        note: SignedNote(
          parsing: note, maximumSize: Limits.checkpointNote, maximumSignatures: Limits.signatures))
    } catch {
      throw RemoteError.notSheaf(address: remote.address, detail: "what it sends is no checkpoint")
    }
    let checkpoint = try parsed.verified(by: logVerifier, origin: id.text)
    let own = try await store.read { try $0.position() }
    guard checkpoint.size >= own.size else {
      try await checkPrefix(checkpoint)
      return false
    }
    guard checkpoint.size == own.size else {
      throw RemoteError.nothingFits(address: remote.address, position: own.size)
    }
    guard checkpoint.root == own.root else {
      throw HistoryRewritten(size: own.size, own: own.root, theirs: checkpoint.root)
    }
    return true
  }

  /// An older checkpoint must be one that this copy's own log had, as far as the copy can tell.
  private func checkPrefix(_ checkpoint: Checkpoint) async throws {
    try await store.read { transaction in
      guard try transaction.facts().depth > .heads, checkpoint.size > 0 else { return }
      let own = try MerkleProof.root(size: checkpoint.size, nodes: transaction.node)
      guard own == checkpoint.root else {
        throw HistoryRewritten(size: checkpoint.size, own: own, theirs: checkpoint.root)
      }
    }
  }
}
