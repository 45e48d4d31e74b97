/// What a member is in a library, and so what a change set of its may do.
///
/// The table of `Schemas/members.md`, "Roles".
public enum MemberRole: String, Hashable, Sendable, CaseIterable {
  case reader, auditor, contributor, editor, approver
  case privacyOfficer = "privacy-officer"
  case administrator, publisher

  /// Whether it may change documents at all.
  public var editsDocuments: Bool {
    switch self {
    case .contributor, .editor, .approver, .administrator, .publisher: true
    case .reader, .auditor, .privacyOfficer: false
    }
  }

  /// Whether its edits wait for somebody's decision in a collection under review.
  public var isReviewed: Bool { self == .contributor || self == .approver }

  /// Whether it accepts and declines what others proposed.
  public var decides: Bool {
    switch self {
    case .editor, .approver, .administrator, .publisher: true
    case .reader, .auditor, .contributor, .privacyOfficer: false
    }
  }

  /// Whether it decides about settings and schemas, and changes them without asking.
  public var governs: Bool { self == .administrator || self == .publisher }

  /// Whether it may destroy content, together with a second member that may.
  public var redacts: Bool { self == .privacyOfficer || governs }

  /// The meanings that its electronic signature may have.
  public var signatureMeanings: Set<SignatureMeaning> {
    switch self {
    case .reader: []
    case .auditor, .privacyOfficer: [.reviewed]
    case .contributor: [.authored]
    case .editor: [.authored, .reviewed]
    case .approver, .administrator, .publisher: Set(SignatureMeaning.allCases)
    }
  }

  /// Whether it has anything to hand over to a publisher.
  public var writes: Bool { editsDocuments || redacts || !signatureMeanings.isEmpty }

  /// Whether it may make, change or revoke a member of a role.
  public func mayChangeMembers(of role: MemberRole) -> Bool {
    self == .publisher || (self == .administrator && role != .publisher)
  }
}

/// What an electronic signature says about the revision that it is bound to.
public enum SignatureMeaning: String, Hashable, Sendable, CaseIterable {
  case authored, reviewed, approved, rejected
}
