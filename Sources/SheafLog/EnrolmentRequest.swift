import SheafModel

/// What a device that was invited asks for: to become a member with its own key.
///
/// Laid out in `Schemas/enrolment.md`.
public struct EnrolmentRequest: Hashable, Sendable {
  /// The largest request in bytes.
  public static let sizeLimitInBytes = 4 << 10

  /// The most signatures that a request has.
  public static let signatureLimit = 3

  public let library: LibraryID
  /// 4 bytes that name the invitation.
  public let invitation: [UInt8]
  /// The device's public key, 32 bytes.
  public let key: [UInt8]
  /// Its key for cosignatures.
  public let witness: [UInt8]?
  public let time: Timestamp

  public init(library: LibraryID, invitation: [UInt8], key: [UInt8], witness: [UInt8]?, time: Timestamp) {
    self.library = library
    self.invitation = invitation
    self.key = key
    self.witness = witness
    self.time = time
  }

  /// The text that is signed.
  public var text: String {
    var text = "sheaf/enrolment/v1\nlibrary \(library.text)\n"
    text += "invitation \(Hexadecimal.encode(invitation))\nkey \(Base64.encode(key))\n"
    if let witness { text += "witness \(Base64.encode(witness))\n" }
    return text + "time \(time)\n"
  }

  /// Reads exactly what `text` writes; `nil` for anything else.
  public init?(parsing text: String) {
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
    func value(_ name: String) -> String? {
      guard let line = lines.first.map({ String(Substring($0)) }), line.hasPrefix(name + " ") else {
        return nil
      }
      lines.removeFirst()
      return String(line.dropFirst(name.count + 1))
    }
    guard let first = lines.popFirst(), Substring(first) == "sheaf/enrolment/v1",
      let library = value("library").flatMap({ LibraryID($0) }),
      let invitation = value("invitation").flatMap({ Hexadecimal.decode($0) }), invitation.count == 4,
      let key = value("key").flatMap({ Base64.decode($0) }), key.count == 32
    else { return nil }
    let witness = value("witness")
    guard let time = value("time").flatMap({ Timestamp(parsing: $0) }) else { return nil }
    self.init(
      library: library, invitation: invitation, key: key, witness: witness.flatMap { Base64.decode($0) },
      time: time)
    guard self.witness?.count ?? 32 == 32, self.text == text else { return nil }
  }

  /// The name under which an invitation key signs.
  public static func keyName(invitation: [UInt8]) -> String {
    "sheaf-invitation-" + Hexadecimal.encode(invitation)
  }

  /// The key that a code stands for.
  public static func invitationKey(_ code: InvitationCode, in library: LibraryID) throws(NoteError)
    -> SigningKey
  {
    try SigningKey(name: keyName(invitation: code.id), seed: code.keySeed(in: library))
  }

  /// Makes the request of a device, signed by the invitation key and by its own keys.
  ///
  /// - Parameters:
  ///   - member: The device's key, under the name that signs its change sets.
  ///   - witness: The secret half of its key for cosignatures, 32 bytes; `nil` for a device that is no witness.
  public static func note(
    with code: InvitationCode, library: LibraryID, member: SigningKey, witness: [UInt8]? = nil,
    time: Timestamp
  ) throws(NoteError) -> SignedNote {
    let key = member.verifierKey.publicKey
    let name = witnessName(of: MemberMark(publicKey: key), in: library)
    let cosigner: SigningKey?
    if let witness { cosigner = try SigningKey(name: name, seed: witness) } else { cosigner = nil }
    let request = EnrolmentRequest(
      library: library, invitation: code.id, key: key, witness: cosigner?.verifierKey.publicKey, time: time)
    var signatures = [try invitationKey(code, in: library).sign(text: request.text)]
    signatures.append(try member.sign(text: request.text))
    if let cosigner { signatures.append(try cosigner.sign(text: request.text)) }
    return try SignedNote(text: request.text, signatures: signatures)
  }

  /// The name under which a member's key for cosignatures signs.
  public static func witnessName(of member: MemberMark, in library: LibraryID) -> String {
    "\(library.text)/witness/\(member)"
  }

  /// Whether the key for cosignatures signed a note, so that nobody names one that is another's.
  ///
  /// - Returns: Also `true` for a request that names none.
  public func isSignedByWitness(_ note: SignedNote) -> Bool {
    guard let witness else { return true }
    let name = Self.witnessName(of: MemberMark(publicKey: key), in: library)
    return (try? VerifierKey(name: name, publicKey: witness))?.verifies(note: note) ?? false
  }

  /// Whether the device's own key signed a note.
  public func isSignedByKey(_ note: SignedNote) -> Bool {
    let verifier = try? VerifierKey(name: ChangeSetNote.keyName(author: key), publicKey: key)
    return verifier?.verifies(note: note) ?? false
  }

  /// Whether the invitation key signed a note.
  ///
  /// - Parameter publicKey: The invitation's, 32 bytes.
  public func isSigned(_ note: SignedNote, byInvitation publicKey: [UInt8]) -> Bool {
    let name = Self.keyName(invitation: invitation)
    return (try? VerifierKey(name: name, publicKey: publicKey))?.verifies(note: note) ?? false
  }
}
