/// What a member is to be, before there is a key.
public struct MemberTemplate: Hashable, Sendable {
  public var name: String
  public var role: MemberRole
  /// Where the member works; `nil` when nothing is said.
  public var site: String?
  /// The collections that the member reads and writes in; `nil` for all.
  public var collections: Set<CollectionName>?

  public init(name: String, role: MemberRole, site: String? = nil, collections: Set<CollectionName>? = nil) {
    self.name = name
    self.role = role
    self.site = site
    self.collections = collections
  }

  /// The member with a key.
  ///
  /// - Parameters:
  ///   - key: Its public key, 32 bytes.
  ///   - witness: Its key for cosignatures.
  /// - Throws: `MemberError` when the parts break a rule of `Schemas/members.md`.
  public func member(key: [UInt8], witness: [UInt8]? = nil) throws(MemberError) -> Member {
    let member = Member(
      key: key, name: name, role: role, site: site, collections: collections, witness: witness)
    _ = try member.checkedPath()
    return member
  }
}

extension Member {
  /// The path of the member's document, once that keeps every rule of the page.
  ///
  /// - Throws: `MemberError` for the first that it breaks.
  public func checkedPath() throws(MemberError) -> DocumentPath {
    guard let path = Self.path(of: mark) else {
      throw MemberError(path: Self.folder, place: "/key", rule: "it is no key")
    }
    _ = try Member(parsing: bytes, at: path)
    return path
  }
}
