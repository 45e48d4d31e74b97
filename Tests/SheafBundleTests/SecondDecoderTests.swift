import Foundation
import SheafBundle
import SheafLog
import SheafModel
import SheafTesting
import Testing

private let decoder = schemasFolder.deletingLastPathComponent().appending(path: "Tools/decoder/decode").path

/// Runs the decoder in Python over a bundle; answers its lines, or `nil` when it refused.
private func decode(_ bundle: [UInt8], holds: SampleHost) async throws -> [String]? {
  try await withTemporaryFolder { try decode(bundle, holds: holds, in: $0) }
}

private func decode(_ bundle: [UInt8], holds: SampleHost, in folder: URL) throws -> [String]? {
  try Data(bundle).write(to: folder.appending(path: "bundle"))
  for (path, value) in holds.state {
    guard let hash = value.first, let bytes = holds.contents[hash] else { continue }
    let file = folder.appending(path: "holds").appending(path: path.text)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = [
    "python3", decoder, folder.appending(path: "bundle").path, "--holds",
    folder.appending(path: "holds").path,
  ]
  let output = Pipe()
  process.standardOutput = output
  process.standardError = FileHandle.nullDevice
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  guard process.terminationStatus == 0 else {
    #expect(process.terminationStatus == 1)
    return nil
  }
  return text.split(separator: "\n").map(String.init)
}

private let hasPython = ["/usr/bin/python3", "/usr/local/bin/python3", "/opt/homebrew/bin/python3"]
  .contains { FileManager.default.isExecutableFile(atPath: $0) }

/// Two decoders that were written apart from one page agree.
@Suite(.enabled(if: hasPython, "it takes Python"))
struct SecondDecoderTests {
  /// The lines that the decoder prints, too: it verifies no change set.
  private func told(_ lines: [String]) -> [String] {
    lines.filter { line in ["body ", "line ", "proposal ", "state "].contains { line.hasPrefix($0) } }
  }

  @Test(
    "The decoder in Python reads every vector to the same end",
    arguments: [
      "bundle-full-first", "bundle-full-first-deflated", "bundle-trail-some-collections", "bundle-heads-step",
      "bundle-heads-first", "bundle-nothing", "bundle-drafts", "bundle-heads-proposals",
      "bundle-heads-first-proposals",
      "bundle-full-decisions", "bundle-full-redacted", "bundle-heads-redacted",
    ])
  func vectors(name: String) async throws {
    let sample = try BundleVector(name)
    #expect(try await decode(sample.bundle, holds: sample.host) == told(sample.expected))
  }

  @Test(
    "It refuses the vectors whose structure is broken",
    arguments: [
      "bundle-refused-empty", "bundle-refused-magic", "bundle-refused-newer-version", "bundle-refused-coder",
      "bundle-refused-truncated-header", "bundle-refused-truncated-frame", "bundle-refused-trailing",
      "bundle-refused-large-stream", "bundle-refused-missing-base",
    ])
  func refuses(name: String) async throws {
    let sample = try BundleVector(name)
    #expect(try await decode(sample.bundle, holds: sample.host) == nil)
  }

  @Test("It reads assets and proposals as the reader does", arguments: BundleCoder.allCases)
  func assetsAndProposals(coder: BundleCoder) async throws {
    var history = try SampleHistory(seed: 41, changeSetCount: 6, documentSize: 300)
    try history.addAsset("media/film.bin") { bytes, random in
      var random = random
      bytes = random.bytes(1_000_000) + [UInt8](repeating: 7, count: 200_000)
    }
    let first = history.size
    let film = history.assets.first.flatMap { history.contents[$0] } ?? []
    try history.addAsset("media/film.bin") { bytes, _ in
      bytes[500_000] ^= 1
      bytes.removeSubrange(700_000..<700_100)
    }
    try history.addAsset("media/twin.bin") { bytes, _ in bytes = film.reversed() }
    try history.addProposals()
    for from in [UInt64(0), first] {
      let (bytes, summary) = try history.bundle(.heads, from: from) { $0.coder = coder }
      #expect(summary.sizes[.chunks] ?? 0 > 0)
      let host = SampleHost(receiverOf: history, at: from)
      var receiver = host
      let received = try receive(
        bytes,
        BundleContext(
          library: history.library, logKey: history.logKey.verifierKey.publicKey,
          position: history.ranges[Int(from)]), host: &receiver)
      #expect(received.lines.contains { $0.hasPrefix("proposal ") })
      #expect(try await decode(bytes, holds: host) == told(received.lines))
    }
  }

  @Test(
    "It reads real bundles as the reader does", arguments: BundleContent.allCases.dropLast(),
    BundleCoder.allCases)
  func bundles(content: BundleContent, coder: BundleCoder) async throws {
    let history = try SampleHistory(seed: 40, changeSetCount: 16, documentSize: 300)
    for from in [UInt64(0), 9] {
      let bytes = try history.bundle(content, from: from) { $0.coder = coder }.bytes
      let host = SampleHost(receiverOf: history, at: from)
      var receiver = host
      let received = try receive(
        bytes,
        BundleContext(
          library: history.library, logKey: history.logKey.verifierKey.publicKey,
          position: history.ranges[Int(from)]), host: &receiver)
      #expect(try await decode(bytes, holds: host) == told(received.lines))
    }
  }
}
