import SheafModel
import SheafTesting
import Testing

@Suite("Notes of change sets")
struct ChangeSetNoteTests {
  /// The text that is signed: all before the last blank line.
  private static func text(_ bytes: [UInt8]) -> String {
    let note = String(decoding: bytes, as: UTF8.self)
    return note.components(before: "\n\n— ") + "\n"
  }

  @Test(
    "Every vector is read, or refused at the line it names",
    arguments: OutcomeVector.names("change-set-").filter { !$0.contains("-reason") || $0.contains("refused") }
  )
  func vectors(name: String) throws {
    let vector = try OutcomeVector(name)
    let text = Self.text(vector.bytes)
    do {
      let note = try ChangeSetNote(parsing: text)
      #expect(!vector.outcome.hasPrefix("refused"))
      #expect(note.text == text)
    } catch ChangeSetNoteError.line(let line) {
      #expect(vector.outcome == "refused \"\(line)\"")
    }
  }

  @Test("The example means what its page says")
  func example() throws {
    let note = try ChangeSetNote(parsing: Self.text(try OutcomeVector("change-set-example.txt").bytes))
    #expect(note.library.slug == "als-library")
    #expect(note.time.description == "2026-11-22T10:00:00Z")
    #expect(note.seen.size == 1220)
    #expect(note.after == nil)
    #expect(note.lineCount == 8)
    #expect(ChangeSetNote.keyName(author: note.author) == "sheaf-member-56475aa75463474c")
    let reason = SHA256Hash(hashing: try vector("change-set-reason.txt"))
    let seed = try #require(Seed(bytes: Array(0..<16)))
    #expect(note.reason == Commitment(reason: reason, seed: seed))
    let list = try OutcomeVector("revision-list-example.txt").outcome
    #expect(list == "read \(note.lineCount) \(note.linesRoot.base64)")
  }

  @Test(
    "A note with any one character changed, dropped or added is refused or says something else",
    arguments: ["change-set-example.txt", "change-set-after-a-draft.txt"])
  func mutations(name: String) throws {
    let original = Self.text(try OutcomeVector(name).bytes)
    let scalars = Array(original.unicodeScalars)
    let others: [UnicodeScalar] = [
      "\n", "\r", " ", "0", "9", "A", "a", "=", "+", "/", "\u{301}", "\u{212a}", "\0",
    ]
    for index in scalars.indices {
      var mutants = [Array(scalars[..<index] + scalars[(index + 1)...])]
      for other in others {
        mutants.append(Array(scalars[..<index] + [other] + scalars[index...]))
        if other != scalars[index] {
          mutants.append(Array(scalars[..<index] + [other] + scalars[(index + 1)...]))
        }
      }
      for mutant in mutants {
        let text = String(String.UnicodeScalarView(mutant))
        guard let note = try? ChangeSetNote(parsing: text) else { continue }
        // Read means: it has this one spelling, and it is not the original.
        if !note.text.utf8.elementsEqual(text.utf8) || note.text.utf8.elementsEqual(original.utf8) {
          Issue.record("the note reads with another spelling at \(index): \(text)")
          return
        }
      }
    }
  }

  @Test("Whatever is read as a note is written again as it was")
  func oneSpelling() throws {
    let whole = Array(Self.text(try OutcomeVector("change-set-example.txt").bytes).utf8)
    var random = SplitMix64(seed: 43)
    let pieces = ["\n", " ", "0", "00", "=", "A", "after ", "Z", "\r"].map { Array($0.utf8) }
    var readCount = 0
    for _ in 0..<6_000 {
      var bytes = whole
      let start = Int.random(in: 0...bytes.count, using: &random)
      let end = min(bytes.count, start + Int.random(in: 0..<3, using: &random))
      bytes.replaceSubrange(start..<end, with: pieces.randomElement(using: &random) ?? [])
      guard bytes != whole, let note = try? ChangeSetNote(parsing: String(decoding: bytes, as: UTF8.self))
      else {
        continue
      }
      readCount += 1
      #expect(Array(note.text.utf8) == bytes)
    }
    #expect(readCount > 50)
  }

  @Test("Two libraries of one name are told apart, and a key fits only its own")
  func libraryIDs() throws {
    let keyA = [UInt8](repeating: 1, count: 32)
    let keyB = [UInt8](repeating: 2, count: 32)
    let library = LibraryID(name: "Stem Cells: ALS & Co. — Überblick", logKey: keyA)
    #expect(library.slug == "stem-cells-als-co-berblick")
    #expect(library != LibraryID(name: "Stem Cells: ALS & Co. — Überblick", logKey: keyB))
    #expect(library.fits(logKey: keyA) && !library.fits(logKey: keyB))
    #expect(LibraryID(library.text) == library)
    for name in ["", "日本", "---", "a", String(repeating: "ab ", count: 60)] {
      let id = LibraryID(name: name, logKey: keyA)
      #expect(LibraryID(id.text) == id)
    }
    let tail = String(library.text.suffix(32))
    for bad in [
      "", "sheaf", "sheaf/a", "sheaf/a/\(tail)/b", "Sheaf/a/\(tail)", "sheaf//\(tail)", "sheaf/A/\(tail)",
      "sheaf/a/\(tail.uppercased())", "sheaf/\(String(repeating: "a", count: 41))/\(tail)",
      "sheaf/a/\(tail)0",
    ]
    where bad != "sheaf/a/\(tail)" { #expect(LibraryID(bad) == nil, "\(bad)") }
  }
}

extension String {
  fileprivate func components(before mark: String) -> String {
    guard let range = firstRange(of: mark) else { return self }
    return String(self[..<range.lowerBound])
  }
}
