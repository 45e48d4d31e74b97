/// An electronic signature on a revision: who stated what about it, when and why.
///
/// `Schemas/revision-list.md`, "Signatures".
public struct SignatureReport: Hashable, Sendable, Codable {
  /// The document, as the signed revision names it.
  public var path: String
  /// The revision that is signed.
  public var revision: String
  /// The line of the log that signs.
  public var signature: String
  /// What is stated: authored, reviewed, approved or rejected.
  public var meaning: String
  /// Who signed: the name, the role then, the place and the key's mark.
  public var by: String
  public var role: String?
  public var site: String?
  public var member: String
  /// The signer's claimed time, RFC 3339.
  public var time: String
  /// It was in the log by this time of the publisher's; `nil` when no checkpoint with a time covers it.
  public var loggedBy: String?
  /// The signer's remark.
  public var remark: String
  /// Whether it is the acceptance of a proposal where every edit waits for an approval.
  public var isAcceptance: Bool
  /// The change set by which the signer took it back; `nil` while it stands.
  public var withdrawn: UInt64?
  /// The revision that took the place of the signed one; `nil` while none did.
  public var supersededBy: String?

  public init(
    path: String, revision: String, signature: String, meaning: String, by: String, role: String?,
    site: String?, member: String, time: String, loggedBy: String?, remark: String,
    isAcceptance: Bool = false, withdrawn: UInt64? = nil, supersededBy: String? = nil
  ) {
    self.path = path
    self.revision = revision
    self.signature = signature
    self.meaning = meaning
    self.by = by
    self.role = role
    self.site = site
    self.member = member
    self.time = time
    self.loggedBy = loggedBy
    self.remark = remark
    self.isAcceptance = isAcceptance
    self.withdrawn = withdrawn
    self.supersededBy = supersededBy
  }
}

/// What became of a signature that was just made: in the log on the publisher's copy, a draft on a replica.
public struct SigningReport: Hashable, Sendable, Codable {
  /// The document.
  public var path: String
  /// The revision that is signed.
  public var revision: String
  /// What is stated.
  public var meaning: String
  /// The change set in the log, on the publisher.
  public var changeSet: UInt64?
  /// The draft's mark, on a replica.
  public var draft: String?

  public init(path: String, revision: String, meaning: String, changeSet: UInt64? = nil, draft: String? = nil)
  {
    self.path = path
    self.revision = revision
    self.meaning = meaning
    self.changeSet = changeSet
    self.draft = draft
  }
}
