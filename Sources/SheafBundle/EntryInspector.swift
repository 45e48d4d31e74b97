import SheafDelta
import SheafLog
import SheafModel

/// Tells what the entries of a bundle say, block by block.
struct EntryInspector {
  private let header: BundleHeader
  private let report: (BundleItem) throws -> Void

  private var blockNumber = 0
  private var metadata = ByteCursor([], position: 0)
  private var digests = ByteCursor([], position: 0)
  private var chunks = ByteCursor([], position: 0)
  private var instructions = ByteCursor([], position: 0)
  private var addresses = ByteCursor([], position: 0)
  private var literals = ByteCursor([], position: 0)
  private(set) var isAtEnd = false
  /// What the bytes of all blocks so far belong to.
  private(set) var account = BundleSummary()
  private var chunkCount = 0

  // Where the reader stands between entries.
  private var previousPath: [UInt8] = []
  private var context = PackedChangeSet.Context()
  private var needsCollections: Bool
  private var changeSets: UInt64 = 0
  private var changes: UInt64 = 0
  /// The change set whose lines are coming, and how many are still to come.
  private var open: (lines: PackedLine.Context, remaining: Int)?
  private var remainingContents = 0
  private var remainingPieces: UInt64 = 0
  private var cursor = 0
  private var conflictPath: DocumentPath?

  init(header: BundleHeader, report: @escaping (BundleItem) throws -> Void) {
    self.header = header
    self.report = report
    needsCollections = header.carriesOtherCollections
  }

  /// Reads all entries of one block.
  mutating func read(_ block: Block) throws {
    blockNumber += 1
    metadata = block.metadata
    digests = block.digests
    chunks = block.chunks
    instructions = ByteCursor(block.streams.instructions, position: block.position)
    addresses = ByteCursor(block.streams.addresses, position: block.position)
    literals = ByteCursor(block.streams.literals, position: block.position)
    var pieceCount: UInt64 = 0
    while hasMore(block, after: pieceCount) {
      pieceCount += 1
      let starts = (metadata.offset, digests.offset, chunks.offset)
      let (label, value, numberCount) = try readPiece()
      try tell(.metadata, from: starts.0, to: metadata.offset, label, value)
      if digests.offset > starts.1 {
        if label == Self.pieceLabel {
          // A chunk's bytes say nothing to a person.
          try tell(
            .digests, from: starts.1, to: digests.offset, label, "\(digests.offset - starts.1) bytes")
        } else {
          try tellDigests(from: starts.1, of: block, label)
        }
      }
      try tell(.chunks, from: starts.2, to: chunks.offset, label, "\(chunks.offset - starts.2) bytes")
      if let numberCount { try readDelta(numberCount, label) }
    }
    if let models = block.models {
      guard chunks.isAtEnd else { throw metadata.malformed("bytes of chunks that no piece uses") }
      do throws(DeltaError) { try models.fields.endBlock() } catch { throw metadata.malformed(error.problem) }
    } else {
      guard digests.isAtEnd, instructions.isAtEnd, addresses.isAtEnd, literals.isAtEnd else {
        throw metadata.malformed("bytes that no entry uses")
      }
    }
    for (part, size) in block.account.sizes { account.add(Int(size), to: part) }
    if block.models != nil {
      // A digest's byte is coded in eight binary digits, whatever surrounds it.
      account.move(digests.offset, from: .metadata, to: .digests)
    } else {
      account.move(chunkCount, from: .digests, to: .chunks)
    }
    chunkCount = 0
    isAtEnd = block.isLast
    guard !isAtEnd || isComplete else { throw metadata.malformed("fewer entries than declared") }
  }

  private var isComplete: Bool {
    guard !needsCollections, open == nil, remainingContents == 0, remainingPieces == 0 else { return false }
    return header.content == .heads ? changes == header.revisionCount : changeSets == header.changeSetCount
  }

  private func hasMore(_ block: Block, after pieceCount: UInt64) -> Bool {
    guard block.models != nil else { return !metadata.isAtEnd }
    return block.isLast ? !isComplete : pieceCount < block.pieceCount ?? 0
  }

  private func tell(
    _ part: BundleSummary.Part, from start: Int, to end: Int, _ label: String, _ value: String
  ) throws {
    guard end > start else { return }
    try report(
      BundleItem(
        place: .stream(part, block: blockNumber), offset: UInt64(start), sizeInBytes: UInt64(end - start),
        label: label, value: value))
  }

  private func tellDigests(from start: Int, of block: Block, _ label: String) throws {
    var value = "coded"
    if block.models == nil {
      var again = block.digests
      _ = try again.take(start)
      value = Hexadecimal.encode(try again.take(digests.offset - start))
    }
    try tell(.digests, from: start, to: digests.offset, label, value)
  }

  /// Reads what a reader reads in one go; answers how many numbers the instructions of its body are.
  private mutating func readPiece() throws -> (label: String, value: String, numberCount: UInt64?) {
    if needsCollections { return try readCollections() }
    if remainingPieces > 0 { return try readAssetPiece() }
    if let open { return open.remaining > 0 ? try readLine() : try readProof() }
    if remainingContents > 0 { return try readConflictContent() }
    if header.content == .heads { return try readStateChange() }
    return try readChangeSet()
  }

  private mutating func readCollections() throws -> (String, String, UInt64?) {
    needsCollections = false
    let count = try metadata.number(atMost: UInt64(Limits.collections))
    var texts: [String] = []
    for _ in 0..<count {
      let name = try metadata.text(maximumSize: Limits.pathBytes, what: "a collection's name")
      let entryCount = try metadata.number()
      _ = try digests.hash()
      texts.append("\(name): \(entryCount) entries")
    }
    return ("other collections", texts.joined(separator: ", "), nil)
  }

  private mutating func readChangeSet() throws -> (String, String, UInt64?) {
    guard changeSets < header.changeSetCount else { throw metadata.malformed("more entries than declared") }
    let head = try PackedChangeSet(reading: &metadata, digests: &digests, context: context)
    changeSets += 1
    let number = header.content == .drafts ? 0 : header.from + changeSets
    let carried = head.carriedLines ?? head.totalLines
    let lines = PackedLine.Context(
      number: number, isPartial: head.carriedLines != nil, total: head.totalLines, coder: header.coder,
      isSalted: head.seed == nil)
    if carried > 0 || head.carriedLines != nil { open = (lines, carried) }
    var words: [String] = []
    if let fields = head.fields {
      context.time = fields.time
      words.append("\(fields.time)")
      switch fields.author {
      case .known(let index): words.append("author \(index)")
      case .new:
        words.append("author \(context.authorCount), with key")
        context.authorCount += 1
      }
      switch fields.seen {
      case .previous: words.append("had seen the one before")
      case .sameAsBefore: words.append("had seen what the one before had")
      case .position(let position): words.append("had seen \(position.size)")
      }
      switch fields.after {
      case .none: break
      case .previous: words.append("after the one before")
      case .leaf: words.append("after another")
      }
    } else if let bytes = head.verbatim {
      words.append("note of \(bytes.count) bytes as it is")
      // Its time is what the next one's is counted from.
      let note = try? SignedNote(
        parsing: bytes, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures)
      if let text = note?.text, let fields = try? ChangeSetNote(parsing: text) { context.time = fields.time }
    }
    words.append(head.seed == nil ? "no seed" : "seed")
    if head.salt != nil { words.append("salt of the reason") }
    if let reason = head.reason {
      words.append("reason \(String(decoding: reason, as: UTF8.self).debugDescription)")
    }
    words.append("\(carried) of \(head.totalLines) lines")
    return (number > 0 ? "change set \(number)" : "draft \(changeSets)", words.joined(separator: ", "), nil)
  }

  private mutating func readLine() throws -> (String, String, UInt64?) {
    guard var now = open else { throw metadata.malformed("a line of no change set") }
    let line = try PackedLine(
      reading: &metadata, digests: &digests, previousPath: previousPath, context: now.lines)
    previousPath = Array(line.path.text.utf8)
    now.lines.previousIndex = line.index
    now.remaining -= 1
    open = now.remaining > 0 || now.lines.isPartial ? now : nil
    var value = "\(line.verb.rawValue) \(line.path) from \(line.base.text)"
    if let content = line.content { value += ", \(content.words)" }
    if let size = line.sizeInBytes { value += ", \(size) bytes" }
    if line.salt != nil { value += ", with its salt" }
    begin(line.content)
    return ("line \(line.index + 1)", value, line.content?.numberCount)
  }

  private mutating func readProof() throws -> (String, String, UInt64?) {
    open = nil
    let count = try metadata.number(atMost: UInt64(Limits.revisionLines) * 2)
    for _ in 0..<count { _ = try digests.hash() }
    return ("proof of the lines", "\(count) hashes", nil)
  }

  private mutating func readStateChange() throws -> (String, String, UInt64?) {
    guard changes < header.revisionCount else { throw metadata.malformed("more entries than declared") }
    let change = try PackedStateChange(reading: &metadata, previousPath: previousPath)
    changes += 1
    previousPath = Array(change.path.text.utf8)
    var moved = change.other.map { ", moved from \($0)" } ?? ""
    if !change.proposals.isEmpty {
      moved += ", proposals \(change.proposals.map(\.description).joined(separator: " "))"
      remainingContents = change.proposals.count
      conflictPath = change.path
    }
    switch change.kind {
    case .gone: return ("state change", "\(change.path)\(moved): gone", nil)
    case .content(let code):
      let content = try readCurrent(code, path: change.path)
      return ("state change", "\(change.path)\(moved): \(content.words)", content.numberCount)
    case .conflict(let headCount, let hasBase):
      remainingContents += headCount + (hasBase ? 1 : 0)
      conflictPath = change.path
      let base = hasBase ? "base and " : ""
      return ("state change", "\(change.path)\(moved): \(base)\(headCount) heads", nil)
    }
  }

  private mutating func readConflictContent() throws -> (String, String, UInt64?) {
    remainingContents -= 1
    let code = try metadata.byte()
    if code == PackedStateChange.tombstone { return ("head", "deleted", nil) }
    guard let path = conflictPath else { throw metadata.malformed("a head of no conflict") }
    let content = try readCurrent(code, path: path)
    return ("head", content.words, content.numberCount)
  }

  private mutating func readCurrent(_ code: UInt8, path: DocumentPath) throws -> PackedContent {
    let content = try PackedContent(code: code, reading: &metadata, path: path, coder: header.coder)
    if content.hasHash { _ = try digests.hash() }
    begin(content)
    return content
  }

  private mutating func begin(_ content: PackedContent?) {
    guard case .asset(_, .pieces(_, let count)) = content else { return }
    (remainingPieces, cursor) = (count, 0)
  }

  private static let pieceLabel = "piece of an asset"

  private mutating func readAssetPiece() throws -> (String, String, UInt64?) {
    remainingPieces -= 1
    let value: String
    switch try AssetPiece(reading: &metadata, cursor: &cursor, chunkCount: nil) {
    case .plain(let size):
      try skipChunk(size)
      value = "a chunk of \(size) bytes, as it is"
    case .deflated(let size, let packed):
      try skipChunk(packed)
      value = "a chunk of \(size) bytes, deflated"
    case .delta(let size, let first, let count, let packed):
      try skipChunk(packed)
      value = "a chunk of \(size) bytes, delta against chunks \(first) to \(first + count - 1)"
    case .copied(let first, let count): value = "chunks \(first) to \(first + count - 1) of its base"
    }
    return (Self.pieceLabel, value, nil)
  }

  private mutating func skipChunk(_ count: Int) throws {
    chunkCount += count
    _ = header.coder == .model ? try chunks.take(count) : try digests.take(count)
  }

  /// Reads the instructions of one body, with the addresses and literals they use.
  private mutating func readDelta(_ numberCount: UInt64, _ label: String) throws {
    let starts = (instructions.offset, addresses.offset, literals.offset)
    var words: [String] = []
    var distances: [String] = []
    for index in 0..<numberCount {
      let number = try instructions.number(atMost: UInt64(Limits.document))
      words.append(index % 2 == 0 ? "literal \(number)" : "copy \(number)")
      if index % 2 == 0 {
        _ = try literals.take(Int(number))
      } else {
        distances.append("\(try addresses.signed())")
      }
    }
    try tell(.instructions, from: starts.0, to: instructions.offset, label, words.joined(separator: ", "))
    try tell(.addresses, from: starts.1, to: addresses.offset, label, distances.joined(separator: ", "))
    try tell(.literals, from: starts.2, to: literals.offset, label, "\(literals.offset - starts.2) bytes")
  }
}

extension PackedContent {
  /// What the code says, in words.
  fileprivate var words: String {
    switch self {
    case .commitment: "only its commitment"
    case .hash: "by its hash"
    case .whole: "whole"
    case .own: "against its newest content"
    case .other: "against the other path's newest content"
    case .sameAsOwn: "equal to its newest content"
    case .sameAsOther: "equal to the other path's newest content"
    case .earlier(let distance):
      "equal to the body \(distance.addingReportingOverflow(1).partialValue) before"
    case .asset(let size, .absent): "an asset of \(size) bytes, by its hash"
    case .asset(let size, .pieces(_, let count)): "an asset of \(size) bytes in \(count) pieces"
    case .similar(let path, _): "against the newest content of \(path)"
    }
  }

  /// How many numbers its delta's instructions are; `nil` when it has none.
  fileprivate var numberCount: UInt64? {
    switch self {
    case .whole(let count), .own(let count), .other(let count), .similar(_, let count): count
    case .commitment, .hash, .sameAsOwn, .sameAsOther, .earlier, .asset: nil
    }
  }
}
