import Foundation
import GRDB
import SheafLog
import SheafModel

/// What a copy knows about itself: one row each in `meta`.
public struct CopyFacts: Hashable, Sendable {
  /// The library.
  public var library: LibraryID
  /// The library's name for people.
  public var name: String
  /// The log's public key, 32 bytes.
  public var logKey: [UInt8]
  /// Whether this copy is the publisher's.
  public var isPublisher: Bool
  /// How much history is kept.
  public var depth: Depth
  /// Which collections are held.
  public var subscription: Subscription
  /// The name that this copy's member goes by.
  public var member: String
  /// Where `sync` goes when no remote is named; empty for nowhere.
  public var remote: String

  public init(
    library: LibraryID, name: String, logKey: [UInt8], isPublisher: Bool, depth: Depth,
    subscription: Subscription,
    member: String, remote: String
  ) {
    self.library = library
    self.name = name
    self.logKey = logKey
    self.isPublisher = isPublisher
    self.depth = depth
    self.subscription = subscription
    self.member = member
    self.remote = remote
  }
}

extension StoreTransaction {
  /// The copy's facts.
  ///
  /// - Throws: `StoreError.damaged` when one is missing or malformed.
  public func facts() throws -> CopyFacts {
    guard let library = LibraryID(try text("library")), let depth = Depth(rawValue: try text("depth")),
      let logKey = Base64.decode(try text("log-key"))
    else { throw StoreError.damaged("meta") }
    return CopyFacts(
      library: library, name: try text("name"), logKey: logKey, isPublisher: try text("role") == "publisher",
      depth: depth, subscription: try Subscription(parsing: text("subscription")), member: try text("member"),
      remote: try text("remote"))
  }

  /// Writes the copy's facts.
  public func setFacts(_ facts: CopyFacts) throws {
    try set("library", facts.library.text)
    try set("name", facts.name)
    try set("log-key", Base64.encode(facts.logKey))
    try set("role", facts.isPublisher ? "publisher" : "replica")
    try set("depth", facts.depth.rawValue)
    try set("subscription", facts.subscription.text)
    try set("member", facts.member)
    try set("remote", facts.remote)
  }

  /// The right edge of the log that this copy holds.
  public func position() throws -> CompactRange {
    guard let bytes = try blob("SELECT value FROM meta WHERE key = 'edge'") else { return CompactRange() }
    guard bytes.count >= 8, (bytes.count - 8) % 32 == 0 else { throw StoreError.damaged("meta, edge") }
    let size = bytes[0..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let nodes = stride(from: 8, to: bytes.count, by: 32).compactMap { SHA256Hash(bytes: bytes[$0..<$0 + 32]) }
    guard size <= RevisionRows.largestChangeSet, let range = CompactRange(size: size, nodes: nodes) else {
      throw StoreError.damaged("meta, edge")
    }
    return range
  }

  /// Moves the copy to a new position.
  public func setPosition(_ range: CompactRange) throws {
    var bytes: [UInt8] = []
    withUnsafeBytes(of: range.size.bigEndian) { bytes.append(contentsOf: $0) }
    for node in range.nodes { bytes.append(contentsOf: node.bytes) }
    try execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('edge', ?)", [Data(bytes)])
  }

  private func text(_ key: String) throws -> String {
    guard let bytes = try blob("SELECT value FROM meta WHERE key = ?", [key]) else {
      throw StoreError.damaged("meta, \(key)")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func set(_ key: String, _ value: String) throws {
    try execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [key, Data(value.utf8)])
  }
}
