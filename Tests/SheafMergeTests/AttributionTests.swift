import SheafModel
import SheafTesting
import Testing

@testable import SheafMerge

@Suite("Who wrote which part")
struct AttributionTests {
  private static let article = MediaType.named(by: "a.md")
  private static let record = MediaType.named(by: "a.json")
  private static let table = MediaType.named(by: "a.csv")

  /// The parts of the last of some revisions, each with its parents and text.
  private func parts(_ type: MediaType, _ revisions: ([Int], String?)...) -> [AttributedPart] {
    Attribution.parts(revisions.map { .init(parents: $0.0) }) { index in
      revisions[index].1.map { (Array($0.utf8), type) }
    }
  }

  private func origins(_ parts: [AttributedPart]) -> [String] {
    parts.map { "\($0.place.words) \($0.text): \($0.origin)" }
  }

  @Test("A sentence belongs to the newest revision that changed it")
  func sentences() {
    let found = parts(
      Self.article, ([], "# Title\n\nOne stands. Two stands here.\n"),
      ([0], "# Title\n\nOne stands. Two was changed here.\n"),
      ([1], "# Title\n\nOne stands. Two was changed here. Three is new.\n"))
    #expect(
      origins(found) == [
        "block 1.1 # Title: 0", "block 2.1 One stands.: 0", "block 2.2 Two was changed here.: 1",
        "block 2.3 Three is new.: 2",
      ])
    #expect(found.map(\.kind) == [.heading, .sentence, .sentence, .sentence])
    #expect(
      found[2].words == [
        .init(text: "Two ", origin: 0), .init(text: "was changed ", origin: 1),
        .init(text: "here.", origin: 0),
      ])
  }

  @Test("Text that moved inside the document keeps its origin")
  func moves() {
    let found = parts(
      Self.article, ([], "First paragraph here.\n\nSecond paragraph there.\n"),
      ([0], "First paragraph here.\n\nSecond paragraph there.\n\nThird one.\n"),
      ([1], "Third one.\n\nSecond paragraph there.\n\nFirst paragraph here.\n\nFresh text.\n"))
    #expect(found.map(\.origin) == [1, 0, 0, 2])
  }

  @Test("A merge gives each part to the parent's revision that it came from")
  func merges() {
    let base = "Alpha one two. Beta one two.\n\nGamma one two three four five.\n"
    let found = parts(
      Self.article, ([], base),
      ([0], "Alpha one three. Beta one two.\n\nGamma ONE two three four five.\n"),
      ([0], "Alpha one two. Beta two two.\n\nGamma one two three four SIX.\n"),
      ([1, 2], "Alpha one three. Beta two two.\n\nGamma ONE two three four SIX.\n"))
    #expect(found.map(\.origin) == [1, 2, 2])
    #expect(found.map(\.joined) == [[], [], [2, 1, 0]])
    #expect(found[2].words.map(\.origin) == [0, 1, 0, 2, 0])
    #expect(found[2].words.map(\.text).joined() == "Gamma ONE two three four SIX.")
  }

  @Test("Words that the merge itself wrote are the merge's")
  func mergeWrites() {
    let found = parts(
      Self.article, ([], "Alpha one two.\n"), ([0], "Alpha one three.\n"), ([0], "Alpha four two.\n"),
      ([1, 2], "Alpha four three, settled.\n"))
    #expect(found.map(\.origin) == [3])
    #expect(found[0].words.contains { $0.origin == 3 } && found[0].words.contains { $0.origin == 1 })
  }

  @Test("Each field of a record has its own origin, in lists too")
  func fields() {
    let found = parts(
      Self.record,
      ([], #"{"a": 1, "b": {"c": "x", "d": []}, "list": [{"id": 1, "n": 1}, {"id": 2, "n": 1}]}"#),
      ([0], #"{"a": 1, "b": {"c": "y", "d": []}, "list": [{"id": 1, "n": 1}, {"id": 2, "n": 1}]}"#),
      (
        [1],
        #"{"a": 1, "b": {"c": "y", "d": []}, "list": [{"id": 3, "n": 9}, {"id": 1, "n": 1}, {"id": 2, "n": 5}]}"#
      ))
    #expect(
      origins(found) == [
        "/a 1: 0", #"/b/c "y": 1"#, "/b/d []: 0", "/list/0/id 3: 2", "/list/0/n 9: 2", "/list/1/id 1: 0",
        "/list/1/n 1: 0", "/list/2/id 2: 0", "/list/2/n 5: 2",
      ])
  }

  @Test("Order and spelling of members are no change, and a value that came back is the newest's")
  func meaning() {
    let found = parts(
      Self.record, ([], #"{"a": 1, "b": 2}"#), ([0], #"{"b": 2.0, "a": 1}"#), ([1], #"{"a": 3, "b": 2}"#),
      ([2], #"{"a": 1, "b": 2}"#))
    #expect(found.map(\.origin) == [3, 0])
  }

  @Test("Front matter is told by fields, tables by rows")
  func frontMatterAndRows() {
    let found = parts(
      Self.article, ([], "---\ntitle: A\nlang: en\n---\nText.\n"),
      ([0], "---\ntitle: B\nlang: en\n---\nText.\n"))
    #expect(origins(found) == [#"/title "B": 1"#, #"/lang "en": 0"#, "block 1.1 Text.: 0"])
    let rows = parts(
      Self.table, ([], "term,meaning\na,1\nb,2\n"), ([0], "term,meaning\nb,2\na,1\n"),
      ([1], "term,meaning\nb,3\na,1\n"))
    #expect(origins(rows) == ["line 1 term,meaning: 0", "line 2 b,3: 2", "line 3 a,1: 0"])
  }

  @Test("After a tombstone everything is new; what is no text is one part")
  func tombstonesAndBytes() {
    let found = parts(Self.article, ([], "One.\n"), ([0], nil), ([1], "One.\n"))
    #expect(found.map(\.origin) == [2])
    let image = parts(.octetStream, ([], "\u{0}one"), ([0], "\u{0}two"))
    #expect(image.map(\.kind) == [.document] && image.map(\.origin) == [1])
  }

  @Test("Every part of a random history is attributed to a revision that has it and whose parents lack it")
  func property() {
    var random = SplitMix64(seed: 7)
    let sentences = (0..<12).map { "Sentence number \($0) says word\($0 * 7)." }
    for _ in 0..<200 {
      var texts: [[String]] = [Array(sentences.prefix(4))]
      var nodes: [Attribution.Revision] = [.init(parents: [])]
      for index in 1..<Int.random(in: 2...8, using: &random) {
        var parents = [Int.random(in: 0..<index, using: &random)]
        let other = Int.random(in: 0..<index, using: &random)
        if other != parents[0], Bool.random(using: &random) { parents.append(other) }
        var text = texts[parents[0]]
        for parent in parents.dropFirst() { text += texts[parent].filter { !text.contains($0) } }
        let place = Int.random(in: 0...text.count, using: &random)
        if let next = sentences.randomElement(using: &random), !text.contains(next) {
          text.insert(next, at: place)
        }
        if text.count > 2, Bool.random(using: &random) {
          text.remove(at: Int.random(in: 0..<text.count, using: &random))
        }
        if Bool.random(using: &random) { text.shuffle(using: &random) }
        texts.append(text)
        nodes.append(.init(parents: parents))
      }
      let found = Attribution.parts(nodes) {
        (Array((texts[$0].joined(separator: "\n\n") + "\n").utf8), Self.article)
      }
      #expect(found.map(\.text) == texts[texts.count - 1])
      for part in found where part.words.isEmpty {
        #expect(texts[part.origin].contains(part.text))
        #expect(nodes[part.origin].parents.allSatisfy { !texts[$0].contains(part.text) })
      }
    }
  }

  @Test("Forgetting the units that no revision at hand has changes no answer")
  func forgetting() {
    var random = SplitMix64(seed: 77)
    func sentence() -> String { "Sentence \(Int.random(in: 0..<40, using: &random)) stands here." }
    var texts = [(0..<12).map { _ in sentence() }]
    var revisions = [Attribution.Revision(parents: [])]
    for index in 1..<60 {
      var text = texts[Int.random(in: max(0, index - 3)..<index, using: &random)]
      for _ in 0..<3 { text[Int.random(in: 0..<text.count, using: &random)] = sentence() }
      texts.append(text)
      let parents = Set((0..<2).map { _ in Int.random(in: max(0, index - 4)..<index, using: &random) })
      revisions.append(.init(parents: parents.sorted()))
    }
    let contents = texts.map { (bytes: Array($0.joined(separator: "\n\n").utf8), mediaType: Self.article) }
    let all = Attribution.parts(revisions, unitsKept: .max / 4) { contents[$0] }
    for kept in [0, 5, 30] {
      #expect(Attribution.parts(revisions, unitsKept: kept) { contents[$0] } == all)
    }
    #expect(Set(all.map(\.origin)).count > 3)
    var interning = Interning<Int>()
    #expect(interning.numbers(of: [7, 8, 7]) == [0, 1, 0])
    interning.keep([1])
    #expect(interning.count == 1 && interning.numbers(of: [8, 7]) == [1, 2])
  }

}

@Suite("The history of a part")
struct PartHistoryTests {
  private static let article = MediaType.named(by: "a.md")

  private func changes(
    _ question: DocumentQuestion, _ type: MediaType, _ revisions: ([Int], String?)...
  ) -> [String] {
    PartHistory.changes(question, in: revisions.map { .init(parents: $0.0) }) { index in
      revisions[index].1.map { (Array($0.utf8), type) }
    }
    .map { change in
      let taken = change.takenFrom.isEmpty ? "" : " from \(change.takenFrom)"
      return "\(change.revision): \(change.before ?? "-") > \(change.after ?? "-")\(taken)"
    }
  }

  @Test("A field's history has the revisions that changed it, and says which side of a merge it came from")
  func field() {
    let found = changes(
      .field(JSONPointer(tokens: ["s"])), .named(by: "a.json"), ([], #"{"s": 1}"#),
      ([0], #"{"s": 1, "t": 2}"#),
      ([1], #"{"s": 2}"#), ([1], #"{"s": 1, "t": 3}"#), ([2, 3], #"{"s": 2, "t": 3}"#), ([4], #"{"t": 3}"#),
      ([5], nil))
    #expect(found == ["5: 2 > -", "4: 1 > 2 from [2]", "2: 1 > 2", "0: - > 1"])
  }

  @Test("A heading stands for what is written under it")
  func section() {
    let found = changes(
      .section("Causes"), Self.article, ([], "# A\n\n## Causes\n\nUnknown.\n\n## Care\n\nx\n"),
      ([0], "# A\n\n## Causes\n\nUnknown.\n\n## Care\n\ny\n"),
      ([1], "# A\n\n## Causes\n\nMany.\n\n### Genes\n\nSome.\n\n## Care\n\ny\n"))
    #expect(found == ["2: Unknown. > Many.\n\n### Genes\n\nSome.", "0: - > Unknown."])
  }

  @Test("Words are followed back through edits and moves of their sentence, and on to its end")
  func quote() {
    let found = changes(
      .quote("three  to five"), Self.article, ([], "Survival is two to five years.\n\nOther.\n"),
      ([0], "Survival is three to five years.\n\nOther.\n"),
      ([1], "Other.\n\nSurvival is three to five years.\n"),
      ([2], "Other.\n\nSurvival is four to five years.\n"), ([3], "Other.\n"))
    #expect(
      found == [
        "4: Survival is four to five years. > -",
        "3: Survival is three to five years. > Survival is four to five years.",
        "1: Survival is two to five years. > Survival is three to five years.",
        "0: - > Survival is two to five years.",
      ])
  }

  @Test("A part that was never there has no history")
  func nothing() {
    #expect(changes(.quote("nowhere"), Self.article, ([], "Some text.\n")).isEmpty)
    #expect(changes(.field(JSONPointer(tokens: ["x"])), Self.article, ([], "Some text.\n")).isEmpty)
    #expect(changes(.quote(" "), Self.article, ([], "Some text.\n")).isEmpty)
  }
}

@Suite("The parts that differ")
struct PartDiffTests {
  private func changes(_ path: String, _ old: String?, _ new: String?) -> [String] {
    func content(_ text: String?) -> (bytes: [UInt8], mediaType: MediaType)? {
      text.map { (Array($0.utf8), MediaType.named(by: path)) }
    }
    return PartDiff.between(content(old), content(new)).map {
      "\($0.kind.rawValue) \($0.place.words): \($0.before ?? "-") > \($0.after ?? "-")\($0.isMoved ? " moved" : "")"
    }
  }

  @Test("An edited sentence stands beside what it was; added, removed and moved ones by themselves")
  func article() {
    let found = changes(
      "a.md",
      "---\nt: 1\n---\n# H\n\nStays put. Was edited long ago.\n\nGoes away now.\n\nMoves down.\n\nEnd.\n",
      "---\nt: 2\n---\n# H\n\nStays put. Was edited just now.\n\nEnd.\n\nMoves down.\n\nComes in.\n")
    #expect(found.contains("field /t: 1 > 2"))
    #expect(found.contains("sentence block 2.2: Was edited long ago. > Was edited just now."))
    #expect(found.contains("sentence block 3.1: Goes away now. > -"))
    #expect(found.contains("sentence block 5.1: - > Comes in."))
    #expect(found.contains { $0.hasSuffix(" moved") })
    #expect(found.count == 5)
  }

  @Test("New and removed documents, and what is no text")
  func whole() {
    #expect(changes("a.json", nil, #"{"a": 1, "b": [1]}"#) == ["field /a: - > 1", "field /b: - > [1]"])
    #expect(changes("a.csv", "a\n1\n", nil) == ["row line 1: a > -", "row line 2: 1 > -"])
    #expect(changes("a.png", "x", "y") == ["document document: - > -"])
    #expect(changes("a.md", "Same.\n", "Same.\n").isEmpty)
    #expect(changes("a.json", #"{"a":1}"#, #"{ "a": 1.0 }"#).isEmpty)
  }
}
