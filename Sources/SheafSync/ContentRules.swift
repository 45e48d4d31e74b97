import SheafMerge
import SheafModel
import SheafStore

/// What a library's own settings and schemas say about its content.
///
/// Publishing, drafting, merging and indexing all ask here, so that they agree. Settings
/// and schemas are read once, when they are first needed, through `read`; a value of this
/// type therefore stands for one moment of the library.
struct ContentRules {
  /// What could not be read and counts as absent; for a person to be told.
  private(set) var warnings: [String] = []

  private let read: (DocumentPath) throws -> [UInt8]?
  private var knownSettings: LibrarySettings?
  private var schemas: [DocumentPath: MergePolicy] = [:]

  /// Asks about a library whose documents `read` answers.
  ///
  /// - Parameter read: The content under a path, or `nil` when there is none. What a change set is
  ///   about to bring comes before what is there.
  init(read: @escaping (DocumentPath) throws -> [UInt8]?) { self.read = read }

  /// Asks about a library as it stood when its log was `size` change sets long.
  ///
  /// What it asks throws `LibraryError.notHeld` where the settings or the schema of that time are not held.
  init(of transaction: StoreTransaction, at size: UInt64) {
    self.init(read: { path in
      guard let document = try transaction.existingDocumentRow(path),
        let content = try transaction.heads(document, at: size).first?.content
      else { return nil }
      guard let bytes = try transaction.body(content) else { throw LibraryError.notHeld(path.text) }
      return bytes
    })
  }

  /// The library's settings; the defaults when there are none or they can't be read.
  mutating func settings() throws -> LibrarySettings {
    if let knownSettings { return knownSettings }
    var settings = LibrarySettings()
    if let path = try? DocumentPath(LibrarySettings.path), let bytes = try read(path) {
      do {
        settings = try LibrarySettings(parsing: bytes)
      } catch {
        warnings.append("\(error.problem); the defaults are used")
      }
    }
    knownSettings = settings
    return settings
  }

  /// The rules that content breaks; none when it may be published.
  ///
  /// - Parameter old: What the document holds now, where it is there: fields that its schema
  ///   declares immutable must stay as they are.
  mutating func violations(of path: DocumentPath, content: [UInt8], replacing old: [UInt8]? = nil) throws
    -> [ContentViolation]
  {
    guard content.count <= Limits.document else {
      return [
        .init(
          place: .field(.root),
          rule: "it has \(content.count) bytes, and a document may have \(Limits.document)")
      ]
    }
    if path.text == LibrarySettings.path { return try settingsViolations(content) }
    if Member.isMemberPath(path) {
      do { _ = try Member(parsing: content, at: path) } catch {
        return [.init(place: .field(JSONPointer(error.place) ?? .root), rule: error.rule)]
      }
      return []
    }
    let mediaType = MediaType.of(path: path.text, content: content)
    let schema = try policy(for: path.collection).schema
    var found = ContentCheck.violations(
      path: path.text, content: content, mediaType: mediaType, schema: schema)
    if found.isEmpty, let old {
      found = ImmutableCheck.violations(old: old, new: content, mediaType: mediaType, schema: schema)
    }
    guard found.isEmpty, Self.isSchema(path) else { return found }
    switch Self.schema(in: content) {
    case .success: return []
    case .failure(let error):
      let words = error.keyword.map { "\"\($0)\" \(error.reason)" } ?? "it \(error.reason)"
      return [.init(place: .field(error.pointer), rule: words)]
    }
  }

  /// The rules that stored content breaks; `nil` when it is not held.
  mutating func violations(
    of path: DocumentPath, content: SHA256Hash, replacing old: [UInt8]? = nil,
    in transaction: StoreTransaction
  ) throws -> [ContentViolation]? {
    if let size = try transaction.assetSize(content) { return violations(of: path, assetSizeInBytes: size) }
    return try transaction.body(content).flatMap { try violations(of: path, content: $0, replacing: old) }
  }

  /// The rules that an asset breaks: it is never looked into, so it can't be what has to be looked into.
  func violations(of path: DocumentPath, assetSizeInBytes size: UInt64) -> [ContentViolation] {
    switch MediaType.named(by: path.text).kind {
    case .json, .markdown, .csv:
      let rule =
        size > UInt64(Limits.document)
        ? "it has \(size) bytes, and a document of this kind may have \(Limits.document)"
        : "it is not UTF-8 text"
      return [.init(place: .field(.root), rule: rule)]
    case .text, .xml, .html, .image, .pdf, .other: return []
    }
  }

  /// How a collection's documents merge.
  mutating func mergePolicy(for collection: CollectionName) throws -> MergePolicy {
    try policy(for: collection)
  }

  /// Whether a change set that touches a collection must say why.
  ///
  /// When the settings can't be fetched the answer is the strict one.
  mutating func requiresReason(_ collection: CollectionName) -> Bool {
    guard let settings = try? settings() else { return true }
    return settings.collections[collection]?.requiresReason ?? false
  }

  /// Whether everybody's edits in a collection wait until somebody else approves them.
  mutating func requiresApproval(_ collection: CollectionName, in transaction: StoreTransaction) throws
    -> Bool
  {
    guard try settings().collections[collection]?.requiresApproval ?? false else { return false }
    return try transaction.isClosed()
  }

  /// Title and text of a document as search takes them in.
  mutating func searchable(_ path: DocumentPath, content: [UInt8]) throws -> SearchableText {
    let collection = try settings().collections[path.collection]
    return SearchableContent(path: path, content: content, settings: collection).entry
  }

  private mutating func settingsViolations(_ content: [UInt8]) throws -> [ContentViolation] {
    do {
      let settings = try LibrarySettings(parsing: content)
      try settings.check { path in
        guard let bytes = try read(path) else { return false }
        if case .success = Self.schema(in: bytes) { return true }
        return false
      }
      return []
    } catch let error as LibrarySettingsError {
      return [.init(place: .field(error.place ?? .root), rule: error.rule)]
    }
  }

  private mutating func policy(for collection: CollectionName) throws -> MergePolicy {
    // The rules for schemas and settings are in this file, not in the library.
    guard !collection.isAlwaysCarried, let path = try settings().schemaPath(of: collection) else {
      return MergePolicy()
    }
    if let known = schemas[path] { return known }
    var policy = MergePolicy()
    if let bytes = try read(path) {
      switch Self.schema(in: bytes) {
      case .success(let schema):
        policy = MergePolicy(schema: schema, schemaDigest: SHA256Hash(hashing: bytes))
      case .failure(let error): warnings.append("\(path): \(error.problem); it counts as absent")
      }
    }
    schemas[path] = policy
    return policy
  }

  private static func isSchema(_ path: DocumentPath) -> Bool {
    path.collection == .schemas && path.name.hasSuffix(".json")
  }

  private static func schema(in bytes: [UInt8]) -> Result<JSONSchema, SchemaFailure> {
    do {
      return .success(try JSONSchema(parsing: try JSONReader.read(bytes)))
    } catch let error as SchemaError {
      return .failure(SchemaFailure(pointer: error.pointer, keyword: error.keyword, reason: error.reason))
    } catch {
      return .failure(SchemaFailure(pointer: .root, keyword: nil, reason: "is not JSON: \(error)"))
    }
  }
}

/// Why a document of `schemas` can't be used as one.
private struct SchemaFailure: Error {
  var pointer: JSONPointer
  var keyword: String?
  var reason: String

  var problem: String {
    let place = pointer == .root ? "the schema" : "the schema at \(pointer)"
    return "\(place) can't be used: \(keyword.map { "\"\($0)\" " } ?? "it ")\(reason)"
  }
}

/// Content that breaks the library's rules. Nothing was published or drafted.
public struct ContentRefusal: SheafFailure, Equatable {
  /// One broken rule.
  public struct Violation: Hashable, Sendable {
    /// The document.
    public let path: String
    /// Where in it, in words.
    public let place: String
    /// What is wrong, or what must be.
    public let rule: String

    public init(path: String, place: String, rule: String) {
      self.path = path
      self.place = place
      self.rule = rule
    }
  }

  /// All of them.
  public let violations: [Violation]
  private static let shownCount = 20

  public init(violations: [Violation]) { self.violations = violations }

  /// One line for each violation, at most twenty, after a line that counts them.
  public var problem: String {
    let documents = Set(violations.map(\.path)).count
    let count = violations.count
    var lines = [
      "\(count) \(count == 1 ? "rule is" : "rules are") broken in "
        + "\(documents) \(documents == 1 ? "document" : "documents")"
    ]
    lines += violations.prefix(Self.shownCount).map { "  \($0.path): \($0.place): \($0.rule)" }
    if count > Self.shownCount { lines.append("  and \(count - Self.shownCount) more") }
    return lines.joined(separator: "\n")
  }
  public var unchanged: String { "nothing was published" }
  public var hint: String? { "Correct the documents, then try again." }
}
