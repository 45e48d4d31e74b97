/// The text of a change set's note: what its author signs and the log holds as a leaf.
///
/// Laid out in `Schemas/change-set.md`. It names no document, person or reason:
/// only commitments to them, so that it can stay when they must go.
public struct ChangeSetNote: Hashable, Sendable {
  /// The library it belongs to: the log's origin.
  public let library: LibraryID
  /// The author's Ed25519 public key, 32 bytes.
  public let author: [UInt8]
  /// When the author says it was made.
  public let time: Timestamp
  /// The newest checkpoint that the author had seen.
  public let seen: Position
  /// The leaf hash of the author's previous draft that was not in the log yet; `nil` for none.
  public let after: SHA256Hash?
  /// The commitment to the reason.
  public let reason: Commitment
  /// How many lines the revision list has.
  public let lineCount: Int
  /// The Merkle root of the revision list.
  public let linesRoot: SHA256Hash

  /// A place in the log: its size and root.
  public struct Position: Hashable, Sendable {
    public let size: UInt64
    public let root: SHA256Hash

    public init(size: UInt64, root: SHA256Hash) {
      self.size = size
      self.root = root
    }
  }

  public init(
    library: LibraryID, author: [UInt8], time: Timestamp, seen: Position, after: SHA256Hash?,
    reason: Commitment,
    lineCount: Int, linesRoot: SHA256Hash
  ) {
    self.library = library
    self.author = author
    self.time = time
    self.seen = seen
    self.after = after
    self.reason = reason
    self.lineCount = lineCount
    self.linesRoot = linesRoot
  }

  /// The note's text, as it is signed; ends with a line feed.
  public var text: String {
    var text = "sheaf/change-set/v1\n"
    text += "library \(library.text)\n"
    text += "author \(Base64.encode(author))\n"
    text += "time \(time)\n"
    text += "seen \(seen.size) \(seen.root.base64)\n"
    if let after { text += "after \(after.base64)\n" }
    text += "reason \(reason.hash.base64)\n"
    text += "lines \(lineCount) \(linesRoot.base64)\n"
    return text
  }

  /// Reads exactly what `text` writes: an unknown, missing or misplaced line is refused.
  public init(parsing text: String) throws(ChangeSetNoteError) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    guard lines.last == "" else { throw .line("the end") }
    lines.removeLast()
    func field(_ name: String) throws(ChangeSetNoteError) -> [Substring] {
      guard let line = lines.popFirst() else { throw .line(name) }
      let parts = line.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.first == name[...] else { throw .line(name) }
      return Array(parts.dropFirst())
    }
    guard lines.popFirst() == "sheaf/change-set/v1" else { throw .line("sheaf/change-set/v1") }

    let library = try field("library")
    guard library.count == 1, let id = LibraryID(String(library[0])) else { throw .line("library") }
    let author = try field("author")
    guard author.count == 1, let key = Base64.decode(author[0]), key.count == 32 else {
      throw .line("author")
    }
    let time = try field("time")
    guard time.count == 1, let moment = Timestamp(parsing: time[0]) else { throw .line("time") }
    let seen = try field("seen")
    guard seen.count == 2, let size = CanonicalNumber.parse(seen[0]), let root = SHA256Hash(base64: seen[1])
    else {
      throw .line("seen")
    }
    var after: SHA256Hash?
    if lines.first?.hasPrefix("after ") == true {
      let fields = try field("after")
      guard fields.count == 1, let hash = SHA256Hash(base64: fields[0]) else { throw .line("after") }
      after = hash
    }
    let reason = try field("reason")
    guard reason.count == 1, let commitment = SHA256Hash(base64: reason[0]) else { throw .line("reason") }
    let list = try field("lines")
    guard list.count == 2, let count = CanonicalNumber.parse(list[0]), count <= UInt64(Limits.revisionLines),
      let linesRoot = SHA256Hash(base64: list[1])
    else { throw .line("lines") }
    guard lines.isEmpty else { throw .line("the end") }
    self.init(
      library: id, author: key, time: moment, seen: Position(size: size, root: root), after: after,
      reason: Commitment(hash: commitment), lineCount: Int(count), linesRoot: linesRoot)
  }

  /// The name under which an author signs: it tells keys apart and names nobody.
  public static func keyName(author: [UInt8]) -> String {
    "sheaf-member-" + SHA256Hash(hashing: author).hex.prefix(16)
  }
}

/// Why a change-set note was refused. Nothing was stored.
public enum ChangeSetNoteError: SheafFailure, Equatable {
  /// The line of this name is missing, misplaced or malformed.
  case line(String)

  public var problem: String {
    switch self {
    case .line(let name): "a change set's note is malformed at its line \"\(name)\""
    }
  }
  public var kind: FailureKind { .verification }
  public var hint: String? { "Get the change set again from where it came from." }
}

/// A library's identity: the origin of its log, which its log key fixes.
///
/// `sheaf/NAME/KEY`, where NAME is a slug for people and KEY the first 32
/// hexadecimal digits of the SHA-256 of the log's public key: two libraries of one
/// name are told apart, and a copy can check the key it was given.
public struct LibraryID: Hashable, Sendable, CustomStringConvertible {
  /// The whole identity, as it stands in notes.
  public let text: String

  /// Makes the identity of a new library.
  public init(name: String, logKey: [UInt8]) {
    text = "sheaf/\(Self.slug(name))/\(SHA256Hash(hashing: logKey).hex.prefix(32))"
  }

  /// Reads an identity; `nil` when it is malformed.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "sheaf", (1...40).contains(parts[1].utf8.count),
      parts[2].utf8.count == 32,
      parts[1].utf8.allSatisfy(Self.isSlug), parts[2].utf8.allSatisfy(Self.isDigit)
    else { return nil }
    self.text = text
  }

  /// The part for people.
  public var slug: String { String(text.split(separator: "/")[1]) }

  /// Whether this is the identity of the library whose log this key signs.
  public func fits(logKey: [UInt8]) -> Bool {
    text.hasSuffix("/" + SHA256Hash(hashing: logKey).hex.prefix(32))
  }

  public var description: String { text }

  private static func isSlug(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "-")
  }
  private static func isDigit(_ byte: UInt8) -> Bool { (97...102).contains(byte) || (48...57).contains(byte) }

  private static func slug(_ name: String) -> String {
    var out: [UInt8] = []
    for byte in name.lowercased().utf8 {
      if (97...122).contains(byte) || (48...57).contains(byte) {
        out.append(byte)
      } else if let last = out.last, last != UInt8(ascii: "-") {
        out.append(UInt8(ascii: "-"))
      }
    }
    while out.last == UInt8(ascii: "-") || out.count > 40 { out.removeLast() }
    return out.isEmpty ? "library" : String(decoding: out, as: UTF8.self)
  }
}
