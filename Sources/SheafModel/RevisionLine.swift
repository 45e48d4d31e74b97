/// A revision's place in the log: line `line` of change set `changeSet`, both counted from one.
///
/// Change set 1219 is the one whose leaf makes the tree 1219 leaves large, so
/// "change set 1219" and "checkpoint 1219" speak of the same moment.
public struct RevisionName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The change set, from 1.
  public let changeSet: UInt64
  /// The line in its revision list, from 1.
  public let line: UInt32

  public init(changeSet: UInt64, line: UInt32) {
    self.changeSet = changeSet
    self.line = line
  }

  /// Reads `1219.3`; `nil` for anything else, leading zeros included.
  public init?(parsing text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let changeSet = CanonicalNumber.parse(parts[0]),
      let line = CanonicalNumber.parse(parts[1]),
      changeSet > 0, line > 0, line <= UInt32.max
    else { return nil }
    self.init(changeSet: changeSet, line: UInt32(line))
  }

  public var description: String { "\(changeSet).\(line)" }

  public static func < (lhs: RevisionName, rhs: RevisionName) -> Bool {
    (lhs.changeSet, lhs.line) < (rhs.changeSet, rhs.line)
  }
}

/// Decimal numbers with one spelling: no sign, no leading zero, at most 2^63 - 1.
public enum CanonicalNumber {
  /// Reads a number; `nil` unless it is spelled canonically.
  public static func parse(_ text: some StringProtocol) -> UInt64? {
    let digits = Array(text.utf8)
    guard let first = digits.first, digits.count <= 19, digits.count == 1 || first != UInt8(ascii: "0") else {
      return nil
    }
    var value: UInt64 = 0
    for digit in digits {
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
    }
    return value <= UInt64(Int64.max) ? value : nil
  }
}

/// What a revision does to its document.
public enum RevisionVerb: String, Hashable, Sendable, CaseIterable {
  /// New content, for a new document or an existing one.
  case put
  /// A tombstone.
  case delete
  /// The document continues another one under a new path; the old path's
  /// `delete` line stands in the same change set.
  case move
  /// Two heads made one by the sequencer.
  case merge
  /// A conflict settled by a person: its heads made one, with content.
  case resolve
  /// A conflict settled by a person: its heads made one, with the document gone.
  case resolveDeleted = "resolve-deleted"
  /// A proposal taken as it is by somebody who may: its content becomes a head.
  case accept
  /// A proposal to delete, taken by somebody who may.
  case acceptDeleted = "accept-deleted"
  /// A proposal turned down by somebody who may; nothing that is current changes.
  case decline
  /// A signature by who wrote a revision; nothing that is current changes.
  case signAuthored = "sign-authored"
  /// A signature by who looked a revision over.
  case signReviewed = "sign-reviewed"
  /// A signature by who approves of a revision.
  case signApproved = "sign-approved"
  /// A signature by who rejects a revision, or takes an approval of it back.
  case signRejected = "sign-rejected"
  /// A wish that the content of past revisions be destroyed; a second person's makes it so.
  case redact

  /// The verb that signs a revision with a meaning.
  public init(signing meaning: SignatureMeaning) {
    switch meaning {
    case .authored: self = .signAuthored
    case .reviewed: self = .signReviewed
    case .approved: self = .signApproved
    case .rejected: self = .signRejected
    }
  }

  /// Whether the revision has content.
  public var hasContent: Bool {
    switch self {
    case .put, .move, .merge, .resolve, .accept: true
    case .delete, .resolveDeleted, .acceptDeleted, .decline, .redact: false
    case .signAuthored, .signReviewed, .signApproved, .signRejected: false
    }
  }

  /// Whether it makes a tombstone.
  public var isDeletion: Bool { !hasContent && !isRemark }

  /// What a signature says; `nil` for what is none.
  public var meaning: SignatureMeaning? {
    switch self {
    case .signAuthored: .authored
    case .signReviewed: .reviewed
    case .signApproved: .approved
    case .signRejected: .rejected
    case .put, .delete, .move, .merge, .resolve, .resolveDeleted, .accept, .acceptDeleted, .decline, .redact:
      nil
    }
  }

  /// Whether it only says something about other revisions, so that nobody's edit goes on from it.
  public var isRemark: Bool { self == .decline || self == .redact || meaning != nil }

  /// Whether the revision decides a proposal.
  public var decides: Bool { self == .accept || self == .acceptDeleted || self == .decline }
}

/// What a revision was made from, as its author could say it when it was signed.
public enum RevisionBase: Hashable, Sendable {
  /// Nothing: a new document (`-`).
  case none
  /// The head of this path at the checkpoint that the author had seen; for
  /// `resolve` all its heads (`@`).
  case head
  /// The first two heads of this path at that checkpoint, where there were more: one step of a settlement (`=`).
  case firstTwo
  /// The head of another path at that checkpoint: a move (`@PATH`).
  case headOf(DocumentPath)
  /// The newest earlier draft of the same author that touches this path, along
  /// the chain that the notes' `after` lines make (`^`).
  case draft
  /// Revisions by their place in the log (`1219.3,1220.1`).
  case revisions([RevisionName])

  /// The field as it stands in a revision list.
  public var text: String {
    switch self {
    case .none: "-"
    case .head: "@"
    case .firstTwo: "="
    case .headOf(let path): "@\(path.text)"
    case .draft: "^"
    case .revisions(let names): names.map(\.description).joined(separator: ",")
    }
  }

  /// Reads the field.
  public init(parsing text: some StringProtocol) throws(RevisionListError) {
    switch text {
    case "-": self = .none
    case "@": self = .head
    case "=": self = .firstTwo
    case "^": self = .draft
    default:
      // By byte: a path that starts with a combining mark would make one character with the sign.
      if text.utf8.first == UInt8(ascii: "@") {
        let path = String(decoding: text.utf8.dropFirst(), as: UTF8.self)
        do { self = .headOf(try DocumentPath(path)) } catch { throw .path(error) }
        return
      }
      var names: [RevisionName] = []
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        guard let name = RevisionName(parsing: part) else { throw .base(String(text.prefix(80))) }
        names.append(name)
      }
      guard !names.isEmpty, names.count <= Limits.redactedRevisions, Set(names).count == names.count else {
        throw .base(String(text.prefix(80)))
      }
      self = .revisions(names)
    }
  }
}

/// One line of a revision list: what one change set does to one document.
///
/// Laid out in `Schemas/revision-list.md`.
public struct RevisionLine: Hashable, Sendable {
  /// What is done.
  public let verb: RevisionVerb
  /// The document it is done to.
  public let path: DocumentPath
  /// What the revision was made from.
  public let base: RevisionBase
  /// The size of the content in bytes and its salted commitment; `nil` for a tombstone.
  public let content: ContentReference?

  /// The size and commitment of a revision's content.
  public struct ContentReference: Hashable, Sendable {
    public let sizeInBytes: UInt64
    public let commitment: Commitment

    public init(sizeInBytes: UInt64, commitment: Commitment) {
      self.sizeInBytes = sizeInBytes
      self.commitment = commitment
    }
  }

  /// Makes a line whose parts agree.
  ///
  /// - Precondition: content is given exactly when the verb has content.
  public init(verb: RevisionVerb, path: DocumentPath, base: RevisionBase, content: ContentReference?) {
    precondition(verb.hasContent == (content != nil), "a \(verb) line and its content disagree")
    self.verb = verb
    self.path = path
    self.base = base
    self.content = content
  }

  /// The line with its final line feed, as it is hashed.
  public var text: String {
    let size = content.map { String($0.sizeInBytes) } ?? "-"
    let commitment = content?.commitment.hash.base64 ?? "-"
    return "\(verb.rawValue)\t\(path.text)\t\(base.text)\t\(size)\t\(commitment)\n"
  }

  /// The line's bytes, as they are hashed.
  public var bytes: [UInt8] { Array(text.utf8) }

  /// Reads one line without its line feed.
  public init(parsing line: some StringProtocol) throws(RevisionListError) {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    guard fields.count == 5 else { throw .fields(fields.count) }
    guard let verb = RevisionVerb(rawValue: String(fields[0])) else {
      throw .verb(String(fields[0].prefix(40)))
    }
    let path: DocumentPath
    do { path = try DocumentPath(String(fields[1])) } catch { throw .path(error) }
    let base = try RevisionBase(parsing: fields[2])
    if case .revisions(let names) = base, names.count > Limits.parents, verb != .redact {
      throw .base(String(fields[2].prefix(80)))
    }
    if verb.hasContent {
      guard let size = CanonicalNumber.parse(fields[3]), let hash = SHA256Hash(base64: fields[4]) else {
        throw .content(path)
      }
      self.init(
        verb: verb, path: path, base: base,
        content: ContentReference(sizeInBytes: size, commitment: Commitment(hash: hash)))
    } else {
      guard fields[3] == "-", fields[4] == "-" else { throw .content(path) }
      self.init(verb: verb, path: path, base: base, content: nil)
    }
    try Self.checkBase(of: self)
  }

  /// Which bases make sense for which verb (`Schemas/revision-list.md`, check 7).
  private static func checkBase(of line: RevisionLine) throws(RevisionListError) {
    let fits =
      switch (line.verb, line.base) {
      case (.put, .none), (.put, .head), (.put, .draft): true
      case (.delete, .head), (.delete, .draft): true
      case (.move, .headOf(let old)): old != line.path
      case (.merge, .revisions(let names)): names.count >= 2
      case (.redact, .revisions): true
      case (.resolve, .head), (.resolve, .firstTwo), (.resolveDeleted, .head), (.resolveDeleted, .firstTwo):
        true
      case (.accept, .revisions(let names)), (.acceptDeleted, .revisions(let names)),
        (.decline, .revisions(let names)), (.signAuthored, .revisions(let names)),
        (.signReviewed, .revisions(let names)), (.signApproved, .revisions(let names)),
        (.signRejected, .revisions(let names)):
        names.count == 1
      default: false
      }
    guard fits else { throw .base("\(line.verb.rawValue) \(line.base.text)") }
  }
}

/// Why a revision list was refused. Nothing was stored.
public enum RevisionListError: SheafFailure, Equatable {
  /// A line has this many fields instead of five; 0 when the last one does not end.
  case fields(Int)
  /// The verb is unknown.
  case verb(String)
  /// The path breaks a rule.
  case path(PathError)
  /// The base does not parse or does not fit the verb.
  case base(String)
  /// Size or commitment is malformed for this path.
  case content(DocumentPath)
  /// The lines are not in strict byte order of their paths at this one.
  case order(DocumentPath)
  /// More lines than a change set may have.
  case tooManyLines(Int)
  /// A line that destroys content names this many revisions, which is more than one may.
  case tooManyRevisions(DocumentPath, Int)

  public var problem: String {
    switch self {
    case .fields(let count): "a revision line has \(count) fields instead of 5"
    case .verb(let verb): "a revision line does something unknown: \(verb)"
    case .path(let error): error.problem
    case .base(let base): "a revision line is made from something impossible: \(base)"
    case .content(let path): "the revision of \(path) has a malformed size or commitment"
    case .order(let path): "the revision list is out of order at \(path)"
    case .tooManyLines(let count):
      "the revision list has \(count) lines; the limit is \(Limits.revisionLines)"
    case .tooManyRevisions(let path, let count):
      "the line of \(path) names \(count) revisions; the limit is \(Limits.redactedRevisions)"
    }
  }
  public var hint: String? { "Get the change set again from where it came from." }
}

/// The lines of one change set, in strict byte order of their paths.
public struct RevisionList: Hashable, Sendable {
  /// The lines; no two share a path.
  public let lines: [RevisionLine]

  /// Sorts nothing: refuses lines that are out of order or repeat a path.
  public init(_ lines: [RevisionLine]) throws(RevisionListError) {
    guard lines.count <= Limits.revisionLines else { throw .tooManyLines(lines.count) }
    for line in lines where line.verb == .redact {
      guard case .revisions(let names) = line.base, names.count > Limits.redactedRevisions else { continue }
      throw .tooManyRevisions(line.path, names.count)
    }
    for (earlier, later) in zip(lines, lines.dropFirst()) where !(earlier.path < later.path) {
      throw .order(later.path)
    }
    self.lines = lines
  }

  /// Reads a whole list.
  public init(parsing text: String) throws(RevisionListError) {
    guard text.isEmpty || text.utf8.last == UInt8(ascii: "\n") else { throw .fields(0) }
    var lines: [RevisionLine] = []
    // By byte: a carriage return before the line feed would make one character of the two.
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
      lines.append(try RevisionLine(parsing: Substring(line)))
    }
    try self.init(lines)
  }
}
