import SheafModel
import SheafTesting
import Testing

@Suite("Paths")
struct PathTests {
  private static let rules: [PathError.Rule] = [
    .notUTF8, .empty, .tooLong, .absolute, .tooManySegments, .emptySegment, .dots, .controlCharacter,
    .backslash,
  ]

  @Test(
    "Every vector of Schemas/paths.md is accepted, or refused by the check it names",
    arguments: OutcomeVector.names("paths-"))
  func vectors(name: String) throws {
    let vector = try OutcomeVector(name)
    #expect(Self.outcome { try DocumentPath(utf8: vector.bytes) } == vector.outcome)
    // A text that is not UTF-8 can't become a String at all.
    if vector.outcome != "refused 1" {
      let text = String(decoding: vector.bytes, as: UTF8.self)
      #expect(Self.outcome { try DocumentPath(text) } == vector.outcome)
    }
  }

  @Test("The vectors are there, and every rule has one")
  func vectorsAreThere() throws {
    let outcomes = Set(try OutcomeVector.names("paths-").map { try OutcomeVector($0).outcome })
    #expect(outcomes == Set(["accepted"] + (1...9).map { "refused \($0)" }))
  }

  private static func outcome(_ body: () throws -> DocumentPath) -> String {
    do {
      _ = try body()
      return "accepted"
    } catch let error as PathError {
      return "refused \((rules.firstIndex(of: error.rule) ?? -2) + 1)"
    } catch {
      return "another error: \(error)"
    }
  }

  @Test("No control character gets in, wherever it stands")
  func controlCharacters() {
    let values =
      Array(0..<0x20) + Array(0x7f..<0xa0) + [0x2028, 0x2029] + Array(0x202a...0x202e)
      + Array(0x2066...0x2069)
    for value in values {
      guard let scalar = UnicodeScalar(value) else { continue }
      for text in ["\(scalar)a", "a\(scalar)", "a/\(scalar)/b"] {
        #expect(throws: PathError.self) { try DocumentPath(text) }
        #expect(throws: PathError.self) { try CollectionName(text) }
      }
    }
  }

  @Test("Collection and name are the first and last segment, cut at the byte")
  func parts() throws {
    let facts = try factLines("paths-collections", separator: "\t")
    #expect(facts.count == 6)
    for fact in facts {
      let path = try DocumentPath(fact[0])
      #expect(Array(path.collection.text.utf8) == Array(fact[1].utf8))
      #expect(Array(path.name.utf8) == Array(fact[2].utf8))
    }
  }

  @Test("A collection is one segment, or the dot of documents in no folder")
  func collections() throws {
    #expect(try CollectionName(".") == .top)
    #expect(try CollectionName("trials").text == "trials")
    for bad in ["", "..", "a/b", "/", "a\\b", String(repeating: "a", count: 513)] {
      #expect(throws: PathError.self) { try CollectionName(bad) }
    }
    #expect(CollectionName.schemas.isAlwaysCarried)
    #expect(CollectionName.sheaf.isAlwaysCarried)
    #expect(!CollectionName.top.isAlwaysCarried)
  }

  @Test("Two spellings of one character are two paths, in sets and in order")
  func canonicalEquivalence() throws {
    let composed = try DocumentPath("\u{e9}.md")
    let decomposed = try DocumentPath("e\u{301}.md")
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect(decomposed < composed)
    #expect(try CollectionName("\u{e9}") != CollectionName("e\u{301}"))
  }

  @Test("Order is that of the bytes")
  func order() throws {
    let paths = try ["Z", "a", "a-b", "a.md", "a/b", "a0", "é", "𝕏", "\u{ffee}"].map { try DocumentPath($0) }
    let sorted = paths.sorted().map { Array($0.text.utf8) }
    #expect(sorted == sorted.sorted { $0.lexicographicallyPrecedes($1) })
    // UTF-16 order would put these two the other way round.
    #expect(try DocumentPath("\u{ffee}") < DocumentPath("𝕏"))
  }

  @Test("Paths that a careless disk holds as one file are told, others are not")
  func oneFile() throws {
    let facts = try factLines("paths-one-file", separator: "\t")
    #expect(facts.count == 9)
    for fact in facts {
      let same = try DocumentPath(fact[0]).foldedForDisks == DocumentPath(fact[1]).foldedForDisks
      #expect(same == (fact[2] == "yes"), "\(fact)")
    }
  }

  @Test("A refused path is shown without its control characters")
  func shown() {
    let error = PathError(path: "a\u{1b}[2Jb\n", rule: .controlCharacter)
    #expect(!error.problem.unicodeScalars.contains { $0.value < 0x20 })
    #expect(error.problem.contains("it holds a control character"))
  }
}

@Suite("Subscriptions")
struct SubscriptionTests {
  @Test("Every line of the vector is read and written again as it says")
  func vectors() throws {
    let facts = try factLines("paths-subscriptions", separator: "\t")
    #expect(facts.count == 22)
    for fact in facts {
      let written = (try? Subscription(parsing: fact[0]))?.text ?? "REFUSED"
      #expect(Array(written.utf8) == Array(fact[1].utf8), "\(fact)")
    }
  }

  @Test("Any set of collections is read back from its text", arguments: UInt64(0)..<50)
  func roundTrip(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let letters = ["a", "B", ",", "%", "*", ".", " ", "é", "\u{301}", "2C", "日"]
    var names: Set<CollectionName> = []
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      let text = (0..<Int.random(in: 1...5, using: &random)).compactMap { _ in
        letters.randomElement(using: &random)
      }
      if let name = try? CollectionName(text.joined()) { names.insert(name) }
    }
    let subscription = Subscription.only(names)
    #expect(try Subscription(parsing: subscription.text) == subscription)
  }

  @Test("Schemas and settings are always held, and everything by the star")
  func holds() throws {
    let some = try Subscription(parsing: "trials")
    #expect(some.holds(try CollectionName("trials")))
    #expect(some.holds(.schemas))
    #expect(some.holds(.sheaf))
    #expect(!some.holds(.top))
    #expect(Subscription.all.holds(.top))
    #expect(try Subscription(parsing: "schemas,trials") == some)
  }

  @Test("More collections than a library may have are refused")
  func limit() {
    let names = (0...Limits.collections).map(String.init)
    #expect(throws: Never.self) { try Subscription(parsing: names.dropLast().joined(separator: ",")) }
    #expect(throws: PathError.self) { try Subscription(parsing: names.joined(separator: ",")) }
  }

  @Test("Depths are ordered by what they carry")
  func depths() { #expect(Depth.heads < .trail && .trail < Depth.full) }
}
