import Foundation
import Sheaf
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

// README.md shows this function, word for word.
/// Brings a local copy up to date, or makes the first one, and finds what it says about some words.
func refresh(folder: URL, address: String, words: String) async throws -> [SearchHit] {
  let remote = try HTTPRemote(address: address)
  let library: Library
  if FileManager.default.fileExists(atPath: folder.path) {
    library = try await Library.open(at: folder, environment: .system)
    let report = try await library.sync(with: remote, options: SyncOptions()) { _ in }
    if !report.conflicts.isEmpty { print("changed on both sides:", report.conflicts) }
  } else {
    (library, _) = try await Library.clone(
      from: remote, to: folder, options: CloneOptions(depth: .heads, member: "Tablet 7"),
      environment: .system)
  }
  let hits = try await library.search(words, limit: 10)
  try await library.close()
  try await remote.shutdown()
  return hits
}
// So much of it.

@Suite("The front page")
struct ReadmeTests {
  private static let here = URL(filePath: #filePath)

  @Test("The Swift code in README.md is code that compiles here")
  func codeCompiles() throws {
    let readme = Self.here.deletingLastPathComponent().appending(path: "../../README.md")
    let text = try String(contentsOf: readme, encoding: .utf8)
    let block = try #require(text.components(separatedBy: "```swift\n").dropFirst().first)
    let code = try #require(block.components(separatedBy: "\n```").first)
    let lines = code.components(separatedBy: "\n")
    #expect(lines.prefix { $0.hasPrefix("import ") } == ["import Foundation", "import Sheaf"])

    let source = try String(contentsOf: Self.here, encoding: .utf8)
    let compiled = try #require(
      source.components(separatedBy: "word for word.\n").dropFirst().first?.components(
        separatedBy: "\n// So much"
      )
      .first)
    #expect(lines.drop { $0.hasPrefix("import ") || $0.isEmpty }.joined(separator: "\n") == compiled)
  }

  @Test("The replica in README.md makes its copy, and finds in it what was published since")
  func codeRuns() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sheaf-readme-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (said, code) = try await Shell.run(
      """
      sheaf init lib --name Demo --as Ada --open 2>/dev/null >/dev/null && echo "# Motor neurons" > a.md &&
      sheaf put a.md a.md --library lib -m "First article" >/dev/null &&
      { sheaf serve --library lib --port 0 --quiet >address 2>server.log & echo $!; } &&
      while ! test -s address; do sleep 0.05; done; cat address
      """, in: folder)
    try #require(code == 0 && said.count == 2, "\(said)")
    let address = said[1]
    let server = try #require(Int32(said[0]))
    defer { kill(server, SIGTERM) }

    let copy = folder.appending(path: "copy")
    let first = try await refresh(folder: copy, address: address, words: "motor neurons")
    #expect(first.map(\.path) == ["a.md"])
    let (_, put) = try await Shell.run(
      "echo '# Stem cells' > b.md; sheaf put b.md b.md --library lib -m 'Another'", in: folder)
    #expect(put == 0)
    let second = try await refresh(folder: copy, address: address, words: "stem cells")
    #expect(second.map(\.path) == ["b.md"])
  }
}
