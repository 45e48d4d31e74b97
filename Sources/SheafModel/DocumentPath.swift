/// The name of a document: a relative path of one to sixteen segments.
///
/// `Schemas/paths.md` has the grammar. A path never leaves the folder it is
/// exported into and is one line of a revision list, so everything that a file
/// system or a line format could take for syntax is refused here, once.
public struct DocumentPath: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The path as written, segments separated by `/`.
  public let text: String

  /// Checks a path that a person or a file system named.
  ///
  /// - Throws: `PathError`, with the rule that the path breaks.
  public init(_ text: String) throws(PathError) {
    try Self.check(Array(text.utf8), shown: text)
    self.text = text
  }

  /// Checks a path that arrived as bytes.
  ///
  /// - Throws: `PathError`; also when the bytes are not UTF-8.
  public init(utf8 bytes: [UInt8]) throws(PathError) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PathError(path: String(decoding: bytes, as: UTF8.self), rule: .notUTF8)
    }
    try Self.check(bytes, shown: text)
    self.text = text
  }

  /// The first segment, or `.` for a document that lies in no folder.
  public var collection: CollectionName {
    guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else { return .top }
    return CollectionName(unchecked: String(text[..<slash]))
  }

  /// The last segment.
  public var name: String {
    // By byte: a combining mark after the slash would make one character of the two.
    guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return text }
    return String(text[text.utf8.index(after: slash)...])
  }

  /// What two paths share when a disk that ignores case would hold them as one file.
  ///
  /// Only case is folded. Swift compares the results by canonical equivalence, as a disk that
  /// ignores Unicode form does; whoever compares their bytes brings them into one form before.
  public var foldedForDisks: String {
    text.utf8.allSatisfy { $0 < 0x80 } ? text.lowercased() : text.lowercased().uppercased().lowercased()
  }

  public var description: String { text }

  /// Byte order, as revision lists are sorted.
  public static func < (lhs: DocumentPath, rhs: DocumentPath) -> Bool {
    lhs.text.utf8.lexicographicallyPrecedes(rhs.text.utf8)
  }

  /// Byte equality: canonically equivalent spellings are two paths.
  public static func == (lhs: DocumentPath, rhs: DocumentPath) -> Bool {
    lhs.text.utf8.elementsEqual(rhs.text.utf8)
  }

  public func hash(into hasher: inout Swift.Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(UInt8(0xff))
  }

  private static func check(_ bytes: [UInt8], shown: String) throws(PathError) {
    func refuse(_ rule: PathError.Rule) -> PathError { PathError(path: shown, rule: rule) }
    guard !bytes.isEmpty else { throw refuse(.empty) }
    guard bytes.count <= Limits.pathBytes else { throw refuse(.tooLong) }
    guard bytes[0] != UInt8(ascii: "/") else { throw refuse(.absolute) }
    let segments = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard segments.count <= Limits.pathSegments else { throw refuse(.tooManySegments) }
    for segment in segments {
      if segment.isEmpty { throw refuse(.emptySegment) }
      if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) { throw refuse(.dots) }
    }
    // Most paths are printable ASCII without a backslash, and this runs for every row that is read.
    if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != 0x5c }) { return }
    for scalar in shown.unicodeScalars {
      switch scalar.value {
      case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029: throw refuse(.controlCharacter)
      // Marks that turn the reading direction could show one name for another.
      case 0x202a...0x202e, 0x2066...0x2069: throw refuse(.controlCharacter)
      case 0x5c: throw refuse(.backslash)
      default: break
      }
    }
  }
}

/// Why a path was refused. Nothing was changed.
public struct PathError: SheafFailure, Equatable {
  /// The rules of `Schemas/paths.md`, in the order of its checks.
  public enum Rule: String, Sendable, Equatable {
    case notUTF8 = "it is not UTF-8"
    case empty = "it is empty"
    case tooLong = "it is longer than 512 bytes"
    case absolute = "it starts with /"
    case tooManySegments = "it has more than 16 segments"
    case emptySegment = "it has an empty segment"
    case dots = "it has a segment . or .."
    case controlCharacter = "it holds a control character"
    case backslash = "it holds a backslash"
  }

  /// The path as far as it can be shown.
  public let path: String
  /// The rule it breaks.
  public let rule: Rule

  public init(path: String, rule: Rule) {
    self.path = path
    self.rule = rule
  }

  /// The path with control characters escaped, so that a terminal shows it as it is.
  public var shownPath: String {
    let escaped = path.unicodeScalars.prefix(200).map {
      $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0)
    }
    return escaped.joined()
  }

  public var problem: String { "the path \"\(shownPath)\" can't name a document: \(rule.rawValue)" }
  public var hint: String? { "Rename it; a path is 1 to 16 segments, 512 bytes at most." }
}

/// The first segment of a document's path: the unit of subscription, schema and policy.
public struct CollectionName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The name as written; `.` for documents that lie in no folder.
  public let text: String

  /// The collection of documents that lie in no folder; no segment can be spelled so.
  public static let top = CollectionName(unchecked: ".")
  /// The JSON Schemas, one document a collection; part of every subscription.
  public static let schemas = CollectionName(unchecked: "schemas")
  /// The library's own settings; part of every subscription.
  public static let sheaf = CollectionName(unchecked: "sheaf")

  /// Whether every subscription carries this collection: without its schemas and
  /// settings a replica could neither check nor merge what it edits.
  public var isAlwaysCarried: Bool { self == .schemas || self == .sheaf }

  init(unchecked text: String) { self.text = text }

  /// Checks a collection's name: one path segment, or `.`.
  public init(_ text: String) throws(PathError) {
    if text != "." {
      let path = try DocumentPath(text)
      guard !path.text.utf8.contains(UInt8(ascii: "/")) else {
        throw PathError(path: text, rule: .tooManySegments)
      }
    }
    self.text = text
  }

  public var description: String { text }

  public static func < (lhs: CollectionName, rhs: CollectionName) -> Bool {
    lhs.text.utf8.lexicographicallyPrecedes(rhs.text.utf8)
  }

  public static func == (lhs: CollectionName, rhs: CollectionName) -> Bool {
    lhs.text.utf8.elementsEqual(rhs.text.utf8)
  }

  public func hash(into hasher: inout Swift.Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}

/// Which collections a replica holds.
public enum Subscription: Hashable, Sendable {
  /// The whole library.
  case all
  /// These collections, and with them always `schemas` and `sheaf`.
  case only(Set<CollectionName>)

  /// Whether documents of this collection are held.
  public func holds(_ collection: CollectionName) -> Bool {
    switch self {
    case .all: true
    case .only(let names): collection.isAlwaysCarried || names.contains(collection)
    }
  }

  /// `*`, or the names in byte order joined by commas; commas in names are written `%2C`, `%` as `%25`.
  public var text: String {
    switch self {
    case .all: "*"
    case .only(let names):
      names.filter { !$0.isAlwaysCarried }.sorted()
        .map { Self.escape($0.text) }
        .joined(separator: ",")
    }
  }

  /// Reads what `text` writes; the empty text is a subscription to nothing but `schemas` and `sheaf`.
  public init(parsing text: String) throws(PathError) {
    if text == "*" {
      self = .all
      return
    }
    var names: Set<CollectionName> = []
    // By byte: a combining mark after a comma would make one character of the two.
    for part in text.utf8.split(separator: UInt8(ascii: ",")) {
      let name = try CollectionName(Self.unescape(part))
      if !name.isAlwaysCarried { names.insert(name) }
      guard names.count <= Limits.collections else { throw PathError(path: "…", rule: .tooLong) }
    }
    self = .only(names)
  }

  private static func escape(_ name: String) -> String {
    var out = ""
    for character in name.unicodeScalars {
      switch character {
      case "%": out += "%25"
      case ",": out += "%2C"
      case "*": out += "%2A"
      default: out.unicodeScalars.append(character)
      }
    }
    return out
  }

  private static func unescape(_ part: Substring.UTF8View) throws(PathError) -> String {
    var bytes: [UInt8] = []
    var rest = part
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let decoded = Hexadecimal.decode(String(decoding: rest.prefix(2), as: UTF8.self))?.first
      {
        bytes.append(decoded)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw PathError(path: String(decoding: bytes, as: UTF8.self), rule: .notUTF8)
    }
    return name
  }
}

/// How much of the history a replica keeps.
public enum Depth: String, Hashable, Sendable, Comparable, CaseIterable, Codable {
  /// What is current: no notes, no lists.
  case heads
  /// Also every change set's note, reason and revision list.
  case trail
  /// Also every revision's content.
  case full

  private var rank: Int {
    switch self {
    case .heads: 0
    case .trail: 1
    case .full: 2
    }
  }

  public static func < (lhs: Depth, rhs: Depth) -> Bool { lhs.rank < rhs.rank }
}
