import SheafModel
import SheafSync
import SheafTesting
import Testing

@Suite("Content that is not what its name says")
struct BadInputTests {
  @Test(
    "It is refused with its file, and nothing is published",
    arguments: [
      ("twice.json", Array(#"{"a": 1, "a": 2}"#.utf8)),
      ("bomb.json", [UInt8](repeating: UInt8(ascii: "["), count: 200_000)),
      ("cut.json", Array(#"{"a": "#.utf8)), ("latin.md", [0x63, 0x61, 0x66, 0xe9]),
      ("latin.json", [0x22, 0xe9, 0x22]),
      ("nul.md", Array("a\0b".utf8)), ("ragged.csv", Array("a,b\n1,2,3\n".utf8)),
    ] as [(String, [UInt8])])
  func refused(name: String, bytes: [UInt8]) async throws {
    let world = try await SyncWorld()
    try world.content.write("fine", to: "fine.md")
    try world.content.write(bytes, to: name)
    let refusal = await #expect(throws: ContentRefusal.self) { _ = try await world.publish() }
    #expect(refusal?.violations.first?.path == name)
    #expect(try await world.size() == 0)
  }

  @Test("A number that no machine holds is kept as it is written")
  func hugeNumber() async throws {
    let world = try await SyncWorld()
    let text = #"{"n": 1e999999999, "m": 123456789012345678901234567890.10}"#
    try world.content.write(text, to: "huge.json")
    #expect(try await world.publish().changeSet == 1)
    #expect(try await world.text("huge.json") == text)
  }
}
