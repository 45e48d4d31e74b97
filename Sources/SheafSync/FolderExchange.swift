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
    let enrolled = try await takeEnrolments(from: remote, problems: &problems)
    try await takeCosignatures(from: remote, problems: &problems)
    let answers = try await takeDrafts(from: remote, problems: &problems)
    await leaveLaterAnswers(in: remote, problems: &problems)
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
        bundlesWritten: left.count, splitViews: try transaction.splitViewCount(), enrolled: enrolled)
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
    // Met again by the comparison above, unless somebody has just put it there.
    try await heed(checkpoint)
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
  ///
  /// - Returns: Those that became members now.
  private func takeEnrolments(
    from remote: FolderRemote, problems: inout [String]
  ) async throws -> [EnrolmentAnswer] {
    let before = try await store.read { try $0.position().size }
    var enrolled: [EnrolmentAnswer] = []
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
        if answer.changeSet > before { enrolled.append(answer) }
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
    return enrolled
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
        // It is true again once the log is back.
        if case .beyond = error { continue }
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

  /// Writes an answer, unless it lies there.
  private static func leave(_ answer: DraftAnswer, in folder: FolderHandle) throws {
    guard let leaf = SHA256Hash(base64: answer.leaf) else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = Array(try encoder.encode(answer))
    let name = FolderLayout.answerName(leaf)
    if let held = try? folder.read(name, maximum: FolderLayout.answerLimit), held == bytes { return }
    try folder.write(bytes, to: name)
  }

  /// Leaves what became in quarantine of refused drafts, for those authors whose copies sync with the folder.
  ///
  /// They read why their drafts were refused at first, and nobody hands over a refused draft again to learn more.
  private func leaveLaterAnswers(in remote: FolderRemote, problems: inout [String]) async {
    do {
      let settled = try await store.read { try $0.quarantine(includesReleased: true) }.filter {
        $0.changeSet != nil
      }
      let replicas = try await Blocking.run {
        Set(
          try FolderHandle(root: remote.folder).folder(FolderLayout.replicas, isMade: false)?
            .names(limit: FolderLayout.nameLimit) { MemberMark($0) != nil } ?? [])
      }
      let byAuthor = Dictionary(grouping: settled) { MemberMark(publicKey: $0.author).text }
      for (author, drafts) in byAuthor where replicas.contains(author) {
        let answers = try await answers(to: drafts.map(\.leaf))
        try await Blocking.run {
          let all = try FolderHandle(root: remote.folder).folder(FolderLayout.answers, isMade: true)
          guard let own = try all?.folder(author, isMade: true) else { return }
          for answer in answers { try Self.leave(answer, in: own) }
        }
      }
    } catch {
      problems.append(
        "\(FolderLayout.answers): \((error as? any SheafFailure)?.problem ?? "they can't be written")")
    }
  }

  private func takeDrafts(
    of member: String, from remote: FolderRemote, problems: inout [String]
  ) async throws -> [DraftAnswer] {
    @Sendable func own(_ folder: String, isMade: Bool) throws -> FolderHandle? {
      try FolderHandle(root: remote.folder).folder(folder, isMade: isMade)?.folder(member, isMade: isMade)
    }
    let names = try await Blocking.run { () -> [DraftsName] in
      guard let drafts = try own(FolderLayout.drafts, isMade: false) else { return [] }
      // What a replica began to leave when the stick was pulled out, and perhaps handed over by another way since.
      try drafts.removeLeftovers()
      return try drafts.names(limit: FolderLayout.nameLimit) { DraftsName($0) != nil }
        .compactMap(DraftsName.init).sorted()
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
          if let folder = try own(FolderLayout.answers, isMade: true) {
            for answer in judged { try Self.leave(answer, in: folder) }
          }
          try own(FolderLayout.drafts, isMade: false)?.remove(name.text)
        }
        answers += judged
      } catch RemoteError.full(_, let detail) {
        // They are judged; judging them again at the next visit changes nothing and tells them then.
        problems.append("\(place) was judged, and the answers were not left: \(detail)")
        return answers
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
}

extension SyncReport {
  fileprivate func with(problems: [String]) -> SyncReport {
    var report = self
    report.problems = problems
    return report
  }
}
