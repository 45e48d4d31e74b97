import Foundation
import SheafSync
import SheafTesting
import Testing

@Suite("Keys are their owner's")
struct KeyExposureTests {
  private func mode(_ url: URL) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
  }

  @Test(
    "A new library's keys can be used by their owner only; keys that others could use are closed and told")
  func exposure() async throws {
    let folder = try TestFolder()
    let place = folder.appending("library")
    let made = try await Library.create(
      at: place, name: "Test", member: "Ada", environment: TestWorld(seed: 1).environment)
    #expect(made.exposedSecrets.isEmpty)
    try await made.close()
    let keys = place.appending(path: "keys")
    let member = keys.appending(path: "member.key")
    #expect(try mode(keys) == 0o700)
    for name in try FileManager.default.contentsOfDirectory(atPath: keys.path) {
      #expect(try mode(keys.appending(path: name)) == 0o600)
    }
    for (wideFolder, wideFile, told) in [
      (0o755, 0o644, ["keys/member.key", "keys"]), (0o700, 0o640, ["keys/member.key"]),
      (0o710, 0o600, ["keys"]),
      (0o700, 0o600, []),
    ] as [(Int, Int, [String])] {
      try FileManager.default.setAttributes([.posixPermissions: wideFile], ofItemAtPath: member.path)
      try FileManager.default.setAttributes([.posixPermissions: wideFolder], ofItemAtPath: keys.path)
      let library = try await Library.open(at: place, environment: TestWorld(seed: 2).environment)
      #expect(library.exposedSecrets.map(\.path) == told)
      #expect(library.exposedSecrets.allSatisfy { $0.isClosed })
      #expect(try mode(keys) == 0o700 && mode(member) == 0o600)
      try await library.close()
    }
  }
}
