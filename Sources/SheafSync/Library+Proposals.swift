import SheafMerge
import SheafModel
import SheafStore

extension Library {
  /// What waits for somebody to accept or decline it: edits under review, then merges that want a look.
  ///
  /// - Parameters:
  ///   - path: Only what is about this document, or `nil` for everything.
  ///   - changes: Whether to compare contents too, which costs a merge for each.
  public func proposals(of path: DocumentPath? = nil, changes: Bool = true) async throws -> [ProposalReport] {
    try await markConflicts()
    let own = member.verifierKey.publicKey
    return try await store.read { transaction in
      var reader = SignatureReader(transaction)
      var found = try transaction.openProposals().filter { path == nil || $0.path == path }.map {
        try Self.report($0.path, $0.proposal, own: own, changes: changes, transaction) {
          try reader.signatures(on: $0)
        }
      }
      var rules = ContentRules(read: { try transaction.currentBytes(of: $0) })
      for (document, row, mark) in try transaction.markedConflicts()
      where mark?.severity == .look && (path == nil || document == path) {
        found.append(
          try Self.report(document, row, changes: changes, rules: &rules, transaction))
      }
      return found
    }
  }

  /// Accepts what is proposed for a document: an edit under review, or else a merge that wants a look.
  ///
  /// - Parameter name: Which proposal, where several are open.
  /// - Throws: `LibraryError.nothingProposed`, `.severalProposals`, `.mayNotDecide`, `ContentRefusal`; the
  ///   library is as it was.
  public func accept(_ path: DocumentPath, _ name: RevisionName? = nil, reason: String) async throws
    -> DraftReport
  {
    // Where an acceptance is the approval, whoever gives it says the passphrase as for any signature.
    let isSignature = try await store.read {
      try $0.authorityForAdvice(to: self.member.verifierKey.publicKey).requiresApproval(path.collection)
    }
    if isSignature { member.forget() }
    return try await decide(path, name, accepts: true, purpose: "sheaf accept", reason: reason)
  }

  /// Declines what is proposed for a document; of a merge, what everybody sees stays.
  ///
  /// - Parameter reason: What the author is told.
  public func decline(_ path: DocumentPath, _ name: RevisionName? = nil, reason: String) async throws
    -> DraftReport
  {
    try await decide(path, name, accepts: false, purpose: "sheaf decline", reason: reason)
  }

  private func decide(
    _ path: DocumentPath, _ name: RevisionName?, accepts: Bool, purpose: String, reason: String
  ) async throws -> DraftReport {
    try await checkFreshness(for: accepts ? "accept" : "decline")
    return try await edit(purpose: purpose, reason: reason) { desk in
      guard let proposal = try Self.chosen(name, of: path, desk) else {
        let merge = try Self.proposedMerge(of: path, &desk)
        try desk.resolve(path, with: accepts ? merge.proposed : merge.shown, of: .firstTwo)
        return
      }
      try desk.decide(proposal, at: path, accepts: accepts)
      for other in try Self.otherHalf(of: proposal, desk) {
        try desk.decide(other.proposal, at: other.path, accepts: accepts)
      }
    }
  }

  private static func chosen(
    _ name: RevisionName?, of path: DocumentPath, _ desk: EditDesk
  ) throws -> StoredProposal? {
    let open = try desk.transaction.existingDocumentRow(path).map(desk.transaction.proposals) ?? []
    if let name {
      guard let found = open.first(where: { $0.name == name }) else {
        throw LibraryError.nothingProposed("\(path)@\(name)")
      }
      return found
    }
    guard open.count <= 1 else {
      throw LibraryError.severalProposals(path.text, names: open.map(\.name.description))
    }
    return open.first
  }

  /// A move is two lines, and half of it would leave two documents or none.
  private static func otherHalf(
    of proposal: StoredProposal, _ desk: EditDesk
  ) throws -> [(path: DocumentPath, proposal: StoredProposal)] {
    guard let row = proposal.revision else { return [] }
    let revision = try desk.transaction.revision(row: row)
    return try desk.transaction.revisions(inChangeSet: proposal.name.changeSet).compactMap { line in
      let isHalf =
        line.base == .headOf(revision.path) && revision.verb == .delete
        || revision.base == .headOf(line.path) && line.verb == .delete
      guard isHalf, line.id != row,
        let half = try desk.transaction.proposals(line.document).first(where: { $0.revision == line.id })
      else { return nil }
      return (line.path, half)
    }
  }

  private static func proposedMerge(of path: DocumentPath, _ desk: inout EditDesk) throws -> HeadMerge {
    let merge: HeadMerge
    do { merge = try desk.merge(of: path) } catch LibraryError.noConflict {
      throw LibraryError.nothingProposed(path.text)
    }
    guard merge.proposed != nil else { throw LibraryError.nothingProposed(path.text) }
    return merge
  }

  private static func report(
    _ path: DocumentPath, _ proposal: StoredProposal, own: [UInt8], changes: Bool,
    _ transaction: StoreTransaction, signatures: (StoredRevision) throws -> [SignatureReport]
  ) throws -> ProposalReport {
    let changeSet = try transaction.changeSet(proposal.name.changeSet)
    let revision = try transaction.revision(proposal.name)
    let reason = try changeSet.map { try transaction.namedReason(of: $0) }
    var change: DocumentDiff?
    var others: [DocumentDiff] = []
    if changes {
      let parents =
        try revision.map { try transaction.parents(of: $0.id) }?
        .map { try transaction.revision(row: $0) } ?? []
      let parent = parents.first
      let current = try transaction.currentContent(of: path)
      // What it was made from tells the change best; a trail may hold only what is current.
      let isHeld = try parent?.content.map(transaction.holdsBody) ?? false
      let base = isHeld ? parent?.content : current
      let label = isHeld ? parent?.name.description : nil
      change = difference(
        path, from: base == nil ? "nothing" : label ?? "current", to: proposal.name.description,
        old: try base.flatMap { try transaction.body($0) },
        new: try proposal.content.flatMap { try transaction.body($0) })
      // A settlement takes the place of every side that it was made from.
      for side in parents.dropFirst() {
        guard let left = try leftOut(of: side, by: proposal, at: path, transaction) else { continue }
        others.append(left)
      }
    }
    return ProposalReport(
      path: path.text, kind: "edit", revision: proposal.name.description, verb: revision?.verb.rawValue,
      by: [reason?.by ?? ""], time: changeSet?.time.description ?? "", reason: reason?.message ?? "",
      isOwn: changeSet?.author == own, change: change, others: others,
      signatures: try revision.map(signatures) ?? [])
  }

  /// What a settlement changes of a side, where it leaves something of that side out; `nil` where all of it is in.
  private static func leftOut(
    of side: StoredRevision, by proposal: StoredProposal, at path: DocumentPath,
    _ transaction: StoreTransaction
  ) throws -> DocumentDiff? {
    guard let content = side.content, content != proposal.content, let theirs = try transaction.body(content)
    else { return nil }
    let settled = try proposal.content.flatMap { try transaction.body($0) }
    let difference = difference(
      path, from: side.name.description, to: proposal.name.description, old: theirs, new: settled)
    guard difference.takesSomething else { return nil }
    // What goes may be what the other side changed. The base is that of the heads and of nothing older.
    guard try transaction.heads(side.document).contains(where: { $0.revision == side.id }),
      let base = try transaction.conflictBase(side.document).flatMap({ try transaction.body($0) })
    else { return difference }
    let again = merge(
      MergeInput(base: base, ours: settled, theirs: theirs),
      mediaType: .ofMerge(path: path, ours: settled ?? theirs, theirs: theirs), policy: MergePolicy())
    if case .clean(let merged) = again, merged.bytes == settled, merged.setAside.isEmpty { return nil }
    return difference
  }

  private static func report(
    _ path: DocumentPath, _ document: DocumentRow, changes: Bool, rules: inout ContentRules,
    _ transaction: StoreTransaction
  ) throws -> ProposalReport {
    let sides = try transaction.heads(document).map { try side($0, transaction: transaction) }
    let newest = sides.max { $0.time < $1.time }
    var change: DocumentDiff?
    var others: [DocumentDiff] = []
    if changes, let merge = try HeadMerge(document, path: path, rules: &rules, transaction: transaction) {
      change = difference(path, from: "shown", to: "proposed", old: merge.shown, new: merge.proposed)
      if merge.proposalSetsAside, let theirs = merge.theirs {
        others = [
          difference(
            path, from: sides[1].revision ?? "theirs", to: "proposed", old: theirs, new: merge.proposed)
        ]
      }
    }
    return ProposalReport(
      path: path.text, kind: "merge", revision: nil, verb: nil, by: sides.map(\.by),
      time: newest?.time ?? "", reason: newest?.reason ?? "", isOwn: false, change: change, others: others)
  }
}

extension DecisionReport {
  init(_ followed: StoreTransaction.FollowedProposal) {
    self.init(
      draft: followed.draft.mark, paths: followed.paths.map(\.text),
      outcome: followed.outcome.rawValue, by: followed.reason?.by ?? "",
      reason: followed.reason?.message ?? "")
  }
}
