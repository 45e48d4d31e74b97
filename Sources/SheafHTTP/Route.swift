import SheafModel
import SheafSync

/// What a request asks for: the one place where targets are written and read.
///
/// `Schemas/http.yaml` describes each. Both ends use this type, so a client can't
/// spell a target that the server reads otherwise.
public enum Route: Hashable, Sendable {
  /// The newest checkpoint note.
  case checkpoint
  /// A tile or entry bundle, by its path below `tile/`.
  case tile(String)
  /// Cosignatures of checkpoints after a size.
  case cosignatures(after: UInt64)
  /// A witness' own cosignatures handed over, and those after a size.
  case cosign(after: UInt64)
  /// What leads on from a position.
  case bundle(PullRequest)
  /// Drafts to be judged.
  case push(PushPart? = nil)
  /// Drafts to be judged, and then what leads on from a position.
  case exchange(PullRequest, PushPart? = nil)
  /// How much is here of a push that was cut, by the hash of the whole.
  case part(SHA256Hash)
  /// Answers to drafts, by the hashes of their leaves.
  case answers([SHA256Hash])
  /// The receipt of a change set.
  case receipt(UInt64)
  /// The current documents, of one collection or of all.
  case documents(CollectionName?)
  /// One document's current content.
  case document(DocumentPath)
  /// An asset by its hash.
  case asset(SHA256Hash)
  /// One document's history.
  case history(DocumentPath)
  /// Contents of one document's past: those up to a position, and before a revision.
  case pastContents(DocumentPath, upTo: UInt64, before: RevisionName?)
  /// Whether the process lives.
  case health
  /// Whether the library can be read.
  case ready
  /// Figures for Prometheus.
  case metrics
  /// A device that wants to become a member (`Schemas/enrolment.md`).
  case enrol
  /// A token for a browser (`Schemas/requests.md`).
  case session

  /// Whether drafts come with it.
  public var takesDrafts: Bool {
    switch self {
    case .push, .exchange: true
    default: false
    }
  }

  /// Whether it is made with POST.
  public var isPost: Bool { hasBody || self == .session }

  /// Whether what stands at a target is made with POST, by its path alone.
  public static func isPost(target: String) -> Bool {
    ["/push", "/exchange", "/cosign", "/enrol", "/session"].contains(target.prefix { $0 != "?" })
  }

  /// Whether it has a body.
  public var hasBody: Bool {
    if case .cosign = self { return true }
    return takesDrafts || self == .enrol
  }

  /// Whether nobody asks who makes it (`Schemas/requests.md`, "Who may ask for what").
  public var isForEverybody: Bool {
    switch self {
    case .checkpoint, .health, .ready, .enrol: true
    default: false
    }
  }

  /// The most leaves in one request for answers; more are asked for in several requests.
  public static let answersAtOnce = 48

  /// The route's name in logs and metrics: few and fixed, whatever is asked for.
  public var name: String {
    switch self {
    case .checkpoint: "checkpoint"
    case .tile: "tile"
    case .cosignatures: "cosignatures"
    case .cosign: "cosign"
    case .bundle: "bundle"
    case .push: "push"
    case .exchange: "exchange"
    case .part: "parts"
    case .answers: "answers"
    case .receipt: "receipt"
    case .documents: "documents"
    case .document: "document"
    case .asset: "asset"
    case .history: "history"
    case .pastContents: "contents"
    case .health: "healthz"
    case .ready: "readyz"
    case .metrics: "metrics"
    case .enrol: "enrol"
    case .session: "session"
    }
  }

  /// The target: an absolute path and, where something differs from its default, a query.
  public var target: String {
    switch self {
    case .checkpoint: "/checkpoint"
    case .tile(let path): "/tile/" + PercentEncoding.encode(path, keeping: "/")
    case .cosignatures(let size): "/cosignatures" + (size > 0 ? "?after=\(size)" : "")
    case .cosign(let size): "/cosign" + (size > 0 ? "?after=\(size)" : "")
    case .bundle(let request): "/bundle" + Self.query(Self.pairs(of: request))
    case .push(let part): "/push" + Self.query(Self.pairs(of: part))
    case .exchange(let request, let part):
      "/exchange" + Self.query(Self.pairs(of: request) + Self.pairs(of: part))
    case .part(let hash): "/parts/" + hash.hex
    case .answers(let leaves):
      "/answers?" + leaves.map { "leaf=" + PercentEncoding.encode($0.base64) }.joined(separator: "&")
    case .receipt(let number): "/receipt/\(number)"
    case .documents(nil): "/documents"
    case .documents(let collection?): "/documents?in=" + PercentEncoding.encode(collection.text)
    case .document(let path): "/documents/" + PercentEncoding.encode(path.text, keeping: "/")
    case .history(let path): "/documents/" + PercentEncoding.encode(path.text, keeping: "/") + "?history"
    case .pastContents(let path, let size, let before):
      "/documents/" + PercentEncoding.encode(path.text, keeping: "/") + "?contents&to=\(size)"
        + (before.map { "&before=\($0)" } ?? "")
    case .asset(let hash): "/assets/" + hash.hex
    case .health: "/healthz"
    case .ready: "/readyz"
    case .metrics: "/metrics"
    case .enrol: "/enrol"
    case .session: "/session"
    }
  }

  /// Reads a target.
  ///
  /// - Throws: `RouteError`: `.unknown` for a path that means nothing here, else the rule that was broken.
  public init(target: String) throws(RouteError) {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts.first ?? ""
    let query = try Query(parts.count > 1 ? parts[1] : "")
    guard path.hasPrefix("/") else { throw .unknown }
    let segments = path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let rest = segments.count > 1 ? segments[1] : nil
    switch (segments.first ?? "", rest) {
    case ("checkpoint", nil): self = .checkpoint
    case ("tile", let rest?): self = .tile(try Self.tilePath(rest))
    case ("cosignatures", nil): self = .cosignatures(after: try Self.after(query))
    case ("cosign", nil): self = .cosign(after: try Self.after(query))
    case ("bundle", nil): self = .bundle(try Self.pullRequest(query))
    case ("push", nil): self = .push(try Self.pushPart(query))
    case ("exchange", nil): self = .exchange(try Self.pullRequest(query), try Self.pushPart(query))
    case ("parts", let rest?): self = .part(try Self.hash(rest, of: "a push"))
    case ("answers", nil): self = .answers(try Self.leaves(query))
    case ("receipt", let rest?):
      guard let number = Self.number(rest) else {
        throw .malformed("a receipt is named by a change set's number")
      }
      self = .receipt(number)
    case ("assets", let rest?): self = .asset(try Self.hash(rest, of: "an asset"))
    case ("documents", nil):
      guard let name = query.values("in").first else {
        self = .documents(nil)
        break
      }
      do {
        self = .documents(try CollectionName(name))
      } catch { throw .malformed(error.problem) }
    case ("documents", let rest?):
      guard let text = PercentEncoding.decode(rest) else {
        throw .malformed("the path is not percent-encoded UTF-8")
      }
      let past = try Self.pastContents(query)
      do {
        let path = try DocumentPath(text)
        if let past {
          self = .pastContents(path, upTo: past.size, before: past.before)
          break
        }
        self = query.holds("history") ? .history(path) : .document(path)
      } catch { throw .malformed(error.problem) }
    case ("healthz", nil): self = .health
    case ("readyz", nil): self = .ready
    case ("metrics", nil): self = .metrics
    case ("enrol", nil): self = .enrol
    case ("session", nil): self = .session
    default: throw .unknown
    }
  }

  // MARK: Pull requests

  /// Only what differs from the defaults is written, for a request over a poor line
  /// should be short: `from` 0, `known` as `from`, `depth` trail, `only` everything, `to` the newest,
  /// `held` nothing, `holds` nothing, `times` none.
  private static func pairs(of request: PullRequest) -> [String] {
    var pairs: [String] = []
    if request.from != 0 { pairs.append("from=\(request.from)") }
    if request.known != request.from { pairs.append("known=\(request.known)") }
    if request.depth != .trail { pairs.append("depth=\(request.depth.rawValue)") }
    if request.subscription != .all {
      pairs.append("only=" + PercentEncoding.encode(request.subscription.text, keeping: ",/:@"))
    }
    if let to = request.to { pairs.append("to=\(to)") }
    if let held = request.held { pairs.append("held=\(held)") }
    if request.holdsCurrent {
      pairs.append("holds=current")
    } else if !request.holds.isEmpty {
      pairs.append("holds=\(request.holds)")
    }
    if let size = request.timesAfter { pairs.append("times=\(size)") }
    return pairs
  }

  private static func query(_ pairs: [String]) -> String {
    pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
  }

  private static func pullRequest(_ query: Query) throws(RouteError) -> PullRequest {
    func number(_ key: String) throws(RouteError) -> UInt64? {
      guard let text = try query.single(key) else { return nil }
      guard let value = Self.number(text) else { throw .malformed("\(key) is not a number") }
      return value
    }
    let from = try number("from") ?? 0
    let known = try number("known") ?? from
    guard known >= from else { throw .malformed("known is smaller than from") }
    var depth = Depth.trail
    if let text = try query.single("depth") {
      guard let named = Depth(rawValue: text) else {
        throw .malformed("depth is none of heads, trail and full")
      }
      depth = named
    }
    var subscription = Subscription.all
    if let text = try query.single("only") {
      do {
        subscription = try Subscription(parsing: text)
      } catch { throw .malformed(error.problem) }
    }
    var held: CheckpointMark?
    if let text = try query.single("held") {
      held = CheckpointMark(text)
      guard held != nil else { throw .malformed("held is not the mark of a checkpoint") }
    }
    let holds = try query.single("holds")
    return PullRequest(
      from: from, known: known, depth: depth, subscription: subscription, to: try number("to"), held: held,
      // What else a copy may hold is not known here, and may come again.
      holdsCurrent: holds == "current", holds: holds.flatMap { ChangeSetRanges($0) } ?? ChangeSetRanges(),
      timesAfter: try number("times"))
  }

  // MARK: Parts of pushes

  private static func pairs(of part: PushPart?) -> [String] {
    guard let part else { return [] }
    return ["part=\(part.hash.hex)"] + (part.offset > 0 ? ["at=\(part.offset)"] : [])
  }

  private static func pushPart(_ query: Query) throws(RouteError) -> PushPart? {
    let at = try query.single("at")
    guard let text = try query.single("part") else {
      guard at == nil else { throw .malformed("at names a place in no part") }
      return nil
    }
    guard let offset = number(at ?? "0") else { throw .malformed("at is not a number") }
    return PushPart(hash: try hash(text, of: "a push"), offset: offset)
  }

  // MARK: Pieces of targets

  /// A hash in 64 lower-case digits.
  private static func hash(_ text: some StringProtocol, of what: String) throws(RouteError) -> SHA256Hash {
    guard text.utf8.count == 64, text == text.lowercased(), let hash = SHA256Hash(hex: text) else {
      throw .malformed("\(what) is named by the 64 digits of its hash")
    }
    return hash
  }

  private static func after(_ query: Query) throws(RouteError) -> UInt64 {
    guard let text = try query.single("after") else { return 0 }
    guard let size = number(text) else { throw .malformed("after is not a number") }
    return size
  }

  private static func pastContents(
    _ query: Query
  ) throws(RouteError) -> (size: UInt64, before: RevisionName?)? {
    guard query.holds("contents") else { return nil }
    guard let size = try query.single("to").flatMap({ number($0) }) else {
      throw .malformed("to is not a number")
    }
    var before: RevisionName?
    if let text = try query.single("before") {
      before = RevisionName(parsing: text)
      guard before != nil else { throw .malformed("before is not the name of a revision") }
    }
    return (size, before)
  }

  private static func leaves(_ query: Query) throws(RouteError) -> [SHA256Hash] {
    let texts = query.values("leaf")
    guard texts.count <= answersAtOnce else {
      throw .malformed("more than \(answersAtOnce) leaves are asked for")
    }
    var leaves: [SHA256Hash] = []
    for text in texts {
      guard let leaf = SHA256Hash(base64: text) else {
        throw .malformed("a leaf is not the base64 of 32 bytes")
      }
      leaves.append(leaf)
    }
    return leaves
  }

  /// C2SP tlog-tiles paths: lower-case letters, digits, `x`, `.`, `/`; nothing that a file system could read otherwise.
  private static func tilePath(_ path: Substring) throws(RouteError) -> String {
    let allowed = path.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
        UInt8(ascii: "/"):
        true
      default: false
      }
    }
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    guard allowed, path.utf8.count <= 64, segments.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") }) else {
      throw .unknown
    }
    return String(path)
  }

  /// A decimal number without sign or leading zeros.
  private static func number(_ text: some StringProtocol) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      text == "0" || !text.hasPrefix("0")
    else { return nil }
    return UInt64(text)
  }
}

/// What a large push brings: a drafts bundle from an offset on (`Schemas/http.yaml`, `/parts`).
public struct PushPart: Hashable, Sendable {
  /// The SHA-256 of the whole bundle.
  public var hash: SHA256Hash
  /// How many bytes of it the server has already.
  public var offset: UInt64

  public init(hash: SHA256Hash, offset: UInt64) {
    self.hash = hash
    self.offset = offset
  }
}

/// Why a target can't be read.
public enum RouteError: SheafFailure, Equatable {
  /// Nothing stands at this path.
  case unknown
  /// A known path with a part that breaks a rule.
  case malformed(String)

  public var problem: String {
    switch self {
    case .unknown: "nothing stands at this address"
    case .malformed(let rule): "the request can't be read: \(rule)"
    }
  }
  public var kind: FailureKind { .usage }
}

/// A query: keys and decoded values, in order.
private struct Query {
  private var pairs: [(key: String, value: String)] = []

  init(_ text: Substring) throws(RouteError) {
    for part in text.split(separator: "&") {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let key = PercentEncoding.decode(sides[0]),
        let value = PercentEncoding.decode(sides.count > 1 ? sides[1] : "")
      else { throw .malformed("the query is not percent-encoded UTF-8") }
      pairs.append((key, value))
    }
  }

  func values(_ key: String) -> [String] { pairs.filter { $0.key == key }.map(\.value) }

  func holds(_ key: String) -> Bool { pairs.contains { $0.key == key } }

  /// The value of a key that may be given once.
  func single(_ key: String) throws(RouteError) -> String? {
    let values = values(key)
    guard values.count <= 1 else { throw .malformed("\(key) is given twice") }
    return values.first
  }
}
