import Foundation
import GRDB
import SheafModel

/// An invitation as the publisher keeps it: who may become a member with it, and what came of it.
public struct StoredInvitation: Hashable, Sendable {
  /// 4 bytes.
  public var id: [UInt8]
  /// The public half of the invitation key, 32 bytes; the code itself is nowhere.
  public var key: [UInt8]
  public var template: MemberTemplate
  public var expires: Timestamp
  /// The key that became a member by it, 32 bytes.
  public var usedBy: [UInt8]?
  /// The change set that made it one.
  public var changeSet: UInt64?

  public init(
    id: [UInt8], key: [UInt8], template: MemberTemplate, expires: Timestamp,
    usedBy: [UInt8]? = nil, changeSet: UInt64? = nil
  ) {
    self.id = id
    self.key = key
    self.template = template
    self.expires = expires
    self.usedBy = usedBy
    self.changeSet = changeSet
  }

  /// Whether a key may still become a member by it.
  public func isOpen(at time: Timestamp) -> Bool {
    usedBy == nil && time <= expires
  }

  init(_ row: StoredRow) throws {
    let collections = try (row["collections"] as String?).map { text in
      Set(try text.split(separator: "\n").map { try CollectionName(String($0)) })
    }
    self.init(
      id: try row["id"], key: try row["key"],
      template: MemberTemplate(
        name: try row["name"], role: try row["role"], site: try row["site"], collections: collections),
      expires: try row["expires"],
      usedBy: try row["used_by"],
      changeSet: try row["change_set"])
  }
}

extension StoreTransaction {
  /// Keeps a new invitation.
  public func insert(_ invitation: StoredInvitation) throws {
    try execute(
      """
      INSERT INTO invitation (id, key, name, role, site, collections, expires)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """,
      [
        Data(invitation.id), Data(invitation.key), invitation.template.name,
        invitation.template.role.rawValue,
        invitation.template.site,
        invitation.template.collections.map { $0.map(\.text).sorted().joined(separator: "\n") },
        invitation.expires.seconds,
      ])
  }

  /// An invitation by what names it.
  public func invitation(_ id: [UInt8]) throws -> StoredInvitation? {
    try row("SELECT * FROM invitation WHERE id = ?", [Data(id)]).map(StoredInvitation.init)
  }

  /// Invitations by which a key may still become a member, those that end first in front.
  public func openInvitations(at time: Timestamp) throws -> [StoredInvitation] {
    try rows(
      "SELECT * FROM invitation WHERE used_by IS NULL AND expires >= ? ORDER BY expires, id", [time.seconds]
    ).map(StoredInvitation.init)
  }

  /// Takes an invitation back: nobody becomes a member by it any more.
  public func withdraw(invitation id: [UInt8]) throws {
    try execute("DELETE FROM invitation WHERE id = ? AND used_by IS NULL", [Data(id)])
  }

  /// Writes down whom an invitation made a member.
  public func use(_ id: [UInt8], by key: [UInt8], changeSet: UInt64) throws {
    try execute(
      "UPDATE invitation SET used_by = ?, change_set = ? WHERE id = ?",
      [Data(key), Int64(clamping: changeSet), Data(id)])
  }

  /// Forgets invitations that nobody can use any more.
  ///
  /// - Parameter time: Those that ended before; used ones are kept so long too, so that an answer can be given again.
  public func forgetInvitations(endedBefore time: Timestamp) throws {
    try execute("DELETE FROM invitation WHERE expires < ?", [time.seconds])
  }

  /// How many invitations are kept.
  public func invitationCount() throws -> Int { try value("SELECT count(*) FROM invitation") ?? 0 }
}
