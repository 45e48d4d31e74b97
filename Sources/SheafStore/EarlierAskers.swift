import SheafModel

/// Whose earlier requests to destroy content count beside one author's, as things stand before a line.
///
/// What was asked for with a key that nobody trusts any more, by somebody who is no member any more in any key, asks
/// for nothing: a stolen key must not be half of a decision. Every key is looked up once, however much it asked for.
struct EarlierAskers {
  private let transaction: StoreTransaction
  private let author: [UInt8]
  private let collection: CollectionName
  private var known: [[UInt8]: Bool] = [:]
  /// The persons who may redact here by some key; found out only when a key that asked may not itself.
  private var persons: Set<MemberMark>?

  /// - Parameters:
  ///   - author: Who asks now, by public key.
  ///   - collection: That of the content in question.
  init(_ transaction: StoreTransaction, than author: [UInt8], in collection: CollectionName) {
    self.transaction = transaction
    self.author = author
    self.collection = collection
  }

  /// Whether a key is another person's, who may still destroy content here: by this key, or by one that came of it.
  mutating func count(_ key: [UInt8]) throws -> Bool {
    if let counts = known[key] { return counts }
    let counts = try counts(key)
    known[key] = counts
    return counts
  }

  private mutating func counts(_ key: [UInt8]) throws -> Bool {
    // Of who can't be told apart nobody is the second person.
    guard let person = try transaction.person(of: key), let own = try transaction.person(of: author),
      person != own
    else { return false }
    if let member = try transaction.member(of: key), mayRedact(member) { return true }
    let all = try persons ?? personsWhoMayRedact()
    persons = all
    return all.contains(person)
  }

  private func personsWhoMayRedact() throws -> Set<MemberMark> {
    Set(try transaction.members().filter(mayRedact).compactMap { try transaction.person(of: $0.key) })
  }

  private func mayRedact(_ member: Member) -> Bool {
    member.revoked == nil && member.role.redacts && member.reaches(collection)
  }
}
