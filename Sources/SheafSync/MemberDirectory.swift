import SheafModel

/// Who is a member of a library, for a server that asks before it answers.
public protocol MemberDirectory: Sendable {
  /// The library's identity, which every request is signed for.
  var id: LibraryID { get }
  /// What the newest state of the log says about everybody and about one member.
  ///
  /// - Parameter mark: The mark of the member that asks; `nil` when nobody says who asks.
  func standing(of mark: MemberMark?) async throws -> Standing
}

/// What a library says about whoever asks (`Schemas/members.md`, `Schemas/requests.md`).
public struct Standing: Sendable, Hashable {
  /// Whether the library has members, so that others have no rights in it.
  public var isClosed: Bool
  /// Whether the settings let everybody read.
  public var isPublic: Bool
  /// The member, a revoked one too; `nil` when the mark is nobody's.
  public var member: Member?

  public init(isClosed: Bool, isPublic: Bool, member: Member?) {
    self.isClosed = isClosed
    self.isPublic = isPublic
    self.member = member
  }

  /// Whether everybody may read.
  public var isOpenToReaders: Bool { !isClosed || isPublic }
}

extension Library: MemberDirectory {
  public func standing(of mark: MemberMark?) async throws -> Standing {
    let newest = try await newestState(with: mark)
    return Standing(
      isClosed: newest.isClosed, isPublic: newest.isPublic, member: mark.flatMap { newest.members[$0] })
  }
}
