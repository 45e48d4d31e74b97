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
  ///
  /// - Parameter isAsked: Whether the remote wants to know, also where this copy has heard of no members.
  /// - Returns: Whether it was told.
  @discardableResult
  func introduceMember(to remote: any Remote, isAsked: Bool = false) async throws -> Bool {
    let isClosed = try await standing(of: nil).isClosed
    guard isAsked || isClosed else { return false }
    remote.introduce(id, floor: try await store.read { try $0.timeFloor() }, signer: requestSigner)
    return true
  }
}
