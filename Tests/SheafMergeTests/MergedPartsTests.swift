import SheafMerge
import SheafModel
import SheafTesting
import Testing

@Suite("Merged parts")
struct MergedPartsTests {
  private static func parts(_ essence: String, _ base: String, _ ours: String?, _ theirs: String) throws
    -> MergedParts
  {
    switch try MergeCasesTests.merged(essence, base, ours, theirs) {
    case .conflict(let parts), .proposed(_, let parts): return parts
    case .clean:
      Issue.record("nothing clashed")
      return MergedParts(
        document: ConflictPart(place: .document, base: nil, ours: nil, theirs: nil, reason: ""))
    }
  }

  private static func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  @Test("A document is put together for any choice per part, and the rest is merged in all of them")
  func choices() throws {
    let parts = try Self.parts("text/plain", "a\nb\nc\nd\ne\n", "A\nb\nc\nd\nX\n", "1\nb\nC\nd\n2\n")
    #expect(parts.parts.count == 2)
    #expect(Self.text(parts.content(takingOfAll: .ours)) == "A\nb\nC\nd\nX\n")
    #expect(Self.text(parts.content(takingOfAll: .theirs)) == "1\nb\nC\nd\n2\n")
    #expect(Self.text(parts.content(taking: [.base, .both])) == "a\nb\nC\nd\nX\n2\n")
    #expect(Self.text(parts.content(taking: [.bytes(Array("new\n".utf8)), .bytes(nil)])) == "new\nb\nC\nd\n")
    #expect(Self.text(parts.content(taking: [])) == Self.text(parts.content(takingOfAll: .ours)))
  }

  @Test("A field that a choice takes away takes its comma along")
  func commas() throws {
    let parts = try Self.parts(
      "application/json", #"{ "a": 1, "b": 1 }"#, #"{ "a": 2 }"#, #"{ "a": 3, "b": 2, "c": 1 }"#)
    #expect(parts.parts.map(\.place) == ["a", "b"].map { .field(JSONPointer(tokens: [$0])) })
    #expect(Self.text(parts.content(takingOfAll: .ours)) == #"{ "a": 2, "c": 1 }"#)
    #expect(Self.text(parts.content(takingOfAll: .theirs)) == #"{ "a": 3, "b": 2, "c": 1 }"#)
    let gone = try Self.parts("application/json", #"{"a": 1}"#, "{}", #"{"a": 2}"#)
    #expect(Self.text(gone.content(takingOfAll: .ours)) == "{}")
    #expect(Self.text(gone.content(takingOfAll: .base)) == #"{"a": 1}"#)
  }

  @Test("A deletion is a choice too")
  func deletion() throws {
    let parts = try Self.parts("text/plain", "a\n", nil, "b\n")
    #expect(parts.content(takingOfAll: .ours) == nil)
    #expect(Self.text(parts.content(takingOfAll: .theirs)) == "b\n")
    #expect(
      Self.text(parts.conflictMarkers()) == "<<<<<<< ours\n||||||| base\na\n=======\nb\n>>>>>>> theirs\n")
  }

  @Test("Conflict markers stand around just the lines of the parts, each on a line of its own")
  func markers() throws {
    let text = try Self.parts("text/plain", "a\nb\nc", "a\nB\nx", "A\nb\ny")
    let labels = MergedParts.Labels(base: "1.1", ours: "HEAD", theirs: "other")
    #expect(
      Self.text(text.conflictMarkers(labels))
        == "<<<<<<< HEAD\na\nB\nx\n||||||| 1.1\na\nb\nc\n=======\nA\nb\ny\n>>>>>>> other\n")
    let json = try Self.parts(
      "application/json", "{\n \"a\": 1,\n \"b\": 1,\n \"c\": 1\n}\n",
      "{\n \"a\": 2,\n \"b\": 1,\n \"c\": 1\n}\n",
      "{\n \"a\": 3,\n \"b\": 1,\n \"c\": 4\n}\n")
    #expect(
      Self.text(json.conflictMarkers())
        == "{\n<<<<<<< ours\n \"a\": 2,\n||||||| base\n \"a\": 1,\n=======\n \"a\": 3,\n>>>>>>> theirs\n"
        + " \"b\": 1,\n \"c\": 4\n}\n")
  }
}
