import SheafModel

/// What a device is told that became a member (`Schemas/enrolment.md`).
public struct EnrolmentAnswer: Hashable, Sendable, Codable {
  /// The mark of the member's key.
  public var member: String
  /// The name that the invitation gave the member.
  public var name: String
  /// The member's role.
  public var role: String
  /// The collections that the member reads and writes in; `nil` for all.
  public var collections: [String]?
  /// The change set that made it a member.
  public var changeSet: UInt64

  public init(member: String, name: String, role: String, collections: [String]?, changeSet: UInt64) {
    self.member = member
    self.name = name
    self.role = role
    self.collections = collections
    self.changeSet = changeSet
  }
}

/// Why a device did not become a member. The library is as it was.
public enum EnrolmentError: SheafFailure, Equatable {
  /// The request is not one, or not one for this library.
  case malformed(rule: String)
  /// No invitation fits: it is unknown, used, void or too old, or the code is not its own. One answer, so that nobody
  /// learns which invitations there are.
  case notInvited
  /// The device's key is a member's already.
  case isMember
  /// Nobody can be invited into this library.
  case takesNobody

  public var problem: String {
    switch self {
    case .malformed(let rule): "the request to become a member can't be read: \(rule)"
    case .notInvited: "the invitation is not known, was used, is void or is too old"
    case .isMember: "this key is a member's already"
    case .takesNobody: "this library takes no members"
    }
  }
  public var unchanged: String { "the members are as they were" }
  public var hint: String? {
    switch self {
    case .notInvited: "Compare the code letter by letter, or ask for a new invitation."
    case .malformed, .isMember, .takesNobody: nil
    }
  }
  public var kind: FailureKind { .usage }
}
