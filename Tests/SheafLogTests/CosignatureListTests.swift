import SheafModel
import SheafTesting
import Testing

@testable import SheafLog

@Suite("Lists of cosignatures")
struct CosignatureListTests {
  private static let origin = "sheaf/test/0123456789abcdef0123456789abcdef"

  private func keys() throws -> (log: SigningKey, time: SigningKey) {
    (
      try SigningKey(name: Self.origin, seed: Array(repeating: 1, count: 32)),
      try SigningKey(
        name: TimeKey.name(origin: Self.origin), seed: Array(repeating: 2, count: 32), algorithm: .cosignature
      )
    )
  }

  private func list() throws -> CosignatureList {
    let (log, time) = try keys()
    let bound = try TimeKey(binding: time.verifierKey, origin: Self.origin, by: log)
    let entries = try [UInt64(12), 19].map { size in
      CosignatureList.Entry(
        size: size, signatures: try [7, 9].map { try time.cosign(text: "\(size)\n", time: $0) })
    }
    return CosignatureList(keyNote: bound.note, entries: entries)
  }

  @Test("A list reads back as it was written, with a key note and without")
  func roundTrip() throws {
    let whole = try list()
    #expect(try CosignatureList(parsing: whole.bytes) == whole)
    let handed = CosignatureList(keyNote: nil, entries: whole.entries)
    #expect(try CosignatureList(parsing: handed.bytes) == handed)
    let empty = CosignatureList(keyNote: nil, entries: [])
    #expect(try CosignatureList(parsing: empty.bytes) == empty)
  }

  @Test("A list that would be written otherwise is refused")
  func malformed() throws {
    let text = String(decoding: try list().bytes, as: UTF8.self)
    for (old, new) in [
      ("sheaf/cosignatures/v1", "sheaf/cosignatures/v2"), ("\n12\n", "\n012\n"), ("\n12\n", "\n19\n"),
      ("\n12\n", "\n99\n"), ("\n19\n", "\n\n19\n"), ("\n19\n", "\n19\n19\n"), ("\n\n12", "\n12"),
      ("\n19\n", "\n9223372036854775808\n"), ("\n\n19\n", "\n\n15\n\n19\n"),
    ] {
      #expect(throws: CosignatureError.malformed, "\(old.debugDescription) → \(new.debugDescription)") {
        try CosignatureList(parsing: Array(text.replacing(old, with: new, maxReplacements: 1).utf8))
      }
    }
    let bytes = Array(text.utf8)
    for end in stride(from: 0, to: bytes.count - 1, by: 3) {
      // A cut behind a line may leave a shorter list that is whole.
      if let cut = try? CosignatureList(parsing: Array(bytes[..<end])) { #expect(cut.bytes.count == end) }
    }
    #expect(throws: CosignatureError.malformed) {
      try CosignatureList(parsing: bytes, maximumSize: bytes.count - 1)
    }
    let line = try keys().time.cosign(text: "1\n", time: 1)
    let many = CosignatureList(
      keyNote: nil, entries: (1...257).map { .init(size: $0, signatures: [line]) })
    #expect(throws: CosignatureError.malformed) { try CosignatureList(parsing: many.bytes) }
    let wide = CosignatureList(
      keyNote: nil, entries: [.init(size: 1, signatures: Array(repeating: line, count: 17))])
    #expect(throws: CosignatureError.malformed) { try CosignatureList(parsing: wide.bytes) }
  }

  @Test("Whatever is read as a list is written again as it was")
  func oneSpelling() throws {
    let whole = try list().bytes
    let pieces = ["\n", " ", "0", "12", "— ", "+", "=", "A", "\u{e9}", "\r", "9223372036854775807"].map {
      Array($0.utf8)
    }
    var random = SplitMix64(seed: 41)
    var readCount = 0
    for _ in 0..<6_000 {
      var bytes = whole
      for _ in 0...Int.random(in: 0..<2, using: &random) {
        let start = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 0..<3, using: &random))
        let from = Int.random(in: 0..<whole.count, using: &random)
        let copy = Array(whole[from..<min(whole.count, from + Int.random(in: 0..<160, using: &random))])
        bytes.replaceSubrange(
          start..<end, with: Bool.random(using: &random) ? copy : pieces.randomElement(using: &random) ?? [])
      }
      guard bytes != whole, let list = try? CosignatureList(parsing: bytes) else { continue }
      readCount += 1
      #expect(list.bytes == bytes)
    }
    #expect(readCount > 20)
  }

  @Test("A key note binds one clock to one log, by the log's key only")
  func keyNote() throws {
    let (log, time) = try keys()
    let note = try TimeKey(binding: time.verifierKey, origin: Self.origin, by: log).note
    let read = try TimeKey(verifying: note, by: log.verifierKey, origin: Self.origin)
    #expect(read.key == time.verifierKey && read.generation == 1)
    for line in ["0", "01", "", "9223372036854775808", "1\n2"] {
      let text = note.text.split(separator: "\n").dropLast().joined(separator: "\n") + "\n\(line)\n"
      #expect(throws: CheckpointError.wrongLines, "\(line)") {
        try TimeKey(verifying: try log.signedNote(text: text), by: log.verifierKey, origin: Self.origin)
      }
    }
    let other = try SigningKey(name: Self.origin, seed: Array(repeating: 3, count: 32))
    #expect(throws: CheckpointError.notSigned(by: Self.origin)) {
      try TimeKey(verifying: note, by: other.verifierKey, origin: Self.origin)
    }
    #expect(throws: CheckpointError.anotherOrigin(found: Self.origin, expected: "o")) {
      try TimeKey(verifying: note, by: log.verifierKey, origin: "o")
    }
    // A witness, or a key that signs texts, is no clock.
    let witness = try SigningKey(
      name: Self.origin + "/witness/x", seed: Array(repeating: 2, count: 32), algorithm: .cosignature)
    let plain = try SigningKey(
      name: TimeKey.name(origin: Self.origin), seed: Array(repeating: 2, count: 32))
    for key in [witness, plain] {
      let note = try TimeKey(binding: key.verifierKey, origin: Self.origin, by: log).note
      #expect(throws: CheckpointError.note(.malformedKey)) {
        try TimeKey(verifying: note, by: log.verifierKey, origin: Self.origin)
      }
    }
  }
}
