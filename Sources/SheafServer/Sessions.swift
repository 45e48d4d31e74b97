import SheafLog
import SheafModel
import Synchronization

/// Short sessions of members in browsers, which can't sign (`Schemas/requests.md`, "Sessions").
///
/// Only hashes of tokens are kept, and found by them: how long that takes tells nothing about a token.
/// Times are seconds since 1970.
final class Sessions: Sendable, CustomReflectable {
  private struct Session {
    let member: MemberMark
    let end: UInt64
    let order: UInt64
  }
  private struct State {
    var byHash: [SHA256Hash: Session] = [:]
    /// The credentials that sessions were begun with, by whom, and until when each could be used again.
    var used: [SHA256Hash: (member: MemberMark, end: UInt64)] = [:]
    var begun: UInt64 = 0
  }

  private let limits: ServerLimits
  private let state = Mutex(State())

  init(limits: ServerLimits) { self.limits = limits }

  /// How many sessions there are.
  var count: Int { state.withLock { $0.byHash.count } }

  /// Begins a session.
  ///
  /// - Parameters:
  ///   - credential: The credential of the request; it begins one session, so that nobody who recorded it begins another.
  ///   - token: 16 random bytes.
  /// - Returns: When it ends; `nil` when the credential was used before, or the member began too many within ten minutes.
  func begin(for member: MemberMark, credential: String, token: String, at now: UInt64) -> UInt64? {
    let end = now &+ limits.sessionTime
    let used = SHA256Hash(hashing: Array(credential.utf8))
    return state.withLock { state in
      state.used = state.used.filter { $0.value.end > now }
      // Of each member's own, so that nobody keeps another from beginning one.
      guard state.used[used] == nil,
        state.used.values.count(where: { $0.member == member }) < limits.sessionsBegunPerMember
      else { return nil }
      state.used[used] = (member, now &+ 2 * UInt64(RequestSignature.toleranceInSeconds))
      state.byHash = state.byHash.filter { $0.value.end > now }
      // A member makes room among its own first, so that nobody ends the sessions of others.
      let own = state.byHash.filter { $0.value.member == member }
      if own.count >= limits.sessionsPerMember || (state.byHash.count >= limits.sessions && !own.isEmpty) {
        if let oldest = own.min(by: { $0.value.order < $1.value.order }) { state.byHash[oldest.key] = nil }
      }
      if state.byHash.count >= limits.sessions,
        let oldest = state.byHash.min(by: { $0.value.order < $1.value.order })
      {
        state.byHash[oldest.key] = nil
      }
      state.begun &+= 1
      state.byHash[SHA256Hash(hashing: Array(token.utf8))] = Session(
        member: member, end: end, order: state.begun)
      return end
    }
  }

  /// The member whose session a token is; `nil` for any other, and for one that is over.
  func member(of token: String, at now: UInt64) -> MemberMark? {
    let hash = SHA256Hash(hashing: Array(token.utf8))
    return state.withLock { state in
      guard let session = state.byHash[hash], session.end > now else { return nil }
      return session.member
    }
  }

  var customMirror: Mirror { Mirror(self, children: []) }
}
