import Foundation
import SheafMerge
import SheafModel
import SheafTesting
import Testing

/// The laws of `Schemas/merge.md` over prose, generated and real; a failing seed reruns alone.
@Suite("Prose laws")
struct ProseLawsTests {
  private static func triples(_ seed: UInt64, _ count: Int, moving: Bool) -> [ProseTriple] {
    var generator = ProseGenerator(seed: seed)
    return (0..<count).map { _ in generator.triple(moving: moving) }
  }

  /// What a law says against a triple, `nil` when it holds.
  private typealias Law = (ProseTriple, MergeOutcome) -> String?

  private func hold(_ seed: UInt64, _ count: Int, moving: Bool = true, _ law: Law) {
    for (index, triple) in Self.triples(seed, count, moving: moving).enumerated() {
      guard let objection = law(triple, triple.outcome) else { continue }
      let texts = [triple.base, triple.ours, triple.theirs].map { String(decoding: $0, as: UTF8.self) }
      Issue.record("triple \(index): \(objection)\n\(texts.joined(separator: "\n=====\n"))")
      return
    }
  }

  @Test(
    "Laws 1 and 2: the same inputs give the same outcome, and swapped sides its mirror",
    arguments: UInt64(0)..<10)
  func symmetric(seed: UInt64) {
    hold(seed, 500) { triple, outcome in
      let swapped = triple.swapped
      switch (outcome, swapped) {
      case (.clean(let one), .clean(let other)) where one.value != other.value: return "another value"
      case (.proposed(let one, _), .proposed(let other, _)) where one.value != other.value:
        return "another proposal"
      case (.clean, .clean), (.proposed, .proposed), (.conflict, .conflict): break
      default: return "another verdict"
      }
      guard outcome.parts.map(\.ours) == swapped.parts.map(\.theirs),
        outcome.parts.map(\.theirs) == swapped.parts.map(\.ours),
        outcome.parts.map(\.isProposed) == swapped.parts.map(\.isProposed)
      else { return "the parts are not mirrored" }
      return triple.outcome == outcome ? nil : "another outcome the second time"
    }
  }

  @Test("Law 3: what one side alone did is the result, byte for byte", arguments: UInt64(100)..<104)
  func identity(seed: UInt64) {
    hold(seed, 500) { triple, _ in
      let side = triple.ours
      let inputs = [
        (triple.base, side, triple.base), (triple.base, triple.base, side), (triple.base, side, side),
      ]
      for (base, ours, theirs) in inputs {
        guard case .clean(let merged) = ProseTriple.merged(base, ours, theirs), merged.bytes == side else {
          return "not the side that changed"
        }
      }
      return nil
    }
  }

  @Test("Law 4: merging a clean result with a side again changes nothing", arguments: UInt64(200)..<206)
  func idempotent(seed: UInt64) {
    hold(seed, 500, moving: false) { triple, outcome in
      guard case .clean(let merged) = outcome, let result = merged.bytes else { return nil }
      for side in [triple.ours, triple.theirs] {
        if case .clean(let again) = ProseTriple.merged(triple.base, result, side), again.bytes != result {
          return "it changes to \(String(decoding: again.bytes ?? [], as: UTF8.self))"
        }
      }
      return nil
    }
  }

  @Test(
    "Laws 5, 6 and 7: a value that is taken has what either side added, nothing that one removed, and nothing twice",
    arguments: UInt64(300)..<312)
  func wordsOfValue(seed: UInt64) {
    hold(seed, 500, moving: false) { triple, outcome in
      guard case .clean(let merged) = outcome, let result = merged.bytes else { return nil }
      let (base, ours, theirs) = (
        ProseTriple.words(triple.base), ProseTriple.words(triple.ours), ProseTriple.words(triple.theirs)
      )
      let found = ProseTriple.words(result)
      for word in Set(base.keys).union(ours.keys).union(theirs.keys).union(found.keys) {
        let (b, o, t) = (base[word] ?? 0, ours[word] ?? 0, theirs[word] ?? 0)
        let expected = o == t ? o : o == b ? t : t == b ? o : o
        if found[word] ?? 0 != expected {
          return "\(String(decoding: word, as: UTF8.self)) stands \(found[word] ?? 0) times, not \(expected)"
        }
      }
      return nil
    }
  }

  @Test(
    "Laws 5 and 6: around a question and in its parts is every word that a side added, and no other",
    arguments: UInt64(400)..<408)
  func wordsOfQuestion(seed: UInt64) {
    hold(seed, 500) { triple, outcome in
      let parts: MergedParts
      switch outcome {
      case .clean: return nil
      case .proposed(_, let asked), .conflict(let asked): parts = asked
      }
      let known = Set((triple.base + [10] + triple.ours + [10] + triple.theirs).wordsOnly)
      for choice in [ConflictPart.Choice.base, .ours, .theirs, .proposed, .both] {
        let words = Set((parts.content(takingOfAll: choice) ?? []).wordsOnly)
        if !words.isSubset(of: known) { return "\(choice) invents" }
      }
      let both = Set((parts.content(takingOfAll: .both) ?? []).wordsOnly)
      let added = Set(triple.ours.wordsOnly + triple.theirs.wordsOnly).subtracting(triple.base.wordsOnly)
      if !added.isSubset(of: both) { return "lost: \(added.subtracting(both))" }
      return nil
    }
  }

  @Test("Law 8: a deletion against an edit always asks")
  func deletionAgainstEdit() {
    hold(500, 500) { triple, _ in
      guard triple.theirs != triple.base else { return nil }
      if case .conflict = ProseTriple.merged(triple.base, nil, triple.theirs) { return nil }
      return "nobody is asked"
    }
  }

  @Test("Law 9: an edit elsewhere never changes the outcome here", arguments: UInt64(600)..<606)
  func confined(seed: UInt64) {
    var generator = ProseGenerator(seed: seed)
    for index in 0..<500 {
      let triple = generator.triple(moving: false)
      let preface = generator.preface()
      let alone = triple.outcome
      let beside = ProseTriple.merged(
        preface.old + triple.base, preface.new + triple.ours, preface.old + triple.theirs)
      let isSame =
        switch (alone, beside) {
        case (.clean(let one), .clean(let other)): other.bytes == preface.new + (one.bytes ?? [])
        case (.proposed(let one, _), .proposed(let other, _)): other.bytes == preface.new + (one.bytes ?? [])
        case (.conflict(let one), .conflict(let other)): one.parts.map(\.ours) == other.parts.map(\.ours)
        // A side that is the base or the other alone has an edit of its own beside.
        default: false
        }
      #expect(
        isSame,
        """
        triple \(index):
        \(String(decoding: triple.base, as: UTF8.self))=====
        \(String(decoding: triple.ours, as: UTF8.self))=====
        \(String(decoding: triple.theirs, as: UTF8.self))=====
        \(alone)\n\(beside)
        """)
      guard isSame else { return }
    }
  }

  @Test(
    "Law 12: what was settled stays when a copy that lags behind edits something else",
    arguments: UInt64(700)..<704)
  func settled(seed: UInt64) {
    hold(seed, 500) { triple, outcome in
      guard case .conflict(let parts) = outcome, let settled = parts.content(takingOfAll: .theirs) else {
        return nil
      }
      // The lagging copy still holds one of the heads that were settled.
      guard case .clean(let merged) = ProseTriple.merged(triple.ours, settled, triple.ours),
        merged.bytes == settled
      else { return "the settled text is undone" }
      return nil
    }
  }

  @Test("Laws 2, 3, 4 and 13 hold for real merges, and what git merges cleanly comes out as git has it")
  func realMerges() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/merges")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      !$0.hasSuffix(".md")
    }
    #expect(names.count >= 20)
    var cleanCount = 0
    for name in names.sorted() {
      func read(_ file: String) -> [UInt8]? {
        (try? Data(contentsOf: folder.appending(path: "\(name)/\(file)"))).map { Array($0) }
      }
      let triple = ProseTriple(
        base: try #require(read("base")), ours: try #require(read("ours")),
        theirs: try #require(read("theirs")))
      let (outcome, swapped) = (triple.outcome, triple.swapped)
      #expect(outcome.parts.map(\.ours) == swapped.parts.map(\.theirs), "\(name)")
      if let git = read("git") {
        guard case .clean(let merged) = outcome else {
          Issue.record("\(name) is a conflict")
          continue
        }
        #expect(merged.bytes == git, "\(name)")
      }
      guard case .clean(let merged) = outcome, let result = merged.bytes else { continue }
      cleanCount += 1
      guard case .clean(let other) = swapped else {
        Issue.record("\(name) depends on the order of its sides")
        continue
      }
      #expect(other.bytes == result, "\(name)")
      for side in [triple.ours, triple.theirs] {
        if case .clean(let again) = ProseTriple.merged(triple.base, result, side) {
          #expect(again.bytes == result)
        }
      }
    }
    #expect(cleanCount > 10)
  }

  @Test("Law 14: a document on one line with many edits takes time in proportion to its size")
  func boundedLine() {
    func document(_ changed: Int, _ value: String) -> [UInt8] {
      let members = (0..<8000).map { index in
        "\"k\(index)\":{\"text\":\"\(index % 4 == changed ? value : "as it was")\",\"more\":[1,2]}"
      }
      return Array("{\(members.joined(separator: ","))}".utf8)
    }
    let clock = ContinuousClock()
    let spent = clock.measure {
      let outcome = merge(
        MergeInput(base: document(4, ""), ours: document(1, "ours"), theirs: document(3, "theirs")),
        mediaType: MediaType(essence: "application/json"), policy: MergePolicy())
      guard case .clean = outcome else {
        Issue.record("edits of different members clash")
        return
      }
    }
    #expect(spent < .seconds(30))
  }

  @Test("Law 14: a long text with many edits, and one made to be hard, take little time")
  func bounded() {
    var lines = (0..<6000).map { "Line \($0) of a long text that goes on.\n" }
    let base = Array(lines.joined().utf8)
    var other = lines
    for index in stride(from: 0, to: 6000, by: 20) {
      lines[index] = "Our \(index).\n"
      other[index + 10] = "Their \(index).\n"
    }
    let clock = ContinuousClock()
    let spent = clock.measure {
      guard case .clean = ProseTriple.merged(base, Array(lines.joined().utf8), Array(other.joined().utf8))
      else {
        Issue.record("edits of different lines clash")
        return
      }
      // One sentence without end, and two rewrites of it that share no word.
      func endless(_ word: String) -> [UInt8] {
        Array(((0..<4000).map { "\(word)\($0 % 7)" }).joined(separator: " ").utf8)
      }
      #expect(ProseTriple.merged(endless("a"), endless("b"), endless("c")).parts.count == 1)
      // Lines that are all alike.
      func alike(_ count: Int) -> [UInt8] { Array(repeatElement("same\n", count: count).joined().utf8) }
      _ = ProseTriple.merged(alike(3000), alike(2000), alike(4000))
    }
    #expect(spent < .seconds(20))
  }
}

extension [UInt8] {
  /// The words, generated ones and those of markup.
  fileprivate var wordsOnly: [ArraySlice<UInt8>] {
    split { !(0x30...0x39).contains($0) && !(0x61...0x7a).contains($0 | 0x20) }
  }
}
