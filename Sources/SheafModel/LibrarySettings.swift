/// How a library wants to be read: the document `sheaf/settings.json`.
///
/// Laid out in `Schemas/settings.md`. A library without that document works by the defaults,
/// which are those of `LibrarySettings()`.
public struct LibrarySettings: Hashable, Sendable {
  /// Where the document stands in every library.
  public static let path = "sheaf/settings.json"
  /// The version of the page that this code reads.
  public static let format = 1
  /// The largest settings document in bytes.
  public static let sizeLimitInBytes = 1 << 20

  /// What one collection asks for.
  public struct Collection: Hashable, Sendable {
    /// The JSON Schema that its documents follow; `nil` for `schemas/COLLECTION.json` where that exists.
    public var schema: DocumentPath?
    /// Where a document's title stands.
    public var title: JSONPointer?
    /// What search covers besides path, title and an article's text; `nil` when nothing is said.
    public var search: [JSONPointer]?
    /// Whether a change set that touches the collection must say why.
    public var requiresReason: Bool
    /// Whether edits by contributors wait until somebody accepts or declines them.
    public var requiresReview: Bool
    /// Whether everybody's edits wait until somebody else approves them.
    public var requiresApproval: Bool
    /// Assets above this many bytes are fetched only when somebody asks for them; `nil` when all come at once.
    public var lazyAbove: UInt64?

    /// The settings of a collection that has none.
    public init() {
      schema = nil
      title = nil
      search = nil
      requiresReason = false
      requiresReview = false
      requiresApproval = false
      lazyAbove = nil
    }
  }

  /// What people read above lists; `nil` for the name that the library was started with.
  public var name: String?
  /// The BCP 47 tag of the language that most of the library is in.
  public var language: String
  /// Whether everybody may read over HTTP, members or not.
  public var isPublic: Bool
  /// Up to what age of the publisher's newest time a copy is fresh, in days.
  public var freshDays: Int
  /// Up to what age of the publisher's newest time a copy may decide, in days.
  public var staleDays: Int
  /// The collections that have settings.
  public var collections: [CollectionName: Collection]

  /// The defaults: what an absent document means.
  public init() {
    name = nil
    language = "und"
    isPublic = false
    freshDays = 7
    staleDays = 90
    collections = [:]
  }

  /// Reads the document.
  ///
  /// - Throws: `LibrarySettingsError` for the first of checks 1 to 5 that fails, in the order of
  ///   `Schemas/settings.md`. Check 6 needs the library: `check(schemaIsUsable:)`.
  public init(parsing bytes: [UInt8]) throws(LibrarySettingsError) {
    guard bytes.count <= Self.sizeLimitInBytes else {
      throw LibrarySettingsError(
        check: 1, place: nil, rule: "it is larger than \(Self.sizeLimitInBytes) bytes")
    }
    // Members cost three bytes at least, so the size bounds their number.
    let limits = JSONLimits(
      depth: 16, members: Self.sizeLimitInBytes, stringSizeInBytes: Self.sizeLimitInBytes)
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONReader.read(bytes, limits: limits)
    } catch {
      throw LibrarySettingsError(notJSON: error, in: bytes)
    }
    self.init()
    let reader = SettingsReader()
    guard case .object(let top) = value else { throw reader.refusal(3, .root, "it must be an object") }
    try Self.checkFormat(top["format"], reader)
    for member in top.members {
      let place = JSONPointer(tokens: [member.key])
      switch member.key {
      case "format": break
      case "name": name = try reader.name(member.value, place)
      case "language": language = try reader.language(member.value, place)
      case "access": isPublic = try reader.isPublic(member.value, place)
      case "freshDays": freshDays = try reader.days(member.value, place)
      case "staleDays": staleDays = try reader.days(member.value, place)
      case "collections": collections = try reader.collections(member.value, place)
      default: throw reader.refusal(4, place, "this member is unknown")
      }
    }
  }

  /// Check 6: that each schema which is named is there and can be used.
  public func check(schemaIsUsable: (DocumentPath) throws -> Bool) throws {
    for (name, collection) in collections.sorted(by: { $0.key < $1.key }) {
      guard let schema = collection.schema, try !schemaIsUsable(schema) else { continue }
      throw LibrarySettingsError(
        check: 6, place: JSONPointer(tokens: ["collections", name.text, "schema"]),
        rule: "\(schema) is not a schema of this library that can be used")
    }
  }

  /// Whether an asset is one that a replica gets only when somebody asks for it (`Schemas/assets.md`, "Lazy").
  public func isLazy(_ path: DocumentPath, sizeInBytes: UInt64) -> Bool {
    guard let limit = collections[path.collection]?.lazyAbove else { return false }
    return sizeInBytes > limit
  }

  /// The path of the schema that a collection's documents follow, if that document exists.
  public func schemaPath(of collection: CollectionName) -> DocumentPath? {
    if let schema = collections[collection]?.schema { return schema }
    return try? DocumentPath("schemas/\(collection.text).json")
  }

  private static func checkFormat(_ value: JSONValue?, _ reader: SettingsReader) throws(LibrarySettingsError)
  {
    let place = JSONPointer(tokens: ["format"])
    guard let value else { throw reader.refusal(3, place, "it is missing") }
    guard case .number(let number) = value else { throw reader.refusal(3, place, "it must be the number 1") }
    guard number == JSONNumber(format) else {
      throw reader.refusal(
        3, place, "it is \(number.literal.prefix(20)), and this Sheaf reads 1", isNewer: true)
    }
  }
}

/// Why settings can't be read. The library goes on with those it has.
public struct LibrarySettingsError: SheafFailure, Hashable {
  /// The number of the check in `Schemas/settings.md` that failed.
  public let check: Int
  /// Where in the document; `nil` where no place can be named by a pointer.
  public let place: JSONPointer?
  /// What must be, as a sentence without a full stop.
  public let rule: String
  /// Whether the document follows a version that this code does not know.
  public let isNewer: Bool

  init(check: Int, place: JSONPointer?, rule: String, isNewer: Bool = false) {
    self.check = check
    self.place = place
    self.rule = rule
    self.isNewer = isNewer
  }

  init(notJSON error: JSONError, in bytes: [UInt8]) {
    var place: JSONPointer?
    if case .duplicateKey(let key, _, _) = error.rule {
      place = Self.enclosingObject(of: error.offset, in: bytes).appending(key)
    }
    self.init(check: 2, place: place, rule: "line \(error.line), column \(error.column): \(error.reason)")
  }

  public var problem: String {
    "\(LibrarySettings.path)\(place.map { " at \($0 == .root ? "its top" : $0.description)" } ?? ""): \(rule)"
  }
  public var unchanged: String { "the settings are as they were" }
  public var hint: String? {
    isNewer
      ? "Use a newer version of Sheaf." : "Correct the settings; Schemas/settings.md explains every member."
  }

  // Everything before `offset` was read as JSON already, so only its shape is looked at.
  private static func enclosingObject(of offset: Int, in bytes: [UInt8]) -> JSONPointer {
    var open: [(isObject: Bool, key: String, index: Int)] = []
    var position = 0
    var keyIsNext = false
    while position < min(offset, bytes.count) {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        let start = position
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
          position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        if keyIsNext, position < bytes.count, let last = open.indices.last {
          let literal = Array(bytes[start...position])
          if case .string(let key)? = try? JSONReader.read(literal) { open[last].key = key }
          keyIsNext = false
        }
      case UInt8(ascii: "{"):
        open.append((true, "", 0))
        keyIsNext = true
      case UInt8(ascii: "["):
        open.append((false, "", 0))
        keyIsNext = false
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        _ = open.popLast()
        keyIsNext = false
      case UInt8(ascii: ","):
        if let last = open.indices.last {
          open[last].index += 1
          keyIsNext = open[last].isObject
        }
      default: break
      }
      position += 1
    }
    return JSONPointer(tokens: open.dropLast().map { $0.isObject ? $0.key : String($0.index) })
  }
}

/// The rules of `settings.schema.json`, member by member.
private struct SettingsReader {
  func refusal(_ check: Int, _ place: JSONPointer, _ rule: String, isNewer: Bool = false)
    -> LibrarySettingsError
  {
    LibrarySettingsError(check: check, place: place, rule: rule, isNewer: isNewer)
  }

  func name(_ value: JSONValue, _ place: JSONPointer) throws(LibrarySettingsError) -> String {
    let text = try string(value, place)
    let scalars = text.unicodeScalars
    let isPlain = scalars.allSatisfy { !($0.value < 0x20 || (0x7f...0x9f).contains($0.value)) }
    guard isPlain, (1...120).contains(scalars.count) else {
      throw refusal(4, place, "it must be 1 to 120 characters without control characters")
    }
    return text
  }

  func days(_ value: JSONValue, _ place: JSONPointer) throws(LibrarySettingsError) -> Int {
    guard case .number(let number) = value, let days = number.int, (1...36_500).contains(days) else {
      throw refusal(4, place, "it must be a number of days from 1 to 36500")
    }
    return Int(days)
  }

  func language(_ value: JSONValue, _ place: JSONPointer) throws(LibrarySettingsError) -> String {
    let text = try string(value, place)
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte & 0xdf) }
    let fits = parts.enumerated().allSatisfy { index, part in
      index == 0
        ? (2...8).contains(part.count) && part.allSatisfy(isLetter)
        : (1...8).contains(part.count) && part.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) }
    }
    guard fits, text.utf8.count <= 35 else { throw refusal(4, place, "it must be a BCP 47 language tag") }
    return text
  }

  func isPublic(_ value: JSONValue, _ place: JSONPointer) throws(LibrarySettingsError) -> Bool {
    switch value {
    case .string("public"): return true
    case .string("members"): return false
    default: throw refusal(4, place, "it must be \"public\" or \"members\"")
    }
  }

  func collections(
    _ value: JSONValue, _ place: JSONPointer
  ) throws(LibrarySettingsError) -> [CollectionName: LibrarySettings.Collection] {
    guard case .object(let object) = value else { throw refusal(4, place, "it must be an object") }
    guard object.count <= Limits.collections else {
      throw refusal(4, place, "it has more than \(Limits.collections) members")
    }
    var found: [CollectionName: LibrarySettings.Collection] = [:]
    // All of check 4 comes before check 5, as the page says.
    let read = try object.members.map { member throws(LibrarySettingsError) in
      (member.key, try collection(member.value, place.appending(member.key)))
    }
    for (key, collection) in read {
      guard let name = try? CollectionName(key) else {
        throw refusal(5, place.appending(key), "it is not a collection's name")
      }
      found[name] = collection
    }
    return found
  }

  private func collection(
    _ value: JSONValue, _ place: JSONPointer
  ) throws(LibrarySettingsError) -> LibrarySettings.Collection {
    guard case .object(let object) = value else { throw refusal(4, place, "it must be an object") }
    var collection = LibrarySettings.Collection()
    if object["assets"] != nil, object["lazyAbove"] != nil {
      throw refusal(4, place, "it has both \"assets\" and \"lazyAbove\"")
    }
    for member in object.members {
      let place = place.appending(member.key)
      switch member.key {
      case "schema": collection.schema = try schema(member.value, place)
      case "title": collection.title = try pointer(member.value, place)
      case "search":
        guard case .array(let items) = member.value, items.count <= 64 else {
          throw refusal(4, place, "it must be an array of at most 64 JSON pointers")
        }
        var pointers: [JSONPointer] = []
        for (index, item) in items.enumerated() { pointers.append(try pointer(item, place.appending(index))) }
        collection.search = pointers
      case "reason":
        switch member.value {
        case .string("required"): collection.requiresReason = true
        case .string("optional"): collection.requiresReason = false
        default: throw refusal(4, place, "it must be \"required\" or \"optional\"")
        }
      case "review":
        switch member.value {
        case .string("everyone"): (collection.requiresReview, collection.requiresApproval) = (true, true)
        case .string("required"): collection.requiresReview = true
        case .string("none"): collection.requiresReview = false
        default: throw refusal(4, place, "it must be \"everyone\", \"required\" or \"none\"")
        }
      case "assets":
        switch member.value {
        case .string("lazy"): collection.lazyAbove = 0
        case .string("eager"): collection.lazyAbove = nil
        default: throw refusal(4, place, "it must be \"lazy\" or \"eager\"")
        }
      case "lazyAbove":
        guard case .number(let number) = member.value, let limit = number.int, limit >= 0,
          UInt64(limit) <= Limits.asset
        else { throw refusal(4, place, "it must be a number of bytes, at most \(Limits.asset)") }
        collection.lazyAbove = UInt64(limit)
      default: throw refusal(4, place, "this member is unknown")
      }
    }
    return collection
  }

  private func schema(_ value: JSONValue, _ place: JSONPointer) throws(LibrarySettingsError) -> DocumentPath {
    let text = try string(value, place)
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].elementsEqual("schemas".utf8), parts[1].count > 5,
      text.hasSuffix(".json"), text.unicodeScalars.count <= 512, let path = try? DocumentPath(text)
    else { throw refusal(4, place, "it must be the path of a document schemas/NAME.json") }
    return path
  }

  private func pointer(_ value: JSONValue, _ place: JSONPointer) throws(LibrarySettingsError) -> JSONPointer {
    let text = try string(value, place)
    guard !text.isEmpty, text.unicodeScalars.count <= 512, let pointer = JSONPointer(text) else {
      throw refusal(4, place, "it must be a JSON pointer to a member, such as /title")
    }
    return pointer
  }

  private func string(_ value: JSONValue, _ place: JSONPointer) throws(LibrarySettingsError) -> String {
    guard case .string(let text) = value else { throw refusal(4, place, "it must be a text") }
    return text
  }
}
