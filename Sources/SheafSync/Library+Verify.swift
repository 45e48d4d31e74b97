import SheafLog
import SheafModel
import SheafStore

extension Library {
  /// Checks everything that this copy holds: every content, note, signature, proof and projection.
  ///
  /// Goes on after every find and reports at most 1,000, each with its place, unless SQLite finds the file itself
  /// damaged; then that is all it tells. Changes nothing unless
  /// asked to rebuild; what follows from the log is then dropped and made anew first, in one transaction.
  ///
  /// - Returns: A report whose `problems` are empty when all holds.
  /// - Throws: What keeps it from looking at all, such as a lock; a damaged log is a problem, no error.
  public func verify(rebuild: Bool, activity: @escaping ActivitySink) async throws -> VerifyReport {
    var report = VerifyReport(
      size: 0, changeSets: 0, signatures: 0, checkpoints: 0, revisions: 0, bodies: 0, documents: 0,
      stateRoot: "",
      isRebuilt: false, problems: [])
    // Rows that break the file's own rules are told, and can't be read: nothing is looked at beyond them.
    var findings = try await store.read { transaction in
      var findings = Findings()
      findings.section("the library's file") { findings in
        for problem in try transaction.integrityProblems(limit: 100) {
          findings.add("the library's file", problem)
        }
      }
      return findings
    }
    guard findings.problems.isEmpty else {
      report.problems = findings.problems
      return report
    }
    if rebuild {
      do {
        try await store.write(purpose: "sheaf verify --rebuild") { transaction in
          try transaction.rebuildProjections(log: try transaction.facts().depth >= .trail) { _ in }
        }
        try await refreshSearchIndex(activity: activity)
        report.isRebuilt = true
      } catch {
        if case .locked? = error as? StoreError { throw error }
        findings.add("projections", "they can't be rebuilt: \(error)")
      }
    }
    let started = (report, findings)
    // What follows from the log is built anew while what is held is read: two threads share the work.
    async let rebuilt = checkProjections(started.0, Findings())
    var (whole, found) = try await store.read { transaction in
      var (report, findings) = started
      self.checkWhatIsHeld(transaction, &report, &findings, activity)
      return (report, findings)
    }
    let projections = try await rebuilt
    found.add(projections.problems)
    whole.stateRoot = projections.stateRoot
    whole.documents = projections.documents
    whole.problems = found.problems
    return whole
  }

  private func checkWhatIsHeld(
    _ transaction: StoreTransaction, _ report: inout VerifyReport, _ findings: inout Findings,
    _ activity: ActivitySink
  ) {
    var facts: CopyFacts?
    findings.section("this copy's facts") { findings in
      let read = try transaction.facts()
      facts = read
      report.size = try transaction.position().size
      if !read.library.fits(logKey: read.logKey) {
        findings.add("this copy's facts", "the library's identity and its key do not belong together")
      }
    }
    guard let facts else { return }
    findings.section("log") { findings in
      var log = try LogCheck(transaction, library: self)
      // The counts of what was looked at stand even when something stops the look.
      defer {
        report.changeSets = log.changeSets
        report.signatures = log.signatures
        report.checkpoints = log.checkpoints
        report.revisions = log.revisions
      }
      if facts.depth >= .trail {
        try log.run(&findings, activity: activity)
      } else {
        try log.runWithoutChangeSets(&findings)
      }
    }
    findings.section("cosignatures") { try checkCosignatures(transaction, &$0) }
    findings.section("split views") { findings in
      for view in try transaction.splitViews() {
        findings.add(
          "checkpoint \(view.size)", "the log's key signed another one too, seen at \(view.place)")
      }
    }
    findings.section("lines") { findings in
      for place in try transaction.strayLines(limit: findings.room) {
        findings.add("revision \(place)", "it belongs to no change set or no document")
      }
    }
    findings.section("bodies") { report.bodies = try checkBodies(transaction, &$0) }
    findings.section("chunks") { try checkChunks(transaction, &$0) }
    findings.section("absent assets") { findings in
      report.absent = try transaction.absentCount().documents
      if report.absent > 0, isPublisher || facts.depth == .full {
        findings.add("absent assets", "a copy that keeps everything lacks \(report.absent)")
      }
    }
    findings.section("documents") { try checkDocuments(transaction, &$0) }
    findings.section("contents") { findings in
      for place in try transaction.missingContent(
        bases: facts.depth != .trail, revisions: facts.depth == .full, limit: findings.room)
      {
        findings.add(place, "its content is not held")
      }
    }
    findings.section("redactions") { findings in
      report.redacted = try transaction.redactionCount()
      for place in try transaction.unlawfullyMissing(limit: findings.room) {
        findings.add("revision \(place)", "its content is missing, and no redaction is about it")
      }
      for place in try transaction.undestroyed(limit: findings.room) {
        findings.add("revision \(place)", "its redaction is in effect, and this copy still has what opens it")
      }
      if let unswept = try UnsweptContent(transaction) { findings.add("redactions", unswept.sentence) }
    }
    findings.section("drafts") { report.signatures += try checkDrafts(transaction, &$0) }
    if isPublisher { findings.section("keys/signed") { try checkSignerRecord(transaction, &$0) } }
  }

  private func checkCosignatures(
    _ transaction: StoreTransaction, _ findings: inout Findings
  ) throws {
    var waiting: [CosignatureCheck] = []
    func settle(_ findings: inout Findings) {
      for (check, holds) in zip(waiting, LogCheck.onTwoThreads(waiting) { $0.holds() }) where !holds {
        findings.add(
          "cosignatures of checkpoint \(check.cosignature.size)",
          "that by \(check.cosignature.cosigner.name) is false")
      }
      waiting = []
    }
    for size in try transaction.strayCosignatures(limit: findings.room) {
      findings.add(
        "cosignatures of checkpoint \(size)", "this copy's log is not that long, or nobody made them")
    }
    for size in try transaction.cosignedSizes(after: 0) {
      findings.section("cosignatures of checkpoint \(size)") { _ in
        guard let root = try root(at: size, transaction) else { return }
        let text = try Checkpoint(origin: id.text, size: size, root: root).text
        waiting += try transaction.cosignatures(size: size).map {
          CosignatureCheck(cosignature: $0, text: text)
        }
      }
      if waiting.count >= 256 { settle(&findings) }
    }
    settle(&findings)
    let known = try KnownCosigners(transaction)
    for generation in known.falseNotes {
      findings.add("time key \(generation)", "the log's key did not bind it to the library")
    }
    // A copy without lines knows what members' documents say now, and not what keys they named.
    let knowsAll = try transaction.facts().depth >= .trail
    for stranger in known.strangers
    where knowsAll || KnownCosigners.memberPath(ofWitness: stranger.key.name, origin: id.text) == nil {
      findings.add(
        "cosignatures by \(stranger.key.name)",
        "their key is not one that the library's clock or a witness has or had")
    }
  }

  private func checkBodies(_ transaction: StoreTransaction, _ findings: inout Findings) throws -> UInt64 {
    var count: UInt64 = 0
    var row: Int64 = .min
    while true {
      let some = try transaction.bodyRows(after: row, count: 256)
      guard let last = some.last else { return count }
      for body in some {
        let place = "body \(Hexadecimal.encode(body.hash))"
        count += 1
        guard let hash = SHA256Hash(bytes: body.hash) else {
          findings.add(place, "its name is not a hash")
          continue
        }
        findings.section(place) { findings in
          var hasher = SHA256Hash.Hasher()
          var size: Int64 = 0
          let isHeld = try transaction.forEachPiece(of: hash) { piece in
            hasher.update(piece)
            size += Int64(piece.count)
          }
          guard isHeld else { return findings.add(place, "it is not there") }
          if hasher.finalize() != hash { findings.add(place, "its bytes are not those it is named for") }
          if size != body.sizeInBytes { findings.add(place, "it has another size than it says") }
        }
      }
      row = last.row
    }
  }

  private func checkChunks(_ transaction: StoreTransaction, _ findings: inout Findings) throws {
    var row: Int64 = .min
    while true {
      let some = try transaction.chunkRows(after: row, count: 256)
      guard let last = some.last else { return }
      for (chunk, hash) in some {
        let place = "chunk \(chunk.id)"
        findings.section(place) { findings in
          if SHA256Hash(bytes: hash) != SHA256Hash(hashing: try transaction.bytes(of: chunk)) {
            findings.add(place, "its bytes are not those it is named for")
          }
        }
      }
      row = last.chunk.id
    }
  }

  private func checkDocuments(_ transaction: StoreTransaction, _ findings: inout Findings) throws {
    var row: Int64 = .min
    while true {
      let some = try transaction.documentRows(after: row, count: 1_000)
      guard let last = some.last else { return }
      for document in some {
        let path = try? DocumentPath(document.path)
        if path.map(StoreTransaction.diskKey) != document.folded {
          findings.add("document \(document.path)", "it is filed under another name")
        }
      }
      row = last.row
    }
  }

  private func checkDrafts(_ transaction: StoreTransaction, _ findings: inout Findings) throws -> UInt64 {
    var signatures: UInt64 = 0
    for draft in try transaction.drafts([.waiting, .deposited, .logged, .refused]) {
      let place = "draft \(draft.mark)"
      findings.section(place) { findings in
        let note = try SignedNote(
          parsing: draft.note, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures)
        let fields = try draft.fields()
        signatures += 1
        if MerkleHash.leaf(draft.note) != draft.leaf {
          findings.add(place, "its name is not the hash of its note")
        }
        // By the key that the member had then: another may have taken its place.
        let key = try VerifierKey(
          name: ChangeSetNote.keyName(author: fields.author), publicKey: fields.author)
        if !key.verifies(note: note) { findings.add(place, "its author did not sign it") }
        let lines = try transaction.lines(of: draft).map { $0.signedLine(seed: draft.seed) }
        Self.check(lines, reason: draft.reason, draft.seed, against: fields, at: place, &findings)
      }
    }
    for draft in try transaction.quarantined(limit: 10_000)
    where SHA256Hash(bytes: draft.leaf) != MerkleHash.leaf(draft.note) {
      findings.add(
        "quarantined draft \(Hexadecimal.encode(draft.leaf).prefix(16))",
        "its name is not the hash of its note")
    }
    // What waits for two people must be what its author signed; of what was decided the rest may be gone.
    for draft in try transaction.quarantine(count: 10_000) {
      let place = "quarantined draft \(draft.mark)"
      findings.section(place) { findings in
        let fields = try draft.fields()
        if draft.author != fields.author { findings.add(place, "it is filed under another author") }
        let lines = try RevisionList(parsing: draft.lines).lines
        Self.check(lines, reason: draft.reason, draft.seed, against: fields, at: place, &findings)
      }
    }
    return signatures
  }

  private static func check(
    _ lines: [RevisionLine], reason: [UInt8], _ seed: Seed, against fields: ChangeSetNote, at place: String,
    _ findings: inout Findings
  ) {
    if Commitment(reason: SHA256Hash(hashing: reason), seed: seed) != fields.reason {
      findings.add(place, "its reason is not the one that was signed")
    }
    let leaves = lines.map { MerkleHash.leaf($0.bytes) }
    if leaves.count != fields.lineCount || MerkleHash.root(ofLeafHashes: leaves) != fields.linesRoot {
      findings.add(place, "its lines are not those that were signed")
    }
  }

  private func checkSignerRecord(_ transaction: StoreTransaction, _ findings: inout Findings) throws {
    let newest = try transaction.newestCheckpoint()
    let record = try records.own()
    guard newest != nil || record != nil else { return }
    let place = "keys/signed"
    guard let newest, let record else {
      return findings.add(place, "it and the newest checkpoint are not both there")
    }
    let checkpoint = try SignedCheckpoint(parsing: newest.note).checkpoint
    if record.size != checkpoint.size || record.root != checkpoint.root {
      findings.add(place, "it does not name checkpoint \(checkpoint.size), the newest one")
    }
  }

  /// Carries what was found out of the transaction that must not stand.
  private struct Undone: Error {
    var report: VerifyReport
    var findings: Findings
  }

  // What follows from the log is built anew beside what is there, compared, and thrown away.
  private func checkProjections(_ report: VerifyReport, _ findings: Findings) async throws -> VerifyReport {
    do {
      try await store.write(purpose: "sheaf verify") { transaction in
        var report = report
        var findings = findings
        findings.section("projections") { findings in
          let depth = try transaction.facts().depth
          let limit = max(1, findings.room)
          for place in try transaction.differencesFromRebuilt(
            log: depth >= .trail, limit: limit, progress: { _ in })
          {
            findings.add(place, "it is not what follows from the log")
          }
          let root = try transaction.stateRoot()
          report.stateRoot = root.base64
          report.documents = try transaction.counts().documents
          try self.checkStateRoot(root, transaction, &findings)
        }
        throw Undone(report: report, findings: findings)
      }
      return report
    } catch let undone as Undone {
      var report = undone.report
      report.problems = undone.findings.problems
      return report
    }
  }

  private func checkStateRoot(
    _ root: SHA256Hash, _ transaction: StoreTransaction, _ findings: inout Findings
  ) throws {
    let position = try transaction.position().size
    guard position > 0 else { return }
    // Nobody else signs: elsewhere such a row would only stand in the signature's way.
    if isPublisher, let waiting = try transaction.unsigned().last, waiting.size == position {
      if waiting.stateRoot != root {
        findings.add("state", "its root is not the one that waits to be signed")
      }
      return
    }
    guard let newest = try transaction.newestCheckpoint(), newest.size == position else {
      return findings.add("checkpoint \(position)", "this copy's position has no checkpoint")
    }
    let check = CheckpointCheck(checkpoint: newest, root: nil, logKey: logVerifier, library: id)
    if let signed = check.run().stateRoot, signed != root {
      findings.add("state", "its root is not the one that was signed at checkpoint \(position)")
    }
  }
}
