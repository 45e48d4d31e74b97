import SheafLog
import SheafModel

extension BundleReader {
  /// Reads what stands before the lines of a change set.
  func readChangeSetHead(_ header: BundleHeader) throws -> OpenChangeSet {
    try openBlock()
    let number = header.content == .drafts ? 0 : range.size + 1
    let head = try block.changeSetHead(authors.context)
    guard head.carriedLines == nil || header.carriesOtherCollections else {
      throw block.metadata.malformed("a change set without some of its lines")
    }
    let context = PackedLine.Context(
      number: number, isPartial: head.carriedLines != nil, total: head.totalLines, coder: header.coder,
      isSalted: head.seed == nil)
    if let bytes = head.verbatim { return try openVerbatim(bytes, number, head, context) }
    guard let fields = head.fields else { throw block.metadata.malformed("a change set without a note") }
    let author = try authors.key(of: fields.author, input: block.digests)
    let seen: ChangeSetNote.Position
    switch fields.seen {
    case .previous:
      guard number > 0 else { throw block.metadata.malformed("a draft that has seen itself") }
      seen = ChangeSetNote.Position(size: number - 1, root: range.root)
    case .sameAsBefore:
      guard let before = authors.previousSeen else { throw block.metadata.malformed("what was seen before") }
      seen = before
    case .position(let position): seen = position
    }
    let after: SHA256Hash?
    switch fields.after {
    case .none: after = nil
    case .previous:
      guard let before = authors.previousLeaf else { throw block.metadata.malformed("what came before") }
      after = before
    case .leaf(let hash): after = hash
    }
    return OpenChangeSet(
      number: number, head: head, verbatim: nil, author: author, time: fields.time, seen: seen, after: after,
      context: context)
  }

  private func openVerbatim(
    _ bytes: [UInt8], _ number: UInt64, _ head: PackedChangeSet, _ context: PackedLine.Context
  ) throws -> OpenChangeSet {
    guard
      let note = try? SignedNote(
        parsing: bytes, maximumSize: Limits.changeSetNote, maximumSignatures: Limits.signatures),
      let fields = try? ChangeSetNote(parsing: note.text)
    else { throw block.metadata.malformed("a change set's note") }
    return OpenChangeSet(
      number: number, head: head, verbatim: (note, fields),
      author: try AuthorTable.key(fields.author, input: block.metadata), time: fields.time, seen: fields.seen,
      after: fields.after, context: context)
  }

  /// Reads the next line; answers its body where one came.
  func readLine<Host: BundleHost>(
    of changeSet: inout OpenChangeSet, header: BundleHeader, host: inout Host
  ) throws -> BundleEvent? {
    try openBlock()
    let packed = try block.line(after: previousPath, changeSet.context)
    if let last = changeSet.lines.last, !(last.line.path < packed.path) {
      throw block.metadata.malformed("the revision list is out of order at \(packed.path)")
    }
    try countRevision(at: packed.path, header: header)
    changeSet.context.previousIndex = packed.index

    var reference: RevisionLine.ContentReference?
    var hash: SHA256Hash?
    var event: BundleEvent?
    switch packed.content {
    case nil: break
    case .commitment:
      guard let commitment = packed.hash, let size = packed.sizeInBytes else {
        throw block.metadata.malformed("a line's content")
      }
      reference = RevisionLine.ContentReference(
        sizeInBytes: size, commitment: Commitment(hash: commitment))
    case .some(let content):
      let line = UInt32(packed.index + 1)
      guard let salt = changeSet.head.seed?.salt(line: line) ?? packed.salt else {
        throw block.metadata.malformed("content without a salt to check it with")
      }
      if changeSet.head.seed == nil { changeSet.salts[line] = salt }
      let found: (hash: SHA256Hash, size: UInt64)
      if case .asset(let size, let form) = content, let known = packed.hash {
        event = try open(
          asset: known, sizeInBytes: size, form: form, path: packed.path, other: packed.other, host: &host)
        found = (known, size)
      } else if let known = packed.hash, let size = packed.sizeInBytes {
        found = (known, size)
      } else {
        let body = try unpack(content, path: packed.path, other: packed.other, host: &host)
        event = body.event
        guard let size = try contents.size(of: body.hash, host: &host) else {
          throw BundleError.missingBase(packed.path)
        }
        found = (body.hash, size)
      }
      hash = found.hash
      reference = RevisionLine.ContentReference(
        sizeInBytes: found.size,
        commitment: Commitment(found.hash, salt: salt, line: line))
    }
    let line = RevisionLine(verb: packed.verb, path: packed.path, base: packed.base, content: reference)
    changeSet.lines.append(
      ReceivedLine(index: packed.index, line: line, content: hash, isHeld: packed.content?.isHeld ?? false))
    changeSet.lineHashes.append((packed.index, MerkleHash.leaf(line.bytes)))
    return event
  }

  /// Verifies a change set whose lines have all come, and adds it to the log.
  func finish(_ open: inout OpenChangeSet, header: BundleHeader) throws -> ReceivedChangeSet {
    let name = open.number > 0 ? "change set \(open.number)" : "draft \(counts.changeSets + 1)"
    let proof = try readSubsetProof(of: open)
    let root: SHA256Hash
    if open.head.carriedLines == nil {
      root = MerkleHash.root(ofLeafHashes: open.lineHashes.map(\.hash))
    } else {
      do throws(MerkleError) {
        root = try SubsetProof.root(total: open.head.totalLines, leaves: open.lineHashes, proof: proof)
      } catch {
        throw block.metadata.malformed(error.problem)
      }
    }
    if let salt = open.head.salt { open.salts[0] = salt }
    let (note, fields) = try note(of: open, header: header, linesRoot: root)
    guard fields.library == header.library else {
      throw BundleError.wrongLibrary(found: fields.library, expected: header.library)
    }
    // A note that was rebuilt has what was computed in it; one that came as it is must agree.
    guard fields.linesRoot == root, fields.lineCount == open.head.totalLines,
      try reason(of: open) == nil || reason(of: open) == fields.reason,
      open.author.verifies(note: note)
    else { throw BundleError.badSignature(of: name) }
    let leaf = MerkleHash.leaf(note.bytes)
    counts.changeSets += 1
    authors.context.time = fields.time
    authors.previousSeen = fields.seen
    authors.previousLeaf = leaf
    if open.number > 0 { try extendLog(leaf) }
    return ReceivedChangeSet(
      number: open.number, note: note, fields: fields, leafHash: leaf, seed: open.head.seed,
      salts: open.salts, reason: open.head.reason, totalLines: open.head.totalLines, lines: open.lines,
      subsetProof: proof)
  }

  private func readSubsetProof(of open: OpenChangeSet) throws -> [SHA256Hash] {
    guard open.head.carriedLines != nil else { return [] }
    try openBlock()
    // Each line that travels parts the tree at most once for every level of it.
    let limit = UInt64(open.lines.count + 1) * 20
    let count = try block.metadata.number(atMost: limit)
    var proof: [SHA256Hash] = []
    for _ in 0..<count { proof.append(try block.digests.hash()) }
    return proof
  }

  /// The commitment to the reason, as sent or computed; `nil` where only the whole note has it.
  private func reason(of open: OpenChangeSet) throws(BundleError) -> Commitment? {
    if let reason = open.head.reason, let salt = open.head.seed?.salt(line: 0) ?? open.head.salt {
      return Commitment(SHA256Hash(hashing: reason), salt: salt, line: 0)
    }
    return open.head.reasonCommitment.map { Commitment(hash: $0) }
  }

  private func note(
    of open: OpenChangeSet, header: BundleHeader, linesRoot: SHA256Hash
  ) throws(BundleError) -> (SignedNote, ChangeSetNote) {
    if let verbatim = open.verbatim { return verbatim }
    guard let reason = try reason(of: open), let packed = open.head.fields else {
      throw block.metadata.malformed("a change set without a reason")
    }
    let fields = ChangeSetNote(
      library: header.library, author: open.author.publicKey, time: open.time, seen: open.seen,
      after: open.after, reason: reason, lineCount: open.head.totalLines, linesRoot: linesRoot)
    do throws(NoteError) {
      let signature = try NoteSignature(
        name: open.author.name, keyID: open.author.keyID, signature: packed.signature)
      return (try SignedNote(text: fields.text, signatures: [signature]), fields)
    } catch {
      throw block.metadata.malformed(error.problem)
    }
  }
}
