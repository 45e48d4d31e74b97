import SheafModel
import SheafStore
import Synchronization

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
    try await store.read { transaction in
      guard try transaction.isClosed() else {
        return Standing(isClosed: false, isPublic: false, member: nil)
      }
      var isPublic = false
      if let path = try? DocumentPath(LibrarySettings.path),
        let content = try transaction.currentContent(of: path)
      {
        isPublic = try self.accessCache.isPublic(content) { try transaction.body(content) }
      }
      let member = try mark.flatMap { Member.path(of: $0) }.flatMap { try transaction.member(at: $0) }
      return Standing(isClosed: true, isPublic: isPublic, member: member)
    }
  }
}

/// Remembers what the newest settings say about access: they are asked for with every request.
final class AccessCache: Sendable {
  private let known = Mutex<(content: SHA256Hash, isPublic: Bool)?>(nil)

  /// Whether settings with this content let everybody read; settings that can't be read do not.
  func isPublic(_ content: SHA256Hash, read: () throws -> [UInt8]?) throws -> Bool {
    if let known = known.withLock({ $0 }), known.content == content { return known.isPublic }
    let settings = try read().flatMap { try? LibrarySettings(parsing: $0) }
    let isPublic = settings?.isPublic ?? false
    known.withLock { $0 = (content, isPublic) }
    return isPublic
  }
}
