import SheafBundle
import SheafModel

/// The names in a folder remote (`Schemas/folder-remote.md`), none of which is ever taken from a file's content.
enum FolderLayout {
  static let checkpoint = "checkpoint"
  static let bundles = "bundles"
  static let replicas = "replicas"
  static let drafts = "drafts"
  static let answers = "answers"
  static let tiles = "tile"
  static let enrolments = "enrolments"
  static let cosignatures = "cosignatures"
  static let witnesses = "witnesses"
  static let checkpoints = "checkpoints"
  /// The most checkpoints of other replicas that are compared at a visit, those written last.
  static let checkpointsCompared = 256
  /// The most names that are looked at in any folder.
  static let nameLimit = 10_000
  /// The largest position file in bytes: a subscription may name many collections.
  static let positionLimit: UInt64 = 1 << 20
  /// The most positions that are kept; those written longest ago go.
  static let positionsKept = 1024
  /// The most bundles that are prepared for positions, for those written last.
  static let bundlesPrepared = 256
  /// The largest answer in bytes.
  static let answerLimit: UInt64 = 64 << 10
  /// How many digits of a draft's leaf hash name its answer.
  static func answerName(_ leaf: SHA256Hash) -> String { leaf.hex.prefix(16) + ".json" }
}

/// What the name of a bundle's file says: `FROM-TO-DEPTH[-HASH16].sheaf`.
///
/// FROM is `0kKNOWN` in a heads bundle from the start for a copy that knows the log up to
/// KNOWN, and `0hKNOWN` in one with history for a copy that holds what was current there; HASH16
/// begins the hash of the subscription's text and is left out for everything.
struct BundleName: Hashable {
  var from: UInt64
  var known: UInt64
  /// Whether it leaves out what was current at `known`, which the copy holds already.
  var holdsCurrent: Bool
  var to: UInt64
  var depth: Depth
  /// 16 hexadecimal digits, or `nil` for everything.
  var subscription: String?

  /// The bundle that takes a copy to `to`.
  init(_ request: PullRequest, to: UInt64) {
    from = request.from
    holdsCurrent = request.holdsCurrent && request.from == 0 && request.depth != .heads
    // A longer bundle proves its own past: only heads from the start need to be told what is known, and what leaves
    // something out says from where on.
    known = request.from == 0 && request.depth != .heads && !holdsCurrent ? 0 : request.known
    self.to = to
    depth = request.depth
    subscription = Self.mark(request.subscription)
  }

  /// Reads a file's name; `nil` for everything that `text` would not write.
  init?(_ text: String) {
    guard text.hasSuffix(Self.suffix) else { return nil }
    let parts = text.dropLast(Self.suffix.count).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3 || parts.count == 4, let to = UInt64(parts[1]),
      let depth = Depth(rawValue: String(parts[2]))
    else { return nil }
    let start = parts[0].split(omittingEmptySubsequences: false) { $0 == "k" || $0 == "h" }
    guard let from = UInt64(start[0]), start.count <= 2 else { return nil }
    self.from = from
    known = from
    if start.count == 2 {
      guard let known = UInt64(start[1]) else { return nil }
      self.known = known
    }
    holdsCurrent = parts[0].contains("h")
    guard !holdsCurrent || (from == 0 && known > 0 && depth != .heads) else { return nil }
    self.to = to
    self.depth = depth
    subscription = parts.count == 4 ? String(parts[3]) : nil
    guard self.text == text, subscription == nil || subscription?.utf8.count == 16 else { return nil }
  }

  var text: String {
    (known == from ? "\(from)" : "\(from)\(holdsCurrent ? "h" : "k")\(known)") + "-\(to)-\(depth.rawValue)"
      + (subscription.map { "-" + $0 } ?? "") + Self.suffix
  }

  /// Whether this is of the same kind and start as another bundle, and leads less far.
  func isShorter(than other: BundleName) -> Bool {
    var same = self
    same.to = other.to
    return same == other && to < other.to
  }

  /// Whether this leads on from where a copy stands.
  func answers(_ request: PullRequest) -> Bool {
    var whole = request
    whole.holdsCurrent = false
    // What leaves nothing out serves a copy that holds something as well.
    return (self == BundleName(request, to: to) || self == BundleName(whole, to: to))
      && to > request.from && to >= request.known && request.to.map { to <= $0 } ?? true
  }

  /// Whether a bundle is what its name says. Everything current may stand for a step of heads, where that is smaller.
  func isTrue(of header: BundleHeader) -> Bool {
    header.to == to && header.known == known && header.content == BundleContent(depth)
      && (header.from == from || (depth == .heads && header.from == 0))
  }

  private static let suffix = ".sheaf"

  private static func mark(_ subscription: Subscription) -> String? {
    subscription == .all ? nil : String(SHA256Hash(hashing: Array(subscription.text.utf8)).hex.prefix(16))
  }
}

/// Where a replica says that it stands: one line of a file in `replicas`.
struct FolderPosition: Hashable {
  var library: String
  var request: PullRequest

  init(library: String, request: PullRequest) {
    self.library = library
    self.request = request
  }

  var text: String {
    "sheaf/position/v1 \(library) \(request.from)\(request.holdsCurrent ? "h" : "") \(request.known) "
      + "\(request.depth.rawValue) \(request.subscription.text)\n"
  }

  /// Reads exactly what `text` writes; `nil` for anything else.
  init?(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self), text.hasSuffix("\n") else { return nil }
    let parts = text.dropLast().split(separator: " ", maxSplits: 5, omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0] == "sheaf/position/v1" else { return nil }
    let holdsCurrent = parts[2].hasSuffix("h")
    guard let from = UInt64(parts[2].dropLast(holdsCurrent ? 1 : 0)), let known = UInt64(parts[3]),
      let depth = Depth(rawValue: String(parts[4])),
      let subscription = try? Subscription(parsing: String(parts[5])), from == 0 || from == known,
      !holdsCurrent || (from == 0 && known > 0 && depth != .heads)
    else { return nil }
    self.init(
      library: String(parts[1]),
      request: PullRequest(
        from: from, known: known, depth: depth, subscription: subscription, holdsCurrent: holdsCurrent))
    guard self.text == text else { return nil }
  }
}

/// The name of a deposited drafts bundle: `ORDINAL-HASH16.sheaf`.
///
/// The ordinal keeps the order in which a replica left them, for a later draft may be made
/// from an earlier one; HASH16 begins the hash of the file's bytes, by which damage shows.
struct DraftsName: Hashable, Comparable {
  var ordinal: UInt64
  var hash: String

  init(ordinal: UInt64, bytes: [UInt8]) {
    self.ordinal = ordinal
    hash = String(SHA256Hash(hashing: bytes).hex.prefix(16))
  }

  init?(_ text: String) {
    guard text.hasSuffix(".sheaf") else { return nil }
    let parts = text.dropLast(6).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let ordinal = UInt64(parts[0]), ordinal <= Self.lastOrdinal,
      parts[1].utf8.count == 16
    else { return nil }
    self.ordinal = ordinal
    hash = String(parts[1])
    guard self.text == text else { return nil }
  }

  /// The last number that a name may have.
  static let lastOrdinal: UInt64 = (1 << 32) - 1

  var text: String { "\(ordinal)-\(hash).sheaf" }

  /// Whether these are the bytes that were left under this name.
  func names(_ bytes: [UInt8]) -> Bool { hash == SHA256Hash(hashing: bytes).hex.prefix(16) }

  static func < (one: DraftsName, other: DraftsName) -> Bool {
    (one.ordinal, one.hash) < (other.ordinal, other.hash)
  }
}
