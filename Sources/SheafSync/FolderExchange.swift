import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// The publisher's side of a folder or stick: takes the drafts, leaves answers and bundles.
  ///
  /// In this order, so that a stick pulled out at any moment serves its replicas as before
  /// or as after: drafts are judged, their answers written, then the drafts removed; bundles
  /// are written, then the checkpoint, then the bundles that nobody needs any more are
  /// removed. Damaged drafts are named in the report and left where they are; those that nobody
  /// can take, though they are as they were left, are named and removed.
  ///
  /// - Parameter withTiles: Whether the log's tiles are left too; a folder that has some keeps them in any case.
  /// - Throws: `RemoteError` when the folder can't be read or written, or holds another library;
  ///   `LibraryError.empty` before anything was published. What was done so far stands.
  public func exchange(
    with remote: FolderRemote, withTiles: Bool = false, activity: @escaping ActivitySink = { _ in }
  ) async throws -> SyncReport {
    guard isPublisher else { throw LibraryError.onlyPublisher("prepare a folder for its replicas") }
    _ = try await checkpointNote()
    // Before a folder is refused for its history, what proves that is kept.
    try await gossip(in: remote)
    try await checkIsOurs(remote)
    var problems: [String] = []
    try await takeEnrolments(from: remote, problems: &problems)
    try await takeCosignatures(from: remote, problems: &problems)
    let answers = try await takeDrafts(from: remote, problems: &problems)
    try await leaveTiles(in: remote, isMade: withTiles)
    let left = try await leaveBundles(in: remote, problems: &problems, activity: activity)
    _ = try await leaveAssets(in: remote, problems: &problems)
    let quarantined = try await figures().quarantined
    let report = try await store.read { transaction in
      SyncReport(
        remote: remote.address, pushed: answers, deposited: 0, pulled: nil,
        size: try transaction.position().size, newestChange: try transaction.newestChange(),
        isSameAsPublisher: true, drafts: 0, conflicts: try transaction.conflictedDocuments().map(\.path.text),
        refused: Int(clamping: quarantined), sentInBytes: left.sizeInBytes, isPublisher: true,
        bundlesWritten: left.count, splitViews: try transaction.splitViewCount())
    }
    return report.with(problems: problems)
  }

  /// Refuses a folder that another library, or a later state of this one, was left in.
  private func checkIsOurs(_ remote: FolderRemote) async throws {
    let note = try await Blocking.run { () -> [UInt8]? in
      let root = try FolderHandle(root: remote.folder)
      do {
        return try root.read(FolderLayout.checkpoint, maximum: UInt64(Limits.checkpointNote))
      } catch RemoteError.tooMuch { return nil }
    }
    // A damaged checkpoint is replaced at the end.
    guard let note, let parsed = try? SignedCheckpoint(parsing: note) else { return }
    guard parsed.checkpoint.origin == id.text else {
      throw RemoteError.refused(
        address: remote.address, detail: "it holds another library, \(parsed.checkpoint.origin)")
    }
    guard let checkpoint = try? parsed.verified(by: logVerifier, origin: id.text) else { return }
    try await store.read { transaction in
      let own = try transaction.position()
      guard checkpoint.size <= own.size else {
        throw RemoteError.refused(
          address: remote.address,
          detail:
            "it is at checkpoint \(checkpoint.size), and this copy only at \(own.size); bring back what is missing with `sheaf recover`"
        )
      }
      let root = try MerkleProof.root(size: checkpoint.size, nodes: transaction.node)
      guard root == checkpoint.root else {
        throw HistoryRewritten(size: checkpoint.size, own: root, theirs: checkpoint.root)
      }
    }
  }

  // MARK: members

  /// Takes the requests to become a member; their answers are the members' documents in the bundles.
  private func takeEnrolments(from remote: FolderRemote, problems: inout [String]) async throws {
    let names = try await Blocking.run {
      try FolderHandle(root: remote.folder).folder(FolderLayout.enrolments, isMade: false)?
        .names(limit: FolderLayout.nameLimit) { MemberMark($0) != nil } ?? []
    }
    for name in names {
      @Sendable func requests() throws -> FolderHandle? {
        try FolderHandle(root: remote.folder).folder(FolderLayout.enrolments, isMade: false)
      }
      do {
        let note = try await Blocking.run {
          try requests()?.read(name, maximum: UInt64(EnrolmentRequest.sizeLimitInBytes))
        }
        guard let note else { continue }
        let answer = try await enrol(note)
        if answer.member != name {
          problems.append("\(FolderLayout.enrolments)/\(name) is another's request")
        }
      } catch EnrolmentError.isMember {
        // Left again before its device had the answer.
      } catch let error as EnrolmentError {
        problems.append("\(FolderLayout.enrolments)/\(name): \(error.problem)")
      } catch RemoteError.tooMuch {
        problems.append("\(FolderLayout.enrolments)/\(name) is larger than a request may be")
      } catch let error as any SheafFailure where !(error is StoreError) {
        // It lies there still when whatever is in the way is gone; the others are looked at all the same.
        problems.append("\(FolderLayout.enrolments)/\(name): \(error.problem)")
        continue
      }
      await remove(name, in: FolderLayout.enrolments, of: remote, problems: &problems)
    }
  }

  /// Removes a file that was taken; one that can't be is named, and stops nothing.
  private func remove(
    _ name: String, in folder: String, of remote: FolderRemote, problems: inout [String]
  ) async {
    do {
      try await Blocking.run {
        try FolderHandle(root: remote.folder).folder(folder, isMade: false)?.remove(name)
      }
    } catch {
      problems.append("\(folder)/\(name): \((error as? any SheafFailure)?.problem ?? "it can't be removed")")
    }
  }

  // MARK: cosignatures

  /// Takes what witnesses left, and removes what was taken.
  private func takeCosignatures(from remote: FolderRemote, problems: inout [String]) async throws {
    let lists = try await Blocking.run { () -> [(String, [UInt8]?)] in
      guard let folder = try FolderHandle(root: remote.folder).folder(FolderLayout.witnesses, isMade: false)
      else { return [] }
      return try folder.names(limit: FolderLayout.nameLimit) { MemberMark($0) != nil }.map { name in
        (name, try? folder.read(name, maximum: UInt64(CosignatureList.maximumHandedSize)))
      }
    }
    for (name, bytes) in lists {
      do {
        guard let bytes else { throw CosignatureError.malformed }
        let list = try CosignatureList(parsing: bytes, maximumSize: CosignatureList.maximumHandedSize)
        guard try await take(list, isHanded: true) > 0 else { throw CosignatureError.unknownWitness }
      } catch let error as CosignatureError {
        problems.append("\(FolderLayout.witnesses)/\(name): \(error.problem)")
      }
      await remove(name, in: FolderLayout.witnesses, of: remote, problems: &problems)
    }
  }

  // MARK: drafts

  private func takeDrafts(
    from remote: FolderRemote, problems: inout [String]
  ) async throws -> [DraftAnswer] {
    let members = try await Blocking.run {
      try FolderHandle(root: remote.folder).folder(FolderLayout.drafts, isMade: false)?
        .names(limit: FolderLayout.nameLimit) { MemberMark($0) != nil } ?? []
    }
    var answers: [DraftAnswer] = []
    for member in members {
      answers += try await takeDrafts(of: member, from: remote, problems: &problems)
    }
    return answers
  }

  private func takeDrafts(
    of member: String, from remote: FolderRemote, problems: inout [String]
  ) async throws -> [DraftAnswer] {
    @Sendable func own(_ folder: String, isMade: Bool) throws -> FolderHandle? {
      try FolderHandle(root: remote.folder).folder(folder, isMade: isMade)?.folder(member, isMade: isMade)
    }
    let names = try await Blocking.run {
      try
        (own(FolderLayout.drafts, isMade: false)?
        .names(limit: FolderLayout.nameLimit) { DraftsName($0) != nil } ?? []).compactMap(DraftsName.init)
        .sorted()
    }
    var answers: [DraftAnswer] = []
    for name in names {
      let place = "\(FolderLayout.drafts)/\(member)/\(name.text)"
      do {
        let bytes = try await Blocking.run {
          try own(FolderLayout.drafts, isMade: false)?.read(name.text, maximum: UInt64(Limits.pushBytes))
        }
        guard let bytes, name.names(bytes) else {
          // Later ones may be made from these, so they wait until the replica has been here again.
          problems.append("\(place) is damaged; its replica leaves it anew")
          return answers
        }
        let judged = try await receive(push: bytes)
        try await Blocking.run {
          for answer in judged {
            guard let leaf = SHA256Hash(base64: answer.leaf) else { continue }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try own(FolderLayout.answers, isMade: true)?
              .write(Array(try encoder.encode(answer)), to: FolderLayout.answerName(leaf))
          }
          try own(FolderLayout.drafts, isMade: false)?.remove(name.text)
        }
        answers += judged
      } catch let error as DiskTooSmall {
        // It is in order as far as anybody knows, and waits for room; so do those that may be made from it.
        problems.append("\(place): \(error.problem)")
        return answers
      } catch let error as BundleError where error.isAboutProgram {
        problems.append("\(place): \(error.problem)")
        return answers
      } catch let error as any SheafFailure where error is BundleError || error is BundleMisfit {
        // It is what was left, so the next visit would refuse it as well. Its replica still has the drafts.
        problems.append("\(place): \(error.problem); it was taken away")
        try await Blocking.run { try own(FolderLayout.drafts, isMade: false)?.remove(name.text) }
      } catch RemoteError.tooMuch {
        problems.append("\(place) is larger than a push may be; it was taken away")
        try await Blocking.run { try own(FolderLayout.drafts, isMade: false)?.remove(name.text) }
      }
    }
    return answers
  }

  // MARK: bundles

  private func leaveBundles(
    in remote: FolderRemote, problems: inout [String], activity: @escaping ActivitySink
  ) async throws -> (count: Int, sizeInBytes: UInt64) {
    let note = try await checkpointNote()
    let newest = try SignedCheckpoint(parsing: note).checkpoint.size
    let held = try await Blocking.run {
      guard let bundles = try FolderHandle(root: remote.folder).folder(FolderLayout.bundles, isMade: true)
      else { return [BundleName]() }
      try bundles.removeLeftovers()
      return try bundles.names(limit: FolderLayout.nameLimit) { _ in true }.compactMap(BundleName.init)
    }
    var wanted = try await wantedBundles(of: remote, newest: newest, problems: &problems)
    var written = (count: 0, sizeInBytes: UInt64(0))
    var kept: Set<BundleName> = []
    // One first copy stays for whoever comes. A small step behind it is cheaper than making it anew.
    let first = PullRequest(from: 0, known: 0, depth: .trail, subscription: .all)
    let whole = BundleName(first, to: newest)
    // One from before a redaction holds what was destroyed, and goes with what nobody needs.
    let redacted = try await store.read { try $0.newestRedaction(at: newest) } ?? 0
    let older = held.filter {
      $0 == BundleName(first, to: $0.to) && $0.to < newest && $0.to >= redacted
    }.max { $0.to < $1.to }
    if let older, wanted[whole] == nil, !held.contains(whole),
      let step = try await smallStep(after: older, to: newest, in: remote), try await lies(older, in: remote)
    {
      kept.insert(older)
      wanted[BundleName(step, to: newest)] = step
    } else {
      // What lies there under this name is compared with what is made: it may be damaged, or another's.
      wanted[whole] = first
    }
    for (name, request) in wanted.sorted(by: { $0.key.text < $1.key.text }) where !kept.contains(name) {
      let size = try await leave(name, request, in: remote)
      if size > 0 { written = (written.count + 1, written.sizeInBytes + size) }
      kept.insert(name)
    }
    let needed = kept
    let cosignatures = try await cosignatures(after: 0)
    let cosigned = try await cosignedCheckpoint()
    try await Blocking.run {
      let root = try FolderHandle(root: remote.folder)
      // One that is too large to be a checkpoint is replaced like any other that is not this one.
      let lying = try? root.read(FolderLayout.checkpoint, maximum: UInt64(Limits.checkpointNote))
      if lying != cosigned { try root.write(cosigned, to: FolderLayout.checkpoint) }
      let older = try? root.read(FolderLayout.cosignatures, maximum: UInt64(CosignatureList.maximumSize))
      if older != cosignatures { try root.write(cosignatures, to: FolderLayout.cosignatures) }
      guard let bundles = try root.folder(FolderLayout.bundles, isMade: false) else { return }
      for name in held where !needed.contains(name) { try bundles.remove(name.text) }
    }
    return written
  }

  /// The bundle that each replica that was here needs to get to `newest`.
  private func wantedBundles(
    of remote: FolderRemote, newest: UInt64, problems: inout [String]
  ) async throws -> [BundleName: PullRequest] {
    // Positions are read one by one, for each may be large.
    let positions = try await Blocking.run {
      guard let replicas = try FolderHandle(root: remote.folder).folder(FolderLayout.replicas, isMade: false)
      else { return [(String, FolderPosition?)]() }
      let names = try replicas.newestNames(limit: FolderLayout.nameLimit) { MemberMark($0) != nil }
      for name in names.dropFirst(FolderLayout.positionsKept) { try replicas.remove(name) }
      return names.prefix(FolderLayout.positionsKept).map { name in
        (name, (try? replicas.read(name, maximum: FolderLayout.positionLimit)).flatMap { FolderPosition($0) })
      }
    }
    var wanted: [BundleName: PullRequest] = [:]
    var later = 0
    for (name, position) in positions {
      let place = "\(FolderLayout.replicas)/\(name)"
      guard let position, position.library == id.text else {
        problems.append("\(place) names no position in this library")
        continue
      }
      let request = position.request
      guard request.known <= newest else {
        problems.append("\(place) is at checkpoint \(request.known), which this copy has not reached")
        continue
      }
      guard request.from == 0 || request.from < newest else { continue }
      let bundle = BundleName(request, to: newest)
      if wanted[bundle] == nil, wanted.count == FolderLayout.bundlesPrepared {
        later += 1
      } else {
        wanted[bundle] = request
      }
    }
    if later > 0 {
      problems.append(
        "\(later) positions were written before the \(FolderLayout.bundlesPrepared) that bundles were made for"
      )
    }
    return wanted
  }

  /// The step from an older first copy, where it is there, whole at its start, and four times the step's size.
  private func smallStep(
    after older: BundleName, to newest: UInt64, in remote: FolderRemote
  ) async throws -> PullRequest? {
    let size = try await Blocking.run {
      try FolderHandle(root: remote.folder).folder(FolderLayout.bundles, isMade: false)?.file(older.text)?
        .sizeInBytes
    }
    let request = PullRequest(from: older.to, known: older.to, depth: .trail, subscription: .all, to: newest)
    guard let size, case .bundle(let step) = try await offer(request) else { return nil }
    return step.sizeInBytes <= size / 4 ? request : nil
  }

  /// Whether an older first copy lies there as it was left, byte for byte.
  private func lies(_ name: BundleName, in remote: FolderRemote) async throws -> Bool {
    let request = PullRequest(from: 0, known: 0, depth: .trail, subscription: .all, to: name.to)
    guard case .bundle(let bundle) = try await offer(request) else { return false }
    return try await Blocking.run {
      let bundles = try FolderHandle(root: remote.folder).folder(FolderLayout.bundles, isMade: false)
      // One that can't be read is none.
      return (try? bundles?.file(name.text)?.uncached().hash()) == bundle.hash
    }
  }

  /// Makes a bundle and leaves it, unless the same bytes lie there.
  ///
  /// - Returns: How many bytes were written.
  private func leave(
    _ name: BundleName, _ request: PullRequest, in remote: FolderRemote
  ) async throws -> UInt64 {
    var request = request
    request.known = name.known
    request.to = name.to
    guard case .bundle(let bundle) = try await offer(request) else { return 0 }
    return try await Blocking.run {
      guard let bundles = try FolderHandle(root: remote.folder).folder(FolderLayout.bundles, isMade: true),
        let source = FolderFile(own: bundle.file)
      else {
        throw RemoteError.interrupted(address: remote.address, detail: "the bundle made for it is gone")
      }
      if let there = try bundles.file(name.text), try there.hash() == bundle.hash { return 0 }
      try bundles.write(to: name.text) { append in
        var offset: UInt64 = 0
        while true {
          let some = try source.read(at: offset, count: 1 << 20)
          guard !some.isEmpty else { return }
          try append(some)
          offset += UInt64(some.count)
        }
      }
      // A worn-out stick takes every byte and gives back others.
      guard let written = try bundles.file(name.text), try written.uncached().hash() == bundle.hash else {
        try bundles.remove(name.text)
        throw RemoteError.interrupted(
          address: remote.address, detail: "\(name.text) does not read as it was written; use another disk")
      }
      return bundle.sizeInBytes
    }
  }
}

extension FolderFile {
  /// The hash of its bytes.
  func hash() throws -> SHA256Hash {
    var hasher = SHA256Hash.Hasher()
    var offset: UInt64 = 0
    while true {
      let some = try read(at: offset, count: 1 << 20)
      guard !some.isEmpty else { return hasher.finalize() }
      hasher.update(some)
      offset += UInt64(some.count)
    }
  }
}

extension SyncReport {
  fileprivate func with(problems: [String]) -> SyncReport {
    var report = self
    report.problems = problems
    return report
  }
}
