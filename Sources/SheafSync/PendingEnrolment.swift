import Foundation
import SheafLog
import SheafModel

/// A device's key and its request while the copy is being made: beside the copy's folder, readable by its owner only.
///
/// The key is kept before the request leaves, so that an attempt whose answer was lost goes on with the same
/// key and is answered again (`Schemas/enrolment.md`, check 4).
struct PendingEnrolment {
  let member: SigningKey
  let seed: [UInt8]
  /// The secret half of the device's key for cosignatures.
  let witnessSeed: [UInt8]
  /// The signed request.
  let note: [UInt8]
  private let folder: URL

  /// Takes what an earlier attempt with the same code left, or makes a key and a request.
  init(
    with code: InvitationCode, library: LibraryID, besideCopy copy: URL, environment: LibraryEnvironment
  ) throws {
    folder = copy.deletingLastPathComponent().appending(path: ".\(copy.lastPathComponent).enrolment")
    let seedFile = folder.appending(path: "member.key")
    let witnessFile = folder.appending(path: "witness.key")
    let noteFile = folder.appending(path: "request")
    if let held = Self.held(seedFile, witnessFile, noteFile), held.request.library == library,
      held.request.invitation == code.id
    {
      (seed, witnessSeed, note, member) = (held.seed, held.witnessSeed, held.note, held.member)
      return
    }
    seed = environment.random(32)
    witnessSeed = environment.random(32)
    member = try KeyFolder.memberKey(seed: seed)
    note = try EnrolmentRequest.note(
      with: code, library: library, member: member, witness: witnessSeed, time: environment.clock()
    ).bytes
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try? FileManager.default.removeItem(at: noteFile)
    try DurableFile.write(Array((Base64.encode(seed) + "\n").utf8), to: seedFile, mode: 0o600)
    try DurableFile.write(Array((Base64.encode(witnessSeed) + "\n").utf8), to: witnessFile, mode: 0o600)
    try DurableFile.write(note, to: noteFile, mode: 0o600)
  }

  private static func held(
    _ seedFile: URL, _ witnessFile: URL, _ noteFile: URL
  ) -> (
    seed: [UInt8], witnessSeed: [UInt8], note: [UInt8], member: SigningKey, request: EnrolmentRequest
  )? {
    func secret(_ file: URL) -> [UInt8]? {
      FileManager.default.contents(atPath: file.path).flatMap {
        Base64.decode(String(decoding: $0, as: UTF8.self).filter { $0 != "\n" })
      }
    }
    guard let seed = secret(seedFile), let witness = secret(witnessFile),
      let note = FileManager.default.contents(atPath: noteFile.path),
      let member = try? KeyFolder.memberKey(seed: seed),
      let signed = try? SignedNote(
        parsing: Array(note), maximumSize: EnrolmentRequest.sizeLimitInBytes,
        maximumSignatures: EnrolmentRequest.signatureLimit),
      let request = EnrolmentRequest(parsing: signed.text), request.key == member.verifierKey.publicKey,
      let cosigner = try? SigningKey(name: "sheaf-witness", seed: witness),
      request.witness == cosigner.verifierKey.publicKey
    else { return nil }
    return (seed, witness, Array(note), member, request)
  }

  /// Forgets it, once the copy has the key.
  func remove() { try? FileManager.default.removeItem(at: folder) }
}

/// A code is for another library than the one that is offered.
public struct WrongInvitation: SheafFailure, Equatable {
  public let library: LibraryID
  public var problem: String { "the code is not for \(library)" }
  public var unchanged: String { "no copy was made, and the code is not used up" }
  public var hint: String? { "Check the address, and the code's first ten digits." }
  public var kind: FailureKind { .verification }
}
