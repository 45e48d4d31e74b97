import SheafModel
import SheafStore
import Synchronization

/// What nearly every request to a server depends on.
struct NewestState: Sendable {
  /// The newest checkpoint; `nil` before the first.
  var checkpoint: StoredCheckpoint?
  /// The newest change set whose redactions were carried out here.
  var redacted: UInt64
  /// Whether the library has members.
  var isClosed: Bool
  /// Whether the settings let everybody read, in a library with members.
  var isPublic: Bool
  /// Members by their marks: those that were asked for, not all.
  var members: [MemberMark: Member] = [:]
}

/// Keeps the newest state for as long as nobody changes the store.
///
/// A member that is revoked must be refused at once, whichever process appends that: so what is kept counts only
/// while the store's version is the one that was asked for before it was read.
final class NewestStateCache: Sendable {
  /// The most members kept.
  private static let capacity = 10_000

  private let kept = Mutex<(version: Int64, state: NewestState)?>(nil)
  private let access = AccessCache()

  /// The newest state, with a member in it where the mark is one's.
  func state(of store: LibraryStore, with mark: MemberMark?) async throws -> NewestState {
    // Asked before the rows are read: what is committed meanwhile makes the next request read them again.
    let version = store.version()
    if let version, let state = kept.withLock({ $0?.version == version ? $0?.state : nil }),
      mark.map({ state.members[$0] != nil }) ?? true
    {
      return state
    }
    let state = try await store.read { try self.read($0, mark) }
    guard let version else { return state }
    kept.withLock { kept in
      let others = kept?.version == version ? kept?.state.members ?? [:] : [:]
      kept = (version, state)
      guard others.count < Self.capacity else { return }
      kept?.state.members.merge(others) { newer, _ in newer }
    }
    return state
  }

  private func read(_ transaction: StoreTransaction, _ mark: MemberMark?) throws -> NewestState {
    var state = NewestState(
      checkpoint: try transaction.newestCheckpoint(), redacted: try transaction.redactedSize(),
      isClosed: try transaction.isClosed(), isPublic: false)
    guard state.isClosed else { return state }
    if let path = try? DocumentPath(LibrarySettings.path),
      let content = try transaction.currentContent(of: path)
    {
      state.isPublic = try access.isPublic(content) { try transaction.body(content) }
    }
    if let mark, let path = Member.path(of: mark) { state.members[mark] = try transaction.member(at: path) }
    return state
  }
}

/// Remembers what the newest settings say about access: they are rarely what changed.
private final class AccessCache: Sendable {
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

extension Library {
  /// The newest state, with a member in it where the mark is one's.
  func newestState(with mark: MemberMark? = nil) async throws -> NewestState {
    try await newestStates.state(of: store, with: mark)
  }
}
