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

/// Fills a folder with a copy for inspection, inside one transaction.
struct InspectionWriter {
  private static let step = 256

  var files: ExportFolder
  let view: MomentView
  let newest: StoredCheckpoint
  var report: InspectionReport
  /// Where contents stand that are among the documents.
  private var current: [SHA256Hash: String] = [:]
  /// The revisions that these are listed as the contents of.
  private var listed: Set<RevisionName> = []
  /// Lines of `contents.tsv` and `absent.tsv`.
  private var contents = ""
  private var absent = ""

  init(files: ExportFolder, view: MomentView, newest: StoredCheckpoint, report: InspectionReport) {
    self.files = files
    self.view = view
    self.newest = newest
    self.report = report
  }

  private var transaction: StoreTransaction { view.transaction }

  private mutating func put(_ path: String, _ bytes: [UInt8]) throws {
    try files.write(toFile: path) { try $0(bytes) }
  }

  private mutating func put(_ path: String, _ text: String) throws { try put(path, Array(text.utf8)) }

  // MARK: what is current

  /// Writes the documents, and what leads to the signed state's root.
  mutating func documents() throws {
    // No path holds a tab or a line's end, so the lists need no escapes.
    var state = ""
    var seen: Set<DocumentPath> = []
    var after: DocumentPath?
    repeat {
      let some = try transaction.documents(in: nil, after: after, count: Self.step)
      for document in some {
        seen.insert(document.path)
        state += try standing(at: document.path)
        guard let hash = document.content else { continue }
        let place = "documents/\(document.path)"
        guard try transaction.absentSize(hash) == nil else { continue }
        let transaction = transaction
        var isHeld = false
        try files.write(toFile: place) { write in
          isHeld = try transaction.forEachPiece(of: hash) { try write($0) }
        }
        guard isHeld else { throw StoreError.damaged("the content of \(document.path)") }
        current[hash] = place
        report.documents += 1
        if let revision = document.revision {
          listed.insert(revision)
          contents += "\(revision)\t\(hash.hex)\t\(place)\n"
        }
      }
      after = some.count == Self.step ? some.last?.path : nil
    } while after != nil
    for path in Set(try transaction.openProposals().map(\.path)).subtracting(seen).sorted(by: {
      $0.text < $1.text
    }) {
      state += try standing(at: path)
    }
    for collection in try transaction.collectionRoots() where !collection.isHeld {
      state += "\(collection.name)\telsewhere\t\(collection.count)\t\(collection.root.hex)\n"
    }
    try put("state", newest.stateNote)
    try put("current.tsv", state)
    guard case .only(let names) = view.facts.subscription else { return }
    let held = Set(names.map(\.text) + ["schemas", "sheaf"]).sorted()
    try put("collections", held.map { $0 + "\n" }.joined())
  }

  /// The heads, base and open proposals of a path, a line each.
  private func standing(at path: DocumentPath) throws -> String {
    guard let document = try transaction.existingDocumentRow(path) else { return "" }
    var lines = ""
    func add(_ kind: String, _ revision: RevisionName?, _ content: SHA256Hash?) {
      lines += "\(path)\t\(kind)\t\(revision?.description ?? "-")\t\(content?.hex ?? "-")\n"
    }
    let heads = try transaction.heads(document)
    if heads.contains(where: \.hasContent) {
      for head in heads {
        add("head", try head.revision.map { try transaction.revision(row: $0).name }, head.content)
      }
      if heads.count > 1, let base = try transaction.conflictBase(document) { add("base", nil, base) }
    }
    for proposal in try transaction.proposals(document) { add("proposal", proposal.name, proposal.content) }
    return lines
  }

  // MARK: the log

  /// Writes each change set, its receipt and the contents that it brought.
  mutating func trail(_ activity: ActivitySink) throws {
    let signed = try SignedCheckpoint(parsing: newest.note)
    var written: Set<SHA256Hash> = []
    // What is missing counts once, whatever names it.
    var missing: Set<SHA256Hash> = []
    var next: UInt64 = 1
    while next <= newest.size {
      let page = try transaction.changeSets(from: next, count: Self.step).filter { $0.number <= newest.size }
      guard let last = page.last else { throw StoreError.damaged("change_set \(next)") }
      for changeSet in page {
        let name = InspectionCopy.name(changeSet.number)
        let revisions = try transaction.revisions(inChangeSet: changeSet.number)
        try put(changeSet, revisions)
        let receipt = try Receipt.make(
          index: changeSet.number - 1, checkpoint: signed, nodes: transaction.node)
        try put("receipts/\(name).tlog-proof", receipt.bytes)
        for revision in revisions { try content(of: revision, &written, &missing) }
      }
      activity(.making(done: last.number, total: newest.size))
      next = last.number + 1
    }
    report.contents = written.count
    report.absentContents = missing.count
    try put("contents.tsv", contents)
    try put("absent.tsv", absent)
  }

  private mutating func put(_ changeSet: StoredChangeSet, _ revisions: [StoredRevision]) throws {
    let place = "trail/\(InspectionCopy.name(changeSet.number))"
    try put(place + ".note", changeSet.note)
    if let reason = changeSet.reason { try put(place + ".reason", reason) }
    if let seed = changeSet.seed {
      try put(place + ".seed", Hexadecimal.encode(seed.bytes))
    } else {
      let salts = changeSet.salts.sorted { $0.key < $1.key }
      try put(place + ".salts", salts.map { "\($0.key) \(Hexadecimal.encode($0.value))\n" }.joined())
    }
    let lines = try revisions.map { (number: $0.name.line, text: try $0.line(seed: changeSet.seed).text) }
    if lines.count == changeSet.lineCount {
      try put(place + ".lines", lines.map(\.text).joined())
    } else if lines.isEmpty {
      // An empty list would prove any root; that nothing is said of this change set has a file of its own.
      try put(place + ".no-lines", "")
    } else {
      try put(place + ".some-lines", lines.map { "\($0.number)\t\($0.text)" }.joined())
      try put(place + ".proof", changeSet.proof.map { $0.base64 + "\n" }.joined())
    }
  }

  private mutating func content(
    of revision: StoredRevision, _ written: inout Set<SHA256Hash>, _ missing: inout Set<SHA256Hash>
  ) throws {
    guard let hash = revision.content else { return }
    if let bytes = try transaction.body(hash) {
      let name = "contents/\(hash.hex.prefix(2))/\(hash.hex)"
      if written.insert(hash).inserted { try put(name, bytes) }
      contents += "\(revision.name)\t\(hash.hex)\t\(name)\n"
    } else if let place = current[hash] {
      // An asset, which is never copied for its past, and stands among the documents.
      if !listed.contains(revision.name) { contents += "\(revision.name)\t\(hash.hex)\t\(place)\n" }
    } else {
      missing.insert(hash)
      absent += "\(revision.name)\t\(hash.hex)\n"
    }
  }

  /// Writes the log's tree.
  mutating func tiles() throws {
    for tile in TilePath.tiles(from: 0, to: newest.size) {
      if case .entries = tile.kind, let range = tile.range(inLogOf: newest.size) {
        let entries = try transaction.changeSets(from: range.lowerBound + 1, count: range.count).map(\.note)
        try put(tile.path, try EntryBundle.encode(entries))
      } else {
        try put(tile.path, try tile.hashes(size: newest.size, nodes: transaction.node))
      }
    }
  }

  // MARK: who and when

  /// Writes each author's key, and what the log says of its holder.
  mutating func authors() throws {
    var lines = "key\tsha256\tfrom\tname\trole\tsite\n"
    for (_, key) in try transaction.authors() {
      let mark = MemberMark(publicKey: key).text
      try put("keys/\(mark).pem", InspectionCopy.pem(key))
      for spell in try transaction.authorSpells(of: key) {
        let fields = [spell.name, spell.role?.rawValue, spell.site].map { $0 ?? "-" }
        lines +=
          "\(mark)\t\(SHA256Hash(hashing: key).hex)\t\(spell.from)\t\(fields.joined(separator: "\t"))\n"
      }
    }
    try put("authors.tsv", lines)
  }

  mutating func logKey(_ key: VerifierKey) throws { try put(key, as: "log") }

  private mutating func put(_ key: VerifierKey, as name: String) throws {
    try put("keys/\(name).pem", InspectionCopy.pem(key.publicKey))
    try put("keys/\(name).vkey", key.text + "\n")
  }

  /// Writes the newest checkpoint with its cosignatures, those of earlier checkpoints, and the keys that they are by.
  ///
  /// Lines by keys that the clock had before are left out: nothing that is kept binds these to the library.
  ///
  /// - Returns: Whether the clock cosigned the newest checkpoint.
  mutating func times(clock: TimeKey?, checkpoint: SignedCheckpoint, witnesses prefix: String) throws -> Bool
  {
    try put("checkpoint", checkpoint.bytes)
    if let clock {
      try put(clock.key, as: "time")
      try put("keys/time.note", clock.note.bytes)
    }
    var keys: Set<VerifierKey> = []
    var entries: [CosignatureList.Entry] = []
    for size in try transaction.cosignedSizes(after: 0) where size <= newest.size {
      let lines = try transaction.cosignatures(size: size).filter {
        $0.cosigner == clock?.key || $0.cosigner.name.hasPrefix(prefix)
      }
      keys.formUnion(lines.map(\.cosigner))
      if !lines.isEmpty {
        entries.append(CosignatureList.Entry(size: size, signatures: try lines.map { try $0.line }))
      }
    }
    try put("cosignatures", CosignatureList(keyNote: clock?.note, entries: entries).bytes)
    for key in keys.sorted(by: { $0.text < $1.text }) where key != clock?.key {
      // A witness that came back with another key has one file for each.
      let mark = key.name.dropFirst(prefix.count)
      try put(key, as: "witness-\(mark)-\(key.text.split(separator: "+").dropFirst().first ?? "")")
    }
    return checkpoint.note.signatures.contains { clock?.key.matches($0) ?? false }
  }

  /// Writes how all of it is verified.
  mutating func instructions(library: String, isTimed: Bool) throws {
    // One with everything that the page's steps look at: of a redaction nothing is left but the line.
    let example = try transaction.newestOpenChangeSet(upTo: newest.size) ?? newest.size
    let mark = try transaction.changeSet(example).map { MemberMark(publicKey: $0.author).text }
    try put("verify.py", InspectionScript.python)
    try put(
      "VERIFY.txt",
      InspectionPage.text(
        library: library, size: newest.size, example: example, mark: mark ?? "", isTimed: isTimed))
  }
}
