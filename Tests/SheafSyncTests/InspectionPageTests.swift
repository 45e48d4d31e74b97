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
  private func inspect(_ folder: URL) throws -> String {
    let page = try String(contentsOf: schemasFolder.appending(path: "inspection.md"), encoding: .utf8)
    let blocks = page.components(separatedBy: "```sh\n").dropFirst().compactMap {
      $0.components(separatedBy: "```").first
    }
    #expect(blocks.count == 8)
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", blocks.joined(separator: "\n")]
    process.currentDirectoryURL = folder
    process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
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

  /// A copy for an inspector: change set 3 of 5.
  private func copy(_ folder: TestFolder) async throws -> SyncWorld {
    let world = try await SyncWorld()
    for index in 1...5 {
      _ = try await world.publisher.put(
        Array("text \(index)\n".utf8), at: DocumentPath("\(index).md"), reason: "r")
    }
    let changeSet = try #require(try await world.publisher.store.read { try $0.changeSet(3) })
    let list = try await world.publisher.store.read { transaction in
      try transaction.revisions(inChangeSet: 3).map { try $0.line(seed: changeSet.seed).text }.joined()
    }
    let keyNote = try CosignatureList(parsing: try await world.publisher.cosignatures(after: 0)).keyNote
    let timeKey = try #require(keyNote?.text.split(separator: "\n").dropFirst(2).first)
    try folder.write(world.publisher.logVerifier.text + "\n", to: "log.vkey")
    try folder.write(timeKey + "\n", to: "time.vkey")
    try folder.write(try await world.publisher.cosignedCheckpoint(), to: "checkpoint")
    try folder.write(changeSet.note, to: "entry")
    try folder.write(try await world.publisher.receipt(changeSet: 3), to: "receipt")
    try folder.write(list, to: "list")
    try folder.write("text 3\n", to: "content")
    try folder.write(Hexadecimal.encode(try #require(changeSet.seed).bytes), to: "seed")
    return world
  }

  @Test("Every step of the page holds on a good copy")
  func good() async throws {
    let folder = try TestFolder()
    let world = try await copy(folder)
    let output = try inspect(folder.url)
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
    func expect(_ file: String, _ old: String, _ new: String, verified: Int, without words: [String]) throws {
      let url = folder.appending(file)
      let text = try String(contentsOf: url, encoding: .utf8)
      #expect(text.contains(old), "\(file)")
      try Data(text.replacing(old, with: new, maxReplacements: 1).utf8).write(to: url)
      let output = try inspect(folder.url)
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
