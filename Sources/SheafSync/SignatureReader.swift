import SheafModel
import SheafStore

/// Tells the signatures on revisions, each document's looked up once.
struct SignatureReader {
  private let transaction: StoreTransaction
  private let times: TimesReader
  private var byDocument: [DocumentRow: [RevisionName: [StoredSignature]]] = [:]

  init(_ transaction: StoreTransaction) {
    self.transaction = transaction
    times = TimesReader(transaction)
  }

  /// The signatures on a revision in the log's order, those that were taken back included; of an accepted
  /// proposal also those on what was proposed, which has the same content.
  mutating func signatures(on revision: StoredRevision) throws -> [SignatureReport] {
    let document = revision.document
    if byDocument[document] == nil {
      byDocument[document] = Dictionary(grouping: try transaction.signatures(on: document), by: \.signed)
    }
    let signed = byDocument[document] ?? [:]
    var found: [SignatureReport] = []
    if revision.verb == .accept, let parent = try transaction.parents(of: revision.id).first {
      let proposal = try transaction.revision(row: parent)
      for signature in signed[proposal.name] ?? [] { found.append(try report(signature, on: proposal)) }
    }
    if let approval = try acceptance(revision) { found.append(approval) }
    for signature in signed[revision.name] ?? [] { found.append(try report(signature, on: revision)) }
    return found
  }

  private func report(_ signature: StoredSignature, on revision: StoredRevision) throws -> SignatureReport {
    try report(
      signature.name, signature.meaning, on: revision, isAcceptance: false, withdrawn: signature.withdrawn)
  }

  /// The approval that an acceptance is where every edit waits for one.
  private func acceptance(_ revision: StoredRevision) throws -> SignatureReport? {
    guard try transaction.isApproval(revision) else { return nil }
    return try report(revision.name, .approved, on: revision, isAcceptance: true, withdrawn: nil)
  }

  private func report(
    _ name: RevisionName, _ meaning: SignatureMeaning, on revision: StoredRevision, isAcceptance: Bool,
    withdrawn: UInt64?
  ) throws -> SignatureReport {
    guard let changeSet = try transaction.changeSet(name.changeSet) else {
      throw StoreError.damaged("change_set \(name.changeSet)")
    }
    let signed = try SignedChange(changeSet, in: transaction)
    return SignatureReport(
      path: revision.path.text, revision: revision.name.description, signature: name.description,
      meaning: meaning.rawValue, by: signed.by, role: signed.role, site: signed.site, member: signed.member,
      time: signed.time, loggedBy: try times.times(of: changeSet).loggedBy,
      remark: signed.reason, isAcceptance: isAcceptance, withdrawn: withdrawn,
      supersededBy: try successor(of: revision)?.name.description)
  }

  /// What took a revision's place: for a proposal that was accepted, what took the place of that.
  private func successor(of revision: StoredRevision) throws -> StoredRevision? {
    guard let number = try transaction.superseded(revision.id),
      let next = try transaction.revisions(inChangeSet: number).first(where: {
        $0.document == revision.document
      })
    else { return nil }
    switch next.verb {
    case .accept: return try successor(of: next)
    // Turned down, so nothing took its place.
    case .decline: return nil
    default: return next
    }
  }
}
