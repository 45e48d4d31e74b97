import Foundation
import SheafModel
import SheafTesting
import Testing

@testable import SheafSync

@Suite("A mirror for any web server")
struct MirrorTests {
  private func put(_ text: String, in library: Library) async throws {
    _ = try await library.put(Array(text.utf8), at: DocumentPath("a.md"), reason: "r")
  }

  @Test(
    "Go's sumdb/tlog reads a mirror whole, and refuses one with a changed byte",
    .enabled(if: ForeignVerifier.isThere))
  func foreign() async throws {
    let world = try await SyncWorld()
    for index in 0..<5 { try await put("\(index)", in: world.publisher) }
    let mirror = try TestFolder()
    _ = try await world.publisher.exchange(with: FolderRemote(folder: mirror.url), withTiles: true)
    func mirrored() throws -> ForeignVerifier.Answer? {
      try ForeignVerifier.judge([
        .mirror(
          key: world.publisher.logVerifier.text, origin: world.publisher.id.text, folder: mirror.url)
      ]).first
    }
    #expect(try mirrored() == .ok)
    for path in ["checkpoint", "tile/0/000.p/5", "tile/entries/000.p/5"] {
      let file = mirror.appending(path)
      let good = try Data(contentsOf: file)
      var bad = good
      bad[bad.startIndex + 40] ^= 1
      try bad.write(to: file)
      #expect(try mirrored() == .no)
      try good.write(to: file)
    }
    try await put("more", in: world.publisher)
    // A folder that has tiles keeps them; one without gets none.
    _ = try await world.publisher.exchange(with: FolderRemote(folder: mirror.url))
    #expect(try mirrored() == .ok)
    let stick = try TestFolder()
    _ = try await world.publisher.exchange(with: FolderRemote(folder: stick.url))
    #expect(!FileManager.default.fileExists(atPath: stick.appending("tile").path))
  }

  @Test("Partial tiles stay until the full one is there, which is never written again")
  func partialTiles() async throws {
    let world = try await SyncWorld()
    let mirror = try TestFolder()
    func exists(_ path: String) -> Bool {
      FileManager.default.fileExists(atPath: mirror.appending(path).path)
    }
    func leave() async throws {
      _ = try await world.publisher.exchange(with: FolderRemote(folder: mirror.url), withTiles: true)
    }
    for index in 0..<255 { try await put("\(index)", in: world.publisher) }
    try await leave()
    #expect(exists("tile/0/000.p/255") && exists("tile/entries/000.p/255") && !exists("tile/1"))
    try await put("255", in: world.publisher)
    try await leave()
    #expect(exists("tile/0/000") && exists("tile/entries/000") && exists("tile/1/000.p/1"))
    #expect(!exists("tile/0/000.p/255") && !exists("tile/entries/000.p/255"))
    try await put("256", in: world.publisher)
    let written = try FileManager.default.attributesOfItem(atPath: mirror.appending("tile/0/000").path)
    try await leave()
    let after = try FileManager.default.attributesOfItem(atPath: mirror.appending("tile/0/000").path)
    #expect(written[.systemFileNumber] as? UInt64 == after[.systemFileNumber] as? UInt64)
    #expect(exists("tile/0/001.p/1") && exists("tile/entries/001.p/1") && !exists("tile/1/000.p/2"))
  }
}
