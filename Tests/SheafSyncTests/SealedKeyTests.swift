import Foundation
import SheafLog
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("Keys that a passphrase seals")
struct SealedKeyTests {
  private static let seed = (0..<32).map { UInt8($0) }

  @Test("The vector, made by another program, opens with its passphrase and no other")
  func vectorOpens() throws {
    let text = String(decoding: try vector("sealed-key.txt"), as: UTF8.self)
    let key = try #require(SealedKey(text))
    #expect(key.text == text)
    #expect(try key.open("correct horse battery") == Self.seed)
    #expect(try key.open("correct horse batterz") == nil)
    #expect(try key.open("") == nil)
    let publicKey = try SigningKey(name: "k", seed: Self.seed).verifierKey.publicKey
    #expect(key.publicKey == publicKey)
  }

  @Test("A changed file does not open, and one of another form is none")
  func changed() throws {
    let text = String(decoding: try vector("sealed-key.txt"), as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init)
    let other = Base64.encode([UInt8](repeating: 7, count: 32))
    let swapped = text.replacing(lines[1], with: "public \(other)")
    #expect(try SealedKey(swapped)?.open("correct horse battery") == nil)
    for wrong in [
      "", text + "\n", String(text.dropLast()), text.replacing("scrypt 1024", with: "scrypt 1000"),
      text.replacing("scrypt 1024", with: "scrypt 512"),
      text.replacing("scrypt 1024", with: "scrypt 2097152"),
      text.replacing(" 8 1 ", with: " 8 2 "), text.replacing("v1", with: "v2"),
      text.replacing("sealed ", with: "sealed  "),
    ] { #expect(SealedKey(wrong) == nil, "\(wrong)") }
  }

  @Test("A composed and a decomposed letter are one passphrase")
  func composed() throws {
    let publicKey = try SigningKey(name: "k", seed: Self.seed).verifierKey.publicKey
    let key = try SealedKey(
      sealing: Self.seed, publicKey: publicKey, passphrase: "caf\u{e9}",
      salt: [UInt8](repeating: 1, count: 16),
      nonce: [UInt8](repeating: 2, count: 12), rounds: 1024)
    #expect(try SealedKey(key.text)?.open("cafe\u{301}") == Self.seed)
  }

  @Test(
    "A copy with a sealed key reads without the passphrase and signs with it; it is changed and taken away")
  func copy() async throws {
    var environment = TestWorld(seed: 1).environment
    environment.scryptRounds = 1024
    let folder = try TestFolder()
    let home = folder.appending("lib")
    let path = try DocumentPath("a.md")
    let library = try await Library.create(
      at: home, name: "Test", member: "Ana", founding: MemberTemplate(name: "Ana", role: .publisher),
      environment: environment)
    let mark = library.memberMark
    try await library.setPassphrase { "first" }
    try await library.close()

    let locked = try await Library.open(at: home, environment: environment)
    #expect(locked.memberMark == mark)
    #expect(try await locked.status().size == 1)
    await #expect(throws: KeyError.self) { _ = try await locked.put([65], at: path, reason: "r") }
    try await locked.close()

    environment.passphrase = { "second" }
    let wrong = try await Library.open(at: home, environment: environment)
    await #expect(throws: KeyError.wrongPassphrase) { _ = try await wrong.put([65], at: path, reason: "r") }
    try await wrong.close()

    environment.passphrase = { "first" }
    let open = try await Library.open(at: home, environment: environment)
    _ = try await open.put([65], at: path, reason: "r")
    _ = try await open.rotate(reason: "yearly")
    #expect(
      try String(contentsOf: home.appending(path: "keys/member.key"), encoding: .utf8).hasPrefix(
        SealedKey.title))
    _ = try await open.put([66], at: path, reason: "r")
    try await open.setPassphrase { "second" }
    try await open.close()

    environment.passphrase = { "second" }
    let changed = try await Library.open(at: home, environment: environment)
    _ = try await changed.put([67], at: path, reason: "r")
    try await changed.setPassphrase { nil }
    try await changed.close()

    environment.passphrase = { nil }
    let plain = try await Library.open(at: home, environment: environment)
    _ = try await plain.put([68], at: path, reason: "r")
    #expect(try await plain.verify(rebuild: false, activity: { _ in }).problems.isEmpty)
    try await plain.close()
  }
}
