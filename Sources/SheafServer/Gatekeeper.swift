import SheafHTTP
import SheafLog
import SheafModel
import SheafSync

/// Finds out who makes a request, and whether that member, or everybody, may.
///
/// The table and the rules of `Schemas/requests.md`. Says no by throwing a `Problem`.
struct Gatekeeper: Sendable {
  /// Who asks: a member, or somebody of whom nothing is known.
  struct Caller: Sendable {
    var member: Member?

    static let anybody = Caller(member: nil)

    /// The collections that the caller may read; `nil` for all.
    var collections: Set<CollectionName>? { member?.collections }

    /// Whether the caller may read a collection.
    func reaches(_ collection: CollectionName) -> Bool { member?.reaches(collection) ?? true }
  }

  /// A request, as far as access depends on it.
  struct Asked: Sendable {
    /// The server's name as the client addressed it; empty when it said none.
    var authority: String
    var method: String
    var target: String
    /// `nil` when it is not declared.
    var lengthInBytes: UInt64?
    var credential: Credential
    var address: String
  }

  let directory: any MemberDirectory
  let rules: AccessRules
  /// The names that requests may be signed for, in lower case; any when there are none.
  let names: [String]
  let clock: @Sendable () -> UInt64
  let failures: FailedTries
  let sessions: Sessions

  init(directory: any MemberDirectory, configuration: ServerConfiguration) {
    self.directory = directory
    rules = configuration.access
    names = configuration.names.map { $0.lowercased() }
    clock = configuration.clock
    failures = FailedTries(limits: configuration.limits)
    sessions = Sessions(limits: configuration.limits)
  }

  /// Lets a request through, or says why not.
  func admit(_ asked: Asked, to route: Route) async throws -> Caller {
    if route.isForEverybody {
      // Trying codes is what the count is for, so here it holds as well.
      if route == .enrol { try checkWait(asked) }
      return .anybody
    }
    let (caller, standing, isSession) = try await identify(asked)
    switch route {
    case .push, .exchange, .part, .cosign, .session:
      guard !isSession else { throw Problem(.forbidden, detail: "a session reads only; sign the request") }
    default: break
    }
    if let member = caller.member {
      try check(member, for: route)
      return caller
    }
    try checkStranger(asked, route, standing)
    return caller
  }

  /// Counts a try at an invitation that is not there.
  func noteFailedTry(_ address: String) { failures.note(FailedTries.key(of: address), at: clock()) }

  // MARK: Who

  private func identify(_ asked: Asked) async throws -> (Caller, Standing, isSession: Bool) {
    switch asked.credential {
    case .none: return (.anybody, try await directory.standing(of: nil), false)
    case .unreadable: throw failed(asked)
    case .signed(let signature):
      let standing = try await directory.standing(of: signature.mark)
      // In an open library nobody is known, and nothing depends on who asks.
      guard standing.isClosed else { return (.anybody, standing, false) }
      guard let member = standing.member else {
        // A copy that signs by habit may still read what everybody may.
        if standing.isPublic { return (.anybody, standing, false) }
        throw failed(asked)
      }
      guard let length = asked.lengthInBytes else {
        throw Problem(.badRequest, detail: "a signed request declares the length of its body")
      }
      // A proxy may have put another name in the place of the one that the client signed for.
      let isTrue = (names.isEmpty ? [asked.authority.lowercased()] : names).contains { name in
        let text = RequestText(
          library: directory.id, authority: name, method: asked.method, target: asked.target,
          lengthInBytes: length)
        return signature.verifies(text, key: member.key)
      }
      guard isTrue else { throw failed(asked) }
      let now = clock()
      guard signature.isTimely(at: now) else {
        var problem = Problem(
          .wrongTime, detail: "the request was signed at \(signature.time), and it is \(now)")
        problem.time = now
        throw problem
      }
      return (try present(member, standing), standing, false)
    case .session(let token):
      let mark = sessions.member(of: token, at: clock())
      let standing = try await directory.standing(of: mark)
      guard let member = standing.member, member.revoked == nil else {
        // A browser may still send the cookie of a session that is over.
        if standing.isOpenToReaders { return (.anybody, standing, false) }
        throw failed(asked)
      }
      return (Caller(member: member), standing, true)
    }
  }

  /// A member with rights; one without, of a library that everybody may read, is anybody.
  private func present(_ member: Member, _ standing: Standing) throws -> Caller {
    guard let reason = member.revoked else { return Caller(member: member) }
    if standing.isPublic { return .anybody }
    throw Problem(
      .forbidden, detail: "the key of \(member.name) was revoked: \(reason)",
      hint: "Ask an administrator for a new invitation; `sheaf drafts` still has your work.")
  }

  // MARK: What

  private func check(_ member: Member, for route: Route) throws {
    switch route {
    case .push, .exchange, .part, .answers:
      guard member.role.writes else {
        throw Problem(.forbidden, detail: "a member with the role \(member.role.rawValue) hands over nothing")
      }
    case .cosign:
      guard member.witness != nil else {
        throw Problem(.forbidden, detail: "\(member.name) is no witness")
      }
    case .metrics:
      guard member.role.governs || member.role == .auditor else {
        throw Problem(.forbidden, detail: "figures are for administrators, publishers and auditors")
      }
    default: break
    }
    switch route {
    case .bundle(let request), .exchange(let request, _):
      guard Self.reaches(member, request.subscription) else {
        let names = (member.collections ?? []).map(\.text).sorted().joined(separator: ", ")
        throw Problem(
          .forbidden, detail: "\(member.name) may have the collections \(names) only",
          hint: "Ask for those with `only`.")
      }
    case .documents(let collection?):
      guard member.reaches(collection) else {
        throw Problem(.forbidden, detail: "\(member.name) may not read the collection \(collection)")
      }
    case .document(let path), .history(let path), .pastContents(let path, _, _):
      // What lies outside is not there, so that nobody learns what there is.
      guard member.reaches(path.collection) else {
        throw Problem(.notFound, detail: "there is no document \(path)")
      }
    default: break
    }
  }

  private static func reaches(_ member: Member, _ subscription: Subscription) -> Bool {
    guard member.collections != nil else { return true }
    guard case .only(let names) = subscription else { return false }
    return names.allSatisfy(member.reaches)
  }

  private func checkStranger(_ asked: Asked, _ route: Route, _ standing: Standing) throws {
    switch route {
    case .push, .exchange, .part:
      guard !standing.isClosed else { break }
      guard rules.takesDraftsFromEverybody else {
        throw Problem(
          .forbidden, detail: "drafts are not taken over HTTP here",
          hint: "Hand them over on a stick, or ask the publisher for `sheaf serve --drafts-from-everybody`.")
      }
      return
    case .session, .cosign: break
    case .answers: if !standing.isClosed { return }
    case .metrics: if !standing.isClosed || rules.showsMetricsToEverybody { return }
    default: if standing.isOpenToReaders { return }
    }
    try checkWait(asked)
    throw Problem(.unauthorized)
  }

  // MARK: Failures

  private func checkWait(_ asked: Asked) throws {
    if let wait = failures.wait(of: FailedTries.key(of: asked.address), at: clock()) {
      throw Self.tooMany(wait)
    }
  }

  private static func tooMany(_ seconds: Int) -> Problem {
    var problem = Problem(.tooManyTries, detail: "come back in \(seconds) s")
    problem.retryAfter = seconds
    return problem
  }

  /// Counts a credential that does not hold. Who still has to wait is not counted again.
  private func failed(_ asked: Asked) -> Problem {
    let key = FailedTries.key(of: asked.address)
    let now = clock()
    if let wait = failures.wait(of: key, at: now) { return Self.tooMany(wait) }
    failures.note(key, at: now)
    return Problem(.unauthorized)
  }
}
