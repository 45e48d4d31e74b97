import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

/// A log written line by line by a test, projected as the sequencer does it.
struct TestLog {
  let transaction: StoreTransaction
  private(set) var size: UInt64 = 0

  init(_ transaction: StoreTransaction) { self.transaction = transaction }

  /// What a test says of one line: `put a.md - text`; a move, merge or tombstone likewise.
  struct Line {
    var verb: RevisionVerb
    var path: String
    var base: String
    var content: String?

    init(_ verb: RevisionVerb, _ path: String, _ base: String, _ content: String? = nil) {
      self.verb = verb
      self.path = path
      self.base = base
      self.content = content
    }

    /// The line that makes a member, or alters one.
    init(member: Member, _ base: String = "-") throws {
      let path: DocumentPath = try #require(Member.path(of: member.mark))
      self.init(.put, path.text, base, String(decoding: member.bytes, as: UTF8.self))
    }
  }

  /// The key of the author of that number.
  static func key(_ author: UInt8) -> [UInt8] { [UInt8](repeating: author, count: 32) }

  static func member(_ author: UInt8, _ role: MemberRole) -> Member {
    Member(key: key(author), name: "Member \(author)", role: role)
  }

  /// Writes a log in a store of its own.
  static func inStore(_ body: (inout TestLog) throws -> Void) throws {
    let folder = try TestFolder()
    let store = try LibraryStore.create(in: folder.url, options: .quick)
    defer { try? store.close() }
    try store.writeBlocking(purpose: "test") { (transaction) throws in
      var log = TestLog(transaction)
      try body(&log)
    }
  }

  /// Whether building the projections anew comes to the same.
  func isProjectedAlike() throws -> Bool {
    try transaction.differencesFromRebuilt(log: true, limit: 10, progress: { _ in }).isEmpty
  }

  /// Appends a change set.
  ///
  /// - Parameters:
  ///   - seen: What its author had seen; everything before it when `nil`.
  ///   - after: The number of the author's previous draft.
  ///   - author: A number for each author; that of change set 1 is the publisher.
  ///   - ground: What its reason names as the ground of an erasure.
  ///   - isJudged: Whether the rules are kept; a log of somebody who doesn't is not projected here.
  mutating func append(
    _ lines: [Line], seen: UInt64? = nil, after: UInt64? = nil, author: UInt8 = 2,
    isJudged: Bool = true, ground: String? = nil
  ) throws {
    let number = size + 1
    let seed: Seed = try #require(Seed(bytes: [UInt8](repeating: 7, count: 16)))
    let library = LibraryID(name: "test", logKey: [UInt8](repeating: 1, count: 32))
    let fields = ChangeSetNote(
      library: library, author: Self.key(author),
      time: Timestamp(seconds: Int64(number)),
      seen: .init(size: seen ?? size, root: .zero), after: after.map(Self.leaf),
      reason: Commitment(hash: .zero), lineCount: lines.count, linesRoot: .zero)
    try transaction.insert(
      StoredChangeSet(
        number: number, leaf: Self.leaf(number), note: Self.note(number), fields: fields,
        seed: seed,
        reason: Reason(by: "", message: "", ground: ground).bytes, proof: []))
    var projected: [ProjectedLine] = []
    for (index, line) in lines.sorted(by: { $0.path < $1.path }).enumerated() {
      let path = try DocumentPath(line.path)
      let bytes = line.content.map { Array($0.utf8) }
      let hash = bytes.map { SHA256Hash(hashing: $0) }
      if let bytes, let hash { try transaction.storeBody(bytes, hash: hash) }
      let name = RevisionName(changeSet: number, line: UInt32(index + 1))
      let signed = RevisionLine(
        verb: line.verb, path: path, base: try RevisionBase(parsing: line.base),
        content: hash.map {
          .init(
            sizeInBytes: UInt64(bytes?.count ?? 0),
            commitment: Commitment(content: $0, seed: seed, line: name.line))
        })
      let document = try transaction.documentRow(path)
      let row = try transaction.insertRevision(
        name, line: signed, document: document, content: hash, commitmentIsNeeded: false)
      projected.append(
        ProjectedLine(
          revision: row, document: document, path: path, verb: line.verb, base: signed.base, content: hash,
          sizeInBytes: UInt64(bytes?.count ?? 0)))
    }
    size = number
    guard isJudged else { return }
    let context = try transaction.projected(
      number: number, author: fields.author, seen: fields.seen.size, after: fields.after)
    try transaction.check(projected.map { .init($0) }, lineCount: lines.count, by: context.rule)
    for line in projected { try transaction.project(line, of: context) }
    try transaction.updateState(changed: Set(projected.map(\.document)))
  }

  /// The heads of a path in words: contents in their order, `-` for a tombstone.
  func heads(_ path: String) throws -> String { try words(transaction.heads(of: DocumentPath(path))) }

  /// The heads of a path when the log was so long.
  func heads(_ path: String, at size: UInt64) throws -> String {
    guard let document = try transaction.existingDocumentRow(DocumentPath(path)) else { return "" }
    return try words(transaction.heads(document, at: size))
  }

  /// The open proposals about a path in words: names and contents, `-` for a deletion.
  func proposals(_ path: String, at size: UInt64? = nil) throws -> String {
    guard let document = try transaction.existingDocumentRow(DocumentPath(path)) else { return "" }
    let open = try size.map { try transaction.proposals(document, at: $0) } ?? transaction.proposals(document)
    return try open.map { proposal in
      let bytes = try proposal.content.map { (content) throws -> [UInt8] in
        try #require(try transaction.body(content))
      }
      return "\(proposal.name) \(bytes.map { String(decoding: $0, as: UTF8.self) } ?? "-")"
    }.joined(separator: " | ")
  }

  /// The common ancestor of a conflict in words; empty when there is no conflict or no ancestor.
  func base(_ path: String) throws -> String {
    guard let document = try transaction.existingDocumentRow(DocumentPath(path)),
      let base = try transaction.conflictBase(document), let bytes = try transaction.body(base)
    else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func words(_ heads: [StoredHead]) throws -> String {
    try heads.map { head in
      guard let content = head.content else { return "-" }
      let bytes: [UInt8] = try #require(try transaction.body(content))
      return String(decoding: bytes, as: UTF8.self)
    }.joined(separator: " | ")
  }

  static func leaf(_ number: UInt64) -> SHA256Hash { MerkleHash.leaf(note(number)) }

  private static func note(_ number: UInt64) -> [UInt8] { Array("note \(number)".utf8) }
}
