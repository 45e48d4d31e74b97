import SheafLog
import SheafModel
import SheafTesting
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
  static func outcome(_ file: VectorFile) throws -> CheckpointError? {
    do throws(CheckpointError) {
      let signed = try SignedCheckpoint(parsing: file.body)
      guard signed.bytes == file.body else { throw .wrongLines }
      let key = try? VerifierKey(parsing: file["key"])
      let origin = try? file["origin"]
      guard let key, let origin else { throw .malformedOrigin }
      try signed.verified(by: key, origin: origin)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "Checkpoints made elsewhere verify and keep their bytes",
    arguments: ["valid", "cosigned", "empty-log", "largest-size"])
  func valid(name: String) throws {
    let file = try VectorFile("checkpoint-" + name)
    #expect(try file["expected"] == "verifies")
    #expect(try Self.outcome(file) == nil)
  }

  @Test(
    "A checkpoint that deviates in one thing is refused for that",
    arguments: [
      ("size-too-large", CheckpointError.malformedSize), ("leading-zero", .malformedSize),
      ("plus-sign", .malformedSize), ("extension-line", .wrongLines), ("two-lines", .wrongLines),
      ("root-of-31-bytes", .malformedRoot), ("empty-log-other-root", .malformedRoot),
      ("no-origin", .malformedOrigin),
      (
        "other-origin",
        .anotherOrigin(found: "library.example.org/main", expected: "library.example.org/other")
      ),
      ("other-key", .notSigned(by: "library.example.org/main")),
    ])
  func refused(name: String, error: CheckpointError) throws {
    let file = try VectorFile("checkpoint-" + name)
    #expect(try Self.outcome(file) == error)
  }

  @Test("What is wrong with the note around a checkpoint is said as such")
  func brokenNote() {
    #expect(throws: CheckpointError.note(.unsigned)) { try SignedCheckpoint(parsing: []) }
    #expect(throws: CheckpointError.note(.tooLarge(size: 20_000, limit: 16_384))) {
      try SignedCheckpoint(parsing: Array(repeating: 10, count: 20_000))
    }
  }

  @Test("A signed checkpoint reads back as what was signed")
  func roundTrip() throws {
    let key = try SigningKey(name: "library.example.org/main", seed: Array(repeating: 1, count: 32))
    let checkpoint = try Checkpoint(
      origin: "library.example.org/main", size: 1219, root: MerkleHash.leaf([1]))
    let signed = try SignedCheckpoint(checkpoint, signedBy: key)
    let read = try SignedCheckpoint(parsing: signed.bytes)
    #expect(read == signed)
    #expect(try read.verified(by: key.verifierKey, origin: "library.example.org/main") == checkpoint)
    for origin in ["", "a\nb", "a\u{0}"] {
      #expect(throws: CheckpointError.malformedOrigin) {
        try Checkpoint(origin: origin, size: 1, root: MerkleHash.emptyRoot)
      }
    }
  }

  @Test("An origin is compared by its bytes, not by how it looks")
  func equivalentOrigins() throws {
    let key = try SigningKey(name: "k", seed: Array(repeating: 1, count: 32))
    let checkpoint = try Checkpoint(origin: "caf\u{e9}", size: 0, root: MerkleHash.emptyRoot)
    let signed = try SignedCheckpoint(checkpoint, signedBy: key)
    #expect(throws: CheckpointError.self) { try signed.verified(by: key.verifierKey, origin: "cafe\u{301}") }
  }

  @Test("A state note holds for the checkpoint it was signed for")
  func stateNote() throws {
    let file = try VectorFile("state-tree-note-valid")
    let note = try SignedNoteTests.parse(file.body)
    let state = try StateNote(parsing: note.text)
    #expect(try state.root.hex == file["root"])
    #expect(state.size == 8)
    #expect(state.text == note.text)
  }

  @Test(
    "A state note is refused for another checkpoint, log or key",
    arguments: [
      ("valid", nil), ("other-size", CheckpointError.anotherSize(found: 8, expected: 9)),
      (
        "other-origin",
        CheckpointError.anotherOrigin(found: "library.example.org/main", expected: "x.example.org")
      ),
      ("is-checkpoint", CheckpointError.wrongLines),
      ("other-key", CheckpointError.notSigned(by: "library.example.org/main")),
    ] as [(String, CheckpointError?)])
  func stateNotes(name: String, error: CheckpointError?) throws {
    let file = try VectorFile("state-tree-note-" + name)
    let size = try #require(UInt64(file["size"]))
    let checkpoint = try Checkpoint(origin: file["origin"], size: size, root: MerkleHash.leaf([]))
    let note = try SignedNoteTests.parse(file.body)
    let key = try VerifierKey(parsing: file["key"])
    var found: CheckpointError?
    do throws(CheckpointError) {
      _ = try StateNote(verifying: note, by: key, for: checkpoint)
    } catch {
      found = error
    }
    #expect(found == error)
  }
}
