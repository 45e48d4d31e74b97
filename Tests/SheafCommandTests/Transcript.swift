import Foundation
import SheafSync
import Testing

@testable import SheafCommand

/// A terminal session as a test: commands behind `$`, and below each exactly what it prints.
///
/// Both streams are shown in the order they were written. `…` stands for any text within
/// a line, a line `⋮` for any lines; `[3]` below a command is its exit code when that is
/// not 0. Commands run in `sh` in one temporary folder, with `sheaf` on the path.
/// Processes whose ids lie in files named `*.pid` are ended with the session.
struct Transcript {
  /// One command and what is expected of it.
  private struct Step {
    var command: String
    var expected: [String] = []
    var code: Int32 = 0
  }

  /// Plays a session and records the first step that comes out otherwise.
  ///
  /// - Parameter files: Files that lie in the folder from the start, by path.
  static func play(
    _ text: String, files: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "sheaf-transcript-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer {
      endServers(in: folder)
      try? FileManager.default.removeItem(at: folder)
    }
    for (path, content) in files {
      let file = folder.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(content.utf8).write(to: file)
    }
    for step in steps(of: text) {
      let (printed, code) = try await Shell.run(step.command, in: folder)
      if code != step.code || !matches(printed[...], step.expected[...]) {
        Issue.record(
          Comment(
            rawValue: "$ \(step.command)\nexpected [\(step.code)]\n" + step.expected.joined(separator: "\n")
              + "\nprinted [\(code)]\n" + printed.joined(separator: "\n")), sourceLocation: sourceLocation)
        return
      }
    }
  }

  private static func steps(of text: String) -> [Step] {
    var steps: [Step] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("$ ") {
        steps.append(Step(command: String(line.dropFirst(2))))
      } else if !steps.isEmpty {
        steps[steps.count - 1].expected.append(line)
      }
    }
    for index in steps.indices {
      // An empty line at the end of a step is there for the eye.
      while steps[index].expected.last == "" { steps[index].expected.removeLast() }
      if let last = steps[index].expected.last, last.hasPrefix("["), last.hasSuffix("]"),
        let code = Int32(last.dropFirst().dropLast())
      {
        steps[index].code = code
        steps[index].expected.removeLast()
      }
    }
    return steps
  }

  private static func matches(_ printed: ArraySlice<String>, _ expected: ArraySlice<String>) -> Bool {
    guard let first = expected.first else { return printed.isEmpty }
    if first == "⋮" {
      return (0...printed.count).contains { matches(printed.dropFirst($0), expected.dropFirst()) }
    }
    guard let line = printed.first, fits(line, first) else { return false }
    return matches(printed.dropFirst(), expected.dropFirst())
  }

  /// Whether a line fits a pattern in which `…` stands for any text.
  static func fits(_ line: String, _ pattern: String) -> Bool {
    let parts = pattern.components(separatedBy: "…")
    guard parts.count > 1 else { return line == pattern }
    guard let head = parts.first, let tail = parts.last, line.hasPrefix(head) else { return false }
    var rest = line.dropFirst(head.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.range(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(tail)
  }

  private static func endServers(in folder: URL) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names where name.hasSuffix(".pid") {
      guard let text = try? String(contentsOf: folder.appending(path: name), encoding: .utf8),
        let id = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)), id > 1
      else { continue }
      kill(id, SIGTERM)
    }
  }
}

/// Runs commands the way a person does.
enum Shell {
  /// Where the built `sheaf` lies: beside the tests, or in a folder above them.
  static let programs: URL? = {
    var folder = Bundle.main.bundleURL
    for _ in 0..<5 {
      if FileManager.default.isExecutableFile(atPath: folder.appending(path: "sheaf").path) { return folder }
      folder.deleteLastPathComponent()
    }
    return nil
  }()

  /// Runs a line in `sh`; returns what both streams said, line by line, and the exit code.
  static func run(_ command: String, in folder: URL) async throws -> ([String], Int32) {
    let programs = try #require(programs, "the program sheaf is not built")
    return try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            let output = folder.appending(path: ".output-\(UUID().uuidString)")
            let none = open("/dev/null", O_RDONLY | O_CLOEXEC)
            let file = open(output.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            defer {
              close(none)
              close(file)
              unlink(output.path)
            }
            // A file, unlike a pipe, does not make us wait for what a command leaves running;
            // `timeout` ends a command that hangs, so that a test fails and does not wait for ever.
            let code = ChildProcess.run(
              [
                "/usr/bin/env", "timeout", "30", "/bin/sh", "-c", "cd \"$0\" || exit 99\n\(command)",
                folder.path,
              ],
              environment: [
                "PATH=\(programs.path):/usr/local/bin:/usr/bin:/bin", "HOME=\(folder.path)", "LANG=C.UTF-8",
                "LOGNAME=ada", "TMPDIR=\(folder.path)",
                // Tests copy a publisher's folder and go on from both: what its record outside tells.
                "XDG_STATE_HOME=/dev/null",
              ], streams: [none, file, file])
            let data = FileManager.default.contents(atPath: output.path) ?? Data()
            var lines = String(decoding: data, as: UTF8.self).components(separatedBy: "\n")
            if lines.last == "" { lines.removeLast() }
            return (lines, code)
          })
      }
    }
  }
}
