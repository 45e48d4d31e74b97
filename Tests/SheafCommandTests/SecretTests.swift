import Foundation
import Testing

@testable import SheafCommand

@Suite("Files of secrets")
struct SecretTests {
  private func inFolder(_ work: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sheaf-secret-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appending(path: "keys"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try work(folder)
  }

  @Test("A secret is written for its owner only, and replaces what was there")
  func mode() throws {
    try inFolder { folder in
      let file = folder.appending(path: "token")
      try SecretFile.write("one", to: file)
      try SecretFile.write("two", to: file)
      #expect(try SecretFile.read(file) == "two")
      let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["keys", "token"])
    }
  }

  @Test("A missing secret is nothing, a huge one an error")
  func reading() throws {
    try inFolder { folder in
      #expect(try SecretFile.read(folder.appending(path: "none")) == nil)
      let huge = folder.appending(path: "huge")
      try Data(count: 20_000).write(to: huge)
      #expect(throws: SecretError.self) { try SecretFile.read(huge) }
      #expect(throws: SecretError.self) {
        try SecretFile.write("x", to: folder.appending(path: "no/such/folder"))
      }
    }
  }
}
