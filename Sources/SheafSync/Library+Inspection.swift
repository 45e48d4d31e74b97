import Foundation
import SheafLog
import SheafModel
import SheafStore

/// Names in a copy for inspection (`Schemas/audit.md`).
enum InspectionCopy {
  /// A change set's files: `000/000012`.
  static func name(_ number: UInt64) -> String {
    func padded(_ number: UInt64, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(number / 1_000, 3))/\(padded(number, 6))"
  }

  /// An Ed25519 public key as OpenSSL reads it (RFC 8410, RFC 7468).
  static func pem(_ key: [UInt8]) -> [UInt8] {
    let header: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]
    return Array(
      "-----BEGIN PUBLIC KEY-----\n\(Base64.encode(header + key))\n-----END PUBLIC KEY-----\n".utf8)
  }
}

extension Library {
  private static let step = 256

  /// Writes everything that an inspector needs into a folder: documents, the trail, proofs, public keys,
  /// the audit, and instructions by which other people's programs verify it all.
  ///
  /// The folder must be empty or not exist; a failure takes away what was written.
  ///
  /// - Throws: `LibraryError.needsDepth` in a copy that holds no change sets, `.empty`; `ExportError`, `AuditError`.
  public func copyForInspection(to folder: URL, activity: @escaping ActivitySink) async throws
    -> InspectionReport
  {
    var report = try await store.read { transaction in
      let view = try MomentView(transaction)
      try view.needHistory("make a copy for inspection")
      guard let newest = try transaction.newestCheckpoint() else { throw LibraryError.empty }
      var files = try ExportFolder(folder)
      do {
        return try self.fill(&files, folder, view, newest, activity)
      } catch {
        files.takeAway()
        throw error
      }
    }
    do {
      let audit = try await audit(
        to: folder.appending(path: "audit.html"), AuditOptions(to: .checkpoint(report.size)),
        activity: activity)
      report.unverified = audit.unverified
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
    return report
  }

  private func fill(
    _ files: inout ExportFolder, _ folder: URL, _ view: MomentView, _ newest: StoredCheckpoint,
    _ activity: ActivitySink
  ) throws -> InspectionReport {
    let transaction = view.transaction
    var report = InspectionReport(
      folder: folder.path, size: newest.size, documents: 0, contents: 0, absentContents: 0, unverified: [])
    func put(_ path: String, _ bytes: [UInt8]) throws { try files.write(toFile: path) { try $0(bytes) } }
    try put("checkpoint", newest.note)
    try put("state", newest.stateNote)
    try put("keys/log.pem", InspectionCopy.pem(logVerifier.publicKey))
    try put("keys/log.vkey", Array((logVerifier.text + "\n").utf8))
    try authors(transaction, put)
    var contents: [String] = []
    // What is missing counts once, whatever names it; and what stands among the documents is not missing.
    var absent: Set<SHA256Hash> = []
    var written: Set<SHA256Hash> = []
    let current = try documents(&files, view, &report, &contents, &absent)
    try trail(view, newest, put, activity) { revision in
      guard let hash = revision.content else { return }
      guard let bytes = try transaction.body(hash) else {
        // An asset, which is never copied for its past; or nothing that is held.
        if !current.contains(hash) { absent.insert(hash) }
        return
      }
      let name = "contents/\(hash.hex.prefix(2))/\(hash.hex)"
      if written.insert(hash).inserted {
        try put(name, bytes)
        report.contents += 1
      }
      contents.append("\(revision.name)\t\(hash.hex)\t\(name)\n")
    }
    report.absentContents = absent.count
    try put("contents.tsv", Array(contents.joined().utf8))
    for tile in TilePath.tiles(from: 0, to: newest.size) {
      if case .entries = tile.kind, let range = tile.range(inLogOf: newest.size) {
        let entries = try transaction.changeSets(from: range.lowerBound + 1, count: range.count).map(\.note)
        try put(tile.path, try EntryBundle.encode(entries))
      } else {
        try put(tile.path, try tile.hashes(size: newest.size, nodes: transaction.node))
      }
    }
    // One with everything that the page's steps look at: of a redaction nothing is left but the line.
    let example = try transaction.newestOpenChangeSet(upTo: newest.size) ?? newest.size
    let mark = try transaction.changeSet(example).map { MemberMark(publicKey: $0.author).text }
    try put("verify.py", Array(InspectionScript.python.utf8))
    try put(
      "VERIFY.txt",
      Array(
        InspectionPage.text(library: id.text, size: newest.size, example: example, mark: mark ?? "").utf8)
    )
    return report
  }

  private func authors(_ transaction: StoreTransaction, _ put: (String, [UInt8]) throws -> Void) throws {
    var lines = "key\tsha256\tfrom\tname\trole\tsite\n"
    for (_, key) in try transaction.authors() {
      let mark = MemberMark(publicKey: key).text
      try put("keys/\(mark).pem", InspectionCopy.pem(key))
      for spell in try transaction.authorSpells(of: key) {
        // A name may hold anything but must not break the line.
        let fields = [spell.name, spell.role?.rawValue, spell.site].map { field in
          String(
            String.UnicodeScalarView(
              (field ?? "-").unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
        }
        lines +=
          "\(mark)\t\(SHA256Hash(hashing: key).hex)\t\(spell.from)\t\(fields.joined(separator: "\t"))\n"
      }
    }
    try put("authors.tsv", Array(lines.utf8))
  }

  /// - Returns: The contents that were written.
  private func documents(
    _ files: inout ExportFolder, _ view: MomentView, _ report: inout InspectionReport,
    _ contents: inout [String], _ absent: inout Set<SHA256Hash>
  ) throws -> Set<SHA256Hash> {
    var written: Set<SHA256Hash> = []
    var after: DocumentPath?
    while true {
      let some = try view.transaction.documents(in: nil, after: after, count: Self.step)
      for listed in some {
        guard let hash = listed.content else { continue }
        var isHeld = try view.transaction.absentSize(hash) == nil
        if isHeld {
          try files.write(toFile: "documents/\(listed.path)") { write in
            isHeld = try view.transaction.forEachPiece(of: hash) { try write($0) }
          }
        }
        guard isHeld else {
          absent.insert(hash)
          continue
        }
        written.insert(hash)
        report.documents += 1
        // No path holds a tab or a line's end, so the list needs no escapes.
        if let revision = listed.revision {
          contents.append("\(revision)\t\(hash.hex)\tdocuments/\(listed.path)\n")
        }
      }
      guard let last = some.last, some.count == Self.step else { return written }
      after = last.path
    }
  }

  private func trail(
    _ view: MomentView, _ newest: StoredCheckpoint, _ put: (String, [UInt8]) throws -> Void,
    _ activity: ActivitySink, content: (StoredRevision) throws -> Void
  ) throws {
    let transaction = view.transaction
    let signed = try SignedCheckpoint(parsing: newest.note)
    var next: UInt64 = 1
    while next <= newest.size {
      let page = try transaction.changeSets(from: next, count: Self.step).filter { $0.number <= newest.size }
      guard let last = page.last else { throw StoreError.damaged("change_set \(next)") }
      for changeSet in page {
        let name = InspectionCopy.name(changeSet.number)
        try put("trail/\(name).note", changeSet.note)
        if let reason = changeSet.reason { try put("trail/\(name).reason", reason) }
        if let seed = changeSet.seed {
          try put("trail/\(name).seed", Array(Hexadecimal.encode(seed.bytes).utf8))
        } else {
          let salts = changeSet.salts.sorted { $0.key < $1.key }
          try put(
            "trail/\(name).salts",
            Array(salts.map { "\($0.key) \(Hexadecimal.encode($0.value))\n" }.joined().utf8))
        }
        let revisions = try transaction.revisions(inChangeSet: changeSet.number)
        let lines = try revisions.map { (number: $0.name.line, text: try $0.line(seed: changeSet.seed).text) }
        if lines.count == changeSet.lineCount {
          try put("trail/\(name).lines", Array(lines.map(\.text).joined().utf8))
        } else {
          try put("trail/\(name).some-lines", Array(lines.map { "\($0.number)\t\($0.text)" }.joined().utf8))
          try put(
            "trail/\(name).proof", Array(changeSet.proof.map { $0.base64 + "\n" }.joined().utf8))
        }
        let receipt = try Receipt.make(
          index: changeSet.number - 1, checkpoint: signed, nodes: transaction.node)
        try put("receipts/\(name).tlog-proof", receipt.bytes)
        for revision in revisions { try content(revision) }
      }
      activity(.making(done: last.number, total: newest.size))
      next = last.number + 1
    }
  }
}
