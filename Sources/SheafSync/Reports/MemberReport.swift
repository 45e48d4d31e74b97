/// A member as lists show it.
public struct MemberReport: Hashable, Sendable, Codable {
  public var name: String
  public var role: String
  public var site: String?
  /// The mark of the key, 16 hexadecimal digits.
  public var mark: String
  /// The collections that the member reads and writes in; `nil` for all.
  public var collections: [String]?
  /// When the member's document was first published, as its author claims, RFC 3339; `nil` in a copy without lines.
  public var since: String?
  /// When the newest change set of the member's was made, as it claims; `nil` for none, or in a copy without lines.
  public var lastChange: String?
  /// The mark of the key whose place this one took.
  public var replaces: String?
  /// Why the key is not trusted any more; `nil` while it is.
  public var revoked: String?
  /// Whether this is the copy's own member.
  public var isOwn: Bool

  public init(
    name: String, role: String, site: String?, mark: String, collections: [String]?, since: String?,
    lastChange: String?, replaces: String?, revoked: String?, isOwn: Bool
  ) {
    self.name = name
    self.role = role
    self.site = site
    self.mark = mark
    self.collections = collections
    self.since = since
    self.lastChange = lastChange
    self.replaces = replaces
    self.revoked = revoked
    self.isOwn = isOwn
  }
}
