/// A person or a clinic with a key and a role: a document below `sheaf/members/`.
///
/// Laid out in `Schemas/members.md`.
public struct Member: Hashable, Sendable {
  /// The version of the page that this code reads.
  public static let format = 1
  /// The largest document in bytes.
  public static let sizeLimitInBytes = 16 << 10
  /// What the paths of all members begin with.
  public static let folder = "sheaf/members/"

  /// The Ed25519 public key that signs change sets and requests, 32 bytes.
  public var key: [UInt8]
  /// What people read.
  public var name: String
  public var role: MemberRole
  /// Where the member works; `nil` when nothing is said.
  public var site: String?
  /// The collections that the member reads and writes in; `nil` for all.
  public var collections: Set<CollectionName>?
  /// The key that cosigns checkpoints, 32 bytes; `nil` for a member that is no witness.
  public var witness: [UInt8]?
  /// The mark of the member whose key this one took the place of.
  public var replaces: MemberMark?
  /// Why the key is not to be trusted any more; `nil` while it is.
  public var revoked: String?

  public init(
    key: [UInt8], name: String, role: MemberRole, site: String? = nil,
    collections: Set<CollectionName>? = nil, witness: [UInt8]? = nil, replaces: MemberMark? = nil,
    revoked: String? = nil
  ) {
    self.key = key
    self.name = name
    self.role = role
    self.site = site
    self.collections = collections
    self.witness = witness
    self.replaces = replaces
    self.revoked = revoked
  }

  /// The short public mark of the member's key.
  public var mark: MemberMark { MemberMark(publicKey: key) }

  /// Whether the member's collections hold this one. `sheaf` and `schemas` go with all of them.
  public func reaches(_ collection: CollectionName) -> Bool {
    collection.isAlwaysCarried || collections?.contains(collection) ?? true
  }

  /// Whether a path is one where members stand, whatever its form.
  public static func isMemberPath(_ path: DocumentPath) -> Bool { path.text.hasPrefix(folder) }

  /// The path of the member with a mark.
  public static func path(of mark: MemberMark) -> DocumentPath? {
    try? DocumentPath(folder + mark.text + ".json")
  }

  /// What a rotation writes into the document of the key that it replaces, as the reason for its revocation.
  public static func replaced(by mark: MemberMark) -> String { "replaced by \(mark)" }

  /// Reads a member's document.
  ///
  /// - Throws: `MemberError` for the first of the checks in `Schemas/members.md` that fails.
  public init(parsing bytes: [UInt8], at path: DocumentPath) throws(MemberError) {
    func refusal(_ rule: String, _ place: String = "") -> MemberError {
      MemberError(path: path.text, place: place, rule: rule)
    }
    guard bytes.count <= Self.sizeLimitInBytes else {
      throw refusal("it is larger than \(Self.sizeLimitInBytes) bytes")
    }
    let value: JSONValue
    do {
      value = try JSONReader.read(
        bytes, limits: JSONLimits(depth: 4, members: 2_000, stringSizeInBytes: Self.sizeLimitInBytes))
    } catch {
      throw refusal("line \(error.line), column \(error.column): \(error.reason)")
    }
    guard case .object(let object) = value else { throw refusal("it must be an object") }
    let known: Set<String> = [
      "format", "key", "name", "role", "site", "collections", "witness", "replaces", "revoked",
    ]
    if let unknown = object.members.first(where: { !known.contains($0.key) }) {
      throw refusal("this member is unknown", "/" + unknown.key)
    }
    func text(_ name: String) throws(MemberError) -> String? {
      guard let value = object[name] else { return nil }
      guard case .string(let text) = value else { throw refusal("it must be a text", "/" + name) }
      return text
    }
    func plain(_ name: String) throws(MemberError) -> String? {
      guard let text = try text(name) else { return nil }
      guard Self.isPlain(text) else {
        throw refusal("it must be 1 to 120 characters without control characters", "/" + name)
      }
      return text
    }
    func key(_ name: String) throws(MemberError) -> [UInt8]? {
      guard let text = try text(name) else { return nil }
      guard let key = Base64.decode(text), key.count == 32 else {
        throw refusal("it must be base64 of 32 bytes", "/" + name)
      }
      return key
    }
    guard case .number(let format)? = object["format"], format == JSONNumber(Self.format) else {
      throw refusal("it must be the number 1", "/format")
    }
    guard let ownKey = try key("key") else { throw refusal("it is missing", "/key") }
    guard let name = try plain("name") else { throw refusal("it is missing", "/name") }
    guard let roleText = try text("role") else { throw refusal("it is missing", "/role") }
    guard let role = MemberRole(rawValue: roleText) else {
      throw refusal("there is no such role", "/role")
    }
    let witness = try key("witness")
    guard witness != ownKey else { throw refusal("it must be another key", "/witness") }
    var replaces: MemberMark?
    if let text = try text("replaces") {
      guard let mark = MemberMark(text) else {
        throw refusal("it must be 16 hexadecimal digits", "/replaces")
      }
      replaces = mark
    }
    self.init(
      key: ownKey, name: name, role: role, site: try plain("site"),
      collections: try Self.collections(object["collections"], refusal: refusal), witness: witness,
      replaces: replaces, revoked: try plain("revoked"))
    guard Self.path(of: mark) == path else {
      throw refusal("the document of this key is \(Self.folder)\(mark).json", "/key")
    }
  }

  private static func collections(
    _ value: JSONValue?, refusal: (String, String) -> MemberError
  ) throws(MemberError) -> Set<CollectionName>? {
    guard let value else { return nil }
    guard case .array(let items) = value, (1...1_000).contains(items.count) else {
      throw refusal("it must be an array of 1 to 1,000 collections", "/collections")
    }
    var found: Set<CollectionName> = []
    for item in items {
      guard case .string(let text) = item, let name = try? CollectionName(text),
        found.insert(name).inserted
      else {
        throw refusal("each must be a collection's name, none twice", "/collections")
      }
    }
    return found
  }

  static func isPlain(_ text: String) -> Bool {
    (1...120).contains(text.unicodeScalars.count)
      && text.unicodeScalars.allSatisfy { !($0.value < 0x20 || (0x7f...0x9f).contains($0.value)) }
  }

  /// The document, as a person reads it: two spaces of indent, members in the page's order, a final line feed.
  public var bytes: [UInt8] {
    var lines = ["\"format\": \(Self.format)", "\"key\": " + Self.quoted(Base64.encode(key))]
    lines.append("\"name\": " + Self.quoted(name))
    lines.append("\"role\": " + Self.quoted(role.rawValue))
    if let site { lines.append("\"site\": " + Self.quoted(site)) }
    if let collections {
      lines.append(
        "\"collections\": [" + collections.map(\.text).sorted().map(Self.quoted).joined(separator: ", ")
          + "]")
    }
    if let witness { lines.append("\"witness\": " + Self.quoted(Base64.encode(witness))) }
    if let replaces { lines.append("\"replaces\": " + Self.quoted(replaces.text)) }
    if let revoked { lines.append("\"revoked\": " + Self.quoted(revoked)) }
    return Array(("{\n" + lines.map { "  " + $0 }.joined(separator: ",\n") + "\n}\n").utf8)
  }

  // Names hold no control characters, so nothing else needs an escape.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}

/// Why a member's document can't be read. It makes nobody a member.
public struct MemberError: SheafFailure, Hashable {
  public let path: String
  /// A JSON pointer; empty for the whole.
  public let place: String
  /// What must be, as a sentence without a full stop.
  public let rule: String

  public init(path: String, place: String, rule: String) {
    self.path = path
    self.place = place
    self.rule = rule
  }

  public var problem: String { "\(path)\(place.isEmpty ? "" : " at \(place)"): \(rule)" }
  public var unchanged: String { "the members are as they were" }
  public var hint: String? {
    "`sheaf invite` and `sheaf members` write these documents; see Schemas/members.md."
  }
}
