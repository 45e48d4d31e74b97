import Foundation
import SheafModel
import SheafTesting
import Testing

@Suite("Settings of a library")
struct LibrarySettingsTests {
  private static let vectors: [String] = {
    let folder = schemasFolder.appending(path: "vectors").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix("settings-") }.sorted()
  }()

  @Test("Every vector of Schemas/settings.md is read or refused as its first line says", arguments: vectors)
  func everyVector(name: String) throws {
    let bytes = try vector(name)
    let end = try #require(bytes.firstIndex(of: UInt8(ascii: "\n")))
    let outcome = String(decoding: bytes[..<end], as: UTF8.self)
    #expect(Self.outcome(Array(bytes[(end + 1)...])) == outcome)
  }

  @Test("The vectors are there")
  func vectorsAreThere() { #expect(Self.vectors.count >= 19) }

  private static func outcome(_ document: [UInt8]) -> String {
    do {
      let settings = try LibrarySettings(parsing: document)
      try settings.check { $0.text == "schemas/trials.json" }
      return "read"
    } catch let error as LibrarySettingsError {
      return "refused \(error.check)" + (error.place.map { " \($0)" } ?? "")
    } catch {
      return "another error: \(error)"
    }
  }

  @Test("The page's example means what its table says")
  func example() throws {
    let bytes = try vector("settings-example.txt").drop { $0 != UInt8(ascii: "\n") }
    let settings = try LibrarySettings(parsing: Array(bytes))
    #expect(settings.name == "Stem cells in ALS research")
    #expect(settings.language == "en")
    let articles = try #require(settings.collections[CollectionName("articles")])
    #expect(articles.title == JSONPointer("/title"))
    #expect(articles.search == [JSONPointer(tokens: ["summary"]), JSONPointer(tokens: ["tags"])])
    #expect(!articles.requiresReason)
    #expect(settings.collections[try CollectionName("trials")]?.requiresReason == true)
    #expect(settings.schemaPath(of: try CollectionName("articles"))?.text == "schemas/articles.json")
    #expect(settings.schemaPath(of: try CollectionName("trials"))?.text == "schemas/trials.json")
  }

  @Test("A name that stands twice deep inside is named by its whole place")
  func deepDuplicate() {
    let document =
      #"{"format": 1, "collections": {"a,\"{": {"search": ["/x"]}, "b": {"title": "/a", "title": "/b"}}}"#
    #expect(Self.outcome(Array(document.utf8)) == "refused 2 /collections/b/title")
  }

  @Test("A newer format is told apart from a mistake")
  func newer() {
    func isNewer(_ text: String) -> Bool? {
      do {
        _ = try LibrarySettings(parsing: Array(text.utf8))
        return nil
      } catch {
        return error.isNewer
      }
    }
    #expect(isNewer(#"{"format": 2}"#) == true)
    #expect(isNewer(#"{"format": "1"}"#) == false)
    #expect(isNewer(#"{"format": 1.0}"#) == nil)
  }

  @Test("Limits are kept: size, name, language, pointers")
  func limits() {
    #expect(Self.outcome(Array(repeating: 0x20, count: (1 << 20) + 1)) == "refused 1")
    func outcome(name: Int) -> String {
      Self.outcome(Array(#"{"format": 1, "name": "\#(String(repeating: "é", count: name))"}"#.utf8))
    }
    #expect(outcome(name: 120) == "read")
    #expect(outcome(name: 121) == "refused 4 /name")
    func outcome(language: String) -> String {
      Self.outcome(Array(#"{"format": 1, "language": "\#(language)"}"#.utf8))
    }
    #expect(outcome(language: "zh-Hant-TW") == "read")
    for bad in ["", "e", "en-", "en_GB", "1n", String(repeating: "abcdefg-", count: 5) + "a"] {
      #expect(outcome(language: bad) == "refused 4 /language")
    }
    func outcome(pointers: Int) -> String {
      let list = Array(repeating: "\"/a\"", count: pointers).joined(separator: ",")
      return Self.outcome(Array(#"{"format": 1, "collections": {"a": {"search": [\#(list)]}}}"#.utf8))
    }
    #expect(outcome(pointers: 64) == "read")
    #expect(outcome(pointers: 65) == "refused 4 /collections/a/search")
  }
}
