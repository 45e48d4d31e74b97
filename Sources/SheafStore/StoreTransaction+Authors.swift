import SheafModel

/// What is known of a key's holder while a part of the log was written.
public struct AuthorSpell: Hashable, Sendable {
  /// The first change set for which it holds.
  public var from: UInt64
  /// The name; `nil` where only each change set's own claim tells one.
  public var name: String?
  /// The role; `nil` for who is no member or was revoked, and where this copy can't tell.
  public var role: MemberRole?
  /// The place that the holder belongs to; `nil` where none is known.
  public var site: String?

  public init(from: UInt64, name: String? = nil, role: MemberRole? = nil, site: String? = nil) {
    self.from = from
    self.name = name
    self.role = role
    self.site = site
  }

  init(from: UInt64, _ member: Member) {
    self.init(
      from: from, name: member.name, role: member.revoked == nil ? member.role : nil, site: member.site)
  }
}

/// Who stood behind a key when: what the log says of its authors, at each of its places.
extension StoreTransaction {
  /// What held of an author when a change set entered the log.
  ///
  /// A change set is judged by what stood before it; the first one alone says who its own author is.
  ///
  /// - Parameter key: A public key, 32 bytes.
  /// - Throws: `StoreError.damaged` when a member is known and the document is not held.
  public func author(_ key: [UInt8], of number: UInt64) throws -> AuthorSpell {
    let size = max(1, number - min(number, 1))
    guard try isClosed(before: size + 1) else { return try openSpell(of: key) }
    return try memberDocument(of: key).flatMap { try spell(of: key, $0, at: size) } ?? AuthorSpell(from: 1)
  }

  /// Everything that held of a key, in the log's order, each up to the next.
  ///
  /// - Parameter key: A public key, 32 bytes.
  /// - Throws: `StoreError.damaged` when a member is known and the document is not held.
  public func authorSpells(of key: [UInt8]) throws -> [AuthorSpell] {
    // What held while there were no members, unless the first change set brought them.
    let open = try isClosed(before: 2) ? nil : try openSpell(of: key)
    guard let document = try memberDocument(of: key) else { return [open].compactMap { $0 } }
    return try [open].compactMap { $0 }
      + changes(of: document.row).compactMap { try spell(of: key, document, at: $0) }
  }

  /// The role of an author when a change set came; `nil` in a copy that can't tell, and for no member.
  ///
  /// - Parameter key: A public key, 32 bytes.
  public func role(of key: [UInt8], in number: UInt64) throws -> MemberRole? {
    try author(key, of: number).role
  }

  /// The reason of a change set, with the name that its author had in the log then; else the one that it claims.
  public func namedReason(of changeSet: StoredChangeSet) throws -> Reason {
    var reason = changeSet.readReason
    if let name = try author(changeSet.author, of: changeSet.number).name { reason.by = name }
    return reason
  }

  /// What everybody saw of a document when the log was `size` change sets long; looked up once for each revision.
  func firstContent(of document: DocumentRow, at size: UInt64) throws -> SHA256Hash? {
    try memberCache.content(
      of: document, at: size, changes: { try changes(of: document) },
      read: { number in try heads(document, at: number).first?.content })
  }

  private func openSpell(of key: [UInt8]) throws -> AuthorSpell {
    AuthorSpell(from: 1, role: try founderKey().map { $0 == key ? .publisher : .contributor })
  }

  private func spell(
    of key: [UInt8], _ document: (row: DocumentRow, path: DocumentPath), at size: UInt64
  ) throws -> AuthorSpell? {
    guard let content = try firstContent(of: document.row, at: size),
      let member = try member(content: content, at: document.path), member.key == key
    else { return nil }
    return AuthorSpell(from: size == 1 ? 1 : size + 1, member)
  }

  private func memberDocument(of key: [UInt8]) throws -> (row: DocumentRow, path: DocumentPath)? {
    try memberCache.document(of: key) {
      guard let path = Member.path(of: MemberMark(publicKey: key)), let row = try existingDocumentRow(path)
      else { return nil }
      return (row, path)
    }
  }

  /// The change sets with a revision of a document, ascending.
  private func changes(of document: DocumentRow) throws -> [UInt64] {
    try rows("SELECT DISTINCT change_set FROM revision WHERE document = ? ORDER BY change_set", [document.id])
      .map { try $0[0] }
  }
}
