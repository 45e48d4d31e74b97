import SheafLog
import SheafModel
import Synchronization

/// The key of this copy's member: its public half at once, the secret one when something is to be signed.
final class MemberKey: Sendable {
  private struct State {
    var verifierKey: VerifierKey
    var signer: SigningKey?
  }
  private let state: Mutex<State>
  private let keys: KeyFolder
  private let passphrase: @Sendable () throws -> String?

  init(_ keys: KeyFolder, passphrase: @escaping @Sendable () throws -> String?) throws {
    self.keys = keys
    self.passphrase = passphrase
    state = Mutex(State(verifierKey: try keys.memberVerifier(), signer: nil))
  }

  /// The public half, under the name that signs change sets.
  var verifierKey: VerifierKey { state.withLock { $0.verifierKey } }

  /// The key itself, which is read from the disk once, and for which a sealed one's passphrase is asked for.
  ///
  /// - Throws: `KeyError`; nothing was signed then.
  func signer() throws -> SigningKey {
    if let known = state.withLock({ $0.signer }) { return known }
    let signer = try KeyFolder.memberKey(seed: keys.memberSeed(passphrase: passphrase))
    state.withLock { if $0.verifierKey == signer.verifierKey { $0.signer = signer } }
    return signer
  }

  /// Forgets the secret half, so that whoever signs next says a passphrase again.
  func forget() { state.withLock { $0.signer = nil } }

  /// Looks at the file again: another key may have taken the place of this one, by this process or by another.
  func reload() throws {
    let verifierKey = try keys.memberVerifier()
    state.withLock { if $0.verifierKey != verifierKey { $0 = State(verifierKey: verifierKey, signer: nil) } }
  }
}
