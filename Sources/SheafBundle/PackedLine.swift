import SheafModel

/// One line of a revision list as it travels (`Schemas/bundle.md`, "Lines").
struct PackedLine {
  /// Its place in the list, from 0.
  let index: Int
  let verb: RevisionVerb
  let path: DocumentPath
  let base: RevisionBase
  /// `nil` for a tombstone.
  let content: PackedContent?
  /// The size, where neither a body nor an equal content gives it.
  let sizeInBytes: UInt64?
  /// The commitment or hash, as `content` says.
  let hash: SHA256Hash?
  /// The content's salt, where the change set's seed was destroyed and the content is known.
  let salt: [UInt8]?

  /// The verbs with the kinds of base that fit them; the place in this list is the code.
  private enum Form: UInt8 {
    case put, putHead, putDraft, delete, deleteDraft, move, merge, resolve, resolveDeleted
    case accept, acceptDeleted, decline, resolveTwo, resolveTwoDeleted
    /// A signature has no content, so its meaning stands where a content's code would.
    case sign
    case redact
  }

  /// What a signature says; the place in this list is the code.
  private static let meanings: [SignatureMeaning] = [.authored, .reviewed, .approved, .rejected]

  private var form: Form? {
    switch (verb, base) {
    case (.put, .none): .put
    case (.put, .head): .putHead
    case (.put, .draft): .putDraft
    case (.delete, .head): .delete
    case (.delete, .draft): .deleteDraft
    case (.move, .headOf): .move
    case (.merge, .revisions): .merge
    case (.resolve, .head): .resolve
    case (.resolveDeleted, .head): .resolveDeleted
    case (.resolve, .firstTwo): .resolveTwo
    case (.resolveDeleted, .firstTwo): .resolveTwoDeleted
    case (.accept, .revisions): .accept
    case (.acceptDeleted, .revisions): .acceptDeleted
    case (.decline, .revisions): .decline
    case (.signAuthored, .revisions), (.signReviewed, .revisions), (.signApproved, .revisions),
      (.signRejected, .revisions):
      .sign
    case (.redact, .revisions): .redact
    default: nil
    }
  }

  init(
    index: Int, line: RevisionLine, content: PackedContent?, hash: SHA256Hash?, salt: [UInt8]? = nil
  ) {
    self.index = index
    self.salt = salt
    verb = line.verb
    path = line.path
    base = line.base
    self.content = content
    self.hash = hash
    // An asset says its size itself.
    if case .asset = content {
      sizeInBytes = nil
    } else {
      sizeInBytes = hash == nil ? nil : line.content?.sizeInBytes
    }
  }

  /// What both ends know before a line.
  struct Context {
    /// The number of the change set; 0 in drafts.
    let number: UInt64
    /// Whether only some of the lines travel.
    let isPartial: Bool
    /// How many lines the list has.
    let total: Int
    let coder: BundleCoder
    /// Whether the seed was destroyed, and each known content brings its salt.
    var isSalted = false
    /// The index of the line before; -1 for none.
    var previousIndex = -1
  }

  func write(
    to out: inout ByteWriter, digests: inout ByteWriter, previousPath: [UInt8], context: Context
  ) throws(BundleError) {
    guard let form else { throw .impossible("a line that does \(verb.rawValue) from \(base.text)") }
    let meaning = verb.meaning.flatMap(Self.meanings.firstIndex)
    out.byte(form.rawValue << 4 | (meaning.map { UInt8($0) } ?? content?.code ?? 0))
    if context.isPartial { out.number(UInt64(index - context.previousIndex - 1)) }
    let pathBytes = Array(path.text.utf8)
    out.path(pathBytes, after: previousPath)
    switch base {
    case .headOf(let old): out.path(Array(old.text.utf8), after: pathBytes)
    case .revisions(let names):
      out.number(UInt64(names.count))
      for name in names {
        out.signed(Int64(bitPattern: context.number &- name.changeSet))
        out.number(UInt64(name.line))
      }
    case .none, .head, .firstTwo, .draft: break
    }
    content?.write(to: &out, path: pathBytes)
    if let sizeInBytes { out.number(sizeInBytes) }
    if let salt { digests.raw(salt) }
    if let hash { digests.hash(hash) }
  }

  init(
    reading input: inout ByteCursor, digests: inout ByteCursor, previousPath: [UInt8], context: Context
  ) throws(BundleError) {
    let tag = try input.byte()
    guard let form = Form(rawValue: tag >> 4) else { throw input.malformed("a line's kind") }
    let next = context.previousIndex + 1
    guard next < context.total else { throw input.malformed("a line's index") }
    index = context.isPartial ? next + Int(try input.number(atMost: UInt64(context.total - 1 - next))) : next
    path = try input.path(after: previousPath)
    switch form {
    case .put: (verb, base) = (.put, .none)
    case .putHead: (verb, base) = (.put, .head)
    case .putDraft: (verb, base) = (.put, .draft)
    case .delete: (verb, base) = (.delete, .head)
    case .deleteDraft: (verb, base) = (.delete, .draft)
    case .resolve: (verb, base) = (.resolve, .head)
    case .resolveDeleted: (verb, base) = (.resolveDeleted, .head)
    case .resolveTwo: (verb, base) = (.resolve, .firstTwo)
    case .resolveTwoDeleted: (verb, base) = (.resolveDeleted, .firstTwo)
    case .move:
      let old = try input.path(after: Array(path.text.utf8))
      guard old != path else { throw input.malformed("a move to the same path") }
      (verb, base) = (.move, .headOf(old))
    case .merge:
      (verb, base) = (.merge, .revisions(try Self.names(&input, atLeast: 2, number: context.number)))
    case .redact:
      let names = try Self.names(
        &input, atLeast: 1, atMost: Limits.redactedRevisions, number: context.number)
      (verb, base) = (.redact, .revisions(names))
    case .accept, .acceptDeleted, .decline, .sign:
      switch form {
      case .accept: verb = .accept
      case .acceptDeleted: verb = .acceptDeleted
      case .sign:
        guard Self.meanings.indices.contains(Int(tag & 15)) else {
          throw input.malformed("a signature's meaning")
        }
        verb = RevisionVerb(signing: Self.meanings[Int(tag & 15)])
      default: verb = .decline
      }
      base = .revisions(try Self.names(&input, atLeast: 1, number: context.number))
      guard case .revisions(let names) = base, names.count == 1 else {
        throw input.malformed("a decision on several revisions")
      }
    }
    guard verb.hasContent else {
      guard form == .sign || tag & 15 == 0 else { throw input.malformed("a tombstone with content") }
      (content, sizeInBytes, hash, salt) = (nil, nil, nil, nil)
      return
    }
    let content = try PackedContent(code: tag & 15, reading: &input, path: path, coder: context.coder)
    guard verb == .move || !content.needsOther else { throw input.malformed("another path's content") }
    self.content = content
    let isUnknown = if case .commitment = content { true } else { false }
    salt = context.isSalted && !isUnknown ? try digests.take(Seed.sizeInBytes) : nil
    switch content {
    case .commitment, .hash:
      sizeInBytes = try input.number(atMost: UInt64(Int64.max))
      hash = try digests.hash()
    case .asset: (sizeInBytes, hash) = (nil, try digests.hash())
    default: (sizeInBytes, hash) = (nil, nil)
    }
  }

  private static func names(
    _ input: inout ByteCursor, atLeast least: Int, atMost most: Int = Limits.parents, number: UInt64
  ) throws(BundleError) -> [RevisionName] {
    let count = try input.number(atMost: UInt64(most))
    guard count >= least else { throw input.malformed("a merge of \(count)") }
    var names: [RevisionName] = []
    for _ in 0..<count {
      let changeSet = number &- UInt64(bitPattern: try input.signed())
      let line = try input.number(atMost: UInt64(UInt32.max))
      guard changeSet > 0, changeSet <= UInt64(Int64.max), line > 0 else {
        throw input.malformed("a revision's name")
      }
      names.append(RevisionName(changeSet: changeSet, line: UInt32(line)))
    }
    guard Set(names).count == names.count else { throw input.malformed("a revision merged with itself") }
    return names
  }

  /// The other path whose content may be the base.
  var other: DocumentPath? { if case .headOf(let path) = base { path } else { nil } }
}
