import SheafModel
import SheafTesting
import Testing

@Suite("Members' documents")
struct MemberTests {
  private static let examplePath = "sheaf/members/56475aa75463474c.json"

  @Test("Every vector of Schemas/members.md is read or refused as the list of outcomes says")
  func everyVector() throws {
    let lines = try factLines("member-outcomes", separator: " ")
    #expect(lines.count >= 25)
    for line in lines {
      let name = try #require(line.first)
      let path = try DocumentPath(line.count == 3 ? line[2] : Self.examplePath)
      let bytes = try vector("member-\(name).json")
      switch line.dropFirst().first {
      case "read":
        let member = try Member(parsing: bytes, at: path)
        // Written again it reads as the same member.
        #expect(try Member(parsing: member.bytes, at: path) == member, "\(name)")
      case "refused":
        #expect(throws: MemberError.self, "\(name)") { try Member(parsing: bytes, at: path) }
      default: Issue.record("\(line)")
      }
    }
  }

  @Test("The page's example is what this code writes")
  func example() throws {
    let bytes = try vector("member-example.json")
    let member = try Member(parsing: bytes, at: try DocumentPath(Self.examplePath))
    #expect(member.bytes == bytes)
    #expect(member.mark.text == "56475aa75463474c" && member.site == "Hill" && member.role == .contributor)
    #expect(try member.reaches(CollectionName("trials")) && member.reaches(CollectionName("schemas")))
    #expect(try !member.reaches(CollectionName("glossary")))
  }
}
