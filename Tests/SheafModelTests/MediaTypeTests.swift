import Foundation
import SheafModel
import SheafTesting
import Testing

@Suite("Media types")
struct MediaTypeTests {
  @Test(
    "A path's extension names the type, whatever its case",
    arguments: [
      ("a/b.md", "text/markdown", MediaType.Kind.markdown), ("trials/NCT1.JSON", "application/json", .json),
      ("x.geojson", "application/geo+json", .json), ("t.csv", "text/csv", .csv),
      ("p.svg", "image/svg+xml", .image),
      ("p.xhtml", "application/xhtml+xml", .html), ("n.txt", "text/plain", .text),
      ("n.yml", "application/yaml", .text),
      ("f.xml", "application/xml", .xml),
    ])
  func extensions(path: String, essence: String, kind: MediaType.Kind) {
    let type = MediaType.of(path: path, content: Array("x".utf8))
    #expect(type.essence == essence)
    #expect(type.kind == kind)
    #expect(type.isText)
  }

  @Test("First bytes win over the name")
  func signatures() {
    let png: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]
    #expect(MediaType.of(path: "a.jpg", content: png).essence == "image/png")
    #expect(MediaType.of(path: "a", content: Array("GIF89a".utf8)).essence == "image/gif")
    #expect(MediaType.of(path: "a.md", content: Array("%PDF-1.7".utf8)).kind == .pdf)
    #expect(MediaType.of(path: "a.webp", content: Array("RIFF0000WEBPVP8 ".utf8)).essence == "image/webp")
    #expect(
      MediaType.of(path: "a.docx", content: [0x50, 0x4b, 3, 4]).essence.hasSuffix("wordprocessingml.document")
    )
    #expect(MediaType.of(path: "a.txt", content: [0x50, 0x4b, 3, 4]).essence == "application/zip")
    #expect(!MediaType.of(path: "a.png", content: png).isText)
  }

  @Test("A name that promises what the content does not hold is not believed")
  func brokenPromises() {
    #expect(MediaType.of(path: "a.md", content: [0xff, 0xfe, 0x41]) == .octetStream)
    #expect(MediaType.of(path: "a.json", content: [0x7b, 0, 0x7d]) == .octetStream)
    #expect(MediaType.of(path: "a.png", content: [1, 0xff]) == .octetStream)
    #expect(MediaType.of(path: "a.png", content: Array("hello".utf8)).essence == "text/plain")
  }

  @Test("An unknown name is text when its content is")
  func unknownNames() {
    #expect(MediaType.of(path: "LICENSE", content: Array("MIT".utf8)).essence == "text/plain")
    #expect(MediaType.of(path: "a.bin", content: [0, 1]) == .octetStream)
    #expect(MediaType.of(path: "notes.d/.md", content: []) == .octetStream)
  }

  @Test("Parameters and case of an essence are ignored")
  func parameters() {
    #expect(MediaType(essence: "Text/Markdown; charset=utf-8") == MediaType(essence: "text/markdown"))
  }

  @Test("Each media type vector comes out as it says")
  func vectors() throws {
    guard case .array(let cases) = try JSONReader.read(vector("media-types-table.json")) else {
      Issue.record("the vector is no list")
      return
    }
    #expect(cases.count >= 10)
    for vector in cases {
      guard case .object(let object) = vector, case .string(let path)? = object["path"],
        case .string(let hex)? = object["content"], case .string(let expected)? = object["expected"],
        let content = Hexadecimal.decode(hex)
      else {
        Issue.record("\(vector) lacks its members")
        continue
      }
      #expect(MediaType.of(path: path, content: content).essence == expected, "\(path)")
    }
  }
}
