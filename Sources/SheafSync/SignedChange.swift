import SheafModel
import SheafStore

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

  init(_ changeSet: StoredChangeSet, in transaction: StoreTransaction) throws {
    let reason = changeSet.readReason
    let spell = try transaction.author(changeSet.author, of: changeSet.number)
    number = changeSet.number
    time = changeSet.time.description
    by = spell.name ?? reason.by
    role = spell.role?.rawValue
    site = spell.site
    member = MemberMark(publicKey: changeSet.author).text
    author = reason.claims.author
    claimedTime = reason.claims.time?.description
    source = reason.claims.source
    self.reason = reason.message
  }
}
