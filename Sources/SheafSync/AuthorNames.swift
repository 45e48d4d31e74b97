import SheafModel
import SheafStore

/// What is known of a key's holder while a part of the log was written.
public struct AuthorSpell: Hashable, Sendable {
  /// The first change set for which it holds.
  public var from: UInt64
  /// The name; `nil` where only each change set's own claim tells one.
  public var name: String?
  /// The role; `nil` where this copy can't tell.
  public var role: String?
  /// The place that the holder belongs to; `nil` where none is known.
  public var site: String?

  public init(from: UInt64, name: String? = nil, role: String? = nil, site: String? = nil) {
    self.from = from
    self.name = name
    self.role = role
    self.site = site
  }
}

/// Who stood behind a key when: what the log says of its authors, at each of its places.
public protocol AuthorNames: Sendable {
  /// The spells of a key in the log's order, each up to the next.
  ///
  /// - Parameter key: A public key, 32 bytes.
  func spells(of key: [UInt8]) -> [AuthorSpell]
}

extension AuthorNames {
  /// What held when a change set entered the log.
  func spell(of key: [UInt8], at number: UInt64) -> AuthorSpell {
    spells(of: key).last { $0.from <= number } ?? AuthorSpell(from: 1)
  }
}

/// What the log's first author and its members' documents say.
struct LogAuthorNames: AuthorNames {
  /// The author of change set 1; `nil` in a copy that does not hold it.
  var founder: [UInt8]?
  /// The first change set of a library with members; `nil` in an open one.
  var closing: UInt64?
  /// What members' documents said of each key, in the log's order.
  var members: [[UInt8]: [AuthorSpell]]

  func spells(of key: [UInt8]) -> [AuthorSpell] {
    let open = founder.map {
      AuthorSpell(from: 1, role: ($0 == key ? MemberRole.publisher : .contributor).rawValue)
    }
    guard let closing else { return [open].compactMap { $0 } }
    // What held while there were no members, unless the first change set brought them.
    return (closing > 1 ? [open].compactMap { $0 } : []) + (members[key] ?? [])
  }
}

extension StoreTransaction {
  /// The names and roles that this copy's log tells.
  func authorNames() throws -> any AuthorNames {
    var names = LogAuthorNames(founder: try founderKey(), closing: nil, members: [:])
    for path in try memberPaths() {
      guard let document = try existingDocumentRow(path) else { continue }
      for revision in try revisions(of: document).sorted(by: { $0.name < $1.name }) {
        let number = revision.name.changeSet
        names.closing = min(names.closing ?? number, number)
        guard let content = revision.content, let bytes = try body(content),
          let member = try? Member(parsing: bytes, at: path)
        else { continue }
        // A change set is judged by what stood before it; the first one alone says who its own author is.
        names.members[member.key, default: []].append(
          AuthorSpell(
            from: number == 1 ? 1 : number + 1, name: member.name, role: member.role.rawValue,
            site: member.site))
      }
    }
    return names
  }
}

/// Who signed a change set, when and why, as reports tell it.
struct SignedChange {
  var number: UInt64
  var time: String
  var by: String
  var role: String?
  var site: String?
  var member: String
  var author: String?
  var claimedTime: String?
  var source: String?
  var reason: String

  init(_ changeSet: StoredChangeSet, names: any AuthorNames) {
    let reason = changeSet.readReason
    let spell = names.spell(of: changeSet.author, at: changeSet.number)
    number = changeSet.number
    time = changeSet.time.description
    by = spell.name ?? reason.by
    role = spell.role
    site = spell.site
    member = MemberMark(publicKey: changeSet.author).text
    author = reason.claims.author
    claimedTime = reason.claims.time?.description
    source = reason.claims.source
    self.reason = reason.message
  }
}
