import SheafModel

/// What a bundle carries.
public enum BundleContent: String, Hashable, Sendable, CaseIterable {
  /// What is current at the end, as changes of the state.
  case heads
  /// Every change set's note, reason and lines, and what is current of the bodies.
  case trail
  /// Every change set with every body.
  case full
  /// Change sets that are not in the log yet.
  case drafts

  /// The two bits that stand for it in the header.
  var code: UInt8 {
    switch self {
    case .heads: 0
    case .trail: 1
    case .full: 2
    case .drafts: 3
    }
  }

  init(code: UInt8) {
    self =
      switch code & 3 {
      case 0: .heads
      case 1: .trail
      case 2: .full
      default: .drafts
      }
  }
}

/// How the entries of a bundle are coded.
public enum BundleCoder: UInt8, Hashable, Sendable, CaseIterable {
  /// Several streams, each deflated (RFC 1951).
  case deflate = 1
  /// Models that learn, and an arithmetic code (`Schemas/coder.md`).
  case model = 2
}

/// What a bundle says about itself before anything else (`Schemas/bundle.md`, "Header").
///
/// The counts are promises that the reader enforces: change sets and revisions
/// exactly, bodies and their size as an upper bound.
public struct BundleHeader: Hashable, Sendable {
  /// What it carries.
  public var content: BundleContent
  /// How its entries are coded.
  public var coder: BundleCoder
  /// The library it is of.
  public var library: LibraryID
  /// The log's Ed25519 public key, 32 bytes, for a receiver that has nothing yet; `nil` otherwise.
  public var logKey: [UInt8]?
  /// The log size whose content the receiver holds; 0 when nothing is assumed.
  public var from: UInt64
  /// The log size whose root the receiver knows, at least `from`.
  public var known: UInt64
  /// The log size it leads to, at least `known`.
  public var to: UInt64
  /// The collections it carries.
  public var subscription: Subscription
  /// How many change sets; `to - from` in `trail` and `full`, 0 in `heads`.
  public var changeSetCount: UInt64
  /// How many revision lines, or state changes in `heads`.
  public var revisionCount: UInt64
  /// At most how many bodies travel.
  public var bodyCount: UInt64
  /// At most how many bytes those bodies are, unpacked.
  public var unpackedSizeInBytes: UInt64

  public init(
    content: BundleContent, coder: BundleCoder = .model, library: LibraryID, logKey: [UInt8]? = nil,
    from: UInt64, known: UInt64, to: UInt64, subscription: Subscription, changeSetCount: UInt64,
    revisionCount: UInt64, bodyCount: UInt64, unpackedSizeInBytes: UInt64
  ) {
    self.content = content
    self.coder = coder
    self.library = library
    self.logKey = logKey
    self.from = from
    self.known = known
    self.to = to
    self.subscription = subscription
    self.changeSetCount = changeSetCount
    self.revisionCount = revisionCount
    self.bodyCount = bodyCount
    self.unpackedSizeInBytes = unpackedSizeInBytes
  }
}

extension BundleHeader {
  static let magic: [UInt8] = Array("Shf".utf8)
  static let version: UInt8 = 1
  private static let partialSubscription: UInt8 = 0x04
  private static let carriesLogKey: UInt8 = 0x08

  /// Refuses what no reader would take; our own side's mistakes.
  func checkForWriting() throws(BundleError) {
    guard from <= known, known <= to, to <= UInt64(Int64.max) else {
      throw .impossible("its positions \(from), \(known), \(to) are out of order")
    }
    if let logKey {
      guard content != .drafts, logKey.count == 32, library.fits(logKey: logKey) else {
        throw .impossible("its log key is not that of \(library)")
      }
    }
    let expected = expectedChangeSetCount
    guard expected == nil || expected == changeSetCount else {
      throw .impossible("\(changeSetCount) change sets do not lead from \(from) to \(to)")
    }
    if content == .trail || content == .full {
      guard from == 0 || from == known else { throw .impossible("its change sets begin before \(known)") }
    }
    try checkCounts(offset: 0)
  }

  /// The number of change sets that the positions imply; `nil` in drafts, where it is sent.
  private var expectedChangeSetCount: UInt64? {
    switch content {
    case .heads: 0
    case .trail, .full: to - from
    case .drafts: nil
    }
  }

  private func checkCounts(offset: UInt64) throws(BundleError) {
    for (what, count, limit) in [
      ("change sets", changeSetCount, BundleLimits.changeSets),
      ("revisions", revisionCount, BundleLimits.revisions),
      ("bodies", bodyCount, BundleLimits.bodies),
      ("unpacked bytes", unpackedSizeInBytes, Limits.bundleUnpackedBytes),
    ] where count > limit {
      throw .tooLarge(what: what, limit: limit, offset: offset)
    }
    if content == .drafts {
      for (what, count, limit) in [
        ("revisions in drafts", revisionCount, UInt64(Limits.revisionLines)),
        ("unpacked bytes of drafts", unpackedSizeInBytes, Limits.draftsUnpackedBytes),
      ] where count > limit {
        throw .tooLarge(what: what, limit: limit, offset: offset)
      }
    }
    if content == .drafts, changeSetCount > UInt64(Limits.pushedChangeSets) {
      throw .tooLarge(what: "drafts", limit: UInt64(Limits.pushedChangeSets), offset: offset)
    }
  }

  /// The header's bytes.
  var bytes: [UInt8] {
    var out = ByteWriter(Self.magic)
    out.byte(Self.version)
    var flags = content.code | coder.rawValue << 4
    if subscription != .all { flags |= Self.partialSubscription }
    if logKey != nil { flags |= Self.carriesLogKey }
    out.byte(flags)
    out.text(library.slug)
    // The second half of the identity follows from the key, where that is sent.
    out.raw(logKey ?? library.keyMark)
    out.number(from)
    out.number(known - from)
    out.number(to - known)
    if case .only(let names) = subscription {
      let names = names.filter { !$0.isAlwaysCarried }.sorted()
      out.number(UInt64(names.count))
      for name in names { out.text(name.text) }
    }
    if content == .drafts { out.number(changeSetCount) }
    out.number(revisionCount)
    out.number(bodyCount)
    out.number(unpackedSizeInBytes)
    return out.bytes
  }

  /// Reads a header; `note` is told each field as it ends.
  init(reading input: inout some ByteInput, note: FieldNote = { _, _, _ in }) throws(BundleError) {
    let start = try input.take(Self.magic.count)
    guard start == Self.magic else { throw .notABundle }
    note(input.position, "magic", "\"Shf\"")
    let version = try input.byte()
    guard version == Self.version else { throw .newerVersion(version) }
    note(input.position, "version", "\(version)")
    let flags = try input.byte()
    guard let coder = BundleCoder(rawValue: flags >> 4) else { throw .unknownCoder(flags >> 4) }
    let content = BundleContent(code: flags)
    note(input.position, "content and coder", "\(content.rawValue), \(coder)")
    let slug = try input.text(maximumSize: 40, what: "the library's name")
    let mark: [UInt8]
    var logKey: [UInt8]?
    if flags & Self.carriesLogKey != 0 {
      let key = try input.take(32)
      logKey = key
      mark = Array(SHA256Hash(hashing: key).bytes.prefix(16))
    } else {
      mark = try input.take(16)
    }
    guard let library = LibraryID("sheaf/\(slug)/\(Hexadecimal.encode(mark))"),
      content != .drafts || logKey == nil
    else { throw input.malformed("the library's identity") }
    note(input.position, logKey == nil ? "library" : "library and log key", library.text)
    let from = try input.number(atMost: UInt64(Int64.max))
    let known = try from + input.number(atMost: UInt64(Int64.max) - from)
    let to = try known + input.number(atMost: UInt64(Int64.max) - known)
    note(input.position, "positions", "from \(from), known \(known), to \(to)")
    var subscription = Subscription.all
    if flags & Self.partialSubscription != 0 {
      subscription = .only(try Self.names(&input))
      note(input.position, "subscription", subscription.text)
    }
    self.init(
      content: content, coder: coder, library: library, logKey: logKey, from: from, known: known, to: to,
      subscription: subscription, changeSetCount: 0, revisionCount: 0, bodyCount: 0, unpackedSizeInBytes: 0)
    if let expected = expectedChangeSetCount {
      changeSetCount = expected
    } else {
      changeSetCount = try input.number()
    }
    revisionCount = try input.number()
    bodyCount = try input.number()
    unpackedSizeInBytes = try input.number()
    note(
      input.position,
      "counts",
      "\(changeSetCount) change sets, \(revisionCount) revisions, at most \(bodyCount) bodies of \(unpackedSizeInBytes) bytes"
    )
    try checkCounts(offset: input.position)
    if content == .trail || content == .full, from != 0, from != known {
      throw input.malformed("change sets that begin before what is known")
    }
  }

  private static func names(_ input: inout some ByteInput) throws(BundleError) -> Set<CollectionName> {
    let count = try input.number(atMost: UInt64(Limits.collections))
    var names: Set<CollectionName> = []
    var last: CollectionName?
    for _ in 0..<count {
      let text = try input.text(maximumSize: Limits.pathBytes, what: "a collection's name")
      guard let name = try? CollectionName(text), !name.isAlwaysCarried, last.map({ $0 < name }) ?? true
      else { throw input.malformed("a collection's name") }
      names.insert(name)
      last = name
    }
    return names
  }
}

/// Is told what a reader has just read: where it ends in the file, a label, and the value in words.
typealias FieldNote = (_ end: UInt64, _ label: String, _ value: String) -> Void

extension LibraryID {
  /// The 16 bytes behind the 32 digits that tell libraries of one name apart.
  var keyMark: [UInt8] { text.split(separator: "/").last.flatMap { Hexadecimal.decode($0) } ?? [] }
}

/// Counts above which a header is refused.
enum BundleLimits {
  static let changeSets: UInt64 = 16 << 20
  static let revisions: UInt64 = 128 << 20
  static let bodies: UInt64 = 16 << 20
  /// A block is closed once it holds this much, unpacked.
  static let fullBlock = 1 << 20
  /// No stream of a block unpacks to more: a full block, and one body.
  static let stream = UInt64(fullBlock + Limits.document + (256 << 10))
  /// Bodies and bases above this size are not compared.
  static let comparedBody = 8 << 20
}
