import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite("Signed requests")
struct RequestSignatureTests {
  private static let rows: [[String]] = (try? facts("request-signature.txt")) ?? []

  private static func key() throws -> SigningKey {
    let seed = try #require(rows.first { $0.first == "key" }?.last.flatMap(Base64.decode))
    return try SigningKey(name: "sheaf-member", seed: seed)
  }

  private static func request(_ row: [String]) throws -> RequestText {
    RequestText(
      library: try #require(LibraryID(row[1])), authority: row[2], method: row[3], target: row[4],
      lengthInBytes: try #require(UInt64(row[6])))
  }

  @Test("The vectors are there")
  func vectorsAreThere() { #expect(Self.rows.filter { $0.count == 8 }.count >= 16) }

  @Test(
    "Every vector verifies, is refused or is malformed as it says", arguments: rows.filter { $0.count == 8 })
  func everyVector(row: [String]) throws {
    let publicKey = try Self.key().verifierKey.publicKey
    guard let signature = RequestSignature(credential: row[7]) else {
      #expect(row[0] == "malformed")
      return
    }
    #expect(signature.credential == row[7])
    #expect("\(signature.time)" == row[5])
    #expect(try signature.verifies(Self.request(row), key: publicKey) == (row[0] == "verifies"))
    #expect(row[0] != "malformed")
  }

  #if !canImport(Darwin)
    @Test(
      "Signing again gives the very credential of each vector", arguments: rows.filter { $0[0] == "verifies" }
    )
    func sameBytes(row: [String]) throws {
      let time = try #require(UInt32(row[5]))
      let made = try RequestSignature(of: Self.request(row), at: time, by: Self.key())
      #expect(made.credential == row[7])
      #expect(made.credential.utf8.count == RequestSignature.credentialLength)
    }
  #endif

  @Test("Every flipped bit of a credential is refused")
  func flippedBits() throws {
    let key = try Self.key()
    let row = try #require(Self.rows.first { $0[0] == "verifies" })
    let bytes = try #require(
      Base64.decode(row[7].replacing("-", with: "+").replacing("_", with: "/") + "=="))
    for bit in 0..<(bytes.count * 8) {
      var changed = bytes
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      let text = Base64.encode(changed).replacing("+", with: "-").replacing("/", with: "_")
        .replacing("=", with: "")
      let signature = try #require(RequestSignature(credential: text))
      #expect(try !signature.verifies(Self.request(row), key: key.verifierKey.publicKey))
    }
  }

  @Test("A time counts within five minutes, both ways, and up to the ends of what can be said")
  func timely() throws {
    let key = try Self.key()
    let request = RequestText(
      library: try #require(LibraryID("sheaf/a/00112233445566778899aabbccddeeff")), authority: "a",
      method: "GET", target: "/"
    )
    func signature(_ time: UInt32) throws -> RequestSignature {
      try RequestSignature(of: request, at: time, by: key)
    }
    #expect(try signature(1000).isTimely(at: 1300))
    #expect(try signature(1000).isTimely(at: 700))
    #expect(try !signature(1000).isTimely(at: 1301))
    #expect(try !signature(1000).isTimely(at: 699))
    #expect(try !signature(.max).isTimely(at: .max))
    #expect(try !signature(0).isTimely(at: .max))
  }
}
