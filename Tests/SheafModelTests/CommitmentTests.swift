import SheafModel
import SheafTesting
import Testing

@Suite("Commitments")
struct CommitmentTests {
  @Test("Salts and commitments are those that HMAC and SHA-256 of another library give")
  func vectors() throws {
    var seed: Seed?
    var count = 0
    for fact in try factLines("commitments", separator: " ") {
      count += 1
      switch fact[0] {
      case "seed": seed = Seed(bytes: try #require(Hexadecimal.decode(fact[1])))
      case "salt":
        #expect(Hexadecimal.encode(try #require(seed).salt(line: try #require(UInt32(fact[1])))) == fact[2])
      case "content":
        let content = try #require(SHA256Hash(hex: fact[2]))
        let line = try #require(UInt32(fact[1]))
        #expect(Commitment(content: content, seed: try #require(seed), line: line).hash.hex == fact[3])
      default:
        let reason = try #require(SHA256Hash(hex: fact[1]))
        #expect(Commitment(reason: reason, seed: try #require(seed)).hash.hex == fact[2])
      }
    }
    #expect(count == 28)
  }

  @Test("One content has another commitment in every line and change set")
  func salted() throws {
    let content = SHA256Hash(hashing: Array("recruiting".utf8))
    var seen: Set<Commitment> = []
    var random = SplitMix64(seed: 1)
    for _ in 0..<20 {
      let seed = Seed(using: &random)
      for line in UInt32(1)...20 { seen.insert(Commitment(content: content, seed: seed, line: line)) }
      seen.insert(Commitment(reason: content, seed: seed))
    }
    #expect(seen.count == 20 * 21)
  }

  @Test("A seed is 16 bytes")
  func seeds() {
    #expect(Seed(bytes: [UInt8](repeating: 0, count: 15)) == nil)
    #expect(Seed(bytes: [UInt8](repeating: 0, count: 17)) == nil)
    #expect(Seed(bytes: [UInt8](repeating: 0, count: 16)) != nil)
  }
}
