import SheafModel
import SheafTesting
import Testing

@testable import SheafLog

/// What OpenSSL says of signatures and cosignatures, good and damaged, against what this module says.
@Suite("Signatures verified by OpenSSL", .enabled(if: OpenSSL.isThere))
struct OpenSSLVerificationTests {
  private static let name = "library.example.org/main"
  /// The order of the curve's base point, little endian: a signature's second half is below it (RFC 8032, 5.1.7).
  private static let order: [UInt8] =
    [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14]
    + [UInt8](repeating: 0, count: 15) + [0x10]

  /// A signature by a key with what was signed, as both sides are asked.
  private struct Signed {
    var text: String
    var key: [UInt8]
    var algorithm: NoteAlgorithm
    /// 64 bytes, behind 8 of a time where the key signs times.
    var bytes: [UInt8]

    /// What this module says.
    var holds: Bool {
      get throws {
        guard let key = try? VerifierKey(name: name, algorithm: algorithm, publicKey: key) else {
          return false
        }
        guard let line = try? NoteSignature(name: name, keyID: key.keyID, signature: bytes) else {
          return false
        }
        return key.verifies(text: text, signature: line)
      }
    }

    /// The same for OpenSSL, which is told what the page says is signed.
    var asked: OpenSSL.Case {
      guard algorithm == .cosignature else {
        return OpenSSL.Case(key: key, message: Array(text.utf8), signature: bytes)
      }
      let time = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return OpenSSL.Case(
        key: key, message: Array("cosignature/v1\ntime \(time)\n\(text)".utf8),
        signature: Array(bytes.dropFirst(8)))
    }
  }

  private func signed(_ random: inout SplitMix64) throws -> Signed {
    let algorithm: NoteAlgorithm = Bool.random(using: &random) ? .ed25519 : .cosignature
    let key = try SigningKey(
      name: Self.name, seed: (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) },
      algorithm: algorithm)
    let root = SHA256Hash(hashing: [UInt8.random(in: 0...255, using: &random)])
    let text = "\(Self.name)\n\(Int.random(in: 1...9_999, using: &random))\n\(root.base64)\n"
    let line =
      algorithm == .ed25519
      ? try key.sign(text: text)
      : try key.cosign(text: text, time: UInt64.random(in: 1...4_000_000_000, using: &random))
    return Signed(text: text, key: key.verifierKey.publicKey, algorithm: algorithm, bytes: line.signature)
  }

  /// One damage to what was signed, the key or the signature.
  private func damaged(_ whole: Signed, _ random: inout SplitMix64) -> Signed {
    var other = whole
    func flip(_ bytes: inout [UInt8], in range: Range<Int>) {
      bytes[Int.random(in: range, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    }
    let start = whole.bytes.count - 64
    switch Int.random(in: 0..<8, using: &random) {
    case 0: flip(&other.bytes, in: start..<start + 32)
    case 1: flip(&other.bytes, in: start + 32..<start + 64)
    case 2: flip(&other.key, in: 0..<32)
    case 3:
      var text = Array(whole.text.utf8)
      let place = Int.random(in: 0..<text.count - 1, using: &random)
      text[place] = text[place] == UInt8(ascii: "7") ? UInt8(ascii: "8") : UInt8(ascii: "7")
      other.text = String(decoding: text, as: UTF8.self)
    case 4: other.bytes.replaceSubrange(start..<start + 32, with: [UInt8](repeating: 0, count: 32))
    case 5:
      // The same number, spelled beyond the order: a second signature for one text, if it were taken.
      var carry = 0
      for place in 0..<32 {
        let sum = Int(whole.bytes[start + 32 + place]) + Int(Self.order[place]) + carry
        other.bytes[start + 32 + place] = UInt8(sum & 0xff)
        carry = sum >> 8
      }
    case 6 where whole.algorithm == .cosignature: flip(&other.bytes, in: 1..<8)
    case 6: other.bytes.removeLast()
    default:
      // The neutral point as a key, and as the signature's first half.
      other.key = [1] + [UInt8](repeating: 0, count: 31)
      other.bytes.replaceSubrange(start..<start + 32, with: other.key)
    }
    return other
  }

  @Test("OpenSSL agrees on 300 good signatures and 1,500 damaged ones, and its command on some of both")
  func agrees() throws {
    var random = SplitMix64(seed: 4)
    let good = try (0..<300).map { _ in try signed(&random) }
    let cases = good + (0..<1_500).map { damaged(good[$0 % good.count], &random) }
    let answers = try OpenSSL.judge(cases.map(\.asked))
    let own = try cases.map { try $0.holds }
    for index in cases.indices {
      #expect(own[index] == answers[index], "case \(index): \(own[index]) here, \(answers[index]) there")
    }
    #expect(own.prefix(300).allSatisfy { $0 } && own.dropFirst(300).count { !$0 } >= 1_000)
    // The program asks the library what the command asks it.
    for index in stride(from: 0, to: cases.count, by: 60) {
      #expect(try OpenSSL.judgeByCommand(cases[index].asked) == own[index], "case \(index)")
    }
  }
}
