import Foundation
import SheafModel
import SheafStore
import SheafSync
import Synchronization

/// A publisher and its replicas, who edit, meet and crash as a seed decides.
///
/// Real stores and a real stick's folder; only time, randomness, the line and the moments
/// of death are injected, all from the seed, so that a run that fails fails again alone.
public final class Fleet {
  /// One copy of the library and how it comes back after a crash.
  final class Member {
    let name: String
    let folder: URL
    let world: TestWorld
    var library: Library

    init(name: String, folder: URL, world: TestWorld, library: Library) {
      self.name = name
      self.folder = folder
      self.world = world
      self.library = library
    }
  }

  /// What a copy was told is recorded: it must be in the log or in quarantine in the end.
  struct Acknowledged {
    var member: Int
    var changeSet: UInt64?
    var draft: String?
    var content: SHA256Hash?
    var what: String
  }

  /// What happened, one line a step, for whoever looks into a failing seed.
  public internal(set) var trail: [String] = []
  var random: SplitMix64
  /// The publisher first.
  var members: [Member] = []
  var acknowledged: [Acknowledged] = []
  let stick: URL
  private let folder: URL
  let rule: Rule
  var isClosed: Bool { rule != .open }

  /// Who may do what in a fleet's library, and what waits for somebody's decision.
  public enum Rule: Sendable {
    /// No members; what others than the publisher do in some collections is reviewed.
    case open
    /// Members of all roles, whose roles and keys change; the same is reviewed.
    case members
    /// Members, signatures, and collections in which every edit waits for an approval.
    case approvals
  }

  static let texts = (0..<4).compactMap { try? DocumentPath("articles/text-\($0).md") }
  static let records = (0..<3).compactMap { try? DocumentPath("trials/record-\($0).json") }
  static let settings = try? DocumentPath("sheaf/settings.json")
  static let images = (0..<2).compactMap { try? DocumentPath("images/picture-\($0).bin") }

  /// Starts a publisher with a few documents and clones the replicas from it.
  public init(seed: UInt64, replicas: Int = 2, rule: Rule = .open, in folder: URL) async throws {
    self.rule = rule
    random = SplitMix64(seed: seed)
    self.folder = folder
    stick = folder.appending(path: "stick", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: stick, withIntermediateDirectories: true)
    let world = TestWorld(seed: random.next())
    let home = folder.appending(path: "publisher")
    members.append(
      Member(
        name: "publisher", folder: home, world: world,
        library: try await Library.create(
          at: home, name: "Fleet", member: "publisher",
          founding: rule != .open ? MemberTemplate(name: "publisher", role: .publisher) : nil,
          environment: world.environment)))
    try await publishStart()
    if Bool.random(using: &random) { _ = try await publisher.exchange(with: FolderRemote(folder: stick)) }
    for number in 1...replicas {
      let world = TestWorld(seed: random.next())
      let home = folder.appending(path: "replica-\(number)")
      let depth = Depth.allCases.randomElement(using: &random) ?? .trail
      let made = try await Library.clone(
        from: MemoryRemote(service: publisher), to: home,
        options: CloneOptions(
          depth: depth, subscription: drawnSubscription(), member: "replica-\(number)",
          code: try await drawnCode(name: "replica-\(number)")),
        environment: world.environment)
      members.append(Member(name: "replica-\(number)", folder: home, world: world, library: made.library))
      trail.append("replica-\(number) cloned at depth \(depth.rawValue)")
    }
  }

  var publisher: Library { members[0].library }

  /// The code by which a replica becomes a member; `nil` where there are none.
  private func drawnCode(name: String) async throws -> InvitationCode? {
    guard isClosed else { return nil }
    let roles: [MemberRole] =
      rule == .members
      ? MemberRole.allCases.filter { $0 != .publisher }
      : [.approver, .approver, .administrator, .editor, .contributor]
    let role = roles.randomElement(using: &random)
    trail.append("\(name) is to be \(role?.rawValue ?? "")")
    let template = MemberTemplate(name: name, role: role ?? .approver)
    return InvitationCode(try await publisher.invite(template, forStick: false).code)
  }

  /// Ends all connections.
  public func close() async throws {
    for member in members { try await member.library.close() }
  }

  private func publishStart() async throws {
    let source = folder.appending(path: "start")
    for path in Self.texts.prefix(2) + Self.records.prefix(2) + Self.images.prefix(1) {
      let file = source.appending(path: path.text)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(newContent(of: path)).write(to: file)
    }
    let rules = source.appending(path: "schemas/trials.json")
    try FileManager.default.createDirectory(
      at: rules.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(Self.schema.utf8).write(to: rules)
    let settings = source.appending(path: "sheaf/settings.json")
    try FileManager.default.createDirectory(
      at: settings.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(drawnSettings()).write(to: settings)
    _ = try await publisher.publish(folder: source, reason: "Start")
  }

  private static let schema = """
    {"type": "object", "properties": {"enrolled": {"type": "integer", "x-merge": "max"}, "phase": {"type": "integer"}}}
    """

  /// Settings under which some collections are reviewed.
  func drawnSettings() -> [UInt8] {
    let reviewed = ["articles", "trials"].filter { _ in Int.random(in: 0..<2, using: &random) == 0 }
    let rule = rule == .approvals ? "everyone" : "required"
    let members = reviewed.map { #""\#($0)": {"review": "\#(rule)"}"# }.joined(separator: ", ")
    return Array(#"{"format": 1, "collections": {\#(members)}}"#.utf8)
  }

  func drawnSubscription() -> Subscription {
    guard Int.random(in: 0..<4, using: &random) == 0, let name = try? CollectionName("articles") else {
      return .all
    }
    return .only([name])
  }

  // MARK: content

  func newContent(of path: DocumentPath) -> [UInt8] {
    switch path.collection.text {
    case "articles":
      let lines = (0..<8).map { _ in drawnLine() }
      return Array("# \(path.name)\n\n\(lines.joined(separator: "\n"))\n".utf8)
    case "trials":
      return Array(
        "{\n  \"title\": \"\(drawnLine())\",\n  \"enrolled\": \(drawnNumber()),\n  \"phase\": \(drawnNumber())\n}\n"
          .utf8)
    default: return random.bytes(200)
    }
  }

  /// The content with one or two places changed.
  func changed(_ bytes: [UInt8], of path: DocumentPath) -> [UInt8] {
    guard path.collection.text != "images", Int.random(in: 0..<8, using: &random) > 0 else {
      return newContent(of: path)
    }
    var lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false
    )
    .map(String.init)
    if path.collection.text == "trials" {
      for index in lines.indices where Int.random(in: 0..<2, using: &random) == 0 {
        for field in ["enrolled", "phase"] where lines[index].hasPrefix("  \"\(field)\"") {
          lines[index] = "  \"\(field)\": \(drawnNumber())" + (lines[index].hasSuffix(",") ? "," : "")
        }
      }
    } else {
      for _ in 0..<Int.random(in: 1...2, using: &random) where lines.count > 3 {
        let index = Int.random(in: 2..<lines.count - 1, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: lines.insert(drawnLine(), at: index)
        case 1 where lines.count > 6: lines.remove(at: index)
        default: lines[index] = drawnLine()
        }
      }
    }
    return Array(lines.joined(separator: "\n").utf8)
  }

  private func drawnLine() -> String {
    let words = [
      "cells", "trial", "dose", "nerve", "placebo", "stem", "patients", "weeks", "safety", "marrow",
    ]
    return (0..<5).map { _ in words.randomElement(using: &random) ?? "" }.joined(separator: " ")
  }

  private func drawnNumber() -> Int { Int.random(in: 0..<100, using: &random) }
}
