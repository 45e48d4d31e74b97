import Crypto
import CryptoExtras
import Foundation
import SheafModel

/// A secret key that a passphrase seals, as its file holds it.
///
/// Laid out in `Schemas/keys.md`.
struct SealedKey: Hashable, Sendable {
  static let title = "sheaf/sealed-key/v1"
  /// scrypt's N for new files (RFC 7914): 128 MiB, a second or so.
  static let rounds = 1 << 17
  private static let saltSizeInBytes = 16
  private static let boxSizeInBytes = 12 + 32 + 16

  /// 32 bytes, in the clear: who signs is no secret.
  let publicKey: [UInt8]
  private let rounds: Int
  private let salt: [UInt8]
  /// Nonce, sealed key and tag.
  private let box: [UInt8]

  /// Seals a key.
  ///
  /// - Parameters:
  ///   - seed: The secret key, 32 bytes.
  ///   - salt: 16 random bytes.
  ///   - nonce: 12 random bytes.
  ///   - rounds: A power of two.
  init(
    sealing seed: [UInt8], publicKey: [UInt8], passphrase: String, salt: [UInt8], nonce: [UInt8],
    rounds: Int = Self.rounds
  ) throws {
    self.publicKey = publicKey
    self.rounds = rounds
    self.salt = salt
    let head = Self.head(publicKey: publicKey, rounds: rounds, salt: salt)
    let key = try Self.key(passphrase, salt: salt, rounds: rounds)
    box = Array(
      try ChaChaPoly.seal(
        seed, using: key, nonce: ChaChaPoly.Nonce(data: nonce), authenticating: Array(head.utf8)
      ).combined)
  }

  /// The file's content.
  var text: String {
    Self.head(publicKey: publicKey, rounds: rounds, salt: salt) + "sealed \(Base64.encode(box))\n"
  }

  /// Reads exactly what `text` writes; `nil` for anything else.
  init?(_ text: String) {
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
      String(Substring($0))
    }
    guard lines.count == 5, lines[0] == Self.title else { return nil }
    let fields = lines[1...3].map {
      $0.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    }
    guard fields[0].count == 2, let publicKey = Base64.decode(fields[0][1]), publicKey.count == 32,
      fields[1].count == 5, let rounds = CanonicalNumber.parse(fields[1][1]),
      // Fewer guard nothing; more would take memory at a file's word.
      (1 << 10...1 << 20).contains(rounds), rounds.nonzeroBitCount == 1,
      let salt = Base64.decode(fields[1][4]), salt.count == Self.saltSizeInBytes,
      fields[2].count == 2, let box = Base64.decode(fields[2][1]), box.count == Self.boxSizeInBytes
    else { return nil }
    self.publicKey = publicKey
    self.rounds = Int(rounds)
    self.salt = salt
    self.box = box
    guard self.text == text else { return nil }
  }

  /// The secret key; `nil` for another passphrase than it was sealed with.
  func open(_ passphrase: String) throws -> [UInt8]? {
    guard !passphrase.isEmpty else { return nil }
    let head = Self.head(publicKey: publicKey, rounds: rounds, salt: salt)
    let key = try Self.key(passphrase, salt: salt, rounds: rounds)
    guard let sealed = try? ChaChaPoly.SealedBox(combined: box) else { return nil }
    return (try? ChaChaPoly.open(sealed, using: key, authenticating: Array(head.utf8))).map { Array($0) }
  }

  private static func head(publicKey: [UInt8], rounds: Int, salt: [UInt8]) -> String {
    "\(title)\npublic \(Base64.encode(publicKey))\nscrypt \(rounds) 8 1 \(Base64.encode(salt))\n"
  }

  private static func key(_ passphrase: String, salt: [UInt8], rounds: Int) throws -> SymmetricKey {
    precondition(!passphrase.isEmpty, "an empty passphrase is refused before")
    // One passphrase is typed with composed and decomposed letters, as the keyboard has it.
    let bytes = Array(passphrase.precomposedStringWithCanonicalMapping.utf8)
    return try KDF.Scrypt.deriveKey(
      from: bytes, salt: salt, outputByteCount: 32, rounds: rounds, blockSize: 8, parallelism: 1)
  }
}
