import Crypto
import SheafModel

/// What a signed request asks for: the part that its signature covers, but for the time.
///
/// `Schemas/requests.md`.
public struct RequestText: Hashable, Sendable {
  /// The library that is asked.
  public var library: LibraryID
  /// The server as the client addressed it: a host in lower case, and a port that is not the scheme's own behind a colon.
  public var authority: String
  /// The HTTP method, in capitals.
  public var method: String
  /// Path and query as the server gets them.
  public var target: String
  /// The length of the body in bytes; 0 without one.
  public var lengthInBytes: UInt64

  public init(
    library: LibraryID, authority: String, method: String, target: String, lengthInBytes: UInt64 = 0
  ) {
    self.library = library
    self.authority = authority
    self.method = method
    self.target = target
    self.lengthInBytes = lengthInBytes
  }

  func text(at time: UInt32) -> String {
    "sheaf/request/v1\n\(library)\n\(authority)\n\(method)\n\(target)\n\(time)\n\(lengthInBytes)\n"
  }
}

/// Which member makes a request, and when: what `Authorization: Sheaf …` carries.
///
/// Well formed, nothing more: `verifies(_:key:)` says whether the member made it.
/// `Schemas/requests.md`.
public struct RequestSignature: Hashable, Sendable {
  /// How far a request's time may lie from the server's clock, in seconds.
  public static let toleranceInSeconds: UInt32 = 300
  /// The length of every credential in characters.
  public static let credentialLength = 102
  private static let sizeInBytes = 8 + 4 + 64

  /// The mark of the member that signed.
  public let mark: MemberMark
  /// Seconds since 1970.
  public let time: UInt32
  private let signature: [UInt8]

  /// Signs a request.
  ///
  /// - Parameters:
  ///   - key: The key that signs the member's change sets.
  ///   - time: Seconds since 1970.
  /// - Throws: `NoteError` when the request holds a control character, which no request may.
  public init(of request: RequestText, at time: UInt32, by key: SigningKey) throws(NoteError) {
    mark = MemberMark(publicKey: key.verifierKey.publicKey)
    self.time = time
    signature = try key.sign(text: request.text(at: time)).signature
  }

  /// Reads a credential; `nil` unless it is 102 digits of canonical base64 for URLs.
  public init?(credential: String) {
    guard credential.utf8.count == Self.credentialLength,
      let bytes = Base64.decodeForURLs(credential), bytes.count == Self.sizeInBytes,
      let mark = MemberMark(Hexadecimal.encode(Array(bytes.prefix(8))))
    else { return nil }
    self.mark = mark
    time = bytes[8..<12].reduce(0) { $0 << 8 | UInt32($1) }
    signature = Array(bytes[12...])
  }

  /// The credential as it is sent.
  public var credential: String {
    let bytes = (Hexadecimal.decode(mark.text) ?? []) + time.bigEndianBytes + signature
    return Base64.encodeForURLs(bytes)
  }

  /// Whether this is a signature over a request by the key whose mark it names.
  ///
  /// - Parameter key: An Ed25519 public key, 32 bytes.
  public func verifies(_ request: RequestText, key: [UInt8]) -> Bool {
    guard MemberMark(publicKey: key) == mark,
      let publicKey = try? Curve25519.Signing.PublicKey(rawRepresentation: key)
    else { return false }
    return publicKey.isValidSignature(signature, for: Array(request.text(at: time).utf8))
  }

  /// Whether the time lies as near to the server's as it must.
  public func isTimely(at now: UInt64) -> Bool {
    let time = UInt64(time)
    return max(time, now) - min(time, now) <= UInt64(Self.toleranceInSeconds)
  }
}

/// Signs requests in a member's name, at a time in seconds since 1970.
public typealias RequestSigner = @Sendable (_ request: RequestText, _ time: UInt32) throws -> RequestSignature
