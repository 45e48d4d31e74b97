import SheafLog
import SheafModel

extension Library {
  /// The public key of this copy's member, 32 bytes.
  public var memberKey: [UInt8] { member.verifierKey.publicKey }

  /// Signs requests in the name of this copy's member (`Schemas/requests.md`).
  public var requestSigner: RequestSigner {
    { [member] request, time in try RequestSignature(of: request, at: time, by: member.signer()) }
  }

  /// Tells a remote who asks, where the library has members; in an open one nobody asks, and on a poor line
  /// each signature is paid for.
  func introduceMember(to remote: any Remote) async throws {
    guard try await standing(of: nil).isClosed else { return }
    remote.introduce(id, signer: requestSigner)
  }
}
