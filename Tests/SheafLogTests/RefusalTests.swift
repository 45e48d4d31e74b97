import Foundation
import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite("Refusals that only the log's key signs")
struct RefusalTests {
  private struct Vector: Decodable {
    var key: String
    var library: String
    var leaf: String
    var reason: String
    var signature: String
    var isTrue: Bool
  }

  private static func key(_ seed: UInt8) throws -> SigningKey {
    try SigningKey(name: "sheaf/clinics/key", seed: [UInt8](repeating: seed, count: 32))
  }
  private static let library = LibraryID(name: "clinics", logKey: [UInt8](repeating: 1, count: 32))
  private static let leaf = SHA256Hash(hashing: [1])

  @Test("A refusal holds for its draft, its library, its reason and its key, and for no others")
  func bound() throws {
    let key = try Self.key(1)
    let refusal = try Refusal(of: Self.leaf, in: Self.library, reason: "no reason", by: key)
    #expect(refusal.isTrue(of: Self.leaf, in: Self.library, by: key.verifierKey))
    #expect(!refusal.isTrue(of: SHA256Hash(hashing: [2]), in: Self.library, by: key.verifierKey))
    let other = LibraryID(name: "clinics", logKey: [UInt8](repeating: 2, count: 32))
    #expect(!refusal.isTrue(of: Self.leaf, in: other, by: key.verifierKey))
    #expect(!refusal.isTrue(of: Self.leaf, in: Self.library, by: try Self.key(2).verifierKey))
    let changed = Refusal(reason: "no reasons", signature: refusal.signature)
    #expect(!changed.isTrue(of: Self.leaf, in: Self.library, by: key.verifierKey))
    let cut = Refusal(reason: refusal.reason, signature: [])
    #expect(!cut.isTrue(of: Self.leaf, in: Self.library, by: key.verifierKey))
  }

  @Test("Whatever the reason holds, it becomes one line of at most 2 KiB that verifies")
  func anyReason() throws {
    let key = try Self.key(1)
    for reason in ["", "a\u{0}b\nc\r\nd", String(repeating: "é\n", count: 5_000), "\u{1b}[2J"] {
      let refusal = try Refusal(of: Self.leaf, in: Self.library, reason: reason, by: key)
      #expect(refusal.reason.utf8.count <= Refusal.reasonLimit)
      #expect(refusal.reason.unicodeScalars.allSatisfy { $0.value >= 0x20 })
      #expect(refusal.isTrue(of: Self.leaf, in: Self.library, by: key.verifierKey))
    }
    #expect(try Refusal(of: Self.leaf, in: Self.library, reason: "a\nb", by: key).reason == "a b")
  }

  @Test("The vectors of the page, made by another program, hold or don't as it says")
  func vectors() throws {
    let vectors = try JSONDecoder().decode([Vector].self, from: Data(vector("log-refusals.json")))
    #expect(vectors.count == 5 && vectors.contains { $0.isTrue })
    for vector in vectors {
      let key = try VerifierKey(parsing: vector.key)
      let leaf: SHA256Hash = try #require(SHA256Hash(base64: vector.leaf))
      let signature: [UInt8] = try #require(Base64.decode(vector.signature))
      let library: LibraryID = try #require(LibraryID(vector.library))
      let refusal = Refusal(reason: vector.reason, signature: signature)
      #expect(refusal.isTrue(of: leaf, in: library, by: key) == vector.isTrue, "\(vector.reason)")
    }
  }
}
