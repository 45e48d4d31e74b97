import SheafModel
import SheafStore

extension Library {
  /// Signs one revision of a document with a meaning: in the log on the publisher's copy, a draft on a replica.
  ///
  /// A key with a passphrase is opened anew for each signature, so that whoever signs has to be there.
  ///
  /// - Parameters:
  ///   - name: Which revision; `nil` for the one that is current.
  ///   - remark: What the signer says about it.
  /// - Throws: `LibraryError.conflictInTheWay`, `.draftInTheWay`, `.noDocument`, `.noMoment`, `.notHeld`,
  ///   `.needsDepth`; `AuthorityError`, `LineageError` for what the publisher would refuse; the library is as it was.
  public func sign(
    _ path: DocumentPath, _ name: RevisionName? = nil, as meaning: SignatureMeaning, remark: String
  ) async throws -> SigningReport {
    try await checkFreshness(for: "sign")
    member.forget()
    let recorded = try await recordEdits(purpose: "sheaf sign", reason: remark) { desk in
      let signed = try desk.sign(path, name, as: meaning)
      try desk.check(reason: remark)
      return signed
    }
    return SigningReport(
      path: path.text, revision: recorded.value.description, meaning: meaning.rawValue,
      changeSet: recorded.changeSet, draft: recorded.draft)
  }

  /// The signatures on a revision in the log's order, those that were taken back included.
  ///
  /// - Returns: None in a copy of depth `heads`, which holds none.
  public func signatures(on name: RevisionName) async throws -> [SignatureReport] {
    try await store.read { transaction in
      guard let revision = try transaction.revision(name) else { return [] }
      var reader = SignatureReader(transaction)
      return try reader.signatures(on: revision)
    }
  }
}

extension EditDesk {
  /// Signs a revision.
  ///
  /// - Returns: Which one.
  mutating func sign(
    _ path: DocumentPath, _ name: RevisionName?, as meaning: SignatureMeaning
  ) throws -> RevisionName {
    let view = try MomentView(transaction)
    guard view.facts.subscription.holds(path.collection) else { throw LibraryError.notSubscribed(path.text) }
    try view.needHistory("sign \(path)")
    let signed = try revision(toSign: path, name)
    // Nobody can vouch for what they can't read.
    guard let content = signed.content,
      try transaction.holdsBody(content) || transaction.assetSize(content) != nil
    else {
      guard signed.verb.hasContent else { throw LineageError(path: path, rule: .nothingToSign) }
      throw LibraryError.notHeld("\(path) at \(signed.name)")
    }
    let rule = try transaction.authorityForAdvice(to: memberKey)
    if let refused = try transaction.refusal(
      toSign: signed, as: meaning, seen: try transaction.position().size, by: rule)
    {
      throw LineageError(path: path, rule: refused)
    }
    let verb = RevisionVerb(signing: meaning)
    let waits = try transaction.pendingDraftLines(of: path).contains {
      $0.line.verb == verb && $0.line.base == .revisions([signed.name])
    }
    guard !waits else { throw LineageError(path: path, rule: .signedAlready) }
    add(Edit(verb: verb, path: path, base: .revisions([signed.name]), content: nil, baseContent: nil))
    return signed.name
  }

  private func revision(toSign path: DocumentPath, _ name: RevisionName?) throws -> StoredRevision {
    if let name {
      guard let revision = try transaction.revision(name), revision.path == path else {
        throw LibraryError.noMoment("revision \(name) of \(path)")
      }
      return revision
    }
    guard try transaction.newestDraftLine(of: path) == nil else {
      throw LibraryError.draftInTheWay("\(path) has a draft that is not in the log yet")
    }
    let heads = try transaction.heads(of: path)
    guard heads.count <= 1 else { throw LibraryError.conflictInTheWay(path.text) }
    guard let head = heads.first, head.content != nil, let row = head.revision else {
      throw LibraryError.noDocument(path.text)
    }
    return try transaction.revision(row: row)
  }
}
