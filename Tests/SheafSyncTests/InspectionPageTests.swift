import Foundation
import SheafLog
import SheafModel
import SheafStore
import SheafTesting
import Testing

@testable import SheafSync

/// The commands of `Schemas/inspection.md`, run as an inspector would type them.
@Suite(
  "An inspection with OpenSSL", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"))
)
struct InspectionPageTests {
  /// Runs the page's commands in a folder.
  ///
  /// - Parameter takes: Whether the files are first taken out of the copy.
  private func inspect(_ folder: URL, takes: Bool) throws -> String {
    let page = try String(contentsOf: schemasFolder.appending(path: "inspection.md"), encoding: .utf8)
    let blocks = page.components(separatedBy: "```sh\n").dropFirst().compactMap {
      $0.components(separatedBy: "```").first
    }
    #expect(blocks.count == 9)
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    // The first block takes the files out of the copy.
    process.arguments = ["-c", blocks.dropFirst(takes ? 0 : 1).joined(separator: "\n")]
    process.currentDirectoryURL = folder
    process.environment = [
      "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "copy": folder.appending(path: "copy").path, "n": "3",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return output
  }

  private func count(_ words: String, in text: String) -> Int {
    text.components(separatedBy: words).count - 1
  }

  /// A folder with a copy for inspection in it, of a library with five change sets.
  private func copy(_ folder: TestFolder) async throws -> SyncWorld {
    let world = try await SyncWorld()
    for index in 1...5 {
      _ = try await world.publisher.put(
        Array("text \(index)\n".utf8), at: DocumentPath("\(index).md"), reason: "r")
    }
    _ = try await world.publisher.copyForInspection(to: folder.appending("copy")) { _ in }
    return world
  }

  @Test("Every step of the page holds on a good copy")
  func good() async throws {
    let folder = try TestFolder()
    let world = try await copy(folder)
    let output = try inspect(folder.url, takes: true)
    #expect(count("Signature Verified Successfully", in: output) == 3, "\(output)")
    #expect(output.hasPrefix(String(world.publisher.id.text.suffix(32)) + "\n"))
    for words in ["in the log at 2", "named for its key", "this is the content"] {
      #expect(count(words, in: output) == 1, "\(words): \(output)")
    }
    let root = try #require(
      try String(contentsOf: folder.appending("entry"), encoding: .utf8).split(separator: "\n")
        .first { $0.hasPrefix("lines 1 ") }?.dropFirst(8))
    #expect(count(String(root), in: output) == 2)
  }

  @Test("A changed byte fails the step that the page says")
  func damaged() async throws {
    let folder = try TestFolder()
    _ = try await copy(folder)
    #expect(try inspect(folder.url, takes: true).contains("this is the content"))
    func expect(_ file: String, _ old: String, _ new: String, verified: Int, without words: [String]) throws {
      let url = folder.appending(file)
      let text = try String(contentsOf: url, encoding: .utf8)
      #expect(text.contains(old), "\(file)")
      try Data(text.replacing(old, with: new, maxReplacements: 1).utf8).write(to: url)
      let output = try inspect(folder.url, takes: false)
      #expect(count("Signature Verified Successfully", in: output) == verified, "\(file): \(output)")
      for words in words { #expect(!output.contains(words), "\(file): \(output)") }
      try Data(text.utf8).write(to: url)
    }
    try expect("checkpoint", "\n5\n", "\n6\n", verified: 1, without: [])
    try expect("content", "text 3", "text 4", verified: 3, without: ["this is the content"])
    try expect("list", "3.md", "4.md", verified: 3, without: [])
    try expect("entry", "lines 1", "lines 2", verified: 2, without: ["in the log at"])
    try expect("receipt", "index 2", "index 3", verified: 3, without: ["in the log at"])
    let seed = try String(contentsOf: folder.appending("seed"), encoding: .utf8)
    try expect("seed", seed, String(seed.reversed()), verified: 3, without: ["this is the content"])
  }
}
