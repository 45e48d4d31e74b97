import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite("Signed notes")
struct SignedNoteTests {
  static func parse(_ bytes: [UInt8]) throws(NoteError) -> SignedNote {
    try SignedNote(parsing: bytes, maximumSize: 16 * 1024, maximumSignatures: 16)
  }

  @Test(
    "Notes made elsewhere verify and keep their bytes",
    arguments: ["signed-note-valid", "signed-note-two-signatures", "signed-note-foreign"])
  func valid(name: String) throws {
    let file = try VectorFile(name)
    let key = try VerifierKey(parsing: file["key"])
    #expect(try file["expected"] == "verifies")
    #expect(try key.text == file["key"])
    let note = try Self.parse(file.body)
    #expect(key.verifies(note: note))
    #expect(note.bytes == file.body)
  }

  @Test(
    "Notes that are well formed but not signed by the key do not verify",
    arguments: [
      "text-changed", "signature-changed", "one-of-two-false", "unknown-key", "signature-short",
    ])
  func unsigned(name: String) throws {
    let file = try VectorFile("signed-note-" + name)
    #expect(try file["expected"] == "not signed")
    let note = try Self.parse(file.body)
    #expect(try !VerifierKey(parsing: file["key"]).verifies(note: note))
  }

  @Test(
    "Malformed notes are refused for what is wrong with them",
    arguments: [
      ("no-signature", NoteError.unsigned), ("no-blank-line", .unsigned),
      ("no-final-line-feed", .unsigned), ("trailing-blank-line", .unsigned),
      ("carriage-returns", .controlCharacter(offset: 20)),
      ("control-character", .controlCharacter(offset: 11)),
      ("not-utf8", .notUTF8), ("hyphen-for-dash", .malformedSignature(line: 1)),
      ("two-spaces", .malformedSignature(line: 1)), ("name-with-plus", .malformedSignature(line: 1)),
      ("space-in-name", .malformedSignature(line: 1)), ("loose-base64", .malformedSignature(line: 1)),
      ("seventeen-signatures", .tooManySignatures(limit: 16)),
    ])
  func malformed(name: String, error: NoteError) throws {
    let file = try VectorFile("signed-note-" + name)
    #expect(try file["expected"] == "malformed")
    #expect(throws: error) { try Self.parse(file.body) }
  }

  @Test("A note above the size limit is refused before it is read")
  func tooLarge() throws {
    let body = try VectorFile("signed-note-valid").body
    #expect(throws: NoteError.tooLarge(size: body.count, limit: body.count - 1)) {
      try SignedNote(parsing: body, maximumSize: body.count - 1, maximumSignatures: 16)
    }
    #expect(throws: NoteError.tooManySignatures(limit: 0)) {
      try SignedNote(parsing: body, maximumSize: body.count, maximumSignatures: 0)
    }
  }

  @Test("What a key signs, its public half verifies, and no changed byte passes")
  func signing() throws {
    let file = try VectorFile("signed-note-valid")
    let seed = try #require(Hexadecimal.decode(file["seed"]))
    let key = try SigningKey(name: "library.example.org/main", seed: seed)
    #expect(try key.verifierKey == VerifierKey(parsing: file["key"]))
    let note = try key.signedNote(text: Self.parse(file.body).text)
    #expect(key.verifierKey.verifies(note: note))
    #if os(Linux)
      // Apple's CryptoKit signs with added randomness; RFC 8032 signatures are one of a kind.
      #expect(note.bytes == file.body)
    #endif
    for index in file.body.indices {
      var bytes = file.body
      bytes[index] ^= 1
      let passes = (try? Self.parse(bytes)).map(key.verifierKey.verifies(note:)) ?? false
      #expect(!passes, "byte \(index)")
    }
  }

  @Test("Any cut or random damage is an error and never a crash", arguments: UInt64(0)..<20)
  func damage(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let body = try VectorFile("signed-note-two-signatures").body
    for _ in 0..<50 {
      var bytes = Array(body.prefix(Int.random(in: 0...body.count, using: &random)))
      for _ in 0..<Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
        let byte = [UInt8]([0x0a, 0x20, 0xe2, 0x2b]).randomElement(using: &random) ?? 0
        bytes[Int.random(in: bytes.indices, using: &random)] = byte
      }
      if let note = try? Self.parse(bytes) { #expect(note.bytes == bytes) }
    }
  }

  @Test("A text no reader would take is not signed")
  func texts() throws {
    let key = try SigningKey(name: "k", seed: Array(repeating: 7, count: 32))
    #expect(throws: NoteError.unfinishedText) { try key.sign(text: "") }
    #expect(throws: NoteError.unfinishedText) { try key.sign(text: "no end") }
    #expect(throws: NoteError.controlCharacter(offset: 1)) { try key.sign(text: "a\r\n") }
    #expect(throws: NoteError.controlCharacter(offset: 0)) { try key.sign(text: "\t\n") }
    #expect(throws: NoteError.malformedName("two words")) {
      try SigningKey(name: "two words", seed: Array(repeating: 7, count: 32))
    }
    #expect(throws: NoteError.malformedSeed) { try SigningKey(name: "k", seed: [1, 2, 3]) }
  }

  @Test("A verifier key has one spelling, and its ID must be its own")
  func keys() throws {
    let text = try VectorFile("signed-note-valid")["key"]
    let parts = text.split(separator: "+", maxSplits: 2).map(String.init)
    let others = [
      "", "+", "++", parts[0], "\(parts[0])+\(parts[1])", text + "=", text.uppercased(),
      "\(parts[0])+\(parts[1].uppercased())+\(parts[2])", "\(parts[0])+00000000+\(parts[2])",
      "x\(text)", "\(parts[0])+\(parts[1])+Ag==", "\(parts[0]) +\(parts[1])+\(parts[2])",
    ]
    for other in others {
      #expect(throws: NoteError.malformedKey, "\(other)") { try VerifierKey(parsing: other) }
    }
  }

  @Test("A witness's cosignature says when, and is no plain signature")
  func cosignatures() throws {
    let file = try VectorFile("checkpoint-cosigned")
    let note = try Self.parse(file.body)
    let witness = try VerifierKey(parsing: file["witness"])
    #expect(witness.algorithm == .cosignature)
    #expect(witness.cosignedTime(of: note) == 1_795_000_000)
    let log = try VerifierKey(parsing: file["key"])
    #expect(log.verifies(note: note))
    #expect(log.cosignedTime(of: note) == nil)

    let key = try SigningKey(name: "w", seed: Array(repeating: 9, count: 32), algorithm: .cosignature)
    let later = try note.adding(key.cosign(text: note.text, time: 1_795_000_100))
    #expect(key.verifierKey.cosignedTime(of: later) == 1_795_000_100)
    #expect(key.verifierKey.cosignedTime(of: note) == nil)
    // The time is signed too.
    let bytes = try key.cosign(text: note.text, time: 5).signature
    for (index, byte) in [(7, UInt8(6)), (0, 0x80)] {
      var forged = bytes
      forged[index] = byte
      let line = try NoteSignature(name: "w", keyID: key.verifierKey.keyID, signature: forged)
      #expect(!key.verifierKey.verifies(note: note.adding(line)))
    }
  }
}
